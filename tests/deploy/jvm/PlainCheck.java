package org.paddlemfs.core;

import java.io.File;
import java.io.FileOutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The classes that need no native library. Argument: a folder to write to. */
final class PlainCheck {
    public static void main(String[] args) throws Exception {
        keeps(new File(args[0]));
        chooses();
        counts();
        copies();
        marks(new File(args[0]));
        records();
        System.out.println("done");
    }

    private static void keeps(File out) throws Exception {
        File folder = new File(out, "identities");
        IdentityStore store = new IdentityStore(folder);
        Check.equal(store.list().size(), 0, "identities of no folder");
        Identity anna = store.add("Anna é 😀", new byte[] {1});
        Identity ben = store.add("Ben", new byte[] {2});
        Check.equal(names(new IdentityStore(folder)), "[Ben, Anna é 😀]", "the newest first, at the next start too");
        store.use(anna);
        Check.equal(names(store), "[Anna é 😀, Ben]", "the one used last first");
        Check.equal(store.add("Ben again", new byte[] {2}).id, ben.id, "the same picture");
        Check.equal(names(store), "[Ben again, Anna é 😀]", "the same picture is the same identity");
        try (FileOutputStream damaged = new FileOutputStream(new File(new File(folder, anna.id), "identity.properties"))) {
            damaged.write("used=\\u00zz".getBytes());
        }
        Check.equal(names(store), "[Ben again]", "a damaged one is left out");
        new File(folder, "half.part").mkdirs();
        Check.equal(names(store), "[Ben again]", "an unfinished one is left out");
        for (int number = 0; number < IdentityStore.CAPACITY + 3; number++) {
            store.add("N" + number, new byte[] {3, (byte) number});
        }
        Check.equal(store.list().size(), IdentityStore.CAPACITY, "the oldest go");
        Check.equal(store.list().get(0).name, "N" + (IdentityStore.CAPACITY + 2), "the newest stays");
        store.remove(store.list().get(0));
        Check.equal(store.list().size(), IdentityStore.CAPACITY - 1, "one was removed");
        Check.that(store.list().get(0).picture.isFile() && !store.list().get(0).isBundled(), "a picture");
    }

    private static String names(IdentityStore store) {
        StringBuilder names = new StringBuilder();
        for (Identity identity : store.list()) {
            names.append(names.length() == 0 ? "" : ", ").append(identity.name);
        }
        return "[" + names + "]";
    }

    private static void chooses() {
        Map<String, String> kept = new HashMap<>();
        Settings.Store map = new Settings.Store() {
            @Override
            public String get(String key) {
                return kept.get(key);
            }

            @Override
            public void put(String key, String value) {
                kept.put(key, value);
            }
        };
        Settings settings = new Settings(map);
        Check.that(!settings.consented() && settings.badge() && settings.overlay(), "at the first start");
        Check.that(settings.sound(), "at the first start");
        Check.that(!settings.allFaces() && settings.frontCamera() && settings.identity() == null, "at the first start");
        Check.equal(settings.device(), Device.CPU, "device");
        Check.equal(settings.threads() * 10000 + settings.resolution(), 20720, "threads and resolution");
        settings.setConsented();
        settings.setBadge(false);
        settings.setSound(false);
        settings.setThreads(4);
        settings.setResolution(1080);
        settings.setDevice(Device.NNAPI);
        settings.setFrontCamera(false);
        Settings next = new Settings(map);
        Check.that(next.consented() && !next.badge() && !next.sound() && !next.frontCamera(), "at the next start");
        Check.equal(next.threads() * 10000 + next.resolution(), 41080, "threads and resolution");
        Check.equal(next.device(), Device.NNAPI, "device");
        kept.put("consent", String.valueOf(Settings.CONSENT_VERSION - 1));
        Check.that(!next.consented(), "another text is agreed to anew");
        for (String key : Arrays.asList("device", "threads", "resolution", "consent", "trying")) {
            kept.put(key, "17?");
        }
        Check.that(next.device() == Device.CPU && next.threads() == 2 && next.resolution() == 720, "damaged settings");
        Check.that(!next.consented() && next.trying() == null, "damaged settings");
        Check.that(Device.GPU.runs("gpu") && Device.CPU.runs("arm") && !Device.CPU.runs("gpu"), "targets");
    }

    private static void counts() throws Exception {
        FrameRate rate = new FrameRate();
        Check.equal(rate.perSecond(), 0.0, "before all");
        rate.shown(7);
        Check.equal(rate.perSecond(), 0.0, "one frame");
        for (int frame = 1; frame <= 100; frame++) {
            rate.shown(7 + frame / 25.0);
        }
        Check.that(Math.abs(rate.perSecond() - 25) < 1e-9, "25 frames a second: " + rate.perSecond());
        for (int frame = 1; frame <= 40; frame++) {
            rate.shown(11 + frame / 10.0);
        }
        Check.that(Math.abs(rate.perSecond() - 10) < 1e-9, "only the last ones count: " + rate.perSecond());
        Check.refused(IllegalArgumentException.class, () -> rate.shown(1));
        rate.reset();
        rate.shown(1);
        Check.equal(rate.perSecond(), 0.0, "after a pause");
        List<StageTime> times = Arrays.asList(new StageTime("faces", 2.5, 4), new StageTime("frame", 41.25, 123.4));
        Check.equal(StageTime.table(times), "faces      2.5   4.0\nframe     41.3 123.4\n", "table");
    }

    private static void copies() throws Exception {
        int stride = 4 * 3 + 5;
        ByteBuffer plane = ByteBuffer.allocateDirect(stride * 2 - 5); // a camera's last row ends with its pixels
        for (int place = 0; place < plane.capacity(); place++) {
            plane.put(place, (byte) place);
        }
        plane.position(9);
        RgbaFrame frame = new RgbaFrame(3, 2);
        frame.fill(plane, stride);
        for (int y = 0; y < 2; y++) {
            for (int x = 0; x < 12; x++) {
                Check.equal(frame.pixels.get(12 * y + x), (byte) (stride * y + x), "byte " + x + " of row " + y);
            }
        }
        Check.that(plane.position() == 9 && frame.pixels.position() == 0, "positions");
        Check.that(RgbaFrame.sized(frame, 3, 2) == frame && RgbaFrame.sized(frame, 2, 3) != frame, "sizes");
        frame.rotation = 270;
        Check.equal(frame.uprightWidth() * 10 + frame.uprightHeight(), 23, "upright");
        Check.refused(IllegalArgumentException.class, () -> new RgbaFrame(0, 3));
        Check.refused(ArithmeticException.class, () -> new RgbaFrame(1 << 20, 1 << 20));
    }

    private static void marks(File out) throws Exception {
        Check.equal(
                Sha256.of("abc".getBytes()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "SHA-256");
        Provenance small = new Provenance(new byte[2], new byte[3]);
        Check.refused(IllegalArgumentException.class, () -> small.inJpeg("not one".getBytes()));
        byte[] bare = {(byte) 0xFF, (byte) 0xD8, (byte) 0xFF, (byte) 0xD9};
        Provenance large = new Provenance(new byte[2], new byte[70000]);
        Check.refused(IllegalArgumentException.class, () -> large.inJpeg(bare));
        Check.equal(small.inJpeg(bare).length, 4 + 4 + 29 + 3, "bytes");
        File file = new File(out, "kept.bin");
        Files.write(new java.io.ByteArrayInputStream(bare), file);
        Files.write(new java.io.ByteArrayInputStream(bare), file);
        Check.that(Arrays.equals(Files.read(file), bare), "a file is replaced as a whole");
        byte[] index = Mp4Tags.box("moov", Mp4Tags.box("mvhd", new byte[4]));
        byte[] endless = Mp4Tags.box("mdat", new byte[9]);
        endless[3] = 0; // to the file's end
        byte[] broken = Mp4Tags.box("moov", new byte[] {0, 0, 0, 99, 'm', 'v', 'h', 'd'});
        for (byte[] no : new byte[][] {bare, {}, Arrays.copyOf(index, index.length - 1), join(index, endless), broken}) {
            Files.write(new java.io.ByteArrayInputStream(no), file);
            Check.refused(java.io.IOException.class, () -> small.toMp4(file));
            Check.that(Arrays.equals(Files.read(file), no), "what is no MP4 stays as it was");
        }
    }

    private static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** What a muxer was told, as text. */
    private static final class Told implements ClipTracks.Muxer<String> {
        final StringBuilder text = new StringBuilder();
        private int tracks;

        @Override
        public int add(String format) {
            text.append('+').append(format).append(' ');
            return tracks++;
        }

        @Override
        public void start() {
            text.append("start ");
        }

        @Override
        public void write(int track, ByteBuffer data, long microseconds, int flags) {
            text.append(track).append(':').append(data.get(data.position())).append('@').append(microseconds).append(' ');
        }
    }

    private static void records() {
        ByteBuffer data = ByteBuffer.allocateDirect(1);
        Told told = new Told();
        ClipTracks<String> clip = new ClipTracks<>(told, true);
        clip.add(ClipTracks.Kind.PICTURES, "h264");
        for (int packet = 0; packet < 2; packet++) { // the encoder's memory is used again
            data.put(0, (byte) packet);
            clip.write(ClipTracks.Kind.PICTURES, data, 1000 + 40 * packet, 0);
        }
        data.put(0, (byte) 7);
        clip.write(ClipTracks.Kind.SOUND, data, 990, 0); // before the first picture
        clip.write(ClipTracks.Kind.SOUND, data, 1013, 0);
        Check.equal(told.text.toString(), "+h264 ", "before the sound's track is known");
        clip.add(ClipTracks.Kind.SOUND, "aac");
        clip.write(ClipTracks.Kind.SOUND, data, 1036, 0);
        clip.expectNoMoreTracks();
        Check.equal(told.text.toString(), "+h264 +aac start 0:0@0 0:1@40 1:7@13 1:7@36 ", "pictures and sound");

        told = new Told();
        clip = new ClipTracks<>(told, true);
        clip.add(ClipTracks.Kind.SOUND, "aac");
        clip.write(ClipTracks.Kind.SOUND, data, 5, 0);
        clip.add(ClipTracks.Kind.PICTURES, "h264");
        Check.equal(told.text.toString(), "+aac +h264 ", "a clip begins with its first picture");
        clip.write(ClipTracks.Kind.PICTURES, data, 9, 0);
        Check.equal(told.text.toString(), "+aac +h264 start 1:7@0 ", "sound of before is left out");

        told = new Told();
        clip = new ClipTracks<>(told, true);
        clip.add(ClipTracks.Kind.PICTURES, "h264");
        clip.write(ClipTracks.Kind.PICTURES, data, 3, 0);
        clip.expectNoMoreTracks(); // the microphone was taken away
        clip.add(ClipTracks.Kind.SOUND, "aac");
        clip.write(ClipTracks.Kind.SOUND, data, 5, 0);
        Check.equal(told.text.toString(), "+h264 start 0:7@0 ", "without sound after all");

        told = new Told();
        clip = new ClipTracks<>(told, false);
        clip.add(ClipTracks.Kind.PICTURES, "h264");
        clip.write(ClipTracks.Kind.PICTURES, data, 3, 0);
        Check.equal(told.text.toString(), "+h264 start 0:7@0 ", "a silent clip");

        SoundClock clock = new SoundClock(44100);
        Check.equal(clock.next(44100, 5_000_000), 5_000_000L, "the first samples");
        Check.equal(clock.next(44100, 6_020_000), 6_000_000L, "jitter is smoothed away");
        Check.equal(clock.next(441, 6_990_000), 7_000_000L, "never back");
        Check.equal(clock.next(441, 7_500_000), 7_500_000L, "after lost samples");
        Check.equal(clock.next(441, 7_500_000), 7_510_000L, "counted from there");
    }
}
