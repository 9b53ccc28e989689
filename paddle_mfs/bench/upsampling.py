"""Ways of upsampling, compared on the whole network: multiply-adds, memory traffic, time of the x86 .nb in one run."""

import functools
import tempfile
from pathlib import Path

import numpy as np

from paddle_mfs.bench.plain import copy_of, save_plain
from paddle_mfs.bench.stopwatch import take_turns
from paddle_mfs.graph.nodes import Node, chains, is_depthwise, is_pointwise, read_idn, substitute
from paddle_mfs.graph.program import NAME, Program
from paddle_mfs.graph.rewrites import EXACT, depthwise_4x4_as_5x5, exact, rewrite, share_upsampling
from paddle_mfs.graph.targets import BASIC
from paddle_mfs.graph.upsampling import upsampling_as_transposed
from paddle_mfs.models.idn import IDN
from paddle_mfs.runtime.lite import LiteRunner, optimise
from paddle_mfs.utils.table import markdown_table

FREE = ("leaky_relu", "norm", "reshape")  # what a runtime does inside the convolution before it, or by renaming


def nothing(nodes: list[Node]) -> list[Node]:
    """No rewrite of the half-pixel upsampling: its operators run as they are."""
    return nodes


def pointwise_first(nodes: list[Node]) -> list[Node]:
    """upsample, depthwise, 1x1 -> 1x1, upsample, depthwise of fewer channels.

    NOT the same network: it would have to be trained.
    """
    for upsample, depthwise, pointwise in chains(nodes, "upsample", "conv", "conv"):
        if is_depthwise(depthwise) and is_pointwise(pointwise):
            outputs = len(pointwise.settings["weight"])
            low = pointwise.changed(inputs=upsample.inputs, output=f"{pointwise.output}.narrow")
            weight, bias = depthwise.settings["weight"][:outputs], depthwise.settings["bias"]
            fewer = depthwise.changed(
                output=pointwise.output, weight=weight, groups=outputs, bias=None if bias is None else bias[:outputs]
            )
            nodes = substitute(
                nodes, [upsample, depthwise, pointwise], [low, upsample.changed(inputs=(low.output,)), fewer]
            )
    return nodes


UNSHARED = tuple(one for one in EXACT if one is not share_upsampling)
#         name, half-pixel, passes, whether x86 has the kernels
FORMS = (
    ("corners aligned, as exported without sharing", False, UNSHARED, True),
    ("corners aligned, bottleneck upsampled once (bundled weights)", False, EXACT, True),
    ("half-pixel, as operators", True, exact(nothing), True),
    ("half-pixel, folded into the depthwise + pixel shuffle (mobile; Paddle)", True, EXACT, True),
    ("the same from depthwise convolutions of copies + transposes (mobile; arm, x86)", True, EXACT + BASIC, True),
    ("half-pixel, as depthwise transposed convolution (mobile; gpu)", True, exact(upsampling_as_transposed), False),
    ("half-pixel, 1x1 first: another network, untrained", True, (exact(nothing)[0], pointwise_first, *EXACT[1:]), True),
)


def costs(nodes: list[Node], program: Program) -> tuple[int, int]:
    """Multiply-adds, and bytes of float32 read and written by the nodes.

    Activations and norms after a convolution are free; a bilinear upsampling is 4 multiply-adds a new value.
    """
    sizes = {name: int(np.prod(variable.shape)) for name, variable in program.variables.items()}
    macs = moved = 0
    for node in nodes:
        if node.kind in FREE:
            continue
        weight = node.settings.get("weight", np.zeros(0))
        if node.kind == "conv":
            macs += sizes[node.output] * int(np.prod(weight.shape[1:]))
        elif node.kind == "transposed":
            macs += sizes[node.inputs[0]] * int(np.prod(weight.shape[1:]))
        elif node.kind == "upsample":
            macs += 4 * sizes[node.output]
        moved += 4 * (sizes[node.output] + sum(sizes[name] for name in node.inputs) + weight.size)
    return macs, moved


def compare_upsampling(idn: IDN, crop: np.ndarray, repeats: int = 20) -> list[dict]:
    """Build the network in every form, count, and time those an x86 .nb can hold, taking turns.

    Args:
        idn: baked IDN of the public form; its weights serve for all (which pixels come out plays no part here).
        crop: (1, 3, 224, 224) float32 in [0, 1].
    Returns: list of {"form", "macs", "bytes", "milliseconds", "to_plain"}; the last two are None where x86 has no
        kernel. The first entry is the plain export, whose macs and bytes are None.
    """
    mobile = copy_of(idn, mobile=True)
    rows: list[dict] = [{"form": "plain export", "macs": None, "bytes": None}]
    runners = {}
    with tempfile.TemporaryDirectory(prefix="paddle_mfs_") as temporary:
        folder = Path(temporary)
        save_plain(idn, folder)
        optimise(folder / f"{NAME}.pdmodel", "x86", folder / "plain.nb")
        runners["plain export"] = LiteRunner(folder / "plain.nb")
        for form, is_mobile, passes, runs in FORMS:
            nodes = rewrite(read_idn(mobile if is_mobile else idn), (*passes, depthwise_4x4_as_5x5))
            program = Program(nodes)
            macs, moved = costs(nodes, program)
            rows.append({"form": form, "macs": macs, "bytes": moved})
            if runs:
                program.save(folder)
                optimise(folder / f"{NAME}.pdmodel", "x86", folder / "one.nb")
                runners[form] = LiteRunner(folder / "one.nb")
    medians = take_turns({name: functools.partial(run, crop) for name, run in runners.items()}, repeats)
    for row in rows:
        row["milliseconds"] = medians.get(row["form"])
        row["to_plain"] = row["milliseconds"] and row["milliseconds"] / medians["plain export"]
    return rows


def markdown(rows: list[dict]) -> str:
    """The rows of `compare_upsampling` as a Markdown table."""

    def shown(value, form, scale=1.0):
        return "" if value is None else form.format(value / scale)

    cells = [
        (
            row["form"],
            shown(row["macs"], "{:.3f}", 1e9),
            shown(row["bytes"], "{:.1f}", 1e6),
            shown(row["milliseconds"], "{:.1f}"),
            shown(row["to_plain"], "{:.2f}"),
        )
        for row in rows
    ]
    return markdown_table(["upsampling", "G multiply-adds", "MB moved", "x86 `.nb`, ms", "to plain"], cells)
