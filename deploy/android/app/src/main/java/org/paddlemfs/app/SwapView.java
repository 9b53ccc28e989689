package org.paddlemfs.app;

import android.content.Context;
import android.graphics.Bitmap;
import android.graphics.Canvas;
import android.util.AttributeSet;
import android.view.View;
import org.paddlemfs.core.RgbaFrame;

/** Shows the newest frame. Two bitmaps take turns: one is written by the camera's thread while the other is on screen. */
public final class SwapView extends View {
    private final FramePainter painter;
    private Bitmap shown;
    private Bitmap spare;
    private int rotation;
    private boolean mirrored;
    private boolean badge;

    public SwapView(Context context, AttributeSet attributes) {
        super(context, attributes);
        painter = new FramePainter(context.getString(R.string.badge));
    }

    /** From any thread. The frame may be reused when this returns. */
    void show(RgbaFrame frame, boolean withBadge) {
        Bitmap written = Pictures.toBitmap(frame, spare);
        synchronized (this) {
            spare = shown;
            shown = written;
            rotation = frame.rotation;
            mirrored = frame.mirrored;
            badge = withBadge;
        }
        postInvalidateOnAnimation();
    }

    @Override
    protected synchronized void onDraw(Canvas canvas) {
        if (shown != null) {
            painter.paint(canvas, shown, rotation, mirrored, badge);
        }
    }
}
