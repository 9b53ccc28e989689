package org.paddlemfs.gradle;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/** A file from elsewhere, taken only if it is the very one that was meant. */
public final class Download {
    private Download() {}

    /**
     * Fetches `url` to `file`, unless it lies there already.
     *
     * @param sha256 in hex
     * @param otherwise what to do without a URL, a sentence
     * @throws BuildProblem without a URL or hash, for what cannot be read, and for another file than the one meant
     */
    public static void fetch(String url, String sha256, Path file, String otherwise) {
        if (url.trim().isEmpty() || !sha256.trim().matches("[0-9a-fA-F]{64}")) {
            throw new BuildProblem("No URL and SHA-256 are set in gradle.properties: " + otherwise);
        }
        try {
            if (Files.isRegularFile(file) && matches(Files.newInputStream(file), sha256, null)) {
                return;
            }
            Files.createDirectories(file.toAbsolutePath().getParent());
            Path part = file.resolveSibling(file.getFileName() + ".part");
            try {
                if (!matches(URI.create(url.trim()).toURL().openStream(), sha256, part)) {
                    throw new BuildProblem(url + ": is not the file meant (another SHA-256 than gradle.properties names)");
                }
                Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException | IllegalArgumentException problem) {
            throw new BuildProblem(url + ": cannot be fetched (" + problem + "); " + otherwise);
        }
    }

    /** Whether a stream has this hash; what it holds is written to `copy`, if there is one. */
    private static boolean matches(InputStream stream, String sha256, Path copy) throws IOException {
        MessageDigest digest;
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException missing) {
            throw new AssertionError(missing); // every Java has it
        }
        try (InputStream in = new DigestInputStream(stream, digest)) {
            if (copy == null) {
                in.transferTo(java.io.OutputStream.nullOutputStream());
            } else {
                Files.copy(in, copy, StandardCopyOption.REPLACE_EXISTING);
            }
        }
        StringBuilder hex = new StringBuilder();
        for (byte part : digest.digest()) {
            hex.append(String.format("%02x", part));
        }
        return hex.toString().equalsIgnoreCase(sha256.trim());
    }
}
