package org.paddlemfs.core;

import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import javax.imageio.ImageIO;

/** What the programs of these tests share: a failed check ends the program, pictures become frames and files. */
final class Check {
    private Check() {}

    interface Action {
        void run() throws Exception;
    }

    static void that(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    static void equal(Object value, Object wanted, String what) {
        that(wanted.equals(value), what + ": " + value + ", not " + wanted);
    }

    /** The message of the exception that an action has to raise. */
    static String refused(Class<? extends Exception> type, Action action) throws Exception {
        try {
            action.run();
        } catch (Exception raised) {
            that(type.isInstance(raised), "raised " + raised);
            return String.valueOf(raised.getMessage());
        }
        throw new AssertionError("nothing was raised");
    }

    static RgbaFrame read(File picture) throws SwapException {
        try {
            BufferedImage image = ImageIO.read(picture);
            if (image == null) {
                throw new SwapException(picture.getName() + ": not a picture");
            }
            RgbaFrame frame = new RgbaFrame(image.getWidth(), image.getHeight());
            for (int y = 0; y < frame.height; y++) {
                for (int x = 0; x < frame.width; x++) {
                    put(frame, x, y, image.getRGB(x, y));
                }
            }
            return frame;
        } catch (IOException problem) {
            throw new SwapException(problem.getMessage());
        }
    }

    static void write(RgbaFrame frame, File png) throws IOException {
        BufferedImage image = new BufferedImage(frame.width, frame.height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < frame.height; y++) {
            for (int x = 0; x < frame.width; x++) {
                image.setRGB(x, y, get(frame, x, y));
            }
        }
        that(ImageIO.write(image, "png", png), "no PNG was written");
    }

    static void put(RgbaFrame frame, int x, int y, int rgb) {
        int place = 4 * (y * frame.width + x);
        frame.pixels.put(place, (byte) (rgb >> 16)).put(place + 1, (byte) (rgb >> 8)).put(place + 2, (byte) rgb);
        frame.pixels.put(place + 3, (byte) 0x7F); // alpha is nobody's business
    }

    static int get(RgbaFrame frame, int x, int y) {
        int place = 4 * (y * frame.width + x);
        that(frame.pixels.get(place + 3) == 0x7F, "alpha was touched");
        return (frame.pixels.get(place) & 255) << 16
                | (frame.pixels.get(place + 1) & 255) << 8
                | (frame.pixels.get(place + 2) & 255);
    }

    /** How much memory this process holds, in megabytes. */
    static long residentMegabytes() throws IOException {
        for (String line : new String(java.nio.file.Files.readAllBytes(new File("/proc/self/status").toPath())).split("\n")) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) / 1024;
            }
        }
        throw new AssertionError("no VmRSS");
    }
}
