"""Further views of generated people: the same person turned, nodding, smiling more or less.

The synthesis network of the generator (`data.synthetic`) takes one style vector w for all of its layers. Here each
layer gets one of its own: those up to 32 x 32 px, which hold pose and shape, get w moved along three directions, the
rest, colour and texture, keep w. A view is a pure function of the face's index and the number of the view:

    random = RandomState([31, index, number]),  w' = w + yaw * YAW + pitch * PITCH + smile * SMILE

The directions, 512 numbers each, lie in view_directions.npz beside this file. They are this project's own.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from paddle_mfs.data.synthetic import FaceGenerator, graph_path, picture

DIRECTIONS = Path(__file__).with_name("view_directions.npz")
COARSE = 11  # layers that are moved: 2 of 4 x 4 px, 3 each of 8, 16 and 32
# Lengths along the directions, least and most, to either side: more of them and it is another person's face.
YAW, PITCH, SMILE = (0.12, 0.36), (0.0, 0.15), (0.03, 0.14)
# Cosine of the identity encoder to the face a view is of, below which it has lost its person. Of the views of 1,093
# faces, 1,040 had more, and looked adult.
SAME_PERSON = 0.45


class ViewGenerator:
    """Draws further views, about 0.4 CPU-seconds each.

    Args:
        generator: of the faces themselves.
    """

    def __init__(self, generator: FaceGenerator):
        self._generator = generator
        self._synthesis, self._layers, self._whole = _layered(generator.core)
        with np.load(DIRECTIONS) as stored:
            self._directions = np.stack([stored[name] for name in ("yaw", "pitch", "smile")])

    def moved(self, index: int, number: int) -> np.ndarray:
        """The latent of a view's coarse layers, (1, 512) float32. number: 1, 2, ..."""
        random = np.random.RandomState([31, index, number])
        lengths = [random.choice((-1, 1)) * random.uniform(*span) for span in (YAW, PITCH, SMILE)]
        return self._generator.style(index) + (np.array(lengths) @ self._directions).astype(np.float32)

    def view(self, index: int, number: int, size: int = 320) -> np.ndarray:
        """View `number` (1, 2, ...) of the face of an index -> (size, size, 3) uint8 RGB."""
        coarse, fine = self.moved(index, number), self._generator.style(index)
        styles = {name: coarse if layer < COARSE else fine for layer, name in enumerate(self._layers)}
        return picture(self._synthesis({**styles, self._whole: fine})[self._synthesis.outputs[0]][0], size)


def _layered(core):
    """The synthesis network with a style input for each layer -> compiled model, names of these inputs, coarse first,
    and of the one they replace."""
    import openvino.opset8 as opset

    model = core.read_model(str(graph_path("SynthesisNetwork")))
    [style] = model.get_parameters()
    takers = [taker for taker in style.output(0).get_target_inputs() if taker.get_node().get_type_name() == "MatMul"]
    takers.sort(key=lambda taker: int(re.search(r"Gemm_(\d+)", taker.get_node().get_friendly_name()).group(1)))
    inputs = []
    for layer, taker in enumerate(takers):
        one = opset.parameter([1, 512], np.float32, name=f"style_{layer}")
        one.output(0).set_names({f"style_{layer}"})
        taker.replace_source_output(one.output(0))
        inputs.append(one)
    model.add_parameters(inputs)
    # The old input is still asked for its shape.
    return core.compile_model(model, "CPU"), [one.get_friendly_name() for one in inputs], style.get_friendly_name()
