"""Which frames of a clip are kept, and whose they are."""

import numpy as np

from paddle_mfs.data.best_frames import BestFrames, tell_people_apart
from paddle_mfs.data.face_filter import Candidate
from paddle_mfs.data.finding import Finding


def frame(number, score, hashed=None, person=0):
    hashed = np.random.default_rng(number).integers(0, 256, 32).astype(np.uint8) if hashed is None else hashed
    candidate = Candidate(None, None, hashed, {}, score, np.eye(4)[person])
    return Finding(f"clip.mp4#{number:06d}", "clip.mp4", candidate=candidate)


def test_the_best_are_kept_and_of_two_alike_the_better():
    frames = [frame(0, 3.0), frame(1, 1.0), frame(2, 2.0), Finding("clip.mp4#000003", "clip.mp4", reason="no face")]
    frames.append(frame(4, 5.0, hashed=frames[0].candidate.hashed))
    best = BestFrames(2)
    for one in frames:
        best.add(one)
    assert [one.candidate is not None for one in frames] == [False, False, True, False, True]
    assert [one.reason for one in frames] == ["near duplicate", "not among the best", "", "no face", ""]
    assert frames[0].detail == "of clip.mp4#000004" and frames[0].line["status"] == "rejected"


def test_people_that_are_not_the_first_have_a_label_of_their_own():
    frames = [frame(0, 1.0), frame(1, 1.0, person=2), frame(2, 1.0), frame(3, 1.0, person=1), frame(4, 1.0, person=2)]
    frames.insert(1, Finding("clip.mp4#000009", "clip.mp4", reason="blurred"))
    tell_people_apart(frames)
    assert [one.label.removeprefix("clip.mp4") for one in frames] == ["", "", "/1", "", "/2", "/1"]
