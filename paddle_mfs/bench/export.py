"""Plain export against ours, in one run: kernels and sizes for every target, speed for what runs on this machine."""

import functools
import tempfile
from pathlib import Path

import numpy as np

from paddle_mfs.bench.plain import save_plain
from paddle_mfs.bench.stopwatch import take_turns
from paddle_mfs.export.census import census
from paddle_mfs.export.check import reference
from paddle_mfs.export.paddle import save_program
from paddle_mfs.graph.program import NAME
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.models.idn import IDN
from paddle_mfs.ops.threads import use_threads
from paddle_mfs.runtime import choose
from paddle_mfs.runtime.lite import LiteRunner, optimise
from paddle_mfs.runtime.openvino import OpenVINORunner
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.utils.table import markdown_table


def _count(nb):
    counted = census(nb)
    return {
        "kernels": counted["total"],
        "subgraphs": counted["subgraphs"],
        "copies": counted["copies"],
        "cpu": counted["cpu"],
        "bytes": nb.stat().st_size,
    }


def _export_all(idn, folder):
    """Write every .nb -> {"arm fp32": {"plain": counts, "ours": counts}, ...}.

    Leaves both programs in `folder`/plain and `folder`/ours.
    """
    counts = {}
    (folder / "plain").mkdir()
    save_plain(idn, folder / "plain")
    for target, settings in TARGETS.items():
        for precision, passes in settings.passes.items():
            if precision == "int8":  # wants calibration: int8.py
                continue
            nb = {"plain": folder / f"plain_{target}_{precision}.nb", "ours": folder / f"ours_{target}_{precision}.nb"}
            rewritten = folder / f"{target}_{precision}"
            rewritten.mkdir()
            save_program(idn, rewritten, passes)
            optimise(folder / "plain" / f"{NAME}.pdmodel", settings.places, nb["plain"], precision)
            optimise(rewritten / f"{NAME}.pdmodel", settings.places, nb["ours"], precision)
            counts[f"{target} {precision}"] = {which: _count(path) for which, path in nb.items()}
    (folder / "ours").mkdir()
    save_program(idn, folder / "ours")
    return counts


def _runners(idn, folder, threads):
    """(engine, graph) -> callable, a crop (1, 3, 224, 224) -> outputs."""
    import paddle

    def dygraph(x):
        with paddle.no_grad():
            return [output.numpy() for output in idn(paddle.to_tensor(x))]

    runners = {
        ("dygraph", "Paddle's own operators"): lambda x: reference(idn, x),
        ("dygraph", "compiled kernels"): dygraph,
    }
    for graph in ("plain", "ours"):
        runners["Paddle-Lite x86", graph] = LiteRunner(folder / f"{graph}_x86_fp32.nb")
        program = folder / graph / f"{NAME}.pdmodel"
        runners["Paddle Inference", graph] = PaddleRunner(program, threads)
        if choose("auto") == "openvino":
            runners["OpenVINO", graph] = OpenVINORunner(program, threads)
    return runners


def compare_exports(idn: IDN, crop: np.ndarray, repeats: int = 10, threads: int = 1) -> dict:
    """Export a baked IDN with and without the rewrites, count the kernels, time what runs here.

    Args:
        crop: (1, 3, 224, 224) float32 in [0, 1].
        repeats: timed runs; all take turns, so a busy machine slows all alike, and the median counts.
        threads: of every engine.
    Returns: {"threads", "targets": {"arm fp32": {"plain": counts, "ours": counts}}, "milliseconds": {engine: {graph:
        ms}}, "ratios": {engine: {"to plain", "to dygraph"}}}; "to dygraph" is to Paddle's own operators.
    Raises: UserError when paddlelite is missing or opt fails.
    """
    use_threads(threads)
    with tempfile.TemporaryDirectory(prefix="paddle_mfs_") as folder:
        targets, runners = _export_all(idn, Path(folder)), _runners(idn, Path(folder), threads)
        medians = take_turns({name: functools.partial(run, crop) for name, run in runners.items()}, repeats)
    milliseconds: dict[str, dict[str, float]] = {}
    for (engine, graph), value in medians.items():
        milliseconds.setdefault(engine, {})[graph] = value
    slowest = milliseconds["dygraph"]["Paddle's own operators"]
    ratios = {
        engine: {"to plain": values["ours"] / values["plain"], "to dygraph": values["ours"] / slowest}
        for engine, values in milliseconds.items()
        if engine != "dygraph"
    }
    return {"threads": threads, "targets": targets, "milliseconds": milliseconds, "ratios": ratios}


def markdown(report: dict) -> str:
    """The report of `compare_exports` as two Markdown tables."""
    counts = []
    for name, both in report["targets"].items():
        sides = (both["plain"], both["ours"])
        pairs = [side[key] for key in ("kernels", "subgraphs", "copies") for side in sides]
        counts.append([name, *pairs, *(f"{side['bytes'] / 1e6:.2f}" for side in sides)])
    headers = [f"{name}{of}" for name in ("kernels", "subgraphs", "copies", "MB") for of in (", plain", "")]
    times, dygraph = [], report["milliseconds"]["dygraph"]
    for engine, ratio in report["ratios"].items():
        ms = report["milliseconds"][engine]
        shares = f"{ratio['to plain']:.2f}", f"{ratio['to dygraph']:.3f}"
        times.append([engine, f"{ms['plain']:.1f}", f"{ms['ours']:.1f}", *shares])
    for operators, ms in dygraph.items():
        slowest = dygraph["Paddle's own operators"]
        times.append([f"dygraph, {operators}", f"{ms:.1f}", "", "", f"{ms / slowest:.3f}"])
    one = [f"one crop, {report['threads']} thread(s)", "plain, ms", "ours, ms", "ours / plain", "ours / dygraph"]
    return f"{markdown_table(['`.nb`', *headers], counts)}\n\n{markdown_table(one, times)}"
