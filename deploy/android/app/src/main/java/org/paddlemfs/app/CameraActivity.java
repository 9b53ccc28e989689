package org.paddlemfs.app;

import android.Manifest;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.content.res.Configuration;
import android.graphics.Bitmap;
import android.net.Uri;
import android.view.Display;
import android.view.View;
import android.widget.ImageButton;
import android.widget.TextView;
import androidx.activity.result.ActivityResultLauncher;
import androidx.activity.result.contract.ActivityResultContracts;
import java.io.File;
import java.io.IOException;
import java.text.DateFormat;
import java.util.Date;
import java.util.concurrent.atomic.AtomicBoolean;
import org.paddlemfs.core.FrameRate;
import org.paddlemfs.core.Provenance;
import org.paddlemfs.core.RgbaFrame;
import org.paddlemfs.core.Session;
import org.paddlemfs.core.StageTime;
import org.paddlemfs.core.State;
import org.paddlemfs.core.SwapException;

/** The live swap: what the camera sees, with the chosen face; photos, clips, and new faces from before the camera. */
public final class CameraActivity extends SwapActivity {
    private static final long TOLD_EVERY_NS = 500_000_000L;

    private final FrameRate rate = new FrameRate();
    private final AtomicBoolean wantsSource = new AtomicBoolean();
    private final AtomicBoolean wantsPhoto = new AtomicBoolean();
    private final AtomicBoolean wantsClip = new AtomicBoolean();
    private final ActivityResultLauncher<String> askForCamera =
            registerForActivityResult(new ActivityResultContracts.RequestPermission(), granted -> useCamera());
    private final ActivityResultLauncher<String> askForSound =
            registerForActivityResult(new ActivityResultContracts.RequestPermission(), this::onSoundAnswer);

    private Camera camera;
    private SwapView picture;
    private TextView overlay;
    private ImageButton record;
    private volatile boolean faceSeen = true;

    // Of the camera's thread.
    private FramePainter painter;
    private VideoRecorder recorder;
    private long told;

    @Override
    int layout() {
        return R.layout.camera;
    }

    @Override
    void onReady() {
        painter = new FramePainter(getString(R.string.badge));
        picture = findViewById(R.id.picture);
        overlay = findViewById(R.id.overlay);
        record = findViewById(R.id.record);
        camera = new Camera(this, this::onFrame, this::onCameraProblem);
        findViewById(R.id.take_source).setOnClickListener(view -> wantsSource.set(true));
        findViewById(R.id.photo).setOnClickListener(view -> wantsPhoto.set(true));
        record.setOnClickListener(view -> toggleClip());
        findViewById(R.id.flip).setOnClickListener(view -> flip());
        findViewById(R.id.gallery).setOnClickListener(view -> startActivity(new Intent(this, GalleryActivity.class)));
        findViewById(R.id.settings).setOnClickListener(view -> startActivity(new Intent(this, SettingsActivity.class)));
        findViewById(R.id.allow).setOnClickListener(view -> allowCamera());
        if (!cameraAllowed()) {
            askForCamera.launch(Manifest.permission.CAMERA);
        }
    }

    @Override
    protected void onResume() {
        super.onResume();
        useCamera();
    }

    @Override
    protected void onPause() {
        endClip();
        camera.stop();
        super.onPause();
    }

    @Override
    protected void onDestroy() {
        if (camera != null) { // null: consent was asked for first
            camera.close();
        }
        super.onDestroy();
    }

    @Override
    public void onConfigurationChanged(Configuration turned) {
        super.onConfigurationChanged(turned);
        tellRotation();
    }

    @Override
    String idleText() {
        return faceSeen ? "" : getString(R.string.state_no_face);
    }

    @Override
    void show(State state) {
        super.show(state);
        showLine(findViewById(R.id.fallback), StateText.fallback(this, state));
    }

    // ------------------------------------------------------------------------------------------------- permission

    private boolean cameraAllowed() {
        return checkSelfPermission(Manifest.permission.CAMERA) == PackageManager.PERMISSION_GRANTED;
    }

    private void useCamera() {
        if (cameraAllowed()) {
            showCameraText(0);
            camera.execute(
                    () -> {
                        session().forgetFaces();
                        rate.reset();
                    });
            camera.start(settings().frontCamera(), settings().resolution());
        } else {
            showCameraText(R.string.camera_refused);
        }
    }

    /** Asks again as long as Android lets an app ask; then only its settings help. */
    private void allowCamera() {
        if (shouldShowRequestPermissionRationale(Manifest.permission.CAMERA)) {
            askForCamera.launch(Manifest.permission.CAMERA);
        } else {
            Uri app = Uri.fromParts("package", getPackageName(), null);
            startActivity(new Intent(android.provider.Settings.ACTION_APPLICATION_DETAILS_SETTINGS, app));
        }
    }

    private void onCameraProblem(Camera.Problem problem) {
        switch (problem) {
            case MISSING:
                showCameraText(R.string.camera_missing);
                break;
            case LOST:
                showCameraText(R.string.camera_lost);
                break;
            default:
                showCameraText(0);
                break;
        }
    }

    /** Why there is no picture; 0: there is. */
    private void showCameraText(int text) {
        findViewById(R.id.refused).setVisibility(text == 0 ? View.GONE : View.VISIBLE);
        findViewById(R.id.allow).setVisibility(text == R.string.camera_refused ? View.VISIBLE : View.GONE);
        if (text != 0) {
            ((TextView) findViewById(R.id.refused_text)).setText(text);
        }
    }

    // ----------------------------------------------------------------------------------------------------- buttons

    private void flip() {
        settings().setFrontCamera(!settings().frontCamera());
        useCamera();
    }

    private void toggleClip() {
        if (wantsClip.get()) {
            endClip();
        } else if (settings().sound() && !soundAllowed()) {
            askForSound.launch(Manifest.permission.RECORD_AUDIO);
        } else {
            beginClip();
        }
    }

    private boolean soundAllowed() {
        return checkSelfPermission(Manifest.permission.RECORD_AUDIO) == PackageManager.PERMISSION_GRANTED;
    }

    private void onSoundAnswer(boolean granted) {
        if (!granted) {
            tell(R.string.sound_refused);
        }
        beginClip();
    }

    private void beginClip() {
        wantsClip.set(true);
        showRecording(true);
    }

    private void endClip() {
        if (wantsClip.getAndSet(false)) {
            showRecording(false);
            camera.execute(this::saveClip);
        }
    }

    private void showRecording(boolean on) {
        record.setImageResource(on ? R.drawable.stop : R.drawable.record);
        record.setContentDescription(getString(on ? R.string.action_record_stop : R.string.action_record));
        findViewById(R.id.recording).setVisibility(on ? View.VISIBLE : View.GONE);
    }

    // ------------------------------------------------------------------------------------ frames, the camera's thread

    private void onFrame(RgbaFrame frame) {
        if (wantsSource.getAndSet(false)) {
            takeSource(frame);
        }
        Session.Outcome outcome = session().process(frame);
        boolean swapped = outcome == Session.Outcome.SWAPPED;
        picture.show(frame, swapped && settings().badge());
        if (wantsPhoto.getAndSet(false)) {
            takePhoto(frame, swapped);
        }
        if (wantsClip.get()) {
            addToClip(frame);
        }
        long now = System.nanoTime();
        rate.shown(now / 1e9);
        if (now - told > TOLD_EVERY_NS) {
            told = now;
            tellFrame(outcome);
        }
    }

    private void tellFrame(Session.Outcome outcome) {
        String steps = StageTime.table(session().timings());
        String text = getString(R.string.overlay, rate.perSecond(), session().state().engine, steps).trim();
        faceSeen = outcome != Session.Outcome.NO_FACE;
        runOnUiThread(
                () -> {
                    showLine(overlay, settings().overlay() ? text : "");
                    showStatus();
                    tellRotation(); // a half turn is no change of configuration
                });
    }

    /** The face before the camera, as it is, becomes a source. */
    private void takeSource(RgbaFrame frame) {
        String time = DateFormat.getTimeInstance(DateFormat.SHORT).format(new Date());
        Bitmap taken = Pictures.upright(frame);
        session().add(getString(R.string.source_taken, time), Pictures.jpeg(taken));
    }

    private void takePhoto(RgbaFrame frame, boolean swapped) {
        if (!swapped) {
            tell(R.string.not_swapped);
            return;
        }
        try {
            Provenance facts = session().provenance(System.currentTimeMillis() / 1000, "");
            Bitmap photo = painter.paint(frame, settings().badge());
            save(saver -> saver.savePicture(facts.inJpeg(Pictures.jpeg(photo))));
        } catch (SwapException problem) {
            tell(R.string.not_saved, problem.getMessage());
        }
    }

    private void addToClip(RgbaFrame frame) {
        try {
            if (recorder == null) {
                File file = new File(getCacheDir(), "clip.mp4");
                boolean withSound = settings().sound() && soundAllowed();
                recorder = new VideoRecorder(file, frame, painter, settings().badge(), withSound);
                if (withSound && !recorder.hasSound()) {
                    tell(R.string.sound_missing);
                }
            }
            recorder.add(frame);
        } catch (IOException problem) {
            tell(R.string.not_saved, problem.getMessage());
            wantsClip.set(false);
            runOnUiThread(() -> showRecording(false));
            saveClip(); // as far as it went
        }
    }

    private void saveClip() {
        VideoRecorder ended = recorder;
        recorder = null;
        if (ended == null) {
            return;
        }
        try {
            ended.finish();
            session().provenance(System.currentTimeMillis() / 1000, "").toMp4(ended.file);
            save(saver -> saver.saveClip(ended.file));
        } catch (IOException | SwapException problem) {
            tell(R.string.not_saved, problem.getMessage());
        }
    }

    private void tellRotation() {
        Display display = picture.getDisplay();
        if (display != null) {
            camera.setRotation(display.getRotation());
        }
    }
}
