"""Pose and expression as networks of a user's see them: L2 of what each reads off a result and off its target."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paddle_mfs.metrics.crop import Crop
from paddle_mfs.metrics.estimator import Estimator

READ = {"pose": "pose_by_network", "expression": "expression_by_network"}  # section of a config -> metric


class TargetReadings:
    """What networks read off a target's picture, for results to be held against: they are read at the same place.

    Args:
        estimators: by section of the config; one that is not there measures nothing.
    """

    def __init__(self, estimators: Mapping[str, Estimator], target: Crop):
        self._estimators, self._landmarks = estimators, target.photo_landmarks
        self._own = self._read(target.photo)

    def errors(self, picture: np.ndarray) -> tuple[list[float], str | None]:
        """L2 for each metric of `READ`, NaN where there is no network for it or it gives no number; which gave none,
        in words, or None.

        Args:
            picture: (H, W, 3) uint8 RGB, a result of the size of its target.
        """
        found = self._read(picture)
        errors = {one: float(np.linalg.norm(found[one] - self._own[one])) for one in found}
        failed = [f"the network of {one}.onnx gives no number" for one, error in errors.items() if np.isnan(error)]
        return [errors.get(one, float("nan")) for one in READ], failed[0] if failed else None

    def _read(self, picture):
        return {section: one(picture, self._landmarks) for section, one in self._estimators.items()}
