package org.paddlemfs.core;

import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** Hex SHA-256: names a picture in provenance without showing it. */
public final class Sha256 {
    private Sha256() {}

    public static String of(byte[] bytes) {
        return of(ByteBuffer.wrap(bytes));
    }

    public static String of(ByteBuffer bytes) {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException missing) {
            throw new AssertionError(missing); // every Java and every Android has it
        }
        digest.update(bytes.duplicate());
        StringBuilder hex = new StringBuilder();
        for (byte part : digest.digest()) {
            hex.append(Character.forDigit((part >> 4) & 15, 16)).append(Character.forDigit(part & 15, 16));
        }
        return hex.toString();
    }
}
