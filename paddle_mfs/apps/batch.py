"""Swapping any number of pictures and clips into files: targets are found, outputs named, and what became of each is told."""

import glob
import os
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from paddle_mfs.provenance import check_format
from paddle_mfs.swap.identity import read_source
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import READABLE_CLIPS, READABLE_PICTURES, WRITABLE_CLIPS, WRITABLE_PICTURES, is_clip
from paddle_mfs.utils.interrupt import StopRequest

MAPPED = "swapped"  # stands for the source in file names where each person has their own
ROWS = 40  # a longer table shows only what failed


@dataclass
class Job:
    """One output to make. source: path, or None where each person has their own; status: "written", "kept" or "failed"."""

    target: Path
    output: Path
    source: Path = None
    status: str = ""
    reason: str = ""


def plan(sources, targets, output=None, others=()):
    """Which outputs are made of which targets.

    Args:
        sources: source pictures, each makes outputs of its own; [] where each person has their own source.
        targets: pictures, clips, folders (whose pictures and clips are taken, not those of subfolders) and glob patterns
            (`**` goes into subfolders).
        output: file (one source, one target) or folder; None: `output`. In a folder, targets named or matched become
            TARGET_SOURCE.png (a clip keeps its suffix, or becomes .mp4), those of a folder keep their names: in
            output/FOLDER_SOURCE/, or in the folder `output` itself, where several sources or folders get a folder each.
        others: more inputs, which are never overwritten.
    Returns: list of Job, source by source.
    Raises: UserError when a target is missing, a folder or pattern holds no picture or clip, two outputs would be the same file,
        an output would overwrite an input, or the place cannot be written.
    """
    found = [_found(str(target)) for target in targets]
    sources = [Path(source) for source in sources] or [None]
    is_one = len(sources) == 1 and len(found) == 1 and len(found[0][1]) == 1 and not found[0][0]
    is_folder = output is not None and (Path(output).is_dir() or str(output).endswith(("/", "\\")))
    if is_one and output is not None and not is_folder:
        [target] = found[0][1]
        check_format(output, WRITABLE_CLIPS if is_clip(target) else WRITABLE_PICTURES)
        jobs = [Job(target, Path(output), sources[0])]
    else:
        if output is not None and Path(output).is_file():
            raise UserError(f"{output}: is a file; the output of several is a folder")
        needs_folder = output is None or len(sources) > 1 or sum(folder is not None for folder, _ in found) > 1
        jobs = [
            job
            for source in sources
            for folder, paths in found
            for job in _jobs(paths, folder, source, Path(output or "output"), needs_folder)
        ]
    for folder in dict.fromkeys(job.output.parent for job in jobs):
        _check_place(folder)
    inputs = {path.resolve() for path in (*(job.target for job in jobs), *filter(None, sources), *map(Path, others))}
    outputs = Counter(job.output.resolve() for job in jobs)
    for job in jobs:
        if job.output.resolve() in inputs:
            raise UserError(f"{job.output}: is an input; choose another output")
        if outputs[job.output.resolve()] > 1:
            raise UserError(f"{job.output}: would be written twice; rename one of the files, or do them one by one")
    return jobs


def _found(target):
    """What a target stands for -> (the folder or None, its files)."""
    path = Path(target)
    if path.is_dir():
        files = _media(path.iterdir())
        if not files:
            raise UserError(
                f"{target}: holds no picture or clip ({', '.join(READABLE_PICTURES + READABLE_CLIPS)}); give another folder"
            )
        return path, files
    if path.exists():
        return None, [path]
    if not glob.has_magic(target):
        raise UserError(f"{target}: no such file or folder; give a picture, a clip, a folder of them or a pattern")
    files = _media(map(Path, glob.glob(target, recursive=True)))
    if not files:
        raise UserError(f"{target}: matches no picture or clip; check the pattern")
    return None, files


def _media(paths):
    return sorted(
        path for path in paths if path.suffix.lower() in READABLE_PICTURES + READABLE_CLIPS and path.is_file()
    )


def _jobs(paths, folder, source, place, needs_folder):
    """The jobs of one source and one target (see `plan`), in `place`."""
    word = source.stem if source else MAPPED
    if folder and needs_folder:
        place = place / f"{folder.resolve().name}_{word}"
    return [
        Job(path, place / f"{name if folder else f'{name}_{word}'}{_suffix(path)}", source)
        for path, name in zip(paths, _names(paths))
    ]


def _names(paths):
    """A name for each path: its stem; where several have that, with its suffix; then with the folders in which they differ."""
    common = os.path.commonpath([path.absolute().parent for path in paths])
    kinds = [
        [path.stem for path in paths],
        [path.name.replace(".", "_") for path in paths],
        ["_".join(path.absolute().relative_to(common).parts).replace(".", "_") for path in paths],
    ]
    counts = [Counter(name.lower() for name in names) for names in kinds]
    return [
        next((name for name, count in zip(choices, counts) if count[name.lower()] == 1), choices[-1])
        for choices in zip(*kinds)
    ]


def _suffix(target):
    """How the default output of a target ends."""
    suffix = Path(target).suffix.lower()
    return ".png" if not is_clip(target) else suffix if suffix in WRITABLE_CLIPS else ".mp4"


def _check_place(folder):
    """Raise UserError, before any work is done, when `folder` cannot be made or written."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise UserError(
            f"{folder}: cannot be written ({there} {'may not be written' if there.is_dir() else 'is a file'}); "
            "choose another place"
        )


def swap_all(swapper, jobs, face=None, compare=False, skip_existing=False, show_progress=True, clip_options=None):
    """Do each Job of `plan`, writing its status and reason into it.

    Args:
        swapper: FaceSwapper of the first source (it is asked for the others, `with_source`).
        face: "largest", "all" or an index; None: `swapper.default_face`.
        compare: pictures become source | target | result.
        skip_existing: keep outputs that are there; otherwise they are made anew.
        clip_options: keyword arguments of `swap_video` (start, end, max_frames, codec, quality).
    Raises: UserError of a single job; of several, each is one line on stderr and the others go on.
    """
    from tqdm import tqdm

    current = jobs[0].source
    bar = tqdm(jobs, unit="file", disable=not (len(jobs) > 1 and show_progress and sys.stderr.isatty()))
    for job in bar:
        if skip_existing and job.output.exists():
            job.status = "kept"
            continue
        try:
            if job.source != current:
                swapper, current = swapper.with_source(job.source), job.source
            if is_clip(job.target):
                swap_clip(swapper, job.target, job.output, face, compare, show_progress, **(clip_options or {}))
            else:
                swapper.swap_file(job.target, job.output, face, read_source(job.source) if compare else None)
        except UserError as error:
            if len(jobs) == 1:
                raise
            job.status, job.reason = "failed", str(error)
            bar.write(f"error: {error}", file=sys.stderr)
        else:
            job.status = "written"


def table(jobs):
    """What became of several jobs, as text: a row each (of more than 40 only those that failed), and the sums."""
    shown = [job for job in jobs if len(jobs) <= ROWS or job.status == "failed"]
    rows = [
        ("target", "status", "output"),
        *((str(job.target), job.status, job.reason or str(job.output)) for job in shown),
    ]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    lines = (
        [f"{target:{widths[0]}}  {status:{widths[1]}}  {output}" for target, status, output in rows] if shown else []
    )
    count = Counter(job.status for job in jobs)
    return "\n".join(
        [*lines, f"{count['written']} written, {count['kept']} kept from before, {count['failed']} failed"]
    )


def swap_clip(swapper, target, output, face=None, compare=False, show_progress=True, **options):
    """`swap_video` with a progress bar, and the summary as a line on stderr.

    Ctrl-C stops reading: what was done becomes a file that plays, and KeyboardInterrupt is raised. Main thread only.
    """
    from tqdm import tqdm

    from paddle_mfs.video.pipeline import swap_video

    if compare:
        raise UserError(f"{target}: is a clip; side by side is for pictures, leave --compare out")
    with StopRequest() as request, tqdm(unit="frame", disable=not (show_progress and sys.stderr.isatty())) as bar:

        def progress(done, total):
            bar.total = total
            bar.update(done - bar.n)

        summary = swap_video(
            swapper, target, output, face, progress=progress, stop=lambda: request.requested, **options
        )
    print(f"{output}: {summary}", file=sys.stderr)
    if summary.is_interrupted:
        print(f"{output}: stopped early; the {summary.frames} frames done so far play", file=sys.stderr)
        raise KeyboardInterrupt
