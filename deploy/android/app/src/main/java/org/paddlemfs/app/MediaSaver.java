package org.paddlemfs.app;

import android.Manifest;
import android.content.ContentResolver;
import android.content.ContentValues;
import android.content.Context;
import android.content.pm.PackageManager;
import android.media.MediaScannerConnection;
import android.net.Uri;
import android.os.Build;
import android.os.Environment;
import android.provider.MediaStore;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.text.SimpleDateFormat;
import java.util.Date;
import java.util.Locale;
import org.paddlemfs.core.Files;

/** Puts finished pictures and clips into the phone's gallery. What is half written never shows there. */
final class MediaSaver {
    private static final String FOLDER = "MobileFaceSwap";

    private final Context context;

    MediaSaver(Context context) {
        this.context = context;
    }

    /** Before Android 10 the user has to allow it. */
    boolean allowed() {
        return Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q
                || context.checkSelfPermission(Manifest.permission.WRITE_EXTERNAL_STORAGE)
                        == PackageManager.PERMISSION_GRANTED;
    }

    /** A JPEG's bytes -> its name in the gallery. */
    String savePicture(byte[] jpeg) throws IOException {
        try (InputStream in = new ByteArrayInputStream(jpeg)) {
            Uri where = MediaStore.Images.Media.EXTERNAL_CONTENT_URI;
            return save(in, where, Environment.DIRECTORY_PICTURES, ".jpg", "image/jpeg");
        }
    }

    /** An MP4 -> its name in the gallery. The file itself stays. */
    String saveClip(File clip) throws IOException {
        try (InputStream in = new FileInputStream(clip)) {
            Uri where = MediaStore.Video.Media.EXTERNAL_CONTENT_URI;
            return save(in, where, Environment.DIRECTORY_MOVIES, ".mp4", "video/mp4");
        }
    }

    private String save(InputStream in, Uri where, String directory, String suffix, String type) throws IOException {
        String name = "swapped_" + new SimpleDateFormat("yyyyMMdd_HHmmss_SSS", Locale.ROOT).format(new Date()) + suffix;
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) {
            saveShared(in, where, directory, name, type);
        } else {
            File folder = new File(Environment.getExternalStoragePublicDirectory(directory), FOLDER);
            folder.mkdirs();
            File file = new File(folder, name);
            Files.write(in, file);
            MediaScannerConnection.scanFile(context, new String[] {file.getPath()}, new String[] {type}, null);
        }
        return name;
    }

    private void saveShared(InputStream in, Uri where, String directory, String name, String type) throws IOException {
        ContentResolver resolver = context.getContentResolver();
        ContentValues facts = new ContentValues();
        facts.put(MediaStore.MediaColumns.DISPLAY_NAME, name);
        facts.put(MediaStore.MediaColumns.MIME_TYPE, type);
        facts.put(MediaStore.MediaColumns.RELATIVE_PATH, directory + "/" + FOLDER);
        facts.put(MediaStore.MediaColumns.IS_PENDING, 1);
        Uri place = resolver.insert(where, facts);
        if (place == null) {
            throw new IOException("the phone's gallery takes nothing");
        }
        try (OutputStream out = resolver.openOutputStream(place)) {
            if (out == null) {
                throw new IOException("the phone's gallery takes nothing");
            }
            Files.copy(in, out);
        } catch (IOException problem) {
            resolver.delete(place, null, null);
            throw problem;
        }
        facts.clear();
        facts.put(MediaStore.MediaColumns.IS_PENDING, 0);
        resolver.update(place, facts, null, null);
    }
}
