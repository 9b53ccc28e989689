import numpy as np
import pytest
from PIL import Image, ImageCms

from paddle_mfs.face.image import check_suffix, read_alpha, read_image, with_alpha, write_image
from paddle_mfs.utils.errors import UserError

RAMP = np.linspace(0, 1, 256 * 8).reshape(8, 256)


@pytest.fixture()
def photo():
    y, x = np.mgrid[:40, :64]
    return np.stack([x * 4, y * 6, 255 - x * 2 - y], -1).astype(np.uint8)


@pytest.mark.parametrize("suffix,limit", [(".png", 0), (".JPG", 6), (".jpeg", 6), (".webp", 12)])
def test_write_and_read_back(tmp_path, photo, suffix, limit):
    path = tmp_path / "new" / f"a{suffix}"
    write_image(path, photo)
    assert np.abs(read_image(path).astype(int) - photo).max() <= limit
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_jpeg_keeps_full_colour_resolution(tmp_path, photo):
    write_image(tmp_path / "a.jpg", photo)
    with Image.open(tmp_path / "a.jpg") as image:
        assert {layer[1:3] for layer in image.layer} == {(1, 1)}


def test_options_reach_pillow(tmp_path, photo):
    write_image(tmp_path / "a.jpg", photo, quality=30, comment=b"hello")
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.info["comment"] == b"hello"


def test_write_refuses(tmp_path, photo):
    for path in (tmp_path / "a.tga", tmp_path / "a"):
        with pytest.raises(UserError, match="end the name in .png"):
            write_image(path, photo)
        with pytest.raises(UserError):
            check_suffix(path)
    with pytest.raises(TypeError, match="uint8 RGB"):
        write_image(tmp_path / "a.png", photo / 255)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(UserError, match="cannot be written"):
        write_image(tmp_path / "folder.png", photo)
    with pytest.raises(UserError):
        write_image(tmp_path / "wide.webp", np.zeros((1, 20000, 3), np.uint8))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.png"]


@pytest.mark.parametrize(
    "name,array",
    [
        ("u16.png", (RAMP * 65535).round().astype(np.uint16)),
        ("u16.tif", (RAMP * 65535).round().astype(np.uint16)),
        ("i32.tif", (RAMP * 65535).round().astype(np.int32)),
        ("f32.tif", RAMP.astype(np.float32)),
        ("f255.tif", (RAMP * 255).astype(np.float32)),
    ],
)
def test_deep_pictures_are_scaled(tmp_path, name, array):
    Image.fromarray(array).save(tmp_path / name)
    rgb = read_image(tmp_path / name)
    assert rgb.shape == (8, 256, 3) and np.abs(rgb - RAMP[..., None] * 255).max() <= 0.51


def test_transparency_is_laid_on_white(tmp_path):
    rgba = np.zeros((4, 4, 4), np.uint8)
    rgba[..., 0], rgba[:2, :, 3], rgba[2, :, 3] = 200, 255, 128
    Image.fromarray(rgba).save(tmp_path / "a.png")
    rgb = read_image(tmp_path / "a.png")
    assert (
        (rgb[0, 0] == [200, 0, 0]).all()
        and (rgb[3, 0] == 255).all()
        and np.abs(rgb[2, 0] - [227.0, 127, 127]).max() <= 1
    )
    palette = Image.fromarray(np.arange(16, dtype=np.uint8).reshape(4, 4)).convert("P")
    palette.save(tmp_path / "p.png", transparency=5)
    rgb = read_image(tmp_path / "p.png")
    assert (rgb[1, 1] == 255).all() and (rgb[0, 3] == 3).all()
    Image.fromarray(np.full((4, 4, 3), 9, np.uint8)).save(tmp_path / "t.png", transparency=(9, 9, 9))
    assert (read_image(tmp_path / "t.png") == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(tmp_path, photo, orientation):
    way = Image.Transpose
    undo = [
        None,
        None,
        way.FLIP_LEFT_RIGHT,
        way.ROTATE_180,
        way.FLIP_TOP_BOTTOM,
        way.TRANSPOSE,
        way.ROTATE_90,
        way.TRANSVERSE,
        way.ROTATE_270,
    ][orientation]
    stored = Image.fromarray(photo)
    stored = stored.transpose(undo) if undo is not None else stored
    exif = Image.Exif()
    exif[274] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    assert (read_image(tmp_path / "a.png") == photo).all()


def test_other_kinds(tmp_path, photo):
    frames = [Image.fromarray(photo), Image.fromarray(255 - photo)]
    frames[0].save(tmp_path / "a.webp", save_all=True, append_images=frames[1:], lossless=True)
    assert (read_image(tmp_path / "a.webp") == photo).all()
    Image.fromarray(photo[..., 0] > 90).save(tmp_path / "bits.png")
    assert set(np.unique(read_image(tmp_path / "bits.png"))) == {0, 255}
    Image.fromarray(photo).convert("CMYK").save(tmp_path / "cmyk.tif")
    assert np.abs(read_image(tmp_path / "cmyk.tif").astype(int) - photo).max() <= 2


def test_colour_profiles(tmp_path, photo):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(photo).save(tmp_path / "srgb.png", icc_profile=profile)
    assert (read_image(tmp_path / "srgb.png") == photo).all()
    Image.fromarray(photo).save(tmp_path / "broken.png", icc_profile=b"no profile at all")
    assert (read_image(tmp_path / "broken.png") == photo).all()


def test_bad_files(tmp_path, photo, monkeypatch):
    png, jpeg = tmp_path / "cut.png", tmp_path / "cut.jpg"
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for path in (png, jpeg):
        write_image(path, noise)
        path.write_bytes(path.read_bytes()[:2000])
    (tmp_path / "empty.png").touch()
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "header.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    cases = {
        "cut.png": "truncated",
        "cut.jpg": "truncated",
        "empty.png": "is empty",
        "folder.png": "is a folder",
        "missing.png": "no such file",
        "text.jpg": "is not a picture",
        "header.png": "header.png",
    }
    for name, message in cases.items():
        with pytest.raises(UserError, match=message) as caught:
            read_image(tmp_path / name)
        text = str(caught.value)
        assert text.startswith(f"{tmp_path / name}: ") and "\n" not in text and "; " in text
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    write_image(tmp_path / "large.png", noise)
    with pytest.raises(UserError, match="million pixels; make it smaller"):
        read_image(tmp_path / "large.png")


def test_transparency_is_taken_off_white_again(tmp_path):
    rng = np.random.default_rng(0)
    rgba = rng.integers(0, 256, (20, 30, 4), np.uint8)
    rgba[:5, :, 3], rgba[5:8, :, 3] = 255, 0
    Image.fromarray(rgba).save(tmp_path / "a.png")
    seen, alpha = read_image(tmp_path / "a.png"), read_alpha(tmp_path / "a.png")
    assert (alpha == rgba[..., 3]).all()
    write_image(tmp_path / "b.png", with_alpha(seen, alpha))
    assert np.abs(read_image(tmp_path / "b.png").astype(int) - seen).max() <= 1
    assert (read_alpha(tmp_path / "b.png") == alpha).all()
    with Image.open(tmp_path / "b.png") as image:
        assert (np.asarray(image)[:5, :, :3] == rgba[:5, :, :3]).all(), "opaque pixels keep their bits"
    write_image(tmp_path / "c.png", seen)
    assert read_alpha(tmp_path / "c.png") is None and read_alpha(tmp_path / "none.png") is None
    with pytest.raises(UserError, match="d.jpg: cannot be written as JPEG"):
        write_image(tmp_path / "d.jpg", with_alpha(seen, alpha))
