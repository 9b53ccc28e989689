"""Doing the jobs of a plan: any number of pictures and clips swapped into files, and what became of each."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from paddle_mfs.apps.plan import NEITHER, Job
from paddle_mfs.face.image import keeps_alpha, read_alpha
from paddle_mfs.swap.identity import read_source
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import kind_of
from paddle_mfs.utils.interrupt import StopRequest
from paddle_mfs.utils.table import word_table

if TYPE_CHECKING:
    from paddle_mfs.swap.swapper import FaceSwapper
    from paddle_mfs.video.pipeline import ClipOptions

ROWS = 40  # a longer table shows only what failed


def swap_all(
    swapper: FaceSwapper,
    jobs: Sequence[Job],
    face: str | int | None = None,
    compare: bool = False,
    skip_existing: bool = False,
    clip_options: ClipOptions | None = None,
) -> None:
    """Do each Job of `plan` that is not passed over, writing its status and reason into it.

    Args:
        swapper: FaceSwapper of the first source (it is asked for the others, `with_source`).
        face: "largest", "all" or an index; None: `swapper.default_face`.
        compare: pictures become source | target | result.
        skip_existing: keep outputs that are there; otherwise they are made anew.
        clip_options: of `swap_video`.
    Raises: UserError of a single job; of several, each is one line on stderr and the others go on.
    """
    from tqdm import tqdm

    todo = [job for job in jobs if not job.status]
    current = todo[0].source
    bar = tqdm(todo, unit="file", disable=not (len(todo) > 1 and sys.stderr.isatty()))
    for job in bar:
        if skip_existing and job.output.exists():
            job.status = "kept"
            continue
        try:
            if job.source is not None and job.source != current:
                swapper, current = swapper.with_source(job.source), job.source
            if job.kind == "picture":
                shown = read_source(job.source) if compare and job.source is not None else None
                swapper.swap_file(job.target, job.output, face, shown)
                if not keeps_alpha(job.output) and read_alpha(job.target) is not None:
                    bar.write(f"warning: {job.output}: transparency is laid on white; write .png", file=sys.stderr)
                if kind_of(job.target) == "animation":
                    bar.write(f"warning: {job.output}: the first frame of an animation; write .webp", file=sys.stderr)
            elif compare:
                raise UserError(f"{job.target}: is a clip; side by side is for pictures, leave --compare out")
            else:
                _swap_clip(swapper, job, face, clip_options)
        except UserError as error:
            if len(todo) == 1:
                raise
            job.status, job.reason = "failed", str(error)
            bar.write(f"error: {error}", file=sys.stderr)
        else:
            job.status = "written"


def table(jobs: Sequence[Job]) -> str:
    """What became of several jobs, as text: a row each (of more than 40 only those that failed), and the sums."""
    shown = [job for job in jobs if len(jobs) <= ROWS or job.status == "failed"]
    rows: list[tuple[str, ...]] = [(str(job.target), job.status, job.reason or str(job.output)) for job in shown]
    count = Counter(job.status for job in jobs)
    sums = f"{count['written']} written, {count['kept']} kept from before, {count['failed']} failed"
    sums += f", {count['passed over']} passed over ({_kinds(jobs)})" if count["passed over"] else ""
    return f"{word_table(('target', 'status', 'output'), rows)}\n{sums}" if rows else sums


def _kinds(jobs):
    """What was passed over, in words: "2 .txt, 1 .pdf"."""
    passed_over = [job for job in jobs if job.status == "passed over"]
    kinds = Counter(
        (job.target.suffix.lower() or "without suffix") if job.reason == NEITHER else "of this program"
        for job in passed_over
    )
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def _swap_clip(swapper, job, face, options):
    """`swap_video` with a progress bar, and the summary as a line on stderr.

    Ctrl-C stops reading: what was done becomes a file that plays, and KeyboardInterrupt is raised. Main thread only.
    """
    from tqdm import tqdm

    from paddle_mfs.video.pipeline import ClipOptions, swap_video

    with StopRequest() as request, tqdm(unit="frame", disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        summary = swap_video(
            swapper, job.target, job.output, face, options or ClipOptions(), progress, lambda: request.requested
        )
    print(f"{job.output}: {summary}", file=sys.stderr)
    if summary.is_interrupted:
        print(f"{job.output}: stopped early; the {summary.frames} frames done so far play", file=sys.stderr)
        raise KeyboardInterrupt
