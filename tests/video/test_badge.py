"""The badge in clips: upright as they are shown, in what the frame is made of, and only where a face was swapped."""

import copy

import av
import numpy as np
import pytest

from paddle_mfs.utils.badge import corners
from paddle_mfs.video.frame import Picture, planes
from paddle_mfs.video.pipeline import swap_video
from paddle_mfs.video.read import VideoReader


@pytest.mark.parametrize(
    "made",
    [
        {},
        {"pixel_format": "yuv444p"},
        {"pixel_format": "yuv422p"},
        {"pixel_format": "yuv420p10le", "codec": "libx265"},
        {"rotation": 90},
        {"rotation": 180, "pixel_aspect": 2},
        {"rotation": -90, "pixel_aspect": 2},
        {"size": (90, 202)},
    ],
    ids=str,
)
def test_where_it_is(make_clip, tmp_path, made):
    still = np.full((made.get("size", (320, 240))[1], made.get("size", (320, 240))[0], 3), 230, np.uint8)
    clip = make_clip(tmp_path / "clip.mp4", frames=1, still=still, **{"size": (320, 240), **made})
    with VideoReader(clip) as reader:
        frame = next(reader.frames(reader.first.format.name))
        picture = Picture(frame, reader.turn, av.video.reformatter.VideoReformatter(), reader.pixel_aspect)
        before = [array.copy() for array in planes(frame)]
        picture.add_badge()
        again = Picture(frame, reader.turn, av.video.reformatter.VideoReformatter(), reader.pixel_aspect).shown
    height, width = again.shape[:2]
    (left, top), (right, bottom) = corners(width, height).astype(int)
    badge = again[top + 2 : bottom - 1, left + 2 : right - 1].astype(int)
    assert badge.max() > 230 and np.median(badge) < 100 and np.abs(badge - badge.mean(2, keepdims=True)).max() < 6
    outside = np.ones((height, width), bool)
    outside[max(top - 6, 0) :, max(left - 6, 0) :] = False
    assert np.ptp(again[outside].astype(int), axis=0).max() == 0
    changed = (planes(frame)[0] != before[0]).mean()
    assert 0 < changed <= 1.3 * (right - left + 1) * (bottom - top + 1) / (width * height)


def test_a_swapped_clip(swapper, make_clip, tmp_path, face_picture, pictures_of):
    """Two frames with a face, then two without one: these are as they would be anyway."""
    half = make_clip(tmp_path / "half.mp4", frames=2)
    grey = np.full((160, 160, 3), 90, np.uint8)
    clip = tmp_path / "clip.mp4"
    with av.open(str(clip), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "1"})
        stream.width = stream.height = 160
        for image in [image for _, image in pictures_of(half)] + [grey] * 2:
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, "rgb24")))
        output.mux(stream.encode())
    marked = copy.copy(swapper)
    marked.badge = True
    results = []
    for name, which in (("plain.mp4", swapper), ("marked.mp4", marked)):
        summary = swap_video(which, clip, tmp_path / name)
        assert (summary.frames, summary.swapped) == (4, 2)
        results.append([image.astype(int) for _, image in pictures_of(tmp_path / name)])
    (left, top), (right, bottom) = corners(160, 160).astype(int)
    for number, (plain, seen) in enumerate(zip(*results)):
        difference = np.abs(seen - plain).mean(2)
        badge = seen[top : bottom + 1, left : right + 1]
        assert difference[: top - 8].mean() < 1, "but for how it is encoded, the rest is the same"
        if number < 2:
            assert badge.max() > 200 and difference[top:, left:].mean() > 20
        else:
            assert difference.max() < 8


def test_an_animation_that_is_transparent(swapper, face_picture, tmp_path):
    """Where nothing else is to be seen the badge is."""
    from PIL import Image

    seen = np.zeros((160, 160), np.uint8)
    seen[:130] = 255
    frames = [Image.fromarray(np.dstack([np.roll(face_picture[::3, ::3][:160, :160], n, 1), seen])) for n in range(2)]
    frames[0].save(tmp_path / "in.png", save_all=True, append_images=frames[1:], duration=100)
    marked = copy.copy(swapper)
    marked.badge = True
    summary = swap_video(marked, tmp_path / "in.png", tmp_path / "out.png")
    assert (summary.frames, summary.swapped) == (2, 2)
    (left, top), (right, bottom) = corners(160, 160).astype(int)
    with Image.open(tmp_path / "out.png") as image:
        for number in range(2):
            image.seek(number)
            rgba = np.array(image.convert("RGBA"))
            badge = rgba[max(top, 130) + 2 : bottom, left + 2 : right - 1]
            assert badge[..., 3].min() > 100 and badge[..., 3].max() > 230 and badge[..., :3].max() > 230
            assert (rgba[135:, : left - 2, 3] == 0).all()
