"""The settings of a training run, checked before anything is built: values, not only keys."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from paddle_mfs.losses.reweight import KINDS
from paddle_mfs.teachers import TEACHERS
from paddle_mfs.utils.config import load_config
from paddle_mfs.utils.errors import UserError


class Rule(NamedTuple):
    """A setting by its dotted key, what must be true of its value, and that in words."""

    key: str
    holds: Callable
    words: str


def at_least(key, low):
    return Rule(key, lambda value: value >= low, f"at least {low}")


def above_zero(key):
    return Rule(key, lambda value: value > 0, "above 0")


def share(key, whole=True):
    """0..1, 1 only if `whole`."""
    return Rule(
        key, lambda value: 0 <= value <= 1 and (whole or value < 1), "from 0 to 1" if whole else "from 0 to below 1"
    )


def one_of(key, known):
    return Rule(key, lambda value: value in known, f"one of {', '.join(sorted(known))}")


def weights_file(key, *words):
    """One of the words (None: null), or the path of a file that is there."""
    names = [f'"{word}"' if word else "null" for word in words]
    return Rule(
        key,
        lambda value: value in words or (isinstance(value, str) and Path(value).is_file()),
        f"{', '.join(names)} or a file that is there",
    )


RULES = (
    weights_file("model.encoder", "bundled"),
    weights_file("model.init", None, "bundled"),
    Rule("model.frozen", lambda value: all(isinstance(name, str) for name in value), "a list of names"),
    Rule("data.size", lambda value: value % 32 == 0 and 64 <= value <= 512, "a multiple of 32 from 64 to 512"),
    at_least("data.identities", 1),
    at_least("data.targets", 1),
    share("data.same_identity"),
    at_least("data.workers", 0),
    one_of("teacher.name", TEACHERS),
    one_of("loss.reweight", KINDS),
    Rule("loss.weights", lambda weights: all(weight >= 0 for weight in weights.values()), "weights of at least 0"),
    Rule("loss.weights", lambda weights: any(weights.values()), "weights of which one is above 0"),
    one_of("loss.perceptual_network", ("vision_squeezenet", "squeezenet")),
    at_least("loss.perceptual_every", 1),
    share("loss.opening"),
    weights_file("loss.quality", "none", "bundled"),
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


def numbers(section, prefix=""):
    """Every number of nested dicts as (dotted key, value)."""
    for key, value in section.items():
        if isinstance(value, dict):
            yield from numbers(value, f"{prefix}{key}.")
        elif isinstance(value, float):
            yield prefix + key, value


def load_settings(path, overrides=()):
    """`config.load_config` for training runs, with RULES checked.

    Raises UserError naming the file or override, the key, its value and what it must be.
    """
    config = load_config(path, overrides)

    def fail(key, value, words):
        origin = next(
            (f"-o {text}" for text in reversed(list(overrides)) if text.split("=")[0].strip().startswith(key)), path
        )
        raise UserError(f"{origin}: {key} is {value}; it must be {words}")

    for section in ("model", "data", "teacher", "loss", "optimizer", "ema", "evaluation", "run"):
        if section not in config:
            raise UserError(f"{path}: has no section {section}; start it with `_base_: distill.yml`")
    for key, value in numbers(config):
        if not math.isfinite(value):
            fail(key, value, "a finite number")
    for rule in RULES:
        value = config
        for name in rule.key.split("."):
            value = value[name]
        if not rule.holds(value):
            fail(rule.key, value.to_dict() if isinstance(value, dict) else value, rule.words)
    return config
