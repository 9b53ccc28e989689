"""Refining the IDN of one person: minutes of training on teacher pairs of that person's photos.

The network that predicts weights from a photo knows nobody in particular. Its prediction is a good start for one
person, whose 0.5 M baked weights are then trained alone, as subject-aware swapping does (the paper has no such step,
this is ours): the mesh teacher puts the photos on other faces, and the objective is that of the distillation. Other
faces than those trained on watch over the quality.
"""

import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import paddle

from paddle_mfs.data.crops import load_crops
from paddle_mfs.data.pairs import Batch, mirrored, supervised_regions
from paddle_mfs.engine.build import build_objective
from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.image import write_image
from paddle_mfs.face.regions import five_points, oval_mask
from paddle_mfs.metrics.background import background_error, psnr
from paddle_mfs.metrics.evaluate import landmarks_where
from paddle_mfs.metrics.identity import Recogniser, distance
from paddle_mfs.metrics.shape import shape_error
from paddle_mfs.metrics.sharpness import sharpness
from paddle_mfs.models.embedder import FaceEmbedder, load_encoder
from paddle_mfs.models.idn import SIZE, run_idn
from paddle_mfs.provenance import provenance, save_options
from paddle_mfs.swap.baker import Baker
from paddle_mfs.swap.identity import save_identity
from paddle_mfs.teachers.mesh import MeshTeacher
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch, to_images

WEIGHTS = {
    "reconstruction": 30.0,
    "unmasked": 0.0,
    "perceptual": 0.0,
    "identity": 20.0,
    "mask": 10.0,
    "adversarial": 0.0,
    "texture": 40.0,
    "landmarks": 60.0,
}
LOSS = {"weights": WEIGHTS, "reweight": "cos", "quality": "none", "distillation": True, "opening": 1.0}
BATCH = 4
LR = 1e-4  # Adam's peak step size
PORTRAIT = 512  # pixels, the larger side of the picture kept in the file
LOOKS = 4  # at the watched faces, evenly over the time
CLIP = 15.0  # largest norm of the gradient
WARMUP = 20  # steps
TURN, ZOOM, SHIFT, LIGHT = 6.0, 0.06, 4.0, 0.15  # degrees, share, pixels, share: how far a target is moved about
SHARPER, SHAPE_LOSS, PSNR_LOSS = 0.9, 1.0, 1.0  # what a refined identity may lose: share, per mille, dB
CLEAN = 50.0  # dB; nobody sees that a background is better than this


class Quality(NamedTuple):
    """Means over the watched faces: distance (dlib, to the source's photos), sharpness (of the target's), shape (per
    mille of the face width) and background (dB), see metrics/."""

    distance: float
    sharpness: float
    shape: float
    background: float

    def is_kept_by(self, other):
        """Whether `other` loses no more of the picture's quality than it may; the distance does not count."""
        return (
            other.sharpness >= SHARPER * self.sharpness
            and other.shape <= self.shape + SHAPE_LOSS
            and other.background >= min(self.background - PSNR_LOSS, CLEAN)
        )


@dataclass
class Refined:
    """What came of it.

    before, after: Quality. is_better: the identity came nearer and the picture kept its quality; else the IDN is as it
    was. sheet: (H, W, 3) uint8 RGB, a row target | before | after for each watched face.
    """

    before: Quality
    after: Quality
    is_better: bool
    steps: int
    minutes: float
    sheet: np.ndarray

    @property
    def facts(self):
        """For the identity file."""
        return {
            "steps": self.steps,
            "minutes": round(self.minutes, 1),
            "recogniser": Recogniser.name,
            "before": self.before._asdict(),
            "after": self.after._asdict(),
        }

    def __str__(self):
        lines = [
            f"{self.steps} steps, {self.minutes:.1f} minutes",
            f"{'':8}{'distance':>10}{'sharpness':>11}{'shape':>7}{'background':>12}",
        ]
        return "\n".join(
            lines
            + [
                f"{name:8}{q.distance:10.3f}{q.sharpness:11.2f}{q.shape:7.1f}{q.background:9.0f} dB"
                for name, q in (("before", self.before), ("after", self.after))
            ]
        )


class Personalizer:
    """Refines an Identity.

    Args:
        identity: of `Baker.combined`. faces: list of (image, Face), the person's photos.
        crops: data.crops.Crops at 224 px of other people; two of three are trained on, the third are watched.
        embedder: models.embedder.FaceEmbedder, frozen.
    Raises: UserError when there are fewer than six other faces.
    """

    def __init__(self, identity, faces, crops, embedder, seed=0):
        if len(crops) < 6:
            raise UserError(
                f"{len(crops)} faces to train on; six or more are needed, give a folder with more (--faces)"
            )
        self.identity, self.teacher, self._random = identity, MeshTeacher(), random.Random(seed)
        self._sources = []
        for image, face in faces:
            crop, matrix = align(image, face.five, SIZE)
            marks = transform(face.landmarks[:, :2].astype(np.float64), matrix).astype(np.float32)
            self._sources += [(crop, marks), mirrored(crop, marks)]
        self._fives = [face.five for _, face in faces]
        self._photos = [image for image, _ in faces]
        others = list(zip(crops.images, crops.landmarks))
        self._targets = [other for index, other in enumerate(others) if index % 3 < 2]
        self._judge = _Judge(others[2::3])
        self._objective = build_objective(Config(LOSS), embedder)
        self._embedding = paddle.to_tensor(identity.embedding)

    def train(self, minutes=5.0, progress=None):
        """Train for `minutes`; look at the watched faces after each quarter of it -> Refined.

        The last state that keeps the quality is taken, so the watched faces choose how long, not how like the source.

        Args:
            progress: called with (share done, {name: loss}) after each step.
        """
        idn = self.identity.idn
        before = self._judge(idn, self._photos, self._fives)
        trained = self._trained()
        optimiser = paddle.optimizer.Adam(
            LR, beta1=0.5, beta2=0.99, parameters=trained, grad_clip=paddle.nn.ClipGradByGlobalNorm(CLIP)
        )
        begun, steps, share, looked, kept, start = time.monotonic(), 0, 0.0, 0, None, _copy(idn)
        while share < 1:
            optimiser.set_lr(LR * min(1.0, (steps + 1) / WARMUP) * (1 - share) ** 0.5)
            record = self._step(optimiser, steps)
            steps += 1
            share = min(1.0, (time.monotonic() - begun) / 60 / minutes)
            if share >= (looked + 1) / LOOKS:
                looked = int(share * LOOKS)
                now = self._judge(idn, self._photos, self._fives)
                if before.is_kept_by(now):
                    kept = (now, _copy(idn))
            if progress:
                progress(share, record)
        for parameter in trained:
            parameter.stop_gradient = True
        is_better = kept is not None and kept[0].distance < before.distance
        shown = self._sheet(start, kept[1] if kept else _copy(idn))
        idn.set_state_dict(kept[1] if is_better else start)
        return Refined(before, kept[0] if kept else now, is_better, steps, (time.monotonic() - begun) / 60, shown)

    def _trained(self):
        """The IDN's parameters, ready to be trained. Those of the mask stay (where the face is does not depend on whose
        it is), and so do the statistics of batch norms."""
        trained = [
            parameter
            for name, parameter in self.identity.idn.named_parameters()
            if not name.startswith("mask.") and not name.endswith(("._mean", "._variance"))
        ]
        for parameter in trained:
            parameter.stop_gradient = False
        return trained

    def _step(self, optimiser, number):
        """One step of the optimiser -> {name: loss}."""
        idn, batch = self.identity.idn, self._batch()
        swap = run_idn(batch.targets, idn.encoder, idn.decoder, idn.final, idn.mask, idn.mobile)
        loss, record = self._objective(swap, batch, self._embedding.expand([BATCH, -1]), number)
        loss.backward()
        optimiser.step()
        optimiser.clear_grad()
        return {name: float(value) for name, value in record.items()}

    def _batch(self):
        rows = [self._row() for _ in range(BATCH)]
        targets, taught, background, core = (np.stack(column) for column in zip(*rows))
        pixels = [paddle.to_tensor(to_batch(v)) for v in (targets, taught)]
        regions = [paddle.to_tensor(v[:, None].astype(np.float32)) for v in (background, core)]
        return Batch(None, *pixels, *regions, None)

    def _row(self):
        image, marks = self._moved(*self._random.choice(self._targets))
        taught, _ = self.teacher.swap(*self._random.choice(self._sources), image, marks)
        return (image, taught, *supervised_regions(marks, SIZE))

    def _moved(self, image, marks):
        """A crop mirrored or not, turned, zoomed, shifted and lit a little differently, with its landmarks."""
        uniform = self._random.uniform
        if self._random.random() < 0.5:
            image, marks = mirrored(image, marks)
        centre = ((SIZE - 1) / 2, (SIZE - 1) / 2)
        matrix = cv2.getRotationMatrix2D(centre, uniform(-TURN, TURN), 1 + uniform(-ZOOM, ZOOM))
        matrix[:, 2] += uniform(-SHIFT, SHIFT), uniform(-SHIFT, SHIFT)
        image = cv2.warpAffine(image, matrix, (SIZE, SIZE), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
        gain = 1 + np.array([uniform(-LIGHT, LIGHT)] * 3) + np.array([uniform(-LIGHT, LIGHT) / 3 for _ in range(3)])
        lit = np.rint(image * gain).clip(0, 255).astype(np.uint8)
        return lit, transform(marks.astype(np.float64), matrix).astype(np.float32)

    def _sheet(self, before, after):
        """Rows target | before | after of the watched faces."""
        columns = [np.stack(self._judge.images)]
        for state in (before, after):
            self.identity.idn.set_state_dict(state)
            columns.append(np.stack(self._judge.swapped(self.identity.idn)))
        return np.vstack([np.hstack(row) for row in zip(*columns)])


def personalize(sources, output, faces, minutes, weights=None, encoder=None, progress=None):
    """Refine the identity of `sources` (paths of photos of one person), write it as an identity file with its sheet
    beside it.

    Args:
        output: path ending in .identity; the sheet is OUTPUT.png. faces: folder of pictures of other people, or a faces
            file.
        weights, encoder: see `identity.Baker`. minutes, progress: see `Personalizer.train`.
    Returns: Refined; without a gain no identity file is written, the sheet is.
    Raises: UserError.
    """
    baker = Baker(weights, encoder)
    identity, found = baker.combined(sources)
    crops = load_crops(faces)
    refined = Personalizer(identity, found, crops, FaceEmbedder(load_encoder(encoder))).train(minutes, progress)
    sheet = Path(output).with_suffix(".png")
    record = provenance(**identity.facts)
    write_image(sheet, refined.sheet, **save_options(sheet, record))
    if refined.is_better:
        identity.facts = {**identity.facts, "personalized": refined.facts}
        save_identity(output, identity, _portrait(*found[0]))
    return refined


def _portrait(image, face):
    """The face with as much around it again, at most 512 px."""
    low, high = face.box.reshape(2, 2)
    side = 2 * float((high - low).max())
    scale = min(1.0, PORTRAIT / side)
    (left, top), right_bottom = (
        np.maximum(v, 0).astype(int) for v in ((low + high - side) / 2, (low + high + side) / 2)
    )
    part = image[top : right_bottom[1], left : right_bottom[0]]
    return part if scale == 1 else cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


class _Judge:
    """Measures an IDN on faces (crop, landmarks) that it was not trained on."""

    def __init__(self, faces):
        self.images = [image for image, _ in faces]
        self._recogniser, self._analyser = Recogniser(), FaceAnalyser()
        self._targets = [_Target(image, self._analyser, marks) for image, marks in faces]

    def swapped(self, idn):
        """The watched faces through an IDN -> list of (224, 224, 3) uint8 RGB."""
        with paddle.no_grad():
            return to_images(idn(paddle.to_tensor(to_batch(self.images)))[0])

    def __call__(self, idn, photos, fives):
        results = self.swapped(idn)
        sources = self._recogniser.descriptors(photos, fives)
        made = self._recogniser.descriptors(results, [target.five for target in self._targets])
        pairs = list(zip(results, self._targets))
        return Quality(
            float(np.mean([distance(made, source[None]).mean() for source in sources])),
            float(np.median([sharpness(result, t.image, t.oval) for result, t in pairs])),
            float(np.median([shape_error(landmarks_where(self._analyser, result, t), t.kept) for result, t in pairs])),
            psnr(np.mean([background_error(result, t.image, t.oval) for result, t in pairs])),
        )


class _Target:
    """What is known of one watched face, in the form `metrics.evaluate.landmarks_where` wants."""

    def __init__(self, image, analyser, landmarks):
        self.image, self.landmarks, self.five = image, landmarks, five_points(landmarks)
        self.oval = oval_mask(landmarks, SIZE, SIZE)
        self.kept = landmarks_where(analyser, image, self)


def _copy(idn):
    return {name: value.clone() for name, value in idn.state_dict().items()}
