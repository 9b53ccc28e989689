package org.paddlemfs.core;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;

/**
 * Puts the XMP packet that says "this is synthetic" into finished files.
 *
 * <p>Source: XMP specification part 3 (storage in files), sections 1.1.3 (JPEG) and 1.1.3 of MPEG-4's `uuid` box.
 */
public final class Provenance {
    private static final byte[] JPEG_HEADER = "http://ns.adobe.com/xap/1.0/\0".getBytes(StandardCharsets.US_ASCII);
    private static final int LARGEST_SEGMENT = 65535; // a JPEG segment's length has two bytes
    private static final int[] MP4_UUID = {
        0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8, 0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC
    };

    private Provenance() {}

    /** The JPEG with the packet as its XMP segment. Raises IllegalArgumentException for what is no JPEG. */
    public static byte[] inJpeg(byte[] jpeg, byte[] packet) {
        if (jpeg.length < 4 || (jpeg[0] & 255) != 0xFF || (jpeg[1] & 255) != 0xD8) {
            throw new IllegalArgumentException("not a JPEG");
        }
        int length = 2 + JPEG_HEADER.length + packet.length;
        if (length > LARGEST_SEGMENT) {
            throw new IllegalArgumentException("an XMP packet of " + packet.length + " bytes is too long for a JPEG");
        }
        int after = afterJfif(jpeg);
        ByteArrayOutputStream out = new ByteArrayOutputStream(jpeg.length + length + 2);
        out.write(jpeg, 0, after);
        out.write(0xFF);
        out.write(0xE1);
        out.write(length >> 8);
        out.write(length & 255);
        out.write(JPEG_HEADER, 0, JPEG_HEADER.length);
        out.write(packet, 0, packet.length);
        out.write(jpeg, after, jpeg.length - after);
        return out.toByteArray();
    }

    /** Appends the packet to a finished MP4, as the box that XMP readers look for. */
    public static void toMp4(File clip, byte[] packet) throws IOException {
        ByteArrayOutputStream box = new ByteArrayOutputStream();
        int length = 4 + 4 + MP4_UUID.length + packet.length;
        for (int shift = 24; shift >= 0; shift -= 8) {
            box.write(length >> shift);
        }
        box.write("uuid".getBytes(StandardCharsets.US_ASCII));
        for (int part : MP4_UUID) {
            box.write(part);
        }
        box.write(packet);
        try (RandomAccessFile file = new RandomAccessFile(clip, "rw")) {
            file.seek(file.length());
            file.write(box.toByteArray());
        }
    }

    /** JFIF wants to be the first segment. */
    private static int afterJfif(byte[] jpeg) {
        boolean jfif = (jpeg[2] & 255) == 0xFF && (jpeg[3] & 255) == 0xE0 && jpeg.length > 6;
        int end = jfif ? 4 + ((jpeg[4] & 255) << 8 | (jpeg[5] & 255)) : 2;
        return end <= jpeg.length ? end : 2;
    }
}
