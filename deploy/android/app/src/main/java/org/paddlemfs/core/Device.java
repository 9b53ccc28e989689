package org.paddlemfs.core;

/** What computes. Each device needs a bundle that was exported for it. The order is that of mfs::Device. */
public enum Device {
    CPU("arm", "x86"),
    GPU("gpu"),
    NNAPI("nnapi");

    private final String[] targets;

    Device(String... targets) {
        this.targets = targets;
    }

    /** Whether it runs bundles of this export target: "arm", "gpu", "nnapi", or "x86" on a desktop. */
    public boolean runs(String target) {
        for (String known : targets) {
            if (known.equals(target)) {
                return true;
            }
        }
        return false;
    }
}
