"""What a .nb can be made for: opt's places, the precisions that make sense there, and the rewrites a target adds."""
from dataclasses import dataclass
from typing import Dict, Tuple

from paddle_mfs.errors import UserError
from paddle_mfs.export.rewrites import EXACT, depthwise_4x4_as_5x5, leaky_relu_as_relu

PRECISIONS = ("fp32", "fp16")


@dataclass(frozen=True)
class Target:
    """
    Attributes:
        places: what opt takes as valid places, the first preferred.
        passes: precision -> rewrites, in order.
        only_fp32: why there is no fp16 file, for the error message.
    """
    places: str
    passes: Dict[str, Tuple]
    only_fp32: str = ""


# 5x5: Paddle-Lite's fp32 has no fast 4x4 depthwise on arm and x86 (arm not timed with the other passes). OpenCL would pay for the
# bigger kernel. relu: the APU's converter knows no LeakyReLU; without this the network falls into 17 pieces.
TARGETS = {
    "arm": Target("arm", {"fp32": EXACT + (depthwise_4x4_as_5x5,), "fp16": EXACT}),
    "gpu": Target("opencl,arm", {"fp32": EXACT}, "the GPU chooses at run time, fp16 where it can: use the fp32 file"),
    "npu": Target("mediatek_apu,arm", {"fp32": EXACT + (leaky_relu_as_relu,)}, "the APU's driver chooses its own precision"),
    "nnapi": Target("android_nnapi,arm", {"fp32": EXACT}, "the NNAPI driver chooses its own precision"),
    "x86": Target("x86", {"fp32": EXACT + (depthwise_4x4_as_5x5,)}, "Paddle-Lite has no fp16 kernels for x86"),
}
ALIASES = {"opencl": "gpu"}


def parse_targets(text, precision="fp32"):
    """"arm,gpu,x86" -> list of targets, each once; "all" means every target that has this precision.

    Raises: UserError naming an unknown target, or saying why a target has no such precision.
    """
    if precision not in PRECISIONS:
        raise UserError(f"precision {precision!r}: unknown; choose among {', '.join(PRECISIONS)}")
    words = [part.strip() for part in text.split(",") if part.strip()]
    if "all" in words:
        words = [name for name in TARGETS if precision in TARGETS[name].passes]
    targets = list(dict.fromkeys(ALIASES.get(word, word) for word in words))
    unknown = [target for target in targets if target not in TARGETS]
    if unknown or not targets:
        raise UserError(f"target {', '.join(unknown) or repr(text)}: unknown; choose among {', '.join(TARGETS)}, all")
    for target in targets:
        if precision not in TARGETS[target].passes:
            raise UserError(f"target {target} with precision {precision}: {TARGETS[target].only_fp32}")
    return targets
