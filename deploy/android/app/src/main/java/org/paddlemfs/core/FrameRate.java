package org.paddlemfs.core;

/** Frames a second, over the last ones. */
public final class FrameRate {
    private final double[] times = new double[31];
    private int count;

    /** A frame was shown at this time, in seconds. Raises IllegalArgumentException for one that lies before the last. */
    public synchronized void shown(double seconds) {
        if (count > 0 && seconds < times[(count - 1) % times.length]) {
            throw new IllegalArgumentException("time runs backwards: " + seconds);
        }
        times[count % times.length] = seconds;
        count++;
    }

    /** 0 until the second frame. */
    public synchronized double perSecond() {
        int known = Math.min(count, times.length);
        if (known < 2) {
            return 0;
        }
        double span = times[(count - 1) % times.length] - times[(count - known) % times.length];
        return span > 0 ? (known - 1) / span : 0;
    }

    /** The camera stopped: the pause is no frame. */
    public synchronized void reset() {
        count = 0;
    }
}
