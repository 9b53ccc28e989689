package org.paddlemfs.core;

import java.io.File;

/** Somebody whose face can be worn: from a picture of the user's, or one that came with the bundle. */
public final class Identity {
    private static final String BUNDLED = "bundled/";

    /** Unique, and the same at the next start. */
    public final String id;

    public final String name;
    /** The picture it was made from, a JPEG; null for one that came with the bundle. */
    public final File picture;

    Identity(String id, String name, File picture) {
        this.id = id;
        this.name = name;
        this.picture = picture;
    }

    static Identity bundled(String name) {
        return new Identity(BUNDLED + name, name, null);
    }

    public boolean isBundled() {
        return picture == null;
    }
}
