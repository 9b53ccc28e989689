"""Imports every module that registers a network, so that `MODELS` knows them all."""
from paddle_mfs.models import (age, arcface, blazeface, dlib_resnet, facemesh, idn, mfs, mobilefacenet, squeezenet,  # noqa: F401
                               vision_squeezenet)  # noqa: F401
