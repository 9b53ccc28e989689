"""Faces to train on: made, cropped, cached and paired."""
