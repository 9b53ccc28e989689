"""Teachers that users bring: public PyTorch files -> weights and cards of this project. Nothing of them is bundled."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddle_mfs.convert.torch_file import read_torch
from paddle_mfs.convert.torch_state import from_torch
from paddle_mfs.utils.files import sha256
from paddle_mfs.weights import save_state, write_card

if TYPE_CHECKING:
    import paddle.nn as nn


@dataclass(frozen=True)
class TeacherNetwork:
    """One network: the class it becomes (module below paddle_mfs, class) and the facts of its card."""

    layer: tuple[str, str]
    file: str  # name of the public file
    title: str
    origin: str
    licence: str
    input: str
    returns: str
    paper: str


SIMSWAP, FACESHIFTER = "https://github.com/neuralchen/SimSwap", "https://github.com/taotaonice/FaceShifter"
TEACHER_NETWORKS = {
    "simswap": TeacherNetwork(
        ("teachers.simswap", "SimSwapGenerator"),
        "latest_net_G.pth",
        "SimSwap generator, 224 px",
        SIMSWAP,
        "CC BY-NC 4.0",
        "target (N, 3, 224, 224) RGB in [0, 1]; identity (N, 512) of unit length",
        "(N, 3, 224, 224) in [0, 1]",
        "https://arxiv.org/abs/2106.06340",
    ),
    "simswap_arcface": TeacherNetwork(
        ("models.arcface", "IRSEResNet"),
        "arcface_checkpoint.tar",
        "SimSwap's identity network, IR-SE ResNet",
        SIMSWAP,
        "CC BY-NC 4.0 as shipped with SimSwap; its training set is not named",
        "(N, 3, 112, 112) RGB, normalised by ImageNet's mean and std, ArcFace template",
        "embedding (N, 512), not normalised; feature (N, 512, 7, 7)",
        "https://arxiv.org/abs/1801.07698",
    ),
    "faceshifter": TeacherNetwork(
        ("teachers.faceshifter", "AEINet"),
        "G_latest.pth",
        "FaceShifter AEI-Net, 256 px",
        FACESHIFTER,
        "not stated by its publishers",
        "target (N, 3, 256, 256) RGB in [-1, 1]; identity (N, 512) of unit length",
        "(N, 3, 256, 256) in [-1, 1]",
        "https://arxiv.org/abs/1912.13457",
    ),
    "faceshifter_arcface": TeacherNetwork(
        ("teachers.ir_se50", "IRSE50"),
        "model_ir_se50.pth",
        "FaceShifter's identity network, IR-SE-50",
        "https://github.com/TreB1eN/InsightFace_Pytorch",
        "MIT for the code; that of the weights is not stated",
        "(N, 3, 112, 112) RGB in [-1, 1], ArcFace template",
        "(N, 512) of unit length",
        "https://arxiv.org/abs/1801.07698",
    ),
    "cosface20": TeacherNetwork(  # teaches nothing: it is to measure by, see docs/evaluation.md
        ("models.cosface", "CosFace20"),
        "ACC99.28.pth",
        "CosFace with 20 layers, a recogniser to measure by",
        "https://github.com/MuggleWang/CosFace_pytorch",
        "not stated by its publisher; trained on CASIA-WebFace",
        "(N, 3, 112, 96) RGB in [-1, 1], ArcFace template less 8 px at the left",
        "(N, 512), not normalised",
        "https://arxiv.org/abs/1801.09414",
    ),
}


def network_layer(name: str, **sizes: Any) -> nn.Layer:
    """The Paddle network of a teacher's file, in its full size or the one given."""
    module, cls = TEACHER_NETWORKS[name].layer
    return getattr(importlib.import_module(f"paddle_mfs.{module}"), cls)(**sizes)


def convert_teacher(name: str, source: str | Path, out: str | Path) -> tuple[Path, dict[str, Any]]:
    """Convert a public PyTorch file key by key to `out`/<name>.pdparams, float32, with its card.

    Args:
        name: a key of TEACHER_NETWORKS.
        source: the file, or the folder in which it lies under its public name.
    Returns: (path, card). Raises UserError for a missing or damaged file, and, naming the keys, for one of another
    network.
    """
    import paddle

    facts, source = TEACHER_NETWORKS[name], Path(source)
    source = source / facts.file if source.is_dir() else source
    tensors = read_torch(source)
    with paddle.LazyGuard():  # names and shapes are wanted, not numbers
        layer = network_layer(name)
    state = from_torch(layer, tensors, source)
    path = Path(out) / f"{name}.pdparams"
    save_state(path, state)
    card = {
        "name": name,
        "title": facts.title,
        "origin": facts.origin,
        "licence": facts.licence,
        "paper": facts.paper,
        "input": facts.input,
        "outputs": facts.returns,
        "made_from": {"file": source.name, "bytes": source.stat().st_size, "sha256": sha256(source)},
        "parameters": int(sum(value.size for value in state.values())),
        "stored_as": "float32",
    }
    write_card(path, card)
    return path, card
