package org.paddlemfs.app;

import android.media.AudioFormat;
import android.media.AudioRecord;
import android.media.AudioTimestamp;
import android.media.MediaCodec;
import android.media.MediaCodecInfo;
import android.media.MediaFormat;
import android.media.MediaRecorder;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.paddlemfs.core.ClipTracks;
import org.paddlemfs.core.SoundClock;

/**
 * The microphone as a clip's sound: AAC, mono, encoded in a thread of its own. Its times are those of `System.nanoTime`, as
 * the times of painted frames are.
 */
final class SoundRecorder {
    private static final int RATE = 44_100; // samples a second: the one that every phone has
    private static final int BYTES = 2; // of a sample
    private static final int PORTION = 1024 * BYTES; // what AAC encodes at once
    private static final int BITS = 96_000; // a second, encoded
    private static final int WAIT_US = 10_000;
    private static final int LONGEST_WAIT_US = 1_000_000;

    private final AudioRecord microphone;
    private final MediaCodec encoder;
    private final SoundClock clock = new SoundClock(RATE);
    private final AudioTimestamp stamp = new AudioTimestamp();
    private final MediaCodec.BufferInfo info = new MediaCodec.BufferInfo();
    private ClipTracks<MediaFormat> tracks;
    private Thread thread;
    private volatile boolean recording = true;
    private long read; // samples so far

    private SoundRecorder(AudioRecord microphone, MediaCodec encoder) {
        this.microphone = microphone;
        this.encoder = encoder;
    }

    /** The microphone, listening; null where it cannot be had: another app uses it, or it may not be used. */
    static SoundRecorder open() {
        AudioRecord microphone = null;
        MediaCodec encoder = null;
        try {
            microphone = listen();
            MediaFormat format = MediaFormat.createAudioFormat(MediaFormat.MIMETYPE_AUDIO_AAC, RATE, 1);
            format.setInteger(MediaFormat.KEY_AAC_PROFILE, MediaCodecInfo.CodecProfileLevel.AACObjectLC);
            format.setInteger(MediaFormat.KEY_BIT_RATE, BITS);
            format.setInteger(MediaFormat.KEY_MAX_INPUT_SIZE, PORTION);
            encoder = MediaCodec.createEncoderByType(MediaFormat.MIMETYPE_AUDIO_AAC);
            encoder.configure(format, null, null, MediaCodec.CONFIGURE_FLAG_ENCODE);
            encoder.start();
            return new SoundRecorder(microphone, encoder);
        } catch (IOException | IllegalArgumentException | IllegalStateException | SecurityException refused) {
            if (microphone != null) {
                microphone.release();
            }
            if (encoder != null) {
                encoder.release();
            }
            return null;
        }
    }

    private static AudioRecord listen() {
        int channel = AudioFormat.CHANNEL_IN_MONO;
        int encoding = AudioFormat.ENCODING_PCM_16BIT;
        int least = AudioRecord.getMinBufferSize(RATE, channel, encoding);
        int room = Math.max(least, RATE * BYTES); // a second, for when the phone is busy
        AudioRecord microphone = new AudioRecord(MediaRecorder.AudioSource.CAMCORDER, RATE, channel, encoding, room);
        try {
            microphone.startRecording(); // raises IllegalStateException for one that could not be set up
            if (microphone.getRecordingState() != AudioRecord.RECORDSTATE_RECORDING) {
                throw new IllegalStateException("the microphone is in use");
            }
            return microphone;
        } catch (IllegalStateException refused) {
            microphone.release();
            throw refused;
        }
    }

    /** From now on packets go into the clip. */
    void start(ClipTracks<MediaFormat> clip) {
        tracks = clip;
        thread = new Thread(this::run, "sound");
        thread.start();
    }

    /** Ends it: all packets are in the clip, or nothing more comes. */
    void finish() {
        recording = false;
        try {
            thread.join();
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        try {
            while (recording) {
                encode();
                drain(0);
            }
            int last = encoder.dequeueInputBuffer(LONGEST_WAIT_US);
            if (last >= 0) {
                encoder.queueInputBuffer(last, 0, 0, clock.next(0, 0), MediaCodec.BUFFER_FLAG_END_OF_STREAM);
                drain(LONGEST_WAIT_US);
            }
        } catch (IllegalStateException broken) {
            recording = false; // the clip goes on without
        } finally {
            tracks.expectNoMoreTracks();
            microphone.release();
            encoder.release();
        }
    }

    private void encode() {
        int index = encoder.dequeueInputBuffer(WAIT_US);
        if (index < 0) {
            return;
        }
        ByteBuffer input = encoder.getInputBuffer(index);
        input.clear();
        int bytes = microphone.read(input, Math.min(input.capacity(), PORTION));
        if (bytes < 0) {
            throw new IllegalStateException("the microphone was taken away");
        }
        int samples = bytes / BYTES;
        long heard = heardUs(samples);
        read += samples;
        encoder.queueInputBuffer(index, 0, bytes, clock.next(samples, heard), 0);
    }

    /** When the first of the samples that were just read was heard. */
    private long heardUs(int samples) {
        if (microphone.getTimestamp(stamp, AudioTimestamp.TIMEBASE_MONOTONIC) == AudioRecord.SUCCESS) {
            return stamp.nanoTime / 1000 + (read - stamp.framePosition) * 1_000_000 / RATE;
        }
        return System.nanoTime() / 1000 - samples * 1_000_000L / RATE;
    }

    /** Hands what is encoded to the clip, until nothing more comes within the time, or the end does. */
    private void drain(int waitUs) {
        int index = encoder.dequeueOutputBuffer(info, waitUs);
        while (index != MediaCodec.INFO_TRY_AGAIN_LATER) {
            if (index == MediaCodec.INFO_OUTPUT_FORMAT_CHANGED) {
                tracks.add(ClipTracks.Kind.SOUND, encoder.getOutputFormat());
            } else if (index >= 0) {
                boolean header = (info.flags & MediaCodec.BUFFER_FLAG_CODEC_CONFIG) != 0;
                if (!header && info.size > 0) {
                    ByteBuffer encoded = encoder.getOutputBuffer(index);
                    tracks.write(ClipTracks.Kind.SOUND, encoded, info.presentationTimeUs, info.flags);
                }
                encoder.releaseOutputBuffer(index, false);
                if ((info.flags & MediaCodec.BUFFER_FLAG_END_OF_STREAM) != 0) {
                    return;
                }
            }
            index = encoder.dequeueOutputBuffer(info, waitUs);
        }
    }
}
