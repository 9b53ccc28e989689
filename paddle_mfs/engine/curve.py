"""The picture of a training log."""

from __future__ import annotations

from pathlib import Path

from paddle_mfs.utils import jsonl
from paddle_mfs.utils.files import atomic_path

PANELS = (
    (("rec", "copy", "raw"), "reconstruction (copy: cost of copying the target)"),
    (("id", "alpha"), "identity loss, mean alpha"),
    (("per",), "perceptual"),
    (("open", "mask"), "mask: open in the core, loss"),
    (("bce", "dice"), "occlusion: cross-entropy, dice"),
)


def draw_curve(log: str | Path, path: str | Path) -> None:
    """Draw the losses of a log.jsonl over the crops seen, those that it has -> PNG at `path`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = jsonl.read(log)
    logged = {name for line in lines for name in line}
    panels = [panel for panel in PANELS if logged.intersection(panel[0])] or PANELS[:1]
    columns = min(2, len(panels))
    rows = -(-len(panels) // columns)
    figure, axes = pyplot.subplots(
        rows, columns, figsize=(5.5 * columns, 3.5 * rows), squeeze=False, constrained_layout=True
    )
    for axis in axes.flat[len(panels) :]:
        axis.remove()
    for axis, (names, title) in zip(axes.flat, panels):
        for name in names:
            points = [(line["seen"], line[name]) for line in lines if name in line]
            if points:
                axis.plot(*zip(*points), label=name, linewidth=1)
        axis.set(title=title, xlabel="crops seen", ylim=(0, None))
        axis.grid(alpha=0.3)
        if axis.lines:
            axis.legend()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=90)
    pyplot.close(figure)
