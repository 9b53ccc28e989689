package androidx.camera.core;

public abstract class CameraState {
    public abstract StateError getError();

    public abstract static class StateError {}
}
