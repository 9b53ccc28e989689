"""A swap network's scores on a list of pairs, beside those of no swap and of the mesh teacher.

Every picture is measured as a 224 px crop in the frame of its face. The target, the teacher's result and the network's
result of a pair share the target's frame, and their landmarks are found in one and the same region of interest, so "no swap"
has shape error 0 by construction.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import paddle
from PIL import Image

from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.detect import Detection
from paddle_mfs.face.geometry import scale_of, transform
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.metrics import statistics
from paddle_mfs.metrics.background import background_error, psnr
from paddle_mfs.metrics.identity import SAME_PERSON_DISTANCE, Recogniser, distance
from paddle_mfs.metrics.shape import shape_error
from paddle_mfs.metrics.sharpness import sharpness
from paddle_mfs.models.embedder import FaceEmbedder, check_widths, load_encoder
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.swap.identity import read_source
from paddle_mfs.teachers.mesh import MeshTeacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path, sha256
from paddle_mfs.utils.tensor import to_batch, to_image
from paddle_mfs.weights import bundled, card_path, read_card, write_card

MEASURED_SIZE = 224


@dataclass
class Pairs:
    """Pairs of picture files (source, target), and where the list came from."""

    files: list
    listed_in: Path


@dataclass
class Crop:
    """An aligned face: its photo, and the crop at 224 (uint8 RGB) with landmarks (468, 3), five points (5, 2) and oval mask."""

    photo: np.ndarray
    photo_five: np.ndarray
    image: np.ndarray
    landmarks: np.ndarray
    five: np.ndarray
    oval: np.ndarray

    def at(self, size):
        """The crop cut from the photo at another size -> (size, size, 3) uint8 RGB."""
        return self.image if size == MEASURED_SIZE else align(self.photo, self.photo_five, size)[0]


@dataclass
class Row:
    """The 224 px pictures of one pair, uint8 RGB; `result` is None when no network was scored."""

    source: np.ndarray
    target: np.ndarray
    teacher: np.ndarray
    result: np.ndarray = None


def load_pairs(folder, count=None):
    """Read `folder/pairs.json` -> Pairs, the first `count` of them. Raises UserError for a missing or broken list or picture."""
    listed_in = Path(folder) / "pairs.json"
    if not listed_in.is_file():
        raise UserError(f"{listed_in}: not found; give a folder with pairs.json and the pictures it names")
    try:
        names = [
            (str(source), str(target)) for source, target in json.loads(listed_in.read_text(encoding="utf-8"))["pairs"]
        ]
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f'{listed_in}: not a list of pairs; expected {{"pairs": [["source.jpg", "target.jpg"], ...]}}'
        ) from None
    if not names or (count is not None and not 1 <= count <= len(names)):
        raise UserError(
            f"{listed_in}: lists {len(names)} pairs; ask for 1 to {len(names)} of them"
            if names
            else f"{listed_in}: lists no pairs; add some"
        )
    files = [(listed_in.parent / source, listed_in.parent / target) for source, target in names[:count]]
    for path in (path for pair in files for path in pair):
        if not path.is_file():
            raise UserError(f"{path}: named in {listed_in.name} but not there; generate it again")
    return Pairs(files, listed_in)


def load_crop(path, analyser):
    """The largest face of a picture file as a Crop. Raises UserError when there is none."""
    photo = read_source(path)
    faces = analyser.faces(photo)
    if not faces:
        raise UserError(f"{path}: no face found; take it out of the list of pairs")
    face = faces[0]
    image, matrix = align(photo, face.five, MEASURED_SIZE)
    landmarks = np.column_stack([transform(face.landmarks[:, :2], matrix), face.landmarks[:, 2] * scale_of(matrix)])
    return Crop(
        photo,
        face.five,
        image,
        landmarks.astype(np.float32),
        transform(face.five, matrix).astype(np.float32),
        oval_mask(landmarks, MEASURED_SIZE, MEASURED_SIZE),
    )


def landmarks_where(analyser, image, crop):
    """Landmarks (468, 3) of a 224 px picture, looked for where `crop` has its face: one mesh pass, no detection."""
    xy = crop.landmarks[:, :2]
    low, high = xy.min(0), xy.max(0)
    region = Detection((low + high) / 2, float((high - low).max()), crop.five, 1.0)
    return analyser.landmarker(image, region, passes=1)[0]


class NetworkSwap:
    """Swaps crops with a MobileFaceSwap network.

    Args:
        weights: `.pdparams` of the IIN and IDN.
        size: the crop the network is fed.
        encoder: path of the identity encoder the weights were trained with; None: the bundled one.

    Raises UserError for a size the network cannot take, and for weights that do not load or do not match the encoder.
    """

    def __init__(self, weights, size=MEASURED_SIZE, encoder=None):
        if size % 32 or not 64 <= size <= 512:
            raise UserError(f"--size {size}: the network takes multiples of 32 from 64 to 512")
        self.size = size
        network = load_encoder(encoder)
        self._embedder = FaceEmbedder(network)
        self._swap = load_mfs(weights)
        check_widths(self._swap, network, weights, encoder)
        encoder = Path(encoder or bundled("mobilefacenet"))
        self.facts = {
            "file": Path(weights).name,
            "sha256": sha256(weights),
            "size": size,
            "encoder": {"file": encoder.name, "sha256": sha256(encoder)},
        }

    def __call__(self, source, target):
        """Two Crops -> the swapped target, (224, 224, 3) uint8 RGB (resized when the network works at another size)."""
        idn = self._swap.bake(*self._embedder.embed(source.at(self._embedder.encoder.input_size)[None]))
        with paddle.no_grad():
            result = to_image(idn(paddle.to_tensor(to_batch(target.at(self.size))))[0])
        return (
            result
            if self.size == MEASURED_SIZE
            else cv2.resize(result, (MEASURED_SIZE,) * 2, interpolation=cv2.INTER_LINEAR)
        )


def _summary(distances, sharp=None, shape=None, background=None):
    """One line of the report. Distances: mean with interval. Sharpness, shape: medians. Background: all pixels of all pairs, and
    the worst pair."""
    line = {
        "distance": statistics.mean_interval(distances),
        "share_same_person": float(np.mean(distances < SAME_PERSON_DISTANCE)),
    }
    if sharp is not None:
        line.update(
            sharpness_median=float(np.median(sharp)),
            shape_median_per_mille=float(np.median(shape)),
            background_psnr_db=psnr(np.mean(background)),
            background_psnr_worst_db=psnr(np.max(background)),
        )
    return line


def evaluate(pairs, swap=None, progress_bar=iter):
    """Measure pairs of faces -> (report, rows).

    Args:
        pairs: from `load_pairs`.
        swap: a `NetworkSwap`; None scores only no swap and the mesh teacher.
        progress_bar: wraps the iterable of pairs (tqdm).

    The report is a dict for JSON: the recogniser, pair list and weights with their SHA-256, `methods` {no_swap, mesh_teacher,
    result}, `progress` of the result from no swap (0) to the teacher (1), and `per_pair` distances. Rows are the pictures.
    Raises UserError for a picture that cannot be read or shows no face.
    """
    analyser, recogniser, teacher = FaceAnalyser(), Recogniser(), MeshTeacher()
    rows, crops = [], []
    details = {name: {"sharp": [], "shape": [], "background": []} for name in ("mesh_teacher", "result")}
    for source_path, target_path in progress_bar(pairs.files):
        source, target = load_crop(source_path, analyser), load_crop(target_path, analyser)
        row = Row(
            source.image,
            target.image,
            teacher.swap(source.image, source.landmarks, target.image, target.landmarks)[0],
            swap(source, target) if swap else None,
        )
        kept = landmarks_where(analyser, target.image, target)
        for name, image in (("mesh_teacher", row.teacher), ("result", row.result)):
            if image is not None:
                details[name]["sharp"].append(sharpness(image, target.image, target.oval))
                details[name]["shape"].append(shape_error(landmarks_where(analyser, image, target), kept))
                details[name]["background"].append(background_error(image, target.image, target.oval))
        rows.append(row)
        crops.append((source.five, target.five))
    source_fives, target_fives = zip(*crops)
    sources = recogniser.descriptors([row.source for row in rows], source_fives)
    pictures = {"no_swap": [row.target for row in rows], "mesh_teacher": [row.teacher for row in rows]}
    if swap:
        pictures["result"] = [row.result for row in rows]
    distances = {
        name: distance(sources, recogniser.descriptors(images, target_fives)) for name, images in pictures.items()
    }
    report = {
        "pairs": {"count": len(rows), "list": pairs.listed_in.name, "list_sha256": sha256(pairs.listed_in)},
        "recogniser": {
            "name": recogniser.name,
            "sha256": sha256(bundled(recogniser.name)),
            "same_person_below": SAME_PERSON_DISTANCE,
        },
        "crop": MEASURED_SIZE,
        "intervals": statistics.METHOD,
        "methods": {name: _summary(values, **details.get(name, {})) for name, values in distances.items()},
    }
    if swap:
        report["weights"] = swap.facts
        report["progress"] = statistics.progress(distances["no_swap"], distances["result"], distances["mesh_teacher"])
    report["per_pair"] = {name: [round(float(v), 4) for v in values] for name, values in distances.items()}
    return report, rows


def table(report):
    """The report as a few lines of text."""
    lines = [
        f"{report['pairs']['count']} pairs, {report['recogniser']['name']} (same person < {SAME_PERSON_DISTANCE})",
        f"{'':13}{'distance':>9} {'95 % interval':>16} {'< 0.6':>7} {'sharpness':>10} {'shape':>7}  background (worst)",
    ]
    for name, line in report["methods"].items():
        d = line["distance"]
        text = f"{name:13}{d['value']:9.3f} {d['low']:7.3f} to {d['high']:5.3f} {line['share_same_person']:7.0%}"
        if "sharpness_median" in line:
            text += (
                f" {line['sharpness_median']:10.2f} {line['shape_median_per_mille']:7.1f}"
                f" {line['background_psnr_db']:8.0f} dB ({line['background_psnr_worst_db']:.0f})"
            )
        lines.append(text)
    if "progress" in report:
        p = report["progress"]
        lines.append(f"progress from no swap to the teacher: {p['value']:.2f} ({p['low']:.2f} to {p['high']:.2f})")
    return "\n".join(lines)


def write_sheet(path, rows, count=12):
    """Draw the first `count` rows as source | target | teacher | result, one pair a line."""
    lines = [
        np.concatenate([image for image in (row.source, row.target, row.teacher, row.result) if image is not None], 1)
        for row in rows[:count]
    ]
    with atomic_path(path) as temporary:
        Image.fromarray(np.concatenate(lines)).save(temporary)


def check_card(weights):
    """The card of a weights file as a dict. Raises UserError when there is none: a card must say where weights come from."""
    card = read_card(weights)
    if not card:
        raise UserError(f"{card_path(weights)}: no card to update; write one that says where the weights come from")
    return card


def update_card(weights, report):
    """Put the report (without the per-pair values) as "heldout" into the card beside the weights; other keys stay.

    Raises UserError when the weights have no card.
    """
    card = check_card(weights)
    for derived in ("file", "bytes", "sha256"):  # written anew from the file itself
        card.pop(derived, None)
    card["heldout"] = {key: value for key, value in report.items() if key != "per_pair"}
    write_card(weights, card)
