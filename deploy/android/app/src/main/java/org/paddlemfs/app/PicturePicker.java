package org.paddlemfs.app;

import android.net.Uri;
import androidx.activity.ComponentActivity;
import androidx.activity.result.ActivityResultLauncher;
import androidx.activity.result.PickVisualMediaRequest;
import androidx.activity.result.contract.ActivityResultContracts;
import java.util.function.Consumer;

/** Lets the user pick a picture in the phone's own picker, which needs no permission. Made before its activity starts. */
final class PicturePicker {
    private final ActivityResultLauncher<PickVisualMediaRequest> launcher;

    PicturePicker(ComponentActivity activity, Consumer<Uri> picked) {
        launcher = activity.registerForActivityResult(
                new ActivityResultContracts.PickVisualMedia(),
                uri -> {
                    if (uri != null) { // null: changed their mind
                        picked.accept(uri);
                    }
                });
    }

    void pick() {
        launcher.launch(
                new PickVisualMediaRequest.Builder()
                        .setMediaType(ActivityResultContracts.PickVisualMedia.ImageOnly.INSTANCE)
                        .build());
    }
}
