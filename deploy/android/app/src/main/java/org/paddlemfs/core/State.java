package org.paddlemfs.core;

/** What a Session is doing, for a screen to show. Never changed once made. */
public final class State {
    public enum Phase {
        /** Nothing is loaded. */
        CLOSED,
        /** Bundle and networks are being loaded. */
        OPENING,
        /** No bundle lies where one should: `problem` tells what is wrong with those that do. */
        NO_BUNDLE,
        /** No device runs: `fallback` says why. */
        FAILED,
        /** A face is being put on; `step` of STEPS. Frames go on meanwhile. */
        CHANGING,
        /** Frames are swapped, if an identity is worn. */
        READY
    }

    /** Why another device is used than the one wished for. */
    public enum Reason {
        /** No bundle was exported for it. */
        NO_BUNDLE,
        /** It cannot be opened: `problem` of the fall-back. */
        REFUSED,
        /** The app ended while it was tried. */
        ENDED_APP
    }

    /** The device wished for and what became of it. */
    public static final class Fallback {
        public final Device wished;
        public final Reason reason;
        /** A sentence, or empty. */
        public final String problem;

        Fallback(Device wished, Reason reason, String problem) {
            this.wished = wished;
            this.reason = reason;
            this.problem = problem;
        }
    }

    /** Steps of CHANGING: load the large networks, read the picture, put the face on. */
    public static final int STEPS = 3;

    public final Phase phase;
    /** What computes; null while nothing does. */
    public final Device device;
    /** What runs the networks, for people; empty while nothing does. */
    public final String engine;
    /** What they come from; null while nothing runs. */
    public final BundleInfo bundle;
    /** null: the device wished for is used. */
    public final Fallback fallback;
    /** Who is worn, or null. */
    public final Identity worn;
    public final int step;
    /** A sentence about what just went wrong, or empty. */
    public final String problem;

    private State(
            Phase phase,
            Device device,
            String engine,
            BundleInfo bundle,
            Fallback fallback,
            Identity worn,
            int step,
            String problem) {
        this.phase = phase;
        this.device = device;
        this.engine = engine;
        this.bundle = bundle;
        this.fallback = fallback;
        this.worn = worn;
        this.step = step;
        this.problem = problem;
    }

    /** A state without a device. */
    static State without(Phase phase, String problem) {
        return new State(phase, null, "", null, null, null, 0, problem);
    }

    /** No device runs. */
    static State failed(Fallback fallback) {
        return new State(Phase.FAILED, null, "", null, fallback, null, 0, fallback.problem);
    }

    static State opened(Device device, String engine, BundleInfo bundle, Fallback fallback) {
        return new State(Phase.READY, device, engine, bundle, fallback, null, 0, "");
    }

    State changing(int step) {
        return new State(Phase.CHANGING, device, engine, bundle, fallback, worn, step, "");
    }

    State wearing(Identity identity) {
        return new State(Phase.READY, device, engine, bundle, fallback, identity, 0, "");
    }

    /** Something went wrong; what was there before still is. */
    State troubled(String problem) {
        return new State(phase == Phase.CHANGING ? Phase.READY : phase, device, engine, bundle, fallback, worn, 0, problem);
    }
}
