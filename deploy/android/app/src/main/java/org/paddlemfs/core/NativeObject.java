package org.paddlemfs.core;

import java.nio.charset.StandardCharsets;

/**
 * An object of the native library (src/main/cpp), which lives until it is closed.
 *
 * <p>Text crosses as UTF-8 bytes: JNI's own strings are modified UTF-8, in which a path with an emoji is another path.
 */
abstract class NativeObject implements AutoCloseable {
    static {
        System.loadLibrary("mfs_jni");
    }

    private long handle;

    NativeObject(long handle) {
        this.handle = handle;
    }

    /** The native address; raises IllegalStateException once closed. */
    final synchronized long handle() {
        if (handle == 0) {
            throw new IllegalStateException(getClass().getSimpleName() + " is closed");
        }
        return handle;
    }

    /** Waits for a call that runs in another thread, then frees the native object. A second call does nothing. */
    @Override
    public final synchronized void close() {
        long closing = handle;
        handle = 0;
        if (closing != 0) {
            free(closing);
        }
    }

    static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String text(byte[] utf8) {
        return new String(utf8, StandardCharsets.UTF_8);
    }

    private static native void free(long handle);

    /** How many native objects live: 0 when all were closed. */
    static native int alive();
}
