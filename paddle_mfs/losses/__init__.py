"""The objective of the paper (arXiv 2201.03808), L = L_adv + alpha (30 L_rec + 5 L_per) + 3 L_id + 10 L_mask, and terms
of ours.

One term a file, see `term.Term`; alpha is in reweight.py. engine.objective adds them up.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import TYPE_CHECKING

from paddle_mfs.utils.errors import UserError

if TYPE_CHECKING:
    from paddle_mfs.losses.term import Resources, Term


def term_class(name: str) -> type[Term]:
    """The class of the term whose weight is `loss.weights.<name>`. Raises UserError naming the nearest when there is
    none."""
    from paddle_mfs.losses.term import LOSSES

    for module in pkgutil.iter_modules(__path__):  # each registers what it holds
        importlib.import_module(f"{__name__}.{module.name}")
    try:
        return LOSSES.get(name)
    except UserError as error:
        raise UserError(f"loss.weights.{name}: {error}") from None


def create_terms(weights: Mapping[str, float], resources: Resources) -> dict[str, Term]:
    """The terms with a weight above 0, and those that are watched at any, by name.

    Raises UserError for a name that no term has, and what a term refuses.
    """
    classes = {name: term_class(name) for name in weights}
    return {name: cls.build(resources) for name, cls in classes.items() if weights[name] or cls.is_watched}
