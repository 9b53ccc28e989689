"""Made-up faces, one for each person who is met, and the key file that gives the same person the same one again.

A made-up face lies beyond one generated adult of samples/heldout, away from another: e = 1.3 a - 0.3 b of what the
encoder sees in them (embedding and feature map). A mean of two would be nearer to everybody. Of a few such pairs,
drawn by the seed, the one that is least like the person and the faces given before is taken.
"""

from __future__ import annotations

import itertools
import json
import os
import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from paddle_mfs.face.align import align
from paddle_mfs.face.image import read_image
from paddle_mfs.models.idn import SIZE
from paddle_mfs.swap.baker import Baker
from paddle_mfs.swap.identity import Identity
from paddle_mfs.swap.roles import Role
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path
from paddle_mfs.utils.resources import find

POOL = "samples/heldout"
BEYOND = 0.3  # how far beyond one generated face, away from the other
DRAWN, ROUNDS = 8, 3  # generated faces among which pairs are tried; times that others are drawn if none will do
UNLIKE = 0.35  # cosine to the person and to other made-up faces below which a pair will do
VERSION = 1
NOTE = (
    "PERSONAL DATA: the embeddings in this file tell the real people of your pictures and clips apart, and say who is "
    "behind which made-up face. Keep it secret; delete it when the same faces are not needed again."
)
Mix = tuple[str, str]  # file names in POOL: beyond the first, away from the second


class MadeUp(Role):
    """A person met, and the made-up face to be put on them. number: from 0 in the order of meeting; mix: see `Mix`."""

    def __init__(self, number: int, embedding: np.ndarray, mix: Mix, make: Callable[[Mix], Identity]):
        self.number, self.embedding, self.mix, self._make = number, embedding, mix, make

    @cached_property
    def identity(self) -> Identity:  # type: ignore[override]
        """Baked when it is first asked for: not everybody of a key is met again."""
        return self._make(self.mix)


class Pseudonyms:
    """Gives each person met a made-up face of their own.

    Args:
        baker: Baker. key: path of the key file, read if it is there, written (for its owner alone, mode 0600) now and
            with every new person; None: nothing is kept.
        seed: of the choice; None: the key's, or a random one.
    Attributes:
        people: list of MadeUp, the key's first.
    Raises: UserError for a key that cannot be read or written, or that was made with other weights; it stays as it is.
    """

    def __init__(self, baker: Baker, key: str | Path | None = None, seed: int | None = None):
        self._baker, self._key = baker, Path(key) if key else None
        self._pool = [path.name for path in sorted(find(POOL).glob("*.jpg"))]
        self._seen: dict[str, Sequence[np.ndarray]] = {}
        self._made_with = {name: baker.facts[name]["sha256"] for name in ("weights", "encoder")}
        self.people: list[MadeUp] = []
        known_seed = self._read() if self._key and os.path.exists(self._key) else None
        self._seed: int = next(one for one in (seed, known_seed, secrets.randbits(32)) if one is not None)
        self._write()

    def add(self, embedding: np.ndarray) -> MadeUp:
        """Somebody who is not known yet, by an embedding (1, E) of unit length -> with a made-up face."""
        person = MadeUp(len(self.people), embedding, self._choose(embedding), self._identity)
        self.people.append(person)
        self._write()
        return person

    def _choose(self, embedding: np.ndarray) -> Mix:
        random = np.random.default_rng([self._seed, len(self.people)])
        others = np.concatenate([embedding, *(self._mixed(one.mix)[0] for one in self.people)])
        best: tuple[float, Mix] = np.inf, ("", "")
        for _ in range(ROUNDS):
            drawn = [str(name) for name in random.choice(self._pool, DRAWN, replace=False)]
            for mix in itertools.permutations(drawn, 2):
                best = min(best, (float((others @ self._mixed(mix)[0].T).max()), mix))
            if best[0] < UNLIKE:
                break
        return best[1]

    def _mixed(self, mix: Mix) -> tuple[np.ndarray, np.ndarray]:
        """Embedding of unit length and feature map of a made-up face."""
        (a, first), (b, second) = (self._look(name) for name in mix)
        embedding = np.float32(1 + BEYOND) * a - np.float32(BEYOND) * b
        feature = np.float32(1 + BEYOND) * first - np.float32(BEYOND) * second
        return embedding / np.linalg.norm(embedding), feature

    def _look(self, name: str) -> Sequence[np.ndarray]:
        """What the encoder sees in a generated face."""
        if name not in self._seen:
            image = read_image(find(POOL) / name)
            self._seen[name] = self._baker.embed(image, self._baker.analyser.largest(image, name))
        return self._seen[name]

    def _identity(self, mix: Mix) -> Identity:
        image = read_image(find(POOL) / mix[0])
        crop, _ = align(image, self._baker.analyser.largest(image, mix[0]).five, SIZE)
        return self._baker.of_embedding(*self._mixed(mix), crop, "made-up")

    def _read(self) -> int:
        """Fill `people` from the key -> its seed."""
        assert self._key
        try:
            stored = json.loads(self._key.read_text(encoding="utf-8"))
            made_with, seed = stored["made_with"], int(stored["seed"])
            if stored["version"] != VERSION or seed < 0:
                raise ValueError
            people = [self._person(number, one) for number, one in enumerate(stored["people"])]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise UserError(
                f"{self._key}: not a readable key ({type(error).__name__}); name a copy of it, or another --key, with "
                "which everybody gets a new face"
            ) from None
        if made_with != self._made_with:
            raise UserError(
                f"{self._key}: was made with other weights, whose faces are not the same; name them with --weights and "
                "--encoder, or use another --key"
            )
        self.people = people
        return seed

    def _person(self, number: int, stored: dict[str, Any]) -> MadeUp:
        embedding = np.array([stored["embedding"]], np.float32)
        first, second = stored["mix"]
        length = float(np.linalg.norm(embedding))
        if embedding.ndim != 2 or not 0.9 < length < 1.1 or not {first, second} <= set(self._pool) or first == second:
            raise ValueError
        if embedding.shape != self._look(first)[0].shape:
            raise ValueError
        return MadeUp(number, embedding / np.float32(length), (first, second), self._identity)

    def _write(self) -> None:
        if not self._key:
            return
        people = [
            {"embedding": [round(float(value), 5) for value in one.embedding[0]], "mix": one.mix} for one in self.people
        ]
        stored = {"note": NOTE, "version": VERSION, "made_with": self._made_with, "seed": self._seed, "people": people}
        with atomic_path(self._key) as temporary:
            temporary.unlink(missing_ok=True)
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(stored, file)
