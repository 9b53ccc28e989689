"""What watches a training run: the log line, preview grids, checkpoints, the loss curve."""
import json
import time
from collections import defaultdict

from paddle_mfs.engine.curve import draw_curve
from paddle_mfs.face.image import write_image

SHOWN = ("loss", "rec", "copy", "raw", "per", "id", "mask", "open", "alpha", "adv", "disc")


def duration(seconds):
    """125 -> '0:02:05'."""
    seconds = int(seconds)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


class LogLine:
    """Every `every` steps: means since the last line, printed and appended to <output>/log.jsonl.

    rec is L_rec and copy is what L_rec would be for a student that copies the target; open is the mask's mean in the face core.
    """

    def __init__(self, every):
        self.every = every

    def on_start(self, trainer):
        self._sums, self._counts, self._mark = defaultdict(float), defaultdict(int), (time.time(), trainer.seen)
        trainer.output.mkdir(parents=True, exist_ok=True)
        print(f"{len(trainer.crops)} faces at {trainer.config.data.size} px, step {trainer.step}, output in {trainer.output}",
              flush=True)

    def on_step(self, trainer, record):
        for name, value in record.items():
            self._sums[name] += value
            self._counts[name] += 1
        if trainer.step % self.every:
            return
        now, (then, seen) = time.time(), self._mark
        means = {name: self._sums[name] / self._counts[name] for name in self._sums}
        means["ips"] = (trainer.seen - seen) / (now - then)
        eta = trainer.spent * (1 / trainer.progress - 1) if trainer.progress else 0
        line = {"step": trainer.step, "seen": trainer.seen, "minutes": trainer.spent / 60, "lr": trainer.learning_rate, **means}
        with open(trainer.output / "log.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps({k: round(v, 6) if k != "lr" else v for k, v in line.items()}) + "\n")
        losses = " ".join(f"{name} {means[name]:.4f}" for name in SHOWN if name in means)
        print(f"step {trainer.step} seen {trainer.seen} lr {line['lr']:.1e} | {losses} | ips {means['ips']:.1f} "
              f"reader_cost {means['reader_cost']:.3f} batch_cost {means['batch_cost']:.3f} eta {duration(eta)}", flush=True)
        self._sums.clear(), self._counts.clear()
        self._mark = now, trainer.seen


class Preview:
    """Every `every` steps and at the end: <output>/previews/<step>.png, and the loss curve <output>/curve.png."""

    def __init__(self, every):
        self.every = every

    def on_step(self, trainer, record):
        if trainer.step % self.every == 0:
            self.on_end(trainer)

    def on_end(self, trainer):
        write_image(trainer.output / "previews" / f"{trainer.step:08d}.png", trainer.preview())
        if (trainer.output / "log.jsonl").is_file():
            draw_curve(trainer.output / "log.jsonl", trainer.output / "curve.png")


class Checkpoints:
    """A checkpoint every `minutes` minutes; the newest few are kept (run.keep)."""

    def __init__(self, minutes):
        self.seconds = minutes * 60

    def on_start(self, trainer):
        self._last = time.time()

    def on_step(self, trainer, record):
        if time.time() - self._last >= self.seconds:
            trainer.save_checkpoint()
            self._last = time.time()
