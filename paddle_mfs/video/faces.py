"""The one place that knows how the faces of a clip are found, chosen and swapped."""
import numpy as np

from paddle_mfs.errors import UserError
from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import pick
from paddle_mfs.face.geometry import invert, transform
from paddle_mfs.face.paste import paste
from paddle_mfs.models.idn import SIZE

MARGIN = 3      # pixels by which a paste may reach beyond its crop


class Faces:
    """Finds and swaps the faces of one clip; `find` and `swap` may run in different threads.

    Args:
        swapper: FaceSwapper. which: "largest", "all", or an index. Raises UserError when it is another word.
    """

    def __init__(self, swapper, which):
        pick([None], 0 if str(which).isdigit() else which)      # refuses another word
        self._swapper, self._which = swapper, which

    def find(self, image, time):
        """The faces to swap in a frame, (H, W, 3) uint8 RGB, shown at `time` seconds; [] when there is none."""
        faces = self._swapper.analyser.faces(image)
        return faces if self._which == "all" else faces[:1] if self._which == "largest" else faces[int(self._which):][:1]

    def swap(self, picture, faces):
        """Swap them in a `Picture`. A face that cannot be painted stays as it is."""
        for painted, mask, matrix in self._patches(picture.rgb, faces):
            with picture.editing(_reach(matrix)):
                paste(picture.rgb, painted, mask, matrix, inplace=True)

    def _patches(self, image, faces):
        """A list of (painted, mask, matrix), as `paste` takes them."""
        patches = []
        for face in faces:
            crop, matrix = align(image, face.five, SIZE)
            try:
                patches.append((*self._swapper.paint(crop), matrix))
            except UserError:
                pass
        return patches


def _reach(matrix):
    """(4, 2) corners, in pixels of the image, of the crop that `matrix` cuts and a little more: what a paste may change."""
    low, high = -MARGIN, SIZE - 1 + MARGIN
    return transform(np.array([[low, low], [high, low], [low, high], [high, high]], np.float64), invert(matrix))
