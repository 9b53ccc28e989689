"""Which frames of a clip are kept, and who is shown in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from paddle_mfs.data.duplicates import Seen
from paddle_mfs.data.finding import Finding
from paddle_mfs.models.embedder import SAME_PERSON_COSINE


class BestFrames:
    """The best fit frames of a clip so far, none of them alike; what has to go is rejected.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int):
        self.most, self._kept = most, list[Finding]()

    def add(self, new: Finding) -> None:
        """Let a frame in if it is fit and belongs there."""
        if not new.candidate:
            return
        twin = self._twin(new)
        if twin is not None:
            self._kept[twin], worse = sorted([self._kept[twin], new], key=_score, reverse=True)
            worse.reject("near duplicate", f"of {self._kept[twin].name}")
            return
        self._kept.append(new)
        if len(self._kept) > self.most:
            worst = min(self._kept, key=_score)
            self._kept.remove(worst)
            worst.reject("not among the best", f"{self.most} frames of the clip are kept")

    def _twin(self, new):
        """Number of the kept frame that is nearly this one, or None."""
        alike = Seen()
        for finding in self._kept:
            alike.add("0", finding.candidate.hashed)
        return alike.near(new.candidate.hashed)


def _score(finding):
    return finding.candidate.score


def tell_people_apart(findings: Iterable[Finding]) -> None:
    """Give people that are not the first one of their clip a label of their own: LABEL/1, LABEL/2, ..."""
    people: list[Any] = []
    for finding in findings:
        if not finding.candidate:
            continue
        scores = [float(np.vdot(finding.candidate.embedding, person)) for person in people]
        best = int(np.argmax(scores)) if scores and max(scores) >= SAME_PERSON_COSINE else len(people)
        if best == len(people):
            people.append(finding.candidate.embedding)
        finding.label += f"/{best}" if best else ""
