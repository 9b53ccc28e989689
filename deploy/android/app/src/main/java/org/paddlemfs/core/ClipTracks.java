package org.paddlemfs.core;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The tracks of a clip on their way from encoders into a muxer, which wants to know all of them before the first packet.
 *
 * <p>Packets wait until then. The clip begins with the first picture; sound of before is left out. Encoders may run in
 * threads of their own.
 *
 * @param <F> what describes a track to the muxer
 */
public final class ClipTracks<F> {
    /** Android's MediaMuxer, or a test's. */
    public interface Muxer<F> {
        /** A new track -> its number. */
        int add(F format);

        void start();

        void write(int track, ByteBuffer data, long microseconds, int flags);
    }

    /** What a track holds. */
    public enum Kind {
        PICTURES,
        SOUND
    }

    private static final int NONE = -1;

    private final Muxer<F> muxer;
    private final int[] tracks = {NONE, NONE};
    private final List<Packet> waiting = new ArrayList<>();
    private boolean wantsSound;
    private boolean started;
    private long begin = Long.MAX_VALUE;

    public ClipTracks(Muxer<F> muxer, boolean wantsSound) {
        this.muxer = muxer;
        this.wantsSound = wantsSound;
    }

    public synchronized void add(Kind kind, F format) {
        if (kind == Kind.PICTURES || wantsSound) {
            tracks[kind.ordinal()] = muxer.add(format);
            startIfReady();
        }
    }

    /** No sound came so far: the clip does without. What there was of pictures goes to the muxer. */
    public synchronized void expectNoMoreTracks() {
        if (!started) {
            wantsSound = tracks[Kind.SOUND.ordinal()] != NONE;
            startIfReady();
        }
    }

    /**
     * A packet of a track, whose data may be used again when this returns.
     *
     * @param microseconds by a clock that both tracks share
     */
    public synchronized void write(Kind kind, ByteBuffer data, long microseconds, int flags) {
        if (kind == Kind.PICTURES && begin == Long.MAX_VALUE) {
            begin = microseconds;
        }
        Packet packet = new Packet(kind, data, microseconds, flags);
        if (started) {
            hand(packet);
        } else {
            waiting.add(packet.copy());
            startIfReady();
        }
    }

    private void startIfReady() {
        boolean complete = tracks[Kind.PICTURES.ordinal()] != NONE && (!wantsSound || tracks[Kind.SOUND.ordinal()] != NONE);
        if (started || !complete || begin == Long.MAX_VALUE) {
            return;
        }
        started = true;
        muxer.start();
        for (Packet packet : waiting) {
            hand(packet);
        }
        waiting.clear();
    }

    private void hand(Packet packet) {
        int track = tracks[packet.kind.ordinal()];
        if (track != NONE && packet.microseconds >= begin) {
            muxer.write(track, packet.data, packet.microseconds - begin, packet.flags);
        }
    }

    private static final class Packet {
        final Kind kind;
        final ByteBuffer data;
        final long microseconds;
        final int flags;

        Packet(Kind kind, ByteBuffer data, long microseconds, int flags) {
            this.kind = kind;
            this.data = data;
            this.microseconds = microseconds;
            this.flags = flags;
        }

        Packet copy() {
            ByteBuffer kept = ByteBuffer.allocateDirect(data.remaining());
            kept.put(data.duplicate()).flip();
            return new Packet(kind, kept, microseconds, flags);
        }
    }
}
