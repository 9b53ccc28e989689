"""Train the occlusion segmenter, which finds what lies before a face (swap --keep-objects).

    python tools/train_occlusion.py -c configs/occlusion.yml
    python tools/train_occlusion.py -c configs/occlusion.yml --resume                 # go on from the newest checkpoint
    python tools/train_occlusion.py -c configs/occlusion.yml --sheet output/sheet.png # draws crop | truth | found

Ctrl-C saves a checkpoint.
"""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from paddle_mfs.cli._arguments import add_config_arguments, add_resume_argument, resumed_from
from paddle_mfs.cli._training import fit, use_threads

if TYPE_CHECKING:
    from paddle_mfs.utils.config import Config


def draw_sheet(config: Config, args: argparse.Namespace) -> int:
    from paddle_mfs.engine.occlusion_scores import sheet
    from paddle_mfs.engine.occlusion_trainer import finder, held_out
    from paddle_mfs.face.image import write_image
    from paddle_mfs.models import create_model
    from paddle_mfs.provenance import provenance, save_options

    metadata = save_options(args.sheet, provenance(content="faces with things drawn before them, and what is found"))
    net = create_model("occlusion", weights=args.weights or "bundled")
    faces = held_out(config, args.faces)
    write_image(args.sheet, sheet(finder(net), faces, config.run.seed), **metadata)
    print(f"{args.sheet}: {len(faces)} faces, crop | truth | found")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser, "configs/occlusion.yml")
    add_resume_argument(parser)
    parser.add_argument(
        "--sheet", metavar="PICTURE", help="train nothing; draw held-out faces: crop, truth, what is found"
    )
    parser.add_argument("--weights", metavar="PATH", help="segmenter of --sheet (default: the bundled one)")
    parser.add_argument("--faces", type=int, default=30, help="faces of --sheet (default: %(default)s)")
    args = parser.parse_args()
    from paddle_mfs.engine.occlusion_trainer import load_occlusion_settings
    from paddle_mfs.utils.cores import cores

    config = load_occlusion_settings(args.config, args.override)
    use_threads(config.run.threads or cores())
    if args.sheet:
        return draw_sheet(config, args)
    from paddle_mfs.engine.callbacks import Checkpoints, LogLine, Preview
    from paddle_mfs.engine.occlusion_trainer import OcclusionTrainer

    run = config.run
    callbacks = [LogLine(run.log_every), Preview(run.preview_every), Checkpoints(run.checkpoint_minutes)]
    trainer = OcclusionTrainer(config, callbacks, resumed_from(args, config))
    if not fit(trainer):
        return 130
    print(json.dumps(trainer.judgement, indent=2))
    print(f"{run.output}/occlusion.pdparams: {trainer.step} steps, {trainer.spent / 60:.1f} minutes")
    return 0
