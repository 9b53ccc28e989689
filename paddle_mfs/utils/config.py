"""Settings from YAML: `_base_` merging and `-o key=value`, both strict about keys and types.

A file may start with `_base_: other.yml` (relative to itself): it then only changes values the base has. A key the
base does not have is an error, so a misspelt setting is never ignored. `{}` in the base is an open section (any
keys), null takes any value.
"""

import difflib
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.resources import find

MOST_VALUES = 100_000  # of a settings file; a few nested aliases can stand for billions


class Config(dict):
    """A dict whose keys are attributes too, nested dicts likewise: `config.a.b` is `config["a"]["b"]`."""

    def __init__(self, values: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()):
        super().__init__()
        for key, value in dict(values).items():
            self[key] = value

    def __setitem__(self, key, value):
        super().__setitem__(key, _wrap(value))

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no setting {name!r}; known: {', '.join(map(str, self))}") from None

    def __setattr__(self, name, value):
        self[name] = value

    def to_dict(self) -> dict[str, Any]:
        """Plain nested dicts and lists, e.g. for yaml.safe_dump or json.dump."""
        return _unwrap(self)


def _wrap(value):
    if isinstance(value, dict) and not isinstance(value, Config):
        return Config(value)
    if isinstance(value, list):
        return [_wrap(item) for item in value]
    return value


def _unwrap(value):
    if isinstance(value, dict):
        return {key: _unwrap(item) for key, item in value.items()}
    return [_unwrap(item) for item in value] if isinstance(value, list) else value


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a key written twice and reads 1e-4 as a number (YAML 1.1 wants 1.0e-4)."""

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is not a word", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {key!r} is written twice", key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def _parse(text, origin):
    try:
        loader = _Loader(text)  # a SafeLoader: literals only, nothing is evaluated
        root = loader.get_single_node()
        if root is None:
            return None
        if _size(root, {}) > MOST_VALUES:
            raise UserError(f"{origin}: its aliases (&, *) hold each other over and over; write the values out")
        return loader.construct_document(root)
    except RecursionError:
        raise UserError(f"{origin}: not valid YAML (nested too deeply); correct it there") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        reason = getattr(error, "problem", None) or "unreadable"
        raise UserError(
            f"{origin}: not valid YAML{where} ({' '.join(str(reason).split())}); correct it there"
        ) from None


def _size(node, sizes):
    """How many values a YAML node holds where aliases stand for what they name; infinity of one that holds itself."""
    if id(node) not in sizes:
        sizes[id(node)] = math.inf  # until it is known
        inside = node.value if isinstance(node, yaml.CollectionNode) else []
        parts = [part for item in inside for part in (item if isinstance(item, tuple) else (item,))]
        sizes[id(node)] = 1 + sum(_size(part, sizes) for part in parts)
    return sizes[id(node)]


def _kind(value):
    return {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "a text",
        list: "a list",
        type(None): "null",
    }.get(type(value), "a section" if isinstance(value, dict) else type(value).__name__)


def _fit(default, value, key, origin):
    """`value` in the type of `default`, or a UserError. null as default takes anything; a whole number fits a float."""
    if default is None or type(default) is type(value) or (isinstance(default, dict) and isinstance(value, dict)):
        return value
    numbers = isinstance(value, (int, float)) and not isinstance(value, bool)
    if type(default) is float and numbers:
        return float(value)
    if type(default) is int and numbers and float(value).is_integer():
        return int(value)
    raise UserError(f"{origin}: {key} must be {_kind(default)} (as in {default!r}), not {_kind(value)} ({value!r})")


def _unknown(key, known, origin):
    """The error for a key nobody has: names the nearest of the dotted keys `known`."""
    near = difflib.get_close_matches(key, known, 1, 0.5)
    leaf = [name for name in known if name.split(".")[-1] == key.split(".")[-1]]
    hint = f"did you mean {(leaf or near)[0]}?" if leaf or near else f"known: {', '.join(sorted(known))}"
    return UserError(f"{origin}: unknown key {key}; {hint}")


def _dotted(config, prefix=""):
    """Every key of a nested dict, sections included, as dotted names."""
    names = []
    for key, value in config.items():
        names.append(prefix + key)
        if isinstance(value, dict):
            names += _dotted(value, f"{prefix}{key}.")
    return names


def _merge(base, changes, origin, whole=None, prefix="", is_open=False):
    """Lay `changes` over `base` in place; every key must be in `base`, but in open sections (empty in the base)."""
    whole = base if whole is None else whole
    for key, value in changes.items():
        name = prefix + key
        if key not in base and not is_open:
            raise _unknown(name, _dotted(whole), origin)
        if key not in base:
            base[key] = value
        elif isinstance(base[key], dict) and isinstance(value, dict):
            _merge(base[key], value, origin, whole, name + ".", is_open=not base[key])
        else:
            base[key] = _fit(base[key], value, name, origin)
    return base


def _read(path, children=()):
    path = Path(path)
    if path.resolve() in children:
        raise UserError(f"{path}: is its own _base_; break the circle")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{path}: cannot be read ({getattr(error, 'strerror', None) or 'not a text file'}); "
            "give a YAML settings file"
        ) from None
    values = _parse(text, path)
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise UserError(f"{path}: holds {_kind(values)} instead of `key: value` lines; give a YAML settings file")
    base = values.pop("_base_", None)
    if base is None:
        return values
    if not isinstance(base, str):
        raise UserError(f"{path}: _base_ must be a file name, not {base!r}")
    return _merge(_read(path.parent / base, (*children, path.resolve())), values, path)


def _override(config, text):
    """Apply one `a.b=value` to nested dicts in place."""
    key, equals, literal = text.partition("=")
    key = key.strip()
    origin = f"-o {text}"
    if not equals or not key:
        raise UserError(f"{origin}: expected key=value, for instance -o train.steps=100")
    *sections, leaf = key.split(".")
    section = config
    for depth, name in enumerate(sections):
        if not isinstance(section.get(name), dict):
            raise (
                _unknown(key, _dotted(config), origin)
                if name not in section
                else UserError(f"{origin}: {'.'.join(sections[: depth + 1])} is {_kind(section[name])}, not a section")
            )
        section = section[name]
    if leaf not in section and (section or not sections):
        raise _unknown(key, _dotted(config), origin)
    value = _parse(literal, origin)
    if isinstance(section.get(leaf), dict) and isinstance(value, dict):
        _merge(section[leaf], value, origin, config, key + ".", is_open=not section[leaf])
    else:
        section[leaf] = _fit(section.get(leaf), value, key, origin)


def load_config(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """Read a YAML settings file, its `_base_` files, and `a.b=value` overrides -> Config.

    Args:
        path: the YAML file, or of no such file the one of that name that comes with the package (configs/smoke.yml).
            `_base_: other.yml` in it names a file, relative to it, whose values it changes.
        overrides: iterable of "a.b=value" texts; the value is a YAML literal (`1e-4`, `[1, 2]`, `null`, a word).

    Raises:
        UserError: file missing or not YAML; a key the base (or, for overrides, the file) does not have, naming the
            nearest known one; a value of another type than the one it replaces (a whole number fits where a fraction
            stood, and anything fits where null stood).
    """
    config = _read(find(path))
    for text in overrides:
        _override(config, text)
    return Config(config)
