"""Refining the IDN of one person: minutes of training on teacher pairs of that person's photos.

The network that predicts weights from a photo knows nobody in particular. Its prediction is a good start for one
person, whose 0.5 M baked weights are then trained alone, as subject-aware swapping does (the paper has no such step,
this is ours): the mesh teacher puts the photos on other faces (person_pairs.py), and the objective has some terms of
the distillation's (LOSS). Other faces than those trained on watch over the quality (watched_faces.py).

L_mask is no part of it. The mask's own layers stay, and it looks at a bottleneck that no gradient comes back from
(models/idn.py): the term would be a number in the log that changes nothing. What keeps the background: L_rec is taken
over the whole crop, whose background is the target's own, and a state whose background lost more than
watched_faces.PSNR_LOSS is not taken.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import cv2
import numpy as np
import paddle

from paddle_mfs.data.crops import Crops, load_crops
from paddle_mfs.engine.build import build_objective
from paddle_mfs.engine.person_pairs import PersonPairs
from paddle_mfs.engine.watched_faces import Quality, WatchedFaces
from paddle_mfs.face.analysis import Face
from paddle_mfs.face.image import write_image
from paddle_mfs.metrics.identity import Recogniser
from paddle_mfs.models.embedder import FaceEmbedder, load_encoder
from paddle_mfs.models.idn import IDN, run_idn
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.ops.layers import STATISTICS
from paddle_mfs.provenance import provenance, save_options
from paddle_mfs.swap.baker import Baker
from paddle_mfs.swap.identity import Identity, save_identity
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.resources import find
from paddle_mfs.utils.table import text_table

# The `loss` section of a config, see losses/: these terms and no other.
LOSS = {
    "weights": {"reconstruction": 30.0, "identity": 20.0, "texture": 40.0, "landmarks": 60.0},
    "reweight": "cos",
    "quality": "none",
    "distillation": True,
    "identity_on_reverse": 1.0,  # there are none
    "pasted": True,
}
BATCH = 4
LR = 1e-4  # Adam's peak step size
PORTRAIT = 512  # pixels, the larger side of the picture kept in the file
LOOKS = 4  # at the watched faces, evenly over the time
CLIP = 15.0  # largest norm of the gradient
WARMUP = 20  # steps

Progress = Callable[[float, dict[str, float]], object]


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
    def facts(self) -> dict[str, Any]:
        """For the identity file."""
        return {
            "steps": self.steps,
            "minutes": round(self.minutes, 1),
            "recogniser": Recogniser.name,
            "before": self.before._asdict(),
            "after": self.after._asdict(),
        }

    def __str__(self) -> str:
        rows = [
            (name, f"{q.distance:.3f}", f"{q.sharpness:.2f}", f"{q.shape:.1f}", f"{q.background:.0f} dB")
            for name, q in (("before", self.before), ("after", self.after))
        ]
        table = text_table(("", *Quality._fields), rows)
        return f"{self.steps} steps, {self.minutes:.1f} minutes\n{table}"


class Personalizer:
    """Refines an Identity.

    Args:
        identity: of `Baker.combined`. faces: list of (image, Face), the person's photos.
        crops: data.crops.Crops at 224 px of other people; two of three are trained on, the third are watched.
        embedder: models.embedder.FaceEmbedder, frozen.
        seed: of the pairs.
    Raises: UserError when there are fewer than six other faces.
    """

    def __init__(
        self,
        identity: Identity,
        faces: Sequence[tuple[np.ndarray, Face]],
        crops: Crops,
        embedder: FaceEmbedder,
        seed: int = 0,
    ):
        if len(crops) < 6:
            raise UserError(
                f"{len(crops)} faces to train on; six or more are needed, give a folder with more (--faces)"
            )
        self.identity, self._idn = identity, cast(IDN, identity.idn)
        others = [crops.face(index) for index in range(len(crops))]
        self._pairs = PersonPairs(faces, [other for index, other in enumerate(others) if index % 3 < 2], seed)
        self._watched = WatchedFaces(others[2::3], [image for image, _ in faces], [face.five for _, face in faces])
        self._objective = build_objective(Config(LOSS), embedder)
        self._embedding = paddle.to_tensor(identity.embedding)

    def train(self, minutes: float = 5.0, progress: Progress | None = None) -> Refined:
        """Train for `minutes`; look at the watched faces after each quarter of it -> Refined.

        The last state that keeps the quality is taken, so the watched faces choose how long, not how like the source.

        Args:
            progress: called with (share done, {name: loss}) after each step.
        """
        idn = self._idn
        before = now = self._watched.quality(idn)
        optimiser = paddle.optimizer.Adam(
            LR, beta1=0.5, beta2=0.99, parameters=self._trained(), grad_clip=paddle.nn.ClipGradByGlobalNorm(CLIP)
        )
        begun, steps, share, looked, start = time.monotonic(), 0, 0.0, 0, _copy(idn)
        kept: tuple[Quality, dict[str, paddle.Tensor]] | None = None
        while share < 1:
            optimiser.set_lr(LR * min(1.0, (steps + 1) / WARMUP) * (1 - share) ** 0.5)
            record = self._step(optimiser, steps)
            steps += 1
            share = min(1.0, (time.monotonic() - begun) / 60 / minutes)
            if share >= (looked + 1) / LOOKS:
                looked = int(share * LOOKS)
                now = self._watched.quality(idn)
                if before.is_kept_by(now):
                    kept = (now, _copy(idn))
            if progress:
                progress(share, record)
        freeze(idn)
        after, end = kept or (now, _copy(idn))
        is_better = kept is not None and after.distance < before.distance
        sheet = self._sheet(start, end)
        idn.set_state_dict(end if is_better else start)
        return Refined(before, after, is_better, steps, (time.monotonic() - begun) / 60, sheet)

    def _trained(self) -> list[paddle.Tensor]:
        """The IDN's parameters, ready to be trained. Those of the mask stay (where the face is does not depend on whose
        it is), and so do the statistics of batch norms."""
        trained = [
            parameter
            for name, parameter in self._idn.named_parameters()
            if not name.startswith("mask.") and not name.endswith(STATISTICS)
        ]
        for parameter in trained:
            parameter.stop_gradient = False
        return trained

    def _step(self, optimiser: paddle.optimizer.Optimizer, number: int) -> dict[str, float]:
        """One step of the optimiser -> {name: loss}."""
        idn, batch = self._idn, self._pairs.batch(BATCH)
        swap = run_idn(batch.targets, idn.encoder, idn.decoder, idn.final, idn.mask, idn.mobile)
        swap = self._objective.shown(swap, batch.targets)
        loss, record = self._objective(swap, batch, self._embedding.expand([BATCH, -1]), number)
        loss.backward()
        optimiser.step()
        optimiser.clear_grad()
        return {name: float(value) for name, value in record.items()}

    def _sheet(self, before: dict[str, paddle.Tensor], after: dict[str, paddle.Tensor]) -> np.ndarray:
        """Rows target | before | after of the watched faces."""
        columns = [np.stack(self._watched.images)]
        for state in (before, after):
            self._idn.set_state_dict(state)
            columns.append(np.stack(self._watched.swapped(self._idn)))
        return np.vstack([np.hstack(row) for row in zip(*columns)])


def personalize(
    sources: Sequence[str | Path],
    output: str | Path,
    faces: str | Path,
    minutes: float,
    weights: str | Path | None = None,
    encoder: str | Path | None = None,
    progress: Progress | None = None,
) -> Refined:
    """Refine the identity of `sources` (paths of photos of one person), write it as an identity file with its sheet
    beside it.

    Args:
        output: path ending in .identity; the sheet is OUTPUT.png. faces: folder of pictures of other people, or a faces
            file.
        weights, encoder: see `swap.baker.Baker`. minutes, progress: see `Personalizer.train`.
    Returns: Refined; without a gain no identity file is written, the sheet is.
    Raises: UserError.
    """
    baker = Baker(weights, encoder)
    identity, found = baker.combined(sources)
    crops = load_crops(find(faces))
    refined = Personalizer(identity, found, crops, FaceEmbedder(load_encoder(encoder))).train(minutes, progress)
    sheet = Path(output).with_suffix(".png")
    record = provenance(**identity.facts)
    write_image(sheet, refined.sheet, **save_options(sheet, record))
    if refined.is_better:
        identity.facts = {**identity.facts, "personalized": refined.facts}
        save_identity(output, identity, _portrait(*found[0]))
    return refined


def _portrait(image: np.ndarray, face: Face) -> np.ndarray:
    """The face with as much around it again, at most 512 px."""
    low, high = face.box.reshape(2, 2)
    side = 2 * float((high - low).max())
    scale = min(1.0, PORTRAIT / side)
    (left, top), right_bottom = (
        np.maximum(v, 0).astype(int) for v in ((low + high - side) / 2, (low + high + side) / 2)
    )
    part = image[top : right_bottom[1], left : right_bottom[0]]
    return part if scale == 1 else cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)


def _copy(idn: IDN) -> dict[str, paddle.Tensor]:
    return {name: value.clone() for name, value in idn.state_dict().items()}
