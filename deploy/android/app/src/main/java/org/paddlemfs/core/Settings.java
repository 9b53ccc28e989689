package org.paddlemfs.core;

import java.util.Locale;

/** What the user chose, over a store of the platform's. */
public final class Settings {
    /** Where values are kept: Android's SharedPreferences, or a map. */
    public interface Store {
        /** null: never put, or removed. */
        String get(String key);

        /** null removes. */
        void put(String key, String value);
    }

    /** Raised when the text of the consent changes: it is then shown again. */
    public static final int CONSENT_VERSION = 1;

    public static final int[] THREADS = {1, 2, 4};
    /** The shorter side of the camera's pictures, in pixels. */
    public static final int[] RESOLUTIONS = {480, 720, 1080};

    private final Store store;

    public Settings(Store store) {
        this.store = store;
    }

    public boolean consented() {
        return number("consent", 0) >= CONSENT_VERSION;
    }

    public void setConsented() {
        store.put("consent", String.valueOf(CONSENT_VERSION));
    }

    public Device device() {
        return deviceOf("device", Device.CPU);
    }

    /** A choice of the user's: a device that failed before is tried again. */
    public void setDevice(Device device) {
        store.put("device", device.name());
        store.put("trying", null);
    }

    /** The device whose first frame is still to come; found at a start, it ended the app the last time. Null: none. */
    public Device trying() {
        return deviceOf("trying", null);
    }

    public void setTrying(Device device) {
        store.put("trying", device == null ? null : device.name());
    }

    public int threads() {
        return oneOf(THREADS, number("threads", 2), 2);
    }

    public void setThreads(int threads) {
        store.put("threads", String.valueOf(threads));
    }

    public int resolution() {
        return oneOf(RESOLUTIONS, number("resolution", 720), 720);
    }

    public void setResolution(int pixels) {
        store.put("resolution", String.valueOf(pixels));
    }

    /** Whether pictures, clips and the screen show that they are swapped. */
    public boolean badge() {
        return !"false".equals(store.get("badge"));
    }

    public void setBadge(boolean shown) {
        store.put("badge", String.valueOf(shown));
    }

    /** Whether the screen shows frames a second and the milliseconds of each step. */
    public boolean overlay() {
        return !"false".equals(store.get("overlay"));
    }

    public void setOverlay(boolean shown) {
        store.put("overlay", String.valueOf(shown));
    }

    /** Whether clips are recorded with sound, where the phone allows it. */
    public boolean sound() {
        return !"false".equals(store.get("sound"));
    }

    public void setSound(boolean recorded) {
        store.put("sound", String.valueOf(recorded));
    }

    public boolean allFaces() {
        return "true".equals(store.get("all_faces"));
    }

    public void setAllFaces(boolean all) {
        store.put("all_faces", String.valueOf(all));
    }

    public boolean frontCamera() {
        return !"false".equals(store.get("front_camera"));
    }

    public void setFrontCamera(boolean front) {
        store.put("front_camera", String.valueOf(front));
    }

    /** Which identity was worn last, an `Identity.id`, or null. */
    public String identity() {
        return store.get("identity");
    }

    public void setIdentity(String id) {
        store.put("identity", id);
    }

    private int number(String key, int otherwise) {
        String value = store.get(key);
        try {
            return value == null ? otherwise : Integer.parseInt(value);
        } catch (NumberFormatException damaged) {
            return otherwise;
        }
    }

    private static int oneOf(int[] allowed, int value, int otherwise) {
        for (int one : allowed) {
            if (one == value) {
                return value;
            }
        }
        return otherwise;
    }

    private Device deviceOf(String key, Device otherwise) {
        String value = store.get(key);
        try {
            return value == null ? otherwise : Device.valueOf(value.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException damaged) {
            return otherwise;
        }
    }
}
