package org.paddlemfs.app;

import android.content.Context;
import android.content.SharedPreferences;
import org.paddlemfs.core.Settings;

/** Settings in Android's own store. */
final class Preferences implements Settings.Store {
    private final SharedPreferences values;

    Preferences(Context context) {
        values = context.getSharedPreferences("settings", Context.MODE_PRIVATE);
    }

    @Override
    public String get(String key) {
        return values.getString(key, null);
    }

    /** On disk when it returns: what is being tried has to be known after a crash. */
    @Override
    public void put(String key, String value) {
        values.edit().putString(key, value).commit();
    }
}
