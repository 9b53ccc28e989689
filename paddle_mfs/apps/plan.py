"""Which outputs are made of which targets. What cannot be is refused before any work is done."""

from __future__ import annotations

import glob
import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from paddle_mfs.provenance import check_format, is_result
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import MOST_BYTES, file_name
from paddle_mfs.utils.formats import WRITABLE_ANIMATIONS, WRITABLE_CLIPS, WRITABLE_PICTURES, kind_of

_RESULTS = " but results of this program, if any"
NEITHER = "neither picture nor clip"
WORD = 60  # characters at most that the source's name has in other names
MAPPED = "swapped"  # stands for the source in file names where each person has their own
STILL = (".jpg", ".jpeg")  # of an animation: its first frame; the other pictures' formats hold all of it
OUTPUTS = {
    "picture": WRITABLE_PICTURES,
    "animation": (*WRITABLE_ANIMATIONS, *WRITABLE_CLIPS, *STILL),
    "clip": WRITABLE_CLIPS,
}


@dataclass
class Job:
    """One output to make. source: None where each person has their own.

    status: "written", "kept" or "failed"; "passed over" from the beginning: of a folder's files one of which nothing is
    made, for this reason (its output is the file itself). kind: of the target, "picture", "animation" or "clip";
    where an animation becomes a still picture it is "picture".
    """

    target: Path
    output: Path
    source: Path | None = None
    status: str = ""
    reason: str = ""
    kind: str = "picture"


def plan(
    sources: Sequence[str | Path],
    targets: Sequence[str | Path],
    output: str | Path | None = None,
    others: Iterable[str | Path] = (),
    word: str = MAPPED,
) -> list[Job]:
    """Which outputs are made of which targets.

    Args:
        sources: source pictures, each makes outputs of its own; [] where each person has their own source.
        targets: pictures, clips, folders (whose pictures and clips are taken, not those of subfolders) and glob
            patterns (`**` goes into subfolders).
        output: file (one source, one target) or folder; None: `output`. In a folder, targets named or matched become
            TARGET_SOURCE.png (a clip keeps its suffix, or becomes .mp4; an animation likewise, or .webp), those of a
            folder keep their names: in output/FOLDER_SOURCE/, or in the folder `output` itself, where several sources
            or folders get a folder each.
        others: more inputs, which are never overwritten. word: stands for the source in names where there is none.
    Returns: list of Job, source by source; then those passed over: results of this program (so that a second run on a
        folder does the same as the first), and files that are neither picture nor clip.
    Raises: UserError when a target is missing, a folder or pattern holds no picture or clip, two outputs would be the
        same file, an output would overwrite an input, or the place cannot be written.
    """
    if output is not None and len(os.fsencode(Path(output).name)) > MOST_BYTES:
        raise UserError(f"{output}: the name is too long (at most {MOST_BYTES} bytes); choose a shorter one")
    passed_over: list[Job] = []
    found = [_found(str(target), passed_over) for target in targets]
    wanted: list[Path | None] = [Path(source) for source in sources] or [None]
    is_one = len(wanted) == 1 and len(found) == 1 and len(found[0][1]) == 1 and not found[0][0]
    is_folder = output is not None and (Path(output).is_dir() or str(output).endswith(("/", "\\")))
    if is_one and output is not None and not is_folder:
        [(target, kind)] = found[0][1].items()
        check_format(output, OUTPUTS[kind])
        is_still = kind == "animation" and Path(output).suffix.lower() in STILL
        jobs = [Job(target, Path(output), wanted[0], kind="picture" if is_still else kind)]
    else:
        if output is not None and Path(output).is_file():
            raise UserError(f"{output}: is a file; the output of several is a folder")
        needs_folder = output is None or len(wanted) > 1 or sum(folder is not None for folder, _ in found) > 1
        jobs = [
            job
            for source in wanted
            for folder, paths in found
            for job in _jobs(paths, folder, source, Path(output or "output"), needs_folder, word)
        ]
    for folder in dict.fromkeys(job.output.parent for job in jobs):
        _check_place(folder)
    inputs = {path.resolve() for path in (*(job.target for job in jobs), *filter(None, wanted), *map(Path, others))}
    outputs = Counter(job.output.resolve() for job in jobs)
    for job in jobs:
        if job.output.resolve() in inputs:
            raise UserError(f"{job.output}: is an input; choose another output")
        if outputs[job.output.resolve()] > 1:
            raise UserError(f"{job.output}: would be written twice; rename one of the files, or do them one by one")
    return jobs + passed_over


def _found(target: str, passed_over: list[Job]) -> tuple[Path | None, dict[Path, str]]:
    """What a target stands for -> (the folder or None, its files and their kinds). What else is in it goes to
    `passed_over`."""
    path = Path(target)
    if os.path.isdir(target):  # Path's own raises where a name is too long
        files = _media(path.iterdir(), passed_over)
        if not files:
            raise UserError(f"{target}: holds no picture or clip{_RESULTS}; give another folder")
        return path, files
    if os.path.exists(target):
        return None, {path: kind_of(path) or "picture"}  # of one that is neither that is told when its turn comes
    if not glob.has_magic(target):
        raise UserError(f"{target}: no such file or folder; give a picture, a clip, a folder of them or a pattern")
    files = _media(map(Path, glob.glob(target, recursive=True)), passed_over)
    if not files:
        raise UserError(f"{target}: matches no picture or clip{_RESULTS}; check the pattern")
    return None, files


def _media(paths: Iterable[Path], passed_over: list[Job]) -> dict[Path, str]:
    """The pictures and clips among them, sorted, and their kinds; the other files go to `passed_over`."""
    files = sorted(path for path in paths if path.is_file() and not path.name.startswith("."))
    kinds = {file: kind_of(file) for file in files}
    reasons = {file: _reason_against(file, kind) for file, kind in kinds.items()}
    passed_over += [Job(file, file, None, "passed over", reason) for file, reason in reasons.items() if reason]
    return {file: kind for file, kind in kinds.items() if not reasons[file]}


def _reason_against(file: Path, kind: str) -> str:
    """Why nothing is made of a file that was not named itself; "" when something is."""
    if not kind:
        return NEITHER
    try:
        return "a result of this program; name it to swap it again" if is_result(file) else ""
    except UserError:  # it cannot be read: that is told when its turn comes
        return ""


def _jobs(
    files: Mapping[Path, str], folder: Path | None, source: Path | None, place: Path, needs_folder: bool, word: str
) -> list[Job]:
    """The jobs of one source and one target (see `plan`), in `place`."""
    word = source.stem[:WORD] if source else word
    if folder and needs_folder:
        place = place / file_name(folder.resolve().name, f"_{word}")
    return [
        Job(path, place / file_name(name, f"{'' if folder else f'_{word}'}{_suffix(path, kind)}"), source, kind=kind)
        for (path, kind), name in zip(files.items(), _names(list(files)))
    ]


def _names(paths: Sequence[Path]) -> list[str]:
    """A name for each path: its stem; where several have that, with its suffix; then with the folders that differ."""
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


def _suffix(target: Path, kind: str) -> str:
    """How the default output of a target ends."""
    suffix, usual = target.suffix.lower(), {"picture": ".png", "animation": ".webp", "clip": ".mp4"}[kind]
    kept = {"picture": (), "animation": WRITABLE_ANIMATIONS, "clip": WRITABLE_CLIPS}[kind]
    return suffix if suffix in kept else usual


def _check_place(folder: Path) -> None:
    """Raise UserError, before any work is done, when `folder` cannot be made or written."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise UserError(
            f"{folder}: cannot be written ({there} {'may not be written' if there.is_dir() else 'is a file'}); "
            "choose another place"
        )
