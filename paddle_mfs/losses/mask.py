"""L_mask of the paper's objective: |M_t[bg] - M_g[bg]|, the background must not be repainted.

Ours, a guard: the core of the face is pulled open as well, while the rim between the two stays free. With the background
alone supervised, the mask shuts everywhere and the student copies the target.
"""


def mask_loss(mask, background, core):
    """mask (N, 1, H, W) in (0, 1); background and core (N, 1, H, W) 0/1 -> scalar."""
    return (mask * background).mean() + ((1 - mask) * core).mean()
