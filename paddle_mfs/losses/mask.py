"""L_mask of the paper's objective: |M_t[bg] - M_g[bg]|, the background must not be repainted.

Ours, a guard: the core of the face is pulled open as well, while the rim between the two stays free. With the background
alone supervised, the mask shuts everywhere and the student copies the target.

How far the core opens is a choice. At 1 all that is seen there was painted, no finer than the network can paint. At 0.5 half of the
target's finest texture stays in the result, and the painted image makes up for the rest of the target that stays with it.
"""


def mask_loss(mask, background, core, opening=1.0):
    """mask (N, 1, H, W) in (0, 1); background and core (N, 1, H, W) 0/1; opening: the mask wanted in the core -> scalar."""
    return (mask * background).mean() + ((opening - mask).abs() * core).mean()
