"""Turning third-party networks, given as graphs of numbers, into this project's weights files and cards."""
