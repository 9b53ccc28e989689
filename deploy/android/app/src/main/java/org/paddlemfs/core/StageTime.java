package org.paddlemfs.core;

import java.util.List;
import java.util.Locale;

/** Milliseconds of one step of a swap. */
public final class StageTime {
    /** "faces", "align", "paint", "change", "paste"; "networks" is their part of it, "frame" all of it. */
    public final String stage;

    public final double median;
    public final double p95;

    public StageTime(String stage, double median, double p95) {
        this.stage = stage;
        this.median = median;
        this.p95 = p95;
    }

    /** A table for a fixed-width overlay, a step a line: its name, median and 95th percentile. */
    public static String table(List<StageTime> times) {
        StringBuilder lines = new StringBuilder();
        for (StageTime time : times) {
            lines.append(String.format(Locale.ROOT, "%-8s%6.1f%6.1f\n", time.stage, time.median, time.p95));
        }
        return lines.toString();
    }
}
