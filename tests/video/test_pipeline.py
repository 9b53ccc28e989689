"""swap_video on real clips: who is swapped, what stays bit for bit, what happens when something fails."""

import threading
import time
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest

from paddle_mfs.provenance import read_provenance
from paddle_mfs.utils.errors import UserError
from paddle_mfs.video.pipeline import STAGES, ClipOptions, swap_video
from paddle_mfs.video.prefetch import prefetch


@pytest.fixture(scope="module")
def wall():
    """A picture without a face."""
    return np.full((160, 160, 3), (90, 120, 90), np.uint8)


def test_only_the_face_changes(swapper, make_clip, decoded, packets, tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=3, size=(240, 160), sound=True)
    seen = []
    lossless = ClipOptions(quality=0)
    summary = swap_video(
        swapper, clip, tmp_path / "out.mp4", options=lossless, progress=lambda *args: seen.append(args)
    )
    assert (summary.frames, summary.swapped, summary.skipped, summary.is_interrupted) == (3, 3, 0, False)
    assert seen == [(1, 3), (2, 3), (3, 3)] and set(summary.busy) == set(STAGES) and min(summary.busy.values()) > 0
    assert "3 frames, 3 swapped, 0 passed through, 0 corrupt skipped" in str(summary)
    box = swapper.analyser.largest(decoded(clip)[1].to_ndarray(format="rgb24")).box
    for (_, old), (_, new) in zip(decoded(clip)[0], decoded(tmp_path / "out.mp4")[0]):
        changed = old[0] != new[0]
        rows, columns = np.nonzero(changed)
        assert changed.mean() > 0.05  # lossless: whatever differs was written by the swap
        assert rows.min() > box[1] - 25 and columns.min() > box[0] - 30 and columns.max() < box[2] + 30
        assert not (old[1] != new[1])[:, : int(box[0] - 30) // 2].any()
    assert [data for _, data in packets(clip, "audio")] == [data for _, data in packets(tmp_path / "out.mp4", "audio")]
    record = read_provenance(tmp_path / "out.mp4")
    assert record["synthetic"] is True and len(record["target_sha256"]) == 64 and record["weights"]["licence"]
    assert record["source_sha256"] == swapper.identity.facts["source_sha256"]


@pytest.mark.parametrize(
    "suffix, options",
    [
        (".mkv", {"pixel_format": "yuv420p10le", "codec": "libx265", "rotation": 90}),
        (".webm", {"size": (161, 159)}),
        (".mov", {"rotation": 180}),
    ],
)
def test_turned_deep_and_odd(swapper, make_clip, decoded, tmp_path, suffix, options):
    clip = make_clip(tmp_path / "plain.mp4", frames=1)
    upright = decoded(clip)[1].to_ndarray(format="rgb24")
    turned = np.ascontiguousarray(
        np.rot90(upright, -options.get("rotation", 0) // 90)
    )  # as a camera on its side records it
    clip = make_clip(tmp_path / f"in{suffix}", frames=2, picture=turned, **options)
    summary = swap_video(swapper, clip, tmp_path / f"out{suffix}")
    assert (summary.frames, summary.swapped) == (2, 2)
    (_, first), (_, result) = decoded(clip), decoded(tmp_path / f"out{suffix}")
    assert result.format.name == first.format.name and result.rotation == first.rotation
    shown = [np.rot90(frame.to_ndarray(format="rgb24"), options.get("rotation", 0) // 90) for frame in (first, result)]
    face = swapper.analyser.largest(np.ascontiguousarray(shown[0]))
    x, y = face.box.reshape(2, 2).mean(0).astype(int)
    assert face.pose[2] == pytest.approx(0, abs=15)
    assert (
        np.abs(
            shown[0][y - 25 : y + 25, x - 25 : x + 25].astype(int) - shown[1][y - 25 : y + 25, x - 25 : x + 25]
        ).mean()
        > 4
    )


def test_frames_without_a_face_pass_through(swapper, make_clip, decoded, wall, tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=4, picture=wall)
    summary = swap_video(swapper, clip, tmp_path / "out.mp4", options=ClipOptions(quality=0))
    assert (summary.frames, summary.swapped) == (4, 0)
    for (_, old), (_, new) in zip(decoded(clip)[0], decoded(tmp_path / "out.mp4")[0]):
        assert all((a == b).all() for a, b in zip(old, new))
    clip = make_clip(tmp_path / "one.mp4", frames=1)
    assert swap_video(swapper, clip, tmp_path / "out.mp4", face=3).swapped == 0  # there is one face only
    assert swap_video(swapper, clip, tmp_path / "out.mp4", face="all").swapped == 1
    with pytest.raises(UserError, match="face 'nose'"):
        swap_video(swapper, clip, tmp_path / "out.mp4", face="nose")


def test_stopping_keeps_what_was_done(swapper, make_clip, decoded, wall, packets, tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=60, picture=wall, size=(64, 64), sound=True)
    done = []
    summary = swap_video(
        swapper,
        clip,
        tmp_path / "out.mp4",
        progress=lambda count, total: done.append(count),
        stop=lambda: len(done) >= 5,
    )
    assert (
        summary.is_interrupted and 5 <= summary.frames < 40 and len(decoded(tmp_path / "out.mp4")[0]) == summary.frames
    )
    assert max(time for time, _ in packets(tmp_path / "out.mp4", "audio")) < summary.frames / 25
    assert read_provenance(tmp_path / "out.mp4")


def test_a_failing_stage_stops_all(swapper, make_clip, wall, tmp_path):
    clip = make_clip(tmp_path / "in.mp4", frames=60, picture=wall, size=(64, 64))

    def progress(done, total):
        if done == 3:
            raise UserError("the third frame")

    running = threading.active_count()
    with pytest.raises(UserError, match="the third frame"):
        swap_video(swapper, clip, tmp_path / "out.mp4", progress=progress)
    assert threading.active_count() == running and [path.name for path in tmp_path.iterdir()] == ["in.mp4"]
    for target, told in [("gone.mp4", "no such file"), ("in.mp4", "out.avi: outputs are written as")]:
        with pytest.raises(UserError, match=told):
            swap_video(swapper, tmp_path / target, tmp_path / "out.avi")
    assert threading.active_count() == running


def test_links_of_a_chain_come_down_together():
    ended = []

    def count():
        try:
            yield from range(1000)
        finally:
            ended.append("count")

    def doubled(numbers):
        try:
            for number in numbers:
                if number == 5:
                    raise UserError("five")
                yield 2 * number
        finally:
            numbers.close()
            ended.append("doubled")

    running, given = threading.active_count(), []
    with pytest.raises(UserError, match="five"):
        for number in prefetch(doubled(prefetch(count()))):
            given.append(number)
    assert given == [0, 2, 4, 6, 8] and ended == ["count", "doubled"] and threading.active_count() == running

    chain = prefetch(doubled(prefetch(count())))
    assert next(chain) == 0
    chain.close()
    assert ended[2:] == ["count", "doubled"] and threading.active_count() == running
    assert list(prefetch(iter_numbers(4), depth=1)) == [0, 1, 2, 3]


def iter_numbers(count):
    yield from range(count)


def test_stages_overlap():
    meeting = threading.Barrier(2, timeout=20)

    def first():
        yield from range(3)
        meeting.wait()  # passes only while the user of the numbers waits too

    numbers = prefetch(first())
    assert [next(numbers) for _ in range(3)] == [0, 1, 2]
    meeting.wait()
    time.sleep(0)
    assert list(numbers) == []


def test_memory_stays_flat(swapper, make_clip, wall, tmp_path):
    """Frames of 2.8 MB: if one were kept of each, 60 frames would cost 160 MB. The least of a window counts, since an
    allocator that is busy elsewhere holds more now and then."""
    clip = make_clip(tmp_path / "in.mp4", frames=160, picture=wall, size=(1280, 720))
    resident = []

    def progress(done, total):
        with open("/proc/self/statm") as file:
            resident.append(int(file.read().split()[1]) * 4096)

    assert swap_video(swapper, clip, tmp_path / "out.mp4", progress=progress).frames == 160
    assert min(resident[120:]) - min(resident[60:100]) < 80e6


@pytest.mark.parametrize("aspect, stored", [(Fraction(2), (120, 240)), (Fraction(1, 2), (240, 120))])
@pytest.mark.parametrize("rotation", [None, 90])
def test_pixels_that_are_not_square(swapper, make_clip, decoded, face_picture, tmp_path, aspect, stored, rotation):
    """Shown alike, swapped alike: the face is seen in the shape it has on the screen."""
    picture = cv2.rotate(face_picture, cv2.ROTATE_90_CLOCKWISE) if rotation else face_picture
    outputs = []
    for name, size, ratio in (("square", (240, 240), None), ("other", stored, aspect)):
        squeezed = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        clip = make_clip(
            tmp_path / f"{name}.mp4", frames=1, size=size, still=squeezed, rotation=rotation, pixel_aspect=ratio
        )
        summary = swap_video(swapper, clip, tmp_path / f"{name}_out.mp4", options=ClipOptions(quality=0))
        assert summary.swapped == 1
        _, frame = decoded(tmp_path / f"{name}_out.mp4")
        outputs.append(cv2.resize(frame.to_ndarray(format="rgb24"), (240, 240), interpolation=cv2.INTER_LINEAR))
        with av.open(str(tmp_path / f"{name}_out.mp4")) as written:
            assert (written.streams.video[0].sample_aspect_ratio or 1) == (ratio or 1)
    before = cv2.resize(picture, (240, 240), interpolation=cv2.INTER_AREA).astype(int)
    change, other = (cv2.GaussianBlur((output - before).astype(np.float32), (0, 0), 4) for output in outputs)
    assert np.abs(change).max() > 20 and np.abs(other - change).max() < 0.25 * np.abs(change).max()
