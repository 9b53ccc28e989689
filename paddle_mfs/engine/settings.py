"""The settings of a training run, checked before anything is built: values, not only keys, and what belongs
together."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from paddle_mfs.losses import term_class
from paddle_mfs.losses.reweight import KINDS
from paddle_mfs.teachers import TEACHERS
from paddle_mfs.utils.config import Config, load_config
from paddle_mfs.utils.errors import UserError


class Rule(NamedTuple):
    """A setting by its dotted key, what must be true of its value, and that in words."""

    key: str
    holds: Callable[[Any], bool]
    words: str


class Together(NamedTuple):
    """Settings that have to fit: their dotted keys, what must be true of their values, and in words what the first must
    be because of the others."""

    keys: tuple[str, ...]
    fit: Callable[..., bool]
    words: str


def at_least(key: str, low: float) -> Rule:
    return Rule(key, lambda value: value >= low, f"at least {low}")


def above_zero(key: str) -> Rule:
    return Rule(key, lambda value: value > 0, "above 0")


def share(key: str, whole: bool = True) -> Rule:
    """0..1, 1 only if `whole`."""
    return Rule(
        key, lambda value: 0 <= value <= 1 and (whole or value < 1), "from 0 to 1" if whole else "from 0 to below 1"
    )


def one_of(key: str, known: Iterable[str]) -> Rule:
    return Rule(key, lambda value: value in known, f"one of {', '.join(sorted(known))}")


def file_or(key: str, *words: str | None) -> Rule:
    """One of the words (None: null), or the path of a file that is there."""
    names = [f'"{word}"' if word else "null" for word in words]
    return Rule(
        key,
        lambda value: value in words or (isinstance(value, str) and Path(value).is_file()),
        f"{', '.join(names)} or a file that is there",
    )


def weights_path(value: str | None) -> str | None:
    """A setting that names weights, as what loads them takes it: None for "bundled"."""
    return None if value == "bundled" else value


RUN_RULES = (  # of any training: its budget, and how often what happens
    at_least("run.steps", 0),
    at_least("run.minutes", 0),
    Rule("run", lambda run: run.steps or run.minutes, "a section with steps or minutes above 0"),
    at_least("run.log_every", 1),
    at_least("run.preview_every", 1),
    at_least("run.checkpoint_minutes", 0),
    at_least("run.keep", 1),
    at_least("run.threads", 0),
    at_least("run.seed", 0),
)
RULES = (
    file_or("model.encoder", "bundled"),
    file_or("model.init", None, "bundled"),
    Rule("model.frozen", lambda value: all(isinstance(name, str) for name in value), "a list of names"),
    Rule("data.size", lambda value: value % 32 == 0 and 64 <= value <= 512, "a multiple of 32 from 64 to 512"),
    at_least("data.identities", 1),
    at_least("data.targets", 1),
    share("data.same_identity"),
    share("data.reverse"),
    *(share(f"data.augmentation.{name}") for name in ("spectacles", "occluders", "light")),
    file_or("data.glasses", None),
    share("data.worn_sources"),
    at_least("data.workers", 0),
    one_of("teacher.name", TEACHERS),
    one_of("loss.reweight", KINDS),
    Rule("loss.weights", lambda weights: all(weight >= 0 for weight in weights.values()), "weights of at least 0"),
    Rule("loss.weights", lambda weights: any(weights.values()), "weights of which one is above 0"),
    one_of("loss.perceptual_network", ("vision_squeezenet", "squeezenet")),
    at_least("loss.perceptual_every", 1),
    share("loss.opening"),
    at_least("loss.identity_on_reverse", 0),
    file_or("loss.quality", "none", "bundled"),
    above_zero("loss.discriminator.lr"),
    at_least("loss.discriminator.width", 1),
    at_least("loss.discriminator.scales", 1),
    at_least("loss.discriminator.warmup", 0),
    above_zero("optimizer.lr"),
    share("optimizer.beta1", whole=False),
    share("optimizer.beta2", whole=False),
    above_zero("optimizer.clip"),
    at_least("optimizer.accumulate", 1),
    at_least("optimizer.warmup", 0),
    share("optimizer.final"),
    share("ema.decay", whole=False),
    at_least("ema.every", 1),
    at_least("evaluation.every", 0),
    at_least("evaluation.pairs", 1),
    *RUN_RULES,
)


TOGETHER = (
    # A mask that stays half open leaves the painted image to make up for the target; it is not to look like the
    # teacher's then.
    Together(("loss.weights.unmasked", "loss.opening"), lambda weight, opening: not weight or opening == 1, "0"),
    Together(("loss.weights.mask", "model.fusion_mask"), lambda weight, masked: not weight or masked, "0"),
    Together(("loss.opening", "model.fusion_mask"), lambda opening, masked: opening == 1 or masked, "1"),
    Together(
        ("loss.quality", "loss.reweight"), lambda quality, kind: quality != "none" or kind != "q", "bundled or a file"
    ),
    Together(
        ("data.same_identity", "loss.distillation", "data.reverse"),
        lambda same, distilled, reverse: same + reverse > 0 or distilled,
        "above 0",
    ),
    Together(
        ("data.reverse", "data.same_identity"),
        lambda reverse, same: reverse + same <= 1 + 1e-9,  # 1e-9: of shares like 0.1 and 0.9
        "at most what data.same_identity leaves of 1",
    ),
    # What was painted beforehand has its sources, and no reverse pairs.
    Together(("data.reverse", "data.pairs"), lambda reverse, pairs: not reverse or pairs is None, "0"),
    *(
        Together((f"data.augmentation.{name}", "data.pairs"), lambda share, pairs: not share or pairs is None, "0")
        for name in ("spectacles", "occluders", "light")
    ),
    Together(("data.worn_sources", "data.pairs"), lambda share, pairs: not share or pairs is None, "0"),
    Together(("data.glasses", "data.pairs"), lambda glasses, pairs: glasses is None or pairs is None, "null"),
    Together(("model.frozen", "model.init"), lambda frozen, init: not frozen or init is not None, "[]"),
    Together(
        ("loss.discriminator.warmup", "run.steps", "loss.weights.adversarial"),
        lambda warmup, steps, weight: not weight or not steps or warmup < steps,
        "fewer steps than the run's",
    ),
    Together(
        ("loss.perceptual_weights", "loss.perceptual_network", "loss.weights.perceptual"),
        lambda file, name, weight: (
            not weight or Path(file).is_file() or (file, name) == ("pretrained", "vision_squeezenet")
        ),
        "a file that is there (tools/convert_weights.py makes it), or pretrained with vision_squeezenet",
    ),
)


def numbers(section: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Every number of nested dicts as (dotted key, value)."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{prefix}{key}.")
        elif isinstance(value, float):
            yield prefix + key, value


def load_settings(path: str | Path, overrides: Iterable[str] = ()) -> Config:
    """`load_checked` for distillation runs, with RULES, TOGETHER and the names of `loss.weights` checked."""
    overrides = list(overrides)
    config = load_config(path, overrides)
    for section in ("model", "data", "teacher", "loss", "optimizer", "ema", "evaluation", "run"):
        if section not in config:
            raise UserError(f"{path}: has no section {section}; start it with `_base_: distill.yml`")
    for name in config.loss.weights:
        try:
            term_class(name)
        except UserError as error:
            raise UserError(f"{_origin(path, overrides, 'loss.weights')}: {error}") from None
    return load_checked(path, overrides, RULES, TOGETHER)


def load_checked(
    path: str | Path, overrides: Iterable[str], rules: Iterable[Rule], together: Iterable[Together] = ()
) -> Config:
    """`config.load_config`, and its values checked: numbers are finite, and all that the rules say is true.

    Raises UserError naming the file or override, the key, its value and what it must be.
    """
    overrides = list(overrides)
    config = load_config(path, overrides)

    def fail(key, value, words, others=()):
        raise UserError(f"{_origin(path, overrides, key, *others)}: {key} is {value}; it must be {words}")

    def value_of(key):
        value = config
        for name in key.split("."):
            value = value[name]
        return value

    for key, value in numbers(config):
        if not math.isfinite(value):
            fail(key, value, "a finite number")
    for rule in rules:
        value = value_of(rule.key)
        if not rule.holds(value):
            fail(rule.key, value.to_dict() if isinstance(value, Config) else value, rule.words)
    for keys, fit, words in together:
        values = [value_of(key) for key in keys]
        if not fit(*values):
            why = " and ".join(f"{key} is {_yaml(value)}" for key, value in zip(keys[1:], values[1:]))
            fail(keys[0], _yaml(values[0]), f"{words}, as {why}", keys[1:])
    return config


def _origin(path, overrides, *keys):
    """The last override that sets one of the keys or a part of it, else the file."""
    for text in reversed(overrides):
        name = text.split("=")[0].strip()
        if any(f"{key}.".startswith(f"{name}.") or name.startswith(f"{key}.") for key in keys):
            return f"-o {text}"
    return path


def _yaml(value):
    """A value as a config writes it."""
    return {None: "null", True: "true", False: "false"}[value] if value is None or isinstance(value, bool) else value
