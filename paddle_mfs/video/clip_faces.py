"""The one place that knows how the faces of a clip are found, chosen and swapped."""

import numpy as np

from paddle_mfs.face.geometry import invert, transform
from paddle_mfs.face.paste import paste
from paddle_mfs.face.track import FaceTracker
from paddle_mfs.models.idn import SIZE
from paddle_mfs.swap.memory import Tracks
from paddle_mfs.swap.select import Choice

MARGIN = 3  # pixels by which a paste may reach beyond its crop


class Faces:
    """Finds and swaps the faces of one clip; `find`, `paint` and `paste` may run in different threads.

    Args:
        swapper: FaceSwapper. which: "largest", "all" or an index, see `select.Choice`; None: `swapper.default_face`.

    Raises: UserError when `which` is another word.
    """

    def __init__(self, swapper, which=None):
        self._swapper, self._tracks = swapper, Tracks()
        which = swapper.default_face if which is None else which
        self._choice = Choice(which)  # which keeps the largest face of the beginning while it is tracked, too
        self._tracker = FaceTracker(swapper.analyser, only_largest=which == "largest")

    def find(self, image, time):
        """The faces to swap in a frame, (H, W, 3) uint8 RGB, shown at `time` seconds; [] when there is none."""
        return self._choice(self._tracker.update(image, time))

    def paint(self, image, faces):
        """The swapped faces, see `FaceSwapper.patches`. A face that no source is meant for, or that cannot be painted, has none."""
        return self._swapper.patches(image, faces, self._tracks)

    def paste(self, picture, patches):
        """Put what `paint` made into the `Picture` it was made from."""
        for painted, mask, matrix in patches:
            with picture.editing(_reach(matrix)):
                paste(picture.rgb, painted, mask, matrix, inplace=True)

    def swap_rgb(self, image, faces):
        """Swap them in a picture, (H, W, 3) uint8 RGB, in place -> how many were swapped; the others stay as they are."""
        patches = self.paint(image, faces)
        for patch in patches:
            paste(image, *patch, inplace=True)
        return len(patches)


def _reach(matrix):
    """(4, 2) corners, in pixels of the image, of the crop that `matrix` cuts and a little more: what a paste may change."""
    low, high = -MARGIN, SIZE - 1 + MARGIN
    return transform(np.array([[low, low], [high, low], [low, high], [high, high]], np.float64), invert(matrix))
