"""Training of Q, the quality network of the loss reweighting."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddle_mfs.data.aligned_face import SIZE
from paddle_mfs.data.degradations import DegradedSwaps
from paddle_mfs.data.faces import load_faces
from paddle_mfs.data.snapshots import TeacherSnapshots
from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.checkpoint import load_checkpoint, named_optimizer_state, restore_optimizer
from paddle_mfs.engine.loop import TrainingLoop
from paddle_mfs.engine.q_scores import judge
from paddle_mfs.models.quality import QualityNet, load_quality
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.version import __version__
from paddle_mfs.weights import save_state, write_card


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


class QualityTrainer(TrainingLoop):
    """Trains Q on labelled images, L2 of its answer and the label; a step is one batch.

    Args:
        config: of configs/quality.yml's shape.
        callbacks: called in order.
        resume: None, or a run's folder or checkpoint to continue.
    """

    def __init__(self, config: Config, callbacks: Iterable[Callback] = (), resume: str | Path | None = None):
        super().__init__(config, callbacks)
        paddle.seed(config.run.seed)
        self.set = labelled_set(config)
        self.net = QualityNet(config.network.width)
        self.optimizer = paddle.optimizer.AdamW(
            config.optimizer.lr, parameters=self.net.parameters(), weight_decay=config.optimizer.decay
        )
        if resume:
            states, progress = load_checkpoint(resume)
            self.net.set_state_dict(states["net"])
            restore_optimizer(self.optimizer, self.net, states["optimizer"])
            self.step, self.spent = progress["step"], progress["spent"]
            self.seen = progress.get("seen", self.step * config.run.batch)  # checkpoints of older versions have none

    def stream(self) -> Generator[tuple[tuple[np.ndarray, ...], tuple[float, ...]], None, None]:
        """Batch after batch of (images, qualities), the next one in the making."""
        size = self.config.run.batch
        with ThreadPoolExecutor(max(1, self.config.data.workers)) as pool:

            def order(step):
                return [pool.submit(self.set.sample, step * size + i) for i in range(size)]

            step, waiting = self.step, order(self.step)
            while True:
                step += 1
                ready, waiting = waiting, order(step)
                images, labels = zip(*(future.result() for future in ready))
                yield images, labels

    def train_step(self, batch: tuple[np.ndarray, np.ndarray]) -> dict[str, paddle.Tensor]:  # type: ignore[override]
        """One step on images (N, 112, 112, 3) uint8 RGB with labels (N,) -> {"loss": scalar tensor}."""
        images, labels = batch
        self.net.train()
        loss = ((self.net(paddle.to_tensor(to_batch(images))) - paddle.to_tensor(labels, "float32")) ** 2).mean()
        self.optimizer.set_lr(self.learning_rate)
        loss.backward()
        self.optimizer.step()
        self.optimizer.clear_grad()
        self.step += 1
        self.seen += len(images)
        return {"loss": loss.detach()}

    def states(self) -> dict[str, dict[str, Any]]:
        return {"net": self.net.state_dict(), "optimizer": named_optimizer_state(self.optimizer, self.net)}

    def export(self) -> dict[str, Any]:
        """Write run.output/quality.pdparams as float16 with its card; `judgement`, also in it, is what `judge` says of
        that file.

        Returns: the judgement.
        """
        path, config = self.output / "quality.pdparams", self.config
        save_state(path, self.net.state_dict(), half=True)
        self.judgement = judge(load_quality(path), self.set.judged(config.run.judged))
        write_card(
            path,
            {
                "name": "quality",
                "title": "Q: how finished a teacher's image is, for the loss reweighting",
                "licence": config.data.licence,
                "licence_note": config.data.licence_note,
                "paper": "https://arxiv.org/abs/2201.03808",
                "input": "(N, 3, S, S) RGB in [0, 1], S >= 112, aligned to the ArcFace template",
                "outputs": {"quality": "(N,) in (0, 1)"},
                "parameters": sum(p.size for p in self.net.parameters()),
                "network": f"ResNet-18 of paddle.vision, {config.network.width} channels at first (there 64), fresh",
                "stored_as": "float16",
                "origin": "trained by this repository's tools/train_quality.py",
                "made": {
                    "software": f"paddle_mfs {__version__}, paddle {paddle.__version__}",
                    "steps": self.step,
                    "images": self.seen,
                    "minutes": round(self.spent / 60, 1),
                    "config": config.to_dict(),
                },
                "heldout": self.judgement,
            },
        )
        return self.judgement
