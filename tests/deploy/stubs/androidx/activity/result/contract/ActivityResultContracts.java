package androidx.activity.result.contract;

import androidx.activity.result.PickVisualMediaRequest;

public final class ActivityResultContracts {
    private ActivityResultContracts() {}

    public static final class RequestPermission extends ActivityResultContract<String, Boolean> {}

    public static class PickVisualMedia extends ActivityResultContract<PickVisualMediaRequest, android.net.Uri> {
        public interface VisualMediaType {}

        public static final class ImageOnly implements VisualMediaType {
            public static final ImageOnly INSTANCE = null;

            private ImageOnly() {}
        }
    }
}
