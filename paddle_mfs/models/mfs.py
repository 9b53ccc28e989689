"""MobileFaceSwap as it is trained and stored: the IIN with the two heads of the IDN, in the public checkpoint layout."""
import functools

import paddle
import paddle.nn.functional as F

from paddle_mfs.models.fusion import FinalHead, FusionMask
from paddle_mfs.models.idn import IDN, run_idn
from paddle_mfs.models.iin import DECODER, ENCODER, IIN
from paddle_mfs.models.layers import depthwise_conv2d
from paddle_mfs.registry import MODELS
from paddle_mfs.weights import bundled, check_state, load_state


def _injected(x, kernels, matrices, stride):
    """A separable convolution with weights of G identities over (N, C, H, W), N/G consecutive samples an identity."""
    y = depthwise_conv2d(x, kernels, None, stride, 1)
    groups, n, (h, w) = kernels.shape[0], x.shape[0], y.shape[2:]
    y = paddle.matmul(matrices.unsqueeze(1), y.reshape([groups, n // groups, -1, h * w]))
    return y.reshape([n, -1, h, w])


@MODELS.register("mobilefaceswap")
class MobileFaceSwap(IIN):
    """IIN + `final` + `mask`: everything that is learned. Its state dict has exactly the public names.

    Many identities in one batch (training) go through `forward`; one identity for many frames is `bake`d into an IDN.
    Both give the same pixels (tests/models/test_mfs.py).
    """

    def __init__(self, feature_width=512, embedding_width=192, residual=True):
        super().__init__(feature_width, embedding_width, residual)
        self.final = FinalHead()
        self.mask = FusionMask()

    def forward(self, x, embedding, feature):
        """Target crops (N, 3, S, S) RGB in [0, 1], N/G consecutive ones for each of G identities -> Swap.

        embedding (G, embedding_width) of unit length; feature (G, feature_width, 7, 7).
        """
        weights = self.inject(embedding, feature)
        encoder = [functools.partial(_injected, kernels=k, matrices=m, stride=2)
                   for k, m in zip(weights.encoder_depthwise, weights.encoder_pointwise)]
        decoder = [functools.partial(_injected, kernels=k, matrices=m, stride=1)
                   for k, m in zip(weights.decoder_depthwise, weights.decoder_pointwise)]
        return run_idn(x, encoder, decoder, self.final, self.mask)

    @paddle.no_grad()
    def bake(self, embedding, feature):
        """One identity, embedding (1, embedding_width) and feature (1, feature_width, 7, 7) -> IDN in eval mode."""
        training = self.training
        self.eval()
        idn = IDN()
        idn.set_identity(self.inject(F.normalize(embedding), feature))
        idn.final.set_state_dict(self.final.state_dict())
        idn.mask.set_state_dict(self.mask.state_dict())
        if training:
            self.train()
        idn.eval()
        for parameter in idn.parameters():
            parameter.stop_gradient = True
        return idn


def load_mfs(path=None):
    """Load MobileFaceSwap weights, ours or the public `MobileFaceSwap_224.pdparams` -> MobileFaceSwap in eval mode.

    The widths and the form (residual or purely predicted kernels) are read off the file. None loads the bundled weights.
    Raises UserError when the file is missing, truncated, or of another network.
    """
    path = bundled("mfs_224") if path is None else path
    return net_for(load_state(path), path)


def net_for(state, origin="weights"):
    """Build the MobileFaceSwap a state dict belongs to and load it -> MobileFaceSwap in eval mode; `origin` names it in errors."""
    first, style = state.get("predictor.first.weight"), state.get("EncoderModulation.0.style.weight")
    net = MobileFaceSwap(feature_width=first.shape[1] if first is not None and first.ndim == 4 else 512,
                         embedding_width=style.shape[0] if style is not None and style.ndim == 2 else 512,
                         residual="predictor.base_enc.0" in state)
    check_state({name: value.shape for name, value in net.state_dict().items()}, state, origin)
    net.set_state_dict(state)
    net.eval()
    return net
