"""Imports every module that registers a network, so that `MODELS` knows them all."""
