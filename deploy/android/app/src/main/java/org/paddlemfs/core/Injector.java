package org.paddlemfs.core;

import java.io.File;

/** Makes identities from pictures. It holds the large networks: close it when the picture is done. */
public final class Injector extends NativeObject {
    /** Loads encoder and IIN. Raises SwapException for a bundle without them. */
    public Injector(Engine engine) throws SwapException {
        super(open(engine.handle()));
    }

    /**
     * Writes the identity of the largest face of an upright picture to a file; its `rotation` and `mirrored` play no part.
     *
     * @param name of the identity, for messages
     * @param sha256 of the picture's file, in hex
     * @throws SwapException for a picture without a face, and a file that cannot be written
     */
    public synchronized void inject(RgbaFrame picture, String name, String sha256, File identity) throws SwapException {
        inject(handle(), picture.pixels, picture.width, picture.height, utf8(name), utf8(sha256), utf8(identity.getPath()));
    }

    private static native long open(long engine) throws SwapException;

    private static native void inject(
            long handle, java.nio.ByteBuffer rgba, int width, int height, byte[] name, byte[] sha256, byte[] identity)
            throws SwapException;
}
