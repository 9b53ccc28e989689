"""An identity: a source face ready to be put on targets, and its file.

An IDN refined for one person (tools/personalize.py) is kept in a `.identity` file, which tools take where they take a
source picture: a NumPy archive without pickled objects that holds the IDN and its kind, what it was made from, a
portrait, and the facts (JSON) that `Identity.facts` holds. About 3 MB.
"""

from __future__ import annotations

import json
import math
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_mfs.face.image import read_image
from paddle_mfs.graph.idn_runner import idn_runner
from paddle_mfs.models.idn import IDN
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path, printable, sha256
from paddle_mfs.weights import set_state

if TYPE_CHECKING:
    from paddle_mfs.runtime.runner import Runner

SUFFIX = ".identity"
LARGEST = 1 << 26  # bytes of an array in an identity file
ARRAYS = {"crop": (np.uint8, 3), "portrait": (np.uint8, 3), "embedding": (np.float32, 2), "feature": (np.float32, 4)}


@dataclass
class Identity:
    """A source face, ready to be put on targets.

    Attributes:
        idn: paddle Layer, target crops (N, 3, 224, 224) RGB in [0, 1] -> (result, mask (N, 1, 224, 224)).
        crop: (224, 224, 3) uint8 RGB, the source's own aligned crop.
        facts: source_sha256, weights and encoder ({file, sha256, licence}); what outputs and exports say of themselves.
        name: word for file names (the source file's stem).
        embedding, feature: what the IDN was made from, (1, E) of unit length and (1, F, 7, 7) float32.
        engine: what runs the IDN in `run`, see `runtime.make_runner`.
        is_refined: the IDN was trained further for this person (tools/personalize.py).
    """

    idn: IDN
    crop: np.ndarray
    facts: dict[str, Any]
    name: str
    embedding: np.ndarray
    feature: np.ndarray
    engine: str = "auto"
    is_refined: bool = False

    @cached_property
    def run(self) -> Runner:
        """The IDN on its engine, with the weights it has at the first call: see `graph.idn_runner`."""
        return idn_runner(self.idn, self.engine)


def is_identity_file(source: str | Path | np.ndarray) -> bool:
    """Whether a source (path or picture) is the path of an identity file, by its suffix."""
    return not isinstance(source, np.ndarray) and Path(source).suffix.lower() == SUFFIX


def save_identity(path: str | Path, identity: Identity, portrait: np.ndarray) -> None:
    """Write an `Identity`, atomically.

    Args:
        path: ends in `.identity`. portrait: (H, W, 3) uint8 RGB, a picture of the source: the face and some of
            its surroundings.
    """
    state = {f"idn.{name}": value.numpy() for name, value in identity.idn.state_dict().items()}
    with atomic_path(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(
            file,
            crop=identity.crop,
            portrait=portrait,
            embedding=identity.embedding,
            feature=identity.feature,
            half_pixel=identity.idn.mobile,
            masked=identity.idn.masked,
            facts=json.dumps(identity.facts),
            **state,
        )


def load_identity(path: str | Path, engine: str = "auto") -> Identity:
    """Read an identity file -> Identity, refined. Raises UserError when it is missing, damaged or of another kind."""
    stored = _read(path)
    state = {name[len("idn.") :]: value for name, value in stored.items() if name.startswith("idn.")}
    idn = IDN(bool(stored["half_pixel"]), bool(stored.get("masked", True)))  # a file without the word has a mask
    freeze(set_state(idn, state, path))
    facts = {**stored["facts"], "identity_sha256": sha256(path)}
    return Identity(
        idn,
        stored["crop"],
        facts,
        printable(Path(path).stem),
        stored["embedding"],
        stored["feature"],
        engine,
        is_refined=True,
    )


def read_source(source: str | Path) -> np.ndarray:
    """A source's picture, (H, W, 3) uint8 RGB: of an identity file its portrait, else the picture itself.

    Raises: UserError for a file that cannot be read.
    """
    return _read(source)["portrait"] if is_identity_file(source) else read_image(source)


def _check_sizes(archive: zipfile.ZipFile) -> None:
    """Raise ValueError when an array claims more than is there, or than any identity has: numpy would make room."""
    for member in archive.infolist():
        with archive.open(member) as file:
            major, _ = np.lib.format.read_magic(file)
            read_header = np.lib.format.read_array_header_1_0 if major == 1 else np.lib.format.read_array_header_2_0
            shape, _, dtype = read_header(file)
        if math.prod(shape) * dtype.itemsize > member.file_size or member.file_size > LARGEST:
            raise ValueError


def _read(path: str | Path) -> dict[str, Any]:
    path = Path(path)
    if not path.is_file():
        raise UserError(f"{path}: no such identity file; make one with tools/personalize.py")
    try:
        with np.load(path, allow_pickle=False) as archive:
            _check_sizes(archive.zip)
            stored: dict[str, Any] = {name: archive[name] for name in archive.files}
        stored["half_pixel"]  # a KeyError where it is missing
        for name, (dtype, dimensions) in ARRAYS.items():
            if stored[name].dtype != dtype or stored[name].ndim != dimensions or not stored[name].size:
                raise ValueError
        stored["facts"] = json.loads(str(stored["facts"]))
        stored["facts"]["weights"]["file"], stored["facts"]["weights"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise UserError(
            f"{path}: not a readable identity file ({type(error).__name__}); make it again with tools/personalize.py"
        ) from None
    return stored
