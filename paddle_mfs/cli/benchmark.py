"""Size of the IDN and the time of every step around it relative to the IDN's own; or training; exports; int8; clips; tracking.

python tools/benchmark.py
python tools/benchmark.py --training        # crops a second, from Paddle's own operators to ours
python tools/benchmark.py --export          # plain export against ours: kernels, sizes, speed, as Markdown
python tools/benchmark.py --video           # clips, decode to encode, beside the usual shape of such a pipeline, as Markdown
python tools/benchmark.py --tracking        # following faces: jitter, lag, overshoot, time of a frame, as Markdown
python tools/benchmark.py --upsampling      # ways of upsampling: multiply-adds, memory traffic, x86 time, as Markdown
python tools/benchmark.py --int8            # ways to choose 8-bit ranges, and what int8 loses, as Markdown
"""

import argparse
import json

from paddle_mfs.utils.resources import resource

SAMPLES = resource("samples")
LONG_CLIP = 1500  # frames


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", default=SAMPLES / "source.jpg", help="whose face (default: samples/source.jpg)")
    parser.add_argument(
        "--target", default=SAMPLES / "target.jpg", help="picture to time on (default: samples/target.jpg)"
    )
    parser.add_argument("--repeats", type=int, default=10, help="runs of each step, the median counts (default: 10)")
    parser.add_argument(
        "--training", action="store_true", help="time training steps instead, on samples/faces at 128 px"
    )
    parser.add_argument(
        "--export", action="store_true", help="compare the plain export with ours instead, for every target"
    )
    parser.add_argument(
        "--video", action="store_true", help="time whole clips instead: 512 px and 1280x720, made of --target"
    )
    parser.add_argument("--frames", type=int, default=200, help="of each clip of --video (default: 200)")
    parser.add_argument(
        "--upsampling", action="store_true", help="compare ways of upsampling instead, on the whole network"
    )
    parser.add_argument("--int8", action="store_true", help="compare ways to quantise for arm instead (minutes)")
    parser.add_argument(
        "--faces",
        help="of --int8: folder of faces to measure on (default: a third of samples/faces; the others calibrate)",
    )
    parser.add_argument(
        "--tracking", action="store_true", help="follow the face of --target in clips made of it instead"
    )
    parser.add_argument("--threads", type=int, default=1, help="of every engine of --export (default: 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    return parser.parse_args()


def training(as_json):
    from tempfile import TemporaryDirectory

    from paddle_mfs.bench.swap import time_training
    from paddle_mfs.engine.trainer import Trainer
    from paddle_mfs.ops import threads
    from paddle_mfs.utils.config import load_config

    threads.use_threads(1)
    with TemporaryDirectory() as folder:
        config = load_config(
            resource("configs") / "smoke.yml", [f"data.faces={SAMPLES / 'faces'}", f"run.output={folder}"]
        )
        speeds = time_training(Trainer(config))
    if as_json:
        print(json.dumps(speeds))
        return
    first = next(iter(speeds.values()))
    print(f"{'training at 128 px, one thread; each line adds to the one above':<66} {'crops/s':>8} {'ratio':>6}")
    for name, speed in speeds.items():
        print(f"{name:<66} {speed:8.1f} {speed / first:6.1f}")


def export(args):
    from paddle_mfs.bench.export import compare_exports, markdown
    from paddle_mfs.export.check import crops_to_batch
    from paddle_mfs.swap.baker import bake

    identity = bake(args.source)
    report = compare_exports(
        identity.idn, crops_to_batch([identity.crop])[:1], max(1, args.repeats), max(1, args.threads)
    )
    print(json.dumps(report) if args.json else markdown(report))


def video(args):
    from paddle_mfs.bench.video import compare, markdown
    from paddle_mfs.face.image import read_image
    from paddle_mfs.swap.swapper import FaceSwapper

    frames = max(10, args.frames)
    turns = 3 if frames < LONG_CLIP else 1  # a long clip is there to watch the memory
    results = compare(FaceSwapper(args.source), read_image(args.target), frames, turns)
    print(json.dumps(results) if args.json else markdown(results))


def upsampling(args):
    from paddle_mfs.bench.upsampling import compare_upsampling, markdown
    from paddle_mfs.export.check import crops_to_batch
    from paddle_mfs.swap.baker import bake

    identity = bake(args.source)
    rows = compare_upsampling(identity.idn, crops_to_batch([identity.crop])[:1], max(1, args.repeats))
    print(json.dumps(rows) if args.json else markdown(rows))


def int8(args):
    from paddle_mfs.bench.int8 import compare_ways, markdown
    from paddle_mfs.export.int8 import split_crops
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.metrics.crop import load_crop
    from paddle_mfs.swap.baker import bake

    identity, source = bake(args.source), load_crop(args.source, FaceAnalyser())
    faces, measured = split_crops(SAMPLES / "faces")
    if args.faces:
        measured = [face for part in split_crops(args.faces) for face in part]
    report = compare_ways(identity.idn, (source.image, source.landmarks), faces, measured)
    print(json.dumps(report) if args.json else markdown(report))


def tracking(args):
    from paddle_mfs.bench.tracking import markdown, measure
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.face.image import read_image

    report = measure(FaceAnalyser(), read_image(args.target))
    print(json.dumps(report) if args.json else markdown(report))


def main():
    args = arguments()
    if args.video:
        return video(args)
    if args.upsampling:
        return upsampling(args)
    if args.int8:
        return int8(args)
    if args.tracking:
        return tracking(args)
    if args.training:
        return training(args.json)
    if args.export:
        return export(args)
    from paddle_mfs.bench.swap import MAX_MACS, MAX_PARAMETERS, count_macs, count_parameters, time_stages
    from paddle_mfs.face.image import read_image
    from paddle_mfs.swap.swapper import FaceSwapper

    swapper = FaceSwapper(args.source)
    idn = swapper.identity.idn
    parameters, macs = count_parameters(idn), count_macs(idn)
    milliseconds = time_stages(swapper, read_image(args.target), max(1, args.repeats))
    around = sum(value for name, value in milliseconds.items() if name != "IDN")
    ratios = {name: value / milliseconds["IDN"] for name, value in {**milliseconds, "all but the IDN": around}.items()}
    if args.json:
        print(
            json.dumps({"parameters": parameters, "macs": macs, "milliseconds": milliseconds, "ratio_to_idn": ratios})
        )
        return
    print(f"IDN parameters  {parameters / 1e6:8.3f} M  (at most {MAX_PARAMETERS / 1e6:.3f})")
    print(
        f"IDN MACs        {macs['total'] / 1e9:8.3f} G  (at most {MAX_MACS / 1e9:.2f}; "
        f"convolutions {macs['convolution'] / 1e9:.3f})"
    )
    print(f"\n{'step':<16} {'ms':>8} {'of the IDN':>11}")
    for name, ratio in ratios.items():
        print(f"{name:<16} {ratio * milliseconds['IDN']:8.1f} {ratio:11.2f}")
