"""MobileFaceSwap as it is trained and stored: the IIN and the IDN's two heads, in the public checkpoint's layout."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.models.fusion import FinalHead, fusion_mask
from paddle_mfs.models.idn import IDN, Swap, run_idn
from paddle_mfs.models.iin import IIN
from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.ops.layers import depthwise_conv2d, matmul
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.weights import bundled, load_state, read_card, set_state

MOBILE_ENTRY = "half_pixel"  # in the state of the mobile variant: its upsampling is half-pixel


def _injected(x, kernels, matrices, stride, padding):
    """A separable convolution with weights of G identities over (N, C, H, W), N/G consecutive samples an identity."""
    y = depthwise_conv2d(x, kernels, None, stride, padding)
    groups, n, (h, w) = max(kernels.shape[0], matrices.shape[0]), x.shape[0], y.shape[2:]  # an ablated kind has 1
    y = matmul(matrices.unsqueeze(1), y.reshape([groups, n // groups, -1, h * w]))
    return y.reshape([n, -1, h, w])


@MODELS.register("mobilefaceswap")
class MobileFaceSwap(IIN):
    """IIN + `final` + `mask`: everything that is learned. Its state dict has exactly the public names.

    Many identities in one batch (training) go through `forward`; one identity for many frames is `bake`d into an IDN.
    Both give the same pixels (tests/models/test_mfs.py). The mobile variant's state has one more entry, MOBILE_ENTRY,
    by which its files are known; where something is ablated (`prediction`, `modulation`, `masked` False) entries are
    missing.
    """

    def __init__(
        self,
        feature_width: int = 512,
        embedding_width: int = 192,
        residual: bool = True,
        mobile: bool = False,
        prediction: bool = True,
        modulation: bool = True,
        masked: bool = True,
    ):
        super().__init__(feature_width, embedding_width, residual, prediction, modulation)
        self.masked = masked
        self.final = FinalHead(mobile)
        self.mask = fusion_mask(mobile, masked)
        self._frozen: list[nn.Layer] = []
        if mobile:
            self.register_buffer(MOBILE_ENTRY, paddle.ones([1]))

    @property
    def mobile(self) -> bool:
        """Whether this is the mobile variant (half-pixel upsampling)."""
        return MOBILE_ENTRY in self._buffers

    def as_variant(self, mobile: bool) -> MobileFaceSwap:
        """This network, or the other variant with its weights, to be trained further: they were made for this one."""
        if mobile == self.mobile:
            return self
        state = {name: value for name, value in self.state_dict().items() if name != MOBILE_ENTRY}
        net = net_for({**state, MOBILE_ENTRY: paddle.ones([1])} if mobile else state)
        if self.training:
            net.train()
        return net

    def ablated(self, prediction: bool, modulation: bool, masked: bool) -> MobileFaceSwap:
        """This network, or one that has only some of its parts, as they are here, to be trained further.

        Raises UserError, the end of a sentence, when a part is asked for that this one does not have.
        """
        wanted = prediction, modulation, masked
        if wanted == (self.prediction, self.modulation, self.masked):
            return self
        net = MobileFaceSwap(self.feature_width, self.embedding_width, self.residual, self.mobile, *wanted)
        state = self.state_dict()
        lacking = [name for name in net.state_dict() if name not in state]
        if lacking:
            raise UserError(f"has no {lacking[0]}")
        set_state(net, {name: state[name] for name in net.state_dict()}, "weights")
        return net

    def freeze(self, beginnings: Sequence[str]) -> None:
        """Keep the sub-layers and parameters whose names begin so as they are, the statistics of their batch norms too.

        Raises UserError when nothing is called so.
        """

        def met(name, beginning):
            return f"{name}.".startswith(f"{beginning}.")

        self._frozen = [layer for name, layer in self.named_sublayers() if any(met(name, one) for one in beginnings)]
        for beginning in beginnings:
            parameters = [parameter for name, parameter in self.named_parameters() if met(name, beginning)]
            if not parameters:
                raise UserError(f"model.frozen: no part of the network is called {beginning}")
            for parameter in parameters:
                parameter.stop_gradient = True

    def train(self) -> None:
        """Training mode, but for what is frozen."""
        super().train()
        for layer in self._frozen:
            layer.eval()

    def forward(self, x: paddle.Tensor, embedding: paddle.Tensor, feature: paddle.Tensor) -> Swap:
        """Target crops (N, 3, S, S) RGB in [0, 1], N/G consecutive ones for each of G identities -> Swap.

        embedding (G, embedding_width) of unit length; feature (G, feature_width, 7, 7).
        """
        weights = self.inject(embedding, feature)
        encoder = [
            functools.partial(_injected, kernels=k, matrices=m, stride=2, padding=1)
            for k, m in zip(weights.encoder_depthwise, weights.encoder_pointwise)
        ]
        decoder = [
            functools.partial(_injected, kernels=k, matrices=m, stride=1, padding=0 if self.mobile else 1)
            for k, m in zip(weights.decoder_depthwise, weights.decoder_pointwise)
        ]
        return run_idn(x, encoder, decoder, self.final, self.mask, self.mobile)

    @paddle.no_grad()
    def bake(self, embedding: paddle.Tensor, feature: paddle.Tensor, into: IDN | None = None) -> IDN:
        """One identity, embedding (1, embedding_width) and feature (1, feature_width, 7, 7) -> IDN in eval mode.

        into: one that this network baked before, to be given this identity instead of its own: to make the layers takes
            half of the time.
        """
        training = self.training
        self.eval()
        idn = IDN(self.mobile, self.masked) if into is None else into
        idn.set_identity(self.inject(F.normalize(embedding), feature))
        idn.final.set_state_dict(self.final.state_dict())
        idn.mask.set_state_dict(self.mask.state_dict())
        if training:
            self.train()
        return freeze(idn)


def load_mfs(path: str | Path | None = None) -> MobileFaceSwap:
    """Load MobileFaceSwap weights, ours or the public `MobileFaceSwap_224.pdparams` -> MobileFaceSwap in eval mode.

    The widths and the form (residual or purely predicted kernels, mobile or not, what is ablated) are read off the
    file. None loads the bundled weights. A file whose card names another `over` which it lies holds only what differs
    from that one.
    Raises UserError when a file is missing, truncated, or of another network.
    """
    path = Path(bundled("mfs_224") if path is None else path)
    state, below = load_state(path), read_card(path).get("over")
    if below:
        under = path.with_name(below["file"])
        state = {**load_state(under), **state}
        if sha256(under) != below["sha256"]:
            raise UserError(
                f"{under}: is not the file that {path.name} was made for (its card has the hash); get both again"
            )
    return net_for(state, path)


def net_for(state: Mapping[str, np.ndarray | paddle.Tensor], origin: str | Path = "weights") -> MobileFaceSwap:
    """The MobileFaceSwap that a state dict belongs to, loaded, in eval mode; `origin` names it in errors."""
    first, style = state.get("predictor.first.weight"), state.get("EncoderModulation.0.style.weight")
    net = MobileFaceSwap(
        feature_width=first.shape[1] if first is not None and first.ndim == 4 else 512,
        embedding_width=style.shape[0] if style is not None and style.ndim == 2 else 512,
        residual="predictor.base_enc.0" in state,
        mobile=MOBILE_ENTRY in state,
        prediction=first is not None,
        modulation=style is not None,
        masked="mask.5.weight" in state,
    )
    set_state(net, state, origin)
    net.eval()
    return net
