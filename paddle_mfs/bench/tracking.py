"""The tracker on clips made of one picture, beside the full analysis of every frame: jitter, lag, overshoot, time.

In the clips a sample picture, its face about 150 px, holds still or moves along a known path in front of its own
blurred edge colours; every frame gets sensor noise of its own, and the clip goes through H.264.
"""

from __future__ import annotations

import functools
import io
import statistics
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from paddle_mfs.bench.clip import write_h264
from paddle_mfs.bench.stopwatch import turns_of
from paddle_mfs.face.tracker import FaceTracker
from paddle_mfs.metrics.jitter import jitter, lag, overshoot, wander
from paddle_mfs.utils.table import markdown_table

if TYPE_CHECKING:
    from paddle_mfs.face.analysis import FaceAnalyser

SIZE = 480, 270  # width and height of the clips
PICTURE = 224  # pixels, height of the picture in them
NOISE = 5.0  # standard deviation of the sensor noise, of 255
RATE = 30  # frames a second
SECONDS = 4.0  # how long a clip is
QUALITY = 23  # x264's constant rate factor (its default)
WAYS = {"every frame analysed": None, "tracked": False, "tracked, smoothed": True}
# where the picture is after t seconds, in heights of the picture (its face is about two thirds of one) from the middle
PATHS = {
    "still": lambda t: 0 * t,
    "slow sway": lambda t: 0.1 * np.sin(2 * np.pi * 0.25 * t),
    "sway": lambda t: 0.3 * np.sin(2 * np.pi * 0.5 * t),
    "fast sway": lambda t: 0.4 * np.sin(2 * np.pi * 1.25 * t),
    "dash and stop": lambda t: 0.8 * np.clip((t - 1) / 0.4, 0, 1) - 0.4,
}


def make_clip(
    picture: np.ndarray,
    path: str,
    times: Sequence[float] | np.ndarray,
    noise: float = NOISE,
    quality: int | None = QUALITY,
) -> list[np.ndarray]:
    """Frames (H, W, 3) uint8 RGB of a square picture at `times` (T,) seconds, always the same ones.

    quality: of H.264; None: not compressed.
    """
    rng, frames = np.random.default_rng(0), []
    small = cv2.resize(picture, (PICTURE, PICTURE), interpolation=cv2.INTER_AREA)
    corner = (np.array(SIZE) - PICTURE) / 2
    for right in PICTURE * PATHS[path](np.asarray(times)):
        matrix = np.array([[1, 0, corner[0] + right], [0, 1, corner[1]]])
        frame = cv2.warpAffine(small, matrix, SIZE, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
        frames.append(np.rint(frame + rng.normal(0, noise, frame.shape)).clip(0, 255).astype(np.uint8))
    return frames if quality is None else _compressed(frames, quality)


def truth(analyser: FaceAnalyser, picture: np.ndarray, path: str) -> tuple[Callable[[np.ndarray], np.ndarray], float]:
    """Where the five points are in the clips: (T,) seconds -> (T, 5, 2) pixels; and the size of the face in pixels.

    They are those of the clean picture in its place at time 0, moved along the path.
    """
    face = analyser.largest(make_clip(picture, "still", [0], noise=0, quality=None)[0])
    right = np.array([PICTURE, 0.0])
    return lambda times: face.five + PATHS[path](np.asarray(times))[:, None, None] * right, face.size


def _compressed(frames, quality):
    import av

    file = io.BytesIO()
    write_h264(file, frames, RATE, quality)
    file.seek(0)
    with av.open(file) as clip:
        return [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]


def measure_path(
    analyser: FaceAnalyser,
    picture: np.ndarray,
    path: str,
    seconds: float = SECONDS,
    quality: int | None = QUALITY,
) -> dict[str, dict]:
    """Follow one clip in all WAYS, which take turns frame by frame -> {way: {measure: number}}.

    Jitter and wander (still clip) and overshoot in per mille of the face, lag in frames, lost: frames without a face,
    ms: median milliseconds a frame.
    """
    times = np.arange(round(seconds * RATE)) / RATE
    frames = make_clip(picture, path, times, quality=quality)
    path_of, size = truth(analyser, picture, path)
    looks = {way: _look(analyser, smooth) for way, smooth in WAYS.items()}
    points: dict[str, list] = {way: [] for way in WAYS}
    spent: dict[str, list] = {way: [] for way in WAYS}
    lost: dict[str, list] = {way: [] for way in WAYS}
    for image, moment in zip(frames, times):
        now = {way: functools.partial(look, image, moment) for way, look in looks.items()}
        for way, [turn] in turns_of(now, 1).items():
            spent[way].append(turn.seconds * 1000)
            if turn.result:
                points[way].append(turn.result[0].five)
            else:
                lost[way].append(moment)
    return {
        way: {
            "lost": len(lost[way]),
            "ms": statistics.median(spent[way]),
            **_scores(np.stack(points[way]), times[~np.isin(times, lost[way])], path_of, size, path),
        }
        for way in WAYS
    }


def _look(analyser, smooth):
    """(image, seconds) -> faces, largest first."""
    if smooth is None:
        return lambda image, seconds: analyser.faces(image)
    tracker = FaceTracker(analyser, smooth=smooth)
    return lambda image, seconds: [tracked.face for tracked in tracker.update(image, seconds)]


def _scores(points, times, path_of, size, path):
    if path == "still":
        return {"jitter": jitter(points, size), "wander": wander(points, size)}
    return {"lag": lag(points, times, path_of) * RATE, "overshoot": overshoot(points, path_of(times), size)}


def measure(analyser: FaceAnalyser, picture: np.ndarray, seconds: float = SECONDS) -> dict[str, dict]:
    """{clip: {way: {measure: number}}} of all PATHS, and the still one without H.264 too, see `measure_path`.

    Args:
        picture: (S, S, 3) uint8 RGB of one face.
        seconds: of each clip, two or more: in shorter ones not every path moves.
    """
    return {
        "still": measure_path(analyser, picture, "still", seconds),
        "still, not compressed": measure_path(analyser, picture, "still", seconds, quality=None),
        **{path: measure_path(analyser, picture, path, seconds) for path in PATHS if path != "still"},
    }


def markdown(report: dict[str, dict]) -> str:
    """The report as a Markdown table, and what smoothed tracking gains in words."""
    names = ("jitter", "wander", "lag", "overshoot", "lost", "ms")
    rows = [
        [path, way] + [f"{scores[name]:{'d' if name == 'lost' else '.2f'}}" if name in scores else "" for name in names]
        for path, ways in report.items()
        for way, scores in ways.items()
    ]
    lines = [
        markdown_table(["clip", "way", *names], rows),
        "",
        f"jitter, wander, overshoot: per mille of the face; lag: frames at {RATE} a second; ms: of a frame",
        "",
    ]
    analysed, *_, smoothed = WAYS
    for path, ways in report.items():
        gains = [
            f"{ways[analysed][name] / ways[smoothed][name]:.1f} times less {word}"
            for name, word in (("jitter", "jitter"), ("ms", "time"))
            if name in ways[smoothed]
        ]
        lines.append(f"{path}: {smoothed} has {', '.join(gains)} than {analysed}")
    return "\n".join(lines)
