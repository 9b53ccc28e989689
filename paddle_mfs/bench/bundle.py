"""What a phone does with a new source, done here: which files can be patched, and what it costs to store less."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddle_mfs.export import networks
from paddle_mfs.export.census import HEADER
from paddle_mfs.export.paddle import save_program
from paddle_mfs.export.quantise import error
from paddle_mfs.export.template import make_template, runnable
from paddle_mfs.face.align import align, template
from paddle_mfs.face.image import read_image
from paddle_mfs.graph.nodes import SHAPE
from paddle_mfs.graph.program import NAME
from paddle_mfs.graph.targets import ALIGNED, HALF_PIXEL, TARGETS
from paddle_mfs.metrics.background import psnr
from paddle_mfs.metrics.identity import Recogniser, distance
from paddle_mfs.models.mfs import load_mfs
from paddle_mfs.runtime.lite import LiteRunner, optimise
from paddle_mfs.swap.baker import Baker
from paddle_mfs.utils.table import markdown_table
from paddle_mfs.utils.tensor import to_batch, to_images
from paddle_mfs.weights import bundled

# How encoder.nb and iin.nb keep their weights
STORAGES = (("float32", "float32"), ("int16", "int16"), ("int16", "int8"), ("int8", "int8"))


def patching(sources: Sequence[str | Path]) -> list[dict[str, Any]]:
    """For every target: a template made of the first source, filled with the second one's weights, against its export.

    Returns: rows {"target", "upsampling", "segments", "file": "same file" | "same weights" | "differs"}.
    """
    rows = []
    for upsampling, weights in ((ALIGNED, None), (HALF_PIXEL, bundled("mfs_224_mobile"))):
        baker = Baker(weights)
        first, second = (baker.identity(source).idn for source in sources)
        for target, settings in TARGETS.items():
            if upsampling == HALF_PIXEL and settings.not_mobile:
                continue
            for precision in (precision for precision in settings.passes if precision != "int8"):
                with tempfile.TemporaryDirectory() as folder:
                    made, path = make_template(first, folder, target, precision), Path(folder) / "second.nb"
                    save_program(second, folder, settings.passes[precision])
                    optimise(path.with_name(f"{NAME}.pdmodel"), settings.places, path, precision)
                    filled, exported = made.filled(made.weights_of(second)), path.read_bytes()
                same = "same weights" if _parameters(filled) == _parameters(exported) else "differs"
                rows.append(
                    {
                        "target": f"{target} {precision}",
                        "upsampling": upsampling,
                        "segments": len(made.segments),
                        "file": "same file" if filled == exported else same,
                    }
                )
    return rows


def _parameters(model):
    """The part of a .nb that holds its weights."""
    return model[HEADER + struct.unpack_from("<Q", model, HEADER - 8)[0] :]


def injection(sources: Sequence[str | Path], targets: Sequence[str | Path]) -> list[dict[str, Any]]:
    """Sources injected by x86 builds of encoder.nb and iin.nb, for each way of keeping their weights.

    Each source is put on each target, by the bundled weights. Returns: rows {"encoder", "iin", "megabytes" of both
    files, "weights": relative error of the predicted weights, "psnr_db" and "largest" difference of the results, both
    against dygraph's weights, "distance", "distance_exact": mean dlib distance of results to their source}.
    """
    baker, net = Baker(), load_mfs()
    images = [read_image(path) for path in sources]
    faces = [baker.analyser.largest(image, str(path)) for image, path in zip(images, sources)]
    seen = [baker.embed(image, face) for image, face in zip(images, faces)]
    idns = [net.bake(*map(paddle.to_tensor, one)) for one in seen]
    pictures = [read_image(path) for path in targets]
    crops = [
        align(image, baker.analyser.largest(image, str(path)).five, SHAPE[-1])[0]
        for image, path in zip(pictures, targets)
    ]
    batch, five = to_batch(crops), template(SHAPE[-1])
    judge = Recogniser()
    portraits = judge.descriptors(images, [face.five for face in faces])
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        made = make_template(idns[0], folder, "x86")
        run = runnable(idns[0], folder, made, "x86")

        def results(weights):
            network = run(weights)
            return np.concatenate([network(crop[None])[0] for crop in batch])

        def to_source(outputs):
            found = [judge.descriptors(to_images(output), [five] * len(output)) for output in outputs]
            return float(np.mean([distance(one, portrait[None]) for one, portrait in zip(found, portraits)]))

        exact = [made.weights_of(idn) for idn in idns]
        expected = [results(weights) for weights in exact]
        exact_distance = to_source(expected)
        looks = [networks.encoder(None, image, face.five) for image, face in zip(images, faces)]
        for storage in STORAGES:
            run_encoder, run_iin, size = _stored(looks[0], networks.iin(None, made.parts, *seen[0]), storage, folder)
            injected = [run_iin(*run_encoder(*look.inputs.values()))[0].ravel() for look in looks]
            outputs = [results(weights) for weights in injected]
            rows.append(
                {
                    "encoder": storage[0],
                    "iin": storage[1],
                    "megabytes": size / 1e6,
                    "weights": max(
                        float(np.linalg.norm(one - right) / np.linalg.norm(right))
                        for one, right in zip(injected, exact)
                    ),
                    "psnr_db": psnr(float(np.mean([error(*pair) for pair in zip(outputs, expected)]))),
                    "largest": max(float(np.abs(one - right).max()) for one, right in zip(outputs, expected)),
                    "distance": to_source(outputs),
                    "distance_exact": exact_distance,
                }
            )
    return rows


def _stored(encoder, iin, storage, folder):
    """x86 builds of both, their weights kept as `storage` says, and the bytes of both files."""
    runs, size = [], 0
    for network, weights in zip((encoder, iin), storage):
        path = Path(folder) / f"{network.name}.nb"
        optimise(networks.save(network, folder), "x86", path, weights=weights)
        runs.append(LiteRunner(path))
        size += path.stat().st_size
    return *runs, size


def measure(sources: Sequence[str | Path], targets: Sequence[str | Path]) -> dict[str, Any]:
    """Both: {"patching": rows, "injection": rows, "sources": how many, "targets": how many}."""
    return {
        "patching": patching(sources[:2]),
        "injection": injection(sources, targets),
        "sources": len(sources),
        "targets": len(targets),
    }


def markdown(report: dict[str, Any]) -> str:
    """Both tables as Markdown."""
    patched = [(row["target"], row["upsampling"], row["segments"], row["file"]) for row in report["patching"]]
    injected = [
        (
            row["encoder"],
            row["iin"],
            f"{row['megabytes']:.1f}",
            f"{row['weights']:.1e}",
            f"{row['psnr_db']:.1f}",
            f"{row['largest']:.1e}",
            f"{row['distance']:.4f}",
            f"{row['distance_exact']:.4f}",
        )
        for row in report["injection"]
    ]
    headers = ["encoder", "iin", "MB", "weights", "result, dB", "largest difference", "to the source", "dygraph's"]
    return "\n\n".join(
        (
            markdown_table(["target", "upsampling", "segments", "patched against exported"], patched),
            f"{report['sources']} sources on {report['targets']} targets:",
            markdown_table(headers, injected),
        )
    )
