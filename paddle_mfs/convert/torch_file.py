"""Reads the weights in a file of `torch.save` without PyTorch and without running anything the file names.

Both forms are read, the zip archive of PyTorch 1.6 and later and the sequence of pickles before it
(https://pytorch.org/docs/stable/notes/serialization.html), with a state dict in it or a whole pickled model: classes of
the model become empty shells, of which only parameters and buffers are taken.
"""

import io
import math
import pickle
import struct
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np

from paddle_mfs.utils.errors import UserError

MAGIC = 0x1950A86A20F9469CFC6C  # the first pickle of the older form
STORAGES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}
HOLDERS = ("state_dict", "model")  # entries of a checkpoint under which its network lies


class _Storage:
    """Numbers of one or several tensors; `data` comes when the file is read on."""

    def __init__(self, kind, count):
        self.dtype, self.count, self.data = np.dtype(STORAGES[kind]), count, None


class _Tensor:
    """A view of a storage, made an array when all is read."""

    def __init__(self, storage, offset, size, stride, *_):
        self.storage, self.offset, self.size, self.stride = storage, offset, tuple(size), tuple(stride)

    def array(self):
        last = self.offset + sum((n - 1) * step for n, step in zip(self.size, self.stride))
        inside = all(isinstance(n, int) and n >= 0 for n in (self.offset, *self.size, *self.stride))
        if math.prod(self.size) and not (inside and last < len(self.storage.data)):
            raise ValueError("a tensor reaches beyond its storage")
        steps = [step * self.storage.dtype.itemsize for step in self.stride]
        view = np.lib.stride_tricks.as_strided(self.storage.data[self.offset :], self.size, steps, writeable=False)
        return np.ascontiguousarray(view).reshape(self.size)


class _Shell:
    """Stands for an object of any class that a file names: it keeps attributes and does nothing."""

    def __new__(cls, *_, **__):
        return object.__new__(cls)

    def __init__(self, *_, **__):
        pass

    def __setstate__(self, state):
        if isinstance(state, dict):
            self.__dict__.update(state)

    def __setitem__(self, *_):
        pass

    append = extend = __setitem__


def _parameter(data, *_):
    return data


_KNOWN = {
    ("collections", "OrderedDict"): OrderedDict,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
    ("torch._utils", "_rebuild_tensor"): _Tensor,
    ("torch._utils", "_rebuild_tensor_v2"): _Tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}


class _Unpickler(pickle.Unpickler):
    """Builds dicts, tensors and shells; a class of the file is never imported, so none of its code runs."""

    def __init__(self, file):
        super().__init__(file)
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) in _KNOWN:
            return _KNOWN[module, name]
        return type(name, (_Shell,), {})

    def persistent_load(self, key):
        if key[0] == "module":  # (name, class, its source file, its source)
            return key[1]
        _, kind, name, _, count, *view = key
        if kind.__name__ not in STORAGES or any(part is not None for part in view):
            raise pickle.UnpicklingError(f"it holds a {kind.__name__}, which cannot be read here; save it as float32")
        return self.storages.setdefault(name, _Storage(kind.__name__, count))


def _read_archive(path):
    """The zip form: data.pkl and one file a storage, in one folder."""
    with zipfile.ZipFile(path) as archive:
        root = next(name[: -len("data.pkl")] for name in archive.namelist() if name.split("/")[1:] == ["data.pkl"])
        if f"{root}byteorder" in archive.namelist() and archive.read(f"{root}byteorder") != b"little":
            raise ValueError("its numbers are big-endian")
        with archive.open(f"{root}data.pkl") as file:
            unpickler = _Unpickler(file)
            value = unpickler.load()
        for name, storage in unpickler.storages.items():
            storage.data = np.frombuffer(archive.read(f"{root}data/{name}"), storage.dtype, storage.count)
    return value


def _read_pickles(path):
    """The older form: magic number, version, facts of the machine, the object, names of storages, the storages."""
    with open(path, "rb") as file:
        if _Unpickler(file).load() != MAGIC:
            raise ValueError("it is no file of torch.save")
        for _ in range(2):
            _Unpickler(file).load()
        unpickler = _Unpickler(file)
        value = unpickler.load()
        for name in _Unpickler(file).load():
            storage = unpickler.storages[name]
            (storage.count,) = struct.unpack("<q", file.read(8))
            storage.data = np.frombuffer(
                file.read(storage.count * storage.dtype.itemsize), storage.dtype, storage.count
            )
    return value


def _tensors(value, prefix=""):
    """{name: array} of a state dict or of a model's shell, of TorchScript too; {} of anything else."""
    if isinstance(value, dict):
        return {prefix + name: item.array() for name, item in value.items() if isinstance(item, _Tensor)}
    found = {}
    if isinstance(value, _Shell) and not hasattr(value, "_modules"):  # TorchScript: all lies in plain attributes
        found.update(_tensors(vars(value), prefix))
        for name, child in vars(value).items():
            found.update(_tensors(child, f"{prefix}{name}.") if isinstance(child, _Shell) else {})
    for part in ("_parameters", "_buffers"):
        found.update(_tensors(getattr(value, part, {}), prefix))
    for name, child in getattr(value, "_modules", {}).items():
        found.update(_tensors(child, f"{prefix}{name}."))
    return found


def read_torch(path: str | Path, content: bytes | None = None) -> dict[str, np.ndarray]:
    """A .pth, .pt or .tar file of `torch.save`, or of TorchScript -> {name: array}; of a checkpoint, its "state_dict"
    or "model". content: the bytes of a zip form that was read already; `path` names it in errors then.

    The prefix "module." of networks saved from several GPUs is taken off. Raises UserError when the file is missing,
    damaged, of another kind or holds no tensors.
    """
    path = Path(path)
    if content is None and not path.is_file():
        raise UserError(f"{path}: no such file; give the file of torch.save with --from")
    try:
        if content is not None:
            value = _read_archive(io.BytesIO(content))
        else:
            value = _read_archive(path) if zipfile.is_zipfile(path) else _read_pickles(path)
        tensors = _tensors(value)
        if not tensors and isinstance(value, dict):
            tensors = next(filter(None, (_tensors(value[key]) for key in HOLDERS if key in value)), {})
    except Exception as error:  # a damaged pickle raises almost anything
        reason = " ".join(f"{type(error).__name__} {error}".split())[:160]
        raise UserError(
            f"{path}: not a readable file of torch.save ({reason}); fetch it again, or load it with PyTorch and "
            "torch.save its state_dict()"
        ) from None
    if not tensors:
        raise UserError(
            f"{path}: holds no tensors, neither by name nor under {' or '.join(HOLDERS)}; "
            "torch.save the network's state_dict()"
        )
    several = all(name.startswith("module.") for name in tensors)
    return {name.removeprefix("module.") if several else name: array for name, array in tensors.items()}
