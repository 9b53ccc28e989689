"""Distillation of a teacher into MobileFaceSwap."""
import contextlib
import copy
import math
import random
import time
from pathlib import Path

import numpy as np
import paddle

from paddle_mfs import __version__
from paddle_mfs.data.crops import SIZE, load_crops, save_crops
from paddle_mfs.data.identities import IdentityCache
from paddle_mfs.data.pairs import Batch, PairSampler, batches
from paddle_mfs.engine.checkpoint import load_checkpoint, named_optimizer_state, restore_optimizer, save_checkpoint
from paddle_mfs.engine.interrupt import StopRequest
from paddle_mfs.engine.objective import Objective
from paddle_mfs.errors import UserError
from paddle_mfs.files import sha256
from paddle_mfs.losses.perceptual import perceptual_network
from paddle_mfs.models.embedder import FaceEmbedder, check_widths, load_encoder
from paddle_mfs.models.mfs import MobileFaceSwap, load_mfs
from paddle_mfs.teachers import create_teacher
from paddle_mfs.weights import bundled, read_card, save_state, write_card


class Trainer:
    """Builds a run from its config and drives it; callbacks watch it.

    A callback has any of `on_start(trainer)`, `on_step(trainer, record)`, `on_end(trainer)`.

    Args:
        config: paddle_mfs.config.Config of configs/distill.yml's shape.
        callbacks: objects as above, called in order.
        resume: None, or a run's folder or checkpoint to continue.
    """

    def __init__(self, config, callbacks=(), resume=None):
        self.config, self.callbacks = config, list(callbacks)
        self.output = Path(config.run.output)
        self.step = self.seen = 0
        self.spent = 0.0                            # seconds, over all resumed parts
        paddle.seed(config.run.seed)
        encoder = load_encoder(None if config.model.encoder == "bundled" else config.model.encoder)
        self.embedder = FaceEmbedder(encoder)
        self.net = self._build_net(encoder)
        self.ema = copy.deepcopy(self.net)
        self.ema.eval()
        self.optimizer = paddle.optimizer.Adam(
            config.optimizer.lr, beta1=config.optimizer.beta1, beta2=config.optimizer.beta2, parameters=self.net.parameters(),
            grad_clip=paddle.nn.ClipGradByGlobalNorm(config.optimizer.clip))
        if resume:
            self._restore(*load_checkpoint(resume))
        self.objective = self._build_objective()
        self.crops, self.identities, self.sampler = self._build_data()

    def _build_net(self, encoder):
        model = self.config.model
        if model.init is None:
            net = MobileFaceSwap(encoder.feature_width, encoder.embedding_width, model.residual, model.half_pixel)
        else:
            net = load_mfs(None if model.init == "bundled" else model.init)
            check_widths(net, encoder, model.init, model.encoder)
            net = net.with_upsampling(model.half_pixel)
        net.freeze(model.frozen)
        net.train()
        return net

    def _build_objective(self):
        loss = self.config.loss
        network = None
        if loss.weights.perceptual:
            network = perceptual_network(loss.perceptual_network, loss.perceptual_weights)
        return Objective(self.embedder, loss.weights, network, loss.perceptual_every)

    def _build_data(self):
        data = self.config.data
        full = load_crops(data.faces, SIZE)
        if Path(data.faces).is_dir():
            save_crops(self.output / "faces.npz", full)
        teacher = create_teacher(self.config.teacher, data.workers)
        sampler = PairSampler(full.resized(data.size), teacher, data.identities, data.targets, data.same_identity,
                              seed=f"{self.config.run.seed}/{self.step}")
        return sampler.crops, IdentityCache(self.embedder, full), sampler

    def fit(self):
        """Train until the budget (run.steps, run.minutes) is spent. Ctrl-C saves a checkpoint and raises KeyboardInterrupt."""
        start, before = time.time(), self.spent
        self._call("on_start")
        with StopRequest() as stop, contextlib.closing(batches(self.sampler, self.config.data.workers)) as stream:
            while self.progress < 1:
                began = time.time()
                batch = next(stream)
                reader_cost = time.time() - began
                record = self.train_step(batch)
                self.spent = before + time.time() - start
                self._call("on_step", {**record, "reader_cost": reader_cost, "batch_cost": time.time() - began})
                if stop.requested:
                    self.save_checkpoint()
                    raise KeyboardInterrupt
        self.save_checkpoint()
        self.export()
        self._call("on_end")

    def train_step(self, batch):
        """One optimiser step on a Batch of uint8 tensors -> {name: float} of its losses."""
        batch = self._as_float(batch)
        per = self.config.data.targets
        embedding, feature = self.identities(batch.sources.tolist())
        swap = self.net(batch.targets, embedding, feature)
        loss, record = self.objective(swap, batch, embedding.repeat_interleave(per, 0), self.step)
        if not math.isfinite(record["loss"]):
            raise UserError(f"step {self.step}: the loss is {record['loss']}; "
                            "resume from the last checkpoint with a lower optimizer.lr")
        self.optimizer.set_lr(self.learning_rate)
        loss.backward()
        self.optimizer.step()
        self.optimizer.clear_grad()
        self.step += 1
        self.seen += batch.targets.shape[0]
        if self.step % self.config.ema.every == 0:
            self._update_ema()
        return record

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
        """Linear warm-up, then a cosine down to optimizer.final of the peak at the end of the budget."""
        o = self.config.optimizer
        warm = min(1.0, (self.step + 1) / max(1, o.warmup))
        return o.lr * warm * (o.final + (1 - o.final) * 0.5 * (1 + math.cos(math.pi * self.progress)))

    @paddle.no_grad()
    def _update_ema(self):
        """Exponential average of the weights; short-sighted at first, so that early previews mean something."""
        every = self.config.ema.every
        decay = min(self.config.ema.decay ** every, self.step / (self.step + 10 * every))
        mine = self.net.state_dict()
        for name, average in self.ema.state_dict().items():
            if not bool((average == mine[name]).all()):         # what is frozen stays as it is, to the last bit
                average.set_value(average * decay + mine[name] * (1 - decay))

    def save_checkpoint(self):
        """Write a checkpoint under run.output and return its folder."""
        states = {"net": self.net.state_dict(), "ema": self.ema.state_dict(),
                  "optimizer": named_optimizer_state(self.optimizer, self.net)}
        progress = {"step": self.step, "seen": self.seen, "spent": self.spent, "config": self.config.to_dict()}
        return save_checkpoint(self.output / "checkpoints", states, progress, self.config.run.keep)

    def _restore(self, states, progress):
        self.net.set_state_dict(states["net"])
        self.ema.set_state_dict(states["ema"])
        restore_optimizer(self.optimizer, self.net, states["optimizer"])
        self.step, self.seen, self.spent = progress["step"], progress["seen"], progress["spent"]

    def export(self):
        """Write the averaged weights as run.output/mfs.pdparams with their card, and return the path."""
        path = self.output / "mfs.pdparams"
        save_state(path, self.ema.state_dict())
        write_card(path, {
            "name": "mfs", "title": "MobileFaceSwap: IIN, final and mask",
            "made": {"software": f"paddle_mfs {__version__}, paddle {paddle.__version__}", "steps": self.step, "crops": self.seen,
                     "minutes": round(self.spent / 60, 1), "faces": len(self.crops), "config": self.config.to_dict()},
            "started_from": self._started_from(),
            "licence": "that of the training faces, the identity encoder and the weights it started from; the bundled ones are for "
                       "research and non-commercial use"})
        return path

    def _started_from(self):
        """What the card says of model.init: its hash, and what its own card says of its making."""
        if self.config.model.init is None:
            return None
        init = Path(bundled("mfs_224") if self.config.model.init == "bundled" else self.config.model.init)
        card = read_card(init)
        return {"file": init.name, "sha256": sha256(init), **{key: card[key] for key in ("origin", "made") if key in card}}

    def _call(self, event, *args):
        for callback in self.callbacks:
            if hasattr(callback, event):
                getattr(callback, event)(self, *args)

    @paddle.no_grad()
    def preview(self, count=6):
        """Fixed pairs through the averaged weights -> uint8 RGB grid, a row source | target | teacher | image | mask | result."""
        size, rows = self.config.data.size, []
        rng = random.Random(20220103)
        for _ in range(count):
            s = rng.choice(self.sampler.sources)
            t = self.sampler.stranger(rng, s)
            source, target = self.crops.images[s], self.crops.images[t]
            taught, _ = self.sampler.teacher.swap(source, self.crops.landmarks[s], target, self.crops.landmarks[t])
            x = paddle.to_tensor(target.transpose(2, 0, 1)[None].astype(np.float32) / 255)
            swap = self.ema(x, *self.identities([2 * s]))
            image, mask, result = (np.rint(v[0].numpy().transpose(1, 2, 0).clip(0, 1) * 255).astype(np.uint8)
                                   for v in (swap.image, swap.mask, swap.result))
            rows.append(np.hstack([source, target, taught, image, np.broadcast_to(mask, (size, size, 3)), result]))
        return np.vstack(rows)
