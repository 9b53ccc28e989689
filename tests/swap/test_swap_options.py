"""Options of a swap, in pictures and over the frames of a clip; on real generated pictures with the bundled weights."""

import copy

import cv2
import numpy as np
import pytest

from paddle_mfs.data.layer import lay
from paddle_mfs.data.occluders import draw_occluder
from paddle_mfs.face.image import read_image
from paddle_mfs.face.regions import INNER_LIPS, LEFT_EYE, OUTER_LIPS, RIGHT_EYE, oval_mask, region_mask
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.provenance import picture_sha256
from paddle_mfs.swap.memory import ClipMemory
from paddle_mfs.swap.options import SwapOptions
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.badge import corners
from paddle_mfs.utils.errors import UserError


def with_options(swapper, **options):
    other = copy.copy(swapper)
    other.options = SwapOptions(**options)
    return other


def test_options_are_checked():
    for options, told in (
        ({"strength": 1.6}, "strength 1.6: give a number from 0 to 1.5"),
        ({"strength": True}, "strength True"),
        ({"keep_mouth": 2.5}, "keep-mouth 2.5: give a number from 0 to 2"),
        ({"keep_eyes": -1}, "keep-eyes -1"),
        ({"strength": "all"}, "strength 'all'"),
        ({"colour_match": -0.1}, "colour-match -0.1"),
        ({"strength": float("nan")}, "strength nan"),
    ):
        with pytest.raises(UserError, match=told):
            SwapOptions(**options)


def test_strength_goes_from_the_target_to_the_source(swapper, samples, target, result):
    """Distances of a recogniser that takes no part in the swap."""
    from paddle_mfs.metrics.identity import Recogniser, distance

    strengths = (0, 0.25, 0.5, 0.75, 1)
    results = [with_options(swapper, strength=strength).swap(target) for strength in strengths]
    assert (results[-1] == result).all() and (results[0] != target).any()
    source, five = read_image(samples / "source.jpg"), swapper.analyser.largest(target).five
    descriptors = Recogniser().descriptors(
        [source, target, *results], [swapper.analyser.largest(source).five] + [five] * 6
    )
    to_source, to_target = (distance(descriptors[i], descriptors[2:]) for i in (0, 1))
    assert (np.diff(to_source) < 0).all() and (np.diff(to_target) > 0).all(), (to_source, to_target)
    assert to_target[0] < 0.4 < 0.7 < to_target[-1] and to_source[-1] < 0.6 < 0.8 < to_source[0]


def test_strength_of_a_tracked_face_is_baked_once(swapper, target):
    half, memory, face = with_options(swapper, strength=0.5), ClipMemory(), swapper.analyser.largest(target)
    first = half.swap_faces(target, [TrackedFace(7, face)], memory=memory)
    assert (first == half.swap(target)).all()
    identity = memory.of(TrackedFace(7, face)).identity
    brighter = np.minimum(target, 225) + np.uint8(30)
    half.swap_faces(brighter, [TrackedFace(7, face)], memory=memory)
    assert memory.of(TrackedFace(7, face)).identity is identity is not swapper.identity
    half.swap_faces(target, [TrackedFace(8, face)], memory=memory)
    assert memory.of(TrackedFace(8, face)).identity is not identity


def test_colour_of_a_tracked_face_changes_slowly(swapper, target):
    matching, face = with_options(swapper, colour_match=1), TrackedFace(0, swapper.analyser.largest(target))
    blue = (target * [0.5, 0.7, 1.0]).astype(np.uint8)
    alone = {name: matching.swap(image).astype(int) for name, image in (("target", target), ("blue", blue))}
    assert (alone["blue"] != swapper.swap(blue)).any()
    memory = ClipMemory()
    frames = [matching.swap_faces(image, [face], memory=memory) for image in (target, *[blue] * 40)]
    assert (frames[0] == alone["target"]).all()
    assert np.abs(frames[1] - alone["blue"]).mean() > 2 * np.abs(frames[-1] - alone["blue"]).mean()


def test_damping_of_a_tracked_face_moves_half_of_the_way_a_frame(swapper, target):
    face, memory = TrackedFace(0, swapper.analyser.largest(target)), ClipMemory()
    mirrored = TrackedFace(0, swapper.analyser.largest(target[:, ::-1].copy()))
    first = swapper.patches(target, [face], memory)[0].damping
    mirror = swapper.patches(target[:, ::-1].copy(), [mirrored])[0].damping
    second = swapper.patches(target[:, ::-1].copy(), [mirrored], memory)[0].damping
    assert np.abs(first - mirror).max() > 0.1 and np.allclose(second, (first + mirror) / 2, atol=1e-6)


def test_kept_mouth(swapper, target, result):
    """The inside of the open mouth is the target's; outside the mouth nothing changes."""
    landmarks, shape = swapper.analyser.largest(target).landmarks, target.shape[:2]
    kept = with_options(swapper, keep_mouth=True).swap(target)
    inside, lips = (region_mask(landmarks, region, *shape) > 0 for region in (INNER_LIPS, OUTER_LIPS))
    before, after = (np.abs(image[inside].astype(int) - target[inside]).mean() for image in (result, kept))
    assert after < 0.4 * before
    assert (kept[~lips] == result[~lips]).mean() > 0.999


def test_the_kept_mouth_has_a_size(swapper, target):
    kept = [with_options(swapper, keep_mouth=size).swap(target) for size in (0, 0.6, True, 1.6)]
    same = [(image == target).all(-1).sum() for image in kept]
    assert (np.diff(same) > 0).all(), same


def test_kept_eyes(swapper, target, result):
    """The eyes are the target's, and nothing else changes."""
    landmarks, shape = swapper.analyser.largest(target).landmarks, target.shape[:2]
    kept = with_options(swapper, keep_eyes=1).swap(target)
    for eye in (LEFT_EYE, RIGHT_EYE):
        inside = region_mask(landmarks, eye, *shape) > 0
        before, after = (np.abs(image[inside].astype(int) - target[inside]).mean() for image in (result, kept))
        assert after < 0.25 * before
    around = sum(region_mask(landmarks, eye, *shape, 3.0) > 0 for eye in (LEFT_EYE, RIGHT_EYE)) > 0
    assert (kept[~around] == result[~around]).all()


def test_beyond_the_source(swapper, target, result):
    """Identity strength above 1 goes on in the direction from the target to the source."""
    beyond = with_options(swapper, strength=1.3).swap(target)
    assert (beyond != result).any()
    face = swapper.analyser.largest(target)
    own, embedding = swapper.baker.embed(target, face)[0], swapper.identity.embedding
    strong = swapper.baker.between(swapper.identity, target, face, 1.3).embedding
    unit = strong / np.linalg.norm(strong)
    assert np.vdot(unit, own) < np.vdot(embedding, own) - 0.01


def test_several_pictures_of_one_person(root, target):
    people = root / "tests" / "fixtures" / "identities"
    photos = [people / "id009_base.jpg", people / "id009_yawl.jpg"]
    both = FaceSwapper(photos)
    one, other = (both.baker.identity(photo).embedding for photo in photos)
    mean = (one + other) / np.linalg.norm(one + other)
    np.testing.assert_allclose(both.identity.embedding, mean, atol=1e-5)
    assert both.facts["source_sha256"] == [picture_sha256(photo) for photo in photos]
    assert (both.swap(target) != target).any()


@pytest.mark.parametrize("kind, seed", [("cup", 1), ("hand", 0)])
def test_kept_objects(swapper, target, kind, seed):
    """What lies before the face is painted over, and not when it is to be kept; in a clip it takes a few frames."""
    face = swapper.analyser.largest(target)
    layer = draw_occluder(face.landmarks, len(target), np.random.default_rng(seed), kind)
    hidden = lay(target, layer)
    inside = cv2.erode((layer.alpha > 0.9).astype(np.uint8), np.ones((9, 9))) > 0
    inside &= oval_mask(face.landmarks, *target.shape[:2]) > 0
    keeping = with_options(swapper, keep_objects=True)

    def damage(changed):
        return np.abs(changed[inside].astype(int) - hidden[inside]).mean()

    painted, kept = (damage(one.swap_faces(hidden, [face])) for one in (swapper, keeping))
    assert painted > 3 and kept < 0.25 * painted, (painted, kept)
    memory, tracked = ClipMemory(), TrackedFace(0, face)
    keeping.swap_faces(target, [tracked], memory=memory)
    frames = [damage(keeping.swap_faces(hidden, [tracked], memory=memory)) for _ in range(6)]
    assert frames[0] > frames[2] > frames[5] and frames[5] < 0.3 * painted, frames


def test_keeping_objects_leaves_a_bare_face_as_it_is(swapper, target, result):
    """And its network is loaded only where it is asked for."""
    assert swapper._occlusion is None
    kept = with_options(swapper, keep_objects=True).swap(target)
    assert np.abs(kept.astype(int) - result).mean() < 0.1 and swapper._occlusion is None


def test_the_badge_is_all_that_the_badge_changes(swapper, samples, tmp_path, result):
    marked = copy.copy(swapper)
    marked.badge = True
    marked.swap_file(samples / "target.jpg", tmp_path / "marked.png")
    seen, (left, top) = read_image(tmp_path / "marked.png").copy(), corners(512, 512)[0].astype(int)
    assert seen[top:, left:].max() > 240 and np.abs(seen[top:, left:].astype(int) - result[top:, left:]).mean() > 10
    seen[top:, left:] = result[top:, left:]
    assert (seen == result).all()
