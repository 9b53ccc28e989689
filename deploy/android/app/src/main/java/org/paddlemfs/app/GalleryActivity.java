package org.paddlemfs.app;

import android.app.ActivityManager;
import android.graphics.Bitmap;
import android.net.Uri;
import android.view.MotionEvent;
import android.view.View;
import android.widget.ImageView;
import java.io.IOException;
import org.paddlemfs.core.Identity;
import org.paddlemfs.core.Provenance;
import org.paddlemfs.core.RgbaFrame;
import org.paddlemfs.core.Session;
import org.paddlemfs.core.Sha256;
import org.paddlemfs.core.State;
import org.paddlemfs.core.SwapException;

/** Swaps a picture of the gallery, at its own size as far as memory reaches, and again for every face that is chosen. */
public final class GalleryActivity extends SwapActivity {
    private static final int PIXELS_PER_MEGABYTE = 60_000; // of an app's memory: four copies of 4 bytes live at a time

    private ImageView view;
    private View save;
    private Bitmap original;
    private String originalSha256 = "";
    /** With the badge, if it is on: what is saved. Null before the first swap, and where no face was swapped. */
    private Bitmap result;
    private Provenance provenance;
    /** Who was worn when the picture was last swapped. */
    private volatile String swappedWith = "";
    private String line;

    @Override
    int layout() {
        return R.layout.gallery;
    }

    @Override
    void onReady() {
        line = getString(R.string.gallery_hint);
        view = findViewById(R.id.picture);
        view.setOnTouchListener(this::compare);
        save = findViewById(R.id.save);
        save.setOnClickListener(button -> save());
        PicturePicker targets = new PicturePicker(this, this::open);
        findViewById(R.id.pick).setOnClickListener(button -> targets.pick());
    }

    @Override
    String idleText() {
        return line;
    }

    @Override
    void show(State state) {
        super.show(state);
        Identity worn = state.worn;
        boolean changed = worn != null && !worn.id.equals(swappedWith);
        if (state.phase == State.Phase.READY && changed && original != null) {
            swap();
        }
    }

    private void open(Uri picked) {
        ActivityManager memory = (ActivityManager) getSystemService(ACTIVITY_SERVICE);
        int most = Math.min(Pictures.TARGET_PIXELS, memory.getMemoryClass() * PIXELS_PER_MEGABYTE);
        background().execute(
                () -> {
                    try {
                        byte[] bytes = read(picked);
                        Bitmap decoded = Pictures.decode(bytes, most);
                        if (decoded == null) {
                            tell(R.string.picture_unreadable, nameOf(picked));
                        } else {
                            String sha256 = Sha256.of(bytes);
                            runOnUiThread(() -> opened(decoded, sha256));
                        }
                    } catch (IOException | SecurityException problem) {
                        tell(R.string.picture_unreadable, nameOf(picked));
                    }
                });
    }

    private void opened(Bitmap decoded, String sha256) {
        original = decoded;
        originalSha256 = sha256;
        present(null, null, "");
        if (session().state().worn != null) {
            swap();
        }
    }

    private void swap() {
        Bitmap picture = original;
        String sha256 = originalSha256;
        swappedWith = session().state().worn.id;
        present(null, null, getString(R.string.gallery_working));
        background().execute(() -> swap(picture, sha256));
    }

    /** On the background thread. */
    private void swap(Bitmap picture, String sha256) {
        RgbaFrame frame = Pictures.toFrame(picture);
        Session.Outcome outcome = session().processPicture(frame);
        if (outcome == Session.Outcome.NOT_READY) {
            swappedWith = ""; // once more, when there is a face to put on
        }
        if (outcome != Session.Outcome.SWAPPED) {
            int told = outcome == Session.Outcome.NO_FACE ? R.string.state_no_face : R.string.not_swapped;
            runOnUiThread(() -> present(null, null, getString(told)));
            return;
        }
        try {
            Provenance facts = session().provenance(System.currentTimeMillis() / 1000, sha256);
            Bitmap painted = new FramePainter(getString(R.string.badge)).paint(frame, settings().badge());
            runOnUiThread(() -> present(painted, facts, ""));
        } catch (SwapException problem) {
            runOnUiThread(() -> present(null, null, problem.getMessage()));
        }
    }

    private void present(Bitmap swapped, Provenance facts, String text) {
        result = swapped;
        provenance = facts;
        line = text;
        view.setImageBitmap(swapped == null ? original : swapped);
        save.setEnabled(swapped != null);
        showStatus();
    }

    /** The picture as it was, as long as a finger rests on it. */
    private boolean compare(View touched, MotionEvent event) {
        boolean held = event.getAction() == MotionEvent.ACTION_DOWN || event.getAction() == MotionEvent.ACTION_MOVE;
        view.setImageBitmap(held || result == null ? original : result);
        return true;
    }

    private void save() {
        Bitmap swapped = result;
        Provenance facts = provenance;
        save(saver -> saver.savePicture(facts.inJpeg(Pictures.jpeg(swapped))));
    }
}
