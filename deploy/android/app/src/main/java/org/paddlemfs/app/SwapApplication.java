package org.paddlemfs.app;

import android.app.Application;
import android.content.Context;
import java.io.File;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.paddlemfs.core.IdentityStore;
import org.paddlemfs.core.Session;
import org.paddlemfs.core.Settings;

/** What all screens share: one session, its settings, and the thread for what takes long. */
public final class SwapApplication extends Application {
    private final ExecutorService background = Executors.newSingleThreadExecutor();
    private Settings settings;
    private Session session;

    static SwapApplication of(Context context) {
        return (SwapApplication) context.getApplicationContext();
    }

    @Override
    public void onCreate() {
        super.onCreate();
        Preferences preferences = new Preferences(this);
        File bundles = new File(getFilesDir(), "bundles"); // tools/push_android.py puts them there, too
        File networks = new File(getCacheDir(), "networks");
        networks.mkdirs();
        settings = new Settings(preferences);
        IdentityStore store = new IdentityStore(new File(getFilesDir(), "identities"));
        session = new Session(bundles, networks, store, settings, Pictures::read, background);
        background.execute(() -> AssetBundles.unpack(this, bundles, preferences));
    }

    Settings settings() {
        return settings;
    }

    Session session() {
        return session;
    }

    /** One thing after the other, the session's own included. */
    ExecutorService background() {
        return background;
    }

    /** Out of sight and the phone is short of memory: networks go, and come back with the next screen. */
    @Override
    public void onTrimMemory(int level) {
        super.onTrimMemory(level);
        if (level >= TRIM_MEMORY_BACKGROUND) {
            session.close();
        }
    }
}
