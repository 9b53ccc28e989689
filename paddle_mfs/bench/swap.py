"""What the IDN costs, counted from the traced network, and the time of the steps around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import paddle

from paddle_mfs.bench.macs import count_macs_of
from paddle_mfs.bench.plain import exportable
from paddle_mfs.bench.stopwatch import take_turns
from paddle_mfs.face.align import align
from paddle_mfs.face.paste import paste
from paddle_mfs.models.idn import SIZE
from paddle_mfs.ops.layers import STATISTICS
from paddle_mfs.utils.table import text_table
from paddle_mfs.utils.tensor import to_batch

if TYPE_CHECKING:
    from paddle_mfs.models.idn import IDN
    from paddle_mfs.swap.swapper import FaceSwapper

MAX_PARAMETERS, MAX_MACS = 0.501e6, 0.33e9


def count_parameters(network: paddle.nn.Layer) -> int:
    """Learned numbers of a network, such as a built IDN (batch norm statistics are not learned)."""
    return sum(int(np.prod(value.shape)) for name, value in network.named_parameters() if not name.endswith(STATISTICS))


def count_macs(idn: IDN) -> dict[str, int]:
    """Multiply-adds of one 224 px crop, from the operators of the traced graph, see `count_macs_of`."""
    return count_macs_of(exportable(idn).forward.concrete_program.main_program)


def time_stages(swapper: FaceSwapper, image: np.ndarray, repeats: int = 10) -> dict[str, float]:
    """Milliseconds (median of `repeats`, warm) of each step of swapping the face of `image` (H, W, 3) uint8 RGB.

    The steps take turns, so a busy machine slows all of them alike. Returns {step: ms}; "IDN" is the dygraph forward.
    """
    analyser, idn = swapper.analyser, swapper.identity.idn
    detection = analyser.detector.detect(image)[0]
    face = analyser.largest(image)
    crop, matrix = align(image, face.five, SIZE)
    patch = swapper.patches(image, [face])[0]
    batch = paddle.to_tensor(to_batch(crop))

    def run_idn():
        with paddle.no_grad():
            return [output.numpy() for output in idn(batch)]

    steps = {
        "detection": lambda: analyser.detector.detect(image),
        "landmarks": lambda: analyser.landmarker(image, detection),
        "alignment": lambda: align(image, face.five, SIZE),
        "paste": lambda: paste(image, *patch),
        "IDN": run_idn,
    }
    return take_turns(steps, repeats)


def measure(swapper: FaceSwapper, image: np.ndarray, repeats: int = 10) -> dict:
    """Size of the swapper's IDN, and the time of every step around it; arguments as for `time_stages`.

    Returns: {"parameters", "macs": see `count_macs`, "milliseconds": {step: ms}, "ratio_to_idn": {step: of the IDN's
        time; "all but the IDN" too}}.
    """
    idn = swapper.identity.idn
    parameters, macs, milliseconds = count_parameters(idn), count_macs(idn), time_stages(swapper, image, repeats)
    around = sum(ms for step, ms in milliseconds.items() if step != "IDN")
    ratios = {step: ms / milliseconds["IDN"] for step, ms in {**milliseconds, "all but the IDN": around}.items()}
    return {"parameters": parameters, "macs": macs, "milliseconds": milliseconds, "ratio_to_idn": ratios}


def text(report: dict) -> str:
    """The report of `measure` as text."""
    macs, idn = report["macs"], report["milliseconds"]["IDN"]
    most = f"(at most {MAX_PARAMETERS / 1e6:.3f})", f"(at most {MAX_MACS / 1e9:.2f}; "
    rows = [(step, f"{ratio * idn:.1f}", f"{ratio:.2f}") for step, ratio in report["ratio_to_idn"].items()]
    return (
        f"IDN parameters  {report['parameters'] / 1e6:8.3f} M  {most[0]}\n"
        f"IDN MACs        {macs['total'] / 1e9:8.3f} G  {most[1]}convolutions {macs['convolution'] / 1e9:.3f})\n\n"
        + text_table(["step", "ms", "of the IDN"], rows)
    )
