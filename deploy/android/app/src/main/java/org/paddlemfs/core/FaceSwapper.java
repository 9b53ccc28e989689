package org.paddlemfs.core;

import java.io.File;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Swaps the faces of one camera or clip, frame by frame. Calls from several threads wait for each other. */
public final class FaceSwapper extends NativeObject {
    public FaceSwapper(Engine engine) throws SwapException {
        super(open(engine.handle()));
    }

    /** Puts on an identity that came with the bundle. When that fails the one before stays. */
    public synchronized void wear(String bundled) throws SwapException {
        wearBundled(handle(), utf8(bundled));
    }

    /** Puts on an identity that an Injector wrote, of this bundle. When that fails the one before stays. */
    public synchronized void wear(File identity) throws SwapException {
        wearFile(handle(), utf8(identity.getPath()));
    }

    /**
     * Swaps the faces of a frame in place.
     *
     * @return how many faces were swapped: 0 without a face
     * @throws SwapException for a network that failed, and before the first identity; the frame is as it was
     */
    public synchronized int swap(RgbaFrame frame) throws SwapException {
        return swap(handle(), frame.pixels, frame.width, frame.height, frame.rotation, frame.mirrored, frame.seconds);
    }

    /** Whether all faces are swapped or only the largest. */
    public synchronized void setAllFaces(boolean all) {
        setAllFaces(handle(), all);
    }

    /** Forget faces and times: what follows is another camera, another clip, a single picture. */
    public synchronized void reset() {
        reset(handle());
    }

    /** Milliseconds of each step, over the last frames. */
    public synchronized List<StageTime> timings() {
        byte[][] names = stages(handle());
        double[] values = timings(handle());
        List<StageTime> timings = new ArrayList<>();
        for (int index = 0; index < names.length; index++) {
            timings.add(new StageTime(text(names[index]), values[2 * index], values[2 * index + 1]));
        }
        return timings;
    }

    /**
     * What an output made with the identity that is worn has to say of itself.
     *
     * @param seconds since 1970, when it was made
     * @param targetSha256 of the picture that was swapped, in hex, or empty
     * @throws SwapException before the first identity
     */
    public synchronized Provenance provenance(long seconds, String targetSha256) throws SwapException {
        byte[][] texts = provenance(handle(), seconds, utf8(targetSha256));
        return new Provenance(texts[0], texts[1]);
    }

    private static native long open(long engine) throws SwapException;

    private static native void wearBundled(long handle, byte[] name) throws SwapException;

    private static native void wearFile(long handle, byte[] path) throws SwapException;

    private static native int swap(
            long handle, ByteBuffer rgba, int width, int height, int rotation, boolean mirrored, double seconds)
            throws SwapException;

    private static native void setAllFaces(long handle, boolean all);

    private static native void reset(long handle);

    private static native byte[][] stages(long handle);

    /** Median and 95th percentile of each stage. */
    private static native double[] timings(long handle);

    /** The record as JSON, and as an XMP packet. */
    private static native byte[][] provenance(long handle, long seconds, byte[] targetSha256) throws SwapException;
}
