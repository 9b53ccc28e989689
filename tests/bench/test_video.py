"""The clip benchmark: both shapes run on the same clip and really swap."""

import re

import av
import numpy as np
import pytest

from paddle_mfs.bench.video import compare, markdown, swap_usual, write_clip
from paddle_mfs.video.pipeline import STAGES


def first_frame(path):
    """(H, W, 3) uint8 RGB."""
    with av.open(str(path)) as clip:
        return next(clip.decode(video=0)).to_ndarray(format="rgb24")


def test_both_are_timed(swapper, target):
    [result] = compare(swapper, target, frames=4, turns=1, usual_frames=2, sizes=((160, 160),))
    assert result["size"] == [160, 160] and result["frames"] == result["swapped"] == 4 and len(result["memory"]) == 10
    for side in ("ours", "usual"):
        assert set(result[side]["stages"]) == set(STAGES) and min(result[side]["stages"].values()) > 0
        assert result[side]["fps"] > 0 and result[side]["cpu"] > 0
    assert result["speedup"] == result["ours"]["fps"] / result["usual"]["fps"]
    table = markdown([result])
    assert re.search(r"^\| 160x160 +\| +4 \|", table, re.M) and all(f"| {stage} " in table for stage in STAGES)


def test_the_usual_shape_swaps_too(swapper, target, tmp_path):
    write_clip(tmp_path / "in.mp4", target, (160, 160), 2)
    summary = swap_usual(swapper, tmp_path / "in.mp4", tmp_path / "out.mp4", 5)
    assert summary.frames == 2
    before, after = first_frame(tmp_path / "in.mp4"), first_frame(tmp_path / "out.mp4")
    face = swapper.analyser.largest(before)
    x1, y1, x2, y2 = face.box.astype(int)
    change = np.abs(before.astype(int) - after)
    assert change[y1 + 20 : y2 - 20, x1 + 20 : x2 - 20].mean() > 4
    with av.open(str(tmp_path / "in.mp4")) as clip:
        assert clip.streams.video[0].frames == 2 == pytest.approx(float(clip.duration) / 4e4, abs=0.1)
