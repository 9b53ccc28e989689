"""What became of one picture or frame that was looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from paddle_mfs.data.face_filter import Candidate


@dataclass
class Finding:
    """What became of one picture or frame.

    name: as the manifest has it; label: who is shown; digest: SHA-256 of the file; candidate: a face that is fit, or
    None and a reason; detail: the measurement; crop: to show, or None.
    """

    name: str
    label: str
    digest: str = ""
    candidate: Candidate | None = None
    reason: str = ""
    detail: str = ""
    crop: np.ndarray | None = None

    @property
    def line(self) -> dict[str, Any]:
        """Its line of the manifest, but for the place of the record."""
        line = {"file": self.name, "status": "rejected", "reason": self.reason, "detail": self.detail}
        if self.candidate:
            line = {
                "file": self.name,
                "status": "accepted",
                "label": self.label,
                **self.candidate.facts,
                "hash": self.candidate.hashed.tobytes().hex(),
            }
        return {**line, "sha256": self.digest} if self.digest else line

    def reject(self, reason: str, detail: str) -> None:
        """It is not wanted after all."""
        self.candidate, self.reason, self.detail = None, reason, detail
