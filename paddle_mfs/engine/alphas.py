"""What alpha does: its histogram over a run, and a picture of the pairs it trusts least and most."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import paddle

from paddle_mfs.data.degradations import DegradedSwaps, degrade
from paddle_mfs.engine.callback import Callback
from paddle_mfs.losses.reweight import alpha
from paddle_mfs.models.embedder import FaceEmbedder
from paddle_mfs.models.quality import QualityNet
from paddle_mfs.utils import jsonl
from paddle_mfs.utils.drawing import text_strip
from paddle_mfs.utils.files import atomic_path
from paddle_mfs.utils.tensor import to_batch

if TYPE_CHECKING:
    from paddle_mfs.engine.trainer import Trainer

BINS = 20


class AlphaHistogram(Callback):
    """Every `every` steps a line of <output>/alphas.jsonl: how many samples since the last had alpha in each of 20 bins
    of 0..1.

    At the end <output>/alphas.png: the bins over the run, darker where more samples lie.
    """

    def __init__(self, every: int):
        self.every = every
        self._alphas: list[paddle.Tensor] = []  # read when a line is written

    def on_start(self, trainer: Trainer) -> None:
        jsonl.rewind(trainer.output / "alphas.jsonl", trainer.step)

    def on_step(self, trainer: Trainer, record: dict[str, float | paddle.Tensor]) -> None:
        if "alpha" in record:  # not while the discriminator learns alone
            self._alphas.append(trainer.alphas)
        if trainer.step % self.every == 0 and self._alphas:
            counts, _ = np.histogram(paddle.concat(self._alphas).numpy(), BINS, (0, 1))
            jsonl.append(trainer.output / "alphas.jsonl", {"step": trainer.step, "counts": counts.tolist()})
            self._alphas.clear()

    def on_end(self, trainer: Trainer) -> None:
        if (trainer.output / "alphas.jsonl").is_file():
            draw_histogram(trainer.output / "alphas.jsonl", trainer.output / "alphas.png")


def draw_histogram(log: str | Path, path: str | Path) -> None:
    """Draw an alphas.jsonl -> PNG at `path`."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    lines = jsonl.read(log)
    shares = np.array([line["counts"] for line in lines], float)
    shares /= shares.sum(1, keepdims=True)
    figure, axis = pyplot.subplots(figsize=(8, 4), constrained_layout=True)
    edges = np.array([0] + [line["step"] for line in lines])
    drawn = axis.pcolormesh(edges, np.linspace(0, 1, BINS + 1), shares.T, cmap="Greys")
    axis.set(title="share of the samples with this alpha", xlabel="step", ylabel="alpha")
    figure.colorbar(drawn)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=90)
    pyplot.close(figure)


@paddle.no_grad()
def alpha_sheet(
    labelled: DegradedSwaps, embedder: FaceEmbedder, net: QualityNet, pairs: int, shown: int = 6, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """The worst and the best alphas among random pairs of the mesh teacher -> the picture, uint8 RGB, and the alphas
    (pairs,).

    Rows of source | target | teacher, on the left the worst, on the right the best; the line below has alpha, cos and
    Q.
    """
    rng, rows = np.random.default_rng(seed), []
    for _ in range(pairs):
        pair = labelled.pair(labelled.judging, rng)
        taught = degrade(labelled.teacher, pair, {}, rng)
        (z_source, z_taught), _ = embedder.embed([pair.source.image, taught])
        quality = net(paddle.to_tensor(to_batch(taught)))
        weight = alpha(z_taught[None], z_source[None], quality)
        pictures = pair.source.image, pair.target.image, taught
        rows.append((float(weight), float((z_source * z_taught).sum()), float(quality), pictures))
    rows.sort(key=lambda row: row[0])
    shown = min(shown, pairs // 2)
    columns = [np.vstack([_captioned(*row) for row in chosen]) for chosen in (rows[:shown], rows[: -shown - 1 : -1])]
    gap = np.full((len(columns[0]), 12, 3), 255, np.uint8)
    return np.hstack([columns[0], gap, columns[1]]), np.array([row[0] for row in rows])


def _captioned(weight, cosine, quality, images, side=128):
    """Crops side by side, with a line of text below."""
    strip = np.hstack([cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in images])
    return np.vstack([strip, text_strip(f"alpha {weight:.2f}   cos {cosine:.2f}   Q {quality:.2f}", strip.shape[1])])
