"""What things cost: the network and the steps around it, clips, tracking, training, exports, 8 bits and so on.

python tools/benchmark.py                   # the same as `swap`: size of the IDN, time of every step around it
python tools/benchmark.py video             # clips, decode to encode
python tools/benchmark.py export --help     # each command has options of its own
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from paddle_mfs.utils.resources import resource

SAMPLES = resource("samples")
FEWEST_FRAMES, LONG_CLIP = 10, 1500  # frames; a long clip is there to watch the memory
SHORTEST_CLIP = 2.0  # seconds
PEERS = ("simswap", "faceshifter")  # of bench/peers.py, which loads Paddle
DEFAULT = "swap"  # the command that runs when none is named

# What a command returns: its report, printed as it is with --json, and what makes a table of it
Answer = tuple[object, Callable[..., str]]


def arguments() -> argparse.Namespace:
    """The command line; `run` is the function of the command."""
    summary, _, examples = (__doc__ or "").partition("\n\n")
    parser = _described(argparse.ArgumentParser, summary, examples)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(run, *shared):
        summary, _, examples = run.__doc__.partition("\n\n")
        one = _described(
            commands.add_parser, summary, examples, name=run.__name__, help=summary, parents=[*shared, as_json]
        )
        one.set_defaults(run=run)
        return one.add_argument

    source = _shared("--source", default=SAMPLES / "source.jpg", help="whose face (default: samples/source.jpg)")
    target = _shared("--target", default=SAMPLES / "target.jpg", help="on whom (default: samples/target.jpg)")
    repeats = _shared("--repeats", type=int, default=10, help="runs of each, the median counts (default: 10)")
    as_json = _shared("--json", action="store_true", help="print one JSON object instead of the table")

    command(swap, source, target, repeats)
    option = command(video, source, target)
    option("--frames", type=int, default=200, help="of each clip, 10 or more (default: 200)")
    option("--turns", type=int, help="on each clip, the medians count (default: 3; 1 from 1500 frames on)")
    option("--face", default="largest", help="largest, all or an index: whom we swap (default: largest)")
    option = command(live, source, target)
    option("--minutes", type=float, default=30.0, help="how long it plays (default: 30)")
    option = command(tracking, target)
    option("--seconds", type=float, default=4.0, help="of each clip, 2 or more (default: 4)")
    option = command(training)
    option("--steps", type=int, default=4, help="timed steps of each stage (default: 4)")
    option("--size", type=int, default=128, help="crop side in pixels, a multiple of 32 (default: 128)")
    option("--identities", type=int, default=6, help="source faces in a batch, two crops of each (default: 6)")
    option = command(export, source, repeats)
    option("--threads", type=int, default=1, help="of every engine (default: 1)")
    option = command(int8, source)
    option("--faces", help="faces to measure on (default: a third of samples/faces; the others calibrate)")
    option("--crops", type=int, help="calibrate with so many faces and measure on so many, at most (default: all)")
    option(
        "--ways",
        nargs="+",
        default=(),
        metavar="WAY",
        help='as the table calls them, as "avg, one crop" (default: all)',
    )
    command(upsampling, source, repeats)
    option = command(peers, source, target, repeats)
    option("--threads", type=int, default=1, help="of the engine (default: 1)")
    option(
        "--networks",
        nargs="+",
        default=PEERS,
        choices=PEERS,
        help="beside the IDN; FaceShifter's needs about 6 GB of memory (default: all)",
    )
    option = command(deploy, source, target)
    option("--bundle", help="an x86 bundle of tools/export_lite.py --bundle (default: one is made, a minute)")
    option("--turns", type=int, default=3, help="of each, the medians count (default: 3)")
    option = command(bundle)
    option("--faces", default=SAMPLES / "heldout", help="folder of pictures of faces (default: samples/heldout)")
    option("--count", type=int, default=5, help="sources, on so many others; 2 or more (default: 5)")

    words = sys.argv[1:]
    is_named = words and (not words[0].startswith("-") or words[0] in ("-h", "--help"))
    return parser.parse_args(words if is_named else [DEFAULT, *words])


def _described(make, summary, examples, **options):
    """A parser with examples below its options."""
    lines = "\n".join(f"  {line.strip()}" for line in examples.strip().splitlines())
    formatter = argparse.RawDescriptionHelpFormatter
    return make(description=summary, epilog=f"examples:\n{lines}", formatter_class=formatter, **options)


def _shared(name, **settings):
    """A parent of commands: one option."""
    parent = argparse.ArgumentParser(add_help=False)
    parent.add_argument(name, **settings)
    return parent


def swap(args: argparse.Namespace) -> Answer:
    """Size of the IDN and the time of every step around it relative to the IDN's own.

    python tools/benchmark.py swap
    python tools/benchmark.py swap --repeats 30 --json
    """
    from paddle_mfs.bench.swap import measure, text
    from paddle_mfs.face.image import read_image
    from paddle_mfs.swap.swapper import FaceSwapper

    return measure(FaceSwapper(args.source), read_image(args.target), max(1, args.repeats)), text


def video(args: argparse.Namespace) -> Answer:
    """Clips made of the target, decode to encode, beside the usual shape of such a pipeline, as Markdown.

    python tools/benchmark.py video
    python tools/benchmark.py video --frames 15000      # ten minutes of clip: memory
    """
    from paddle_mfs.bench.video import compare, markdown
    from paddle_mfs.face.image import read_image
    from paddle_mfs.swap.swapper import FaceSwapper

    frames = max(FEWEST_FRAMES, args.frames)
    turns = args.turns or (3 if frames < LONG_CLIP else 1)
    swapper, picture = FaceSwapper(args.source), read_image(args.target)
    return compare(swapper, picture, frames, max(1, turns), face=args.face), markdown


def live(args: argparse.Namespace) -> Answer:
    """Memory of the live swap over time: a clip made of the target, looped in a camera's place, recorded, as Markdown.

    python tools/benchmark.py live
    python tools/benchmark.py live --minutes 1
    """
    from paddle_mfs.bench.live import markdown, measure
    from paddle_mfs.face.image import read_image
    from paddle_mfs.swap.swapper import FaceSwapper
    from paddle_mfs.utils.numbers import check_number

    check_number("--minutes", args.minutes, 0, above=True)
    return measure(FaceSwapper(args.source), read_image(args.target), args.minutes), markdown


def tracking(args: argparse.Namespace) -> Answer:
    """Following the target's face in clips made of it: jitter, lag, overshoot, time of a frame, as Markdown.

    python tools/benchmark.py tracking
    python tools/benchmark.py tracking --seconds 2      # half the time
    """
    from paddle_mfs.bench.tracking import markdown, measure
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.face.image import read_image

    return measure(FaceAnalyser(), read_image(args.target), max(SHORTEST_CLIP, args.seconds)), markdown


def training(args: argparse.Namespace) -> Answer:
    """Crops a second in training, on samples/faces and one thread, from Paddle's own operators to ours.

    python tools/benchmark.py training
    python tools/benchmark.py training --size 64 --identities 1 --steps 1       # seconds
    """
    import functools
    from tempfile import TemporaryDirectory

    from paddle_mfs.bench.training import text, time_training
    from paddle_mfs.engine.trainer import Trainer
    from paddle_mfs.ops.threads import use_threads
    from paddle_mfs.utils.config import load_config

    use_threads(1)
    with TemporaryDirectory() as folder:
        changes = [f"data.faces={SAMPLES / 'faces'}", f"data.size={args.size}", f"data.identities={args.identities}"]
        trainer = Trainer(load_config(resource("configs") / "smoke.yml", [*changes, f"run.output={folder}"]))
        return time_training(trainer, max(1, args.steps)), functools.partial(text, size=args.size)


def export(args: argparse.Namespace) -> Answer:
    """Plain export against ours for every target: kernels, sizes, and the speed of what runs here, as Markdown.

    python tools/benchmark.py export --repeats 30
    python tools/benchmark.py export --threads 2 --json
    """
    from paddle_mfs.bench.export import compare_exports, markdown

    idn, crop = _baked(args.source)
    return compare_exports(idn, crop, max(1, args.repeats), max(1, args.threads)), markdown


def int8(args: argparse.Namespace) -> Answer:
    """Ways to choose 8-bit ranges for arm, and what int8 loses, as Markdown (minutes).

    python tools/benchmark.py int8 --faces samples/heldout
    python tools/benchmark.py int8 --crops 2 --ways avg abs_max     # seconds
    """
    from paddle_mfs.bench.int8 import chosen, compare_ways, markdown
    from paddle_mfs.export.int8 import split_crops
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.metrics.crop import load_crop

    ways = chosen(args.ways)  # a mistake in them is told before any work
    (idn, _), source = _baked(args.source), load_crop(args.source, FaceAnalyser())
    faces, measured = split_crops(SAMPLES / "faces")
    if args.faces:
        measured = [face for part in split_crops(args.faces) for face in part]
    most = None if args.crops is None else max(1, args.crops)
    return compare_ways(idn, source.face, faces[:most], measured[:most], ways), markdown


def upsampling(args: argparse.Namespace) -> Answer:
    """Ways of upsampling, on the whole network: multiply-adds, memory traffic, x86 time, as Markdown.

    python tools/benchmark.py upsampling --repeats 30
    """
    from paddle_mfs.bench.upsampling import compare_upsampling, markdown

    idn, crop = _baked(args.source)
    return compare_upsampling(idn, crop, max(1, args.repeats)), markdown


def peers(args: argparse.Namespace) -> Answer:
    """SimSwap's and FaceShifter's generators beside the IDN: multiply-adds, time and memory of a frame, as Markdown.

    python tools/benchmark.py peers                     # random weights; a minute
    python tools/benchmark.py peers --networks simswap
    """
    from paddle_mfs.bench.peers import markdown, measure
    from paddle_mfs.face.align import align
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.face.image import read_image
    from paddle_mfs.models.idn import SIZE

    (idn, _), picture = _baked(args.source), read_image(args.target)
    crop, _ = align(picture, FaceAnalyser().largest(picture, str(args.target)).five, SIZE)
    return measure(idn, crop, max(1, args.repeats), args.networks, max(1, args.threads)), markdown


def deploy(args: argparse.Namespace) -> Answer:
    """The C++ core of deploy/, built here: around the networks, a frame beside Python's, a new source, as Markdown.

    python tools/benchmark.py deploy
    python tools/benchmark.py deploy --bundle output/x86.zip --turns 1
    """
    from paddle_mfs.bench.deploy import markdown, measure
    from paddle_mfs.face.image import read_image

    return measure(args.source, read_image(args.target), args.bundle, max(1, args.turns)), markdown


def bundle(args: argparse.Namespace) -> Answer:
    """Which files a phone can patch for a new source, and what smaller weights of encoder and IIN lose, as Markdown.

    python tools/benchmark.py bundle
    python tools/benchmark.py bundle --count 2      # less than a minute
    """
    from paddle_mfs.bench.bundle import markdown, measure
    from paddle_mfs.utils.errors import UserError

    count = max(2, args.count)
    pictures = sorted(Path(args.faces).glob("*.jpg"))
    if len(pictures) < 2 * count:
        raise UserError(f"{args.faces}: holds {len(pictures)} .jpg pictures, {2 * count} are needed; lower --count")
    return measure(pictures[:count], pictures[count : 2 * count]), markdown


def _baked(source):
    """The IDN of a source, and the source's own crop as it takes it, (1, 3, 224, 224)."""
    from paddle_mfs.swap.baker import bake
    from paddle_mfs.utils.tensor import to_batch

    identity = bake(source)
    return identity.idn, to_batch(identity.crop)


def main() -> None:
    """Run one benchmark and print its table, or its report as JSON."""
    args = arguments()
    report, table = args.run(args)
    print(json.dumps(report) if args.json else table(report))
