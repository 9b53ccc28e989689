"""Train MobileFaceSwap by distillation.

    python tools/train.py -c configs/distill.yml
    python tools/train.py -c configs/distill_128.yml -o data.faces=data/faces -o run.minutes=60
    python tools/train.py -c configs/distill.yml --resume          # go on from the newest checkpoint of run.output
    python -m paddle.distributed.launch --nproc_per_node 2 tools/train.py -c configs/distill.yml     # two processes

Ctrl-C saves a checkpoint. Watch <output>/previews and <output>/curve.png: in the log, `rec` must fall below `copy`
(the cost of copying the target) and `open` (the mask in the face) must stay near 1.
"""

import argparse

from paddle_mfs.cli._arguments import add_config_arguments, add_resume_argument, resumed_from
from paddle_mfs.cli._training import fit, use_threads


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_config_arguments(parser)
    add_resume_argument(parser)
    args = parser.parse_args()
    from paddle_mfs.engine.settings import load_settings
    from paddle_mfs.utils.cores import cores

    config = load_settings(args.config, args.override)
    use_threads(config.run.threads or max(1, cores() - config.data.workers))
    from paddle_mfs.engine.callbacks import standard_callbacks
    from paddle_mfs.engine.trainer import Trainer

    trainer = Trainer(config, standard_callbacks(config), resume=resumed_from(args, config))
    if not fit(trainer):
        return 130
    print(
        f"{config.run.output}/mfs.pdparams: {trainer.step} steps, {trainer.seen} crops, "
        f"{trainer.spent / 60:.1f} minutes"
    )
    return 0
