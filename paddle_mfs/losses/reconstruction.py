"""L_rec of the paper's objective: |I_g - I'_g|_1, student image against teacher image."""


def reconstruction_loss(image, taught):
    """Mean absolute difference of each sample: (N, 3, H, W) in [0, 1], twice -> (N,).

    Flattened first: Paddle's mean over three axes takes fifteen times as long on a CPU.
    """
    return (image - taught).abs().flatten(1).mean(1)


def unmasked_reconstruction_loss(image, taught, background):
    """L_rec on the painted image before fusion, background (N, 1, H, W) left out -> (N,).

    Ours, a guard: early on the painted image is worse than the target, so shutting the mask lowers L_rec and then nothing
    teaches the image any more. This term teaches it whatever the mask does.
    """
    return ((image - taught).abs() * (1 - background)).flatten(1).mean(1)
