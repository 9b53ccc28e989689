"""The IDN traced as it is, every operator as dygraph has it: what is counted and what our exports are compared with."""
from pathlib import Path

import paddle
import paddle.nn as nn

from paddle_mfs.export.graph import INPUT, SHAPE
from paddle_mfs.export.program import NAME
from paddle_mfs.models.idn import IDN


class _Traced(nn.Layer):
    """Runs a layer while the program is recorded, so that its source need not be rewritten into static control flow."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    @paddle.jit.not_to_static
    def forward(self, image):
        return self.layer(image)


def exportable(idn):
    """A static copy of a baked IDN for `paddle.jit.save`; the IDN in use is left as it was.

    Input `image` (1, 3, 224, 224) RGB in [0, 1]; outputs as in graph.OUTPUTS.
    """
    copy = IDN(idn.half_pixel)
    copy.set_state_dict(idn.state_dict())
    traced = _Traced(copy)
    traced.eval()
    spec = paddle.static.InputSpec(list(SHAPE), "float32", INPUT)
    return paddle.jit.to_static(traced, input_spec=[spec], full_graph=True)


def save_plain(idn, folder):
    """`paddle.jit.save` of a baked IDN: `folder`/idn.pdmodel and idn.pdiparams without any rewrite."""
    paddle.jit.save(exportable(idn), str(Path(folder) / NAME))
    (Path(folder) / f"{NAME}.pdiparams.info").unlink(missing_ok=True)       # training metadata, unused
