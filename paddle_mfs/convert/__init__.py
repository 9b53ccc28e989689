"""Turning networks of others, as their packages hold them, into this project's weights files and cards."""
