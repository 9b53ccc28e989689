"""Swapping a picture, a clip or a folder of them into files; a bad file is told and passed over, a file done before is kept."""
import os
import sys
from pathlib import Path

from paddle_mfs.errors import UserError
from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import CLIP_FORMATS, PICTURE_FORMATS, check_format

READABLE = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")
CLIPS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".wmv", ".flv", ".3gp", ".ogv",
         ".mxf", ".vob", ".asf", ".y4m")


def plan(source, target, output=None):
    """Pair every target picture with its output file.

    Args:
        source: the source picture (its stem names default outputs, and it is never overwritten).
        target: a picture or clip, or a folder whose pictures and clips are taken (not those of its subfolders).
        output: file for a picture or clip (or a folder, ending in a separator or existing), folder for a folder;
            None: output/TARGET_SOURCE.png (a clip keeps its suffix, or becomes .mp4), output/TARGET_SOURCE/.
    Returns: list of (target path, output path).
    Raises: UserError when the target is missing, the folder holds no picture or clip, an output would overwrite an input,
        or the place cannot be written.
    """
    source, target = Path(source), Path(target)
    if not target.exists():
        raise UserError(f"{target}: no such file or folder; give a picture, a clip or a folder of them")
    if target.is_dir():
        pictures = sorted(path for path in target.iterdir() if path.suffix.lower() in READABLE + CLIPS and path.is_file())
        if not pictures:
            raise UserError(f"{target}: holds no picture or clip ({', '.join(READABLE + CLIPS)}); give another folder")
        folder = Path(output) if output else Path("output") / f"{target.resolve().name}_{source.stem}"
        if folder.is_file():
            raise UserError(f"{folder}: is a file; the output of a folder is a folder")
        stems = [path.stem.lower() for path in pictures]
        names = [path.stem if stems.count(path.stem.lower()) == 1 else path.name.replace(".", "_") for path in pictures]
        pairs = [(path, folder / f"{name}{_suffix(path)}") for path, name in zip(pictures, names)]
    else:
        default = f"{target.stem}_{source.stem}{_suffix(target)}"
        path = Path(output) if output else Path("output") / default
        if output and (path.is_dir() or str(output).endswith(("/", "\\"))):
            path = path / default
        check_format(path, CLIP_FORMATS if is_clip(target) else PICTURE_FORMATS)
        pairs = [(target, path)]
    _check_place(pairs[0][1].parent)
    inputs = {path.resolve() for path, _ in pairs} | {source.resolve()}
    for _, path in pairs:
        if path.resolve() in inputs:
            raise UserError(f"{path}: is an input; choose another output")
    return pairs


def is_clip(path):
    """Is this target a clip, by its name?"""
    return Path(path).suffix.lower() in CLIPS


def _suffix(target):
    """How the default output of a target ends."""
    suffix = Path(target).suffix.lower()
    return ".png" if not is_clip(target) else suffix if suffix in CLIP_FORMATS else ".mp4"


def _check_place(folder):
    """Raise UserError, before any work is done, when `folder` cannot be made or written."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"{folder}: cannot be written ({there} {'may not be written' if there.is_dir() else 'is a file'}); "
                        "choose another place")


def swap_all(swapper, pairs, face="largest", compare=None, overwrite=False, show_progress=True, clip_options=None):
    """Swap each (target, output) of `plan`; returns (written outputs, outputs kept from before, number of failures).

    A single target's UserError is raised; of several, each is one line on stderr and the others go on.
    clip_options: keyword arguments of `swap_video` (start, end, max_frames, encoder, quality).
    """
    from tqdm import tqdm
    source = read_image(compare) if compare else None
    written, kept, failures = [], [], 0
    several = len(pairs) > 1
    bar = tqdm(pairs, unit="file", disable=not (several and show_progress and sys.stderr.isatty()))
    for target, output in bar:
        if several and output.exists() and not overwrite:
            kept.append(output)
            continue
        try:
            if is_clip(target):
                swap_clip(swapper, target, output, face, compare, show_progress, **(clip_options or {}))
            else:
                swapper.swap_file(target, output, face, source)
        except UserError as error:
            if not several:
                raise
            failures += 1
            bar.write(f"error: {error}", file=sys.stderr)
        else:
            written.append(output)
    return written, kept, failures


def swap_clip(swapper, target, output, face="largest", compare=None, show_progress=True, **options):
    """`swap_video` with a progress bar, and the summary as a line on stderr.

    Ctrl-C stops reading: what was done becomes a file that plays, and KeyboardInterrupt is raised. Main thread only.
    """
    from tqdm import tqdm
    from paddle_mfs.engine.interrupt import StopRequest
    from paddle_mfs.video.pipeline import swap_video
    if compare:
        raise UserError(f"{target}: is a clip; side by side is for pictures, leave --compare out")
    with StopRequest() as request, tqdm(unit="frame", disable=not (show_progress and sys.stderr.isatty())) as bar:
        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)
        summary = swap_video(swapper, target, output, face, progress=progress, stop=lambda: request.requested, **options)
    print(f"{output}: {summary}", file=sys.stderr)
    if summary.is_interrupted:
        print(f"{output}: stopped early; the {summary.frames} frames done so far play", file=sys.stderr)
        raise KeyboardInterrupt
