"""The three-line API, and the only file that knows the whole way from a picture to a swapped picture.

from paddle_mfs import FaceSwapper
swapper = FaceSwapper("source.jpg")
result = swapper.swap(image)                # (H, W, 3) uint8 RGB in, the same out
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import Face, FaceAnalyser
from paddle_mfs.face.appearance import appearance
from paddle_mfs.face.colour import apply_colour, match_colour
from paddle_mfs.face.detail import contradicted_detail
from paddle_mfs.face.eyes import eyes_mask
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.image import keeps_alpha, read_alpha, read_image, with_alpha, write_image
from paddle_mfs.face.light import Light
from paddle_mfs.face.mouth import open_mouth_mask
from paddle_mfs.face.occlusion import OcclusionFinder
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.models.idn import SIZE, UNCHANGED
from paddle_mfs.provenance import camera_exif, check_format, picture_sha256, provenance, save_options
from paddle_mfs.signing import Signer
from paddle_mfs.swap.baker import Baker
from paddle_mfs.swap.change import change_of, face_mask
from paddle_mfs.swap.identity import Identity
from paddle_mfs.swap.memory import ClipMemory, FaceMemory
from paddle_mfs.swap.options import SwapOptions
from paddle_mfs.swap.patch import Patch, paste_all
from paddle_mfs.swap.roles import roles
from paddle_mfs.swap.select import select_or_raise, track_time, untracked
from paddle_mfs.swap.side_by_side import side_by_side
from paddle_mfs.utils.badge import add_badge
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch

COLOUR_RATE = 0.1  # of the way the colour of a tracked face goes, in each frame, to what that frame alone would give
OBJECT_RATE = 0.5  # likewise of what lies on it
DETAIL_RATE = 0.5  # likewise of the detail that the new face contradicts


class CannotPaint(UserError):
    """A face that stays as it is. why: in two words, for the summary of a clip."""

    def __init__(self, message: str, why: str):
        super().__init__(message)
        self.why = why


class FaceSwapper:
    """Puts the face of one source on any number of pictures; or the faces of several on the people they are meant for.

    Args:
        source: path of a picture, or (H, W, 3) uint8 RGB; its largest face is used. Or a list of paths, pictures of one
            person: the mean of what the encoder sees in them. Or a dict, path of a picture that
            shows a target's face -> path of the source for that person: only those people are swapped.
        weights: path of MobileFaceSwap weights, ours or the public ones; None: the bundled ones.
        encoder: path of the identity encoder's weights that belong to `weights`; None: the bundled ones.
        engine: what runs the networks: "openvino", "paddle", "lite", or "auto" (OpenVINO where installed, else Paddle).
        options: SwapOptions; None: the defaults.

    Attributes:
        badge: do pictures and clips written show one, see `utils.badge`? signer: Signer that signs them, or None.

    Raises: UserError for a source without a face, for weights that do not load or do not belong together, and for an
        engine that is unknown or not installed.
    """

    _occlusion: OcclusionFinder | None = None
    _keeps_exif = True  # do pictures keep when and with what the target was taken?

    def __init__(
        self,
        source: str | Path | np.ndarray | Sequence[str | Path] | Mapping[Any, str | Path],
        weights: str | Path | None = None,
        encoder: str | Path | None = None,
        engine: str = "auto",
        options: SwapOptions | None = None,
    ):
        self._engine = engine
        self.options = options or SwapOptions()
        self.badge = False
        self.signer: Signer | None = None
        self.analyser = FaceAnalyser(engine=engine)
        self.baker = Baker(weights, encoder, self.analyser, engine)
        if isinstance(source, Mapping):
            self.roles = roles(self.baker, source)
            self.identity = self.roles[0].identity
        elif isinstance(source, (str, Path, np.ndarray)):
            self.roles, self.identity = [], self.baker.identity(source)
        else:
            self.roles, (self.identity, _) = [], self.baker.combined(source)

    @property
    def options(self) -> SwapOptions:
        """How faces are swapped. What finds things before a face is loaded when they first ask for it."""
        return self._options

    @options.setter
    def options(self, options: SwapOptions) -> None:
        self._options = options
        if options.keep_objects and self._occlusion is None:
            self._occlusion = OcclusionFinder(engine=self._engine)

    def with_source(self, source: str | Path | np.ndarray) -> FaceSwapper:
        """The same swapper for another source (path or picture): the networks are not loaded again."""
        other = copy.copy(self)
        other.roles, other.identity = [], self.baker.identity(source)
        return other

    @property
    def default_face(self) -> str:
        """Which faces are swapped when nothing else is said: "all" where each person has a source, else "largest"."""
        return "all" if self.roles else "largest"

    @property
    def facts(self) -> dict[str, Any]:
        """What outputs say about their making: `Identity.facts`; with several sources, source_sha256 is a list."""
        hashes = list(dict.fromkeys(role.identity.facts["source_sha256"] for role in self.roles))
        return {**self.identity.facts, "source_sha256": hashes} if len(hashes) > 1 else self.identity.facts

    def swap(self, image: np.ndarray, face: str | int | None = None, name: str = "target") -> np.ndarray:
        """Swap the face (or faces) of a picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            face: "largest", "all", or an index, 0 being the leftmost. None: `default_face`.
            name: what error messages call the picture.
        Returns: (H, W, 3) uint8 RGB; pixels that the network does not change are those of `image`.
        Raises: UserError when there is no such face, none that a source is meant for, or the weights leave it as it is.
        """
        face = self.default_face if face is None else face
        if face == "largest":
            faces = [self.analyser.largest(image, name)]
        else:
            faces = select_or_raise(self.analyser.faces(image, small=True), face, name)
        return paste_all(image.copy(), self.patches(image, faces, None, name))

    def swap_faces(
        self,
        image: np.ndarray,
        faces: Sequence[Face | TrackedFace],
        inplace: bool = False,
        memory: ClipMemory | None = None,
    ) -> np.ndarray:
        """Swap faces already found, `patches` and `paste_all` in one.

        Args:
            image: (H, W, 3) uint8 RGB.
            faces: list of `Face` or `TrackedFace`, in pixels of `image`. All crops are cut before any is pasted.
            inplace: write into `image` instead of a copy.
            memory: a `ClipMemory` for the whole clip: what is decided of a tracked face (whom it gets, its strength's
                IDN) holds for the next frames, its colour and detail change slowly. None: every picture for itself.
        Returns: (H, W, 3) uint8 RGB; pixels that no change reaches are those of `image`, and so is a face that no
            source is meant for or that the weights leave as it is.
        """
        return paste_all(image if inplace else image.copy(), self.patches(image, faces, memory))

    def patches(
        self,
        image: np.ndarray,
        faces: Sequence[Face | TrackedFace],
        memory: ClipMemory | None = None,
        name: str | None = None,
    ) -> list[Patch]:
        """The swapped faces, ready for `paste(image, *patch)`; arguments as for `swap_faces`.

        Args:
            name: None, or what error messages call the picture: a face that cannot be painted is then an error.
        Returns: list of Patch; faces that stay as they are have none.
        """
        made = []
        for found in faces:
            try:
                patch = self._patch(image, found, FaceMemory() if memory is None else memory.of(found), name)
            except CannotPaint as error:
                if name is not None:
                    raise
                if memory is not None:
                    memory.left[error.why] += 1
                continue
            if patch is not None:
                made.append(patch)
        if faces and not made and name is not None:
            raise UserError(
                f"{name}: shows nobody who is to be swapped ({len(faces)} looked at); give a clearer picture of them"
            )
        return made

    def _patch(
        self, image: np.ndarray, found: Face | TrackedFace, memory: FaceMemory, name: str | None
    ) -> Patch | None:
        """One swapped face; None where no source is meant for it. Raises: CannotPaint."""
        face, identity = untracked(found), self._identity(image, found, memory)
        if identity is None:
            return None
        crop, matrix = align(image, face.five, SIZE)
        result, mask = self.paint(crop, name, identity)
        landmarks = transform(face.landmarks[:, :2].astype(np.float64), matrix)
        change, damping = self._with_options(crop, result, mask, landmarks, memory)
        return Patch(change, matrix, crop, damping)

    def _identity(self, image: np.ndarray, found: Face | TrackedFace, memory: FaceMemory) -> Identity | None:
        """What this face gets: an Identity, or None to leave it."""
        face, strength, person = untracked(found), self.options.strength, memory.person
        if self.roles or strength != 1:  # else everybody gets the same
            look, time = appearance(image, face.five), track_time(found)
            if person.is_in_doubt(look, time):
                seen = self.baker.recognise(image, face)
                if person.answer(seen, look, time, self.roles):
                    memory.begin_anew()
        if self.roles and not person.role:
            return None
        if memory.identity is None:
            source = person.role.identity if person.role else self.identity
            memory.identity = self.baker.between(source, image, face, strength)
        return memory.identity

    def _with_options(
        self, crop: np.ndarray, result: np.ndarray, mask: np.ndarray, landmarks: np.ndarray, memory: FaceMemory
    ) -> tuple[np.ndarray, np.ndarray]:
        """The change of the crop as the options want it, and the damping of detail, steadied in time."""
        if self.options.colour_match:
            face = face_mask(mask)
            colour = match_colour(crop, result, face, landmarks)
            memory.colour = memory.colour.towards(colour, COLOUR_RATE) if memory.colour else colour
            matched = apply_colour(result, memory.colour, self.options.colour_match)
            result = result + face[..., None] * (matched - result)
        damping = contradicted_detail(crop, result)
        memory.damping = damping = _towards(memory.damping, damping, DETAIL_RATE)
        painted = np.ones_like(damping)
        if self.options.keep_mouth:
            painted *= 1 - open_mouth_mask(landmarks, SIZE, self.options.keep_mouth)
        if self.options.keep_eyes:
            painted *= 1 - eyes_mask(landmarks, SIZE, self.options.keep_eyes)
        if self._occlusion and self.options.keep_objects:
            found = self._occlusion(crop, landmarks)
            memory.occlusion = _towards(memory.occlusion, found, OBJECT_RATE)
            painted *= 1 - memory.occlusion
        return change_of(crop, result) * painted[..., None], damping * painted

    def paint(
        self, crop: np.ndarray, name: str | None = "target", identity: Identity | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The swapped face, as the IDN gives it; in little or coloured light by way of a light that it knows.

        Args:
            crop: (224, 224, 3) uint8 RGB, aligned target face.
            identity: Identity to put on; None: `self.identity`.
        Returns: result (224, 224, 3) float32 RGB in [0, 1], blended with the crop by the fusion mask already; that mask
            (224, 224) float32 in [0, 1].
        Raises: UserError when there is no light on the face, and when the result equals the crop (weights whose mask
            stays shut) or is not finite.
        """
        light = Light.of(crop)
        if light.is_dark:
            raise CannotPaint(f"{name}: the face is too dark; use a brighter picture", "too dark")
        shown = light.known(crop)
        result, mask = (output[0] for output in (identity or self.identity).run(to_batch(shown)))
        result = np.ascontiguousarray(result.transpose(1, 2, 0))
        largest = np.abs(result - shown / np.float32(255)).max()
        if not np.isfinite(largest) or largest < UNCHANGED:
            raise CannotPaint(
                f"{name}: the swap failed: the weights leave the face as it is "
                f"(largest change {largest * 255:.1f} of 255); use other weights",
                "the weights paint nothing",
            )
        return light.back(crop, shown, result), mask[0]

    def swap_file(
        self,
        target: str | Path,
        output: str | Path,
        face: str | int | None = None,
        compare: np.ndarray | None = None,
        captions: Sequence[str] = (),
    ) -> np.ndarray:
        """Swap the face in the picture file `target`, write `output` (PNG, JPEG or WebP) with its provenance.

        What is transparent stays so in PNG and WebP, see `keeps_alpha`; else it is laid on white.

        Args:
            compare: None, or an (H, W, 3) uint8 RGB picture of the source: `output` then shows source | target |
                result, with `captions` (three words) under them.
        Returns: the result, (H, W, 3) uint8 RGB.
        Raises: UserError naming the file.
        """
        check_format(output)
        image = read_image(target)
        result = self.swap(image, face, str(target))
        alpha = read_alpha(target) if compare is None and keeps_alpha(output) else None
        if self.badge:
            add_badge(result, alpha)
        shown = result if compare is None else side_by_side([compare, image, result], captions)
        record = provenance(target_sha256=picture_sha256(target), **self.facts)
        shown = shown if alpha is None else with_alpha(shown, alpha)
        sign = self.signer.of(output, record, target) if self.signer else None
        write_image(
            output, shown, sign, **save_options(output, record, camera_exif(target) if self._keeps_exif else None)
        )
        return result


def _towards(mean: np.ndarray | None, value: np.ndarray, rate: float) -> np.ndarray:
    """An exponential mean over the frames of a clip; None before the first."""
    return value if mean is None else mean + np.float32(rate) * (value - mean)
