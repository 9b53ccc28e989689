"""Imports every module that registers a network, so that `MODELS` knows them all."""

from paddle_mfs.models import (  # noqa: F401
    age,
    arcface,
    blazeface,
    cosface,
    discriminator,
    dlib_resnet,
    facemesh,
    idn,
    inception,
    mfs,
    mobilefacenet,
    occlusion,
    quality,
    squeezenet,
    vision_squeezenet,
)
