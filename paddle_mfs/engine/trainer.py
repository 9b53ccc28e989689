"""Distillation of a teacher into MobileFaceSwap."""

import contextlib
import math
import time
import zlib
from pathlib import Path

import numpy as np
import paddle

from paddle_mfs.data.crops import SIZE, Crops, save_crops
from paddle_mfs.data.faces import load_faces
from paddle_mfs.data.identity_cache import IdentityCache
from paddle_mfs.data.pairs import Batch, PairSampler, batches
from paddle_mfs.data.stored_pairs import StoredPairs, StoredPairSampler
from paddle_mfs.engine import distributed
from paddle_mfs.engine.adversary import Adversary
from paddle_mfs.engine.checkpoint import load_checkpoint, named_optimizer_state, restore_optimizer, save_checkpoint
from paddle_mfs.engine.ema import WeightAverage
from paddle_mfs.engine.finite import not_finite_layer, not_finite_weight
from paddle_mfs.engine.objective import Objective
from paddle_mfs.losses.perceptual import perceptual_network
from paddle_mfs.losses.second_identity import SecondIdentityLoss
from paddle_mfs.models import create_model
from paddle_mfs.models.discriminator import MultiScaleDiscriminator
from paddle_mfs.models.embedder import FaceEmbedder, check_widths, load_encoder
from paddle_mfs.models.mfs import MobileFaceSwap, load_mfs
from paddle_mfs.models.quality import load_quality
from paddle_mfs.ops.layers import STATISTICS
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.utils.interrupt import StopRequest
from paddle_mfs.utils.tensor import to_batch, to_image
from paddle_mfs.version import __version__
from paddle_mfs.weights import bundled, read_card, save_state, write_card


class Trainer:
    """Builds a run from its config and drives it; callbacks watch it.

    A callback has any of `on_start(trainer)`, `on_step(trainer, record)`, `on_end(trainer)`, and what callbacks tell each other:
    `on_log(trainer, line)`, `on_preview(trainer, picture)`, `on_evaluation(trainer, line)`. Of several processes only the first
    has callbacks and writes files.

    A run stopped anywhere and resumed from a checkpoint has the same losses as one that was not: batches and random numbers are
    functions of (run.seed, number of the batch), everything else is in the checkpoint. (On one machine; and with a budget in
    minutes the step size follows the clock.)

    Args:
        config: paddle_mfs.utils.config.Config of configs/distill.yml's shape.
        callbacks: objects as above, called in order.
        resume: None, or a run's folder or checkpoint to continue.
    """

    def __init__(self, config, callbacks=(), resume=None):
        self.config, self.output = config, Path(config.run.output)
        saved = load_checkpoint(resume) if resume else None
        self.rank, self.ranks = distributed.start()
        self.callbacks = list(callbacks) if self.rank == 0 else []
        self.step = self.seen = self.batches = 0  # optimiser steps, crops and batches so far, of all processes
        self.spent = 0.0  # seconds, over all resumed parts
        paddle.seed(config.run.seed)
        encoder = load_encoder(None if config.model.encoder == "bundled" else config.model.encoder)
        self.embedder = FaceEmbedder(encoder)
        self.net = self._build_net(encoder)
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
        self.faces = load_faces(config.data.faces, SIZE)
        self.objective = self._build_objective()
        self.adversary = (
            Adversary(self.objective, config.loss.discriminator) if config.loss.weights.adversarial else None
        )
        self.sampler = self._build_sampler()
        if saved:
            self._restore(*saved)

    @property
    def ema(self):
        """The network with averaged weights, in eval mode: what is shown, measured and exported."""
        return self.average.net

    def _build_net(self, encoder):
        model = self.config.model
        if model.init is None:
            net = MobileFaceSwap(
                encoder.feature_width,
                encoder.embedding_width,
                model.residual,
                model.mobile,
                model.prediction,
                model.modulation,
                model.fusion_mask,
            )
        else:
            net = load_mfs(None if model.init == "bundled" else model.init)
            check_widths(net, encoder, model.init, model.encoder)
            if (net.prediction, net.modulation, net.masked) != (model.prediction, model.modulation, model.fusion_mask):
                raise UserError(
                    f"model.init: {model.init} was made with other settings of model.prediction, model.modulation or "
                    "model.fusion_mask; use those, or start from scratch (model.init=null)"
                )
            net = net.as_variant(model.mobile)
        net.freeze(model.frozen)
        net.train()
        return net

    def _build_objective(self):
        loss = self.config.loss
        network = (
            perceptual_network(loss.perceptual_network, loss.perceptual_weights) if loss.weights.perceptual else None
        )
        discriminator = (
            MultiScaleDiscriminator(loss.discriminator.width, loss.discriminator.scales)
            if loss.weights.adversarial
            else None
        )
        quality = load_quality(None if loss.quality == "bundled" else loss.quality) if loss.quality != "none" else None
        mesh = create_model("facemesh", weights="bundled") if loss.weights.landmarks else None
        second = (
            SecondIdentityLoss(create_model("age", weights="bundled"), self.faces)
            if loss.weights.second_identity
            else None
        )
        return Objective(
            self.embedder,
            loss.weights,
            network,
            loss.perceptual_every,
            loss.reweight,
            loss.distillation,
            discriminator,
            quality,
            mesh,
            loss.opening,
            second,
        )

    def _build_sampler(self):
        data = self.config.data
        if self.rank == 0 and isinstance(self.faces, Crops) and Path(data.faces).is_dir():
            save_crops(self.output / "faces.npz", self.faces)
        cache, faces = IdentityCache(self.embedder, self.faces), self.faces.resized(data.size)
        settings = (data.identities, data.targets, data.same_identity, self.config.run.seed, cache)
        if data.pairs is not None:
            return StoredPairSampler(StoredPairs(data.pairs, faces), faces, *settings)
        return PairSampler(faces, create_teacher(self.config.teacher, data.workers), *settings)

    def fit(self):
        """Train until the budget (run.steps, run.minutes) is spent. Ctrl-C saves a checkpoint and raises KeyboardInterrupt."""
        start, before = time.time(), self.spent
        self.call("on_start")
        stream = batches(self.sampler, self.config.data.workers, self.batches, self.rank, self.ranks)
        with StopRequest() as stop, contextlib.closing(stream):
            while self.progress < 1:
                began = time.time()
                parts = [next(stream) for _ in range(self.config.optimizer.accumulate)]
                reader_cost = time.time() - began
                record = self.train_step(*parts)
                stopping, self.spent = distributed.mean([stop.requested, before + time.time() - start])
                self.call("on_step", {**record, "reader_cost": reader_cost, "batch_cost": time.time() - began})
                if stopping:
                    self.save_checkpoint()
                    raise KeyboardInterrupt
        self.save_checkpoint()
        if self.rank == 0:
            self.export()
        self.call("on_end")

    def train_step(self, *parts):
        """One optimiser step on Batches of uint8 tensors, their losses averaged -> {name: float} of the losses and `grad`, the
        norm of the gradient before it is clipped.

        Raises UserError naming the layer where the loss or a gradient stopped being finite; the weights are then as before.
        """
        parts, records = [self._as_float(part) for part in parts], []
        if self.adversary and self.step < self.adversary.warmup:
            return self._warm_up(parts)
        for index, part in enumerate(parts):
            loss, record, swap = self._loss(part, index)
            if not math.isfinite(record["loss"]):
                raise self._not_finite([part], index)
            self.scaler.scale(loss / len(parts)).backward()
            if self.adversary:
                record["disc"] = self.adversary.gather(part.targets, swap.result, 1 / len(parts))
            records.append(record)
        gradients = [p.grad for p in self.net.parameters() if p.grad is not None]
        distributed.average(gradients)
        self.scaler.unscale_(self.optimizer)
        norm = float(paddle.add_n([gradient.square().sum() for gradient in gradients]).sqrt())
        if not self.amp and not math.isfinite(
            norm
        ):  # the scaler of AMP skips such a step itself, and lowers its factor
            raise self._not_finite(parts, 0)
        self.optimizer.set_lr(self.learning_rate)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.optimizer.clear_grad()
        distributed.average([value for name, value in self.net.named_parameters() if name.endswith(STATISTICS)])
        if self.adversary:
            self.adversary.step()
        self.average.update(self.net, self.step + 1)
        return {**self._counted(parts, records), "grad": norm}

    def _counted(self, parts, records):
        """Count a step on float Batches -> the means of their records, over processes too."""
        self.step += 1
        self.seen += self.ranks * sum(part.targets.shape[0] for part in parts)
        self.batches += self.ranks * len(parts)
        names = list(records[0])
        means = distributed.mean([sum(record[name] for record in records) / len(records) for name in names])
        return dict(zip(names, means))

    def _loss(self, batch, index):
        """The loss of a float Batch, this process's `index`-th of this step -> loss (scalar), {name: float}, Swap."""
        number = self.batches + index * self.ranks + self.rank
        paddle.seed(zlib.crc32(f"{self.config.run.seed}/{number}".encode()))
        embedding, feature = self.sampler.identities(batch)
        with paddle.amp.auto_cast(enable=self.amp):
            swap = self.net(batch.targets, embedding, feature)
            loss, record = self.objective(
                swap, batch, embedding.repeat_interleave(self.config.data.targets, 0), self.step
            )
        return loss, record, swap

    def _not_finite(self, parts, index):
        """The UserError of a step that went wrong in one of `parts`, the first of which was the `index`-th."""
        layers, first = {"net": self.net, "objective": self.objective}, None
        for i, part in enumerate(parts, index):
            first = first or not_finite_layer(layers, lambda: self._loss(part, i)[0])
        return UserError(
            f"step {self.step}: not finite any more, first {first or 'in another process, see its message'}; "
            f"resume from the last checkpoint in {self.output} with a lower optimizer.lr"
        )

    def _warm_up(self, parts):
        """A step in which the discriminator learns from a student that stays as it is."""
        self.net.eval()  # its batch norms too
        records = []
        for part in parts:
            with paddle.no_grad():
                swap = self.net(part.targets, *self.sampler.identities(part))
            records.append({"disc": self.adversary.gather(part.targets, swap.result, 1 / len(parts))})
        self.net.train()
        self.adversary.step()
        return self._counted(parts, records)

    @staticmethod
    def _as_float(batch):
        scaled = [tensor.astype("float32") for tensor in batch[1:]]
        sources, targets, taught, background, core, same = batch[0], scaled[0] / 255, scaled[1] / 255, *scaled[2:]
        return Batch(sources, targets, taught, background, core, same)

    @property
    def progress(self):
        """Share of the budget spent, 0..1: of run.steps or of run.minutes, whichever is further."""
        run = self.config.run
        shares = [self.step / run.steps if run.steps else 0, self.spent / 60 / run.minutes if run.minutes else 0]
        return min(1.0, max(shares))

    @property
    def learning_rate(self):
        """Linear warm-up once the student learns, then a cosine down to optimizer.final of the peak at the end of the budget."""
        o = self.config.optimizer
        first = self.adversary.warmup if self.adversary else 0
        warm = min(1.0, max(0, self.step + 1 - first) / max(1, o.warmup))
        return o.lr * warm * (o.final + (1 - o.final) * 0.5 * (1 + math.cos(math.pi * self.progress)))

    def save_checkpoint(self):
        """Write a checkpoint under run.output and return its folder. Raises UserError when a weight is not finite."""
        if self.rank:
            return None
        bad = not_finite_weight(self.net)
        if bad:
            raise UserError(
                f"step {self.step}: the weight {bad} is not finite any more, nothing is saved; "
                f"resume from the last checkpoint in {self.output} with a lower optimizer.lr"
            )
        states = {
            "net": self.net.state_dict(),
            "ema": self.ema.state_dict(),
            "optimizer": named_optimizer_state(self.optimizer, self.net),
            **(self.adversary.states() if self.adversary else {}),
        }
        progress = {
            "step": self.step,
            "seen": self.seen,
            "batches": self.batches,
            "spent": self.spent,
            "scaler": {name: np.asarray(value).tolist() for name, value in self.scaler.state_dict().items()},
            "config": self.config.to_dict(),
        }
        return save_checkpoint(self.output / "checkpoints", states, progress, self.config.run.keep)

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

    def export(self, name="mfs", **more):
        """Write the averaged weights as run.output/<name>.pdparams with their card, `more` in it too, and return the path."""
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
                "licence": "that of faces, encoder and weights it started from; the bundled ones: research, non-commercial",
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

    def call(self, event, *args):
        """Tell every callback that has a method of that name."""
        for callback in self.callbacks:
            if hasattr(callback, event):
                getattr(callback, event)(self, *args)

    @paddle.no_grad()
    def preview(self, count=6):
        """Fixed pairs through the averaged weights -> uint8 RGB grid, a row source | target | teacher | image | mask | result."""
        rows = []
        for example in self.sampler.examples(count):
            x = paddle.to_tensor(to_batch(example.target))
            swap = self.ema(x, example.embedding, example.feature)
            made = [to_image(values) for values in (swap.image, swap.mask, swap.result)]
            rows.append(np.hstack([example.source, example.target, example.taught, *made]))
        return np.vstack(rows)
