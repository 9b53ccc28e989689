package org.paddlemfs.core;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * Comment and description in a finished MP4, which Android's muxer cannot write.
 *
 * <p>They belong into `moov`, which may lie before the media and has no room. A larger copy of it goes to the file's end, then
 * the first one is declared free: the media stay where they are, and so do the places that `moov` knows of them.
 *
 * <p>Source: ISO/IEC 14496-12, 4.2 (boxes) and 8.10 (`udta`, `meta`); the tags are iTunes', as FFmpeg writes them.
 */
final class Mp4Tags {
    private static final int HEAD = 8; // bytes: a box's size and kind
    private static final int LARGEST = 64 << 20; // bytes of a `moov`: that of an hour is far below
    private static final int UTF_8 = 1;

    private Mp4Tags() {}

    /** Puts both, UTF-8, in place of all tags there are. Raises IOException for what is no MP4, which stays as it was. */
    static void put(RandomAccessFile file, byte[] comment, byte[] description) throws IOException {
        long place = find(file, "moov");
        file.seek(place);
        int size = file.readInt();
        if (size < HEAD || size > LARGEST) {
            throw new IOException("the clip's index has " + size + " bytes");
        }
        byte[] moov = new byte[size - HEAD];
        file.seek(place + HEAD);
        file.readFully(moov);
        byte[] tagged = box("moov", withoutTags(moov), tags(comment, description));
        file.seek(file.length());
        file.write(tagged);
        file.seek(place + 4);
        file.write(kind("free"));
    }

    /** A box of these contents. */
    static byte[] box(String kind, byte[]... contents) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        int size = HEAD;
        for (byte[] content : contents) {
            size += content.length;
        }
        write(out, number(size));
        write(out, kind(kind));
        for (byte[] content : contents) {
            write(out, content);
        }
        return out.toByteArray();
    }

    /** Where the file's first box of a kind begins. Every box has to be whole: one is going to be appended. */
    private static long find(RandomAccessFile file, String kind) throws IOException {
        long found = -1;
        for (long place = 0; place < file.length(); ) {
            if (file.length() - place < HEAD) {
                throw new IOException("not a whole MP4");
            }
            file.seek(place);
            long size = file.readInt() & 0xFFFFFFFFL;
            byte[] name = new byte[4];
            file.readFully(name);
            if (size == 1) {
                size = file.readLong();
            }
            if (size < HEAD || size > file.length() - place) {
                throw new IOException("not a whole MP4");
            }
            if (found < 0 && new String(name, StandardCharsets.ISO_8859_1).equals(kind)) {
                found = place;
            }
            place += size;
        }
        if (found < 0) {
            throw new IOException("not an MP4: it has no " + kind);
        }
        return found;
    }

    /** What a `moov` holds, but for its `udta`. */
    private static byte[] withoutTags(byte[] moov) throws IOException {
        ByteBuffer boxes = ByteBuffer.wrap(moov);
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        while (boxes.remaining() >= HEAD) {
            int size = boxes.getInt(boxes.position());
            if (size < HEAD || size > boxes.remaining()) {
                throw new IOException("the clip's index is damaged");
            }
            if (boxes.getInt(boxes.position() + 4) != ByteBuffer.wrap(kind("udta")).getInt()) {
                kept.write(moov, boxes.position(), size);
            }
            boxes.position(boxes.position() + size);
        }
        return kept.toByteArray();
    }

    private static byte[] tags(byte[] comment, byte[] description) {
        byte[] handler = box("hdlr", number(0), number(0), kind("mdir"), kind("appl"), new byte[9]);
        byte[] list = box("ilst", tag("\u00A9cmt", comment), tag("desc", description));
        return box("udta", box("meta", number(0), handler, list));
    }

    private static byte[] tag(String name, byte[] text) {
        return box(name, box("data", number(UTF_8), number(0), text));
    }

    private static byte[] kind(String four) {
        return four.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] number(int value) {
        return ByteBuffer.allocate(4).putInt(value).array();
    }

    private static void write(ByteArrayOutputStream out, byte[] bytes) {
        out.write(bytes, 0, bytes.length); // the other form may raise IOException
    }
}
