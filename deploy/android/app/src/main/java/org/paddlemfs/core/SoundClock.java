package org.paddlemfs.core;

/**
 * When a microphone's samples were heard, by the clock of the pictures.
 *
 * <p>Samples are counted, since what the phone tells of each portion jitters; where it differs much, some were lost.
 */
public final class SoundClock {
    private static final long LARGEST_ERROR_US = 100_000;

    private final int rate;
    private boolean started;
    private long begin;
    private long counted;

    /** rate: samples a second. */
    public SoundClock(int rate) {
        this.rate = rate;
    }

    /**
     * Counts the next samples.
     *
     * @param samples how many
     * @param heardUs when the first of them was heard, as well as is known, in microseconds
     * @return when, in microseconds; never before the last ones ended
     */
    public long next(int samples, long heardUs) {
        long expected = begin + counted * 1_000_000 / rate;
        if (!started || heardUs - expected > LARGEST_ERROR_US) {
            started = true;
            begin = heardUs;
            counted = 0;
            expected = heardUs;
        }
        counted += samples;
        return expected;
    }
}
