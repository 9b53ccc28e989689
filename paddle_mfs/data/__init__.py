"""Faces to train on: made, cropped, cached, paired, and drawn over (augmentation.py)."""
