"""Faces of nobody: the MobileStyleGAN generator of the PyPI wheel random-face 2021.7.21.1, and the filter for
adults.

The wheel (Apache-2.0, https://pypi.org/project/random-face/2021.7.21.1/) carries two OpenVINO graphs, read here as
files: its own Python code is never imported. A face is a pure function of its index:

    z = RandomState(10_000_019 + index).normal((1, 512)),  psi = the same stream's next uniform(0.6, 0.9)
    w = mean + psi * (mapping(z) - mean),                  image = synthesis(w)

with mean = the average of mapping(z) over 2000 draws of RandomState(12345) ("truncation" of the StyleGAN papers).
The generator was trained on FFHQ (CC BY-NC-SA 4.0), and about a fifth of what it makes looks under age:
use `AdultFilter` on everything that is kept.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from paddle_mfs.runtime.openvino import cpu_settings
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path
from paddle_mfs.utils.tensor import to_batch, to_image

if TYPE_CHECKING:
    from paddle_mfs.face.analysis import FaceAnalyser

PACKAGE, VERSION = "random-face", "2021.7.21.1"
# Its dependencies (jupyter, gdown) serve its demo, not its data.
INSTALL = f"pip install --no-deps {PACKAGE}=={VERSION}"
FIRST_RESERVED_INDEX = 900_000  # from here on faces are kept for final evaluation: never to train, tune or show
MIN_ADULT_AGE = 26  # the age network errs by some years; this keeps clear of teenagers


def graph_path(name: str) -> Path:
    """Path of one of the wheel's OpenVINO graphs, "MappingNetwork" or "SynthesisNetwork". UserError without the
    wheel."""
    try:
        path = Path(str(importlib.metadata.distribution(PACKAGE).locate_file(f"random_face/data/{name}.xml")))
    except importlib.metadata.PackageNotFoundError:
        raise UserError(f"the face generator is not installed; run: {INSTALL}") from None
    if not path.is_file() or not path.with_suffix(".bin").is_file():
        raise UserError(
            f"{path}: missing from the installed {PACKAGE}; run: pip install --force-reinstall --no-deps "
            f"{PACKAGE}=={VERSION}"
        )
    return path


def check_indices(start: int, count: int) -> None:
    """Raise UserError unless start .. start+count-1 are indices that may be used, below FIRST_RESERVED_INDEX."""
    if start < 0 or count < 1:
        raise UserError(f"--start {start} --count {count}: an index is 0 or more and the count 1 or more")
    if start + count > FIRST_RESERVED_INDEX:
        raise UserError(
            f"--start {start} --count {count}: indices from {FIRST_RESERVED_INDEX} on are reserved for evaluation; "
            f"stay below"
        )


class FaceGenerator:
    """Draws generated portraits, 1024 px wide before resizing, about 0.4 CPU-seconds each.

    Args:
        threads: CPU threads of OpenVINO.

    Raises UserError when the wheel or OpenVINO is not installed.
    """

    def __init__(self, threads: int = 1):
        graphs = [graph_path("MappingNetwork"), graph_path("SynthesisNetwork")]
        try:
            import openvino
        except ImportError:
            raise UserError("the face generator needs OpenVINO; run: pip install openvino") from None
        self.core = openvino.Core()
        self.core.set_property("CPU", cpu_settings(threads))
        self._mapping, self._synthesis = (self.core.compile_model(str(graph), "CPU") for graph in graphs)
        random = np.random.RandomState(12345)
        styles = [self._style(random.normal(size=(1, 512))) for _ in range(2000)]
        self.mean_style = np.mean(styles, axis=0, dtype=np.float64).astype(np.float32)

    def _style(self, noise):
        return self._mapping([noise.astype(np.float32)])[self._mapping.outputs[0]]

    def style(self, index: int) -> np.ndarray:
        """The latent w of an index, (1, 512) float32."""
        random = np.random.RandomState(10_000_019 + index)
        noise, psi = random.normal(size=(1, 512)), random.uniform(0.6, 0.9)
        style = self.mean_style + psi * (self._style(noise) - self.mean_style)
        return style.astype(np.float32)

    def face(self, index: int, size: int = 320) -> np.ndarray:
        """The face of an index -> (size, size, 3) uint8 RGB; made at 1024 px and reduced by area averaging."""
        return picture(self._synthesis([self.style(index)])[self._synthesis.outputs[0]][0], size)


def picture(image: np.ndarray, size: int) -> np.ndarray:
    """What the synthesis network gives, (3, H, H) in [-1, 1] -> (size, size, 3) uint8 RGB, by area averaging."""
    image = to_image(image, 0.5, 0.5)
    if image.shape[0] != size:
        image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(image)


class AdultFilter:
    """Tells faces that look adult from the rest with the `age` network on the aligned 224 px crop.

    Args:
        min_age: smallest estimated age in years that counts as adult.
        analyser: a `FaceAnalyser` to use again; None makes one.
    """

    def __init__(self, min_age: float = MIN_ADULT_AGE, analyser: FaceAnalyser | None = None):
        from paddle_mfs.face.analysis import FaceAnalyser
        from paddle_mfs.models import create_model
        from paddle_mfs.runtime import make_runner

        self.min_age = min_age
        self._analyser = analyser or FaceAnalyser()
        self._network = make_runner(create_model("age", weights="bundled"), threads=1)

    def age(self, image: np.ndarray) -> float | None:
        """Estimated age in years of the largest face of an image (H, W, 3) uint8 RGB; None when there is no face."""
        from paddle_mfs.face.align import align

        faces = self._analyser.faces(image)
        return self.crop_age(align(image, faces[0].five, 224)[0]) if faces else None

    def crop_age(self, crop: np.ndarray) -> float:
        """Estimated age in years of an aligned crop (224, 224, 3) uint8 RGB."""
        return float(np.ravel(self._network(to_batch(crop) * 255))[0])

    def __call__(self, image: np.ndarray) -> bool:
        """True when the image shows a face and its estimated age is at least `min_age`."""
        age = self.age(image)
        return age is not None and age >= self.min_age


def face_file(folder: str | Path, index: int) -> Path:
    """`folder/800123.jpg`: the file name is the generator index."""
    return Path(folder) / f"{index:06d}.jpg"


def note(index: int) -> str:
    """What the picture of a generated face says of itself."""
    return f"Generated face of nobody: {PACKAGE} {VERSION} (MobileStyleGAN), index {index}"


def write_face(path: str | Path, image: np.ndarray, index: int, quality: int = 88) -> None:
    """Write a generated face (uint8 RGB) as JPEG with a comment that says it is generated, atomically."""
    with atomic_path(path) as temporary:
        Image.fromarray(image).save(temporary, "JPEG", quality=quality, optimize=True, comment=note(index).encode())


def generate_faces(
    folder: str | Path,
    indices: Iterable[int],
    size: int = 320,
    min_age: float = MIN_ADULT_AGE,
    quality: int = 88,
    generator: FaceGenerator | None = None,
    keep: Callable[[np.ndarray], bool] | None = None,
) -> Iterator[tuple[int, str]]:
    """Generate the faces of `indices` into `folder`, adults only; yield (index, "kept", "exists" or "left out").

    A face whose file exists is not made again, so a run that was stopped goes on where it was. Indices left out are
    remembered in `folder/left_out.txt` so they are not made again either.

    Args:
        folder: where the JPEG files go.
        indices: generator indices.
        size: pixels a side.
        min_age: see `AdultFilter`.
        quality: JPEG quality.
        generator, keep: a `FaceGenerator` and a predicate on uint8 RGB images; made on first need when None.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    ledger = folder / "left_out.txt"
    known = set(ledger.read_text().split("\n")) if ledger.is_file() else set()
    for index in indices:
        entry = f"{index} min_age={min_age}"
        if face_file(folder, index).exists():
            yield index, "exists"
            continue
        if entry in known:
            yield index, "left out"
            continue
        generator = generator or FaceGenerator()
        keep = keep or AdultFilter(min_age)
        image = generator.face(index, size)
        if keep(image):
            write_face(face_file(folder, index), image, index, quality)
            yield index, "kept"
        else:
            with open(ledger, "a") as file:
                file.write(entry + "\n")
            yield index, "left out"
