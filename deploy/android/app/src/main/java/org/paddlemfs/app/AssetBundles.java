package org.paddlemfs.app;

import android.content.Context;
import android.content.pm.PackageManager;
import android.util.Log;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import org.paddlemfs.core.Files;

/** Bundles that were built into the app, copied to where all bundles lie: once after each installation. */
final class AssetBundles {
    private static final String ASSETS = "bundles";

    private AssetBundles() {}

    static void unpack(Context context, File folder, Preferences preferences) {
        try {
            long installed = context.getPackageManager().getPackageInfo(context.getPackageName(), 0).lastUpdateTime;
            String stamp = String.valueOf(installed);
            if (stamp.equals(preferences.get("unpacked"))) {
                return;
            }
            folder.mkdirs();
            for (String name : context.getAssets().list(ASSETS)) {
                if (name.endsWith(".zip")) {
                    try (InputStream in = context.getAssets().open(ASSETS + "/" + name)) {
                        Files.write(in, new File(folder, name));
                    }
                }
            }
            preferences.put("unpacked", stamp);
        } catch (IOException | PackageManager.NameNotFoundException problem) {
            Log.e("paddle_mfs", "bundles could not be unpacked", problem); // the screen then says that there is none
        }
    }
}
