"""The three-line API, and the only file that knows the whole way from a picture to a swapped picture.

    from paddle_mfs import FaceSwapper
    swapper = FaceSwapper("source.jpg")
    result = swapper.swap(image)                # (H, W, 3) uint8 RGB in, the same out
"""
import numpy as np

from paddle_mfs.errors import UserError
from paddle_mfs.face.align import align
from paddle_mfs.face.analysis import FaceAnalyser, pick
from paddle_mfs.face.image import read_image, write_image
from paddle_mfs.face.paste import paste
from paddle_mfs.identity import bake
from paddle_mfs.models.idn import SIZE
from paddle_mfs.provenance import check_format, picture_sha256, provenance, save_options

UNCHANGED = 2 / 255      # a crop whose every pixel stays this close to the target was not swapped
LUMA = (0.299, 0.587, 0.114)        # ITU-R BT.601
OPAQUE = 1e-3            # below this mask value the painted image cannot be told from the result, and is not seen


class FaceSwapper:
    """Puts the face of one source on any number of pictures.

    Args:
        source: path of a picture, or (H, W, 3) uint8 RGB; its largest face is used.
        weights: path of MobileFaceSwap weights, ours or the public ones; None: the bundled ones.
        encoder: path of the identity encoder's weights that belong to `weights`; None: the bundled ones.
        engine: what runs the networks: "openvino", "paddle", "lite", or "auto" (OpenVINO where installed, else Paddle).

    Raises: UserError for a source without a face, for weights that do not load or do not belong together, and for an engine
        that is unknown or not installed.
    """

    def __init__(self, source, weights=None, encoder=None, engine="auto"):
        self.analyser = FaceAnalyser(engine=engine)
        self.identity = bake(source, weights, encoder, self.analyser, engine)

    def swap(self, image, face="largest", name="target"):
        """Swap the face (or faces) of a picture.

        Args:
            image: (H, W, 3) uint8 RGB.
            face: "largest", "all", or an index, 0 being the largest.
            name: what error messages call the picture.
        Returns: (H, W, 3) uint8 RGB; pixels the mask does not touch are those of `image`.
        Raises: UserError when there is no such face, or the weights leave it as it is.
        """
        if face == "largest":
            faces = [self.analyser.largest(image, name)]
        else:
            faces = pick(self.analyser.faces(image, small=True), face, name)
        return self._swap(image, faces, False, name)

    def swap_faces(self, image, faces, inplace=False):
        """Swap faces already found: what a clip wants of each frame.

        Args:
            image: (H, W, 3) uint8 RGB.
            faces: list of `Face`, in pixels of `image`. All crops are cut before any is pasted.
            inplace: write into `image` instead of a copy.
        Returns: (H, W, 3) uint8 RGB; pixels no mask touches are those of `image`, and so is a face that the weights leave as it is.
        """
        return self._swap(image, faces, inplace, None)

    def _swap(self, image, faces, inplace, name):
        """`name` None: pass over a face that cannot be painted, instead of raising UserError."""
        result = image if inplace else image.copy()
        for crop, matrix in [align(image, face.five, SIZE) for face in faces]:
            try:
                painted, mask = self.paint(crop, name)
            except UserError:
                if name is not None:
                    raise
                continue
            paste(result, painted, mask, matrix, inplace=True)
        return result

    def paint(self, crop, name="target"):
        """The swapped face before it is blended in.

        Args:
            crop: (224, 224, 3) uint8 RGB, aligned target face.
        Returns: painted (224, 224, 3) float32 RGB in [0, 1]; mask (224, 224) float32 in [0, 1].
            painted * mask + crop / 255 * (1 - mask) is the IDN's result.
        Raises: UserError when the result equals the crop (weights whose mask stays shut) or is not finite.
        """
        x = crop.astype(np.float32) / np.float32(255)
        result, mask = (output[0].transpose(1, 2, 0) for output in self.identity.run(x.transpose(2, 0, 1)[None]))
        change = float(np.abs(result - x).max())
        if not np.isfinite(change) or change < UNCHANGED:
            raise UserError(f"{name}: the swap failed: the weights leave the face as it is "
                            f"(largest change {change * 255:.1f} of 255); use other weights")
        painted = x + (result - x) / np.maximum(mask, OPAQUE)
        if (crop == crop[..., :1]).all():       # a grey picture stays grey
            painted = np.repeat(painted @ np.float32(LUMA)[:, None], 3, 2)
        return painted.clip(0, 1), mask[..., 0]

    def swap_file(self, target, output, face="largest", compare=None, captions=()):
        """Swap the face in the picture file `target`, write `output` (PNG, JPEG or WebP) with its provenance.

        Args:
            compare: None, or an (H, W, 3) uint8 RGB picture of the source: `output` then shows source | target | result,
                with `captions` (three words) under them.
        Returns: the result, (H, W, 3) uint8 RGB.
        Raises: UserError naming the file.
        """
        check_format(output)
        image = read_image(target)
        result = self.swap(image, face, str(target))
        shown = result if compare is None else side_by_side([compare, image, result], captions)
        record = provenance(target_sha256=picture_sha256(target), **self.identity.facts)
        write_image(output, shown, **save_options(output, record))
        return result


def side_by_side(pictures, captions=(), gap=8):
    """Pictures (H, W, 3) uint8 RGB in one row on white, all as high as the last one, with a line of text under each."""
    import cv2
    height = pictures[-1].shape[0]
    row = []
    for number, picture in enumerate(pictures):
        if picture.shape[0] != height:
            width = max(1, round(picture.shape[1] * height / picture.shape[0]))
            smaller = height < picture.shape[0]
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
        if captions:
            picture = np.concatenate([picture, _caption(captions[number], picture.shape[1])])
        row += [np.full((picture.shape[0], gap, 3), 255, np.uint8), picture]
    return np.concatenate(row[1:], 1)


def _caption(text, width, height=28):
    """A white strip (height, width, 3) with `text` in its middle."""
    from PIL import Image, ImageDraw, ImageFont
    strip = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(strip).text((width / 2, height / 2), text, "black", ImageFont.load_default(18), anchor="mm")
    return np.asarray(strip)
