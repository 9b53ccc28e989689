package org.paddlemfs.core;

import java.nio.Buffer;
import java.nio.ByteBuffer;

/** A picture in memory that native code reads and writes in place: RGBA, 8 bits a colour, rows without gaps. */
public final class RgbaFrame {
    public final ByteBuffer pixels;
    public final int width;
    public final int height;
    /** Degrees clockwise by which it has to be turned to stand upright: 0, 90, 180 or 270. */
    public int rotation;
    /** Once upright it is shown as a mirror shows it, left and right swapped. */
    public boolean mirrored;
    /** When it was taken. */
    public double seconds;

    public RgbaFrame(int width, int height) {
        if (width <= 0 || height <= 0) {
            throw new IllegalArgumentException("no picture has " + width + " x " + height + " pixels");
        }
        this.width = width;
        this.height = height;
        pixels = ByteBuffer.allocateDirect(Math.multiplyExact(Math.multiplyExact(width, height), 4));
    }

    /** `frame` when it has this size, else a new one: a camera keeps its size, and so its memory. */
    public static RgbaFrame sized(RgbaFrame frame, int width, int height) {
        return frame != null && frame.width == width && frame.height == height ? frame : new RgbaFrame(width, height);
    }

    /** Copies a camera's plane, whose rows begin `rowStride` bytes apart. */
    public void fill(ByteBuffer plane, int rowStride) {
        ByteBuffer from = plane.duplicate();
        rewind();
        int row = 4 * width;
        for (int y = 0; y < height; y++) {
            ((Buffer) from).limit(y * rowStride + row).position(y * rowStride);
            pixels.put(from);
        }
        rewind();
    }

    /**
     * Sets the buffer's position to the first pixel. As a Buffer: newer Javas have a method of ByteBuffer's own for that,
     * which older Androids lack.
     */
    public void rewind() {
        ((Buffer) pixels).rewind();
    }

    public int uprightWidth() {
        return rotation % 180 == 0 ? width : height;
    }

    public int uprightHeight() {
        return rotation % 180 == 0 ? height : width;
    }
}
