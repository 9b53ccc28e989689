"""What the occlusion segmenter is worth on held-out faces: how well it finds what is drawn, what it sees on plain
faces."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from paddle_mfs.data.covered_faces import CoveredFace, cover
from paddle_mfs.data.occluders import KINDS
from paddle_mfs.face.align import AlignedFace
from paddle_mfs.face.occlusion import face_reach
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.utils.drawing import text_strip

Find = Callable[[np.ndarray, np.ndarray], np.ndarray]  # crop and landmarks -> mask, see face.occlusion.OcclusionFinder
SPECTACLES, LIGHT = 0.25, 0.5  # shares of the covered faces that wear drawn spectacles, stand in another light
# what is done to a face on which nothing is to be found: cover's spectacles, light
UNCOVERED = {"plain": (False, False), "spectacles": (True, False), "light": (False, True)}


def judge(find: Find, faces: Sequence[AlignedFace], seed: int = 0) -> dict[str, Any]:
    """What `find` makes of held-out faces (crops of 224 px) -> dict for the card.

    iou: intersection over union of what was drawn and what is found (0.5 and more), pixels of all faces together, for
        each kind of thing and of all; where it is known, see `data.covered_faces`.
    kept: of faces without a thing before them, in drawn spectacles and in another light too, the mean of what is found
        within the face oval; plain_known leaves out what may be the face's own hair on its forehead; worst is the
        greatest of plain_known.
    """
    iou, together = {}, np.zeros(2)
    for kind in KINDS:
        counts = np.zeros(2)
        for made in drawn(faces, kind, seed):
            found = find(made.image, made.landmarks) >= 0.5
            truth, known = made.covered, made.known
            counts += (truth & found & known).sum(), ((truth | found) & known).sum()
        iou[kind] = _ratio(counts)
        together += counts
    kept: dict[str, list[float]] = {name: [] for name in (*UNCOVERED, "plain_known")}
    for number, face in enumerate(faces):
        for name, (spectacles, light) in UNCOVERED.items():
            made = cover(face, np.random.default_rng([seed, number]), (), spectacles, light)
            found, oval = find(made.image, made.landmarks), oval_mask(made.landmarks, *made.image.shape[:2]) > 0
            kept[name].append(float(found[oval].mean()))
            if name == "plain":
                kept["plain_known"].append(float(found[oval & made.known].mean()))
    return {
        "faces": len(faces),
        "iou": {"all": _ratio(together), **iou},
        "kept": {name: round(float(np.mean(values)), 5) for name, values in kept.items()},
        "worst": round(max(kept["plain_known"]), 4),
    }


def _ratio(counts):
    return round(float(counts[0] / max(counts[1], 1)), 4)


def drawn(faces: Sequence[AlignedFace], kind: str | None, seed: int) -> Iterator[CoveredFace]:
    """Each face with a thing of a kind before it (None: any), always the same."""
    for number, face in enumerate(faces):
        rng = np.random.default_rng([seed, number, KINDS.index(kind) + 1 if kind else 0])
        spectacles, light = rng.random(2) < (SPECTACLES, LIGHT)
        yield cover(face, rng, [kind], bool(spectacles), bool(light))


def sheet(find: Find, faces: Sequence[AlignedFace], seed: int = 0, columns: int = 3) -> np.ndarray:
    """A picture of held-out faces, crop | truth | found, uint8 RGB: kinds of things in turn, then nothing, spectacles.

    Red: a thing before the face; dark: not known, or beyond the reach of the face.
    """
    tiles = []
    for number, face in enumerate(faces):
        what = (*KINDS, "plain", "spectacles")[number % (len(KINDS) + 2)]
        if what in KINDS:
            (made,) = drawn([face], what, seed + number)
        else:
            made = cover(face, np.random.default_rng([seed, number]), (), what == "spectacles", bool(number // 10 % 2))
        truth, known = made.covered, made.known
        found = find(made.image, made.landmarks)
        reach = face_reach(made.landmarks, made.image.shape[0])
        tiles.append(np.hstack([made.image, _red(made.image, truth, known), _red(made.image, found, reach)]))
        tiles[-1] = np.vstack([tiles[-1][::2, ::2], text_strip(what, tiles[-1].shape[1] // 2)])
    tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)])


def _red(image, share, clear):
    """The picture with a share of red in each place, dark where it is not clear."""
    share = 0.75 * (np.asarray(share, np.float32) * clear)[..., None]
    shown = image * np.where(clear, 1, 0.4)[..., None]
    return (shown + share * (np.array((255, 0, 0)) - shown)).astype(np.uint8)
