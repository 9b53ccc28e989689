"""Loss reweighting of the paper: alpha = cos(z(I'_g), z(I_s))^2 * Q(I'_g), per sample, no gradient.

A teacher image that missed the source's identity, or that a learned judge of its quality (models/quality.py) finds poor, teaches
less.
"""

import paddle

KINDS = "cos*q", "cos", "q", "none"  # the paper's, and its ablations


@paddle.no_grad()
def alpha(taught_embedding, source_embedding, quality=1.0, kind="cos*q"):
    """Unit embeddings (N, width) of teacher image and source, quality (N,) in [0, 1] or 1 for all -> weight (N,) in [0, 1], made
    of what `kind` (of KINDS) names."""
    cosine = (taught_embedding * source_embedding).sum(1).clip(0, 1)
    weight = cosine * cosine if "cos" in kind else paddle.ones_like(cosine)
    return weight * quality if "q" in kind else weight
