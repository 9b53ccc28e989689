"""Draw the pictures of samples/hard that are named in its pairs.json files, each where it lies.

    python tests/metrics/draw_hard_sets.py  # needs the generator: pip install --no-deps random-face==2021.7.21.1

What befalls a face - light, hand or hair - follows from its index, the name of its file.
"""

import json
from pathlib import Path

import numpy as np
from PIL import Image

from paddle_mfs.data.face_plane import FacePlane
from paddle_mfs.data.layer import Layer, blurred, lay
from paddle_mfs.data.occluders import draw_occluder
from paddle_mfs.data.synthetic import FaceGenerator, face_file, write_face
from paddle_mfs.data.texture import gradient
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import skin_colour
from paddle_mfs.utils.files import atomic_path

HARD = Path(__file__).resolve().parents[2] / "samples" / "hard"
SIZE, GAMMA = 320, 2.2
# RGB of a white, a warm and a street lamp, and of dusk
LAMPS = np.array([(1, 1, 1), (1.25, 0.97, 0.62), (1.4, 0.92, 0.4), (0.72, 0.98, 1.35)])


def in_low_light(image: np.ndarray, landmarks: np.ndarray, index: int) -> np.ndarray:
    """The picture (S, S, 3) uint8 RGB by a weak lamp at one side, with its noise; its cheeks 28 to 55 of 255 bright.

    landmarks: (468, >= 2) of the face, pixels.
    """
    size, rng = image.shape[0], np.random.default_rng(index)
    side = 1 + rng.uniform(0, 0.8) * gradient((size, size), rng.uniform(0, 2 * np.pi))
    linear = (image / 255) ** GAMMA * side[..., None] * LAMPS[rng.integers(len(LAMPS))]
    wanted = (rng.uniform(28, 55) / 255) ** GAMMA
    linear *= wanted / skin_colour(linear, landmarks).mean()
    noise = blurred(rng.standard_normal(image.shape, np.float32), 0.6) * rng.uniform(3, 7)
    return np.rint(255 * linear.clip(0, 1) ** (1 / GAMMA) + noise).clip(0, 255).astype(np.uint8)


def covered(image: np.ndarray, landmarks: np.ndarray, index: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture (S, S, 3) uint8 RGB of a face with a hand (even index) or hair (odd) before it, and where none of the
    face shines through, (S, S) bool.

    landmarks: (468, >= 2), pixels.
    """
    kind, skin = ("hand", "hair")[index % 2], skin_colour(image, landmarks)
    layer = draw_occluder(landmarks, image.shape[0], np.random.default_rng(index), kind, skin)
    if kind == "hair":
        layer = of_own_hair(layer, image, FacePlane(landmarks))
    return lay(image, layer), layer.alpha[..., 0] > 0.9


def of_own_hair(layer: Layer, image: np.ndarray, plane: FacePlane) -> Layer:
    """Drawn hair as the person's own: of the colour of the hair above the forehead, and growing out of it."""
    x, y = np.rint(plane.beside([[x, -2.4] for x in np.linspace(-0.6, 0.6, 9)])).astype(int).T
    own = np.median(image[y.clip(0), x], 0)
    drawn = layer.colour[layer.alpha[..., 0] > 0.9].mean(0)
    rows = np.arange(image.shape[0]) - plane.origin[1]
    grown = (rows / plane.unit / 0.6 + 4.2).clip(0, 1)[:, None, None]  # all of it from 1.9 above the eyes downwards
    return Layer((layer.alpha * grown).astype(np.float32), (layer.colour * own / drawn).clip(0, 255).astype(np.float32))


def targets(name: str) -> list[int]:
    """The indices of a set's own targets, one a pair."""
    pairs = json.loads((HARD / name / "pairs.json").read_text(encoding="utf-8"))["pairs"]
    return [int(Path(target).stem) for _, target in pairs]


def main() -> None:
    analyser, generator = FaceAnalyser(), FaceGenerator()
    for index in targets("target_glasses"):
        write_face(face_file(HARD / "target_glasses", index), generator.face(index, SIZE), index)
    for index in targets("low_light"):
        image = generator.face(index, SIZE)
        landmarks = analyser.largest(image, str(index)).landmarks
        seen = in_low_light(image, landmarks, index)
        write_face(face_file(HARD / "low_light", index), seen, index)
    for index in targets("covered"):
        image = read_image(face_file(HARD.parent / "heldout", index))
        seen, mask = covered(image, analyser.largest(image, str(index)).landmarks, index)
        write_face(face_file(HARD / "covered", index), seen, index)
        with atomic_path(HARD / "covered" / f"{index}.png") as temporary:
            Image.fromarray(mask).save(temporary, "PNG", optimize=True)


if __name__ == "__main__":
    main()
