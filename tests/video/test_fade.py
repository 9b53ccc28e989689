"""A clip that fades from black and to black: no face glows, and what was left in the dark is told."""

import re

import numpy as np

from paddle_mfs.bench.video import write_h264
from paddle_mfs.face.regions import oval_mask
from paddle_mfs.face.track import TrackedFace
from paddle_mfs.video.clip_faces import ClipFaces, FrameFaces
from paddle_mfs.video.pipeline import ClipOptions, swap_video

UP = (0, 0.01, 0.02, 0.05, 0.1, 0.3, 0.7, 1)


def test_a_fade_from_and_to_black(swapper, face_picture, tmp_path, pictures_of):
    picture, gains = face_picture[::2, ::2], [*UP, *reversed(UP)]
    clip, output = tmp_path / "fade.mp4", tmp_path / "swapped.mp4"
    write_h264(clip, [np.rint(picture * np.float32(gain)).astype(np.uint8) for gain in gains], 25, 1)
    summary = swap_video(swapper, clip, output, options=ClipOptions(quality=1))
    assert summary.frames == len(gains) and summary.swapped >= 10
    dark = [int(count) for count in re.findall(r"(\d+) (?:frames|faces left:) too dark", str(summary))]
    assert summary.swapped + sum(dark) == len(gains) and sum(dark) >= 4, str(summary)
    inside = oval_mask(swapper.analyser.largest(picture).landmarks, *picture.shape[:2]) > 0
    for gain, (_, before), (_, after) in zip(gains, pictures_of(clip), pictures_of(output)):
        before, after = before.astype(int), after.astype(int)
        face, change = before[inside].mean(), np.abs(after - before)
        assert abs(after[inside].mean() - face) <= max(0.1 * face, 1)  # as bright as it was
        assert change[~inside].mean() < 0.5 and change[~inside].max() <= 12 and change.max() <= 120 * gain + 4
        if gain >= 0.3:
            assert change[inside].mean() > 0.05 * face, "swapped"


def test_a_tracked_face_in_the_dark_is_counted(swapper, face_picture):
    face, image = swapper.analyser.largest(face_picture), np.rint(face_picture * np.float32(0.01)).astype(np.uint8)
    faces, before = ClipFaces(swapper), image.copy()
    for _ in range(2):
        faces.swap_rgb(image, FrameFaces([TrackedFace(3, face)], frozenset({3})))
    assert faces.notes == ["2 faces left: too dark"] and (image == before).all()
    faces.paint(np.zeros_like(image), FrameFaces([], frozenset()))
    assert faces.notes[0] == "1 frames too dark to see a face in"
