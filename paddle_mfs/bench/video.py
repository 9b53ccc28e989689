"""How fast whole clips are, decode to encode, beside a pipeline of the usual shape, and whether memory stays flat.

The usual shape is that of the public code (https://github.com/Seanseattle/MobileFaceSwap): every frame in turn goes
through the full detector, the network in Paddle's dygraph with Paddle's own operators, a paste over the whole frame,
and the encoder. Our detector and encoder settings stand in for its own in both, so that only the shape differs.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np

from paddle_mfs.bench.clip import write_h264
from paddle_mfs.bench.stopwatch import turns_of
from paddle_mfs.face.align import align
from paddle_mfs.models.idn import SIZE
from paddle_mfs.ops.layers import plain_operators
from paddle_mfs.provenance import provenance
from paddle_mfs.utils.table import markdown_table
from paddle_mfs.utils.tensor import to_batch
from paddle_mfs.video.encoding import choose_encoding
from paddle_mfs.video.frame import planes
from paddle_mfs.video.pipeline import STAGES, ClipOptions, Summary, swap_video
from paddle_mfs.video.read import VideoReader
from paddle_mfs.video.write import write_video

if TYPE_CHECKING:
    from paddle_mfs.swap.swapper import FaceSwapper

SIZES = ((512, 512), (1280, 720))


def write_clip(path: str | Path, picture: np.ndarray, size: tuple[int, int], frames: int, rate: int = 25) -> None:
    """A clip (H.264, 8-bit 4:2:0) of `picture`, (H, W, 3) uint8 RGB, that sways, zooms and turns smoothly."""
    width, height = size

    def moved(number):
        seconds = number / rate
        scale = (0.95 + 0.1 * np.sin(0.9 * seconds)) * height / picture.shape[0]
        matrix = cv2.getRotationMatrix2D((picture.shape[1] / 2, picture.shape[0] / 2), 5 * np.sin(0.7 * seconds), scale)
        right, down = 0.1 * width * np.sin(1.1 * seconds), 0.04 * height * np.sin(1.7 * seconds)
        matrix[:, 2] += np.array([width + right - picture.shape[1], height + down - picture.shape[0]]) / 2
        return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)

    write_h264(path, map(moved, range(frames)), rate, 18)


def swap_usual(swapper: FaceSwapper, target: str | Path, output: str | Path, max_frames: int) -> Summary:
    """The usual shape, see above -> Summary."""
    import paddle

    begun, summary = time.perf_counter(), Summary()

    def run_idn(crop):
        batch = paddle.to_tensor(to_batch(crop))
        with paddle.no_grad(), plain_operators():
            return [tensor.numpy()[0].transpose(1, 2, 0) for tensor in swapper.identity.idn(batch)]

    with VideoReader(target, max_frames=max_frames) as reader:
        encoding = choose_encoding(output, reader.first.format, reader.size)
        frames = reader.frames(encoding.pixel_format)
        with write_video(output, reader, provenance(), encoding) as writer:
            while True:
                with summary.clock("decode"):
                    frame = next(frames, None)
                    if frame is None:
                        break
                    image = planes(frame.reformat(format="rgb24"))[0].reshape(frame.height, -1, 3)
                with summary.clock("faces"):
                    face = swapper.analyser.largest(image)
                with summary.clock("paint"):
                    crop, matrix = align(image, face.five, SIZE)
                    result, mask = run_idn(crop)
                with summary.clock("paste"):
                    paste_everywhere(image, result, mask, matrix)
                with summary.clock("encode"):
                    _encode_rgb(writer, frame, image)
                summary.frames += 1
            with summary.clock("encode"):
                writer.finish(is_whole=False)
    summary.seconds = time.perf_counter() - begun
    return summary


def paste_everywhere(image: np.ndarray, result: np.ndarray, mask: np.ndarray, matrix: np.ndarray) -> None:
    """Warp the crop and its mask over the whole picture and blend all of it, in place."""
    size = image.shape[1::-1]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    face = cv2.warpAffine(np.ascontiguousarray(result), matrix, size, flags=flags)
    weight = cv2.warpAffine(np.ascontiguousarray(mask), matrix, size, flags=flags)[..., None]
    image[:] = (face * 255 * weight + image * (1 - weight)).clip(0, 255)


def _encode_rgb(writer, frame, image):
    new = av.VideoFrame.from_ndarray(image, format="rgb24").reformat(format=frame.format.name)
    new.pts, new.time_base, new.duration = frame.pts, frame.time_base, frame.duration
    writer.write(new)


def compare(
    swapper: FaceSwapper,
    picture: np.ndarray,
    frames: int = 200,
    turns: int = 3,
    usual_frames: int = 20,
    sizes: Sequence[tuple[int, int]] = SIZES,
    face: str | int | None = None,
) -> list[dict]:
    """Time both pipelines on a clip of each size, taking turns, so that a busy machine slows both alike.

    Args:
        picture: (H, W, 3) uint8 RGB with one face. frames, usual_frames: of each turn of ours and of the usual one.
            face: that we swap, see `swap_video`; the usual shape swaps the largest.
    Returns: a list, one dict a size: size; frames, swapped of each turn of ours; ours and usual, dicts of fps, cpu (ms
        of all cores a frame) and stages ({stage: ms a frame}), medians of the turns; speedup and cpu_saving, ours over
        the usual shape; memory (MB resident at tenths of our last turn).
    """
    results = []
    with TemporaryDirectory() as folder:
        for size in sizes:
            clip, output = Path(folder) / "clip.mp4", Path(folder) / "out.mp4"
            write_clip(clip, picture, size, frames)
            swap_video(swapper, clip, output, face, ClipOptions(max_frames=5))  # programs are made at the first frame
            swap_usual(swapper, clip, output, 2)
            memory: list[float] = []

            def swap_ours():
                memory.clear()
                return swap_video(
                    swapper, clip, output, face, progress=lambda done, total: memory.append(resident_mb())
                )

            steps = {"ours": swap_ours, "usual": lambda: swap_usual(swapper, clip, output, usual_frames)}
            taken = turns_of(steps, turns)
            ours, usual = _medians(taken["ours"]), _medians(taken["usual"])
            results.append(
                {
                    "size": list(size),
                    "frames": frames,
                    "swapped": taken["ours"][-1].result.swapped,
                    "ours": ours,
                    "usual": usual,
                    "speedup": ours["fps"] / usual["fps"],
                    "cpu_saving": usual["cpu"] / ours["cpu"],
                    "memory": [memory[round(part * (len(memory) - 1) / 10)] for part in range(1, 11)],
                }
            )
    return results


def _medians(turns):
    """Of turns whose results are Summaries."""
    summaries = [turn.result for turn in turns]
    return {
        "fps": statistics.median(summary.frames / summary.seconds for summary in summaries),
        "cpu": statistics.median(turn.cpu / turn.result.frames for turn in turns) * 1000,
        "stages": {stage: statistics.median(s.busy[stage] / s.frames for s in summaries) * 1000 for stage in STAGES},
    }


def resident_mb() -> float:
    """Memory this process has in RAM, in MB (Linux)."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def markdown(results: list[dict]) -> str:
    """The results as Markdown tables."""
    headers = ["clip", "frames", "fps", "usual shape, fps", "ratio", "CPU ms a frame", "usual shape", "ratio"]
    rows = []
    for r in results:
        ours, usual = r["ours"], r["usual"]
        speeds = f"{ours['fps']:.1f}", f"{usual['fps']:.1f}", f"{r['speedup']:.1f}"
        rows.append(
            [_name(r), r["frames"], *speeds, f"{ours['cpu']:.0f}", f"{usual['cpu']:.0f}", f"{r['cpu_saving']:.1f}"]
        )
    parts = [markdown_table(headers, rows)]
    for r in results:
        sides = [r[side]["stages"] for side in ("ours", "usual")]
        stages = [
            [stage]
            + [cell for side in sides for cell in (f"{side[stage]:.1f}", f"{side[stage] / sum(side.values()):.0%}")]
            for stage in STAGES
        ]
        parts.append(markdown_table([f"{_name(r)}, a frame", "ms", "share", "usual shape, ms", "share"], stages))
        parts.append(f"Memory at tenths of the {_name(r)} clip, MB: {' '.join(f'{m:.0f}' for m in r['memory'])}.")
    return "\n\n".join(parts)


def _name(result):
    return f"{result['size'][0]}x{result['size'][1]}"
