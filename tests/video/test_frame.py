"""The RGB view and the way back: nothing changes where nothing was changed, and what was painted is there."""

import itertools

import av
import numpy as np
import pytest

from paddle_mfs.video.frame import Picture, planes

FORMATS = [
    "yuv420p",
    "yuvj420p",
    "yuv422p",
    "yuv444p",
    "yuv440p",
    "yuv410p",
    "yuv420p10le",
    "yuv422p10le",
    "yuv444p12le",
]
TURNS = list(itertools.product((False, True), repeat=3))


def native(face_picture, name, width=75, height=61, **properties):
    import cv2

    rgb = cv2.resize(face_picture, (width, height), interpolation=cv2.INTER_AREA)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
        format=name, dst_colorspace=properties.get("colorspace")
    )
    for key, value in properties.items():
        setattr(frame, key, value)
    noise = np.random.default_rng(0)  # the lowest bits too
    for array in planes(frame):
        array += noise.integers(0, 2, array.shape, array.dtype)
    return frame


def view(frame, turn=(False,) * 3):
    return Picture(frame, turn, av.video.reformatter.VideoReformatter())


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("turn", TURNS)
def test_only_what_was_painted_changes(face_picture, name, turn):
    frame = native(face_picture, name)
    before = [array.copy() for array in planes(frame)]
    picture = view(frame, turn)
    with picture.editing(np.array([[-9, -9], [500, 400]])):
        pass
    assert not picture.is_changed and all((array == old).all() for array, old in zip(planes(frame), before))

    height, width = picture.rgb.shape[:2]
    x1, y1, x2, y2 = 17, 13, 43, 39
    with picture.editing(np.array([[x1, y1], [x2, y2]])):
        picture.rgb[y1:y2, x1:x2] = 255 - picture.rgb[y1:y2, x1:x2] // 2
    assert picture.is_changed
    marked = np.zeros((height, width), np.uint8)
    marked[y1:y2, x1:x2] = 1
    swap, left_right, up_down = turn
    marked = marked[:: -1 if up_down else 1, :: -1 if left_right else 1]
    marked = marked.T if swap else marked
    for array, old in zip(planes(frame), before):
        changed = array != old
        rows, columns = np.nonzero(changed)
        down, across = (round(a / b) for a, b in zip(marked.shape, array.shape))
        assert len(rows) > 20
        outside = np.pad(marked, ((0, -marked.shape[0] % down), (0, -marked.shape[1] % across)))
        outside = outside.reshape(array.shape[0], down, array.shape[1], across).max((1, 3)) == 0
        assert outside.any() and not changed[outside].any()
    shown = view(frame, turn).rgb.astype(int)
    inside = slice(y1 + 5, y2 - 5), slice(x1 + 5, x2 - 5)
    assert np.abs(shown[inside] - picture.rgb[inside]).mean() < 4


@pytest.mark.parametrize("colorspace, color_range", [(1, 1), (1, 2), (5, 1), (6, 2), (9, 1)])
@pytest.mark.parametrize("name", ["yuv444p", "yuv420p10le"])
def test_colours_of_every_matrix_and_range(face_picture, name, colorspace, color_range):
    frame = native(face_picture, name, colorspace=colorspace, color_range=color_range)
    picture = view(frame)
    with picture.editing(np.array([[0, 0], [74, 60]])):
        picture.rgb[8:52, 8:64] = (200, 60, 30)
    shown = view(frame).rgb[12:48, 12:60].reshape(-1, 3)
    assert np.abs(np.median(shown, 0) - (200, 60, 30)).max() <= 2  # swscale's own arithmetic, not ours


def test_values_stay_in_the_depth(face_picture):
    frame = native(face_picture, "yuv420p10le")
    picture = view(frame)
    with picture.editing(np.array([[0, 0], [74, 60]])):
        picture.rgb[:] = np.where(picture.rgb > 90, 255, 0)
    planes(frame)[0][:] = 1023
    with picture.editing(np.array([[0, 0], [74, 60]])):
        picture.rgb[:] = 255
    assert max(array.max() for array in planes(frame)) == 1023


def test_a_box_outside_the_picture_is_nothing(face_picture):
    frame = native(face_picture, "yuv420p")
    before = [array.copy() for array in planes(frame)]
    picture = view(frame)
    for points in ([[-50, -50], [-20, -20]], [[200, 10], [300, 30]]):
        with picture.editing(np.array(points)):
            picture.rgb[:] = 0
    assert all((array == old).all() for array, old in zip(planes(frame), before))
