"""Pictures, clips, archives or generated faces -> a set of faces to train on, see `data.faces`,
tools/prepare_data.py."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from paddle_mfs.data import synthetic
from paddle_mfs.data.aligned_face import SIZE, face_members
from paddle_mfs.data.duplicates import Seen
from paddle_mfs.data.examine import Examiner
from paddle_mfs.data.face_filter import Limits
from paddle_mfs.data.inputs import Input, Layout, find_inputs
from paddle_mfs.data.shards import CAPACITY, ShardWriter
from paddle_mfs.data.sheet import RejectedPictures, draw_sheet
from paddle_mfs.data.worker_pool import ordered
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.table import text_table
from paddle_mfs.version import __version__

GENERATED = "generated"  # stands for the folder in the names of generated faces


@dataclass
class Job:
    """What to prepare.

    Args:
        paths: files, folders, archives.
        output: folder of the set.
        generated: indices of the generator.
        views: further views of each of them, of the same label.
        labels: who is shown, see `inputs.Layout`.
        every, best: look at every so many-th frame of a clip, keep at most so many.
        size: crop side in pixels.
        limits: what a face must be like.
        capacity: faces in a shard.
        workers: processes; 0: none but this one.
    """

    paths: Sequence[str | Path]
    output: str | Path
    generated: Sequence[int] = ()
    labels: str = "auto"
    every: int = 25
    best: int = 8
    size: int = SIZE
    limits: Limits = field(default_factory=Limits)
    capacity: int = CAPACITY
    workers: int = 1
    views: int = 0

    @property
    def settings(self) -> dict[str, Any]:
        """What a set's records depend on, besides the inputs."""
        return {"size": self.size, "labels": self.labels, "every": self.every, "best": self.best, **vars(self.limits)}

    def inputs(self, read: bool = True) -> Iterator[Input]:
        """Yield every Input, see `find_inputs`."""
        yield from find_inputs(self.paths, read)
        for index in self.generated:
            name = f"{GENERATED}/{index:06d}"
            for number in range(1 + self.views):
                view = f"{name}/{number}" if number else name
                yield Input("generated", view, GENERATED, (index, number), label=name)


def prepare_data(job: Job, stop: Callable[[], bool] = lambda: False) -> Counter[str]:
    """Do a Job, or go on with it -> Counter {"accepted": n, reason: n, ...} over the whole set.

    Inputs whose lines are in the manifest are not looked at again, so more may be added later. A killed run loses the
    shard in progress.

    Args:
        stop: callable, asked now and then: should the set be finished with what is done?
    Raises: UserError for inputs that are missing and for what `ShardWriter` refuses.
    """
    layout, total = Layout(job.labels), 0
    for one in job.inputs(read=False):
        layout.add(one)
        total += 1
    if not total:
        raise UserError(
            f"{', '.join(map(str, job.paths))}: no pictures, clips or archives found there; give another folder"
        )
    bar = tqdm(total=total, desc="preparing", unit="input", disable=None)
    with ShardWriter(job.output, "faces", job.settings, job.capacity) as writer, bar:
        seen, known = _remembered(writer)
        counts = Counter(_verdict(line) for line in writer.lines())
        shown = RejectedPictures(Path(job.output) / "rejected")

        def tasks():
            for one in job.inputs():
                if stop():
                    return
                if _number(one.name) in known:
                    bar.update()
                else:
                    yield one._replace(label=layout.label(one))

        for findings in ordered(Examiner, (job.size, job.limits, job.every, job.best), tasks(), job.workers):
            for finding in findings:
                _check_seen(finding, seen)
                counts[_verdict(finding.line)] += 1
                _write(writer, finding, shown)
            if writer.is_full:
                writer.commit()
            bar.set_postfix(kept=writer.count, refresh=False)
            bar.update()
        writer.finish(software=f"paddle_mfs {__version__}", counts=dict(counts))
    draw_sheet(job.output)
    return counts


def table(counts: Mapping[str, int]) -> str:
    """What became of the inputs, as text: a row for each verdict."""
    rejected = sorted(((name, count) for name, count in counts.items() if name != "accepted"), key=lambda row: -row[1])
    every = max(1, sum(counts.values()))
    rows = [("accepted", counts.get("accepted", 0)), *rejected]
    return text_table(["", "inputs", "share"], [(name, count, f"{count / every:.1%}") for name, count in rows])


def _verdict(line):
    return line["status"] if line["status"] == "accepted" else line["reason"]


def _number(name):
    """64 bits that stand for a name: a set of those costs less than the names."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")


def _remembered(writer):
    """Seen faces and names (as `_number`s) of the inputs in finished shards; a clip's frames stand for the clip."""
    seen, known = Seen(), set()
    for line in writer.lines():
        known.add(_number(line["file"].split("#")[0]))
        known.add(_number(line["file"]))
        if line["status"] == "accepted":
            seen.add(line.get("sha256", "0"), np.frombuffer(bytes.fromhex(line["hash"]), np.uint8))
    return seen, known


def _check_seen(finding, seen):
    """Reject a finding whose picture or face was accepted before, else remember it."""
    if not finding.candidate:
        return
    hashed, is_picture = finding.candidate.hashed, finding.digest and "#" not in finding.name
    same = seen.same(finding.digest) if is_picture else None
    near = seen.near(hashed) if same is None else None
    if same is not None or near is not None:
        finding.crop = None
        finding.reject(
            "duplicate" if same is not None else "near duplicate", f"of face {near if same is None else same:08d}"
        )
    else:
        seen.add(finding.digest or "0", hashed)


def _write(writer, finding, shown):
    if not finding.candidate:
        writer.note(finding.line)
        if finding.crop is not None:
            shown.add(finding.reason, finding.name, finding.crop)
        return
    candidate = finding.candidate
    facts = {"file": finding.name, "label": finding.label, **candidate.facts}
    note = synthetic.note(int(finding.name.split("/")[1])) if finding.name.startswith(f"{GENERATED}/") else None
    writer.add(face_members(candidate.crop, candidate.landmarks, facts, note), finding.line)
