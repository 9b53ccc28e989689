"""Faces in pictures: reading, finding, landmarks, alignment, pasting back. Geometry in pixels; no network is defined here."""
