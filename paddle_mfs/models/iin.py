"""Identity Injection Network: one source face -> every weight of the IDN's encoder and decoder.

MobileFaceSwap, AAAI 2022, arXiv 2201.03808, section "Identity Injection Network"; parameter names follow the public
checkpoint (github.com/Seanseattle/MobileFaceSwap), hence the capitals in `EncoderModulation`.

Two kinds of Identity Injection Module (IIM):
    weights prediction   depthwise kernels, walked out of the encoder's spatial feature map
    weights modulation   pointwise weights, scaled by a style of the identity embedding and demodulated
"""

from typing import NamedTuple

import paddle
import paddle.nn as nn
import paddle.nn.functional as F

from paddle_mfs.ops.layers import Conv2D, uniform

#                depthwise width -> pointwise width
ENCODER = ((3, 32), (32, 64), (64, 128), (128, 256), (256, 512))  # depthwise 4x4, stride 2
DECODER = ((512, 256), (512, 128), (256, 64), (128, 32))  # depthwise 3x3 after x2 upsampling
HIDDEN = 512  # width of the predictor's trunk
SLOPE = 0.1  # of every LeakyReLU
RESIDUAL_SCALE = 0.1  # of predicted kernels, in the residual form


class IdentityWeights(NamedTuple):
    """The weights the IIN makes for G identities, one tensor a layer.

    Depthwise kernels are (G, c, 4, 4) in the encoder and (G, c, 3, 3) in the decoder; pointwise weights (G, out, in).
    """

    encoder_depthwise: list[paddle.Tensor]
    encoder_pointwise: list[paddle.Tensor]
    decoder_depthwise: list[paddle.Tensor]
    decoder_pointwise: list[paddle.Tensor]


class _KernelBlock(nn.Layer):
    """One step of the predictor's walk: conv 3x3, BN, LeakyReLU; a conv 3x3 head emits the kernels of one IDN layer."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv = Conv2D(inputs, outputs, 3, padding=1)
        self.norm = nn.BatchNorm2D(outputs)
        self.weight = Conv2D(outputs, outputs, 3, padding=1)

    def forward(self, x):
        x = F.leaky_relu(self.norm(self.conv(x)), SLOPE)
        return x, self.weight(x)


def _base_kernels(layer, widths, k):
    """Learned kernels (c, k, k), one a layer of the IDN, shared by all identities."""
    return nn.ParameterList(
        [
            layer.create_parameter([width, k, k], default_initializer=nn.initializer.Normal(0.0, 0.3))
            for width, _ in widths
        ]
    )


class WeightsPrediction(nn.Layer):
    """IIM for depthwise kernels: feature map (G, feature_width, 7, 7) -> kernels of the encoder and of the decoder.

    `residual` adds a learned base kernel an IDN layer, shared by all identities: kernel = base + 0.1 * predicted.
    Without it (the public form) the kernel is the prediction alone.
    """

    def __init__(self, feature_width: int, residual: bool):
        super().__init__()
        self.first = Conv2D(feature_width, HIDDEN, 4)
        self.norm = nn.BatchNorm2D(HIDDEN)
        self.first_decoder = Conv2D(HIDDEN, HIDDEN, 2)
        self.decoder_norm = nn.BatchNorm2D(HIDDEN)
        encoder = [HIDDEN] + [width for width, _ in reversed(ENCODER)]  # 512 256 128 64 32 3, read in reverse
        decoder = [HIDDEN] + [width for width, _ in DECODER]  # 512 512 512 256 128
        self.encoder = nn.LayerList([_KernelBlock(a, b) for a, b in zip(encoder, encoder[1:])])
        self.decoder = nn.LayerList([_KernelBlock(a, b) for a, b in zip(decoder, decoder[1:])])
        self.residual = residual
        if residual:
            self.base_enc, self.base_dec = _base_kernels(self, ENCODER, 4), _base_kernels(self, DECODER, 3)

    def forward(self, feature: paddle.Tensor) -> tuple[list[paddle.Tensor], list[paddle.Tensor]]:
        trunk = F.leaky_relu(self.norm(self.first(feature)), SLOPE)  # (G, 512, 4, 4)
        x, encoder = trunk, []
        for block in self.encoder:
            x, kernels = block(x)
            encoder.append(kernels)
        y, decoder = F.leaky_relu(self.decoder_norm(self.first_decoder(trunk)), SLOPE), []  # (G, 512, 3, 3)
        for block in self.decoder:
            y, kernels = block(y)
            decoder.append(kernels)
        encoder.reverse()
        if self.residual:
            encoder = [base + RESIDUAL_SCALE * kernels for base, kernels in zip(self.base_enc, encoder)]
            decoder = [base + RESIDUAL_SCALE * kernels for base, kernels in zip(self.base_dec, decoder)]
        return encoder, decoder


class SharedKernels(nn.Layer):
    """Stands in for WeightsPrediction where it is ablated: learned kernels (1, c, k, k) for every identity."""

    def __init__(self):
        super().__init__()
        self.base_enc, self.base_dec = _base_kernels(self, ENCODER, 4), _base_kernels(self, DECODER, 3)

    def forward(self, feature: paddle.Tensor) -> tuple[list[paddle.Tensor], list[paddle.Tensor]]:
        return [base.unsqueeze(0) for base in self.base_enc], [base.unsqueeze(0) for base in self.base_dec]


class WeightsModulation(nn.Layer):
    """IIM for pointwise weights: W' = W * (style + 1) per input channel, then W'' = W' / sqrt(sum_in W'^2 + eps).

    embedding (G, embedding_width) -> (G, outputs, inputs).
    """

    EPSILON = 1e-16

    def __init__(self, inputs: int, outputs: int, embedding_width: int):
        super().__init__()
        self.style = nn.Linear(embedding_width, inputs, uniform(embedding_width))
        self.weight = self.create_parameter(
            [outputs, inputs, 1, 1], default_initializer=nn.initializer.Normal(0.0, inputs**-0.5)
        )

    def forward(self, embedding: paddle.Tensor) -> paddle.Tensor:
        weight = self.weight.squeeze([2, 3]).unsqueeze(0) * (self.style(embedding) + 1).unsqueeze(1)
        return weight * paddle.rsqrt((weight * weight).sum(2, keepdim=True) + self.EPSILON)


class SharedWeights(nn.Layer):
    """Stands in for WeightsModulation where it is ablated: learned weights (1, outputs, inputs) for every identity."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__()
        self.weight = self.create_parameter(
            [outputs, inputs, 1, 1], default_initializer=nn.initializer.Normal(0.0, inputs**-0.5)
        )

    def forward(self, embedding: paddle.Tensor) -> paddle.Tensor:
        return self.weight.squeeze([2, 3]).unsqueeze(0)


class IIN(nn.Layer):
    """Identity embedding and feature map of G source faces -> IdentityWeights.

    Args:
        feature_width: channels of the encoder's last spatial feature map (512 for both encoders here).
        embedding_width: 192 for the bundled MobileFaceNet, 512 for the public ArcFace.
        residual: learned base kernels plus predicted differences (ours), or predicted kernels alone (public weights).
        prediction, modulation: False ablates a kind of IIM: its weights are learned directly, the same for every
            identity.
    """

    def __init__(
        self,
        feature_width: int = 512,
        embedding_width: int = 192,
        residual: bool = True,
        prediction: bool = True,
        modulation: bool = True,
    ):
        super().__init__()
        self.feature_width, self.embedding_width, self.residual = feature_width, embedding_width, residual
        self.prediction, self.modulation = prediction, modulation
        self.EncoderModulation, self.DecoderModulation = (
            nn.LayerList(
                [WeightsModulation(i, o, embedding_width) if modulation else SharedWeights(i, o) for i, o in layers]
            )
            for layers in (ENCODER, DECODER)
        )
        self.predictor = WeightsPrediction(feature_width, residual) if prediction else SharedKernels()

    def inject(self, embedding: paddle.Tensor, feature: paddle.Tensor) -> IdentityWeights:
        """embedding (G, embedding_width) of unit length, feature (G, feature_width, 7, 7) -> IdentityWeights.

        What is ablated has a first axis of 1 instead of G.
        """
        encoder, decoder = self.predictor(feature)
        return IdentityWeights(
            encoder,
            [m(embedding) for m in self.EncoderModulation],
            decoder,
            [m(embedding) for m in self.DecoderModulation],
        )
