package org.paddlemfs.app;

import android.graphics.Bitmap;
import android.graphics.BitmapFactory;
import android.graphics.Matrix;
import android.media.ExifInterface;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import org.paddlemfs.core.Files;
import org.paddlemfs.core.RgbaFrame;
import org.paddlemfs.core.SwapException;

/** Picture files, bitmaps and frames. Bitmaps are ARGB_8888: in memory R, G, B, A, as frames are. */
final class Pictures {
    /** A source: faces in it are cut to 112 pixels. */
    static final int SOURCE_PIXELS = 2_000_000;
    /** A picture to be swapped and saved. */
    static final int TARGET_PIXELS = 12_500_000;

    private static final int QUALITY = 95;

    private Pictures() {}

    /** A source's picture file, upright. */
    static RgbaFrame read(File picture) throws SwapException {
        try {
            Bitmap decoded = decode(Files.read(picture), SOURCE_PIXELS);
            if (decoded == null) {
                throw new SwapException(picture.getName() + ": not a picture; forget it and add it again.");
            }
            return toFrame(decoded);
        } catch (IOException problem) {
            throw new SwapException(problem.getMessage());
        }
    }

    /** An upright bitmap of a picture file's bytes, halved until it has no more than `most` pixels; null: no picture. */
    static Bitmap decode(byte[] bytes, int most) {
        BitmapFactory.Options options = new BitmapFactory.Options();
        options.inJustDecodeBounds = true;
        BitmapFactory.decodeByteArray(bytes, 0, bytes.length, options);
        options.inJustDecodeBounds = false;
        options.inSampleSize = 1;
        while ((long) options.outWidth * options.outHeight / ((long) options.inSampleSize * options.inSampleSize) > most) {
            options.inSampleSize *= 2;
        }
        Bitmap decoded = BitmapFactory.decodeByteArray(bytes, 0, bytes.length, options);
        if (decoded == null) {
            return null;
        }
        Bitmap plain = decoded.getConfig() == Bitmap.Config.ARGB_8888
                ? decoded
                : decoded.copy(Bitmap.Config.ARGB_8888, false); // wide colour, 16 bits
        return turned(plain, orientation(bytes));
    }

    static RgbaFrame toFrame(Bitmap bitmap) {
        RgbaFrame frame = new RgbaFrame(bitmap.getWidth(), bitmap.getHeight());
        bitmap.copyPixelsToBuffer(frame.pixels);
        frame.rewind();
        return frame;
    }

    /** The pixels of a frame as they lie in memory; `reused` is written to when it has the size. */
    static Bitmap toBitmap(RgbaFrame frame, Bitmap reused) {
        boolean fits = reused != null && reused.getWidth() == frame.width && reused.getHeight() == frame.height;
        Bitmap bitmap = fits ? reused : Bitmap.createBitmap(frame.width, frame.height, Bitmap.Config.ARGB_8888);
        frame.rewind();
        bitmap.copyPixelsFromBuffer(frame.pixels);
        frame.rewind();
        return bitmap;
    }

    /** The picture turned upright, not mirrored. */
    static Bitmap upright(RgbaFrame frame) {
        Matrix matrix = new Matrix();
        matrix.setRotate(frame.rotation);
        return turned(toBitmap(frame, null), matrix);
    }

    static byte[] jpeg(Bitmap bitmap) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bitmap.compress(Bitmap.CompressFormat.JPEG, QUALITY, bytes);
        return bytes.toByteArray();
    }

    private static Bitmap turned(Bitmap bitmap, Matrix matrix) {
        return matrix.isIdentity()
                ? bitmap
                : Bitmap.createBitmap(bitmap, 0, 0, bitmap.getWidth(), bitmap.getHeight(), matrix, true);
    }

    /** What EXIF says has to be done to the pixels; the identity when it says nothing. */
    private static Matrix orientation(byte[] bytes) {
        int orientation = ExifInterface.ORIENTATION_NORMAL;
        try {
            orientation = new ExifInterface(new ByteArrayInputStream(bytes))
                    .getAttributeInt(ExifInterface.TAG_ORIENTATION, ExifInterface.ORIENTATION_NORMAL);
        } catch (IOException none) {
            // PNG and WebP have none on old phones
        }
        Matrix matrix = new Matrix();
        switch (orientation) {
            case ExifInterface.ORIENTATION_FLIP_HORIZONTAL:
                matrix.setScale(-1, 1);
                break;
            case ExifInterface.ORIENTATION_ROTATE_180:
                matrix.setRotate(180);
                break;
            case ExifInterface.ORIENTATION_FLIP_VERTICAL:
                matrix.setScale(1, -1);
                break;
            case ExifInterface.ORIENTATION_TRANSPOSE:
                matrix.setRotate(90);
                matrix.postScale(-1, 1);
                break;
            case ExifInterface.ORIENTATION_ROTATE_90:
                matrix.setRotate(90);
                break;
            case ExifInterface.ORIENTATION_TRANSVERSE:
                matrix.setRotate(-90);
                matrix.postScale(-1, 1);
                break;
            case ExifInterface.ORIENTATION_ROTATE_270:
                matrix.setRotate(-90);
                break;
            default:
                break;
        }
        return matrix;
    }
}
