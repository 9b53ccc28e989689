"""What a training run is made of, built from its config: encoder, network, faces, objective, sampler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paddle
import paddle.nn as nn

from paddle_mfs.data.aligned_face import SIZE
from paddle_mfs.data.augmentation import Augmentation
from paddle_mfs.data.crops import Crops, save_crops
from paddle_mfs.data.faces import ShardedFaces, load_faces
from paddle_mfs.data.glasses import wearers
from paddle_mfs.data.identity_cache import IdentityCache
from paddle_mfs.data.pairs import PairSampler
from paddle_mfs.data.stored_pairs import StoredPairs, StoredPairSampler
from paddle_mfs.engine.adversary import Adversary
from paddle_mfs.engine.objective import Objective
from paddle_mfs.engine.settings import weights_path
from paddle_mfs.losses import create_terms
from paddle_mfs.losses.reweight import Reweighting
from paddle_mfs.losses.term import Resources
from paddle_mfs.models.embedder import FaceEmbedder, check_widths, load_encoder
from paddle_mfs.models.mfs import MobileFaceSwap, load_mfs
from paddle_mfs.models.quality import load_quality
from paddle_mfs.teachers import create_teacher
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.resources import find


@dataclass
class Parts:
    """net: what is trained; objective: its loss; adversary: what trains the discriminator, or None; sampler: makes
    batches."""

    net: MobileFaceSwap
    objective: Objective
    adversary: Adversary | None
    sampler: PairSampler


def build_parts(config: Config, is_first: bool = True) -> Parts:
    """Everything of a distillation run. Random starts follow from run.seed.

    Args:
        config: of configs/distill.yml's shape.
        is_first: of several processes; only this one writes files.
    Raises: UserError.
    """
    paddle.seed(config.run.seed)
    encoder = load_encoder(weights_path(config.model.encoder))
    embedder = FaceEmbedder(encoder)
    net = build_net(config.model, encoder)
    faces = load_faces(config.data.faces, SIZE)
    objective = build_objective(config.loss, embedder, faces, trusts_real=config.data.reverse > 0)
    adversary = None
    if "adversarial" in objective.terms:
        adversary = Adversary(objective.terms["adversarial"], config.loss.discriminator)
    if is_first and isinstance(faces, Crops) and find(config.data.faces).is_dir():
        save_crops(Path(config.run.output) / "faces.npz", faces)
    return Parts(net, objective, adversary, build_sampler(config, embedder, faces))


def build_net(model: Config, encoder: nn.Layer) -> MobileFaceSwap:
    """The network of a config's `model` section, in training mode, with what is to stay as it is frozen.

    A part that the settings leave out is left out of what model.init names, too, and the rest begins as it is there.

    Raises UserError when model.init, encoder and the other settings do not belong together.
    """
    if model.init is None:
        net = MobileFaceSwap(
            encoder.feature_width,
            encoder.embedding_width,
            model.residual,
            model.mobile,
            model.prediction,
            model.modulation,
            model.fusion_mask,
        )
    else:
        net = load_mfs(weights_path(model.init))
        check_widths(net, encoder, model.init, model.encoder)
        try:
            net = net.as_variant(model.mobile).ablated(model.prediction, model.modulation, model.fusion_mask)
        except UserError as error:
            raise UserError(
                f"model.init: {model.init} {error}, which model.prediction, model.modulation and model.fusion_mask "
                "ask for; change those, or start from scratch (model.init=null)"
            ) from None
    net.freeze(model.frozen)
    net.train()
    return net


def build_objective(
    loss: Config, embedder: FaceEmbedder, faces: Crops | ShardedFaces | None = None, trusts_real: bool = False
) -> Objective:
    """The objective of a config's `loss` section.

    Args:
        loss: `weights` (see losses), `reweight`, `distillation`, `quality`, and what the terms with a weight, and L_id,
            read of it.
        faces: the training faces at 160 px or more; only L_id through a second recogniser asks for them.
        trusts_real: see losses.reweight.Reweighting.
    Raises: UserError for a weight that no term has and for networks that cannot be had.
    """

    def training_faces() -> Crops | ShardedFaces:
        if faces is None:
            raise UserError("loss.weights: a term wants the training faces, and here are none; set its weight to 0")
        return faces

    resources = Resources(
        loss,
        lambda count: _spread(training_faces(), count),
        lambda recogniser: IdentityCache(recogniser, training_faces()),
    )
    terms = create_terms(loss.weights, resources)
    quality = None if loss.quality == "none" else load_quality(weights_path(loss.quality))
    reweighting = Reweighting(loss.reweight, quality, loss.distillation, trusts_real)
    return Objective(embedder, loss.weights, terms, reweighting, loss.pasted)


def _spread(faces, count) -> Iterator[np.ndarray]:
    """`count` crops spread evenly over `faces`, all of them when they are fewer."""
    for index in np.unique(np.linspace(0, len(faces) - 1, count).astype(int)):
        yield faces.face(int(index))[0]


def build_sampler(config: Config, embedder: FaceEmbedder, faces: Crops | ShardedFaces) -> PairSampler:
    """What makes the batches, of a teacher's answers or of stored pairs. Raises UserError."""
    data, cache = config.data, IdentityCache(embedder, faces)
    faces = faces.resized(data.size)
    settings = (data.identities, data.targets, data.same_identity, config.run.seed, cache)
    if data.pairs is not None:
        return StoredPairSampler(StoredPairs(data.pairs, faces), faces, *settings)
    glasses = wearers(data.glasses, faces) if data.glasses is not None else ()
    teacher = create_teacher(config.teacher, data.workers)
    return PairSampler(
        faces,
        teacher,
        *settings,
        reverse=data.reverse,
        glasses=glasses,
        augmentation=Augmentation(**data.augmentation),
        worn_sources=data.worn_sources,
    )
