"""L_landmarks, ours: the result's face mesh lies where the target's does, so that expression and pose survive.

The mesh network is the one that shape is measured with (metrics/shape.py): a shape error of weights trained with this
term says less than one of weights trained without.
"""

import paddle
import paddle.nn as nn

from paddle_mfs.losses.term import LOSSES, Resources, Term, View, real_pictures
from paddle_mfs.models import create_model
from paddle_mfs.ops.resample import area_resize


@LOSSES.register("landmarks")
class Landmarks(Term):
    """Mean distance of the 468 landmarks, as a share of the crop's side.

    The whole crop is shown to the network, not the region around the mesh that it is used with elsewhere: the landmarks
    found are some pixels off, for result and target alike. Of a reverse pair the taught picture is looked at: its
    target is painted, and what the network reads there is off by what the teacher has done.

    Args:
        network: models.facemesh.FaceMesh, frozen.
    """

    symbol, word = "L_landmarks", "landmarks"

    def __init__(self, network: nn.Layer):
        super().__init__()
        self.network = network

    @classmethod
    def build(cls, resources: Resources) -> "Landmarks":
        return cls(create_model("facemesh", weights="bundled"))

    def forward(self, view: View) -> paddle.Tensor:
        return self.distance(view.swap.result, real_pictures(view.batch))

    def distance(self, result: paddle.Tensor, target: paddle.Tensor) -> paddle.Tensor:
        """Result and target (N, 3, S, S) RGB in [0, 1], S >= 192 (smaller crops are enlarged) -> (N,)."""
        with paddle.no_grad():
            wanted = self.landmarks(target)
        return ((self.landmarks(result) - wanted).square().sum(-1) + 1e-12).sqrt().mean(1)

    def landmarks(self, image: paddle.Tensor) -> paddle.Tensor:
        """(N, 3, S, S) RGB in [0, 1] -> (N, 468, 2) as shares of the side."""
        size, wanted = image.shape[-1], self.network.input_size
        if size > wanted:
            image = area_resize(image, wanted)
        elif size < wanted:
            image = nn.functional.interpolate(image, size=[wanted, wanted], mode="bilinear")
        return self.network(image)[0][..., :2] / wanted
