"""Train MobileFaceSwap by distillation.

    python tools/train.py -c configs/distill.yml
    python tools/train.py -c configs/distill_128.yml -o data.faces=data/faces -o run.minutes=60
    python tools/train.py -c configs/distill.yml --resume          # go on from the newest checkpoint of run.output
    python -m paddle.distributed.launch --nproc_per_node 2 tools/train.py -c configs/distill.yml     # two processes

Ctrl-C saves a checkpoint. Watch <output>/previews and <output>/curve.png: in the log, `rec` must fall below `copy`
(the cost of copying the target) and `open` (the mask in the face) must stay near 1.
"""

import argparse
import os

from paddle_mfs.utils.errors import UserError


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-c", "--config", required=True, help="YAML file, see configs/distill.yml")
    parser.add_argument(
        "-o", "--override", action="append", default=[], metavar="KEY=VALUE", help="change one setting; repeatable"
    )
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="continue from the newest checkpoint of run.output, or of FOLDER",
    )
    args = parser.parse_args()
    from paddle_mfs.engine.settings import load_settings
    from paddle_mfs.ops import threads

    config = load_settings(args.config, args.override)
    threads.keep_pages()
    threads.use_threads(config.run.threads or max(1, (os.cpu_count() or 1) - config.data.workers))
    from paddle_mfs.engine.callbacks import standard_callbacks
    from paddle_mfs.engine.checkpoint import checkpoints
    from paddle_mfs.engine.trainer import Trainer

    folder = f"{config.run.output}/checkpoints"
    if args.resume is None and checkpoints(folder):
        raise UserError(
            f"{config.run.output}: holds a run already; continue it with --resume or choose another -o run.output="
        )
    trainer = Trainer(config, standard_callbacks(config), resume=None if args.resume is None else args.resume or folder)
    try:
        trainer.fit()
    except KeyboardInterrupt:
        print(f"interrupted at step {trainer.step}, checkpoint saved; continue with --resume", flush=True)
        return 130
    print(
        f"{config.run.output}/mfs.pdparams: {trainer.step} steps, {trainer.seen} crops, "
        f"{trainer.spent / 60:.1f} minutes"
    )
    return 0
