"""One source picture -> an IDN with its identity baked in, and the facts about what it was made from.

    picture -> face/ (find, landmarks, align at 112) -> encoder (embedding, feature) -> MobileFaceSwap.bake -> IDN
"""
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from paddle_mfs.provenance import picture_sha256, weights_facts
from paddle_mfs.runtime import choose, idn_runner, make_runner


@dataclass
class Identity:
    """A source face, ready to be put on targets.

    Attributes:
        idn: paddle Layer, target crops (N, 3, 224, 224) RGB in [0, 1] -> (result, mask (N, 1, 224, 224)).
        crop: (224, 224, 3) uint8 RGB, the source's own aligned crop.
        facts: source_sha256, weights and encoder ({file, sha256, licence}); what outputs and exports say about themselves.
        name: word for file names (the source file's stem).
        engine: what runs the IDN in `run`, see `runtime.make_runner`.
    """
    idn: object
    crop: np.ndarray
    facts: dict
    name: str
    engine: str = "auto"

    @cached_property
    def run(self):
        """The IDN on its engine, with the weights it has at the first call: see `runtime.idn_runner`."""
        return idn_runner(self.idn, self.engine)


def bake(source, weights=None, encoder=None, analyser=None, engine="auto"):
    """Bake the identity of the largest face of `source` into an IDN.

    Args:
        source: path of a picture, or (H, W, 3) uint8 RGB.
        weights: path of MobileFaceSwap weights, ours or the public ones; None: the bundled ones.
        encoder: path of the encoder's weights that belong to them; None: the bundled ones.
        analyser: a `FaceAnalyser` to use again; None makes one.
        engine: what runs the networks, see `runtime.make_runner`.
    Returns: Identity.
    Raises: UserError for a picture that cannot be read or shows no face, and for weights that do not load or do not match.
    """
    import paddle
    from paddle_mfs.face.align import align
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.face.image import read_image
    from paddle_mfs.models.embedder import FaceEmbedder, check_widths, load_encoder
    from paddle_mfs.models.idn import SIZE
    from paddle_mfs.models.mfs import load_mfs
    from paddle_mfs.weights import bundled

    choose(engine)
    is_array = isinstance(source, np.ndarray)
    name = "source" if is_array else str(source)
    image = source if is_array else read_image(source)
    face = (analyser or FaceAnalyser(engine=engine)).largest(image, name)
    net, network = load_mfs(weights), load_encoder(encoder)
    check_widths(net, network, weights, encoder)
    crop, _ = align(image, face.five, network.input_size)
    pixels = crop.transpose(2, 0, 1)[None] / np.float32(255)
    idn = net.bake(*map(paddle.to_tensor, make_runner(FaceEmbedder(network), engine)(pixels)))
    facts = {"source_sha256": picture_sha256(source),
             "weights": weights_facts(weights or bundled("mfs_224")),
             "encoder": weights_facts(encoder or bundled("mobilefacenet"))}
    return Identity(idn, align(image, face.five, SIZE)[0], facts, "source" if is_array else Path(source).stem, engine)
