"""What the C++ core of deploy/ costs here: around the networks, of a frame beside the Python package's, of a source."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.table import markdown_table
from paddle_mfs.video.clip_faces import ClipFaces

if TYPE_CHECKING:
    from paddle_mfs.runtime.runner import Runner

ROOT = Path(__file__).resolve().parents[2]
WIDTH, HEIGHT = 1280, 720
FRAMES = 24  # of a turn; the face is searched for in the first, then followed
TO_REACH = {"around the networks": 3.0, "new source": 1500.0}  # milliseconds
REACH = 40  # pixels that the face moves


class _Timed:
    """A network that adds up its time."""

    def __init__(self, network: Callable | Runner):
        self._network, self.seconds = network, 0.0

    def __call__(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        begun = time.perf_counter()
        outputs = self._network(batch)
        self.seconds += time.perf_counter() - begun
        return outputs


def measure(
    source: str | Path, target: np.ndarray, bundle: str | Path | None = None, turns: int = 3, count: int = FRAMES
) -> dict[str, Any]:
    """Build the core (g++, kept in build/), time it, and the Python package with the same engine, in turns.

    Args:
        source: path of a picture. target: (H, W, 3) uint8 RGB, what clips of 1280 x 720 are made of.
        bundle: an x86 bundle, see `export.bundle`; None: one is made (a minute).
        turns: of each, one after the other; the medians count. count: of frames in a turn.
    Returns: {"steps": {step: {"median", "p95"}} of the core around the networks in ms of processor time, "core" and
        "python": {"frame", "networks", "rest"} in ms, "new_source": ms, "ratio": of the frames, "to_reach"}.
    Raises: UserError without a checkout, cmake or g++; with the compiler's or the program's last line.
    """
    folder = build()
    steps = _steps(_run([folder / "core" / "bench_pixels", "100"]))
    with tempfile.TemporaryDirectory(prefix="paddle_mfs_") as temporary:
        if bundle is None:
            from paddle_mfs.export.bundle import export_bundle

            bundle = Path(temporary) / "x86.zip"
            export_bundle(bundle, source, target="x86", report=lambda line: None)
        frames = clip(target, count)
        swapper = FaceSwapper(source, engine="lite")
        core, python, injections = [], [], []
        for _ in range(max(1, turns)):
            report = _shell(folder, bundle, source, frames, Path(temporary))
            stages = report["milliseconds"]
            core.append((stages["frame"]["median"], stages["networks"]["median"]))
            injections.append(report["once"]["identity"])
            python.append(_python_frame(swapper, frames))
    one, other = (_frame(np.median(np.array(turns), 0)) for turns in (core, python))
    return {
        "steps": steps,
        "core": one,
        "python": other,
        "ratio": one["frame"] / other["frame"],
        "new_source": statistics.median(injections),
        "to_reach": TO_REACH,
    }


def build() -> Path:
    """Build mfs_shell and the core's benchmark with g++ -> the folder, which is kept. Raises UserError."""
    shell, folder = ROOT / "deploy" / "shell", ROOT / "build" / "deploy_g++"
    if not shell.is_dir():
        raise UserError(f"{shell}: not there; this benchmark wants a checkout, not an installed package")
    for program in ("cmake", "g++"):
        if not shutil.which(program):
            raise UserError(f"{program} not found; apt-get install {program}")
    _run(["cmake", "-S", shell, "-B", folder, "-DCMAKE_CXX_COMPILER=g++", "-DMFS_TESTS=ON"])
    _run(["cmake", "--build", folder, "--parallel", "2", "--target", "mfs_shell", "bench_pixels"])
    return folder


def clip(target: np.ndarray, count: int = FRAMES) -> list[np.ndarray]:
    """Frames (720, 1280, 3) uint8 RGB in which the target, (H, W, 3) uint8 RGB, moves to and fro."""
    scale = HEIGHT / target.shape[0]
    left = (WIDTH - scale * target.shape[1]) / 2
    shifts = left + REACH * np.sin(np.arange(count) / 6)
    return [
        cv2.warpAffine(
            target,
            np.array([[scale, 0, shift], [0, scale, 0]]),
            (WIDTH, HEIGHT),
            flags=cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        for shift in shifts
    ]


def _shell(folder, bundle, source, frames, temporary):
    """The report of mfs_shell over the frames, its networks run by Paddle-Lite in a Python process."""
    path = temporary / "clip.rgb"
    path.write_bytes(b"".join(frame.tobytes() for frame in frames))
    words = ["--bundle", bundle, "--source", source, "--target", path, "--size", f"{WIDTH}x{HEIGHT}", "--json"]
    done = _run([folder / "mfs_shell", *words, "--output", temporary / "out", "--python", sys.executable])
    return json.loads(done.splitlines()[-1])


def _python_frame(swapper, frames):
    """Median milliseconds of a frame in Python, and of its networks."""
    analyser, identity = swapper.analyser, swapper.identity
    timed = [_Timed(network) for network in (analyser.detector.network, analyser.landmarker.network, identity.run)]
    kept = analyser.detector.network, analyser.landmarker.network, identity.run
    analyser.detector.network, analyser.landmarker.network, identity.run = timed
    try:
        faces, times = ClipFaces(swapper, "largest"), []
        for number, frame in enumerate(frames):
            image, before = frame.copy(), sum(one.seconds for one in timed)
            begun = time.perf_counter()
            if not faces.swap_rgb(image, faces.find(image, number / 30)):
                raise UserError("target: its face is lost on the way; use another picture")
            times.append((time.perf_counter() - begun, sum(one.seconds for one in timed) - before))
    finally:
        analyser.detector.network, analyser.landmarker.network, identity.run = kept
    return 1000 * np.median(np.array(times), 0)


def _frame(medians):
    frame, networks = map(float, medians)
    return {"frame": frame, "networks": networks, "rest": frame - networks}


def _steps(lines):
    rows = (line.split("\t") for line in lines.splitlines())
    return {name: {"median": float(median), "p95": float(p95)} for name, median, p95 in rows}


def _run(words):
    """Run a program -> what it printed. Raises UserError with its last line."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))}
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True, errors="replace", env=environment)
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise UserError(f"{words[0]}: failed (exit {done.returncode}): {said[-1] if said else 'no message'}")
    return done.stdout


def markdown(report: dict[str, Any]) -> str:
    """What `measure` returns as two Markdown tables and a line."""
    steps = [(name, f"{time['median']:.2f}", f"{time['p95']:.2f}") for name, time in report["steps"].items()]
    frames = [
        (name, *(f"{report[key][part]:.1f}" for part in ("frame", "networks", "rest")))
        for name, key in (("C++ core", "core"), ("Python package", "python"))
    ]
    around = markdown_table(["1280 x 720 NV21, one thread, ms", "median", "95 %"], steps)
    beside = markdown_table(["1280 x 720 RGB, Paddle-Lite x86, ms a frame", "all", "networks", "the rest"], frames)
    words = (
        f"C++ to Python: {report['ratio']:.2f}.",
        f"A new source: {report['new_source']:.0f} ms (wanted: {TO_REACH['new source']:.0f}).",
        f"A frame around the networks: {report['steps']['frame']['median']:.2f} ms of the processor",
        f"(wanted: {TO_REACH['around the networks']:.0f}).",
    )
    return f"{around}\n\n{beside}\n\n{' '.join(words)}"
