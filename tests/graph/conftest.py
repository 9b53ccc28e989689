"""Shared by the graph tests: running a list of nodes."""

from paddle_mfs.graph.program import Program


def run(nodes, picture):
    """What the nodes make of a picture, (1, 3, H, W) float32 -> [result, mask]."""
    return Program(nodes, picture.shape).run(picture)
