package org.paddlemfs.app;

import android.Manifest;
import android.content.Intent;
import android.database.Cursor;
import android.graphics.Bitmap;
import android.net.Uri;
import android.os.Bundle;
import android.provider.OpenableColumns;
import android.view.View;
import android.widget.ProgressBar;
import android.widget.TextView;
import android.widget.Toast;
import androidx.activity.result.ActivityResultLauncher;
import androidx.activity.result.contract.ActivityResultContracts;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.ExecutorService;
import org.paddlemfs.core.Files;
import org.paddlemfs.core.State;

/** What the camera and the gallery share: a row of faces, a line of status, and nothing without consent. */
abstract class SwapActivity extends SessionActivity {
    private TextView status;
    private ProgressBar progress;
    private IdentityRow row;
    private MediaSaver saver;
    private Saving pending;
    private final ActivityResultLauncher<String> askForStorage =
            registerForActivityResult(new ActivityResultContracts.RequestPermission(), this::onStorageAnswer);

    /** Writes something to the gallery -> its name there. */
    interface Saving {
        String save(MediaSaver saver) throws IOException;
    }

    @Override
    protected void onCreate(Bundle saved) {
        super.onCreate(saved);
        if (!settings().consented()) {
            startActivity(new Intent(this, ConsentActivity.class));
            finish(); // neither onResume nor onPause follow
            return;
        }
        setContentView(layout());
        PicturePicker sources = new PicturePicker(this, this::addSource);
        saver = new MediaSaver(this);
        status = findViewById(R.id.status);
        progress = findViewById(R.id.progress);
        progress.setMax(State.STEPS);
        row = new IdentityRow(findViewById(R.id.identities), session(), view -> sources.pick());
        onReady();
    }

    /** The screen's layout, with views `status`, `progress` and `identities` in it. */
    abstract int layout();

    /** Consent is given and the layout stands: what follows is the screen's own. */
    abstract void onReady();

    final ExecutorService background() {
        return SwapApplication.of(this).background();
    }

    @Override
    void show(State state) {
        progress.setVisibility(state.phase == State.Phase.CHANGING ? View.VISIBLE : View.GONE);
        progress.setProgress(state.step);
        row.update();
        showStatus();
    }

    /** The line of status: what the session has to say, else what the screen has. */
    final void showStatus() {
        String text = StateText.status(this, session().state());
        showLine(status, text.isEmpty() ? idleText() : text);
    }

    /** What the line of status says while all is well. */
    abstract String idleText();

    static void showLine(TextView line, String text) {
        line.setText(text);
        line.setVisibility(text.isEmpty() ? View.GONE : View.VISIBLE);
    }

    /** From any thread: a passing message. */
    final void tell(int text, Object... words) {
        runOnUiThread(() -> Toast.makeText(this, getString(text, words), Toast.LENGTH_LONG).show());
    }

    /** From any thread: saves in the background, once the user has allowed it, and tells what came of it. */
    final void save(Saving what) {
        runOnUiThread(
                () -> {
                    if (saver.allowed()) {
                        saveNow(what);
                    } else {
                        pending = what;
                        askForStorage.launch(Manifest.permission.WRITE_EXTERNAL_STORAGE);
                    }
                });
    }

    private void onStorageAnswer(boolean granted) {
        Saving waiting = pending;
        pending = null;
        if (!granted) {
            tell(R.string.storage_refused);
        } else if (waiting != null) {
            saveNow(waiting);
        }
    }

    private void saveNow(Saving what) {
        background().execute(
                () -> {
                    try {
                        tell(R.string.saved, what.save(saver));
                    } catch (IOException problem) {
                        tell(R.string.not_saved, problem.getMessage());
                    }
                });
    }

    /** The bytes of a picked picture. */
    final byte[] read(Uri picture) throws IOException {
        try (InputStream in = getContentResolver().openInputStream(picture)) {
            if (in == null) {
                throw new IOException(nameOf(picture));
            }
            return Files.read(in);
        }
    }

    /** The file name that the user knows a picked picture by. */
    final String nameOf(Uri picture) {
        String[] columns = {OpenableColumns.DISPLAY_NAME};
        try (Cursor cursor = getContentResolver().query(picture, columns, null, null, null)) {
            boolean named = cursor != null && cursor.moveToFirst() && cursor.getString(0) != null;
            return named ? cursor.getString(0) : String.valueOf(picture.getLastPathSegment());
        }
    }

    private void addSource(Uri picked) {
        background().execute(
                () -> {
                    try {
                        Bitmap picture = Pictures.decode(read(picked), Pictures.SOURCE_PIXELS);
                        if (picture == null) {
                            tell(R.string.picture_unreadable, nameOf(picked));
                        } else {
                            session().add(nameOf(picked), Pictures.jpeg(picture));
                        }
                    } catch (IOException | SecurityException problem) {
                        tell(R.string.picture_unreadable, nameOf(picked));
                    }
                });
    }
}
