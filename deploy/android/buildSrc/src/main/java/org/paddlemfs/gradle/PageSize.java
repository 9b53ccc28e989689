package org.paddlemfs.gradle;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Whether native libraries can be loaded on phones with pages of 16 KB. Google Play refuses apps with others. */
public final class PageSize {
    private static final long NEEDED = 16384;

    private PageSize() {}

    /**
     * Checks every .so below a folder.
     *
     * @param readelf the program, of the NDK or the system
     * @return how many there are
     * @throws BuildProblem naming the libraries that are laid out for smaller pages
     */
    public static int check(Path folder, String readelf) {
        List<Path> libraries;
        try (Stream<Path> files = Files.walk(folder)) {
            libraries = files.filter(file -> file.toString().endsWith(".so")).sorted().collect(Collectors.toList());
        } catch (IOException problem) {
            throw new BuildProblem(folder + ": cannot be read (" + problem + ")");
        }
        List<String> small = new ArrayList<>();
        for (Path library : libraries) {
            long alignment = alignment(library, readelf);
            if (alignment < NEEDED) {
                small.add(library.getFileName() + " (" + alignment + " bytes)");
            }
        }
        if (!small.isEmpty()) {
            throw new BuildProblem("Not aligned to 16 KB: " + String.join(", ", small)
                    + ". Link them with -Wl,-z,max-page-size=16384 (deploy/android/README.md says how for Paddle-Lite),"
                    + " or build with -Pmfs.allowSmallPages for phones with pages of 4 KB only.");
        }
        return libraries.size();
    }

    /** The smallest alignment of a library's loadable segments, in bytes. */
    static long alignment(Path library, String readelf) {
        long smallest = Long.MAX_VALUE;
        try {
            Process process = new ProcessBuilder(readelf, "--program-headers", "--wide", library.toString())
                    .redirectErrorStream(true)
                    .start();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                    String[] words = line.trim().split("\\s+");
                    if (words[0].equals("LOAD")) {
                        smallest = Math.min(smallest, Long.decode(words[words.length - 1]));
                    }
                }
            }
            process.waitFor();
        } catch (IOException | InterruptedException | NumberFormatException problem) {
            throw new BuildProblem(library + ": cannot be examined with " + readelf + " (" + problem + ")");
        }
        if (smallest == Long.MAX_VALUE) {
            throw new BuildProblem(library + ": " + readelf + " finds no loadable segment; it is no library");
        }
        return smallest;
    }
}
