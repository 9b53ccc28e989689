"""The networks by name, as `create_model` and configs call them."""

from paddle_mfs.utils.registry import Registry

MODELS = Registry("model")
