"""Arguments that several commands share, and what they ask for: a swapper, a checkpoint to go on from."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mfs.runtime import ENGINES
from paddle_mfs.utils.errors import UserError

if TYPE_CHECKING:
    from paddle_mfs.signing import Signer
    from paddle_mfs.swap.options import SwapOptions
    from paddle_mfs.swap.swapper import FaceSwapper
    from paddle_mfs.utils.config import Config
    from paddle_mfs.video.pipeline import ClipOptions


def add_source_arguments(parser: argparse.ArgumentParser, **source: Any) -> None:
    """--source or --map, one of which is required. source: keyword arguments of `add_argument` for --source."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--source", **source)
    who.add_argument(
        "--map",
        action="append",
        metavar="TARGET_FACE=SOURCE",
        help="the person whom TARGET_FACE shows gets the face of SOURCE, others stay as they are; repeatable",
    )


def add_target_arguments(parser: argparse.ArgumentParser, default: str) -> None:
    """--target, --output and --skip-existing. default: how the help names outputs, in output/."""
    parser.add_argument(
        "--target",
        required=True,
        nargs="+",
        help="pictures, clips, folders of them, or patterns (quoted; ** goes into subfolders)",
    )
    parser.add_argument(
        "--output",
        help="picture (.png, .jpg, .webp), animation (.gif, .webp, .png), clip (.mp4, .mov, .mkv, .webm), or a folder "
        f"(default: output/{default}; clips and animations keep theirs)",
    )
    parser.add_argument(
        "--skip-existing", action="store_true", help="keep outputs that are there (default: make them anew)"
    )


def add_clip_arguments(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Which part of clips is done and how they are written, see `clip_options` -> the group, for more."""
    clips = parser.add_argument_group("clips")
    clips.add_argument("--start", type=float, help="begin at this second of the clip")
    clips.add_argument("--end", type=float, help="end at this second")
    clips.add_argument("--max-frames", type=int, help="do at most so many frames")
    clips.add_argument(
        "--codec",
        choices=("h264", "h265", "vp9", "av1"),
        help="default: h264, of .webm vp9; deeper than 8 bits h265, of .webm av1",
    )
    clips.add_argument("--quality", type=int, help="CRF, lower is better (default: h264 17, h265 20, vp9 24, av1 26)")
    return clips


def clip_options(args: argparse.Namespace, sound: bool = True) -> ClipOptions:
    """The ClipOptions of `add_clip_arguments`. Raises: UserError for a part that cannot be."""
    from paddle_mfs.video.pipeline import ClipOptions

    return ClipOptions(args.start, args.end, args.max_frames, args.codec, args.quality, sound)


def add_swap_arguments(parser: argparse.ArgumentParser) -> None:
    """Which faces are swapped, how, by what weights and engine."""
    parser.add_argument(
        "--face",
        help="largest, all, or an index from the left, 0 being the leftmost (default: largest; with --map all)",
    )
    parser.add_argument(
        "--strength",
        type=float,
        default=1.0,
        help="of the identity: 0 the target's own, 1 (default) the source's, up to 1.5 beyond it",
    )
    parser.add_argument(
        "--colour-match",
        type=float,
        nargs="?",
        const=1.0,
        default=0.0,
        metavar="AMOUNT",
        help="give the face the target's colour, 0 (default) to 1 (without a number)",
    )
    for name, what in (("--keep-mouth", "the inside of the target's open mouth"), ("--keep-eyes", "the target's eyes")):
        parser.add_argument(
            name,
            type=float,
            nargs="?",
            const=1.0,
            default=0.0,
            metavar="SIZE",
            help=f"keep {what}; SIZE of the region, 0 to 2, is 1 without a number",
        )
    parser.add_argument(
        "--keep-objects",
        action="store_true",
        help="keep what lies before the face: hands, hair, cups, microphones, masks",
    )
    parser.add_argument(
        "--badge", action="store_true", help='show a small "AI-swapped" in the lower right corner of what is swapped'
    )
    add_network_arguments(parser)


def add_weights_arguments(parser: argparse.ArgumentParser) -> None:
    """--weights and --encoder of the swap network."""
    parser.add_argument("--weights", help="MobileFaceSwap weights, ours or the public ones (default: the bundled ones)")
    parser.add_argument(
        "--encoder", help="weights of the identity encoder that belong to --weights (default: the bundled ones)"
    )


def add_occlusion_argument(parser: argparse.ArgumentParser) -> None:
    """--occlusion of the exports."""
    parser.add_argument(
        "--occlusion",
        action="store_true",
        help="write the network that finds what lies before a face (--keep-objects of a swap) too",
    )


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """By what weights and engine faces are swapped."""
    add_weights_arguments(parser)
    parser.add_argument(
        "--engine",
        default="auto",
        choices=ENGINES,
        help="what runs the networks (default: auto, which is openvino where it is installed, else paddle)",
    )


def read_options(args: argparse.Namespace) -> tuple[dict[str, str], SwapOptions]:
    """Parsed arguments -> {target face picture: source picture} of --map, SwapOptions; before anything slow is loaded.

    Raises: UserError for a value that cannot be.
    """
    from paddle_mfs.swap.options import SwapOptions
    from paddle_mfs.swap.roles import parse_map
    from paddle_mfs.swap.select import check_which

    options = SwapOptions(args.strength, args.colour_match, args.keep_mouth, args.keep_objects, args.keep_eyes)
    if args.face is not None:
        check_which(args.face)
    return parse_map(args.map or []), options


def make_swapper(
    args: argparse.Namespace, source: str | list[str] | dict[str, str], options: SwapOptions
) -> FaceSwapper:
    """The FaceSwapper of parsed arguments, see there."""
    from paddle_mfs.swap.swapper import FaceSwapper

    swapper = FaceSwapper(source, args.weights, args.encoder, args.engine, options)
    swapper.badge = args.badge
    return swapper


def make_signer(args: argparse.Namespace, outputs: Sequence[Path]) -> Signer | None:
    """The Signer of --sign, None without; says when readers will not trust it. UserError for what it cannot sign."""
    if not args.sign:
        return None
    from paddle_mfs.signing import Signer

    signer = Signer(*args.sign)
    for output in outputs:
        signer.check(output)
    if signer.is_self_signed:
        told = "signed by itself: readers call the signature valid, the signer untrusted"
        print(f"warning: {args.sign[0]}: {told}", file=sys.stderr)
    return signer


def add_override_argument(parser: argparse.ArgumentParser, help: str = "change one setting; repeatable") -> None:
    """-o KEY=VALUE, a list."""
    parser.add_argument("-o", "--override", action="append", default=[], metavar="KEY=VALUE", help=help)


def add_config_arguments(parser: argparse.ArgumentParser, example: str = "configs/distill.yml") -> None:
    """-c CONFIG and -o KEY=VALUE. example: a config that belongs to the command."""
    parser.add_argument("-c", "--config", required=True, help=f"YAML file, see {example}")
    add_override_argument(parser)


def add_resume_argument(parser: argparse.ArgumentParser) -> None:
    """--resume [FOLDER]; `resumed_from` says what it means."""
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="continue from the newest checkpoint of run.output, or of FOLDER",
    )


def resumed_from(args: argparse.Namespace, config: Config) -> str | None:
    """Where --resume goes on from, a folder of checkpoints; None: a new run.

    Raises: UserError for a new run where run.output holds one already.
    """
    from paddle_mfs.engine.checkpoint import checkpoints

    folder = f"{config.run.output}/checkpoints"
    if args.resume is None and checkpoints(folder):
        raise UserError(
            f"{config.run.output}: holds a run already; continue it with --resume or choose another -o run.output="
        )
    return None if args.resume is None else args.resume or folder
