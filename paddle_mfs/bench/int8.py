"""Ways to choose the 8-bit ranges, tried on one graph: what `export.quantise.METHOD` was chosen by."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from paddle_mfs.bench.stopwatch import turns_of
from paddle_mfs.export.census import kernels
from paddle_mfs.export.check import reference
from paddle_mfs.export.int8 import OPERATORS, Quantiser
from paddle_mfs.export.quantise import error, quantise
from paddle_mfs.face.align import AlignedFace
from paddle_mfs.graph.nodes import read_idn
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.metrics.background import psnr
from paddle_mfs.models.idn import IDN
from paddle_mfs.runtime.lite import optimise
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.table import markdown_table
from paddle_mfs.utils.tensor import to_batch

#       what the table calls it        settings of quantise.quantise
WAYS: dict[str, dict] = {
    "avg": {},
    "avg, one crop": {"crops": 1},
    "avg, two crops": {"crops": 2},
    "avg, four crops": {"crops": 4},
    "avg, one scale a weight tensor": {"weight_quantize_type": "abs_max"},
    "avg, bias correction": {"bias_correction": True},
    "avg, ONNX format": {"onnx_format": True},
    "abs_max": {"method": "abs_max"},
    "hist, 99.99 %": {"method": "hist", "hist_percent": 0.9999},
    "ptf": {"method": "ptf"},
    "emd": {"method": "emd"},
    "mse": {"method": "mse"},
    "mse, ONNX format": {"method": "mse", "onnx_format": True},
    "KL": {"method": "KL"},
}


def chosen(names: Sequence[str]) -> dict[str, dict]:
    """The ways of these names; all where none is named. Raises UserError for a name that is none."""
    unknown = [name for name in names if name not in WAYS]
    if unknown:
        raise UserError(f"no way to choose 8-bit ranges is called {unknown[0]!r}; choose among {'; '.join(WAYS)}")
    return {name: WAYS[name] for name in names or WAYS}


def compare_ways(
    idn: IDN,
    source: AlignedFace,
    faces: list[AlignedFace],
    measured: list[AlignedFace],
    ways: dict[str, dict] | None = None,
) -> dict:
    """Quantise the arm graph in several ways, then measure arm and npu as they are exported, all layers in int8.

    Args:
        idn: baked IDN.
        source, faces, measured: as for `export.int8.Quantiser`.
        ways: name -> settings, as in WAYS; None: all of them.
    Returns: {"faces", "measured" (how many), "ways": {way: {"psnr_db", "mask_psnr_db", "time" (of the first way's),
        "int8" (kernels), "bytes"}}, "targets": {target: facts of `Quantiser.measure`}}.
    """
    images, held = (to_batch([crop for crop, _ in part]) for part in (faces, measured))
    expected = reference(idn, held)
    nodes = rewrite(read_idn(idn), TARGETS["arm"].passes["int8"])
    rows = {name: _measured(nodes, options, images, held, expected) for name, options in (ways or WAYS).items()}
    first = next(iter(rows.values()))["seconds"]
    for row in rows.values():
        row["time"] = row.pop("seconds") / first
    targets = {}
    for target, operators in OPERATORS.items():
        with tempfile.TemporaryDirectory(prefix="paddle_mfs_") as folder:
            program = quantise(rewrite(read_idn(idn), TARGETS[target].passes["int8"]), folder, images, operators)
            targets[target] = Quantiser(source, faces, measured, "").measure(PaddleRunner(program), held, expected)
    return {"faces": len(faces), "measured": len(measured), "ways": rows, "targets": targets}


def _measured(nodes, options, images, held, expected):
    """One way: what is lost, how long it took, what the .nb is made of."""
    settings = dict(options)
    images = images[: settings.pop("crops", None)]
    with tempfile.TemporaryDirectory(prefix="paddle_mfs_") as folder:
        [turn] = turns_of({"": lambda: quantise(nodes, folder, images, **settings)}, 1)[""]
        nb, runner = Path(folder) / "arm.nb", PaddleRunner(turn.result)
        optimise(turn.result, TARGETS["arm"].places, nb)
        results, masks = (np.concatenate(outputs) for outputs in zip(*(runner(image[None]) for image in held)))
        return {
            "psnr_db": psnr(np.mean(error(results, expected[0]))),
            "mask_psnr_db": psnr(np.mean(error(masks, expected[1]))),
            "seconds": turn.seconds,
            "int8": sum(kernel.precision == "int8" and kernel.operator != "calib" for kernel in kernels(nb)),
            "bytes": nb.stat().st_size,
        }


def markdown(report: dict) -> str:
    """The report of `compare_ways` as two Markdown tables."""
    ways = [
        (
            name,
            f"{row['psnr_db']:.2f}",
            f"{row['mask_psnr_db']:.2f}",
            f"{row['time']:.1f}",
            row["int8"],
            f"{row['bytes'] / 1e6:.2f}",
        )
        for name, row in report["ways"].items()
    ]
    crops = f"calibrated on {report['faces']} crops, measured on {report['measured']}"
    headers = [crops, "result, dB", "mask, dB", f"time, of {next(iter(report['ways']))}", "int8 kernels", "MB"]
    targets = []
    for target, row in report["targets"].items():
        losses = [row["psnr_db"], row["psnr_worst_db"], row["mask_psnr_db"]]
        teacher, source = row["psnr_to_teacher_db"], row["distance_to_source"]
        decibels = [f"{value:.2f}" for value in (*losses, teacher["fp32"], teacher["int8"])]
        targets.append([target, *decibels, f"{source['fp32']:.3f}", f"{source['int8']:.3f}"])
    lost = ["target", "result, dB", "worst crop, dB", "mask, dB"]
    lost += ["to the teacher, fp32, dB", "int8, dB", "distance to the source, fp32", "int8"]
    return f"{markdown_table(headers, ways)}\n\n{markdown_table(lost, targets)}"
