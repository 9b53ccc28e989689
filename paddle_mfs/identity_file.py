"""Identities as files: an IDN refined for one person (tools/personalize.py). Tools take them where they take a source picture.

A `.identity` file is a NumPy archive without pickled objects: the IDN's state, what it was made from, a portrait, and the facts
(JSON) that `Identity.facts` holds. About 3 MB.
"""
import json
import zipfile
from pathlib import Path

import numpy as np

from paddle_mfs.errors import UserError
from paddle_mfs.files import atomic_path, sha256

SUFFIX = ".identity"


def is_identity_file(source):
    """Whether a source (path or picture) is the path of an identity file, by its suffix."""
    return not isinstance(source, np.ndarray) and Path(source).suffix.lower() == SUFFIX


def save_identity(path, identity, portrait):
    """Write an `Identity`, atomically.

    Args:
        path: ends in `.identity`. portrait: (H, W, 3) uint8 RGB, a picture of the source that shows the face and some of its
            surroundings.
    """
    state = {f"idn.{name}": value.numpy() for name, value in identity.idn.state_dict().items()}
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, crop=identity.crop, portrait=portrait, embedding=identity.embedding, feature=identity.feature,
                            half_pixel=identity.idn.half_pixel, facts=json.dumps(identity.facts), **state)


def load_identity(path, engine="auto"):
    """Read an identity file -> Identity, refined. Raises UserError when it is missing, damaged or of another kind."""
    import paddle
    from paddle_mfs.identity import Identity
    from paddle_mfs.models.idn import IDN
    from paddle_mfs.weights import check_state
    stored = _read(path)
    state = {name[len("idn."):]: value for name, value in stored.items() if name.startswith("idn.")}
    idn = IDN(bool(stored["half_pixel"]))
    check_state({name: value.shape for name, value in idn.state_dict().items()}, state, path)
    idn.set_state_dict({name: paddle.to_tensor(value) for name, value in state.items()})
    idn.eval()
    for parameter in idn.parameters():
        parameter.stop_gradient = True
    facts = {**json.loads(str(stored["facts"])), "identity_sha256": sha256(path)}
    return Identity(idn, stored["crop"], facts, Path(path).stem, stored["embedding"], stored["feature"], engine, is_refined=True)


def read_source(source):
    """A source's picture, (H, W, 3) uint8 RGB: of an identity file its portrait, else the picture itself.

    Raises: UserError for a file that cannot be read.
    """
    from paddle_mfs.face.image import read_image
    return _read(source)["portrait"] if is_identity_file(source) else read_image(source)


def _read(path):
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such identity file; make one with tools/personalize.py")
    try:
        with np.load(path, allow_pickle=False) as archive:
            stored = {name: archive[name] for name in archive.files}
        stored["half_pixel"], stored["facts"], stored["crop"], stored["portrait"], stored["embedding"], stored["feature"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(f"{path}: not a readable identity file ({type(error).__name__}); "
                        "make it again with tools/personalize.py") from None
    return stored
