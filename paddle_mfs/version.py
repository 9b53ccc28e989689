"""The version, in a module of its own: others read it without importing the package's face."""

__version__ = "0.1.0"
