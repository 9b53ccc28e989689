"""The interface of teachers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from paddle_mfs.face.align import AlignedFace


class NamedFaces(Protocol):
    """What a teacher may know of the faces it is asked about: one name each, which never changes."""

    @property
    def names(self) -> Sequence[str]:
        """The file each face is from."""


class Teacher:
    """Aligned source, aligned target -> the image the student should make.

    options: the settings of the config's `teacher:` section that it takes, as arguments of its constructor; required:
        those of them it cannot do without.
    licence: one line printed when it is used; None where there is nothing to say.
    """

    name: str | None = None
    options: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    licence: str | None = None

    @property
    def may_fork(self) -> bool:
        """It works in the forked processes that make batches, not in this one alone."""
        return True

    def geometry(self, landmarks: np.ndarray, size: int) -> Any:
        """What `swap` can use of target landmarks (468, >=2) in pixels of a crop of `size`, whatever the source."""
        return None

    def partners(self, faces: NamedFaces) -> dict[int, list[int]] | None:
        """Which targets it can put each source on: {index in faces: [indices]}, or None where it can do any pair.

        Who asks a teacher by `keys` asks this first.
        """
        return None

    def swap(
        self,
        source: AlignedFace,
        target: AlignedFace,
        geometry: Any = None,
        keys: tuple[int, int] | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Put the source's face on the target.

        Args:
            source, target: of one size, S pixels a side.
            geometry: `self.geometry(target.landmarks, S)` if it is at hand.
            keys: of source and target, 2 * index in the faces that `partners` was shown + mirrored; for who looks
                pictures up.
        Returns: image (S, S, 3) uint8 RGB; blend (S, S) float32 in 0..1, 0 where the target was left untouched.
        """
        raise NotImplementedError
