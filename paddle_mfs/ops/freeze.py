"""A network that is used, not trained."""


def freeze(layer):
    """Put a paddle Layer in eval mode and let no gradient be gathered for its parameters; gradients still pass through it.

    Returns: the layer.
    """
    layer.eval()
    for parameter in layer.parameters():
        parameter.stop_gradient = True
    return layer
