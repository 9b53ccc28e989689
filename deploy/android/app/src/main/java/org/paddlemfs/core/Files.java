package org.paddlemfs.core;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** What java.nio.file.Files does, which Android has from version 8 on. */
public final class Files {
    private Files() {}

    public static byte[] read(File file) throws IOException {
        try (InputStream in = new FileInputStream(file)) {
            return read(in);
        }
    }

    public static byte[] read(InputStream in) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        copy(in, bytes);
        return bytes.toByteArray();
    }

    public static void copy(InputStream in, OutputStream out) throws IOException {
        byte[] part = new byte[1 << 16];
        for (int count = in.read(part); count >= 0; count = in.read(part)) {
            out.write(part, 0, count);
        }
    }

    /** Writes a file as a whole or not at all. */
    public static void write(InputStream in, File file) throws IOException {
        File made = new File(file.getPath() + ".part");
        try (OutputStream out = new FileOutputStream(made)) {
            copy(in, out);
        }
        if (!made.renameTo(file)) {
            made.delete();
            throw new IOException(file + ": cannot be written; free some storage");
        }
    }
}
