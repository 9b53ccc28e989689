"""The version, in a module of its own: `__init__` is the roof, nothing below imports from it."""

__version__ = "0.1.0"
