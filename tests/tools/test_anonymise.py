"""tools/anonymise.py as a user runs it: two people in two clips."""

import json

import av
import cv2
import numpy as np
import pytest

from paddle_mfs.face.image import read_image
from paddle_mfs.metrics.identity import SAME_PERSON_DISTANCE, Recogniser, distance
from paddle_mfs.provenance import read_provenance

PEOPLE, SIDE = ("800103", "800086"), 176


def write(path, pictures, frames):
    """The people side by side; in the third of six frames something hides the first one's face."""
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"crf": "10", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = SIDE * len(pictures), SIDE, "yuv420p"
        tone = output.add_stream("aac", rate=48000)
        for number in range(frames):
            image = np.hstack(pictures)
            if number == 3:
                image[SIDE // 4 : SIDE * 5 // 6, SIDE // 6 : SIDE * 5 // 6] = 0
            output.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        output.mux(stream.encode(None))
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        silence.sample_rate = 48000
        output.mux(tone.encode(silence))
        output.mux(tone.encode(None))
    return path


def frames(path):
    with av.open(str(path)) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]


@pytest.fixture(scope="module")
def people(samples):
    pictures = (read_image(samples / "heldout" / f"{name}.jpg") for name in PEOPLE)
    return [cv2.resize(one, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for one in pictures]


def test_same_faces_over_two_clips(run_script, run_here, people, swapper, tmp_path):
    key = tmp_path / "key.json"
    clips = write(tmp_path / "one.mp4", people, 6), write(tmp_path / "two.mp4", people[::-1], 2)
    outputs = tmp_path / "out1.mp4", tmp_path / "out2.mp4"
    more = ("--key", key, "--check")
    done = run_script(
        "anonymise", "--target", clips[0], "--output", outputs[0], *more, "--seed", 3, "--no-sound", "--quality", 10
    )
    assert done.returncode == 0 and "11 faces painted, 1 blurred (1 lost for a moment) in 1 of 6 frames" in done.stdout
    assert done.stdout.count("not recognised") == 2 and done.stdout.endswith(f"{outputs[0]}\n"), done.stdout
    again = run_here("anonymise", "--target", clips[1], "--output", outputs[1], *more, "--quality", 10)
    assert again.returncode == 0 and "4 faces painted, 0 blurred" in again.stdout, again.stderr
    assert len(json.loads(key.read_text())["people"]) == 2

    record, kinds = read_provenance(outputs[0]), []
    assert record["anonymised"]["check"] and "source_sha256" not in record
    for output in outputs:
        with av.open(str(output)) as clip:
            kinds.append([stream.type for stream in clip.streams])
    assert kinds == [["video"], ["video", "audio"]]

    first, last, second = frames(outputs[0])[0], frames(outputs[0])[5], frames(outputs[1])[1]
    shown = [*people, *np.split(first, 2, 1), *np.split(last, 2, 1), *np.split(second, 2, 1)[::-1]]
    fives = [swapper.analyser.largest(person).five for person in people] * 4
    rows = Recogniser().descriptors(shown, fives).reshape(4, 2, -1)
    real, made = rows[0], rows[1:]
    assert distance(made, real).min() >= SAME_PERSON_DISTANCE - 0.02, "as told"
    assert distance(made[:1], made).max() < 0.35, "steady"
    assert distance(made[:, 0], made[:, 1]).min() > SAME_PERSON_DISTANCE, "each their own"
    covered, gap = frames(clips[0])[3], frames(outputs[0])[3]
    assert np.abs(gap[:, :SIDE].astype(int) - covered[:, :SIDE]).max() > 50
    assert np.abs(np.diff(gap[40:140, 40:140].astype(int), axis=1)).max() < 16, "the bar's edges are gone too"


def test_a_damaged_key_is_one_line(run_here, people, tmp_path):
    key = tmp_path / "key.json"
    key.write_text('{"version": 1, "people": [')
    clip, output = write(tmp_path / "one.mp4", people[:1], 1), tmp_path / "out.mp4"
    done = run_here("anonymise", "--target", clip, "--output", output, "--key", key)
    assert done.returncode == 2 and done.stderr.startswith(f"error: {key}: not a readable key")
    assert done.stderr.count("\n") == 1 and not output.exists() and key.read_text() == '{"version": 1, "people": ['
