"""Who gets whose face (--map): the person of one picture gets the face of another, told apart by identity embedding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.face.image import read_image
from paddle_mfs.models.embedder import SAME_PERSON_COSINE
from paddle_mfs.swap.baker import Baker
from paddle_mfs.swap.identity import Identity
from paddle_mfs.utils.errors import UserError


@dataclass
class Role:
    """A person who is known by a picture, and the identity to be put on them. embedding (1, E) of unit length."""

    embedding: np.ndarray
    identity: Identity


def parse_map(words: Iterable[str]) -> dict[str, str]:
    """["TARGET_FACE=SOURCE", ...] -> {target face picture: source picture}, as `roles` wants it.

    Raises: UserError for a word without "=" or with nothing on one side, and for a target face named twice.
    """
    sources: dict[str, str] = {}
    for word in words:
        target, equals, source = word.partition("=")
        if not (target and source):
            raise UserError(f"--map {word}: write TARGET_FACE=SOURCE, two pictures with = between")
        if target in sources:
            raise UserError(f"--map {word}: {target} has a source already; leave one out")
        sources[target] = source
    return sources


def roles(baker: Baker, sources: Mapping[Any, str | Path]) -> list[Role]:
    """{path of a picture of the target: path of the source picture} -> [Role]; the largest face of each picture counts.

    Raises: UserError for a picture that cannot be read or shows no face, and when there is none.
    """
    if not sources:
        raise UserError("nobody to swap: name at least one picture of a target's face and its source")
    identities = {source: baker.identity(source) for source in dict.fromkeys(sources.values())}
    made = []
    for target, source in sources.items():
        image = read_image(target)
        embedding = baker.recognise(image, baker.analyser.largest(image, str(target)))
        made.append(Role(embedding, identities[source]))
    return made


def match(embedding: np.ndarray, roles: Sequence[Role]) -> tuple[Role | None, float]:
    """(best role or None, its similarity): the role most like `embedding` (1, E), None below SAME_PERSON_COSINE."""
    scores = [float(np.vdot(embedding, role.embedding)) for role in roles]
    best = int(np.argmax(scores))
    return roles[best] if scores[best] >= SAME_PERSON_COSINE else None, scores[best]
