"""Clips: read, swap, write, with sound and everything else kept. PyAV (FFmpeg's libraries) does the coding."""
