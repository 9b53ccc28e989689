package org.paddlemfs.app;

import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.media.MediaCodec;
import android.media.MediaCodecInfo;
import android.media.MediaFormat;
import android.media.MediaMuxer;
import android.view.Surface;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.paddlemfs.core.ClipTracks;
import org.paddlemfs.core.RgbaFrame;

/**
 * Writes swapped frames as an MP4 (H.264, and AAC with sound). Frames are painted into the encoder's surface, which stamps them
 * with the time they are painted at, so the clip runs as the screen did. One thread.
 */
final class VideoRecorder {
    private static final int BITS_PER_PIXEL = 5; // a second: 4.6 Mbit at 720p
    private static final int LONGEST_WAIT_US = 1_000_000;

    final File file;
    private final FramePainter painter;
    private final boolean badge;
    private final MediaCodec encoder;
    private final Surface surface;
    private final MediaMuxer muxer;
    private final ClipTracks<MediaFormat> tracks;
    private final SoundRecorder sound; // null: without
    private final MediaCodec.BufferInfo info = new MediaCodec.BufferInfo();
    private Bitmap picture;

    /**
     * A clip of a frame's upright size. Raises IOException where the phone cannot encode it.
     *
     * @param withSound whether the microphone is wanted, and allowed; `hasSound` tells whether it is there
     */
    VideoRecorder(File file, RgbaFrame like, FramePainter painter, boolean badge, boolean withSound) throws IOException {
        this.file = file;
        this.painter = painter;
        this.badge = badge;
        int width = like.uprightWidth() / 2 * 2; // H.264 wants even sides
        int height = like.uprightHeight() / 2 * 2;
        MediaFormat format = MediaFormat.createVideoFormat(MediaFormat.MIMETYPE_VIDEO_AVC, width, height);
        format.setInteger(MediaFormat.KEY_COLOR_FORMAT, MediaCodecInfo.CodecCapabilities.COLOR_FormatSurface);
        format.setInteger(MediaFormat.KEY_BIT_RATE, width * height * BITS_PER_PIXEL);
        format.setInteger(MediaFormat.KEY_FRAME_RATE, 30);
        format.setInteger(MediaFormat.KEY_I_FRAME_INTERVAL, 1);
        encoder = MediaCodec.createEncoderByType(MediaFormat.MIMETYPE_VIDEO_AVC);
        try {
            encoder.configure(format, null, null, MediaCodec.CONFIGURE_FLAG_ENCODE);
            surface = encoder.createInputSurface();
            encoder.start();
            muxer = new MediaMuxer(file.getPath(), MediaMuxer.OutputFormat.MUXER_OUTPUT_MPEG_4);
        } catch (IllegalArgumentException | IllegalStateException refused) {
            encoder.release();
            throw new IOException("this phone does not encode clips of " + width + " x " + height, refused);
        } catch (IOException problem) {
            encoder.release();
            throw problem;
        }
        SoundRecorder microphone = withSound ? SoundRecorder.open() : null;
        tracks = new ClipTracks<>(new AndroidMuxer(muxer), microphone != null);
        sound = microphone;
        if (sound != null) {
            sound.start(tracks);
        }
    }

    boolean hasSound() {
        return sound != null;
    }

    void add(RgbaFrame frame) throws IOException {
        picture = Pictures.toBitmap(frame, picture);
        try {
            Canvas canvas = surface.lockHardwareCanvas();
            painter.paint(canvas, picture, frame.rotation, frame.mirrored, badge);
            surface.unlockCanvasAndPost(canvas);
            drain(0);
        } catch (IllegalArgumentException | IllegalStateException | Surface.OutOfResourcesException broken) {
            throw new IOException("the phone's encoder failed", broken);
        }
    }

    /** Ends the clip: `file` is whole. Raises IOException when it is not; it is gone then. */
    void finish() throws IOException {
        try {
            if (sound != null) {
                sound.finish();
            }
            encoder.signalEndOfInputStream();
            drain(LONGEST_WAIT_US);
            encoder.stop();
            tracks.expectNoMoreTracks();
            muxer.stop();
        } catch (IllegalStateException broken) {
            file.delete();
            throw new IOException("the phone's encoder failed", broken);
        } finally {
            muxer.release();
            encoder.release();
            surface.release();
        }
    }

    /** Hands what is encoded to the file, until nothing more comes within the time, or the end does. */
    private void drain(int waitUs) {
        int index = encoder.dequeueOutputBuffer(info, waitUs);
        while (index != MediaCodec.INFO_TRY_AGAIN_LATER) {
            if (index == MediaCodec.INFO_OUTPUT_FORMAT_CHANGED) {
                tracks.add(ClipTracks.Kind.PICTURES, encoder.getOutputFormat());
            } else if (index >= 0) {
                write(encoder.getOutputBuffer(index));
                encoder.releaseOutputBuffer(index, false);
                if ((info.flags & MediaCodec.BUFFER_FLAG_END_OF_STREAM) != 0) {
                    return;
                }
            }
            index = encoder.dequeueOutputBuffer(info, waitUs);
        }
    }

    private void write(ByteBuffer encoded) {
        boolean header = (info.flags & MediaCodec.BUFFER_FLAG_CODEC_CONFIG) != 0; // it is in the track's format already
        if (!header && info.size > 0) {
            tracks.write(ClipTracks.Kind.PICTURES, encoded, info.presentationTimeUs, info.flags);
        }
    }
}
