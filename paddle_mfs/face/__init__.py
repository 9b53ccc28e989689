"""Faces in pictures: reading, finding, landmarks, alignment, tracking, pasting back. Geometry in pixels.

No network is defined here.
"""
