"""Pictures, clips, archives or generated faces -> a set of faces to train on, see `data.faces` and tools/prepare_data.py."""

import hashlib
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tqdm import tqdm

from paddle_mfs.data import synthetic
from paddle_mfs.data.crops import SIZE
from paddle_mfs.data.duplicates import Seen
from paddle_mfs.data.face_filter import Candidate, FaceJudge, Limits, Rejected
from paddle_mfs.data.faces import face_members
from paddle_mfs.data.inputs import Input, Layout, find_inputs
from paddle_mfs.data.parallel import ordered
from paddle_mfs.data.shards import ShardWriter
from paddle_mfs.data.sheet import RejectedPictures, draw_sheet
from paddle_mfs.face.image import read_image
from paddle_mfs.models.embedder import SAME_PERSON_COSINE
from paddle_mfs.provenance import weights_facts
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256
from paddle_mfs.version import __version__
from paddle_mfs.weights import bundled

GENERATED = "generated"  # stands for the folder in the names of generated faces
GENERATED_SIZE = 512  # pixels a side at which they are looked at


@dataclass
class Finding:
    """What became of one picture or frame. candidate: a face that is fit, or None and a reason; crop: to show, or None."""

    name: str
    label: str
    digest: str = ""
    candidate: Candidate = None
    reason: str = ""
    detail: str = ""
    crop: np.ndarray = None

    @property
    def line(self):
        """Its line of the manifest, but for the place of the record."""
        line = {"file": self.name, "status": "rejected", "reason": self.reason, "detail": self.detail}
        if self.candidate:
            line = {
                "file": self.name,
                "status": "accepted",
                "label": self.label,
                **self.candidate.facts,
                "hash": self.candidate.hashed.tobytes().hex(),
            }
        return {**line, "sha256": self.digest} if self.digest else line


class Preparer:
    """In a worker: looks at one Input -> [Finding], several of a clip.

    Args:
        size, limits: see `quality.FaceJudge`.
        every, best: look at every so many-th frame of a clip, keep at most so many.
    """

    def __init__(self, size, limits, every, best):
        self.judge, self.every, self.best, self._generator = FaceJudge(size, limits), every, best, None
        self._archive = None, None

    def __call__(self, one):
        if one.kind == "unreadable":
            return [Finding(one.name, one.label, reason="unreadable", detail=one.reason)]
        if one.kind == "clip":
            return self._clip(one)
        digest = ""
        try:
            if one.kind == "generated":
                self._generator = self._generator or synthetic.FaceGenerator()
                image = self._generator.face(one.place, GENERATED_SIZE)
            else:
                data = self._data(one)
                digest = hashlib.sha256(data).hexdigest()
                image = read_image(one.name, data)
        except UserError as error:
            if one.kind == "generated":
                raise
            return [
                Finding(
                    one.name, one.label, digest, reason="unreadable", detail=str(error).removeprefix(f"{one.name}: ")
                )
            ]
        return [self._judged(image, one.name, one.label, digest)]

    def _judged(self, image, name, label, digest=""):
        try:
            return Finding(name, label, digest, self.judge(image))
        except Rejected as found:
            return Finding(name, label, digest, None, found.reason, found.detail, found.crop)

    def _data(self, one):
        """The bytes of a picture. Raises UserError."""
        try:
            if one.data is not None:
                return one.data
            if one.member is None:
                return Path(one.place).read_bytes()
            if self._archive[0] != one.place:
                self._archive = one.place, zipfile.ZipFile(one.place)
            return self._archive[1].read(one.member)
        except (OSError, RuntimeError, zipfile.BadZipFile, NotImplementedError) as error:  # RuntimeError: a password
            raise UserError(
                f"{one.name}: cannot be read ({' '.join(str(error).split())}); copy or unpack it again"
            ) from None

    def _clip(self, one):
        """Looks at every n-th frame; of the fit ones the best are kept, none of them alike."""
        import av

        from paddle_mfs.video.frame import Picture
        from paddle_mfs.video.read import VideoReader

        findings, kept, reasons = [], [], set()
        try:
            digest = sha256(one.place)
            with VideoReader(one.place) as reader:
                converter = av.video.reformatter.VideoReformatter()
                for number, frame in enumerate(reader.frames(reader.first.format.name)):
                    if number % self.every == 0:
                        image = Picture(frame, reader.turn, converter).rgb
                        finding = self._judged(image, f"{one.name}#{number:06d}", one.label, digest)
                        findings.append(finding)
                        self._keep_best(finding, kept)
                        if finding.reason in reasons:
                            finding.crop = None  # one of a kind is enough to show
                        reasons.add(finding.reason)
        except (UserError, OSError) as error:
            reason = str(error).removeprefix(f"{one.place}: ")
            return [Finding(one.name, one.label, reason="unreadable", detail=reason)]
        self._tell_people_apart([finding for finding in findings if finding.candidate])
        return findings

    def _keep_best(self, new, kept):
        """Let `new` into `kept` [Finding] if it belongs there; what has to go is rejected."""
        if not new.candidate:
            return
        alike = Seen()
        for finding in kept:
            alike.add("0", finding.candidate.hashed)
        twin = alike.near(new.candidate.hashed)
        if twin is not None:
            kept[twin], worse = sorted([kept[twin], new], key=lambda finding: -finding.candidate.score)
            self._reject(worse, "near duplicate", f"of {kept[twin].name}")
            return
        kept.append(new)
        if len(kept) > self.best:
            worst = min(kept, key=lambda finding: finding.candidate.score)
            kept.remove(worst)
            self._reject(worst, "not among the best", f"{self.best} frames of the clip are kept")

    @staticmethod
    def _reject(finding, reason, detail):
        finding.candidate, finding.reason, finding.detail = None, reason, detail

    @staticmethod
    def _tell_people_apart(findings):
        """Give people that are not the first one of their clip a label of their own."""
        people = []
        for finding in findings:
            scores = [float(np.vdot(finding.candidate.embedding, person)) for person in people]
            best = int(np.argmax(scores)) if scores and max(scores) >= SAME_PERSON_COSINE else len(people)
            if best == len(people):
                people.append(finding.candidate.embedding)
            finding.label += f"/{best}" if best else ""


@dataclass
class Job:
    """What to prepare. paths: files, folders, archives; generated: indices of the generator, or (); labels: see `Layout`;
    every, best: of clips; size: crop side; capacity: faces in a shard; workers: processes, 0: none."""

    paths: list
    output: str
    generated: range = ()
    labels: str = "auto"
    every: int = 25
    best: int = 8
    size: int = SIZE
    limits: Limits = field(default_factory=Limits)
    capacity: int = 1000
    workers: int = 1

    @property
    def settings(self):
        """What a set's records depend on, besides the inputs."""
        return {"size": self.size, "labels": self.labels, "every": self.every, "best": self.best, **vars(self.limits)}

    def inputs(self, read=True):
        """Yield every Input, see `find_inputs`."""
        yield from find_inputs(self.paths, read)
        for index in self.generated:
            name = f"{GENERATED}/{index:06d}"
            yield Input("generated", name, GENERATED, index, label=name)


def prepare_data(job, stop=lambda: False):
    """Do a Job, or go on with it -> Counter {"accepted": n, reason: n, ...} over the whole set.

    Inputs whose lines are in the manifest are not looked at again, so more may be added later. A killed run loses the shard in
    progress.

    Args:
        stop: callable, asked now and then: should the set be finished with what is done?
    Raises: UserError for inputs that are missing and for what `ShardWriter` refuses.

    Args:
        progress: callable (inputs done, all inputs, faces kept) or None.
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

        for findings in ordered(Preparer, (job.size, job.limits, job.every, job.best), tasks(), job.workers):
            for finding in findings:
                _check_seen(finding, seen)
                counts[_verdict(finding.line)] += 1
                _write(writer, finding, shown)
            if writer.is_full:
                writer.commit()
            bar.set_postfix(kept=writer.count, refresh=False)
            bar.update()
        encoder = weights_facts(bundled("mobilefacenet"))
        writer.finish(encoder=encoder, software=f"paddle_mfs {__version__}", counts=dict(counts))
    draw_sheet(job.output)
    return counts


def table(counts):
    """What became of the inputs, as text: a row for each verdict."""
    rows = [
        ("accepted", counts["accepted"]),
        *sorted(((name, count) for name, count in counts.items() if name != "accepted"), key=lambda row: -row[1]),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {count:8d}  {count / max(1, sum(counts.values())):6.1%}" for name, count in rows)


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
        finding.candidate, finding.reason = None, "duplicate" if same is not None else "near duplicate"
        finding.detail = f"of face {near if same is None else same:08d}"
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
    writer.add(face_members(candidate.crop, candidate.landmarks, candidate.embedding, facts, note), finding.line)
