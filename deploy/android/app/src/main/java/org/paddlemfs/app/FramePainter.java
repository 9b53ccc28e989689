package org.paddlemfs.app;

import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.graphics.Color;
import android.graphics.Matrix;
import android.graphics.Paint;
import android.graphics.RectF;
import org.paddlemfs.core.RgbaFrame;

/** Paints a camera's picture upright and whole into a canvas, with the badge: on the screen, into photos and clips alike. */
final class FramePainter {
    private final String badge;
    private final Paint smooth = new Paint(Paint.FILTER_BITMAP_FLAG);
    private final Paint text = new Paint(Paint.ANTI_ALIAS_FLAG);
    private final Paint plate = new Paint(Paint.ANTI_ALIAS_FLAG);
    private final Matrix matrix = new Matrix();
    private final RectF box = new RectF();

    FramePainter(String badge) {
        this.badge = badge;
        text.setColor(Color.WHITE);
        plate.setColor(0xA0000000);
    }

    /**
     * @param rotation degrees clockwise to stand upright
     * @param mirrored left and right swapped once upright
     */
    void paint(Canvas canvas, Bitmap picture, int rotation, boolean mirrored, boolean withBadge) {
        int width = canvas.getWidth();
        int height = canvas.getHeight();
        boolean lying = rotation % 180 != 0;
        float uprightWidth = lying ? picture.getHeight() : picture.getWidth();
        float uprightHeight = lying ? picture.getWidth() : picture.getHeight();
        float scale = Math.min(width / uprightWidth, height / uprightHeight);
        matrix.setTranslate(-picture.getWidth() / 2f, -picture.getHeight() / 2f);
        matrix.postRotate(rotation);
        matrix.postScale(mirrored ? -scale : scale, scale);
        matrix.postTranslate(width / 2f, height / 2f);
        canvas.drawColor(Color.BLACK);
        canvas.drawBitmap(picture, matrix, smooth);
        if (withBadge) {
            float right = (width + scale * uprightWidth) / 2;
            float bottom = (height + scale * uprightHeight) / 2;
            paintBadge(canvas, right, bottom, scale * Math.min(uprightWidth, uprightHeight));
        }
    }

    /** A frame as a picture of its own, upright, as it is shown. */
    Bitmap paint(RgbaFrame frame, boolean withBadge) {
        Bitmap painted = Bitmap.createBitmap(frame.uprightWidth(), frame.uprightHeight(), Bitmap.Config.ARGB_8888);
        Bitmap picture = Pictures.toBitmap(frame, null);
        paint(new Canvas(painted), picture, frame.rotation, frame.mirrored, withBadge);
        return painted;
    }

    /** In the picture's lower right corner, a thirtieth of its shorter side high. */
    private void paintBadge(Canvas canvas, float right, float bottom, float side) {
        float size = Math.max(10, side / 30);
        text.setTextSize(size);
        box.set(right - text.measureText(badge) - 2 * size, bottom - 2.5f * size, right - size / 2, bottom - size / 2);
        canvas.drawRoundRect(box, size / 2, size / 2, plate);
        canvas.drawText(badge, box.left + 0.75f * size, box.bottom - 0.65f * size, text);
    }
}
