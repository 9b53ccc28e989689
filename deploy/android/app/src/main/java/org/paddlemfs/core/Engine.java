package org.paddlemfs.core;

import java.io.File;

/** A bundle and what runs its networks. Swappers and injectors made from it keep what they need of it. */
public final class Engine extends NativeObject {
    private Engine(long handle) {
        super(handle);
    }

    /**
     * @param threads of the CPU, for what runs there
     * @param cache a folder for compiled GPU and NNAPI programs
     * @throws SwapException for a bundle that is damaged, and a device that is not there
     */
    public static Engine open(File bundle, Device device, int threads, File cache) throws SwapException {
        return new Engine(open(utf8(bundle.getPath()), device.ordinal(), threads, utf8(cache.getPath())));
    }

    /** What runs the networks, for people: "Paddle-Lite 2.13, cpu, 2 threads". */
    public synchronized String name() {
        return text(name(handle()));
    }

    /** Target, precision, maker, Paddle-Lite's version, why no source can be taken, names of identities. */
    static String[] describe(File bundle) throws SwapException {
        byte[][] facts = describe(utf8(bundle.getPath()));
        String[] described = new String[facts.length];
        for (int index = 0; index < facts.length; index++) {
            described[index] = text(facts[index]);
        }
        return described;
    }

    private static native long open(byte[] bundle, int device, int threads, byte[] cache) throws SwapException;

    private static native byte[] name(long handle);

    private static native byte[][] describe(byte[] bundle) throws SwapException;
}
