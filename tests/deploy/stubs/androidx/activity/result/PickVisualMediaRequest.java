package androidx.activity.result;

import androidx.activity.result.contract.ActivityResultContracts;

public class PickVisualMediaRequest {
    private PickVisualMediaRequest() {}

    public static final class Builder {
        public Builder setMediaType(ActivityResultContracts.PickVisualMedia.VisualMediaType type) {
            return this;
        }

        public PickVisualMediaRequest build() {
            return null;
        }
    }
}
