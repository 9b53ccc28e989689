"""What a .nb can be made for: opt's places, the precisions that make sense there, and the rewrites a target adds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from paddle_mfs.graph.nodes import Rewrite
from paddle_mfs.graph.rewrites import (
    EXACT,
    centre_input,
    depthwise_4x4_as_5x5,
    exact,
    leaky_relu_as_relu,
    leaky_relu_in_depthwise,
    mask_for_each_colour,
)
from paddle_mfs.graph.upsampling import (
    convolution_before_shuffle,
    join_reshapes,
    outputs_as_copies,
    pointwise_before_shuffle,
    shuffle_as_transposes,
    upsampling_as_transposed,
)
from paddle_mfs.utils.errors import UserError

PRECISIONS = ("fp32", "fp16", "int8")
HALF_PIXEL, ALIGNED = UPSAMPLINGS = ("half-pixel", "aligned")  # the mobile variant's and the public network's
# The mobile variant from depthwise convolutions and basic operators alone
BASIC = (
    pointwise_before_shuffle,
    convolution_before_shuffle,
    outputs_as_copies,
    shuffle_as_transposes,
    join_reshapes,
)


@dataclass(frozen=True)
class Target:
    """One kind of processor.

    Attributes:
        places: what opt takes as valid places, the first preferred.
        passes: precision -> rewrites, in order.
        refused: precision -> why there is no such file, for the error message.
        mobile: whether it gets the mobile variant when nothing else is asked for.
        not_mobile: why there is no file of the mobile variant, if so.
    """

    places: str
    passes: dict[str, tuple[Rewrite, ...]]
    refused: dict[str, str] = field(default_factory=dict)
    mobile: bool = False
    not_mobile: str = ""


DRIVER = (
    "its upsampling is many small operators to a driver, which has the public network's as one; use that "
    "(--upsampling aligned)"
)


# fold_upsampling, upsampling_as_transposed: convolutions at low resolution and a pixel shuffle on arm and x86; OpenCL
#   runs no convolution of single channels with several outputs.
# BASIC: arm has fast kernels for true depthwise convolutions only, and the pixel shuffle is no basic operator. On x86
#   it is a little faster, too.
# depthwise_4x4_as_5x5: Paddle-Lite has no fast 4x4 depthwise in fp32 and int8 on arm and in fp32 on x86. OpenCL would
#   pay for the bigger kernel.
# mask_for_each_colour: arm's fp16 products of one channel with three are fast.
# leaky_relu_as_relu: the APU's converter knows no LeakyReLU; without this the network falls into 17 pieces.
# centre_input: the APU's converter writes 2x - 1 as two steps with one scale between them, which clips in int8.
TARGETS = {
    "arm": Target(
        "arm",
        {
            "fp32": EXACT + BASIC + (depthwise_4x4_as_5x5, mask_for_each_colour),
            "fp16": EXACT + BASIC + (leaky_relu_in_depthwise,),
            "int8": EXACT + BASIC + (depthwise_4x4_as_5x5, mask_for_each_colour),
        },
        mobile=True,
    ),
    "gpu": Target(
        "opencl,arm",
        {"fp32": exact(upsampling_as_transposed)},
        {
            "fp16": "the GPU chooses at run time, fp16 where it can: use the fp32 file",
            "int8": "Paddle-Lite has no int8 kernels for OpenCL, every convolution would go back to the CPU: use arm",
        },
        mobile=True,
    ),
    "npu": Target(
        "mediatek_apu,arm",
        {"fp32": EXACT + (leaky_relu_as_relu,), "int8": EXACT + (leaky_relu_as_relu, centre_input)},
        {"fp16": "the APU's driver chooses its own precision"},
        not_mobile=DRIVER,
    ),
    "nnapi": Target(
        "android_nnapi,arm",
        {"fp32": EXACT},
        {
            "fp16": "the NNAPI driver chooses its own precision",
            "int8": "NNAPI drivers differ in the 8-bit operators they take, and one refused operator refuses the "
            "network: use fp32",
        },
        not_mobile=DRIVER,
    ),
    "x86": Target(
        "x86",
        {"fp32": EXACT + BASIC + (depthwise_4x4_as_5x5,)},
        {
            "fp16": "Paddle-Lite has no fp16 kernels for x86",
            "int8": "Paddle-Lite's int8 kernels for x86 crash on this network or give wrong pixels: use fp32",
        },
    ),
}
ALIASES = {"opencl": "gpu"}


def parse_targets(text: str, precision: str = "fp32", mobile: bool = False) -> list[str]:
    """ "arm,gpu,x86" -> list of targets, each once; "all" means every target that has this precision and variant.

    Raises: UserError naming an unknown target, or saying why a target has no such precision, or cannot run the mobile
        variant.
    """
    if precision not in PRECISIONS:
        raise UserError(f"precision {precision!r}: unknown; choose among {', '.join(PRECISIONS)}")
    words = [part.strip() for part in text.split(",") if part.strip()]
    if "all" in words:
        words = [
            name for name in TARGETS if precision in TARGETS[name].passes and not (mobile and TARGETS[name].not_mobile)
        ]
    targets = list(dict.fromkeys(ALIASES.get(word, word) for word in words))
    unknown = [target for target in targets if target not in TARGETS]
    if unknown or not targets:
        raise UserError(f"target {', '.join(unknown) or repr(text)}: unknown; choose among {', '.join(TARGETS)}, all")
    for target in targets:
        if mobile and TARGETS[target].not_mobile:
            raise UserError(f"target {target} with the mobile variant: {TARGETS[target].not_mobile}")
        if precision not in TARGETS[target].passes:
            raise UserError(f"target {target} with precision {precision}: {TARGETS[target].refused[precision]}")
    return targets


def mobile_targets(targets: Sequence[str], upsampling: str | None = None) -> list[str]:
    """Which of `targets` get the mobile variant.

    Args:
        targets: from `parse_targets`.
        upsampling: one of UPSAMPLINGS for all of them; None: the mobile variant where it is the target's own choice.
    """
    if upsampling is None:
        return [target for target in targets if TARGETS[target].mobile]
    return list(targets) if upsampling == HALF_PIXEL else []
