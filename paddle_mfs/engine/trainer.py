"""Distillation of a teacher into MobileFaceSwap."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddle_mfs.data.pairs import Batch, batches
from paddle_mfs.engine import distributed
from paddle_mfs.engine.build import Parts, build_parts
from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.checkpoint import load_checkpoint, named_optimizer_state, restore_optimizer
from paddle_mfs.engine.ema import WeightAverage
from paddle_mfs.engine.finite import FiniteWatch, not_finite_layer, not_finite_weight
from paddle_mfs.engine.loop import TrainingLoop
from paddle_mfs.losses.term import real_pictures
from paddle_mfs.models.mfs import MobileFaceSwap
from paddle_mfs.ops.layers import STATISTICS
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.tensor import to_batch, to_image
from paddle_mfs.version import __version__
from paddle_mfs.weights import bundled, read_card, save_state, write_card


class Trainer(TrainingLoop):
    """Trains a network on batches of pairs by its objective, with gradients accumulated, averaged over processes and
    clipped.

    A run stopped anywhere and resumed from a checkpoint has the same losses as one that was not: batches and random
    numbers are functions of (run.seed, number of the batch), everything else is in the checkpoint. (On one machine; and
    with a budget in minutes the step size follows the clock.)

    Args:
        config: of configs/distill.yml's shape.
        callbacks: called in order; of several processes only the first has any.
        resume: None, or a run's folder or checkpoint to continue.
        parts: what is trained and on what; None: built from the config.

    batches: batches so far, of all processes. alphas: alpha of every sample of the last step, (N,) float32.
    """

    def __init__(
        self,
        config: Config,
        callbacks: Iterable[Callback] = (),
        resume: str | Path | None = None,
        parts: Parts | None = None,
    ):
        saved = load_checkpoint(resume) if resume else None
        self.rank, self.ranks = distributed.start()
        super().__init__(config, callbacks if self.is_first else ())
        self.batches, self.batches_a_step = 0, config.optimizer.accumulate
        parts = build_parts(config, self.is_first) if parts is None else parts
        self.net, self.objective, self.adversary, self.sampler = (
            parts.net,
            parts.objective,
            parts.adversary,
            parts.sampler,
        )
        self.average = WeightAverage(self.net, config.ema.decay, config.ema.every)
        self.optimizer = paddle.optimizer.Adam(
            config.optimizer.lr,
            beta1=config.optimizer.beta1,
            beta2=config.optimizer.beta2,
            parameters=self.net.parameters(),
            grad_clip=paddle.nn.ClipGradByGlobalNorm(config.optimizer.clip),
        )
        self.amp = config.run.amp and paddle.device.get_device().startswith("gpu")
        self.scaler = paddle.amp.GradScaler(enable=self.amp)
        self.watch = FiniteWatch(config.run.log_every)
        self.alphas = paddle.zeros([0])
        if saved:
            self._restore(*saved)

    @property
    def ema(self) -> MobileFaceSwap:
        """The network with averaged weights, in eval mode: what is shown, measured and exported."""
        return self.average.net

    @property
    def is_first(self) -> bool:
        return self.rank == 0

    @property
    def head_start(self) -> int:
        """Steps at first in which the discriminator learns alone."""
        return self.adversary.warmup if self.adversary else 0

    def introduction(self) -> list[str]:
        lines = ["run.amp: left out, mixed precision needs a GPU"] if self.config.run.amp and not self.amp else []
        size = self.config.data.size
        return [*lines, f"{len(self.sampler)} faces at {size} px, step {self.step}, output in {self.output}"]

    def stream(self) -> Generator[Batch, None, None]:
        return batches(self.sampler, self.config.data.workers, self.batches, self.rank, self.ranks)

    def train_step(self, *parts: Batch) -> dict[str, paddle.Tensor]:
        """One optimiser step on Batches of uint8 tensors, their losses averaged -> {name: scalar tensor} of the losses
        and `grad`, the norm of the gradient before it is clipped; on a GPU nothing of it has been read yet.

        Raises UserError naming the layer where the loss or a gradient stopped being finite; the weights are then as
        before, on a GPU (see FiniteWatch) as in the last checkpoint.
        """
        floats = [self._as_float(part) for part in parts]
        if self.step < self.head_start:
            return self._warm_up(floats)
        records, alphas = [], []
        for index, part in enumerate(floats):
            loss, record, swap = self._loss(part, index)
            self.scaler.scale(loss / len(parts)).backward()
            alphas.append(self.objective.alphas)
            if self.adversary:
                record["disc"] = self.adversary.gather(real_pictures(part), swap.result, 1 / len(parts))
            records.append(record)
        gradients = [p.grad for p in self.net.parameters() if p.grad is not None]
        distributed.average(gradients)
        self.scaler.unscale_(self.optimizer)
        norm = paddle.add_n([gradient.detach().square().sum() for gradient in gradients]).sqrt()
        # AMP's scaler skips a step whose gradient is not finite itself, and lowers its factor.
        self.watch.add(*(record["loss"] for record in records), *(() if self.amp else (norm,)))
        if self.watch.is_due(self.step) and self.watch.went_wrong():
            raise self._not_finite(floats)
        self.optimizer.set_lr(self.learning_rate)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.clear_grad()
        distributed.average([value for name, value in self.net.named_parameters() if name.endswith(STATISTICS)])
        if self.adversary:
            self.adversary.step()
        self.average.update(self.net, self.step + 1)
        self.alphas = paddle.concat(alphas)
        return {**self._counted(floats, records), "grad": norm}

    def _counted(self, parts, records):
        """Count a step on float Batches -> the means of their records, over processes too."""
        self.step += 1
        self.seen += self.ranks * sum(part.targets.shape[0] for part in parts)
        self.batches += self.ranks * len(parts)
        means = {name: sum(record[name] for record in records) / len(records) for name in records[0]}
        return distributed.mean_record(means)

    def _loss(self, batch, index):
        """The loss of a float Batch, this process's `index`-th of this step -> loss (scalar), {name: scalar}, Swap."""
        number = self.batches + index * self.ranks + self.rank
        paddle.seed(zlib.crc32(f"{self.config.run.seed}/{number}".encode()))
        embedding = self.sampler.embeddings(batch).repeat_interleave(self.config.data.targets, 0)
        with paddle.amp.auto_cast(enable=self.amp):
            swap = self._swap(batch)
            loss, record = self.objective(swap, batch, embedding, self.step)
        return loss, record, swap

    def _swap(self, batch):
        """What the student makes of a float Batch, as it is judged."""
        return self.objective.shown(self.net(batch.targets, *self.sampler.identities(batch)), batch.targets)

    def _not_finite(self, parts):
        """The UserError of a step that went wrong in one of `parts`."""
        layers, first = {"net": self.net, "objective": self.objective}, None
        for index, part in enumerate(parts):
            first = first or not_finite_layer(layers, lambda: self._loss(part, index)[0])
        return UserError(
            f"step {self.step}: not finite any more, first {first or 'in another process or step, see above'}; "
            f"resume from the last checkpoint in {self.output} with a lower optimizer.lr"
        )

    def _warm_up(self, parts):
        """A step in which the discriminator learns from a student that stays as it is."""
        self.net.eval()  # its batch norms too
        records = []
        for part in parts:
            with paddle.no_grad():
                swap = self._swap(part)
            records.append({"disc": self.adversary.gather(real_pictures(part), swap.result, 1 / len(parts))})
        self.net.train()
        self.adversary.step()
        return self._counted(parts, records)

    @staticmethod
    def _as_float(batch):
        keys = {"sources", "seen"}
        floats = {name: value if name in keys else value.astype("float32") for name, value in batch._asdict().items()}
        return Batch(**{**floats, "targets": floats["targets"] / 255, "taught": floats["taught"] / 255})

    def states(self) -> dict[str, dict[str, Any]]:
        """See TrainingLoop. Raises UserError when a weight is not finite."""
        bad = not_finite_weight(self.net)
        if bad:
            raise UserError(
                f"step {self.step}: the weight {bad} is not finite any more, nothing is saved; "
                f"resume from the last checkpoint in {self.output} with a lower optimizer.lr"
            )
        return {
            "net": self.net.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": named_optimizer_state(self.optimizer, self.net),
            **(self.adversary.states() if self.adversary else {}),
        }

    def counters(self) -> dict[str, Any]:
        scaler = {name: np.asarray(value).tolist() for name, value in self.scaler.state_dict().items()}
        return {**super().counters(), "batches": self.batches, "scaler": scaler}

    def _restore(self, states, progress):
        self.net.set_state_dict(states["net"])
        self.ema.set_state_dict(states["ema"])
        if progress.get("scaler"):
            self.scaler.load_state_dict(progress["scaler"])
        restore_optimizer(self.optimizer, self.net, states.get("optimizer", {}))
        if self.adversary:
            self.adversary.restore(states)
        self.step, self.seen, self.spent = progress["step"], progress["seen"], progress["spent"]
        self.batches = progress.get("batches", self.step)  # checkpoints of older versions: one batch a step

    def export(self, name: str = "mfs", **more: Any) -> Path:
        """Write the averaged weights as run.output/<name>.pdparams with their card, `more` in it too, and return the
        path."""
        path = self.output / f"{name}.pdparams"
        save_state(path, self.ema.state_dict())
        write_card(
            path,
            {
                "name": "mfs",
                "title": "MobileFaceSwap: IIN, final and mask",
                "made": {
                    "software": f"paddle_mfs {__version__}, paddle {paddle.__version__}",
                    "steps": self.step,
                    "crops": self.seen,
                    "minutes": round(self.spent / 60, 1),
                    "faces": len(self.sampler),
                    "config": self.config.to_dict(),
                },
                "started_from": self._started_from(),
                "licence": "that of faces, encoder and weights at the start; bundled ones: research, non-commercial",
                **more,
            },
        )
        return path

    def _started_from(self):
        """What the card says of model.init: its hash, and what its own card says of its making."""
        if self.config.model.init is None:
            return None
        init = Path(bundled("mfs_224") if self.config.model.init == "bundled" else self.config.model.init)
        card = read_card(init)
        return {
            "file": init.name,
            "sha256": sha256(init),
            **{key: card[key] for key in ("origin", "made") if key in card},
        }

    @paddle.no_grad()
    def preview(self, count: int = 6) -> np.ndarray:
        """Fixed pairs through the averaged weights -> uint8 RGB grid, a row source | target | teacher | image | mask |
        result."""
        rows = []
        for example in self.sampler.examples(count):
            x = paddle.to_tensor(to_batch(example.target))
            swap = self.objective.shown(self.ema(x, example.embedding, example.feature), x)
            made = [to_image(values) for values in (swap.image, swap.mask, swap.result)]
            rows.append(np.hstack([example.source, example.target, example.taught, *made]))
        return np.vstack(rows)
