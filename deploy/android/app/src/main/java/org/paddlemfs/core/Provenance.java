package org.paddlemfs.core;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;

/**
 * What says "this is synthetic" in finished files: a record as JSON, and the XMP packet that holds it.
 *
 * <p>Source: XMP specification part 3 (storage in files), sections 1.1.3 (JPEG) and 1.1.3 of MPEG-4's `uuid` box.
 */
public final class Provenance {
    private static final byte[] JPEG_HEADER = "http://ns.adobe.com/xap/1.0/\0".getBytes(StandardCharsets.US_ASCII);
    private static final int LARGEST_SEGMENT = 65535; // a JPEG segment's length has two bytes
    private static final int[] MP4_UUID = {
        0xBE, 0x7A, 0xCF, 0xCB, 0x97, 0xA9, 0x42, 0xE8, 0x9C, 0x71, 0x99, 0x94, 0x91, 0xE3, 0xAF, 0xAC
    };
    private static final String DESCRIPTION = "Synthetic video: a face was swapped by a neural network";

    private final byte[] record;
    private final byte[] packet;

    /** Both in UTF-8. */
    public Provenance(byte[] record, byte[] packet) {
        this.record = record;
        this.packet = packet;
    }

    /** The JPEG with the packet as its XMP segment. Raises IllegalArgumentException for what is no JPEG. */
    public byte[] inJpeg(byte[] jpeg) {
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

    /**
     * Puts the record into a finished MP4 as its comment, which players show, and appends the packet as the box that XMP
     * readers look for. Raises IOException for what is no MP4, which stays as it was.
     */
    public void toMp4(File clip) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(clip, "rw")) {
            Mp4Tags.put(file, record, DESCRIPTION.getBytes(StandardCharsets.UTF_8));
            ByteArrayOutputStream content = new ByteArrayOutputStream();
            for (int part : MP4_UUID) {
                content.write(part);
            }
            content.write(packet);
            file.seek(file.length());
            file.write(Mp4Tags.box("uuid", content.toByteArray()));
        }
    }

    /** JFIF wants to be the first segment. */
    private static int afterJfif(byte[] jpeg) {
        boolean jfif = (jpeg[2] & 255) == 0xFF && (jpeg[3] & 255) == 0xE0 && jpeg.length > 6;
        int end = jfif ? 4 + ((jpeg[4] & 255) << 8 | (jpeg[5] & 255)) : 2;
        return end <= jpeg.length ? end : 2;
    }
}
