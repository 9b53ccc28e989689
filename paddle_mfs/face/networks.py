"""The bundled networks that look at faces, as callables."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paddle_mfs.runtime.runner import Runner


def bundled_network(name: str, engine: str = "auto") -> Runner:
    """A bundled network by its name, run by an engine, see `runtime.make_runner`."""
    from paddle_mfs.models import create_model
    from paddle_mfs.runtime import make_runner
    from paddle_mfs.utils.files import sha256
    from paddle_mfs.weights import bundled

    return make_runner(create_model(name, weights="bundled"), engine, name=name, weights=sha256(bundled(name)))
