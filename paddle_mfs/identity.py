"""One source picture -> an IDN with its identity baked in, and the facts about what it was made from.

    picture -> face/ (find, landmarks, align at 112) -> encoder (embedding, feature) -> MobileFaceSwap.bake -> IDN
"""
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paddle_mfs.provenance import picture_sha256, weights_facts


@dataclass
class Identity:
    """A source face, ready to be put on targets.

    Attributes:
        idn: paddle Layer, target crops (N, 3, 224, 224) RGB in [0, 1] -> (result, mask (N, 1, 224, 224)).
        crop: (224, 224, 3) uint8 RGB, the source's own aligned crop.
        facts: source_sha256, weights and encoder ({file, sha256, licence}); what outputs and exports say about themselves.
        name: word for file names (the source file's stem).
    """
    idn: object
    crop: np.ndarray
    facts: dict
    name: str


def bake(source, weights=None, encoder=None, analyser=None):
    """Bake the identity of the largest face of `source` into an IDN.

    Args:
        source: path of a picture, or (H, W, 3) uint8 RGB.
        weights: path of MobileFaceSwap weights, ours or the public ones; None: the bundled ones.
        encoder: path of the encoder's weights that belong to them; None: the bundled ones.
        analyser: a `FaceAnalyser` to use again; None makes one.
    Returns: Identity.
    Raises: UserError for a picture that cannot be read or shows no face, and for weights that do not load or do not match.
    """
    from paddle_mfs.face.align import align
    from paddle_mfs.face.analysis import FaceAnalyser
    from paddle_mfs.face.image import read_image
    from paddle_mfs.models.embedder import FaceEmbedder, check_widths, load_encoder
    from paddle_mfs.models.idn import SIZE
    from paddle_mfs.models.mfs import load_mfs
    from paddle_mfs.weights import bundled

    is_array = isinstance(source, np.ndarray)
    name = "source" if is_array else str(source)
    image = source if is_array else read_image(source)
    face = (analyser or FaceAnalyser()).largest(image, name)
    net, network = load_mfs(weights), load_encoder(encoder)
    check_widths(net, network, weights, encoder)
    crop, _ = align(image, face.five, network.input_size)
    idn = net.bake(*FaceEmbedder(network).embed(crop[None]))
    facts = {"source_sha256": picture_sha256(source),
             "weights": weights_facts(weights or bundled("mfs_224")),
             "encoder": weights_facts(encoder or bundled("mobilefacenet"))}
    return Identity(idn, align(image, face.five, SIZE)[0], facts, "source" if is_array else Path(source).stem)
