"""Newcomers: where is looked for them, and that the bounds in seconds hold at any frame rate and size."""

from dataclasses import dataclass

import cv2
import numpy as np
import pytest

from paddle_mfs.face.analysis import Face, FaceAnalyser
from paddle_mfs.face.boxes import box_iou
from paddle_mfs.face.geometry import transform
from paddle_mfs.face.image import read_image
from paddle_mfs.face.newcomers import LEVELS, NewcomerViews
from paddle_mfs.face.tracker import FaceTracker
from paddle_mfs.face.views import INPUT


@dataclass
class Box:
    box: np.ndarray


def room(width, height, seed=0):
    """A picture without people, (height, width, 3) uint8 RGB."""
    coarse = np.random.default_rng(seed).integers(60, 200, (height // 12, width // 12, 3)).astype(np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


def with_head(image, picture, x, y, size):
    """A head of `size` pixels, its middle at x, y."""
    image, head = image.copy(), cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    oval = np.zeros((size, size), np.uint8)
    cv2.ellipse(oval, (size // 2, round(size * 0.52)), (round(size * 0.36), round(size * 0.46)), 0, 0, 360, 1, -1)
    image[y - size // 2 :, x - size // 2 :][:size, :size][oval > 0] = head[oval > 0]
    return image


@pytest.fixture(scope="module")
def people(samples):
    return [read_image(samples / "faces" / f"{number}.jpg") for number in ("800510", "800505")]


def key(view):
    return tuple(np.rint(view.ravel() * 100).astype(int))


@pytest.mark.parametrize("rate", [5, 25, 60])
@pytest.mark.parametrize("size", [(480, 270), (1280, 720), (270, 480)])
def test_when_everything_moves_every_view_has_its_turn_within_the_bound(size, rate):
    """After a cut, and from then on."""
    newcomers, last, most = NewcomerViews(), {}, 0
    longest, every = max(seconds for *_, seconds in LEVELS), set()
    for number in range(round(3 * longest * rate) + 2):
        views = newcomers(room(*size, seed=number), 1 / rate, ())
        most = max(most, len(views))
        for view in views:
            every.add(key(view))
            assert number - last.get(key(view), -1) <= longest * rate + 1
            last[key(view)] = number
    assert min(last.values()) >= number - longest * rate - 1, "each of them again and again"
    per_second = sum(len(level._views) / level._seconds for level in newcomers._levels)
    assert most <= per_second / rate + len(newcomers._levels) + 1, "spread evenly over the frames"


def test_the_views_of_large_faces_come_first_and_within_their_own_bound():
    newcomers, turns = NewcomerViews(), {}
    for number in range(20):
        for view in newcomers(room(1280, 720, seed=number), 1 / 25, ()):
            turns.setdefault(key(view), []).append(number)
    assert [first[0] for first in turns.values()] == sorted(first[0] for first in turns.values())
    large = [numbers for view, numbers in turns.items() if view[0] < 100 * INPUT / 340]
    assert large and all(max(np.diff(numbers)) <= 0.2 * 25 + 1 and numbers[0] <= 5 for numbers in large)


def test_only_places_that_changed_are_looked_at():
    newcomers, image = NewcomerViews(), room(960, 540)
    rng, noise = np.random.default_rng(0), 4.0

    def noisy(picture):
        return (picture + rng.normal(0, noise, picture.shape)).clip(0, 255).astype(np.uint8)

    newcomers.saw_all(image)
    assert all(newcomers(noisy(image), 0.04, ()) == [] for _ in range(5)), "noise is no change"
    changed = image.copy()
    changed[300:330, 700:730] = 0
    views = [view for _ in range(4) for view in newcomers(noisy(changed), 0.04, ())]
    assert 3 <= len(views) <= 16
    seen = [transform(np.array([715.0, 315.0]), view) for view in views]
    assert all(-20 < x < INPUT + 20 and -20 < y < INPUT + 20 for x, y in seen), "all of these hold the place"
    assert newcomers(noisy(changed), 0.04, ()) == []
    newcomers.forget()
    assert len(newcomers(changed, 0.04, ())) > 5, "in a new scene everything is new"


def test_slow_changes_count_and_those_of_known_faces_do_not():
    newcomers, image = NewcomerViews(), np.full((270, 480, 3), 100, np.uint8)
    newcomers.saw_all(image)
    looks = []
    for _ in range(20):  # a place that gets brighter by one step a frame
        image = image.copy()
        image[100:140, 200:240] += 1
        looks.append(len(newcomers(image, 0.04, ())))
    assert sum(looks) >= 2
    newcomers.saw_all(image)
    image[40:100, 300:360] = 200
    known = [Box(np.array([300, 40, 360, 100], np.float32))]
    assert newcomers(image, 0.04, known) == [] and newcomers(image, 0.04, ()) != []


def test_at_most_so_many_views():
    newcomers = NewcomerViews(most=3)
    assert all(len(newcomers(room(640, 360, seed=number), 0.04, ())) <= 3 for number in range(4))


def test_tiny_and_odd_pictures():
    for size in ((3, 5, 3), (1, 400, 3), (33, 17, 3)):
        assert len(NewcomerViews()(np.zeros(size, np.uint8), 0.3, ())) >= 1


@pytest.mark.parametrize(
    "size, rate, head, seconds", [((1920, 1080), 25, 48, 0.5), ((640, 360), 60, 44, 0.2), ((640, 360), 5, 44, 0.2)]
)
def test_somebody_who_comes_in_while_the_camera_moves_is_found_in_time(analyser, people, size, rate, head, seconds):
    """44 px in 360 lines are 130 in 1080."""
    (width, height), pan = size, 120
    tracker, wide = FaceTracker(analyser, newcomers=NewcomerViews()), room(width + pan, height)
    begin, waited = 3, None
    for number in range(begin + int(seconds * rate) + 2):
        x = round(90 * number / rate) % pan
        image = with_head(wide[:, x : x + width], people[0], width // 4, height // 2, round(0.6 * height))
        if number >= begin:
            image = with_head(image, people[1], round(0.63 * width), round(0.57 * height), head)
        if number == 0:  # no full search: it is the rest that is tried
            tracker._is_search_due = False
        if len(tracker.update(image, number / rate)) == 2:
            waited = (number - begin) / rate
            break
    assert waited is not None and waited <= seconds


def test_a_clip_finds_the_faces_that_a_picture_does(analyser, people):
    tracker, image = FaceTracker(analyser, newcomers=NewcomerViews()), room(640, 360)
    tracker.update(image, 0.0)
    for x, y, size in ((150, 180, 220), (330, 80, 48), (420, 250, 90), (590, 60, 64)):
        image = with_head(image, people[x % 2], x, y, size)
    for number in range(10):
        tracked = tracker.update(image, (number + 1) / 25)
    faces = analyser.faces(image, small=True)
    assert len(tracked) == len(faces) == 4
    boxes = np.stack([one.face.box for one in tracked])
    assert all(box_iou(face.box, boxes).max() > 0.8 for face in faces)


def test_somebody_comes_into_a_dark_room(analyser, people):
    dark = np.float32(0.12)
    tracker, empty = FaceTracker(analyser, newcomers=NewcomerViews()), room(320, 180)
    image = with_head(empty, people[0], 160, 90, 120)
    for number in range(2):
        assert tracker.update(np.rint(empty * dark).astype(np.uint8), number / 25) == []
    found = [len(tracker.update(np.rint(image * dark).astype(np.uint8), (number + 2) / 25)) for number in range(6)]
    assert found[-1] == 1


def test_a_part_of_a_face_is_no_newcomer(samples):
    """An earring that the networks take for a face, now and then."""

    class Mistaken(FaceAnalyser):
        def find_in(self, image, views, known=()):
            return [
                Face.of(known[0].landmarks * np.float32([0.2, 0.2, 0.2]) + known[0].landmarks.mean(0) * 0.8, 0.6, 1)
            ]

    tracker, image = FaceTracker(Mistaken(), newcomers=NewcomerViews()), read_image(samples / "target.jpg")
    assert [len(tracker.update(image, number / 25)) for number in range(4)] == [1] * 4
