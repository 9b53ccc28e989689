"""Train Q, the judge of teacher images in the loss reweighting (alpha = cos^2 * Q).

    python tools/train_quality.py -c configs/quality.yml                             # faults made on purpose
    python tools/train_quality.py -c configs/quality.yml -o labels=snapshots -o data.snapshots=snapshots/
    python tools/train_quality.py -c configs/quality.yml --resume                    # go on from the newest checkpoint
    python tools/train_quality.py -c configs/quality.yml --sheet output/alphas.png   # draws worst and best alphas

Ctrl-C saves a checkpoint.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from paddle_mfs.cli._arguments import add_config_arguments, add_resume_argument, resumed_from
from paddle_mfs.cli._training import fit, use_threads
from paddle_mfs.utils.errors import UserError

if TYPE_CHECKING:
    from paddle_mfs.utils.config import Config


def draw_sheet(config: Config, args: argparse.Namespace) -> int:
    from paddle_mfs.engine.alphas import alpha_sheet
    from paddle_mfs.engine.q_trainer import labelled_set
    from paddle_mfs.face.image import write_image
    from paddle_mfs.models.embedder import FaceEmbedder, load_encoder
    from paddle_mfs.models.quality import load_quality
    from paddle_mfs.provenance import provenance, save_options

    if args.pairs < 2 or config.labels != "degradations":
        raise UserError("--sheet: wants two pairs or more, and labels=degradations, whose pairs it draws")
    metadata = save_options(args.sheet, provenance(content="pairs of the mesh teacher, with their alphas"))
    net = load_quality(args.weights)
    picture, alphas = alpha_sheet(
        labelled_set(config), FaceEmbedder(load_encoder()), net, args.pairs, seed=config.run.seed
    )
    write_image(args.sheet, picture, **metadata)
    print(
        f"{args.sheet}: alpha of {args.pairs} pairs: mean {alphas.mean():.3f}, from {alphas[0]:.3f} to {alphas[-1]:.3f}"
    )
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser, "configs/quality.yml")
    add_resume_argument(parser)
    parser.add_argument(
        "--sheet", metavar="PICTURE", help="train nothing; draw held-out pairs with the worst and best alphas"
    )
    parser.add_argument("--weights", metavar="PATH", help="Q of --sheet (default: the bundled one)")
    parser.add_argument("--pairs", type=int, default=200, help="pairs of --sheet (default: %(default)s)")
    args = parser.parse_args()
    from paddle_mfs.utils.config import load_config
    from paddle_mfs.utils.cores import cores

    config = load_config(args.config, args.override)
    use_threads(config.run.threads or cores())
    if args.sheet:
        return draw_sheet(config, args)
    from paddle_mfs.engine.callbacks import Checkpoints, LogLine
    from paddle_mfs.engine.q_trainer import QualityTrainer

    callbacks = [LogLine(config.run.log_every), Checkpoints(config.run.checkpoint_minutes)]
    trainer = QualityTrainer(config, callbacks, resumed_from(args, config))
    if not fit(trainer):
        return 130
    print(json.dumps(trainer.judgement, indent=2))
    print(f"{config.run.output}/quality.pdparams: {trainer.step} steps, {trainer.spent / 60:.1f} minutes")
    return 0
