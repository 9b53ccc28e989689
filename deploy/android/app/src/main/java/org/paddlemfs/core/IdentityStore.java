package org.paddlemfs.core;

import java.io.File;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;

/**
 * The user's own identities, in a folder that only the app sees: a folder each, with the picture, its name, and the weights
 * that were predicted from it for each bundle. The oldest go when there are too many.
 */
public final class IdentityStore {
    /** As many as a row of faces can show. */
    public static final int CAPACITY = 24;

    private static final String FACTS = "identity.properties";
    private static final String PICTURE = "picture.jpg";
    private static final String UNFINISHED = ".part";

    private final File folder;

    public IdentityStore(File folder) {
        this.folder = folder;
    }

    /** Those that are whole, the one used last first. */
    public synchronized List<Identity> list() {
        List<Entry> entries = entries();
        List<Identity> identities = new ArrayList<>();
        for (Entry entry : entries) {
            identities.add(entry.identity);
        }
        return identities;
    }

    /** Keeps a picture (a JPEG file's bytes). The same picture again is the same identity. */
    public synchronized Identity add(String name, byte[] jpeg) throws IOException {
        String id = Sha256.of(jpeg).substring(0, 16);
        File place = new File(folder, id);
        File made = new File(folder, id + UNFINISHED);
        delete(made);
        delete(place);
        if (!made.mkdirs()) {
            throw new IOException(made + ": cannot be made; free some storage");
        }
        try (OutputStream out = new FileOutputStream(new File(made, PICTURE))) {
            out.write(jpeg);
        }
        writeFacts(made, name, next());
        if (!made.renameTo(place)) {
            throw new IOException(place + ": cannot be written; free some storage");
        }
        List<Entry> entries = entries();
        for (Entry old : entries.subList(Math.min(CAPACITY, entries.size()), entries.size())) {
            remove(old.identity);
        }
        return new Identity(id, name, new File(place, PICTURE));
    }

    /** It is worn now: the first of the list. */
    public synchronized void use(Identity identity) throws IOException {
        writeFacts(new File(folder, identity.id), identity.name, next());
    }

    public synchronized void remove(Identity identity) {
        delete(new File(folder, identity.id));
    }

    /** Where the weights of an identity lie that were predicted for a bundle. */
    public File weights(Identity identity, BundleInfo bundle) {
        return new File(new File(folder, identity.id), bundle.file.getName() + ".weights");
    }

    private static final class Entry {
        final Identity identity;
        final long used;

        Entry(Identity identity, long used) {
            this.identity = identity;
            this.used = used;
        }
    }

    private List<Entry> entries() {
        List<Entry> entries = new ArrayList<>();
        File[] places = folder.listFiles();
        if (places == null) {
            return entries;
        }
        for (File place : places) {
            File picture = new File(place, PICTURE);
            if (place.getName().endsWith(UNFINISHED) || !picture.isFile()) {
                continue;
            }
            Properties facts = new Properties();
            try (InputStream in = new FileInputStream(new File(place, FACTS))) {
                facts.load(in);
                String name = facts.getProperty("name", place.getName());
                entries.add(new Entry(new Identity(place.getName(), name, picture), Long.parseLong(facts.getProperty("used"))));
            } catch (IOException | IllegalArgumentException damaged) {
                continue; // what is left of it is no identity; the next `add` of its picture makes it anew
            }
        }
        Collections.sort(entries, (one, other) -> Long.compare(other.used, one.used));
        return entries;
    }

    /** A number above all that were given: clocks may be put back. */
    private long next() {
        List<Entry> entries = entries();
        return entries.isEmpty() ? 1 : entries.get(0).used + 1;
    }

    private static void writeFacts(File place, String name, long used) throws IOException {
        Properties facts = new Properties();
        facts.setProperty("name", name);
        facts.setProperty("used", String.valueOf(used));
        File made = new File(place, FACTS + UNFINISHED);
        try (OutputStream out = new FileOutputStream(made)) {
            facts.store(out, null);
        }
        if (!made.renameTo(new File(place, FACTS))) {
            throw new IOException(place + ": cannot be written; free some storage");
        }
    }

    private static void delete(File place) {
        File[] inside = place.listFiles();
        if (inside != null) {
            for (File file : inside) {
                delete(file);
            }
        }
        place.delete();
    }
}
