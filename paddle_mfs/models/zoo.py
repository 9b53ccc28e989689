"""Imports every module that registers a network, so that `MODELS` knows them all."""
from paddle_mfs.models import (age, arcface, blazeface, discriminator, dlib_resnet, facemesh, idn, mfs,  # noqa: F401
                               mobilefacenet, quality, squeezenet, vision_squeezenet)  # noqa: F401
