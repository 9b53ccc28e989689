"""Animated GIF, WebP and PNG swapped as clips: frames, times, loop, transparency and provenance."""

import av
import numpy as np
import pytest
from PIL import Image, ImageDraw

from paddle_mfs.apps.batch import swap_all
from paddle_mfs.apps.plan import plan
from paddle_mfs.apps.web.swap import clip_seconds, preview
from paddle_mfs.provenance import is_result, provenance, read_provenance
from paddle_mfs.utils.errors import UserError
from paddle_mfs.video.animation import TICK, AnimationReader, open_reader
from paddle_mfs.video.encoding import choose_encoding
from paddle_mfs.video.pipeline import ClipOptions, swap_video
from paddle_mfs.video.read import VideoReader
from paddle_mfs.video.write import write_video
from paddle_mfs.video.write_animation import changed_box

TIMES = [40, 90, 500, 20]  # milliseconds


@pytest.fixture(scope="module")
def views(face_picture):
    """4 pictures, 160 px, of the face on a background of its own that stays, and a square that wanders."""
    small = Image.fromarray(face_picture).resize((120, 120), Image.Resampling.BOX)
    pictures = []
    for number in range(4):
        picture = Image.new("RGBA", (160, 160), (20, 60, 90, 255))
        picture.paste(small, (20, 20))
        ImageDraw.Draw(picture).rectangle((number * 10, 150, number * 10 + 5, 155), (250, 200, 0, 255))
        pictures.append(picture)
    return pictures


@pytest.fixture
def animate(views, tmp_path):
    """animate(name, ...) -> path of an animation."""

    def make(name, pictures=views, **options):
        path = tmp_path / name
        kept = {"lossless": True} if path.suffix == ".webp" else {}
        options = {"duration": TIMES, "loop": 0, **kept, **options}
        pictures[0].copy().save(path, save_all=True, append_images=pictures[1:], **options)
        return path

    return make


def shown(path):
    """(durations in milliseconds, [(H, W, 4) uint8], loop) of an animation, as Pillow sees it."""
    times, pictures = [], []
    with Image.open(path) as image:
        for number in range(image.n_frames):
            image.seek(number)
            pictures.append(np.array(image.convert("RGBA")))
            times.append(round(image.info["duration"]))
        return times, pictures, image.info.get("loop")


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png"])
def test_in_and_out(swapper, animate, tmp_path, name):
    path, output = animate(name, loop=3), tmp_path / f"out{name[1:]}"
    before, old, _ = shown(path)
    summary = swap_video(swapper, path, output)
    times, new, loop = shown(output)
    assert (summary.frames, summary.swapped, summary.notes) == (4, 4, []), summary
    assert times == before == TIMES and loop == 3
    for one, other in zip(old, new):
        changed = np.abs(one[..., :3].astype(int) - other[..., :3]).max(2)
        assert (changed[40:120, 50:110] > 20).mean() > 0.1, "the face"
        assert changed[:15].max() <= (3 if name == "a.webp" else 0), "the background"
        assert (other[..., 3] == 255).all()
    record = read_provenance(output)
    assert record["synthetic"] is True and record["weights"]["licence"] and is_result(output) and not is_result(path)


def test_what_does_not_move_does_not_flicker(animate, tmp_path):
    """One picture shown three times, but for a pixel: a GIF's colours are too few for it, and stay the same ones."""
    rng = np.random.RandomState(0)
    noise = Image.fromarray(rng.randint(0, 255, (160, 160, 3), np.uint8))
    still = [noise.rotate(90) for _ in range(3)]
    for number, picture in enumerate(still):  # or Pillow makes one frame of them
        picture.putpixel((0, number), (number, 0, 0))
    path = animate("a.png", [noise, *still])
    for name in ("out.gif", "out.webp", "out.png"):
        with AnimationReader(path) as reader:
            output = tmp_path / name
            encoding = choose_encoding(output, reader.format, reader.size)
            with write_video(output, reader, provenance(), encoding) as writer:
                for frame in reader.frames(encoding.pixel_format):
                    writer.write(frame)
                writer.finish()
        _, [first, *others], _ = shown(output)
        assert len(others) == 3 and (first != others[0]).any(), name
        assert all((one[4:] == others[0][4:]).all() for one in others), name


@pytest.mark.parametrize("suffix, target", [(".gif", ".gif"), (".png", ".png"), (".webp", ".webp"), (".png", ".mp4")])
def test_transparency(swapper, animate, views, tmp_path, suffix, target):
    """A hole that wanders: what was seen there is seen no more. A clip has white in its place."""
    holes = [picture.copy() for picture in views]
    for number, picture in enumerate(holes):
        ImageDraw.Draw(picture).ellipse((number * 30, 5, number * 30 + 20, 15), (0, 0, 0, 0))
    output = tmp_path / f"out{target}"
    summary = swap_video(swapper, animate(f"a{suffix}", holes, disposal=2), output)
    assert summary.swapped == 4
    if target == ".mp4":
        assert "transparency is laid on white" in str(summary)
        with av.open(str(output)) as clip:
            pictures = [frame.to_ndarray(format="rgb24") for frame in clip.decode(video=0)]
        assert all(picture[10, number * 30 + 10].min() > 240 for number, picture in enumerate(pictures))
        return
    _, old, _ = shown(tmp_path / f"a{suffix}")
    _, new, _ = shown(output)
    assert all((one[..., 3] == other[..., 3]).all() for one, other in zip(old, new))
    assert all(one[10, number * 30 + 10, 3] == 0 for number, one in enumerate(new))


def test_half_transparent_pixels_in_a_gif_are_told(swapper, animate, views, tmp_path):
    half = [Image.blend(Image.new("RGBA", (160, 160)), picture, 0.6) for picture in views[:2]]
    summary = swap_video(swapper, animate("a.png", half, duration=100), tmp_path / "out.gif")
    assert "GIF has no half transparent pixels" in str(summary)
    summary = swap_video(swapper, tmp_path / "a.png", tmp_path / "out.png")
    assert summary.notes == [] and (shown(tmp_path / "out.png")[1][0][..., 3] == 153).all()


def test_as_a_clip(swapper, animate, tmp_path):
    """A GIF as MP4, in pixels that every player takes: each frame at its time, the last as long as it was."""
    swap_video(swapper, animate("a.gif", duration=[40, 90, 500, 300]), tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as clip:
        frames = list(clip.decode(video=0))
        assert clip.streams.video[0].codec_context.pix_fmt == "yuv420p"
        assert clip.duration / av.time_base == pytest.approx(0.93, abs=0.002)
    assert [round(frame.time, 3) for frame in frames][:4] == [0, 0.04, 0.13, 0.63]


def test_a_part(swapper, animate, tmp_path):
    summary = swap_video(swapper, animate("a.gif"), tmp_path / "out.gif", options=ClipOptions(start=0.03, end=0.6))
    assert summary.frames == 2 and shown(tmp_path / "out.gif")[0] == TIMES[1:3]
    with pytest.raises(UserError, match="no frame can be read in the part asked for"):
        AnimationReader(tmp_path / "a.gif", start=9)


def test_times_that_browsers_do_not_follow(animate):
    """0 and 10 ms are shown for 100; the number in the file stays."""
    with AnimationReader(animate("a.gif", duration=[0, 10, 20, 50])) as reader:
        frames = [(float(frame.pts * TICK), float(frame.duration * TICK)) for frame in reader.frames("rgba")]
    assert frames == [(0, 0), (0.1, 0.01), (0.2, 0.02), (pytest.approx(0.22), 0.05)]


def test_ends_in_the_middle(swapper, animate, views, tmp_path):
    turned = [picture.rotate(90 * number) for number, picture in enumerate(views)]
    for name, is_kept in (("a.gif", True), ("a.png", True), ("a.webp", False)):
        path = animate(name, turned)
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
        if not is_kept:  # Pillow's reader takes nothing of it
            with pytest.raises(UserError):
                open_reader(path)
            continue
        summary = swap_video(swapper, path, tmp_path / f"out{name[1:]}")
        assert "damaged or ends in the middle" in str(summary)
        assert 1 <= summary.frames == len(shown(tmp_path / f"out{name[1:]}")[0]) < 4


def test_refused(swapper, animate, tmp_path, monkeypatch):
    path = animate("a.gif")
    with pytest.raises(UserError, match="--codec and --quality are for"):
        swap_video(swapper, path, tmp_path / "out.gif", options=ClipOptions(quality=20))
    monkeypatch.setattr("paddle_mfs.video.animation.LARGEST", 100)
    with pytest.raises(UserError, match="million pixels"):
        AnimationReader(path)
    assert [one.name for one in tmp_path.iterdir()] == ["a.gif"]


def test_readers(animate, views, make_clip, tmp_path):
    views[0].convert("RGB").save(tmp_path / "still.gif")
    assert isinstance(open_reader(animate("a.gif")), AnimationReader)
    assert isinstance(open_reader(make_clip(tmp_path / "a.mp4", frames=1)), VideoReader)


def test_changed_box():
    before = np.zeros((10, 12, 4), np.uint8)
    after = before.copy()
    assert changed_box(before, after) == (0, 0, 1, 1)
    after[3:5, 7:9, 1] = 1
    assert changed_box(before, after) == (6, 2, 9, 5)


def test_the_first_frame_as_jpeg(swapper, animate, samples, tmp_path, capsys):
    jobs = plan([samples / "source.jpg"], [animate("a.gif")], tmp_path / "x.jpg")
    swap_all(swapper, jobs)
    assert "x.jpg: the first frame of an animation" in capsys.readouterr().err
    assert Image.open(tmp_path / "x.jpg").format == "JPEG" and is_result(tmp_path / "x.jpg")
    with pytest.raises(UserError, match="y.bmp: outputs are written as .gif"):
        plan([samples / "source.jpg"], [tmp_path / "a.gif"], tmp_path / "y.bmp")


def test_on_the_page(animate):
    """The browser shows it as it is; how long it lasts is limited like a clip's length."""
    path = animate("a.gif")
    assert preview(path, 1.0) == path and clip_seconds(path) == pytest.approx(0.65)
    with pytest.raises(UserError, match="lasts 0.7 s, the limit is 0.5 s"):
        preview(path, 0.5)


def test_command(run_script, run_here, samples, animate, views, tmp_path):
    """A folder: each kind keeps its suffix, a GIF of one picture becomes a picture, the others are counted."""
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("b.gif", "c.webp"):
        animate(name, duration=100).rename(folder / name)
    views[0].convert("RGB").save(folder / "still.gif")
    for name in ("a.txt", "b.txt", "c.pdf"):
        (folder / name).write_text("words")
    command = ("swap", "--source", samples / "source.jpg", "--target")
    done = run_here(*command, folder, "--output", folder)
    assert done.returncode == 2 and "is an input" in done.stderr and done.stderr.count("\n") == 1
    done = run_script(*command, folder, "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "3 written, 0 kept from before, 0 failed, 3 passed over (2 .txt, 1 .pdf)" in done.stdout
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b.gif", "c.webp", "still.png"]
