"""Training of the occlusion segmenter, which finds what lies before a face."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as F

from paddle_mfs.data.aligned_face import SIZE
from paddle_mfs.data.covered_faces import CoveredFaces
from paddle_mfs.data.crops import load_crops
from paddle_mfs.data.faces import load_faces
from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.occlusion_scores import judge, sheet
from paddle_mfs.engine.sampled_loop import SampledLoop
from paddle_mfs.engine.settings import RUN_RULES, Rule, above_zero, at_least, load_checked, share
from paddle_mfs.face.align import AlignedFace
from paddle_mfs.face.occlusion import OcclusionFinder
from paddle_mfs.models import create_model
from paddle_mfs.models.occlusion import OcclusionNet
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.tensor import to_batch

FEW = 60.0  # pixels: added to both sides of dice, so that a few of them wrong are little where there is nothing
RULES = (
    *(share(f"data.{name}") for name in ("objects", "spectacles", "light")),
    at_least("data.workers", 1),
    at_least("loss.bce", 0),
    at_least("loss.dice", 0),
    Rule("loss", lambda loss: loss.bce or loss.dice, "a section with bce or dice above 0"),
    above_zero("optimizer.lr"),
    at_least("optimizer.warmup", 0),
    at_least("optimizer.decay", 0),
    share("optimizer.final"),
    at_least("run.batch", 2),
    at_least("run.judged", 1),
    *RUN_RULES,
)


def load_occlusion_settings(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """The settings of a run, of configs/occlusion.yml's shape, checked. Raises UserError that names key and value."""
    return load_checked(path, overrides, RULES)


def segmentation_loss(
    logits: paddle.Tensor, covered: paddle.Tensor, known: paddle.Tensor
) -> tuple[paddle.Tensor, paddle.Tensor]:
    """Cross-entropy, the mean over what is known, and dice: 1 - 2 |p y| / (|p| + |y|) of each sample -> two scalars.

    Dice weighs a thin strand as much as a mask that hides half of the face, and any false alarm on a plain face.

    All (N, 1, H, W); covered in 0..1; known, a weight, is 0 where neither side counts.
    """
    bce = F.binary_cross_entropy_with_logits(logits, covered, known, reduction="sum") / known.sum()
    p, y = F.sigmoid(logits) * known, covered * known
    both, either = ((a * b).sum([1, 2, 3]) for a, b in ((p, y), (p + y, paddle.ones_like(p))))
    return bce, (1 - (2 * both + FEW) / (either + FEW)).mean()


def finder(net: OcclusionNet) -> OcclusionFinder:
    """The finder of a network in training, which is put in eval mode."""
    net.eval()

    @paddle.no_grad()
    def run(batch):
        return [net(paddle.to_tensor(batch)).numpy()]

    return OcclusionFinder(run)


def held_out(config: Config, count: int) -> list[AlignedFace]:
    """`count` faces, or all of them, spread evenly over data.held_out. Raises UserError."""
    crops = load_crops(config.data.held_out, SIZE)
    chosen = np.unique(np.linspace(0, len(crops) - 1, min(count, len(crops))).astype(int))
    return [crops.face(int(index)) for index in chosen]


class OcclusionTrainer(SampledLoop):
    """Trains the segmenter on faces with things drawn before them.

    Args:
        config: of configs/occlusion.yml's shape.
        callbacks: called in order.
        resume: None, or a run's folder or checkpoint to continue.
    """

    net: OcclusionNet

    def __init__(self, config: Config, callbacks: Iterable[Callback] = (), resume: str | Path | None = None):
        data = config.data
        self.set = CoveredFaces(
            load_faces(data.faces, SIZE), data.objects, data.spectacles, data.light, config.run.seed
        )
        super().__init__(config, OcclusionNet, self.set.sample, callbacks, resume)

    def losses(  # type: ignore[override]
        self, images: Sequence[np.ndarray], covered: Sequence[np.ndarray], known: Sequence[np.ndarray]
    ) -> dict[str, paddle.Tensor]:
        """Images (112, 112, 3) uint8 RGB; where they are covered, and where that is known, (112, 112) float32."""
        truth, weight = (paddle.to_tensor(np.stack(part)[:, None]) for part in (covered, known))
        bce, dice = segmentation_loss(self.net.logits(paddle.to_tensor(to_batch(images))), truth, weight)
        return {"loss": self.config.loss.bce * bce + self.config.loss.dice * dice, "bce": bce, "dice": dice}

    @cached_property
    def judged(self) -> list[AlignedFace]:
        """The held-out faces."""
        return held_out(self.config, self.config.run.judged)

    def preview(self) -> np.ndarray:
        """Held-out faces, crop | truth | found -> uint8 RGB."""
        return sheet(finder(self.net), self.judged[:30])

    def export(self) -> dict[str, Any]:
        """Write run.output/occlusion.pdparams, see `write` -> what `judge` says of it."""
        facts = {
            "title": "What lies before a face: hands, hair, microphones, cups, masks, scarves, anything",
            "paper": "https://arxiv.org/abs/1505.04597",
            "input": "(N, 3, 112, 112) RGB in [0, 1], aligned to the ArcFace template, area-averaged from 224",
            "outputs": {"covered": "(N, 1, 112, 112) in (0, 1): probability; means nothing beyond the face"},
            "network": "a U-Net of depthwise and pointwise convolutions, ours, fresh",
            "origin": "trained by this repository's tools/train_occlusion.py",
        }
        return self.write("occlusion", facts, self._judge)

    def _judge(self, path):
        return judge(finder(create_model("occlusion", weights=path)), self.judged, self.config.run.seed + 1)
