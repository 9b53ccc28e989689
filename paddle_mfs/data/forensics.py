"""Pairs of an original and the same picture with another's face, for detectors: into shards, split by people.

A set is OUTPUT/train, OUTPUT/val, OUTPUT/test, a set of shards each (`shards.ShardWriter`, of the kind KIND). A record
has the members

    real.png, fake.png              original and swapped picture, without loss
    real.q75.jpg, fake.q75.jpg      both once more, JPEG of quality 75; likewise the others of the ladder
    real.crf23.mp4, fake.crf23.mp4  both as a clip, H.264 of CRF 23, see `ladder.moved`
    mask.png                        (H, W), 255 where a pixel of fake.png is not real.png's, else 0
    landmarks.npy                   (468, 2) float32 of the target's face, pixels of real.png
    json                            the manifest's line: target and source (number, file, label, sha256), the provenance

The record's label is the target's; nobody, target or source, is in two splits.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from tqdm import tqdm

from paddle_mfs.data.ladder import encode_h264, encode_jpeg, encode_png, moved
from paddle_mfs.data.portraits import Portraits
from paddle_mfs.data.shards import ShardWriter, is_set, read_set
from paddle_mfs.data.synthetic import AdultFilter
from paddle_mfs.data.worker_pool import ordered
from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import Face, FaceAnalyser
from paddle_mfs.provenance import CAPTURED, GENERATED, provenance, weights_facts
from paddle_mfs.swap.options import SwapOptions
from paddle_mfs.swap.patch import paste_all
from paddle_mfs.swap.swapper import FaceSwapper
from paddle_mfs.utils.config import Config
from paddle_mfs.utils.cores import cores
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.resources import find
from paddle_mfs.version import __version__
from paddle_mfs.weights import bundled

KIND = "real and swapped pairs"
REMEMBERED = 64  # portraits of a process


def split_people(labels: Sequence[str], shares: Mapping[str, float], seed: int = 0) -> dict[str, list[str]]:
    """The people of each split with a share above 0, in an order that depends on their labels and the seed only.

    Raises UserError where a split would have fewer than two, who could not be swapped.
    """
    people = sorted(set(labels), key=lambda label: hashlib.sha256(f"{seed}/{label}".encode()).digest())
    ends = [round(end * len(people)) for end in np.cumsum(list(shares.values()))]
    found = {name: people[start:end] for name, start, end in zip(shares, [0, *ends], ends) if shares[name]}
    for name, members in found.items():
        if len(members) < 2:
            raise UserError(
                f"splits.{name}: {len(members)} of {len(people)} people, two or more are wanted; "
                "give more people or change splits"
            )
    return found


class Plan:
    """Whose face goes onto which picture: a function of the config and the pictures' names.

    Args:
        config: of configs/forensics.yml's shape.
    Attributes:
        targets: {split: numbers of its pictures, ascending}.
    """

    def __init__(self, config: Config):
        self.config, self.portraits = config, Portraits(config.faces.path)
        people = split_people(self.portraits.labels, config.splits, config.run.seed)
        split_of = {label: split for split, labels in people.items() for label in labels}
        self.targets: dict[str, list[int]] = {split: [] for split in people}
        for number, label in enumerate(self.portraits.labels):
            self.targets[split_of[label]].append(number)

    def sources(self, split: str, target: int) -> Iterator[int]:
        """Pictures of other people of the split, by chance, each once."""
        labels, numbers = self.portraits.labels, self.targets[split]
        order = random.Random(f"{self.config.run.seed}/{target}").sample(numbers, len(numbers))
        return (number for number in order if labels[number] != labels[target])

    def settings(self, split: str, created: str) -> dict[str, Any]:
        """What the split's records depend on."""
        config = self.config.to_dict()
        del config["run"]["output"], config["run"]["workers"], config["faces"]["path"]
        swap = self.config.swap
        used = swap.weights or bundled("mfs_224"), swap.encoder or bundled("mobilefacenet")
        return {
            "split": split,
            "names_sha256": self.portraits.fingerprint(),
            **config,
            "weights_sha256": [weights_facts(path)["sha256"] for path in used],
            "created": created,
        }


class Portrait(NamedTuple):
    """image (H, W, 3) uint8 RGB, reduced, with its `Face`; original, likewise, before that; facts: of the manifest."""

    image: np.ndarray
    face: Face
    original: np.ndarray
    facts: dict[str, Any]


class PairMaker:
    """In a worker: makes the records of one target.

    Args:
        config: of configs/forensics.yml's shape. created: time (UTC, ISO 8601) that the pictures bear.
    """

    def __init__(self, config: Config, created: str):
        self.config, self.created, self.plan = config, created, Plan(config)
        self.swapper: FaceSwapper | None = None  # wants a source
        self.analyser = FaceAnalyser()
        self.adults = AdultFilter(config.faces.min_age, self.analyser)
        self.portrait = lru_cache(REMEMBERED)(self._portrait)

    def __call__(self, task: tuple[str, int]) -> tuple[str, list[tuple[dict[str, bytes] | None, dict[str, Any]]]]:
        """(split, number of the target) -> split, [(members or None, line of the manifest)]."""
        split, number = task
        target = self.portrait(number)
        if isinstance(target, str):
            return split, [(None, self._left_out(number, target))]
        made, reason = [], "nobody else in the split can be its source"
        for other in self.plan.sources(split, number):
            source = self.portrait(other)
            if isinstance(source, str):
                continue  # as a target it has a line of its own
            try:
                made.append(self._pair(split, target, source))
            except UserError as error:  # nothing that another source would change
                reason = str(error)
                break
            if len(made) == self.config.sources:
                break
        return split, made or [(None, self._left_out(number, reason))]

    def _left_out(self, number, reason):
        return {"number": number, "file": self.plan.portraits.names[number], "reason": reason}

    def _portrait(self, number: int) -> Portrait | str:
        """A picture, or why it cannot be used."""
        portraits, name, faces = self.plan.portraits, self.plan.portraits.names[number], self.config.faces
        try:
            original, digest = portraits.read(number)
            face = self.analyser.largest(original, name)
        except UserError as error:
            return str(error)
        if self.adults.crop_age(align(original, face.five, 224)[0]) < faces.min_age:
            return f"{name}: looks under {faces.min_age:g}"
        facts = {"number": number, "file": name, "label": portraits.labels[number], "sha256": digest}
        image, face = _reduced(original, face, faces.side)
        return Portrait(image, face, original, facts)

    def _pair(self, split, target, source):
        swap = self.config.swap
        if self.swapper is None:
            self.swapper = FaceSwapper(source.original, swap.weights, swap.encoder, options=SwapOptions(**swap.options))
        swapper = self.swapper.with_source(source.original)
        real = target.image
        fake = paste_all(real.copy(), swapper.patches(real, [target.face], name=target.facts["file"]))
        mask = (fake != real).any(2)
        if not mask.any():
            raise UserError(f"{target.facts['file']}: the swap changes no pixel")
        faces = self.config.faces
        common = {"created": self.created, "target_sha256": target.facts["sha256"], "faces_licence": faces.licence}
        original = provenance(
            **common,
            synthetic=faces.generated,
            digital_source_type=GENERATED if faces.generated else CAPTURED,
        )
        swapped = provenance(**{**swapper.facts, **common, "source_sha256": source.facts["sha256"]})
        line = {
            "label": target.facts["label"],
            "number": target.facts["number"],
            "split": split,
            "target": target.facts,
            "source": source.facts,
            "provenance": {"real": original, "fake": swapped},
        }
        of_mask = {**swapped, "content": "where fake.png is not real.png"}
        landmarks = io.BytesIO()
        np.save(landmarks, target.face.landmarks[:, :2])
        members = {
            **self._ladder("real", real, original),
            **self._ladder("fake", fake, swapped),
            "mask.png": encode_png(mask.astype(np.uint8) * 255, of_mask),
            "landmarks.npy": landmarks.getvalue(),
            "json": json.dumps(line, ensure_ascii=False).encode(),
        }
        return members, line

    def _ladder(self, name, image, record):
        ladder = self.config.ladder
        frames = moved(image, ladder.frames) if ladder.h264 else []
        return {
            f"{name}.png": encode_png(image, record),
            **{f"{name}.q{quality}.jpg": encode_jpeg(image, quality, record) for quality in ladder.jpeg},
            **{f"{name}.crf{crf}.mp4": encode_h264(frames, crf, record) for crf in ladder.h264},
        }


def _reduced(image, face, side):
    """The picture with `side` pixels at most on its longer side, 0: as it is, and its `Face` there."""
    height, width = image.shape[:2]
    scale = side / max(height, width) if side else 1
    if scale >= 1:
        return image, face
    size = round(width * scale), round(height * scale)
    ratios = np.array([size[0] / width, size[1] / height, scale], np.float32)
    shift = np.array([0.5, 0.5, 0], np.float32)  # pixel centres are at integers
    landmarks = (face.landmarks + shift) * ratios - shift
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA), Face.of(landmarks, face.score, face.presence)


def make_forensics_set(config: Config) -> dict[str, Counter]:
    """Write a set, or go on with one -> {split: Counter of "people", "pairs" and "left out"}.

    Shards that are written stay, so that a run that was stopped loses the one in progress; gone on with, it writes the
    very bytes an unbroken run would have.

    Raises: UserError for what `Portraits`, `split_people` and `ShardWriter` refuse, and when no picture can be used.
    """
    config = Config({**config, "faces": {**config.faces, "path": str(find(config.faces.path))}})
    run = config.run
    plan, output = Plan(config), Path(run.output)
    begun = [read_set(output / split)["settings"] for split in plan.targets if is_set(output / split)]
    created = begun[0].get("created") if begun else None
    created = created or provenance()["created"]
    workers = cores() if run.workers is None else run.workers
    with contextlib.ExitStack() as stack:
        writers = {
            split: stack.enter_context(ShardWriter(output / split, KIND, plan.settings(split, created), run.shard))
            for split in plan.targets
        }
        done = {split: len({line["number"] for line in writer.lines()}) for split, writer in writers.items()}
        tasks = [(split, number) for split, numbers in plan.targets.items() for number in numbers[done[split] :]]
        bar = stack.enter_context(tqdm(total=len(plan.portraits), desc="swapping", unit="picture", disable=None))
        bar.update(len(plan.portraits) - len(tasks))
        answers = stack.enter_context(contextlib.closing(ordered(PairMaker, (config, created), tasks, workers)))
        for split, made in answers if tasks else ():
            for members, line in made:
                if members is None:
                    writers[split].note(line)
                else:
                    writers[split].add(members, line)
            if writers[split].is_full:
                writers[split].commit()
            bar.update()
        found = {}
        for split, writer in writers.items():
            writer.finish(software=f"paddle_mfs {__version__}")
            lines = list(writer.lines())
            people = {line[who]["label"] for line in lines if "key" in line for who in ("source", "target")}
            left_out = sum("key" not in line for line in lines)
            found[split] = Counter({"people": len(people), "pairs": len(lines) - left_out, "left out": left_out})
    if not any(counts["pairs"] for counts in found.values()):
        raise UserError(
            f"{config.faces.path}: no picture there can be used ({lines[0]['reason']}); give other pictures"
        )
    return found
