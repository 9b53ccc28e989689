package org.paddlemfs.app;

import android.os.Bundle;
import androidx.activity.ComponentActivity;
import org.paddlemfs.core.Session;
import org.paddlemfs.core.Settings;
import org.paddlemfs.core.State;

/** A screen of the app's session, which is open while the screen is in front. */
abstract class SessionActivity extends ComponentActivity {
    private Session session;
    private Settings settings;

    @Override
    protected void onCreate(Bundle saved) {
        super.onCreate(saved);
        session = SwapApplication.of(this).session();
        settings = SwapApplication.of(this).settings();
    }

    @Override
    protected void onResume() {
        super.onResume();
        session.listen(state -> runOnUiThread(() -> show(state)));
        session.open();
    }

    @Override
    protected void onPause() {
        session.listen(state -> {});
        session.pause();
        super.onPause();
    }

    /** A new state, on the UI thread. */
    abstract void show(State state);

    final Session session() {
        return session;
    }

    final Settings settings() {
        return settings;
    }
}
