"""The IDN traced as it is, every operator as dygraph has it: what is counted and what our exports are compared with."""

from pathlib import Path

import paddle

from paddle_mfs.graph.nodes import INPUT, SHAPE
from paddle_mfs.graph.program import NAME
from paddle_mfs.models.idn import IDN
from paddle_mfs.runtime.trace import record


def exportable(idn):
    """A static copy of a baked IDN for `paddle.jit.save`; the IDN in use is left as it was.

    Input `image` (1, 3, 224, 224) RGB in [0, 1]; outputs as in graph.OUTPUTS.
    """
    copy = IDN(idn.mobile, idn.masked)
    copy.set_state_dict(idn.state_dict())
    return record(copy, SHAPE, INPUT)


def save_plain(idn, folder):
    """`paddle.jit.save` of a baked IDN: `folder`/idn.pdmodel and idn.pdiparams without any rewrite."""
    paddle.jit.save(exportable(idn), str(Path(folder) / NAME))
    (Path(folder) / f"{NAME}.pdiparams.info").unlink(missing_ok=True)  # training metadata, unused
