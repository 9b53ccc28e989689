"""A clip with its faces swapped: decoding, finding, painting, pasting and encoding overlap, a few frames in flight.

reader -> Picture (native frame + RGB views) -> faces -> painted faces -> pasted into the view and the frame -> writer
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av

from paddle_mfs.provenance import provenance
from paddle_mfs.swap.patch import Patch
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.files import sha256
from paddle_mfs.video.animation import AnimationReader, open_reader
from paddle_mfs.video.clip_faces import ClipFaces, FrameFaces
from paddle_mfs.video.encoding import choose_encoding
from paddle_mfs.video.frame import Picture
from paddle_mfs.video.prefetch import prefetch
from paddle_mfs.video.read import VideoReader, check_part
from paddle_mfs.video.write import write_video

STAGES = ("decode", "faces", "paint", "paste", "encode")
Pictures = Generator[Picture, None, None]
PicturesWithFaces = Generator[tuple[Picture, FrameFaces], None, None]
PicturesWithPatches = Generator[tuple[Picture, list[Patch]], None, None]


@dataclass(frozen=True)
class ClipOptions:
    """Which part of a clip is done, and how it is written.

    start, end (seconds), max_frames: see `VideoReader`; codec, quality (CRF): see `choose_encoding`. None: all of the
    clip, the container's usual codec and its usual quality. sound: are sound and subtitles kept?

    Raises: UserError for times or a number of frames that name no part.
    """

    start: float | None = None
    end: float | None = None
    max_frames: int | None = None
    codec: str | None = None
    quality: int | None = None
    sound: bool = True

    def __post_init__(self):
        check_part(self.start, self.end, self.max_frames)


@dataclass
class Summary:
    """What became of a clip.

    frames written; swapped: those with a face swapped, the others passed through; skipped: corrupt ones left out;
    seconds it took; busy: seconds each of STAGES worked (they overlap); is_interrupted: stopped before the end, the
    file holds what was done; notes: what could not be kept, a sentence each.
    """

    frames: int = 0
    swapped: int = 0
    skipped: int = 0
    seconds: float = 0.0
    busy: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    is_interrupted: bool = False
    notes: list[str] = field(default_factory=list)

    @contextlib.contextmanager
    def clock(self, stage: str) -> Iterator[None]:
        """Count the block's time as this stage's."""
        begun = time.perf_counter()
        yield
        self.busy[stage] += time.perf_counter() - begun

    def __str__(self) -> str:
        parts = [
            f"{self.frames} frames",
            f"{self.swapped} swapped",
            f"{self.frames - self.swapped} passed through",
            f"{self.skipped} corrupt skipped",
            f"{self.frames / max(self.seconds, 1e-9):.1f} fps",
        ]
        return ", ".join(parts + self.notes)


def swap_video(
    swapper: FaceSwapper,
    target: str | Path,
    output: str | Path,
    face: str | int | None = None,
    options: ClipOptions = ClipOptions(),
    progress: Callable[[int, int | None], object] | None = None,
    stop: Callable[[], bool] | None = None,
) -> Summary:
    """Swap the faces of a clip, frame by frame; sound, subtitles and tags are kept.

    Args:
        swapper: FaceSwapper. target: path of the clip, or of an animated picture. output: path, see
            `encoding.CONTAINERS`; of an animated picture also .gif, .webp, .png or .apng.
        face: "largest", "all", or an index, 0 being the leftmost; None: `swapper.default_face`. A frame without it
            passes through as it is.
        options: the part to do, and how it is written.
        progress: called with (frames done, frames expected or None) after each frame.
        stop: called without arguments after each frame; once it returns True no more is read, what was read is
            finished.
    Returns: Summary.
    Raises: UserError, one line; then there is no output.
    """
    begun, summary, faces = time.perf_counter(), Summary(), ClipFaces(swapper, face)
    with open_reader(target, options.start, options.end, options.max_frames) as reader:
        encoding = choose_encoding(output, reader.format, reader.size, options.codec, options.quality)
        record = provenance(target_sha256=sha256(target), **swapper.facts)
        sign = swapper.signer.of(output, record, target) if swapper.signer else None
        pictures = prefetch(_pictures(reader, encoding.pixel_format, summary))
        with_faces = prefetch(_with_faces(pictures, faces, summary))
        painted = prefetch(_painted(with_faces, faces, summary))
        swapped = prefetch(_swapped(painted, faces, summary))
        with contextlib.closing(swapped), write_video(output, reader, record, encoding, sign, options.sound) as writer:
            for picture in swapped:
                if swapper.badge and picture.is_changed:
                    picture.add_badge()
                with summary.clock("encode"):
                    writer.write(picture.frame)
                summary.frames += 1
                if progress:
                    progress(summary.frames, reader.total)
                if stop and not summary.is_interrupted:
                    summary.is_interrupted = bool(stop())
            with summary.clock("encode"):
                writer.finish(is_whole=not (reader.is_part or summary.is_interrupted))
        summary.skipped, summary.notes = reader.skipped, reader.notes + writer.notes + faces.notes
    summary.seconds = time.perf_counter() - begun
    return summary


def _pictures(reader: AnimationReader | VideoReader, pixel_format: str, summary: Summary) -> Pictures:
    """Decode until the end, or until the summary says interrupted."""
    frames, converter = reader.frames(pixel_format), av.video.reformatter.VideoReformatter()
    while not summary.is_interrupted:
        with summary.clock("decode"):
            frame = next(frames, None)
            if frame is None:
                return
            picture = Picture(frame, reader.turn, converter, reader.pixel_aspect)
        yield picture


def _with_faces(pictures: Pictures, faces: ClipFaces, summary: Summary) -> PicturesWithFaces:
    """Yield (picture, its faces to swap), half a second behind."""
    with contextlib.closing(pictures):
        for picture in itertools.chain(pictures, [None]):
            with summary.clock("faces"):
                found = list(faces.find_ahead(picture))
            yield from found


def _painted(pictures: PicturesWithFaces, faces: ClipFaces, summary: Summary) -> PicturesWithPatches:
    """Yield (picture, its painted faces)."""
    with contextlib.closing(pictures):
        for picture, found in pictures:
            with summary.clock("paint"):
                patches = faces.paint(picture.shown, found)
            yield picture, patches


def _swapped(pictures: PicturesWithPatches, faces: ClipFaces, summary: Summary) -> Pictures:
    """Yield the pictures, their faces swapped."""
    with contextlib.closing(pictures):
        for picture, patches in pictures:
            with summary.clock("paste"):
                faces.paste(picture, patches)
            summary.swapped += picture.is_changed
            yield picture
