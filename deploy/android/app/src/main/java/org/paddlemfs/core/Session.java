package org.paddlemfs.core;

import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The app without its screens: opens a bundle on the device that was chosen, or on another with the reason, puts faces on,
 * and swaps frames. What takes long runs on `background`, one thing at a time; frames come from any one thread.
 */
public final class Session {
    /** Told of every state, from the background thread. */
    public interface Listener {
        void changed(State state);
    }

    /** Reads a picture file, upright: the platform knows how. */
    public interface PictureReader {
        RgbaFrame read(File picture) throws SwapException;
    }

    /** What became of a frame. */
    public enum Outcome {
        SWAPPED,
        NO_FACE,
        /** Nothing is worn, or it is just being changed: the frame is as it was. */
        NOT_READY,
        /** A network failed; `state().problem` says how. The frame is as it was. */
        FAILED
    }

    private final File bundles;
    private final File cache;
    private final IdentityStore store;
    private final Settings settings;
    private final PictureReader reader;
    private final Executor background;
    private final ReentrantLock live = new ReentrantLock();

    private volatile Listener listener = state -> {};
    private volatile State state = State.without(State.Phase.CLOSED, "");
    private BundleInfo bundle;
    private Engine engine;
    private volatile FaceSwapper swapper;
    /** Whether the open device has swapped a face: it will not end the app. */
    private volatile boolean proven;

    /**
     * @param bundles folder of bundles, *.zip
     * @param cache folder for compiled GPU and NNAPI programs
     */
    public Session(
            File bundles, File cache, IdentityStore store, Settings settings, PictureReader reader, Executor background) {
        this.bundles = bundles;
        this.cache = cache;
        this.store = store;
        this.settings = settings;
        this.reader = reader;
        this.background = background;
    }

    public State state() {
        return state;
    }

    /** Who hears of new states; it hears the present one at once. */
    public void listen(Listener hears) {
        listener = hears;
        hears.changed(state);
    }

    /** A screen is there: opens what the settings say, unless it is open. */
    public void open() {
        background.execute(
                () -> {
                    if (swapper == null) {
                        openNow();
                    } else if (!proven) {
                        tries(state.device);
                    }
                });
    }

    /** No screen is there: should Android end the app now, that is not the device's doing. */
    public void pause() {
        background.execute(() -> triesNoMore(state.device));
    }

    /** Opens what the settings say, anew: after a change of device or threads, or when a bundle came. */
    public void reopen() {
        background.execute(this::openNow);
    }

    /** Gives the memory back: the app is out of sight. `open` brings all of it back. */
    public void close() {
        background.execute(
                () -> {
                    closeNow();
                    publish(State.without(State.Phase.CLOSED, ""));
                });
    }

    /** Who can be worn: the user's own, the one used last first, then those of the bundle. */
    public List<Identity> identities() {
        List<Identity> all = new ArrayList<>(store.list());
        BundleInfo opened = state.bundle;
        if (opened != null) {
            for (String name : opened.identities) {
                all.add(Identity.bundled(name));
            }
        }
        return all;
    }

    /** Puts a face on; one that was never worn with this bundle is predicted from its picture first. */
    public void wear(Identity identity) {
        background.execute(() -> wearOrTell(identity));
    }

    /** A new source: keeps the picture (a JPEG file's bytes) and puts its face on. Without a face it is not kept. */
    public void add(String name, byte[] jpeg) {
        background.execute(
                () -> {
                    try {
                        Identity added = store.add(name, jpeg);
                        if (!wearOrTell(added)) {
                            store.remove(added);
                        }
                    } catch (IOException problem) {
                        publish(state.troubled(problem.getMessage()));
                    }
                });
    }

    /** Forgets a source of the user's, its picture too. */
    public void remove(Identity identity) {
        background.execute(
                () -> {
                    store.remove(identity);
                    publish(state);
                });
    }

    /** The settings of how faces are swapped have changed. */
    public void applyOptions() {
        background.execute(
                () -> {
                    if (swapper != null) {
                        swapper.setAllFaces(settings.allFaces());
                    }
                });
    }

    /** A frame of a camera, swapped in place. Never waits for a face that is being put on. */
    public Outcome process(RgbaFrame frame) {
        if (!live.tryLock()) {
            return Outcome.NOT_READY;
        }
        try {
            return swapper == null || state.worn == null ? Outcome.NOT_READY : swapNow(frame);
        } finally {
            live.unlock();
        }
    }

    /** A picture of its own, swapped in place. Waits for what is going on. */
    public Outcome processPicture(RgbaFrame picture) {
        live.lock();
        try {
            if (swapper == null || state.worn == null) {
                return Outcome.NOT_READY;
            }
            swapper.reset();
            try {
                return swapNow(picture);
            } finally {
                swapper.reset();
            }
        } finally {
            live.unlock();
        }
    }

    /** Another camera, or the same one after a pause. */
    public void forgetFaces() {
        live.lock();
        try {
            if (swapper != null) {
                swapper.reset();
            }
        } finally {
            live.unlock();
        }
    }

    /** Milliseconds of each step; empty while nothing is open, or a face is being put on. */
    public List<StageTime> timings() {
        if (!live.tryLock()) {
            return Collections.emptyList();
        }
        try {
            return swapper == null ? Collections.<StageTime>emptyList() : swapper.timings();
        } finally {
            live.unlock();
        }
    }

    /**
     * What an output made now has to say of itself, see FaceSwapper.
     *
     * @throws SwapException when nothing is worn: then there is no output
     */
    public Provenance provenance(long seconds, String targetSha256) throws SwapException {
        live.lock();
        try {
            if (swapper == null) {
                throw new SwapException("Nothing is loaded: what is not swapped is not written.");
            }
            return swapper.provenance(seconds, targetSha256);
        } finally {
            live.unlock();
        }
    }

    private Outcome swapNow(RgbaFrame frame) {
        try {
            int swapped = swapper.swap(frame);
            if (swapped > 0 && !proven) {
                proven = true;
                triesNoMore(state.device);
            }
            return swapped > 0 ? Outcome.SWAPPED : Outcome.NO_FACE;
        } catch (SwapException problem) {
            if (state.phase == State.Phase.READY && !problem.getMessage().equals(state.problem)) {
                publish(state.troubled(problem.getMessage())); // once, not with every frame
            }
            return Outcome.FAILED;
        }
    }

    private void openNow() {
        closeNow();
        publish(State.without(State.Phase.OPENING, ""));
        List<String> problems = new ArrayList<>();
        List<BundleInfo> found = BundleInfo.list(bundles, problems);
        if (found.isEmpty()) {
            publish(State.without(State.Phase.NO_BUNDLE, problems.isEmpty() ? "" : problems.get(0)));
            return;
        }
        Device wished = settings.device();
        State.Fallback fallback = null;
        List<Device> devices = runnable(found, wished);
        if (!devices.contains(wished)) {
            fallback = new State.Fallback(wished, State.Reason.NO_BUNDLE, "");
        }
        for (Device device : devices) {
            boolean last = device == devices.get(devices.size() - 1);
            State.Fallback failed = tryDevice(BundleInfo.forDevice(found, device), device, fallback, last);
            if (failed == null) {
                return;
            }
            fallback = fallback == null ? failed : fallback;
        }
        publish(State.failed(fallback));
    }

    /** Devices that a bundle was made for: the one wished for, the CPU, then the others. */
    private static List<Device> runnable(List<BundleInfo> found, Device wished) {
        Set<Device> order = new LinkedHashSet<>();
        order.add(wished);
        Collections.addAll(order, Device.values());
        List<Device> devices = new ArrayList<>();
        for (Device device : order) {
            if (BundleInfo.forDevice(found, device) != null) {
                devices.add(device);
            }
        }
        return devices;
    }

    /**
     * null: it is open, with a face on if there is one. Else why not.
     *
     * @param last whether no other device remains: then a face that cannot be put on is told, not blamed on the device
     */
    private State.Fallback tryDevice(BundleInfo chosen, Device device, State.Fallback fallback, boolean last) {
        if (settings.trying() == device) {
            return new State.Fallback(device, State.Reason.ENDED_APP, "");
        }
        proven = false;
        tries(device);
        try {
            load(chosen, device);
            publish(State.opened(device, engine.name(), bundle, fallback));
            Identity worn = lastWorn();
            if (worn != null) {
                wearNow(worn);
            }
            return null;
        } catch (SwapException problem) {
            if (last && swapper != null) {
                publish(state.troubled(problem.getMessage()));
                return null;
            }
            closeNow();
            triesNoMore(device); // it said no; it did not end the app
            return new State.Fallback(device, State.Reason.REFUSED, problem.getMessage());
        }
    }

    /** Noted before a device is used that may end the app: Paddle-Lite does where a driver fails. */
    private void tries(Device device) {
        if (device != Device.CPU) {
            settings.setTrying(device);
        }
    }

    private void triesNoMore(Device device) {
        if (device != null && settings.trying() == device) {
            settings.setTrying(null);
        }
    }

    private void load(BundleInfo chosen, Device device) throws SwapException {
        Engine opened = Engine.open(chosen.file, device, settings.threads(), cache);
        live.lock();
        try {
            engine = opened;
            bundle = chosen;
            swapper = new FaceSwapper(opened);
            swapper.setAllFaces(settings.allFaces());
        } finally {
            live.unlock();
        }
    }

    private Identity lastWorn() {
        List<Identity> all = identities();
        for (Identity identity : all) {
            if (identity.id.equals(settings.identity())) {
                return identity;
            }
        }
        return bundle.identities.isEmpty() ? null : Identity.bundled(bundle.identities.get(0));
    }

    private boolean wearOrTell(Identity identity) {
        try {
            wearNow(identity);
            return true;
        } catch (SwapException problem) {
            publish(state.troubled(problem.getMessage()));
            return false;
        }
    }

    private void wearNow(Identity identity) throws SwapException {
        if (swapper == null) {
            throw new SwapException("Nothing is loaded: open a bundle first.");
        }
        if (identity.isBundled()) {
            publish(state.changing(3));
            putOn(() -> swapper.wear(identity.name));
        } else {
            File weights = store.weights(identity, bundle);
            if (!weights.isFile() || !putOnKept(weights)) {
                inject(identity, weights);
                publish(state.changing(3));
                putOn(() -> swapper.wear(weights));
            }
            try {
                store.use(identity);
            } catch (IOException problem) {
                throw new SwapException(problem.getMessage());
            }
        }
        settings.setIdentity(identity.id);
        publish(state.wearing(identity));
    }

    /** false: they were predicted for another bundle of this name. */
    private boolean putOnKept(File weights) {
        publish(state.changing(3));
        try {
            putOn(() -> swapper.wear(weights));
            return true;
        } catch (SwapException outdated) {
            return false;
        }
    }

    private interface Change {
        void run() throws SwapException;
    }

    private void putOn(Change change) throws SwapException {
        live.lock();
        try {
            change.run();
        } finally {
            live.unlock();
        }
    }

    private void inject(Identity identity, File weights) throws SwapException {
        if (!bundle.injectionRefused.isEmpty()) {
            throw new SwapException(bundle.injectionRefused);
        }
        publish(state.changing(1));
        try (Injector injector = new Injector(engine)) {
            publish(state.changing(2));
            injector.inject(reader.read(identity.picture), identity.name, sha256(identity.picture), weights);
        }
    }

    private static String sha256(File picture) throws SwapException {
        try {
            return Sha256.of(Files.read(picture));
        } catch (IOException problem) {
            throw new SwapException(problem.getMessage());
        }
    }

    private void closeNow() {
        live.lock();
        try {
            triesNoMore(state.device);
            if (swapper != null) {
                swapper.close();
            }
            if (engine != null) {
                engine.close();
            }
            swapper = null;
            engine = null;
            bundle = null;
        } finally {
            live.unlock();
        }
    }

    private void publish(State next) {
        state = next;
        listener.changed(next);
    }
}
