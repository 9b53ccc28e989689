"""Ways to choose the 8-bit ranges, tried on one graph: what quantise.METHOD was chosen by."""

import tempfile
import time
from pathlib import Path

import numpy as np

from paddle_mfs.export.census import kernels
from paddle_mfs.export.check import reference
from paddle_mfs.export.int8 import OPERATORS, Quantiser
from paddle_mfs.export.quantise import METHOD, error, quantise
from paddle_mfs.graph.nodes import read_idn
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.metrics.background import psnr
from paddle_mfs.runtime.lite import optimise
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.utils.tensor import to_batch

#       what the table calls it        settings of quantise.quantise
WAYS = [
    ("avg", {}),
    ("avg, one crop", {"crops": 1}),
    ("avg, two crops", {"crops": 2}),
    ("avg, four crops", {"crops": 4}),
    ("avg, one scale a weight tensor", {"weight_quantize_type": "abs_max"}),
    ("avg, bias correction", {"bias_correction": True}),
    ("avg, ONNX format", {"onnx_format": True}),
    ("abs_max", {"method": "abs_max"}),
    ("hist, 99.99 %", {"method": "hist", "hist_percent": 0.9999}),
    ("ptf", {"method": "ptf"}),
    ("emd", {"method": "emd"}),
    ("mse", {"method": "mse"}),
    ("mse, ONNX format", {"method": "mse", "onnx_format": True}),
    ("KL", {"method": "KL"}),
]


def compare_ways(idn, source, faces, measured, ways=WAYS):
    """Quantise the arm graph in several ways, then measure arm and npu as they are exported, all layers in int8.

    Args:
        idn: baked IDN. source, faces, measured: as for `int8.Quantiser`.
    Returns: {"faces", "measured" (how many), "ways": {way: {"psnr_db", "mask_psnr_db", "time" (of the first way's), "int8"
        (kernels), "bytes"}}, "targets": {target: facts of `Quantiser.measure`}}.
    """
    images, held = (to_batch([crop for crop, _ in part]) for part in (faces, measured))
    expected, rows, first = reference(idn, held), {}, None
    nodes = rewrite(read_idn(idn), TARGETS["arm"].passes["int8"])
    for name, options in ways:
        with tempfile.TemporaryDirectory(prefix="paddle_mfs_") as folder:
            settings, start = dict(options), time.perf_counter()
            program = quantise(nodes, folder, images[: settings.pop("crops", None)], **settings)
            took = time.perf_counter() - start
            nb, first, runner = Path(folder) / "arm.nb", first or took, PaddleRunner(program)
            optimise(program, TARGETS["arm"].places, nb)
            results, masks = (np.concatenate(outputs) for outputs in zip(*(runner(image[None]) for image in held)))
            rows[name] = {
                "psnr_db": psnr(np.mean(error(results, expected[0]))),
                "mask_psnr_db": psnr(np.mean(error(masks, expected[1]))),
                "time": took / first,
                "int8": sum(kernel.precision == "int8" and kernel.operator != "calib" for kernel in kernels(nb)),
                "bytes": nb.stat().st_size,
            }
    targets = {}
    for target, operators in OPERATORS.items():
        with tempfile.TemporaryDirectory(prefix="paddle_mfs_") as folder:
            program = quantise(rewrite(read_idn(idn), TARGETS[target].passes["int8"]), folder, images, operators)
            targets[target] = Quantiser(source, faces, measured, "").measure(PaddleRunner(program), held, expected)
    return {"faces": len(faces), "measured": len(measured), "ways": rows, "targets": targets}


def markdown(report):
    """The report of `compare_ways` as two Markdown tables."""
    lines = [
        f"| calibrated on {report['faces']} crops, measured on {report['measured']} | result, dB | mask, dB "
        f"| time, of {METHOD} | int8 kernels | MB |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row['psnr_db']:.2f} | {row['mask_psnr_db']:.2f} | {row['time']:.1f} | {row['int8']} | "
        f"{row['bytes'] / 1e6:.2f} |"
        for name, row in report["ways"].items()
    ]
    lines += [
        "",
        "| target | result, dB | worst crop, dB | mask, dB | to the teacher, fp32, dB | int8, dB "
        "| distance to the source, fp32 | int8 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for target, row in report["targets"].items():
        teacher, source = row["psnr_to_teacher_db"], row["distance_to_source"]
        lines.append(
            f"| {target} | {row['psnr_db']:.2f} | {row['psnr_worst_db']:.2f} | {row['mask_psnr_db']:.2f} | "
            f"{teacher['fp32']:.2f} | {teacher['int8']:.2f} | {source['fp32']:.3f} | {source['int8']:.3f} |"
        )
    return "\n".join(lines)
