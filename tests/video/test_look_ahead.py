"""A face that is found late is there from the frame on in which it can first be seen."""

import av
import cv2
import numpy as np
import pytest

from paddle_mfs.bench.clip import write_h264
from paddle_mfs.face.image import read_image
from paddle_mfs.face.tracker import FaceTracker
from paddle_mfs.video import look_ahead
from paddle_mfs.video.frame import Picture
from paddle_mfs.video.look_ahead import AHEAD, Frame, LookAhead
from paddle_mfs.video.pipeline import ClipOptions, swap_video

RATE, SIDE, CAME, UPRIGHT = 25, 160, 6, 12


@pytest.fixture(scope="module")
def people(samples):
    return [
        cv2.resize(read_image(samples / "faces" / f"{number}.jpg"), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        for number in ("800510", "800505")
    ]


def frames_of(people, count=18, came=CAME, lying=95):
    """Beside the first person a second one comes in lying on the side, which no view for newcomers shows, and rises."""
    oval = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(oval, (80, 83), (58, 74), 0, 0, 360, 1, -1)
    for number in range(count):
        image = np.full((SIDE, 2 * SIDE, 3), 110, np.uint8)
        image[:, :SIDE][oval > 0] = people[0][oval > 0]
        if number >= came:
            degrees = lying * max(0, 1 - (number - came) / (UPRIGHT - CAME))
            matrix = cv2.getRotationMatrix2D((80, 80), degrees, 1)
            turned, where = (cv2.warpAffine(one, matrix, (SIDE, SIDE)) for one in (people[1], oval))
            image[:, SIDE:][where > 0] = turned[where > 0]
        yield image


def pictures_of(images):
    converter = av.video.reformatter.VideoReformatter()
    for image in images:
        frame = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format="yuv444p")
        yield Picture(frame, (False, False, False), converter)


def looked_ahead(analyser, images, times=None):
    """The frames as they come out, the LookAhead, and the numbers of the frames in which the tracker found two."""
    tracker, ahead, out, found = FaceTracker(analyser), LookAhead(analyser), [], []
    for number, picture in enumerate(pictures_of(images)):
        tracked = tracker.update(picture.shown, times[number] if times else number / RATE)
        if len(tracked) == 2:
            found.append(number)
        out += ahead.add(Frame(picture, tracker.clock, tracker.scene, tracked, tracker.ids))
        waiting = number + 1 - len(out)
        assert waiting <= AHEAD * RATE + 1
    return out + ahead.finish(), ahead, found


@pytest.mark.parametrize("views", [look_ahead.VIEWS, 0])
def test_it_is_followed_backwards_as_far_as_it_can_be_seen(swapper, people, monkeypatch, views):
    """Whether the pictures wait with their views or without."""
    monkeypatch.setattr(look_ahead, "VIEWS", views)
    images = list(frames_of(people))
    frames, ahead, found = looked_ahead(swapper.analyser, images)
    assert found[0] >= CAME + 2, "else nothing is late"
    assert [len(frame.tracked) for frame in frames] == [1] * CAME + [2] * (len(images) - CAME)
    assert all({one.id for one in frame.tracked} <= frame.ids for frame in frames)
    late = [max(frame.tracked, key=lambda one: one.face.box[0]) for frame in frames[CAME:]]
    assert len({one.id for one in late}) == 1
    for one, image, number in zip(late, images[CAME:], range(CAME, 99)):
        again = swapper.analyser.follow(image, one.face)
        assert np.abs(again.five - one.face.five).max() < 0.1 * again.size and one.time == frames[number].time
    assert ahead.notes == [f"longest wait of a newcomer {(found[0] - CAME) / RATE:.2f} s"]


def test_not_over_a_cut(swapper, people):
    """Who is there at the cut was there in no frame before it, even where the tracker finds them later."""
    images = list(frames_of(people, count=14, came=CAME))
    other = np.roll(images[-1], SIDE, 1)
    images = [other] * 2 + [np.full_like(image, (240, 30, 30)) for image in images[:1]] + images[CAME:]
    frames, _, _ = looked_ahead(swapper.analyser, images)
    scenes = [frame.scene for frame in frames]
    assert len(set(scenes)) >= 2
    ids = [{one.id for one in frame.tracked} for frame in frames]
    assert all(not ids[a] & ids[b] for a in range(len(ids)) for b in range(len(ids)) if scenes[a] != scenes[b])


def test_one_that_is_there_all_the_time_waited_as_long_or_longer(swapper, people):
    """At a frame rate so high that half a second is not enough to find it; and times that stand still."""
    times = [number / 4 for number in range(12)]
    frames, ahead, found = looked_ahead(swapper.analyser, frames_of(people, count=12, came=1), times)
    assert found and len(frames) == 12
    first = min(number for number, frame in enumerate(frames) if len(frame.tracked) == 2)
    waited = f"{(found[0] - first) / 4:.2f} s"
    assert ahead.notes == (
        [f"longest wait of a newcomer {waited}" + " or more" * (first > 1)] if first < found[0] else []
    )
    still, _, _ = looked_ahead(swapper.analyser, frames_of(people, count=3), [0.0] * 3)
    assert len(still) == 3


def test_the_newcomer_of_a_clip_is_swapped_from_the_first_frame_on(swapper, people, tmp_path, pictures_of):
    """A small clip has one view, whose turn comes within 0.2 s."""
    images = [cv2.resize(image, (192, 96)) for image in frames_of(people, count=9, came=2, lying=0)]
    write_h264(tmp_path / "in.mp4", images, RATE, 12)
    summary = swap_video(swapper, tmp_path / "in.mp4", tmp_path / "out.mp4", "all", options=ClipOptions(quality=0))
    assert summary.frames == 9 and "longest wait of a newcomer 0.1" in str(summary)
    pairs = zip(pictures_of(tmp_path / "in.mp4"), pictures_of(tmp_path / "out.mp4"))
    changed = [np.abs(new[:, 115:173].astype(int) - old[:, 115:173]).mean() for (_, old), (_, new) in pairs]
    assert max(changed[:2]) == 0 and min(changed[2:]) > 1
