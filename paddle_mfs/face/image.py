"""Reading and writing pictures with Pillow: whatever comes in, uint8 RGB goes on."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.files import atomic_path
from paddle_mfs.utils.formats import is_heif, picture_formats

BACKGROUND = (255, 255, 255)  # transparent pixels are laid on white
WRITERS: dict[str, dict[str, Any]] = {
    ".png": {"format": "PNG"},
    ".jpg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".jpeg": {"format": "JPEG", "quality": 95, "subsampling": 0},
    ".webp": {"format": "WEBP", "quality": 95},
}


def read_image(path: str | Path, data: bytes | None = None) -> np.ndarray:
    """Read a picture -> (H, W, 3) uint8 RGB, upright as its EXIF orientation says.

    Grey, palette, CMYK, 16-bit (scaled to 8) and animated (first frame) pictures are converted, transparency is laid on
    white, an embedded colour profile is converted to sRGB.

    data: its bytes, where `path` only names it.
    Raises UserError, one line naming the file: missing, a folder, empty, truncated, not a picture or too large.
    """
    path = Path(path)
    if data is None and path.is_dir():
        raise UserError(f"{path}: is a folder; name a picture in it")
    try:
        if (path.stat().st_size if data is None else len(data)) == 0:
            raise UserError(f"{path}: is empty; copy or download the picture again")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # damaged EXIF and large pictures are handled here
            with Image.open(path if data is None else io.BytesIO(data), formats=picture_formats()) as image:
                return _to_rgb(_upright(image))
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; check the path") from None
    except PermissionError:
        raise UserError(f"{path}: may not be read; check its permissions") from None
    except UnidentifiedImageError:
        if is_heif(path, data) and "HEIF" not in picture_formats():
            raise UserError(
                f"{path}: is HEIC; to read it run `pip install 'paddle_mfs[heif]'`, or convert it to JPEG"
            ) from None
        raise UserError(
            f"{path}: is not a picture (or of a kind Pillow cannot read); convert it to PNG or JPEG"
        ) from None
    except Image.DecompressionBombError:
        raise UserError(
            f"{path}: has more than {2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} million pixels; make it smaller"
        ) from None
    except UserError:
        raise
    except MemoryError:
        raise UserError(f"{path}: does not fit in memory; make it smaller") from None
    except Exception as error:  # Pillow's readers raise nearly anything on damaged files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: is damaged or truncated ({reason}); copy or download the picture again") from None


def read_alpha(path: str | Path) -> np.ndarray | None:
    """How opaque a picture is -> (H, W) uint8, upright, 255 where it is; None where it is everywhere, or unreadable."""
    try:
        with Image.open(path, formats=picture_formats()) as image:
            if not image.has_transparency_data:
                return None
            alpha = np.array(_upright(image).convert("RGBA").getchannel("A"))
    except Exception:  # that the picture cannot be read is told where it is read
        return None
    return None if (alpha == 255).all() else alpha


def to_rgba(image: Image.Image) -> np.ndarray:
    """One image of an animation -> (H, W, 4) uint8 sRGB and how opaque it is, upright; what is not seen is white."""
    image = _upright(image)
    if image.mode[:1] in "IF":
        image = _to_8_bit(image)
    image = image.convert("RGBA")
    alpha = np.array(image.getchannel("A"))
    rgba = np.dstack([np.asarray(_to_srgb(image)), alpha])
    rgba[alpha == 0, :3] = BACKGROUND
    return rgba


def on_background(rgba: np.ndarray) -> np.ndarray:
    """(H, W, 4) uint8 RGBA laid on white -> (H, W, 3) uint8 RGB."""
    share = rgba[..., 3:].astype(np.float32) / 255
    return np.rint(rgba[..., :3] * share + np.array(BACKGROUND, np.float32) * (1 - share)).astype(np.uint8)


def keeps_alpha(path: str | Path) -> bool:
    """Whether a file of this name holds transparency."""
    return Path(path).suffix.lower() in (".png", ".webp")


def with_alpha(rgb: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """A picture that lies on white, as `read_image` gives it, taken off it again.

    Args:
        rgb: (H, W, 3) uint8 RGB. alpha: (H, W) uint8, see `read_alpha`.
    Returns: (H, W, 4) uint8 RGBA, which laid on white is `rgb` again.
    """
    share = alpha[..., None].astype(np.float32) / 255
    colours = (rgb - np.array(BACKGROUND, np.float32) * (1 - share)) / np.maximum(share, np.float32(1 / 255))
    return np.concatenate([np.rint(colours.clip(0, 255)).astype(np.uint8), alpha[..., None]], 2)


def _upright(image):
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # EXIF too damaged to be read: take the picture as stored
        return image


def _to_rgb(image):
    """PIL image of any mode -> (H, W, 3) uint8 array."""
    if image.mode[:1] in "IF" and image.mode != "1":
        image = _to_8_bit(image)
    if image.has_transparency_data:
        # palette and "one colour is transparent" pictures become RGBA too
        image = image.convert("RGBA")
        flat = Image.new("RGBA", image.size, BACKGROUND + (255,))
        flat.alpha_composite(image)
        flat.info = image.info
        image = flat
    return np.ascontiguousarray(np.asarray(_to_srgb(image)))


def _to_8_bit(image):
    """Grey of 16 bits (I;16), 32 bits (I) or floats (F) -> 8 bits, scaled by the range the values suggest."""
    values = np.nan_to_num(np.asarray(image).astype(np.float64))
    if image.mode.startswith("I;16"):
        top = 65535
    else:
        brightest = values.max(initial=0)
        ranges = (1, 255, 65535) if image.mode == "F" else (255, 65535)
        top = next((top for top in ranges if brightest <= top), brightest)
    return Image.fromarray(np.rint(values.clip(0, top) * (255 / top)).astype(np.uint8))


def _to_srgb(image):
    """PIL image -> RGB, through its embedded colour profile when it has a usable one."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK", "RGBA"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if "srgb" not in ImageCms.getProfileDescription(source).lower():
                base = image.convert("RGB") if image.mode == "RGBA" else image
                return ImageCms.profileToProfile(base, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except (ImageCms.PyCMSError, OSError, ValueError):
            pass  # a broken profile: plain conversion below
    return image.convert("RGB")


def check_image(image: np.ndarray, channels: tuple[int, ...] = (3,)) -> None:
    """Raise TypeError unless `image` is (H, W, 3) uint8 (or of other numbers of channels)."""
    if image.ndim != 3 or image.shape[2] not in channels or image.dtype != np.uint8:
        raise TypeError(f"expected a (H, W, 3) uint8 RGB image, got {image.shape} {image.dtype}")


def check_suffix(path: str | Path) -> None:
    """Raise UserError unless `write_image` can write a file of this name."""
    if Path(path).suffix.lower() not in WRITERS:
        raise UserError(f"{path}: cannot write this kind of picture; end the name in {', '.join(WRITERS)}")


def write_image(
    path: str | Path, rgb: np.ndarray, finish: Callable[[Path], object] | None = None, **save_options: Any
) -> None:
    """Write a picture, atomically; the suffix chooses PNG, JPEG (quality 95, 4:4:4) or WebP (quality 95).

    Args:
        rgb: (H, W, 3) uint8 RGB; (H, W, 4) RGBA too, but for JPEG.
        finish: called with the path where the complete file lies before it has its name.
        save_options: keyword arguments of Pillow's `Image.save`, for metadata or another quality.
    Raises: UserError for another suffix, a place that cannot be written, or a picture too large for the format;
        TypeError for an array of another kind.
    """
    check_suffix(path)
    rgb = np.asarray(rgb)
    check_image(rgb, (3, 4))
    options = {**WRITERS[Path(path).suffix.lower()], **save_options}
    with atomic_path(path) as temporary:
        try:
            Image.fromarray(rgb).save(temporary, **options)
        except (ValueError, OSError) as error:
            if isinstance(error, OSError) and error.errno:  # a full disk
                raise
            raise UserError(
                f"{path}: cannot be written as {options['format']} ({error}); choose another format"
            ) from None
        if finish:
            finish(temporary)
