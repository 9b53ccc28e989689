package org.paddlemfs.app;

import android.app.AlertDialog;
import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.media.ThumbnailUtils;
import android.view.Gravity;
import android.view.View;
import android.widget.ImageButton;
import android.widget.ImageView;
import android.widget.LinearLayout;
import android.widget.TextView;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.paddlemfs.core.Identity;
import org.paddlemfs.core.Session;

/** The row of faces: touch puts one on, a long touch forgets it; the first button adds one. On the UI thread. */
final class IdentityRow {
    private static final int SIDE_DP = 72;

    private final Context context;
    private final LinearLayout row;
    private final Session session;
    private final View.OnClickListener add;
    private final Map<String, Bitmap> thumbnails = new HashMap<>();
    private final int side;
    private String drawn = "";

    IdentityRow(LinearLayout row, Session session, View.OnClickListener add) {
        context = row.getContext();
        this.row = row;
        this.session = session;
        this.add = add;
        side = Math.round(SIDE_DP * context.getResources().getDisplayMetrics().density);
    }

    /** Shows who there is; does nothing while that has not changed. */
    void update() {
        List<Identity> identities = session.identities();
        Identity worn = session.state().worn;
        String wornId = worn == null ? "" : worn.id;
        StringBuilder now = new StringBuilder(wornId);
        for (Identity identity : identities) {
            now.append('\n').append(identity.id);
        }
        if (now.toString().equals(drawn)) {
            return;
        }
        drawn = now.toString();
        row.removeAllViews();
        ImageButton adds = new ImageButton(context);
        adds.setImageResource(R.drawable.add);
        adds.setContentDescription(context.getString(R.string.action_add));
        adds.setOnClickListener(add);
        place(adds);
        for (Identity identity : identities) {
            View face = identity.isBundled() ? named(identity) : pictured(identity);
            face.setSelected(identity.id.equals(wornId));
            face.setOnClickListener(view -> session.wear(identity));
            place(face);
        }
    }

    private void place(View view) {
        LinearLayout.LayoutParams size = new LinearLayout.LayoutParams(side, side);
        row.addView(view, size);
    }

    private View named(Identity identity) {
        TextView name = new TextView(context);
        name.setText(identity.name);
        name.setGravity(Gravity.CENTER);
        name.setBackgroundResource(R.drawable.worn);
        return name;
    }

    private View pictured(Identity identity) {
        ImageView face = new ImageView(context);
        int inset = side / 16;
        face.setPadding(inset, inset, inset, inset);
        face.setScaleType(ImageView.ScaleType.CENTER_CROP);
        face.setImageBitmap(thumbnail(identity));
        face.setContentDescription(identity.name);
        face.setBackgroundResource(R.drawable.worn);
        face.setOnLongClickListener(
                view -> {
                    askToRemove(identity);
                    return true;
                });
        return face;
    }

    private Bitmap thumbnail(Identity identity) {
        Bitmap known = thumbnails.get(identity.id);
        if (known == null) {
            BitmapFactory.Options options = new BitmapFactory.Options();
            options.inSampleSize = 4; // sources have two million pixels at most
            Bitmap decoded = BitmapFactory.decodeFile(identity.picture.getPath(), options);
            known = decoded == null ? null : ThumbnailUtils.extractThumbnail(decoded, side, side);
            thumbnails.put(identity.id, known);
        }
        return known;
    }

    private void askToRemove(Identity identity) {
        new AlertDialog.Builder(context)
                .setMessage(context.getString(R.string.remove_question, identity.name))
                .setPositiveButton(R.string.remove_yes, (dialog, which) -> session.remove(identity))
                .setNegativeButton(R.string.remove_no, null)
                .show();
    }
}
