"""The tracker on small frames made of real pictures."""

import cv2
import numpy as np
import pytest

from paddle_mfs.face.analysis import FaceAnalyser
from paddle_mfs.face.image import read_image
from paddle_mfs.face.scene_cut import CutDetector
from paddle_mfs.face.tracker import FaceTracker
from tests.face.test_analysis import Counting

WIDTH, HEIGHT, SIDE = 320, 240, 160  # of the frames, and of the pictures in them


@pytest.fixture(scope="module")
def pictures(samples):
    """Two people, (SIDE, SIDE, 3)."""
    return [
        cv2.resize(read_image(samples / name), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        for name in ("target.jpg", "source.jpg")
    ]


def frame(*placed):
    """A grey frame with ovals of pictures: (picture, x, y of its middle[, scale])."""
    image = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    oval = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(oval, (SIDE // 2, SIDE // 2), (round(0.36 * SIDE), round(0.48 * SIDE)), 0, 0, 360, 255, -1)
    for picture, x, y, *scale in placed:
        scale = scale[0] if scale else 1.0
        matrix = np.array([[scale, 0, x - scale * (SIDE - 1) / 2], [0, scale, y - scale * (SIDE - 1) / 2]])
        inside = cv2.warpAffine(oval, matrix, (WIDTH, HEIGHT)) > 127
        image[inside] = cv2.warpAffine(picture, matrix, (WIDTH, HEIGHT))[inside]
    return image


def middle(tracked):
    return float(tracked.face.box[[0, 2]].mean())


def test_a_moving_and_growing_face_keeps_its_id_and_costs_one_mesh_pass_a_frame(analyser, pictures):
    detector, mesh = Counting(analyser.detector.network), Counting(analyser.landmarker.network)
    tracker = FaceTracker(FaceAnalyser(detector, mesh), every=10)
    passes = []
    for number in range(24):
        image = frame((pictures[0], 80 + 7 * number, 120, 0.7 + 0.02 * number))
        before = detector.passes, mesh.passes
        tracked = tracker.update(image, number / 30)
        passes.append((detector.passes - before[0], mesh.passes - before[1]))
        expected = analyser.largest(image)
        assert [one.id for one in tracked] == [0]
        assert np.abs(tracked[0].face.five - expected.five).max() < 0.03 * expected.size
    assert all(mesh_passes == 1 for _, mesh_passes in passes[1:])
    assert 2 <= sum(detector_passes for detector_passes, _ in passes[1:]) <= 8


def test_a_fast_face_is_not_left_behind(analyser, pictures):
    tracker = FaceTracker(analyser)
    for number in range(30):  # up to 1.6 face sizes a second, turning round
        x = 160 + 45 * np.sin(4 * number / 30)
        tracked = tracker.update(frame((pictures[0], x, 120)), number / 30)
        assert [one.id for one in tracked] == [0]
        if number == 0:
            offset = middle(tracked[0]) - x
        assert abs(middle(tracked[0]) - x - offset) < 0.025 * tracked[0].face.size


def test_smoothed_output_is_steadier_than_unsmoothed(analyser, pictures):
    rng, still = np.random.default_rng(0), frame((pictures[0], 160, 120)).astype(np.float64)
    trackers = FaceTracker(analyser), FaceTracker(analyser, smooth=False)
    points = [[], []]
    for number in range(30):
        image = (still + rng.normal(0, 6, still.shape)).clip(0, 255).astype(np.uint8)
        for tracker, kept in zip(trackers, points):
            face = tracker.update(image, number / 30)[0].face
            kept.append(face.five)
            assert np.allclose(face.box, [*face.landmarks[:, :2].min(0), *face.landmarks[:, :2].max(0)])
    smoothed, plain = (np.diff(np.stack(kept), axis=0).std() for kept in points)
    assert smoothed < plain / 3


def test_a_cut_between_two_people_ends_the_track(analyser, pictures):
    tracker, ids = FaceTracker(analyser), []
    for number in range(12):
        image = cv2.resize(pictures[number // 6], (WIDTH, WIDTH))
        tracked = tracker.update(image, number / 25)
        ids += [one.id for one in tracked]
        if number == 6:  # nothing of the other face is left
            assert np.allclose(tracked[0].face.five, analyser.follow(image, tracked[0].face).five, atol=0.02 * WIDTH)
    assert ids == [0] * 6 + [1] * 6


def test_cuts_are_told_from_pans_zooms_and_flashes(samples):
    portraits = [cv2.resize(read_image(path), (WIDTH, HEIGHT)) for path in sorted((samples / "faces").glob("*.jpg"))]

    def is_cut(first, second):
        detector = CutDetector()
        assert not detector(first)
        return detector(second)

    def moved(image, x, scale=1.0):
        matrix = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), 0, scale)
        matrix[0, 2] += x
        return cv2.warpAffine(image, matrix, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT)

    assert all(is_cut(a, b) for a, b in zip(portraits, portraits[1:]))
    for image in portraits:
        flash = image.copy()
        flash[40:110, 60:160] = 255
        brighter = (image * 0.6 + 100).astype(np.uint8)
        for other in (
            image,
            moved(image, 30),
            moved(image, -30),
            moved(image, 0, 1.15),
            moved(image, 0, 0.87),
            flash,
            brighter,
        ):
            assert not is_cut(image, other)
    assert is_cut(portraits[0], portraits[0][:, :200])  # another size


def test_crossing_faces_keep_their_ids(analyser, pictures):
    tracker = FaceTracker(analyser)
    for number in range(60):
        step = 3.4 * number
        tracked = tracker.update(frame((pictures[1], 260 - step, 110), (pictures[0], 60 + step, 130)), number / 30)
        where = {one.id: middle(one) for one in tracked}
        if number == 0:
            front, back = sorted(where, key=where.get)
        assert abs(where[front] - 60 - step) < 12  # never lost, never the other one
        boxes = [one.face.box for one in tracked]
        assert len({tuple(np.rint(box / 20)) for box in boxes}) == len(boxes)
    assert set(where) == {front, back} and abs(where[back] - 260 + step) < 12


def test_a_face_that_leaves_is_dropped_and_known_again_when_it_soon_comes_back(analyser, pictures):
    def run(hidden):
        tracker, seen = FaceTracker(analyser), []
        path = [*range(160, 360, 14), *[500] * hidden, *range(360, 160, -14)]
        for number, x in enumerate(path):
            tracked = tracker.update(frame((pictures[0], x, 120)), number / 30)
            seen.append([one.id for one in tracked])
            if x > WIDTH + 0.1 * SIDE:
                assert seen[-1] == []
        return seen[0], seen[-1], tracker

    first, last, _ = run(hidden=6)
    assert first == last == [0]
    first, last, tracker = run(hidden=40)
    assert first == [0] and last == [1] and not tracker._lost


def test_a_new_face_is_found(analyser, pictures):
    tracker = FaceTracker(analyser, every=5)
    for number in range(12):
        placed = [(pictures[0], 80, 120)] + [(pictures[1], 240, 120)] * (number >= 3)
        tracked = tracker.update(frame(*placed), number / 30)
    assert sorted(one.id for one in tracked) == [0, 1]
    sizes = [one.face.size for one in tracked]
    assert sizes == sorted(sizes, reverse=True)


def test_no_face_at_all_stays_cheap(analyser):
    detector = Counting(analyser.detector.network)
    tracker = FaceTracker(FaceAnalyser(detector, analyser.landmarker.network))
    image = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), dtype=np.uint8), (0, 0), 9)
    assert tracker.update(image, 0.0) == []
    before = detector.passes
    for number in range(1, 21):
        assert tracker.update(image, number / 30) == []
    assert detector.passes - before == 2 * 20


def test_scenes_that_change_all_the_time_are_searched_once_a_second(analyser):
    detector = Counting(analyser.detector.network)
    tracker = FaceTracker(FaceAnalyser(detector, analyser.landmarker.network))
    tracker.update(np.zeros((HEIGHT, WIDTH, 3), np.uint8), 0.0)
    search = detector.passes
    for number in range(1, 40):
        image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
        image[:, (number % 2) * 160 :][:, :160] = (255, 80, 0) if number % 2 else (0, 60, 255)
        assert tracker.update(image, number / 30) == []
    assert detector.passes - search <= search + 39 * 2


@pytest.mark.parametrize(
    "times", [[0.0] * 12, [5, 4, 3, 2, 1, 0] * 2, list(np.cumsum([0.01, 0.2, 0.03, 2.0, 0.016, 0.4] * 2))]
)
def test_uneven_and_broken_timestamps(times, analyser, pictures):
    tracker = FaceTracker(analyser)
    for number, time in enumerate(times):
        image = frame((pictures[0], 130 + 5 * number, 120))
        tracked = tracker.update(image, time)
        assert [one.id for one in tracked] == [0]
        expected = analyser.largest(image)
        assert np.abs(tracked[0].face.five - expected.five).max() < 0.03 * expected.size


def test_one_frame_is_analysed_as_a_picture_is(analyser, pictures):
    image = frame((pictures[0], 80, 120), (pictures[1], 240, 120))
    tracked, faces = FaceTracker(analyser).update(image, 7.0), analyser.faces(image, small=True)
    assert [one.id for one in tracked] == [0, 1]
    for one, face in zip(tracked, faces):
        assert np.allclose(one.face.landmarks, face.landmarks, atol=1e-4)


def test_a_very_small_face_is_followed(analyser, pictures):
    tracker = FaceTracker(analyser)
    for number in range(12):
        tracked = tracker.update(frame((pictures[0], 100 + 2 * number, 120, 0.3)), number / 30)
        assert [one.id for one in tracked] == [0] and 20 <= tracked[0].face.size < 40
        assert abs(middle(tracked[0]) - 100 - 2 * number) < 4


def test_wrong_arrays_and_intervals_are_refused(analyser, pictures):
    with pytest.raises(TypeError, match="uint8 RGB"):
        FaceTracker(analyser).update(pictures[0][..., 0], 0.0)
    with pytest.raises(ValueError, match="every"):
        FaceTracker(analyser, every=0)


def test_reset_forgets_faces_but_not_which_ids_were_used(analyser, pictures):
    tracker = FaceTracker(analyser)
    image = frame((pictures[0], 160, 120))
    assert [one.id for one in tracker.update(image, 9.0)] == [0]
    tracker.reset()
    assert [one.id for one in tracker.update(image, 0.0)] == [1]


def test_only_the_largest_face_is_followed_and_the_detector_rests_meanwhile(analyser, pictures):
    detector, mesh = Counting(analyser.detector.network), Counting(analyser.landmarker.network)
    tracker = FaceTracker(FaceAnalyser(detector, mesh), only_largest=True)
    small, large = (pictures[1], 80, 120, 0.5), (pictures[0], 230, 120)
    seen = []
    for number in range(10):  # the large one leaves after the fifth
        before = detector.passes, mesh.passes
        tracked = tracker.update(frame(*([small, large] if number < 5 else [small])), number / 30)
        seen.append([(one.id, middle(one) > 160) for one in tracked])
        if 0 < number < 5:
            assert (detector.passes, mesh.passes) == (before[0], before[1] + 1)
    assert seen[:5] == [[(0, True)]] * 5 and seen[-1] == [(1, False)] and all(len(one) <= 1 for one in seen)
