package org.paddlemfs.app;

import android.os.Bundle;
import android.widget.CompoundButton;
import android.widget.RadioButton;
import android.widget.RadioGroup;
import android.widget.TextView;
import java.util.function.Consumer;
import org.paddlemfs.core.Device;
import org.paddlemfs.core.Identity;
import org.paddlemfs.core.Settings;
import org.paddlemfs.core.State;

/** What the user may choose. Every choice holds at once. */
public final class SettingsActivity extends SessionActivity {
    @Override
    protected void onCreate(Bundle saved) {
        super.onCreate(saved);
        setContentView(R.layout.settings);
        RadioGroup devices = findViewById(R.id.devices);
        for (Device device : Device.values()) {
            addChoice(devices, StateText.device(this, device), device == settings().device(), () -> use(device));
        }
        RadioGroup threads = findViewById(R.id.threads);
        for (int count : Settings.THREADS) {
            addChoice(threads, String.valueOf(count), count == settings().threads(), () -> useThreads(count));
        }
        RadioGroup resolutions = findViewById(R.id.resolutions);
        for (int side : Settings.RESOLUTIONS) {
            boolean chosen = side == settings().resolution();
            addChoice(resolutions, String.valueOf(side), chosen, () -> settings().setResolution(side));
        }
        bind(R.id.badge, settings().badge(), settings()::setBadge);
        bind(R.id.overlay, settings().overlay(), settings()::setOverlay);
        bind(R.id.sound, settings().sound(), settings()::setSound);
        bind(R.id.all_faces, settings().allFaces(), this::swapAll);
        findViewById(R.id.forget).setOnClickListener(view -> forgetAll());
    }

    @Override
    void show(State state) {
        StringBuilder text = new StringBuilder(state.engine);
        if (state.bundle != null) {
            text.append('\n').append(state.bundle);
        }
        text.append('\n').append(StateText.fallback(this, state)).append('\n').append(StateText.status(this, state));
        TextView engine = findViewById(R.id.engine);
        engine.setText(text.toString().trim().replaceAll("\n+", "\n"));
    }

    private void use(Device device) {
        settings().setDevice(device);
        session().reopen();
    }

    private void useThreads(int threads) {
        settings().setThreads(threads);
        session().reopen();
    }

    private void swapAll(boolean all) {
        settings().setAllFaces(all);
        session().applyOptions();
    }

    private void forgetAll() {
        for (Identity identity : session().identities()) {
            if (!identity.isBundled()) {
                session().remove(identity);
            }
        }
    }

    private void addChoice(RadioGroup group, String text, boolean chosen, Runnable choose) {
        RadioButton button = new RadioButton(this);
        button.setText(text);
        group.addView(button);
        button.setId(group.getChildCount()); // a group tells its buttons apart by them
        button.setChecked(chosen);
        button.setOnClickListener(view -> choose.run());
    }

    private void bind(int id, boolean checked, Consumer<Boolean> change) {
        CompoundButton button = findViewById(id);
        button.setChecked(checked);
        button.setOnCheckedChangeListener((view, now) -> change.accept(now));
    }
}
