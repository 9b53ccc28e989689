package org.paddlemfs.core;

import java.nio.charset.StandardCharsets;

/** Something that can go wrong without anybody's mistake in the code. The message is one sentence with the remedy. */
public final class SwapException extends Exception {
    public SwapException(String message) {
        super(message);
    }

    /** For the native library. */
    SwapException(byte[] utf8) {
        super(new String(utf8, StandardCharsets.UTF_8));
    }
}
