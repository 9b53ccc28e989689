"""A source picture -> an IDN with its identity baked in, and the facts about what it was made from.

picture -> face/ (find, landmarks, align at 112) -> encoder (embedding, feature) -> MobileFaceSwap.bake -> IDN
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import paddle

from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import Face, FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.face.light import Light
from paddle_mfs.models.embedder import FaceEmbedder, check_widths, load_encoder
from paddle_mfs.models.idn import SIZE
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.provenance import picture_sha256, weights_facts
from paddle_mfs.runtime import choose, make_runner
from paddle_mfs.swap.identity import Identity, is_identity_file, load_identity
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import printable
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.weights import bundled


class Baker:
    """The networks that make identities, loaded once for any number of them.

    Args:
        weights: path of MobileFaceSwap weights, ours or the public ones; None: the bundled ones.
        encoder: path of the encoder's weights that belong to them; None: the bundled ones.
        analyser: a `FaceAnalyser` to use again; None makes one.
        engine: what runs the networks, see `runtime.make_runner`.
    Attributes:
        facts: {"weights", "encoder"} as `Identity.facts` has them. encoder_size: side of the encoder's crop in pixels.
    Raises: UserError for weights that do not load or do not match.
    """

    def __init__(
        self,
        weights: str | Path | None = None,
        encoder: str | Path | None = None,
        analyser: FaceAnalyser | None = None,
        engine: str = "auto",
    ):
        choose(engine)
        self.engine, self.analyser = engine, analyser or FaceAnalyser(engine=engine)
        self._net, network = load_mfs(weights), load_encoder(encoder)
        check_widths(self._net, network, weights, encoder)
        self.facts = {
            "weights": weights_facts(weights or bundled("mfs_224")),
            "encoder": weights_facts(encoder or bundled("mobilefacenet")),
        }
        self.encoder_size = network.input_size
        self._embed = make_runner(
            FaceEmbedder(network), engine, name="encoder", weights=self.facts["encoder"]["sha256"]
        )

    def embed(self, image: np.ndarray, face: Face) -> Sequence[np.ndarray]:
        """What the encoder sees in a face: image (H, W, 3) uint8 RGB, `Face` -> embedding (1, E) of unit length,
        feature (1, F, 7, 7)."""
        crop, _ = align(image, face.five, self.encoder_size)
        return self._embed(to_batch(crop))

    def recognise(self, image: np.ndarray, face: Face) -> np.ndarray:
        """The embedding (1, E) to tell people apart by: that of `embed`, in a light that the encoder knows."""
        crop, _ = align(image, face.five, self.encoder_size)
        return self._embed(to_batch(Light.of(crop).known(crop)))[0]

    def identity(self, source: str | Path | np.ndarray) -> Identity:
        """Bake the identity of the largest face of `source`, a path or (H, W, 3) uint8 RGB; an identity file is loaded.

        Raises: UserError for a picture that cannot be read or shows no face.
        """
        if not isinstance(source, np.ndarray) and is_identity_file(source):
            return self._loaded(source)
        if isinstance(source, np.ndarray):
            image, name, called = source, "source", "source"
        else:
            image, name, called = read_image(source), printable(Path(source).stem), printable(source)
        face = self.analyser.largest(image, called)
        embedding, feature = self.embed(image, face)
        facts = {"source_sha256": picture_sha256(source), **self.facts}
        return Identity(
            self._idn(embedding, feature),
            align(image, face.five, SIZE)[0],
            facts,
            name,
            embedding,
            feature,
            self.engine,
        )

    def combined(self, sources: Sequence[str | Path]) -> tuple[Identity, list[tuple[np.ndarray, Face]]]:
        """The identity of several photos of one person: the mean of what the encoder sees; crop and name of the first.

        Returns: Identity, and the faces found as a list of (image, Face). Raises: UserError as `identity` does.
        """
        images = [read_image(source) for source in sources]
        faces = [self.analyser.largest(image, str(source)) for image, source in zip(images, sources)]
        seen = [self.embed(image, face) for image, face in zip(images, faces)]
        embedding, feature = (np.mean(part, 0) for part in zip(*seen))
        embedding /= np.linalg.norm(embedding)
        first = self.identity(sources[0])
        hashes = [picture_sha256(source) for source in sources]
        facts = {**first.facts, "source_sha256": hashes if len(hashes) > 1 else hashes[0]}
        made = dataclasses.replace(
            first, idn=self._idn(embedding, feature), embedding=embedding, feature=feature, facts=facts
        )
        return made, list(zip(images, faces))

    def _loaded(self, path: str | Path) -> Identity:
        identity = load_identity(path, self.engine)
        if identity.facts["weights"]["sha256"] != self.facts["weights"]["sha256"]:
            raise UserError(
                f"{path}: was made from other weights ({identity.facts['weights']['file']}) than the ones in use; "
                "name them with --weights, or make it again with tools/personalize.py"
            )
        return identity

    def between(self, identity: Identity, image: np.ndarray, face: Face, strength: float) -> Identity:
        """The identity that lies between a target's own (strength 0) and `identity` (1, which is returned as it is), or
        beyond.

        Embedding and feature map are interpolated linearly, above 1 extrapolated; `bake` brings the embedding back to
        unit length. What a refined identity has learned beyond them comes in by the same share.
        """
        if strength == 1:
            return identity
        own = self.embed(image, face)
        embedding, feature = (
            np.float32(1 - strength) * a + np.float32(strength) * b
            for a, b in zip(own, (identity.embedding, identity.feature))
        )
        idn = self._idn(embedding, feature)
        if identity.is_refined:
            before = self._idn(identity.embedding, identity.feature).state_dict()
            learned = identity.idn.state_dict()
            idn.set_state_dict(
                {name: value + strength * (learned[name] - before[name]) for name, value in idn.state_dict().items()}
            )
        return dataclasses.replace(identity, idn=idn, embedding=embedding, feature=feature)

    def of_embedding(self, embedding: np.ndarray, feature: np.ndarray, crop: np.ndarray, name: str) -> Identity:
        """The identity of nobody's picture: embedding (1, E), feature (1, F, 7, 7), as `embed` gives them; crop, name:
        see `Identity`. Its facts name no source."""
        idn = self._idn(embedding, feature)
        return Identity(idn, crop, dict(self.facts), name, embedding, feature, self.engine)

    def _idn(self, embedding, feature):
        return self._net.bake(paddle.to_tensor(embedding), paddle.to_tensor(feature))


def bake(
    source: str | Path | np.ndarray,
    weights: str | Path | None = None,
    encoder: str | Path | None = None,
    analyser: FaceAnalyser | None = None,
    engine: str = "auto",
) -> Identity:
    """`Baker(weights, encoder, analyser, engine).identity(source)`: one identity, of a path or (H, W, 3) uint8 RGB."""
    return Baker(weights, encoder, analyser, engine).identity(source)
