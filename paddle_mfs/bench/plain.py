"""The IDN traced as it is, every operator as dygraph has it: what is counted and what our exports are compared with."""

from pathlib import Path

import paddle

from paddle_mfs.graph.nodes import INPUT, SHAPE
from paddle_mfs.graph.program import NAME
from paddle_mfs.models.idn import IDN
from paddle_mfs.runtime.trace import record


def copy_of(idn: IDN, mobile: bool | None = None) -> IDN:
    """A second IDN with the weights of a baked one, in eval mode; without a fusion mask where that one has none.

    mobile: the variant of the copy; None: the same one. All weights serve both variants (but were trained for one).
    """
    copy = IDN(idn.mobile if mobile is None else mobile, masked=idn.masked)
    copy.set_state_dict(idn.state_dict())
    copy.eval()
    return copy


def exportable(idn: IDN) -> paddle.nn.Layer:
    """A static copy of a baked IDN for `paddle.jit.save`; the IDN in use is left as it was.

    Input `image` (1, 3, 224, 224) RGB in [0, 1]; outputs as in `graph.nodes.OUTPUTS`.
    """
    return record(copy_of(idn), {INPUT: SHAPE})


def save_plain(idn: IDN, folder: str | Path) -> None:
    """`paddle.jit.save` of a baked IDN: `folder`/idn.pdmodel and idn.pdiparams without any rewrite."""
    paddle.jit.save(exportable(idn), str(Path(folder) / NAME))
    (Path(folder) / f"{NAME}.pdiparams.info").unlink(missing_ok=True)  # training metadata, unused
