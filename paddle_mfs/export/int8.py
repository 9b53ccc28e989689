"""An identity in int8: which layers stay in float, and what is lost in pixels and identity."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from paddle_mfs.data.faces import load_faces
from paddle_mfs.export.check import reference
from paddle_mfs.export.quantise import CONVOLUTIONS, METHOD, error, left_in_float, quantise
from paddle_mfs.export.sensitivity import leave_in_float, sensitivity
from paddle_mfs.face.align import AlignedFace, template
from paddle_mfs.graph.nodes import SHAPE, read_idn
from paddle_mfs.graph.program import NAME
from paddle_mfs.graph.rewrites import rewrite
from paddle_mfs.graph.targets import TARGETS
from paddle_mfs.metrics.background import psnr
from paddle_mfs.metrics.identity import Recogniser, distance
from paddle_mfs.models.idn import IDN
from paddle_mfs.runtime.paddle import PaddleRunner
from paddle_mfs.teachers.mesh import MeshTeacher
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.tensor import to_batch, to_images

FLOOR = 35.0  # dB against fp32, on crops that were not calibrated with
FEWEST, MOST = 6, 48  # faces: two of three calibrate, the third measures
# An APU takes the network as one piece, in which every operator needs its scale.
EVERYTHING = CONVOLUTIONS + (
    "bilinear_interp_v2",
    "concat",
    "relu",
    "sigmoid",
    "scale",
    "elementwise_add",
    "elementwise_sub",
    "elementwise_mul",
)
# target -> Paddle's names of the operators that become 8-bit
OPERATORS = {"arm": CONVOLUTIONS, "npu": EVERYTHING}


def split_crops(path: str | Path) -> tuple[list[AlignedFace], list[AlignedFace]]:
    """Faces for calibration and others to measure on: two of three, and the third.

    Args:
        path: folder of pictures, or of tools/prepare_data.py; the first 48 faces are used.
    Returns: two lists of faces at 224 px.
    Raises: UserError when fewer than six faces are found.
    """
    known = load_faces(path, SHAPE[-1])
    faces = [known.face(index) for index in range(min(MOST, len(known)))]
    if len(faces) < FEWEST:
        raise UserError(f"{path}: shows {len(faces)} faces, calibration needs {FEWEST} or more; add pictures")
    return [face for index, face in enumerate(faces) if index % 3 < 2], faces[2::3]


class Quantiser:
    """Quantises an identity's graph for a target and measures what was lost.

    Args:
        source: the source face, at 224 px.
        faces, measured: like it, faces to calibrate with and others to measure on (`split_crops`).
        name: where they come from, for error messages.
        check: measure, leave layers in float as needed, refuse what stays below 35 dB; False: quantise all, measure
            nothing.
    """

    def __init__(
        self,
        source: AlignedFace,
        faces: list[AlignedFace],
        measured: list[AlignedFace],
        name: str | Path,
        check: bool = True,
    ):
        self.source, self.faces, self.measured, self.name, self.check = source, faces, measured, name, check

    def __call__(self, idn: IDN, folder: str | Path, target: str) -> dict:
        """Write the quantised program of a baked IDN to `folder` -> facts for the card.

        Raises: UserError when the result differs from fp32 by more than 35 dB PSNR allow.
        """
        nodes = rewrite(read_idn(idn), TARGETS[target].passes["int8"])
        images = to_batch([crop for crop, _ in self.faces])
        operators, found = OPERATORS[target], None
        kept: list[str] = []
        facts = {"calibration": {"method": METHOD, "weights": "one scale a channel", "crops": len(self.faces)}}
        if not self.check:
            quantise(nodes, folder, images, operators)
            return {**facts, "kept_in_float": left_in_float(nodes), "measured": None}
        held = to_batch([crop for crop, _ in self.measured])
        expected = reference(idn, held)
        if operators == CONVOLUTIONS:  # in one piece no layer can be left out
            found = sensitivity(nodes, images, held, expected[0])
            worst_first = sorted(found, key=found.__getitem__)
            kept = leave_in_float(nodes, folder, images, held, expected[0], worst_first, FLOOR)
        else:
            quantise(nodes, folder, images, operators)
        measured = self.measure(PaddleRunner(Path(folder) / f"{NAME}.pdmodel"), held, expected)
        if not measured["psnr_db"] >= FLOOR:
            raise UserError(
                f"{self.name}: target {target} in int8 reaches {measured['psnr_db']:.1f} dB against fp32, less than "
                f"{FLOOR:.0f}; calibrate with more faces (--calibration) or use fp32"
            )
        kept = [*left_in_float(nodes), *kept]
        return {**facts, "kept_in_float": kept, "measured": measured, "sensitivity_db": found}

    def measure(
        self,
        run: Callable[[np.ndarray], Sequence[np.ndarray]],
        held: np.ndarray,
        expected: Sequence[np.ndarray],
    ) -> dict:
        """Quality of a quantised program beside fp32's.

        Args:
            run: callable (1, 3, S, S) -> [result, mask].
            held: (N, 3, S, S) float32 in [0, 1]; expected: [results, masks] in fp32.
        Returns: PSNR of result and mask against fp32; PSNR of both results against the mesh teacher's picture; mean
            dlib distance of both to the source.
        """
        results, masks = (np.concatenate(outputs) for outputs in zip(*(run(image[None]) for image in held)))
        errors = error(results, expected[0])
        teacher = MeshTeacher()
        wanted = to_batch([teacher.swap(self.source, face)[0] for face in self.measured])
        both = (("fp32", expected[0]), ("int8", results))
        to_teacher = {name: round(psnr(np.mean(error(pictures, wanted))), 2) for name, pictures in both}
        recogniser, five = Recogniser(), template(SHAPE[-1])

        def descriptors(pictures):
            return recogniser.descriptors(pictures, [five] * len(pictures))

        to_source = {
            name: round(float(np.mean(distance(descriptors([self.source.image]), descriptors(to_images(pictures))))), 4)
            for name, pictures in both
        }
        return {
            "how": "Paddle simulates int8 in float; the .nb itself was not run",
            "crops": len(held),
            "psnr_db": round(psnr(np.mean(errors)), 2),
            "psnr_worst_db": round(psnr(np.max(errors)), 2),
            "mask_psnr_db": round(psnr(np.mean(error(masks, expected[1]))), 2),
            "psnr_to_teacher_db": to_teacher,
            "distance_to_source": {"recogniser": recogniser.name, **to_source},
        }
