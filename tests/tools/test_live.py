"""tools/live.py as a user runs it; a clip is the camera."""

import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from paddle_mfs.bench.video import write_clip
from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import read_provenance
from paddle_mfs.utils.files import sha256


@pytest.fixture(scope="module")
def clip(samples, tmp_path_factory):
    """Six seconds of a face, 480x360."""
    path = tmp_path_factory.mktemp("clips") / "camera.mp4"
    write_clip(path, read_image(samples / "target.jpg"), (480, 360), 150)
    return path


def one_line(done, *words):
    lines = done.stderr.splitlines()
    assert done.returncode == 2 and len(lines) == 1 and all(word in lines[0] for word in ("error: ", *words)), (
        done.stderr
    )


@pytest.mark.parametrize("mirror", [(), ("--mirror",)])
def test_recording_without_a_window(run_script, samples, clip, tmp_path, pictures_of, mirror):
    output = tmp_path / "out" / "live.mp4"
    done = run_script(
        "live",
        "--source",
        samples / "source.jpg",
        "--camera",
        clip,
        "--no-window",
        "--record",
        output,
        "--max-frames",
        "5",
        "--loop",
        *mirror,
        DISPLAY="",
    )
    assert done.returncode == 0 and f"{output}: 5 frames, 5 swapped" in done.stderr, done.stderr
    results = [frame for _, frame in pictures_of(output)]
    shown = [frame[:, :: -1 if mirror else 1] for _, frame in pictures_of(clip)]
    assert [frame.shape for frame in results] == [(360, 480, 3)] * 5
    facts = read_provenance(output)
    assert facts["synthetic"] is True and facts["target_sha256"] == sha256(clip)
    assert facts["source_sha256"] == sha256(samples / "source.jpg")
    for result in results:
        # which frame it was is for the machine's speed to say: the one whose surroundings it has
        image = min(shown, key=lambda image: np.abs(image[:, :60].astype(int) - result[:, :60]).mean())
        difference = np.abs(result.astype(int) - image).mean(2)
        assert difference[135:255, 195:285].mean() > 6 and difference[:, :60].mean() < 3


@pytest.fixture
def display(tmp_path_factory):
    """(name, file of its pixels) of an X display of our own, None where there is no Xvfb."""
    if not shutil.which("Xvfb"):
        yield None
        return
    folder = tmp_path_factory.mktemp("display")
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "640x480x24", "-fbdir", folder],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with open(read) as number:
        yield f":{number.readline().strip()}", folder / "Xvfb_screen0"
    server.terminate()
    server.wait()


def is_lit(pixels):
    """Is there a picture on the display, 480x360 of its 640x480?"""
    screen = np.frombuffer(pixels.read_bytes()[-640 * 480 * 4 :], np.uint8).reshape(480, 640, 4)[..., :3]
    return (screen > 0).any(2).mean() > 0.4 and screen[screen > 0].std() > 20


def test_ctrl_c_leaves_a_recording_that_plays(root, samples, clip, tmp_path, display, pictures_of):
    """Where there is Xvfb, with the window open."""
    output = tmp_path / "live.mp4"
    process = subprocess.Popen(
        [
            sys.executable,
            root / "tools" / "live.py",
            "--source",
            samples / "source.jpg",
            "--camera",
            clip,
            "--loop",
            "--record",
            output,
            *([] if display else ["--no-window"]),
        ],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root), "DISPLAY": display[0] if display else ""},
    )
    try:
        deadline = time.monotonic() + 120
        while not (list(tmp_path.iterdir()) and (display is None or is_lit(display[1]))):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0 and "Traceback" not in told, told
    assert list(tmp_path.iterdir()) == [output]
    assert f"{output}: {len(pictures_of(output))} frames" in told and read_provenance(output)


def test_what_cannot_be(run_script, run_here, samples, tmp_path):
    source, record = ("--source", samples / "source.jpg"), ("--record", tmp_path / "live.mp4")
    one_line(run_script("live", *source, *record, "--no-window", "--camera", "99"), "camera 99: cannot be opened")
    one_line(run_script("live", *source, *record, DISPLAY=""), "no window can be opened", "--no-window")
    one_line(run_here("live", *source, "--no-window"), "--no-window shows nothing", "--record")
    one_line(run_here("live", *source, "--no-window", "--record", tmp_path / "live.avi"), "live.avi", ".mp4")
    assert list(tmp_path.iterdir()) == []
