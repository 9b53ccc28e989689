package org.paddlemfs.app;

import android.media.MediaCodec;
import android.media.MediaFormat;
import android.media.MediaMuxer;
import java.nio.ByteBuffer;
import org.paddlemfs.core.ClipTracks;

/** Android's muxer, for `ClipTracks`. Who made it ends it. */
final class AndroidMuxer implements ClipTracks.Muxer<MediaFormat> {
    private final MediaMuxer muxer;
    private final MediaCodec.BufferInfo info = new MediaCodec.BufferInfo();

    AndroidMuxer(MediaMuxer muxer) {
        this.muxer = muxer;
    }

    @Override
    public int add(MediaFormat format) {
        return muxer.addTrack(format);
    }

    @Override
    public void start() {
        muxer.start();
    }

    @Override
    public void write(int track, ByteBuffer data, long microseconds, int flags) {
        info.set(data.position(), data.remaining(), microseconds, flags);
        muxer.writeSampleData(track, data, info);
    }
}
