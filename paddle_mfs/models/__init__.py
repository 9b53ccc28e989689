"""The networks. `create_model(name)` builds one; with `weights` it is loaded, frozen and put in eval mode."""

from paddle_mfs.models.registry import MODELS
from paddle_mfs.ops.freeze import freeze
from paddle_mfs.weights import bundled, load_into


def create_model(name, weights=None, **kwargs):
    """Build a registered network.

    Args:
        name: a name of `MODELS.names()`.
        weights: None (fresh), "bundled" (weights/<name>.pdparams) or a path. With weights the network comes frozen, in eval mode.
    """
    import paddle_mfs.models.zoo  # noqa: F401  registers every network

    layer = MODELS.create(name, **kwargs)
    if weights is not None:
        load_into(layer, bundled(name) if weights == "bundled" else weights)
        freeze(layer)
    return layer
