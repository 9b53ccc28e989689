package org.paddlemfs.core;

import java.io.File;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** What a bundle says about itself. */
public final class BundleInfo {
    public final File file;
    /** What it was exported for: "arm", "gpu", "nnapi" or "x86". */
    public final String target;
    /** "fp32", "fp16" or "int8". */
    public final String precision;
    /** The program that made it and its version. */
    public final String madeBy;
    /** The version of Paddle-Lite that has to run it. */
    public final String paddleLite;
    /** Why no new source can be taken; empty when one can. */
    public final String injectionRefused;
    /** Names of the identities that come with it, the default one first. */
    public final List<String> identities;

    private BundleInfo(File file, String[] facts) {
        this.file = file;
        target = facts[0];
        precision = facts[1];
        madeBy = facts[2];
        paddleLite = facts[3];
        injectionRefused = facts[4];
        identities = Collections.unmodifiableList(Arrays.asList(facts).subList(5, facts.length));
    }

    /** In a line, for people. */
    @Override
    public String toString() {
        return file.getName() + ": " + target + " " + precision + ", " + madeBy + ", Paddle-Lite " + paddleLite;
    }

    /** Checks a bundle, every byte of it, and says what it is. Raises SwapException for one that is damaged. */
    public static BundleInfo read(File file) throws SwapException {
        return new BundleInfo(file, Engine.describe(file));
    }

    /** The whole bundles (*.zip) of a folder, by name; what is wrong with the others is added to `problems`. */
    public static List<BundleInfo> list(File folder, List<String> problems) {
        File[] files = folder.listFiles((parent, name) -> name.endsWith(".zip"));
        List<BundleInfo> found = new ArrayList<>();
        if (files == null) {
            return found;
        }
        Arrays.sort(files);
        for (File file : files) {
            try {
                found.add(read(file));
            } catch (SwapException problem) {
                problems.add(problem.getMessage());
            }
        }
        return found;
    }

    /** The first one that a device runs, or null. */
    public static BundleInfo forDevice(List<BundleInfo> bundles, Device device) {
        for (BundleInfo bundle : bundles) {
            if (device.runs(bundle.target)) {
                return bundle;
            }
        }
        return null;
    }
}
