package org.paddlemfs.core;

import java.io.File;
import java.io.FileOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;

/**
 * The native library through its Java classes. Arguments: a folder with x86.zip and bundles that are broken, the samples, a
 * folder to write to.
 */
final class NativeCheck {
    private static File bundles;
    private static File samples;
    private static File out;

    public static void main(String[] args) throws Exception {
        bundles = new File(args[0]);
        samples = new File(args[1]);
        out = new File(args[2]);
        describes();
        try (Engine engine = Engine.open(new File(bundles, "x86.zip"), Device.CPU, 1, out)) {
            System.out.println("engine " + engine.name());
            injects(engine);
            swaps(engine);
            turned(engine);
            both(engine);
            frees(engine);
        }
        Check.equal(NativeObject.alive(), 0, "native objects alive");
        System.out.println("done");
    }

    private static void describes() throws Exception {
        BundleInfo info = BundleInfo.read(new File(bundles, "x86.zip"));
        Check.equal(info.target, "x86", "target");
        Check.equal(info.precision, "fp32", "precision");
        Check.equal(info.injectionRefused, "", "injection");
        Check.equal(info.identities.toString(), "[source]", "identities");
        Check.that(info.madeBy.startsWith("paddle_mfs ") && !info.paddleLite.isEmpty(), "maker " + info.madeBy);
        List<String> problems = new ArrayList<>();
        List<BundleInfo> whole = BundleInfo.list(bundles, problems);
        Check.equal(BundleInfo.forDevice(whole, Device.CPU).file.getName(), "x86.zip", "bundle of the CPU");
        for (String problem : problems) {
            System.out.println("problem " + problem);
        }
        String missing = Check.refused(
                SwapException.class, () -> Engine.open(new File(bundles, "Zoë 😀.zip"), Device.CPU, 1, out));
        Check.that(missing.contains("Zoë 😀.zip"), missing);
        String device = Check.refused(
                SwapException.class, () -> Engine.open(new File(bundles, "x86.zip"), Device.GPU, 1, out));
        Check.that(device.contains("CPU"), device);
    }

    private static void injects(Engine engine) throws Exception {
        try (Injector injector = new Injector(engine)) {
            RgbaFrame nobody = new RgbaFrame(320, 240);
            File file = new File(out, "nobody.weights");
            String noFace = Check.refused(SwapException.class, () -> injector.inject(nobody, "nobody", "", file));
            Check.that(noFace.contains("nobody") && !file.exists(), noFace);
            RgbaFrame source = Check.read(new File(samples, "source.jpg"));
            File nowhere = new File(out, "missing/source.weights");
            String unwritten = Check.refused(SwapException.class, () -> injector.inject(source, "a", "", nowhere));
            Check.that(unwritten.contains("missing"), unwritten);
            injector.inject(source, "source", Sha256.of(Files.read(new File(samples, "source.jpg"))), weights());
            System.out.println("weights " + weights().length());
        }
    }

    private static void swaps(Engine engine) throws Exception {
        try (FaceSwapper swapper = new FaceSwapper(engine)) {
            RgbaFrame target = Check.read(new File(samples, "target.jpg"));
            Check.refused(SwapException.class, () -> swapper.swap(target));
            Check.refused(SwapException.class, () -> swapper.provenance(0, ""));
            swapper.wear(weights());
            Check.equal(swapper.swap(target), 1, "faces swapped");
            Check.write(target, new File(out, "injected.png"));

            RgbaFrame again = Check.read(new File(samples, "target.jpg"));
            swapper.reset();
            swapper.wear("source"); // bundled
            Check.equal(swapper.swap(again), 1, "faces swapped");
            Check.write(again, new File(out, "bundled.png"));

            File damaged = new File(out, "damaged.weights");
            byte[] bytes = Files.read(weights());
            bytes[bytes.length / 2] ^= 1;
            try (FileOutputStream file = new FileOutputStream(damaged)) {
                file.write(bytes);
            }
            System.out.println("damaged " + Check.refused(SwapException.class, () -> swapper.wear(damaged)));
            Check.refused(SwapException.class, () -> swapper.wear("nobody"));
            RgbaFrame third = Check.read(new File(samples, "target.jpg"));
            swapper.reset();
            Check.equal(swapper.swap(third), 1, "the identity before stays");
            Check.equal(Sha256.of(third.pixels), Sha256.of(again.pixels), "the same twice");

            RgbaFrame nobody = new RgbaFrame(320, 240);
            swapper.reset();
            Check.equal(swapper.swap(nobody), 0, "faces in a black picture");
            nobody.rotation = 45;
            Check.refused(SwapException.class, () -> swapper.swap(nobody));

            List<String> stages = new ArrayList<>();
            for (StageTime time : swapper.timings()) {
                stages.add(time.stage);
                Check.that(time.median >= 0 && time.p95 >= time.median, time.stage + " " + time.median + " " + time.p95);
            }
            Check.that(stages.contains("frame") && stages.contains("paint"), stages.toString());
            String table = StageTime.table(swapper.timings());
            Check.equal(table.split("\n").length, stages.size(), "lines of the table");
            Provenance facts = swapper.provenance(1700000000L, "feed");
            byte[] jpeg = facts.inJpeg(Files.read(new File(samples, "target.jpg")));
            try (FileOutputStream file = new FileOutputStream(new File(out, "marked.jpg"))) {
                file.write(jpeg);
            }
            swapper.close();
            Check.refused(IllegalStateException.class, () -> swapper.swap(again));
        }
    }

    /** A phone held sideways, and its front camera: turned and mirrored pixels give the same swap, turned and mirrored. */
    private static void turned(Engine engine) throws Exception {
        RgbaFrame upright = Check.read(new File(samples, "target.jpg"));
        RgbaFrame lying = new RgbaFrame(upright.height, upright.width);
        lying.rotation = 90;
        copy(upright, lying);
        try (FaceSwapper swapper = new FaceSwapper(engine)) {
            swapper.wear("source");
            Check.equal(swapper.swap(lying), 1, "faces swapped");
            swapper.reset();
            Check.equal(swapper.swap(upright), 1, "faces swapped");
            compare(upright, lying);
            RgbaFrame mirror = Check.read(new File(samples, "target.jpg"));
            mirror.mirrored = true;
            swapper.reset();
            Check.equal(swapper.swap(mirror), 1, "faces swapped in a mirror");
        }
    }

    /** Turns by a quarter to the left: to stand upright it has to be turned by 90 degrees to the right. */
    private static void copy(RgbaFrame upright, RgbaFrame lying) {
        for (int y = 0; y < upright.height; y++) {
            for (int x = 0; x < upright.width; x++) {
                Check.put(lying, y, upright.width - 1 - x, Check.get(upright, x, y));
            }
        }
    }

    private static void compare(RgbaFrame upright, RgbaFrame lying) {
        for (int y = 0; y < upright.height; y++) {
            for (int x = 0; x < upright.width; x++) {
                int one = Check.get(upright, x, y);
                int other = Check.get(lying, y, upright.width - 1 - x);
                for (int shift = 0; shift <= 16; shift += 8) { // rounding may differ: sums run in the order of memory
                    int difference = (one >> shift & 255) - (other >> shift & 255);
                    Check.that(Math.abs(difference) <= 1, "pixel " + x + " " + y + " differs by " + difference);
                }
            }
        }
    }

    /** A new source is read while frames go on. */
    private static void both(Engine engine) throws Exception {
        AtomicReference<Throwable> failed = new AtomicReference<>();
        File second = new File(out, "second.weights");
        try (FaceSwapper swapper = new FaceSwapper(engine)) {
            swapper.wear("source");
            Thread injecting = new Thread(() -> {
                try (Injector injector = new Injector(engine)) {
                    injector.inject(Check.read(new File(samples, "source.jpg")), "source", "", second);
                } catch (SwapException | RuntimeException problem) {
                    failed.set(problem);
                }
            });
            injecting.start();
            int frames = 0;
            do {
                RgbaFrame frame = Check.read(new File(samples, "target.jpg"));
                frame.seconds = frames++ / 30.0;
                Check.equal(swapper.swap(frame), 1, "faces swapped");
            } while (injecting.isAlive());
            injecting.join();
            System.out.println("frames meanwhile " + frames);
        }
        Check.that(failed.get() == null, "injection failed: " + failed.get());
        Check.equal(second.length(), weights().length(), "bytes of weights");
    }

    private static void frees(Engine engine) throws Exception {
        int before = NativeObject.alive();
        BundleInfo.read(new File(bundles, "x86.zip"));
        long megabytes = Check.residentMegabytes();
        for (int round = 0; round < 5; round++) {
            BundleInfo.read(new File(bundles, "x86.zip"));
            Check.refused(SwapException.class, () -> BundleInfo.read(new File(bundles, "truncated.zip")));
            new FaceSwapper(engine).close();
        }
        long grown = Check.residentMegabytes() - megabytes;
        Check.that(grown < 40, grown + " MB kept by five bundles that were closed");
        Check.equal(NativeObject.alive(), before, "native objects alive");
    }

    private static File weights() {
        return new File(out, "injected.weights");
    }
}
