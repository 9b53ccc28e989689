"""Looking at one picture, clip or generated face: what there is in it to train on."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from pathlib import Path

import numpy as np

from paddle_mfs.data import synthetic
from paddle_mfs.data.best_frames import BestFrames, tell_people_apart
from paddle_mfs.data.face_filter import FaceJudge, Limits, Rejected
from paddle_mfs.data.finding import Finding
from paddle_mfs.data.generated_views import SAME_PERSON, ViewGenerator
from paddle_mfs.data.inputs import Input
from paddle_mfs.face.image import read_image
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import sha256

# Of reading a picture or a member of an archive. RuntimeError: a password; NotImplementedError: an odd compression
UNREADABLE = (OSError, EOFError, RuntimeError, NotImplementedError, zipfile.BadZipFile, zlib.error)
GENERATED_SIZE = 512  # pixels a side at which generated faces are looked at


class Examiner:
    """In a worker: looks at one Input -> [Finding], several of a clip.

    Args:
        size, limits: see `face_filter.FaceJudge`.
        every, best: look at every so many-th frame of a clip, keep at most so many.
    """

    def __init__(self, size: int, limits: Limits, every: int, best: int):
        self.judge, self.every, self.best = FaceJudge(size, limits), every, best
        self._generator: synthetic.FaceGenerator | None = None
        self._views: ViewGenerator | None = None
        # Of the generated face looked at last: its index, embedding (None: it is not fit) and the reason.
        self._face: tuple[int, np.ndarray | None, str] | None = None
        self._archive: tuple[str, zipfile.ZipFile] | None = None

    def __call__(self, one: Input) -> list[Finding]:
        if one.kind == "unreadable":
            return [Finding(one.name, one.label, reason="unreadable", detail=one.reason)]
        if one.kind == "clip":
            return self._clip(one)
        if one.kind == "generated":
            index, number = one.place
            return [self._generated(index, number, one.name, one.label)]
        digest = ""
        try:
            data = self._data(one)
            digest = hashlib.sha256(data).hexdigest()
            image = read_image(one.name, data)
        except UserError as error:
            reason = str(error).removeprefix(f"{one.name}: ")
            return [Finding(one.name, one.label, digest, reason="unreadable", detail=reason)]
        return [self._judged(image, one.name, one.label, digest)]

    def _generated(self, index, number, name, label):
        """The face of an index, or its view `number`, which has to be of that very person."""
        self._generator = self._generator or synthetic.FaceGenerator()
        if not number or self._face is None or self._face[0] != index:
            image = self._generator.face(index, GENERATED_SIZE)
            face = self._judged(image, name, label, "", with_embedding=True)
            self._face = index, face.candidate.embedding if face.candidate else None, face.reason
            if not number:
                return face
        _, embedding, reason = self._face
        if embedding is None:
            # Who looks under age there is not shown from elsewhere; nor is a face that is not fit.
            return Finding(name, label, reason="view of a face left out", detail=reason)
        self._views = self._views or ViewGenerator(self._generator)
        image = self._views.view(index, number, GENERATED_SIZE)
        view = self._judged(image, name, label, "", with_embedding=True)
        if view.candidate:
            cosine = float(view.candidate.embedding @ embedding)
            if cosine < SAME_PERSON:
                view.crop = view.candidate.crop
                view.reject("another person", f"cosine {cosine:.2f} to the face, at least {SAME_PERSON}")
        return view

    def _judged(self, image, name, label, digest, with_embedding=False):
        try:
            return Finding(name, label, digest, self.judge(image, with_embedding))
        except Rejected as found:
            return Finding(name, label, digest, None, found.reason, found.detail, found.crop)

    def _data(self, one):
        """The bytes of a picture. Raises UserError."""
        try:
            if one.data is not None:
                return one.data
            if one.member is None:
                return Path(one.place).read_bytes()
            if self._archive is None or self._archive[0] != one.place:
                self._archive = one.place, zipfile.ZipFile(one.place)
            return self._archive[1].read(one.member)
        except (
            OSError,
            EOFError,
            RuntimeError,
            zipfile.BadZipFile,
            NotImplementedError,
            zlib.error,
        ) as error:  # RuntimeError: a password
            raise UserError(
                f"{one.name}: cannot be read ({' '.join(str(error).split())}); copy or unpack it again"
            ) from None

    def _clip(self, one):
        """Looks at every n-th frame; of the fit ones the best are kept, none of them alike."""
        import av

        from paddle_mfs.video.frame import Picture
        from paddle_mfs.video.read import VideoReader

        findings, best, reasons = [], BestFrames(self.best), set()
        try:
            digest = sha256(one.place)
            with VideoReader(one.place) as reader:
                converter = av.video.reformatter.VideoReformatter()
                for number, frame in enumerate(reader.frames(reader.first.format.name)):
                    if number % self.every == 0:
                        image = Picture(frame, reader.turn, converter, reader.pixel_aspect).shown
                        finding = self._judged(image, f"{one.name}#{number:06d}", one.label, digest, True)
                        findings.append(finding)
                        best.add(finding)
                        if finding.reason in reasons:
                            finding.crop = None  # one of a kind is enough to show
                        reasons.add(finding.reason)
        except (UserError, OSError) as error:
            reason = str(error).removeprefix(f"{one.place}: ")
            return [Finding(one.name, one.label, reason="unreadable", detail=reason)]
        tell_people_apart(findings)
        return findings
