"""tools/swap.py on clips, as a user runs it, stops it and kills it."""

import os
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest

from paddle_mfs.provenance import read_provenance


def frames_of(path):
    with av.open(str(path)) as clip:
        return sum(1 for _ in clip.decode(video=0))


def test_a_clip(run_script, samples, make_clip, tmp_path):
    clip = make_clip(tmp_path / "clip.mkv", frames=4, sound=True)
    done = run_script(
        "swap",
        "--source",
        samples / "source.jpg",
        "--target",
        clip,
        "--start",
        "0.03",
        "--max-frames",
        "2",
        "--codec",
        "h265",
        "--quality",
        "30",
        cwd=tmp_path,
    )
    assert done.returncode == 0 and done.stdout.strip() == "output/clip_source.mkv", done.stderr
    assert "clip_source.mkv: 2 frames, 2 swapped, 0 passed through, 0 corrupt skipped" in done.stderr
    with av.open(str(tmp_path / "output" / "clip_source.mkv")) as result:
        assert result.streams.video[0].codec_context.name == "hevc" and len(result.streams.audio) == 1
    assert read_provenance(tmp_path / "output" / "clip_source.mkv")["synthetic"] is True


def test_bad_clips_are_one_line_and_the_rest_of_a_folder_goes_on(run_script, samples, make_clip, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    make_clip(folder / "good.mp4", frames=1)
    (folder / "text.mp4").write_text("these are words")
    done = run_script("swap", "--source", samples / "source.jpg", "--target", folder, "--output", tmp_path / "out")
    assert done.returncode == 1 and "1 written, 0 kept from before, 1 failed" in done.stdout, done.stderr
    [line] = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert "text.mp4: not a video" in line and "Traceback" not in done.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["good.mp4"]


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    """4000 grey frames."""
    path = tmp_path_factory.mktemp("clips") / "long.mp4"
    frame = av.VideoFrame.from_ndarray(np.full((96, 64), 90, np.uint8), format="yuv420p")
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height = 64, 64
        for number in range(4000):
            frame.pts = number
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path


@pytest.fixture
def start(root, samples, long_clip, tmp_path):
    """start() runs tools/swap.py on the long clip until some output is on the disk -> (process, output folder)."""
    place, processes = tmp_path / "out", []

    def run():
        arguments = [
            root / "tools/swap.py",
            "--source",
            samples / "source.jpg",
            "--target",
            long_clip,
            "--output",
            place / "done.mp4",
        ]
        process = subprocess.Popen(
            [sys.executable, *arguments],
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
        processes.append(process)
        deadline = time.monotonic() + 120
        while not any(path.stat().st_size for path in place.glob("*")) and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert process.poll() is None, process.communicate()
        return process, place

    yield run
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_ctrl_c_leaves_a_file_that_plays(start):
    process, place = start()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in told
    [path] = place.iterdir()
    assert path.name == "done.mp4" and f"stopped early; the {frames_of(path)} frames done so far play" in told
    assert 1 <= frames_of(path) < 4000 and read_provenance(path)


def test_kill_leaves_no_broken_file(start):
    process, place = start()
    process.kill()
    process.communicate(timeout=60)
    assert [path.name for path in place.iterdir()] == [f"done.part-{process.pid}.mp4"]
