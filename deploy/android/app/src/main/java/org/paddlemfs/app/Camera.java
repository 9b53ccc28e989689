package org.paddlemfs.app;

import android.util.Size;
import androidx.activity.ComponentActivity;
import androidx.camera.core.CameraInfoUnavailableException;
import androidx.camera.core.CameraSelector;
import androidx.camera.core.CameraState;
import androidx.camera.core.ImageAnalysis;
import androidx.camera.core.ImageProxy;
import androidx.camera.core.resolutionselector.ResolutionSelector;
import androidx.camera.core.resolutionselector.ResolutionStrategy;
import androidx.camera.lifecycle.ProcessCameraProvider;
import androidx.core.content.ContextCompat;
import androidx.lifecycle.LiveData;
import com.google.common.util.concurrent.ListenableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.paddlemfs.core.RgbaFrame;

/** The phone's camera: always its newest frame, one at a time, on a thread of its own. */
final class Camera {
    enum Problem {
        /** There is none. */
        MISSING,
        /** Another app has it, or the phone. */
        LOST,
        /** It runs, or runs again. */
        NONE
    }

    private final ComponentActivity activity;
    private final Consumer<RgbaFrame> frames;
    private final Consumer<Problem> problems;
    private final ExecutorService thread = Executors.newSingleThreadExecutor();

    private ProcessCameraProvider provider;
    private ImageAnalysis analysis;
    private boolean wanted;
    private volatile boolean front;
    private RgbaFrame frame; // of `thread`

    /**
     * @param frames gets each frame on the camera's thread, and may keep it until it returns
     * @param problems is told on the UI thread
     */
    Camera(ComponentActivity activity, Consumer<RgbaFrame> frames, Consumer<Problem> problems) {
        this.activity = activity;
        this.frames = frames;
        this.problems = problems;
    }

    /**
     * @param facesUser whether the front camera is wished for; without it the other one is taken
     * @param side the shorter side of a frame, in pixels; the phone gives the nearest it has
     */
    void start(boolean facesUser, int side) {
        wanted = true;
        ListenableFuture<ProcessCameraProvider> loading = ProcessCameraProvider.getInstance(activity);
        loading.addListener(
                () -> {
                    try {
                        provider = loading.get();
                        if (wanted) {
                            bind(facesUser, side);
                        }
                    } catch (ExecutionException | InterruptedException | IllegalArgumentException broken) {
                        problems.accept(Problem.MISSING);
                    }
                },
                ContextCompat.getMainExecutor(activity));
    }

    void stop() {
        wanted = false;
        if (provider != null) {
            provider.unbindAll();
        }
    }

    /** Runs what uses frames' things on the camera's thread. */
    void execute(Runnable task) {
        thread.execute(task);
    }

    /** Nothing more is to come. */
    void close() {
        thread.shutdown();
    }

    /** The display's, Surface.ROTATION_0 to ROTATION_270. */
    void setRotation(int rotation) {
        if (analysis != null) {
            analysis.setTargetRotation(rotation);
        }
    }

    private void bind(boolean facesUser, int side) {
        CameraSelector wished = facesUser ? CameraSelector.DEFAULT_FRONT_CAMERA : CameraSelector.DEFAULT_BACK_CAMERA;
        CameraSelector other = facesUser ? CameraSelector.DEFAULT_BACK_CAMERA : CameraSelector.DEFAULT_FRONT_CAMERA;
        CameraSelector chosen = has(wished) ? wished : other;
        if (!has(chosen)) {
            problems.accept(Problem.MISSING);
            return;
        }
        front = chosen == CameraSelector.DEFAULT_FRONT_CAMERA;
        ResolutionStrategy nearest = new ResolutionStrategy(
                new Size(side * 16 / 9, side), ResolutionStrategy.FALLBACK_RULE_CLOSEST_HIGHER_THEN_LOWER);
        analysis = new ImageAnalysis.Builder()
                .setBackpressureStrategy(ImageAnalysis.STRATEGY_KEEP_ONLY_LATEST)
                .setOutputImageFormat(ImageAnalysis.OUTPUT_IMAGE_FORMAT_RGBA_8888)
                .setResolutionSelector(new ResolutionSelector.Builder().setResolutionStrategy(nearest).build())
                .build();
        analysis.setAnalyzer(thread, this::analyse);
        provider.unbindAll();
        LiveData<CameraState> state =
                provider.bindToLifecycle(activity, chosen, analysis).getCameraInfo().getCameraState();
        state.removeObservers(activity); // of the last time
        state.observe(activity, this::check);
    }

    private boolean has(CameraSelector selector) {
        try {
            return provider.hasCamera(selector);
        } catch (CameraInfoUnavailableException unknown) {
            return false;
        }
    }

    private void check(CameraState state) {
        problems.accept(state.getError() == null ? Problem.NONE : Problem.LOST);
    }

    /** The camera's memory is given back at once: frames are worked on in our own. */
    private void analyse(ImageProxy image) {
        try {
            ImageProxy.PlaneProxy plane = image.getPlanes()[0];
            frame = RgbaFrame.sized(frame, image.getWidth(), image.getHeight());
            frame.fill(plane.getBuffer(), plane.getRowStride());
            frame.rotation = image.getImageInfo().getRotationDegrees();
            frame.mirrored = front;
            frame.seconds = image.getImageInfo().getTimestamp() / 1e9;
        } finally {
            image.close();
        }
        frames.accept(frame);
    }
}
