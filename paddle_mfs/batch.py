"""Swapping a picture or a folder of pictures into files; a bad file is told and passed over, a file done before is kept."""
import os
import sys
from pathlib import Path

from paddle_mfs.errors import UserError
from paddle_mfs.face.image import read_image
from paddle_mfs.provenance import check_format

READABLE = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif")


def plan(source, target, output=None):
    """Pair every target picture with its output file.

    Args:
        source: the source picture (its stem names default outputs, and it is never overwritten).
        target: a picture, or a folder whose pictures are taken (not those of its subfolders).
        output: file for a picture (or a folder, ending in a separator or existing), folder for a folder;
            None: output/TARGET_SOURCE.png, output/TARGET_SOURCE/.
    Returns: list of (target path, output path).
    Raises: UserError when the target is missing, the folder holds no picture, an output would overwrite an input,
        or the place cannot be written.
    """
    source, target = Path(source), Path(target)
    if not target.exists():
        raise UserError(f"{target}: no such file or folder; give a picture or a folder of pictures")
    if target.is_dir():
        pictures = sorted(path for path in target.iterdir() if path.suffix.lower() in READABLE and path.is_file())
        if not pictures:
            raise UserError(f"{target}: holds no picture ({', '.join(READABLE)}); give another folder")
        folder = Path(output) if output else Path("output") / f"{target.resolve().name}_{source.stem}"
        if folder.is_file():
            raise UserError(f"{folder}: is a file; the output of a folder is a folder")
        stems = [path.stem.lower() for path in pictures]
        names = [path.stem if stems.count(path.stem.lower()) == 1 else path.name.replace(".", "_") for path in pictures]
        pairs = [(path, folder / f"{name}.png") for path, name in zip(pictures, names)]
    else:
        default = f"{target.stem}_{source.stem}.png"
        path = Path(output) if output else Path("output") / default
        if output and (path.is_dir() or str(output).endswith(("/", "\\"))):
            path = path / default
        check_format(path)
        pairs = [(target, path)]
    _check_place(pairs[0][1].parent)
    inputs = {path.resolve() for path, _ in pairs} | {source.resolve()}
    for _, path in pairs:
        if path.resolve() in inputs:
            raise UserError(f"{path}: is an input; choose another output")
    return pairs


def _check_place(folder):
    """Raise UserError, before any work is done, when `folder` cannot be made or written."""
    there = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise UserError(f"{folder}: cannot be written ({there} {'may not be written' if there.is_dir() else 'is a file'}); "
                        "choose another place")


def swap_all(swapper, pairs, face="largest", compare=None, overwrite=False, show_progress=True):
    """Swap each (target, output) of `plan`; returns (written outputs, outputs kept from before, number of failures).

    A single picture's UserError is raised; of several, each is one line on stderr and the others go on.
    """
    from tqdm import tqdm
    source = read_image(compare) if compare else None
    written, kept, failures = [], [], 0
    several = len(pairs) > 1
    bar = tqdm(pairs, unit="picture", disable=not (several and show_progress and sys.stderr.isatty()))
    for target, output in bar:
        if several and output.exists() and not overwrite:
            kept.append(output)
            continue
        try:
            swapper.swap_file(target, output, face, source)
        except UserError as error:
            if not several:
                raise
            failures += 1
            bar.write(f"error: {error}", file=sys.stderr)
        else:
            written.append(output)
    return written, kept, failures
