"""Records in WebDataset tar shards: written so that a run can be killed, read one by one by offset.

WebDataset: https://github.com/webdataset/webdataset

    FOLDER/set.json             what kind of set, its settings, and, when it is finished, how many records
    FOLDER/shards/00000.tar     records 0, 1, ...: members 00000000.jpg, 00000000.json, 00000001.jpg, ...
    FOLDER/shards/00000.jsonl   the manifest's lines up to the end of that shard; a shard counts when this file is there
    FOLDER/manifest.jsonl       all of these, one JSON object an input
    FOLDER/index.npy            (n,) INDEX: where each record lies
    FOLDER/groups.npy           (n,) record numbers, those of a label together

The number of a record is its place in the index and the name of its members.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import tarfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path, write_json, writing

CAPACITY = 1000  # records in a shard, about 25 MB of faces
OPEN_FILES = 64
# shard, offset and size: where the record's members lie, in bytes; first and count: its label's part of groups.npy
INDEX = np.dtype([("shard", "<i4"), ("size", "<i4"), ("offset", "<i8"), ("first", "<i8"), ("count", "<i4")])


def is_set(folder: str | Path) -> bool:
    """Is this a folder that a ShardWriter made (or began)?"""
    return (Path(folder) / "set.json").is_file()


def read_set(folder: str | Path) -> dict[str, Any]:
    """The set.json of a folder. Raises UserError when there is none."""
    try:
        return json.loads((Path(folder) / "set.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UserError(
            f"{folder}: not a folder of shards; make one with tools/prepare_data.py, make_pairs.py or "
            "make_forensics_set.py"
        ) from None


class ShardWriter:
    """Writes a set, or goes on with one. Use as a context manager; leaving it after an error keeps what is finished.

    Args:
        folder: of the set; made when it is missing.
        kind: "faces", "pairs" or forensics.KIND.
        settings: JSON-able dict; going on with other ones is refused.
        capacity: records in a shard.
    Raises: UserError when the folder holds something else, other settings, or another process writes there.
    """

    def __init__(self, folder: str | Path, kind: str, settings: dict[str, Any], capacity: int = CAPACITY):
        self.folder, self.kind, self.settings, self.capacity = Path(folder), kind, settings, capacity
        self._shards = self.folder / "shards"
        if (
            self.folder.exists()
            and not is_set(self.folder)
            and (not self.folder.is_dir() or any(self.folder.iterdir()))
        ):
            raise UserError(f"{folder}: holds something else; choose a new folder")
        with writing(folder):
            self._shards.mkdir(parents=True, exist_ok=True)
            self._lock = open(self._shards / ".lock", "a")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise UserError(
                    f"{folder}: another process is writing there; wait for it, or choose another folder"
                ) from None
        self._check_settings()
        for left in self._shards.glob("*.part-*"):  # of a run that was killed; the lock says that nobody uses them
            left.unlink()
        self._part = len(list(self._shards.glob("*.jsonl")))
        self.count = sum("key" in line for line in self.lines())
        self._begin()

    def _check_settings(self):
        if not is_set(self.folder):
            write_json(self.folder / "set.json", {"kind": self.kind, "settings": self.settings})
            return
        made = read_set(self.folder)
        if made["kind"] != self.kind:
            raise UserError(f"{self.folder}: holds {made['kind']}, not {self.kind}; choose another folder")
        for name in {**made["settings"], **self.settings}:
            old, new = made["settings"].get(name), self.settings.get(name)
            if old != new:
                raise UserError(
                    f"{self.folder}: was begun with {name} {old}, not {new}; keep to that, or choose another folder"
                )

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self._tar:
            self._tar.close()
            self._temporary.unlink(missing_ok=True)
        self._lock.close()

    def _begin(self):
        self._tar: tarfile.TarFile | None = None
        self._lines: list[dict[str, Any]] = []
        self._in_shard = 0
        self._temporary = self._shards / f"{self._part:05d}.part-{os.getpid()}.tar"

    def lines(self) -> Iterator[dict[str, Any]]:
        """The manifest's lines in finished shards, as dicts, in order."""
        for part in range(self._part):
            with open(self._shards / f"{part:05d}.jsonl", encoding="utf-8") as file:
                yield from map(json.loads, file)

    def add(self, members: Mapping[str, bytes], line: dict[str, Any]) -> None:
        """Add one record. members: {"jpg": bytes, ...}; line: its line of the manifest, to which its place is added."""
        if not self._tar:
            self._tar = tarfile.open(self._temporary, "w", format=tarfile.USTAR_FORMAT)
        key, offset = f"{self.count:08d}", self._tar.offset
        for suffix, data in members.items():
            info = tarfile.TarInfo(f"{key}.{suffix}")  # owner and time stay 0: the same input makes the same shard
            info.size = len(data)
            self._tar.addfile(info, io.BytesIO(data))
        self._lines.append(
            {**line, "key": key, "shard": self._part, "offset": offset, "size": self._tar.offset - offset}
        )
        self.count += 1
        self._in_shard += 1

    def note(self, line: dict[str, Any]) -> None:
        """Add a line for an input that left no record."""
        self._lines.append(line)

    @property
    def is_full(self) -> bool:
        """Should the shard be committed? Ask only where a run may go on later: after all records of an input."""
        return self._in_shard >= self.capacity

    def commit(self) -> None:
        """Finish the shard: from here on it is there for good."""
        if not self._lines:
            return
        if self._tar:
            self._tar.close()
            os.replace(self._temporary, self._shards / f"{self._part:05d}.tar")
        with atomic_path(self._shards / f"{self._part:05d}.jsonl") as path:
            path.write_text(
                "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in self._lines), encoding="utf-8"
            )
        self._part += 1
        self._begin()

    def finish(self, **facts: Any) -> None:
        """Commit what is left, write manifest, index and, with `facts`, set.json: readers take the set from here on."""
        self.commit()
        index, labels = np.zeros(self.count, INDEX), np.zeros(self.count, np.int64)
        label_of: dict[str, int] = {}
        with atomic_path(self.folder / "manifest.jsonl") as path, open(path, "w", encoding="utf-8") as manifest:
            for line in self.lines():
                manifest.write(json.dumps(line, ensure_ascii=False) + "\n")
                if "key" in line:
                    number = int(line["key"])
                    index[number] = line["shard"], line["size"], line["offset"], 0, 0
                    labels[number] = label_of.setdefault(line["label"], len(label_of))
        groups = np.argsort(labels, kind="stable")
        counts = np.bincount(labels, minlength=len(label_of))
        index["first"], index["count"] = (np.cumsum(counts) - counts)[labels], counts[labels]
        for name, array in (("groups", groups), ("index", index)):
            with atomic_path(self.folder / f"{name}.npy") as path:
                np.save(path, array)
        write_json(
            self.folder / "set.json",
            {"kind": self.kind, "settings": self.settings, "records": self.count, "labels": len(label_of), **facts},
        )


class ShardReader:
    """The records of a finished set, read one by one; holds nothing but a few open files, whatever the size of the set.

    Args:
        folder: as ShardWriter made it.
        kind: "faces", "pairs" or forensics.KIND.
    Raises: UserError when it is none, of another kind, unfinished, empty, or a shard is missing or cut short.
    """

    def __init__(self, folder: str | Path, kind: str):
        self.folder = Path(folder)
        self.card = read_set(folder)
        if self.card["kind"] != kind:
            raise UserError(f"{folder}: holds {self.card['kind']}, not {kind}; name another folder")
        try:
            self._index = np.load(self.folder / "index.npy", mmap_mode="r")
            self._groups = np.load(self.folder / "groups.npy", mmap_mode="r")
        except (OSError, ValueError):
            raise UserError(
                f"{folder}: is not finished; run the command that makes it again, it goes on where it stopped"
            ) from None
        if not len(self._index):
            raise UserError(f"{folder}: holds no {kind}; see its manifest.jsonl for the reasons")
        self._check_shards()
        self._files: OrderedDict[int, IO] = OrderedDict()

    def _check_shards(self):
        shards = self._index["shard"]
        lasts = np.flatnonzero(np.diff(shards, append=-1))
        for last in self._index[lasts]:
            path = self._path(last["shard"])
            if not path.is_file() or path.stat().st_size < last["offset"] + last["size"]:
                raise UserError(f"{path}: is missing or cut short; copy the folder again, or make the set again")

    def _path(self, shard):
        return self.folder / "shards" / f"{shard:05d}.tar"

    def __len__(self):
        return len(self._index)

    def mates(self, number: int) -> list[int]:
        """Numbers of all records with the label of record `number`, ascending."""
        entry = self._index[number]
        return self._groups[entry["first"] : entry["first"] + entry["count"]].tolist()

    def column(self, name: str) -> list[Any]:
        """What the manifest says of each record under `name`."""
        with open(self.folder / "manifest.jsonl", encoding="utf-8") as file:
            return [line[name] for line in map(json.loads, file) if "key" in line]

    def record(self, number: int) -> dict[str, bytes]:
        """{"jpg": bytes, ...} of one record."""
        entry = self._index[number]
        try:
            data = os.pread(self._file(int(entry["shard"])), int(entry["size"]), int(entry["offset"]))
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                return {info.name.split(".", 1)[1]: tar.extractfile(info).read() for info in tar}  # type: ignore
        except (OSError, tarfile.TarError) as error:
            raise UserError(
                f"{self._path(entry['shard'])}: record {number} cannot be read ({error}); make the set again"
            ) from None

    def _file(self, shard):
        """Descriptor of an open shard. Reads give their own position, so forked processes may share it."""
        if shard in self._files:
            self._files.move_to_end(shard)
        else:
            self._files[shard] = open(self._path(shard), "rb")
            if len(self._files) > OPEN_FILES:
                self._files.popitem(last=False)[1].close()
        return self._files[shard].fileno()
