package org.paddlemfs.core;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A whole session of the app, without screens. Arguments as NativeCheck's; the folder has a bundle "of the GPU", too. */
final class SessionCheck {
    private static final List<State> STATES = new ArrayList<>();

    private static File bundles;
    private static File samples;
    private static File out;
    private static Map<String, String> kept;
    private static Settings settings;
    private static IdentityStore store;

    public static void main(String[] args) throws Exception {
        bundles = new File(args[0]);
        samples = new File(args[1]);
        out = new File(args[2]);
        kept = new HashMap<>();
        settings = new Settings(new Settings.Store() {
            @Override
            public String get(String key) {
                return kept.get(key);
            }

            @Override
            public void put(String key, String value) {
                kept.put(key, value);
            }
        });
        store = new IdentityStore(new File(out, "identities"));
        nothing();
        fallsBack();
        endedApp();
        wears();
        Check.equal(NativeObject.alive(), 0, "native objects alive");
        System.out.println("done");
    }

    private static Session session(File folder) {
        Session session = new Session(folder, out, store, settings, Check::read, Runnable::run);
        STATES.clear();
        session.listen(STATES::add);
        return session;
    }

    private static void nothing() throws Exception {
        Session session = session(new File(out, "none"));
        Check.equal(session.state().phase, State.Phase.CLOSED, "phase");
        RgbaFrame target = target();
        Check.equal(session.process(target), Session.Outcome.NOT_READY, "a frame before all");
        Check.equal(Sha256.of(target.pixels), Sha256.of(target().pixels), "pixels");
        session.open();
        Check.equal(session.state().phase, State.Phase.NO_BUNDLE, "phase");
        Check.refused(SwapException.class, () -> session.provenance(0, ""));
        Check.equal(session.timings().size(), 0, "timings");
        session.add("somebody", Files.read(new File(samples, "source.jpg")));
        Check.that(session.state().problem.contains("bundle"), session.state().problem);
        Check.equal(session.state().phase, State.Phase.NO_BUNDLE, "phase");
        Check.equal(store.list().size(), 0, "identities kept that nobody could read");
    }

    /** The GPU is asked for, and says no: the CPU does it, and the reason is told. */
    private static void fallsBack() {
        settings.setDevice(Device.GPU);
        Session session = session(bundles);
        session.open();
        State state = session.state();
        Check.equal(state.phase, State.Phase.READY, "phase");
        Check.equal(state.device, Device.CPU, "device");
        Check.equal(state.fallback.wished, Device.GPU, "wished");
        Check.equal(state.fallback.reason, State.Reason.REFUSED, "reason");
        Check.that(state.fallback.problem.contains("CPU"), state.fallback.problem);
        Check.that(settings.trying() == null, "it said no; it did not end the app");
        session.close();
        Check.equal(session.state().phase, State.Phase.CLOSED, "phase");

        settings.setDevice(Device.NNAPI);
        session.open();
        Check.equal(session.state().fallback.reason, State.Reason.NO_BUNDLE, "reason");
        Check.equal(session.state().device, Device.CPU, "device");
        session.close();
    }

    /** The app ended while the GPU was tried: it is left alone until it is chosen again. */
    private static void endedApp() {
        settings.setDevice(Device.GPU);
        settings.setTrying(Device.GPU);
        Session session = session(bundles);
        session.open();
        Check.equal(session.state().fallback.reason, State.Reason.ENDED_APP, "reason");
        session.pause();
        Check.equal(settings.trying(), Device.GPU, "the CPU's pause does not clear the GPU");
        session.close();
        Check.equal(settings.trying(), Device.GPU, "nor does its end");
        settings.setDevice(Device.GPU);
        Check.that(settings.trying() == null, "chosen again, it is tried again");
        settings.setDevice(Device.CPU);
    }

    private static void wears() throws Exception {
        Session session = session(bundles);
        session.open();
        Check.that(session.state().fallback == null, "the CPU was wished for");
        Check.that(session.state().bundle.toString().startsWith("x86.zip: x86 fp32, paddle_mfs "), "bundle");
        Check.equal(session.state().worn.name, "source", "the bundle's own face comes first");
        RgbaFrame bundled = target();
        Check.equal(session.process(bundled), Session.Outcome.SWAPPED, "a frame");
        Check.equal(session.process(new RgbaFrame(320, 240)), Session.Outcome.NO_FACE, "a frame of nobody");

        STATES.clear();
        session.add("target", Files.read(new File(samples, "target.jpg")));
        Check.equal(steps(), "[1, 2, 3]", "steps of a new face");
        Identity added = session.state().worn;
        Check.equal(added.name, "target", "worn");
        RgbaFrame other = Check.read(new File(samples, "source.jpg"));
        Check.equal(session.processPicture(other), Session.Outcome.SWAPPED, "a picture");
        Check.write(other, new File(out, "session.png"));
        Check.that(session.timings().size() > 3, "timings");
        for (String clip : new String[] {"last.mp4", "first.mp4"}) {
            session.provenance(1700000000L, "").toMp4(new File(out, clip));
        }

        session.add("nobody", noFace());
        Check.that(session.state().problem.contains("nobody"), session.state().problem);
        Check.equal(session.state().worn.id, added.id, "worn");
        Check.equal(store.list().size(), 1, "identities");

        session.wear(Identity.bundled("source"));
        Check.equal(session.state().worn.name, "source", "worn");
        STATES.clear();
        session.wear(added);
        Check.equal(steps(), "[3]", "steps of a face known already");
        session.reopen();
        Check.equal(session.state().worn.id, added.id, "the last face is put on again");

        // Weights of another bundle of the same name: the picture is read again.
        BundleInfo bundle = BundleInfo.read(new File(bundles, "x86.zip"));
        java.nio.file.Files.write(store.weights(added, bundle).toPath(), new byte[1000]);
        STATES.clear();
        session.wear(added);
        Check.equal(steps(), "[3, 1, 2, 3]", "steps of a face whose weights are of no use");

        session.remove(added);
        Check.equal(session.identities().size(), 1, "identities");
        session.close();
        Check.equal(session.process(target()), Session.Outcome.NOT_READY, "a frame after all");
    }

    private static String steps() {
        List<Integer> steps = new ArrayList<>();
        for (State state : STATES) {
            if (state.phase == State.Phase.CHANGING) {
                steps.add(state.step);
            }
        }
        return steps.toString();
    }

    private static byte[] noFace() throws IOException {
        File file = new File(out, "black.png");
        RgbaFrame black = new RgbaFrame(320, 240);
        for (int place = 3; place < black.pixels.capacity(); place += 4) {
            black.pixels.put(place, (byte) 0x7F);
        }
        Check.write(black, file);
        return Files.read(file);
    }

    private static RgbaFrame target() throws SwapException {
        return Check.read(new File(samples, "target.jpg"));
    }
}
