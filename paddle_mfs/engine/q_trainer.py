"""Training of Q, the quality network of the loss reweighting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddle_mfs.data.aligned_face import SIZE
from paddle_mfs.data.degradations import DegradedSwaps
from paddle_mfs.data.faces import load_faces
from paddle_mfs.data.snapshots import TeacherSnapshots
from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.q_scores import judge
from paddle_mfs.engine.sampled_loop import SampledLoop
from paddle_mfs.models.quality import QualityNet, load_quality
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch


def labelled_set(config: Config) -> DegradedSwaps | TeacherSnapshots:
    """The labelled images a config of configs/quality.yml's shape asks for. Raises UserError."""
    data, seed = config.data, config.run.seed
    if config.labels == "snapshots":
        if data.snapshots is None:
            raise UserError("labels=snapshots: data.snapshots must name the folder of the teacher's snapshots")
        return TeacherSnapshots(data.snapshots, data.held_out, seed)
    if config.labels != "degradations":
        raise UserError(f"labels: no kind of labels named {config.labels!r}; known: degradations, snapshots")
    return DegradedSwaps(load_faces(data.faces, SIZE), data.sizes, data.held_out, data.untouched, data.two_faults, seed)


class QualityTrainer(SampledLoop):
    """Trains Q on labelled images, L2 of its answer and the label; a step is one batch.

    Args:
        config: of configs/quality.yml's shape.
        callbacks: called in order.
        resume: None, or a run's folder or checkpoint to continue.
    """

    def __init__(self, config: Config, callbacks: Iterable[Callback] = (), resume: str | Path | None = None):
        self.set = labelled_set(config)
        super().__init__(config, lambda: QualityNet(config.network.width), self.set.sample, callbacks, resume)

    def losses(  # type: ignore[override]
        self, images: Sequence[np.ndarray], labels: Sequence[float]
    ) -> dict[str, paddle.Tensor]:
        """Images (112, 112, 3) uint8 RGB with labels -> {"loss": scalar tensor}."""
        given = self.net(paddle.to_tensor(to_batch(images)))
        return {"loss": ((given - paddle.to_tensor(labels, "float32")) ** 2).mean()}

    def export(self) -> dict[str, Any]:
        """Write run.output/quality.pdparams, see `write` -> what `judge` says of it."""
        width = self.config.network.width
        facts = {
            "title": "Q: how finished a teacher's image is, for the loss reweighting",
            "paper": "https://arxiv.org/abs/2201.03808",
            "input": "(N, 3, S, S) RGB in [0, 1], S >= 112, aligned to the ArcFace template",
            "outputs": {"quality": "(N,) in (0, 1)"},
            "network": f"ResNet-18 of paddle.vision, {width} channels at first (there 64), fresh",
            "origin": "trained by this repository's tools/train_quality.py",
        }
        return self.write(
            "quality", facts, lambda path: judge(load_quality(path), self.set.judged(self.config.run.judged))
        )
