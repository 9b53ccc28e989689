"""Evaluation on held-out pairs while a network is trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from paddle_mfs.engine.callback import Callback
from paddle_mfs.engine.settings import weights_path
from paddle_mfs.metrics.evaluate import evaluate
from paddle_mfs.metrics.network_swap import NetworkSwap
from paddle_mfs.metrics.pairs import load_pairs
from paddle_mfs.metrics.report import card_entry
from paddle_mfs.utils import jsonl
from paddle_mfs.weights import read_card, save_state

if TYPE_CHECKING:
    from paddle_mfs.engine.trainer import Trainer
    from paddle_mfs.models.mfs import MobileFaceSwap
    from paddle_mfs.utils.config import Config


def scores(report: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a report (metrics/report.py) in one flat dict: mean dlib distance, share below 0.6, median
    sharpness and shape error (per mille), background PSNR (dB)."""
    result = report["methods"]["result"]
    return {
        "distance": result["distance"]["value"],
        "below": result["share_same_person"],
        "sharpness": result["sharpness_median"],
        "shape": result["shape_median_per_mille"],
        "background": result["background_psnr_db"],
    }


class Evaluation(Callback):
    """Every `evaluation.every` steps and at the end: a line in <output>/evaluation.jsonl; the weights whose results are
    nearest to their sources so far (mean dlib distance) are kept as <output>/best.pdparams, with the scores in their
    card.

    Raises UserError when the pairs are not there.
    """

    def __init__(self, config: Config):
        self.every, self.size = config.evaluation.every, config.data.size
        self.encoder = weights_path(config.model.encoder)
        self.pairs = load_pairs(config.evaluation.faces, config.evaluation.pairs)

    def on_start(self, trainer: Trainer) -> None:
        jsonl.rewind(trainer.output / "evaluation.jsonl", trainer.step)
        if not trainer.step:  # of a run that was killed before it had a checkpoint
            for path in trainer.output.glob("best.*"):
                path.unlink()

    def on_step(self, trainer: Trainer, record: Mapping[str, float]) -> None:
        if trainer.step % self.every == 0:
            self._evaluate(trainer)

    def on_end(self, trainer: Trainer) -> None:
        if trainer.step % self.every:
            self._evaluate(trainer)

    def _evaluate(self, trainer: Trainer) -> None:
        report = self._measured(trainer.ema)
        line = {"step": trainer.step, **{name: round(value, 4) for name, value in scores(report).items()}}
        jsonl.append(trainer.output / "evaluation.jsonl", line)
        print("held out: " + " ".join(f"{name} {value}" for name, value in line.items()), flush=True)
        best = read_card(trainer.output / "best.pdparams").get("heldout")
        if best is None or scores(report)["distance"] < scores(best)["distance"]:
            trainer.export("best", heldout=card_entry(report))
        trainer.call("on_evaluation", line)

    def _measured(self, net: MobileFaceSwap) -> dict[str, Any]:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "best.pdparams"  # the report has this name: where it goes into a card, they are
            save_state(path, net.state_dict())
            return evaluate(self.pairs, NetworkSwap(path, self.size, self.encoder))[0]
