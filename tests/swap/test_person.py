"""--map over the frames of a clip: one person passes into another, two cross, one changes."""

import copy

import cv2
import numpy as np
import pytest

from paddle_mfs.face.geometry import invert, transform
from paddle_mfs.face.image import read_image
from paddle_mfs.face.tracker import FaceTracker
from paddle_mfs.models.idn import SIZE
from paddle_mfs.swap.memory import ClipMemory
from paddle_mfs.swap.options import SwapOptions
from paddle_mfs.swap.roles import Role

SIDE, RATE = 240, 25
ALONE = 3  # frames that show one person alone, before and after
PAIRS = [
    ("800267", "800205"),
    ("800103", "800086"),
    ("800004", "800020"),
    ("800258", "800209"),
    ("800214", "800259"),
    ("800231", "800204"),
]
FEW, REST = PAIRS[:2], [pytest.param(*pair, marks=pytest.mark.slow) for pair in PAIRS[2:]]


def portrait(samples, name):
    picture = read_image(samples / "heldout" / f"{name}.jpg")
    return cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def meant_for(swapper, picture):
    """The swapper, for the person of this picture alone."""
    by_person = copy.copy(swapper)
    by_person.roles = [Role(swapper.baker.recognise(picture, swapper.analyser.largest(picture)), swapper.identity)]
    return by_person


def changes(swapper, frames):
    """Of each frame the pictures before and after, its faces tracked and swapped as in a clip."""
    tracker, memory = FaceTracker(swapper.analyser), ClipMemory()
    for number, image in enumerate(frames):
        tracked = tracker.update(image, number / RATE)
        memory.keep(tracker.ids)
        yield image, swapper.swap_faces(image, tracked, memory=memory)


def passing(first, second, length):
    """Shares of the second person in each frame, and the frames of a dissolve of that length, 0: a cut in a booth."""
    within = np.zeros((SIDE, SIDE), np.float32)
    cv2.ellipse(within, (120, 125), (86, 110), 0, 0, 360, 1, -1)
    within = cv2.GaussianBlur(within, (0, 0), 3)[..., None] if length == 0 else 1
    shares = [*[0.0] * ALONE, *((np.arange(length) + 1) / max(length, 1)), *[1.0] * (ALONE + 4)]
    difference = (second.astype(np.float32) - first) * within
    return shares, [np.rint(first + share * difference).astype(np.uint8) for share in shares]


@pytest.mark.parametrize("length", [0, 6, 12, 25])
@pytest.mark.parametrize("first, second", [*FEW, *REST])
def test_the_new_face_does_not_pass_to_the_next_person(swapper, samples, first, second, length):
    first, second = (portrait(samples, name) for name in (first, second))
    shares, frames = passing(first, second, length)
    swapped = [(before != after).any() for before, after in changes(meant_for(swapper, first), frames)]
    assert all(is_swapped for share, is_swapped in zip(shares, swapped) if share <= 0.25)
    assert sum(is_swapped for share, is_swapped in zip(shares, swapped) if share >= 0.75) <= 3
    assert not any(is_swapped for share, is_swapped in zip(shares, swapped) if share == 1), "bit for bit"


def test_who_comes_out_of_a_dissolve_is_swapped(swapper, samples):
    first, second = (portrait(samples, name) for name in FEW[0])
    shares, frames = passing(second, first, 12)
    swapped = [(before != after).any() for before, after in changes(meant_for(swapper, first), frames)]
    assert not any(swapped[: ALONE + 3]) and all(swapped[-5:])


def test_a_persons_own_changes_end_nothing(swapper, samples):
    """Turning, coming nearer, another light, a fade to black and back."""
    picture = portrait(samples, "800141")

    def turned(number):
        matrix = cv2.getRotationMatrix2D((120, 120), 25 * np.sin(number / 3), 0.8 + 0.2 * np.sin(number / 5))
        narrower = np.array([[0.9 + 0.1 * np.cos(number), 0, 0], [0, 1, 0], [0, 0, 1]])
        return cv2.warpAffine(picture, matrix @ narrower, (SIDE, SIDE), borderMode=cv2.BORDER_REFLECT)

    frames = [turned(number) for number in range(14)]
    colours = [(1, 0.6 + 0.4 * np.cos(number / 2), 0.5 + 0.5 * np.cos(number / 2)) for number in range(7)]
    frames += [np.rint(turned(14) * colour).astype(np.uint8) for colour in colours]
    frames += [np.rint(frames[-1] * gain).astype(np.uint8) for gain in (0.8, 0.5, 0.3, 0.15, 0.3, 0.8)]
    swapped = [(before != after).any() for before, after in changes(meant_for(swapper, picture), frames)]
    assert swapped == [True] * len(frames)


def test_two_who_cross_keep_their_faces(swapper, samples):
    """One passes in front of the other: only where that one is there is a new face."""
    people, oval = [portrait(samples, name)[20:220, 20:220] for name in FEW[1]], np.zeros((200, 200), np.uint8)
    cv2.ellipse(oval, (100, 104), (72, 96), 0, 0, 360, 1, -1)
    person, front = meant_for(swapper, portrait(samples, FEW[1][0])), []
    tracker, memory = FaceTracker(swapper.analyser), ClipMemory()
    for number in range(22):
        image = np.full((220, 520, 3), 110, np.uint8)
        for picture, x in ((people[1], 310 - 14 * number), (people[0], 10 + 14 * number)):
            image[10:210, x : x + 200][oval > 0] = picture[oval > 0]
        patches = person.patches(image, tracker.update(image, number / RATE), memory)
        middles = [transform(np.full((1, 2), SIZE / 2), invert(patch.matrix))[0, 0] for patch in patches]
        assert len(middles) == 1
        front.append(middles[0] - (110 + 14 * number))
    assert np.ptp(front) < 20


def test_what_was_made_for_one_person_is_made_anew_for_the_next(swapper, samples):
    """At half strength the IDN holds half of the target's own identity."""
    first, second = (portrait(samples, name) for name in FEW[0])
    _, frames = passing(first, second, 0)
    half = copy.copy(swapper)
    half.options = SwapOptions(strength=0.5)
    tracker, memory = FaceTracker(half.analyser), ClipMemory()
    found = [tracker.update(image, number / RATE) for number, image in enumerate(frames)]
    assert len({one.id for faces in found for one in faces}) == 1, "nothing tells the tracker"
    for image, faces in zip(frames, found):
        [patch] = half.patches(image, faces, memory)
    alone = half.baker.between(half.identity, frames[-1], found[-1][0].face, 0.5)
    made = memory.of(found[-1][0]).identity
    a, b = (one.embedding.ravel() / np.linalg.norm(one.embedding) for one in (made, alone))
    assert a @ b > 0.98
