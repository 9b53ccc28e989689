"""Training of Q, the quality network of the loss reweighting, and what it is worth on held-out images."""

import contextlib
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import paddle
from scipy.stats import spearmanr

from paddle_mfs.data.crops import SIZE, load_crops
from paddle_mfs.data.degradations import DegradedSwaps
from paddle_mfs.data.snapshots import TeacherSnapshots
from paddle_mfs.engine.checkpoint import load_checkpoint, named_optimizer_state, restore_optimizer, save_checkpoint
from paddle_mfs.models.quality import QualityNet, load_quality
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.interrupt import StopRequest
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.version import __version__
from paddle_mfs.weights import save_state, write_card


@paddle.no_grad()
def qualities(net, images):
    """Q of crops (N, S, S, 3) uint8 RGB -> (N,) float32; the network is left in eval mode."""
    net.eval()
    return np.concatenate(
        [net(paddle.to_tensor(to_batch(images[i : i + 64]))).numpy() for i in range(0, len(images), 64)]
    )


def judge(net, series):
    """What Q makes of held-out series (`judged` of a labelled set) -> dict for the card.

    mse and, to compare, that of the best constant; spearman: rank correlation of Q and label; for each kind the mean Q, the mean
    label, and in how many of the series it was ranked below the best image of its series (quality 1).
    """
    labels = np.array([[quality for _, quality, _ in row] for row in series])
    given = qualities(net, [image for row in series for *_, image in row]).reshape(labels.shape)
    best, kinds = int(labels[0].argmax()), [kind for kind, *_ in series[0]]
    of_kind = {
        kind: {
            "q": given[:, i].mean(),
            "label": labels[:, i].mean(),
            "below_best": (given[:, i] < given[:, best]).mean(),
        }
        for i, kind in enumerate(kinds)
    }
    del of_kind[kinds[best]]["below_best"]
    numbers = {
        "mse": ((given - labels) ** 2).mean(),
        "mse_of_a_constant": labels.var(),
        "spearman": spearmanr(given.ravel(), labels.ravel()).statistic,
    }
    return {
        "images": int(labels.size),
        **{name: round(float(value), 4) for name, value in numbers.items()},
        "kinds": {kind: {name: round(float(value), 3) for name, value in row.items()} for kind, row in of_kind.items()},
    }


def labelled_set(config):
    """The labelled images a config of configs/quality.yml's shape asks for. Raises UserError."""
    data, seed = config.data, config.run.seed
    if config.labels == "snapshots":
        if data.snapshots is None:
            raise UserError("labels=snapshots: data.snapshots must name the folder of the teacher's snapshots")
        return TeacherSnapshots(data.snapshots, data.held_out, seed)
    if config.labels != "degradations":
        raise UserError(f"labels: no kind of labels named {config.labels!r}; known: degradations, snapshots")
    return DegradedSwaps(load_crops(data.faces, SIZE), data.sizes, data.held_out, data.untouched, data.two_faults, seed)


class QualityTrainer:
    """Builds a run from its config and drives it.

    Args:
        config: paddle_mfs.utils.config.Config of configs/quality.yml's shape.
        resume: None, or a run's folder or checkpoint to continue.
    """

    def __init__(self, config, resume=None):
        self.config, self.output = config, Path(config.run.output)
        self.step, self.spent = 0, 0.0
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

    @property
    def progress(self):
        """Share of the budget spent, 0..1."""
        run = self.config.run
        return min(
            1.0, max(self.step / run.steps if run.steps else 0, self.spent / 60 / run.minutes if run.minutes else 0)
        )

    @property
    def learning_rate(self):
        """Linear warm-up, then a cosine down to 0 at the end of the budget."""
        o = self.config.optimizer
        return o.lr * min(1.0, (self.step + 1) / max(1, o.warmup)) * 0.5 * (1 + math.cos(math.pi * self.progress))

    def fit(self):
        """Train until the budget is spent, then judge and write the weights -> what `judge` says of them.

        Ctrl-C saves a checkpoint and raises KeyboardInterrupt.
        """
        run, start, before = self.config.run, time.time(), self.spent
        if not run.steps and not run.minutes:
            raise UserError("run.steps and run.minutes are both 0; give one of them")
        self.output.mkdir(parents=True, exist_ok=True)
        losses, mark, saved = [], (start, self.step), start
        with StopRequest() as stop, contextlib.closing(self._batches()) as batches:
            while self.progress < 1:
                losses.append(self.train_step(*next(batches)))
                self.spent = before + time.time() - start
                if self.step % run.log_every == 0:
                    mark = self._log(np.mean(losses), mark)
                    losses.clear()
                if time.time() - saved >= run.checkpoint_minutes * 60:
                    self.save_checkpoint()
                    saved = time.time()
                if stop.requested:
                    self.save_checkpoint()
                    raise KeyboardInterrupt
        self.save_checkpoint()
        return self.export()

    def _batches(self):
        """Batch after batch of (images, qualities), the next one in the making."""
        size = self.config.run.batch
        with ThreadPoolExecutor(max(1, self.config.data.workers)) as pool:

            def order(step):
                return [pool.submit(self.set.sample, step * size + i) for i in range(size)]

            step, waiting = self.step, order(self.step)
            while True:
                step += 1
                ready, waiting = waiting, order(step)
                yield zip(*(future.result() for future in ready))

    def train_step(self, images, labels):
        """One step of L2 on images (N, 112, 112, 3) uint8 RGB with labels (N,) -> the loss."""
        self.net.train()
        loss = ((self.net(paddle.to_tensor(to_batch(images))) - paddle.to_tensor(labels, "float32")) ** 2).mean()
        self.optimizer.set_lr(self.learning_rate)
        loss.backward()
        self.optimizer.step()
        self.optimizer.clear_grad()
        self.step += 1
        return float(loss)

    def _log(self, loss, mark):
        now, (then, step) = time.time(), mark
        seen, speed = self.step * self.config.run.batch, (self.step - step) * self.config.run.batch / (now - then)
        line = {
            "step": self.step,
            "seen": seen,
            "minutes": round(self.spent / 60, 2),
            "lr": self.learning_rate,
            "loss": round(float(loss), 5),
            "ips": round(speed, 2),
        }
        with open(self.output / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        print(
            f"step {self.step} seen {seen} lr {line['lr']:.1e} | loss {loss:.4f} | ips {speed:.1f} | {self.progress:.0%}",
            flush=True,
        )
        return now, self.step

    def save_checkpoint(self):
        """Write a checkpoint under run.output and return its folder."""
        states = {"net": self.net.state_dict(), "optimizer": named_optimizer_state(self.optimizer, self.net)}
        progress = {"step": self.step, "spent": self.spent, "config": self.config.to_dict()}
        return save_checkpoint(self.output / "checkpoints", states, progress, self.config.run.keep)

    def export(self):
        """Write run.output/quality.pdparams as float16 with its card; the judgement in it is that of the file -> judgement."""
        path, config = self.output / "quality.pdparams", self.config
        save_state(path, self.net.state_dict(), half=True)
        judgement = judge(load_quality(path), self.set.judged(config.run.judged))
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
                "network": f"ResNet-18 of paddle.vision with {config.network.width} channels at first (there 64), random start",
                "stored_as": "float16",
                "origin": "trained by this repository's tools/train_quality.py",
                "made": {
                    "software": f"paddle_mfs {__version__}, paddle {paddle.__version__}",
                    "steps": self.step,
                    "images": self.step * config.run.batch,
                    "minutes": round(self.spent / 60, 1),
                    "config": config.to_dict(),
                },
                "heldout": judgement,
            },
        )
        return judgement
