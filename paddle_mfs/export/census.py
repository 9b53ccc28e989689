"""Which kernels a .nb runs, read from the file itself.

A .nb is: version (uint16), opt's version (16 bytes), length of the topology (uint64), topology, weights. The topology
is a FlatBuffer in which every operator carries the kernel that opt chose as a string
"operator/alias/target/precision/layout", the last three as numbers of Paddle-Lite's enums (lite/api/paddle_place.h).
FlatBuffers are written back to front.
"""

import collections
import re
import struct
from pathlib import Path
from typing import NamedTuple

from paddle_mfs.export.operators import is_extra
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.table import text_table

META_VERSION, HEADER = 2, 26
PLACES = {1: "host", 2: "x86", 4: "arm", 5: "opencl", 18: "nnadapter"}
PRECISIONS = {1: "fp32", 2: "int8", 4: "any", 5: "fp16"}
COPIES = ("io_copy", "layout", "calib")  # move or convert, compute nothing
IN_AND_OUT = ("feed", "fetch")


class Kernel(NamedTuple):
    """One kernel as it runs: operator ("conv2d"), alias ("def"), place ("arm") and precision ("fp32")."""

    operator: str
    alias: str
    place: str
    precision: str


def kernels(path: str | Path) -> list[Kernel]:
    """The kernels of a .nb in the order they run. Raises UserError when the file is no .nb that can be read here."""
    data = Path(path).read_bytes()
    if len(data) < HEADER or struct.unpack_from("<H", data)[0] != META_VERSION:
        raise UserError(f"{path}: is no Paddle-Lite model of format {META_VERSION}; export it again")
    (size,) = struct.unpack_from("<Q", data, HEADER - 8)
    topology, found = data[HEADER : HEADER + size], []
    for match in re.finditer(rb"(\w+)/(\w+)/(\d+)/(\d+)/(\d+)\0", topology):
        (length,) = struct.unpack_from("<I", topology, match.start() - 4) if match.start() >= 4 else (0,)
        if length == match.end() - match.start() - 1:  # a FlatBuffer string: its length goes before it
            operator, alias, place, precision = (part.decode() for part in match.groups()[:4])
            found.append(
                Kernel(operator, alias, PLACES.get(int(place), place), PRECISIONS.get(int(precision), precision))
            )
    if not found:
        raise UserError(f"{path}: no kernels found in it; it was written by another version of Paddle-Lite")
    return found[::-1]


def census(path: str | Path) -> dict:
    """Counts over the kernels of a .nb, for its card.

    Returns: {"total", "subgraphs" (handed to a driver as one piece), "copies" (io_copy, layout and calib), "cpu"
        (kernels that compute on the CPU), "kernels": {operator: count}, "extra": sorted operators that only a
        Paddle-Lite built with extra operators has, "needs_extra": whether there are any}.
    """
    found = kernels(path)
    computing = [kernel for kernel in found if kernel.operator not in (*COPIES, *IN_AND_OUT)]
    extra = sorted({kernel.operator for kernel in found if is_extra(kernel.operator, kernel.place)})
    return {
        "total": len(found),
        "subgraphs": sum(kernel.operator == "subgraph" for kernel in found),
        "copies": sum(kernel.operator in COPIES for kernel in found),
        "cpu": sum(kernel.place in ("host", "arm", "x86") for kernel in computing),
        "kernels": dict(collections.Counter(kernel.operator for kernel in found).most_common()),
        "extra": extra,
        "needs_extra": bool(extra),
    }


def needed_library(counts: dict) -> str:
    """Words for a line about a .nb with this `census`: that the smaller library does not run it; mostly none."""
    return f", needs a Paddle-Lite with extra operators ({', '.join(counts['extra'])})" if counts["extra"] else ""


def kernel_table(path: str | Path) -> str:
    """The kernels of a .nb in the order they run, as text."""
    rows = [
        (f"{number} {one.operator}", one.place, one.precision, one.alias) for number, one in enumerate(kernels(path), 1)
    ]
    return text_table(["kernel", "place", "precision", "alias"], rows)
