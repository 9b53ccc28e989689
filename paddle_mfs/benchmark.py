"""What the IDN costs, counted from the traced network; the time of the steps around it; the speed of training."""
import statistics
import time

import numpy as np

MAX_PARAMETERS, MAX_MACS = 0.501e6, 0.33e9


def count_parameters(idn):
    """Learned numbers of a built IDN (batch norm statistics are not learned)."""
    from paddle_mfs.models.layers import STATISTICS
    return sum(int(np.prod(value.shape)) for name, value in idn.named_parameters() if not name.endswith(STATISTICS))


def count_macs(idn):
    """Multiply-adds of one 224 px crop, from the operators of the traced graph -> {kind: number, "total": number}.

    A convolution counts its kernel's size times its group's inputs an output value; a bilinear resize 4 an output value;
    a batch norm 1. Activations, additions and the final blend are not multiply-adds and are left out.
    """
    from paddle_mfs.export.plain import exportable
    block = exportable(idn).forward.concrete_program.main_program.global_block()
    macs = {"convolution": 0, "resize": 0, "batch norm": 0}
    for op in block.ops:
        if op.type in ("conv2d", "depthwise_conv2d"):
            weight = block.var(op.input("Filter")[0]).shape
            macs["convolution"] += int(np.prod(block.var(op.output("Output")[0]).shape)) * int(np.prod(weight[1:]))
        elif op.type == "bilinear_interp_v2":
            macs["resize"] += 4 * int(np.prod(block.var(op.output("Out")[0]).shape))
        elif op.type == "batch_norm":
            macs["batch norm"] += int(np.prod(block.var(op.output("Y")[0]).shape))
        elif op.type in ("matmul", "matmul_v2", "mul", "conv2d_transpose"):
            raise NotImplementedError(f"{op.type} in the traced graph is not counted")
    return {**macs, "total": sum(macs.values())}


def time_stages(swapper, image, repeats=10):
    """Milliseconds (median of `repeats`, warm) of each step of swapping the face of `image` (H, W, 3) uint8 RGB.

    The steps take turns, so a busy machine slows all of them alike. Returns {step: ms}; "IDN" is the dygraph forward.
    """
    import paddle
    from paddle_mfs.face.align import align
    from paddle_mfs.face.paste import paste
    from paddle_mfs.models.idn import SIZE
    analyser, idn = swapper.analyser, swapper.identity.idn
    detection = analyser.detector.detect(image)[0]
    face = analyser.largest(image)
    crop, matrix = align(image, face.five, SIZE)
    painted, mask = swapper.paint(crop)
    batch = paddle.to_tensor(np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32) / np.float32(255))

    def run_idn():
        with paddle.no_grad():
            return [output.numpy() for output in idn(batch)]

    steps = {"detection": lambda: analyser.detector.detect(image),
             "landmarks": lambda: analyser.landmarker(image, detection),
             "alignment": lambda: align(image, face.five, SIZE),
             "paste": lambda: paste(image, painted, mask, matrix),
             "IDN": run_idn}
    times = {name: [] for name in steps}
    for turn in range(repeats + 2):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            if turn >= 2:       # the first two turns warm up
                times[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def time_training(trainer, steps=4):
    """Crops per second of training steps, from Paddle's own operators to how the trainer runs them, one change after another.

    Args:
        trainer: a fresh engine.trainer.Trainer (it is trained on: discard it). An untrained SqueezeNet stands in for the
            network of L_per.
        steps: timed steps of each stage, after two to warm up; their mean counts.
    Returns: {what was changed: crops per second}, in order. The last change, keeping freed memory, cannot be undone in a process.
    """
    import paddle
    from paddle_mfs import cpu
    from paddle_mfs.data.pairs import Batch
    from paddle_mfs.losses.perceptual import PerceptualLoss
    from paddle_mfs.models import create_model
    from paddle_mfs.models.layers import plain_operators
    network = create_model("squeezenet")
    for parameter in network.parameters():
        parameter.stop_gradient = True
    objective, cache, stream = trainer.objective, trainer.sampler.cache, trainer.sampler.stream()
    objective.perceptual = PerceptualLoss(network)

    def speed():
        for _ in range(2):
            step()
        start = time.perf_counter()
        for _ in range(steps):
            crops = step()
        return crops * steps / (time.perf_counter() - start)

    def step():
        if forgetful:
            cache.forget()
        batch = Batch(*map(paddle.to_tensor, next(stream)))
        trainer.train_step(batch)
        return batch.targets.shape[0]

    results, forgetful, objective.perceptual_every = {}, True, 1
    with plain_operators():
        results["Paddle's own operators"] = speed()
    results["compiled depthwise and PReLU; OpenBLAS for convolutions and products"] = speed()
    forgetful = False
    results["identity features kept"] = speed()
    objective.perceptual_every = 2
    results["L_per on every other step"] = speed()
    cpu.keep_pages()
    results["freed memory kept"] = speed()
    return results
