"""L_id of the paper's objective: 1 - cos(z(I_g), z(I_s))."""


def identity_loss(embedding, source_embedding):
    """Unit embeddings (N, width) of student image and source -> (N,), 0 = the same identity."""
    return 1 - (embedding * source_embedding).sum(1)
