"""Which faces of a picture or clip are swapped, and with whose face.

    pick, Choice    --face: largest, all, or the index from the left
    Role, match     --map: the person of one picture gets the face of another, told apart by identity embedding
    Tracks          what is remembered of each face of a clip, so that nothing is decided anew in every frame
"""
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np

from paddle_mfs.errors import UserError
from paddle_mfs.face.analysis import MIN_FACE
from paddle_mfs.face.blend import Colour
from paddle_mfs.identity import Identity

# Cosine of two embeddings of the bundled encoder above which they are one person. In tests/data/identities the same person,
# straight on and turned, has 0.75 or more and different people 0.37 or less (tests/test_people.py).
SAME_PERSON = 0.55
RECHECK = 30        # frames after which a tracked face is compared with the roles again
REMEMBERED = 16     # faces of a clip that are remembered, the ones seen last


def check_choice(which):
    """Raise UserError unless `which` is "largest", "all" or an index (int or digits)."""
    if which not in ("largest", "all") and not str(which).isdigit():
        raise UserError(f"face {which!r}: choose largest, all or an index from 0 (0 is the leftmost)")


def choose(faces, which="largest"):
    """The chosen ones among `faces` (`Face` or `TrackedFace`) of one picture: [] when there is no such face.

    Args:
        which: "largest", "all", or an index (int or digits): faces are counted from the left, 0 the leftmost.
    """
    if which == "all" or not faces:
        return list(faces)
    if which == "largest":
        return [max(faces, key=lambda face: plain(face).size)]
    index = int(which)
    return sorted(faces, key=lambda face: plain(face).box[[0, 2]].sum())[index:index + 1]


def pick(faces, which="largest", name="image"):
    """`choose`, for a picture: raises UserError when there is no face, no such index, or `which` is another word."""
    check_choice(which)
    if not faces:
        raise UserError(f"{name}: no face found; use a picture that shows a face, unhidden and at least {MIN_FACE} px high")
    chosen = choose(faces, which)
    if not chosen:
        raise UserError(f"{name}: no face {which}; {len(faces)} found, choose 0 (leftmost) to {len(faces) - 1}")
    return chosen


class Choice:
    """`choose`, frame after frame: a tracked face that was chosen stays so while it is tracked, wherever it goes.

    Args:
        which: see `choose`. Raises UserError when it is another word.
    """

    def __init__(self, which="largest"):
        check_choice(which)
        self.which, self._id = which, None

    def __call__(self, faces):
        """List of `TrackedFace` (or `Face`) of one frame -> those to swap."""
        kept = [face for face in faces if self.which != "all" and self._id is not None and track_id(face) == self._id]
        chosen = kept or choose(faces, self.which)
        if self.which != "all":
            self._id = track_id(chosen[0]) if chosen else self._id
        return chosen


def plain(face):
    """The `Face` of a `TrackedFace`; a `Face` itself."""
    return getattr(face, "face", face)


def track_id(face):
    """The id of a `TrackedFace`, None of a `Face`."""
    return getattr(face, "id", None)


@dataclass
class Role:
    """A person who is known by a picture, and the identity to be put on them. embedding (1, E) of unit length."""
    embedding: np.ndarray
    identity: Identity


def parse_map(words):
    """["TARGET_FACE=SOURCE", ...] -> {target face picture: source picture}, as `roles` wants it.

    Raises: UserError for a word without "=" or with nothing on one side, and for a target face named twice.
    """
    sources = {}
    for word in words:
        target, equals, source = word.partition("=")
        if not (target and source):
            raise UserError(f"--map {word}: write TARGET_FACE=SOURCE, two pictures with = between")
        if target in sources:
            raise UserError(f"--map {word}: {target} has a source already; leave one out")
        sources[target] = source
    return sources


def roles(baker, sources):
    """{path of a picture of the target: path of the source picture} -> [Role]; the largest face of each picture counts.

    Raises: UserError for a picture that cannot be read or shows no face.
    """
    from paddle_mfs.face.image import read_image
    identities = {source: baker.identity(source) for source in dict.fromkeys(sources.values())}
    made = []
    for target, source in sources.items():
        image = read_image(target)
        embedding, _ = baker.embed(image, baker.analyser.largest(image, str(target)))
        made.append(Role(embedding, identities[source]))
    return made


def match(embedding, roles):
    """(best role or None, its similarity): the role most like `embedding` (1, E), None below SAME_PERSON."""
    scores = [float(np.vdot(embedding, role.embedding)) for role in roles]
    best = int(np.argmax(scores))
    return roles[best] if scores[best] >= SAME_PERSON else None, scores[best]


@dataclass
class Memory:
    """What is remembered of one tracked face.

    frames it was in; embedding (1, E): sum of what the encoder saw of it; source: identity it is meant to get, None for
    nobody's; identity: that, at the strength wanted; mask (S, S), colour (`blend.Colour`) and occlusion (S, S):
    means of the frames so far.
    """
    frames: int = 0
    embedding: np.ndarray = None
    source: Identity = None
    identity: Identity = None
    mask: np.ndarray = None
    colour: Colour = None
    occlusion: np.ndarray = None


class Tracks:
    """The `Memory` of every face of one clip, by track id."""

    def __init__(self):
        self._memories = OrderedDict()

    def of(self, face):
        """The memory of a `TrackedFace`; of a `Face` a fresh one, kept nowhere."""
        number = track_id(face)
        if number is None:
            return Memory()
        memory = self._memories.setdefault(number, Memory())
        self._memories.move_to_end(number)
        while len(self._memories) > REMEMBERED:
            self._memories.popitem(last=False)
        return memory
