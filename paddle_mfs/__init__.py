"""paddle_mfs: MobileFaceSwap (AAAI 2022, arXiv 2201.03808) in PaddlePaddle.

    from paddle_mfs import FaceSwapper
    result = FaceSwapper("source.jpg").swap(image)      # image: uint8 RGB (H, W, 3)

Importing the package is cheap: paddle is loaded when `FaceSwapper` is first asked for.
"""

import os
import zlib  # noqa: F401  # before paddle, which has one of its own: Pillow would call that and crash on a PNG

from paddle_mfs.utils.errors import UserError
from paddle_mfs.version import __version__

os.environ.setdefault("GLOG_minloglevel", "2")  # Paddle otherwise tells stderr about its executors

__all__ = ["FaceSwapper", "UserError", "__version__"]


def __getattr__(name):
    if name == "FaceSwapper":
        from paddle_mfs.swap.swapper import FaceSwapper

        return FaceSwapper
    raise AttributeError(f"module 'paddle_mfs' has no attribute {name!r}")
