"""What goes through reader and writer unchanged: pictures, times, sound, subtitles, tags, colours, orientation."""

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from paddle_mfs.provenance import provenance, read_provenance
from paddle_mfs.utils.errors import UserError
from paddle_mfs.utils.formats import kind_by_name, kind_of
from paddle_mfs.video.encoding import choose_encoding
from paddle_mfs.video.read import VideoReader
from paddle_mfs.video.write import write_pictures, write_video

WORDS = ((0.02, 0.12, "first"), (0.13, 0.22, "second"))


def pass_through(target, output, codec=None, quality=None, **part):
    """Reader into writer -> (frames, reader, notes)."""
    with VideoReader(target, **part) as reader:
        encoding = choose_encoding(output, reader.first.format, reader.size, codec, quality)
        with write_video(output, reader, provenance(), encoding) as writer:
            count = 0
            for frame in reader.frames(encoding.pixel_format):
                writer.write(frame)
                count += 1
            writer.finish(is_whole=not reader.is_part)
    return count, reader, writer.notes


def close(first, second, tolerance=0.0021):
    return len(first) == len(second) and np.abs(np.array(first) - second).max() <= tolerance


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_everything_is_kept(make_clip, decoded, packets, tmp_path, suffix):
    clip = make_clip(tmp_path / f"in{suffix}", sound=True, words=WORDS, metadata={"title": "A title"})
    output = tmp_path / f"out{suffix}"
    count, reader, notes = pass_through(clip, output)
    assert count == 6 and reader.skipped == 0 and notes == [] and reader.total in (6, None)
    before, after = decoded(clip)[0], decoded(output)[0]
    assert close([time for time, _ in before], [time for time, _ in after])
    for (_, old), (_, new) in zip(before, after):
        assert all(a.shape == b.shape for a, b in zip(old, new)) and np.abs(old[0].astype(int) - new[0]).mean() < 3
    for kind in ("audio", "subtitle"):
        old, new = packets(clip, kind), packets(output, kind)
        assert [data for _, data in old] == [data for _, data in new] and len(old) >= 2
        assert close([time for time, _ in old], [time for time, _ in new])
    with av.open(str(output)) as result:
        assert {key.lower(): value for key, value in result.metadata.items()}["title"] == "A title"
        assert result.streams.video[0].codec_context.name == ("vp9" if suffix == ".webm" else "h264")
    assert read_provenance(output)["synthetic"] is True
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([clip.name, output.name])


def test_variable_frame_rate(make_clip, decoded, tmp_path):
    times = [0, 0.04, 0.1, 0.3, 0.31, 0.7]
    clip = make_clip(tmp_path / "in.mp4", times=times)
    for name in ("out.mp4", "out.mkv"):
        pass_through(clip, tmp_path / name)
        assert close([time for time, _ in decoded(tmp_path / name)[0]], times, 0.0011)


@pytest.mark.parametrize("rotation", [90, 180, 270])
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_rotation_is_kept(make_clip, decoded, tmp_path, rotation, suffix):
    clip = make_clip(tmp_path / "in.mp4", frames=2, size=(96, 64), rotation=rotation)
    pass_through(clip, tmp_path / f"out{suffix}")
    (_, first), (_, same) = decoded(clip), decoded(tmp_path / f"out{suffix}")
    assert first.rotation == same.rotation != 0 and (first.width, first.height) == (same.width, same.height)


@pytest.mark.parametrize(
    "output, size, pixel_format, codec, expected",
    [
        ("out.mp4", (96, 64), "yuv420p", None, ("h264", "yuv420p")),
        ("out.mp4", (96, 64), "yuv422p", None, ("h264", "yuv422p")),
        ("out.mkv", (96, 64), "yuv444p", None, ("h264", "yuv444p")),
        ("out.mp4", (96, 64), "yuv420p10le", None, ("hevc", "yuv420p10le")),
        ("out.mov", (96, 64), "yuv422p10le", None, ("hevc", "yuv422p10le")),
        ("out.mkv", (96, 64), "yuv420p10le", "h264", ("h264", "yuv420p10le")),
        ("out.webm", (96, 64), "yuv420p10le", None, ("av1", "yuv420p10le")),
        ("out.webm", (95, 63), "yuv420p", None, ("vp9", "yuv420p")),
        ("out.mp4", (95, 63), "yuv420p", None, ("h264", "yuv444p")),
        ("out.mov", (96, 63), "yuv422p", None, ("h264", "yuv422p")),
        ("out.mp4", (96, 64), "yuv420p", "av1", ("av1", "yuv420p")),
        ("out.mp4", (96, 64), "yuv420p", "h265", ("hevc", "yuv420p")),
        ("out.mkv", (95, 63), "gray", None, ("h264", "yuv444p")),
        ("out.webm", (96, 64), "bgr0", None, ("vp9", "yuv444p")),
    ],
)
def test_sizes_and_pixel_formats(make_clip, decoded, tmp_path, output, size, pixel_format, codec, expected):
    clip = make_clip(tmp_path / "in.mkv", frames=3, size=size, pixel_format=pixel_format, codec="ffv1")
    pass_through(clip, tmp_path / output, codec)
    with av.open(str(tmp_path / output)) as result:
        context = result.streams.video[0].codec_context
        name = context.codec.canonical_name
        assert (name, context.pix_fmt) == expected and (context.width, context.height) == size
    old, new = (av.open(str(path)) for path in (clip, tmp_path / output))
    with old, new:
        pairs = [
            (a.to_ndarray(format="rgb24").astype(int), b.to_ndarray(format="rgb24"))
            for a, b in zip(old.decode(video=0), new.decode(video=0))
        ]
    assert len(pairs) == 3 and all(np.abs(a - b).mean() < 5 for a, b in pairs)


@pytest.mark.parametrize(
    "colour",
    [
        {"colorspace": 1, "color_primaries": 1, "color_trc": 1, "color_range": 1},
        {"colorspace": 5, "color_primaries": 5, "color_trc": 6, "color_range": 2},
        {"colorspace": 9, "color_primaries": 9, "color_trc": 18, "color_range": 1},
    ],
)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_colour_tags(make_clip, decoded, tmp_path, colour, suffix):
    clip = make_clip(tmp_path / "in.mp4", frames=2, size=(64, 64), colour=colour)
    pass_through(clip, tmp_path / f"out{suffix}")
    for path in (clip, tmp_path / f"out{suffix}"):
        frame = decoded(path)[1]
        assert {key: int(getattr(frame, key)) for key in colour} == colour


@pytest.mark.parametrize("frames", [1, 2, 5])
@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1"])
def test_a_few_frames(make_clip, decoded, tmp_path, frames, codec):
    clip = make_clip(tmp_path / "in.mp4", frames=frames, size=(64, 64))
    for name in ("out.mp4", "out.mkv"):
        assert pass_through(clip, tmp_path / name, codec)[0] == frames
        assert close([time for time, _ in decoded(tmp_path / name)[0]], [number / 25 for number in range(frames)])


def test_part(make_clip, decoded, packets, tmp_path):
    words = ((0.3, 0.7, "over the cut"), (0.9, 1, "late"))
    clip = make_clip(tmp_path / "in.mkv", frames=30, size=(64, 64), sound=True, words=words)
    output = tmp_path / "out.mkv"
    count, reader, _ = pass_through(clip, output, quality=0, start=0.5, end=0.8)
    assert count == 7 and reader.total in (7, 8)
    before, after = decoded(clip)[0], decoded(output)[0]
    assert close([time for time, _ in after], [time - before[13][0] for time, _ in before[13:20]])
    assert all((a == b).all() for (_, old), (_, new) in zip(before[13:20], after) for a, b in zip(old, new))  # lossless
    sound = {data: time for time, data in packets(clip, "audio")}
    shifts = [sound[data] - time for time, data in packets(output, "audio")]
    assert len(shifts) >= 3 and np.abs(np.array(shifts) - before[13][0]).max() <= 0.002
    [(time, word)] = packets(output, "subtitle")
    assert word == b"over the cut" and time <= 0.001

    assert pass_through(clip, output, max_frames=4)[0] == 4 == len(decoded(output)[0])
    assert max(time for time, _ in packets(output, "audio")) < 0.16
    assert pass_through(clip, output, start=0.2, max_frames=100)[1].total == 25


@pytest.mark.parametrize(
    "part, told",
    [
        ({"start": 9}, "in.mp4: no frame can be read in the part"),
        ({"start": -3}, "start -3: give a number of 0 or more"),
        ({"start": float("nan")}, "start nan: give a number of 0 or more"),
        ({"start": 1, "end": 0.5}, "end 0.5: give a number above 1"),
        ({"end": 0}, "end 0: give a number above 0"),
        ({"end": float("inf")}, "end inf: give a number above 0"),
        ({"max_frames": 0}, "max-frames 0: give a number of 1 or more"),
    ],
)
def test_no_such_part(make_clip, tmp_path, part, told):
    clip = make_clip(tmp_path / "in.mp4", size=(64, 64))
    with pytest.raises(UserError, match=told):
        VideoReader(clip, **part)


def test_cut_off_and_damaged_files(make_clip, decoded, tmp_path):
    clip = make_clip(tmp_path / "in.mkv", frames=30, sound=True)
    data = clip.read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    count, *_ = pass_through(tmp_path / "cut.mkv", tmp_path / "out.mkv")
    assert 5 <= count < 30 and len(decoded(tmp_path / "out.mkv")[0]) == count

    with av.open(str(clip)) as opened:
        places = [(packet.pos, packet.size) for packet in opened.demux(video=0) if packet.size]
    damaged = bytearray(data)
    for position, size in (places[7], places[16]):
        damaged[position + 16 : position + size] = b"\xff" * (size - 16)
    (tmp_path / "damaged.mkv").write_bytes(damaged)
    count, reader, _ = pass_through(tmp_path / "damaged.mkv", tmp_path / "out.mkv")
    assert reader.skipped == 2 and count == 28 == len(decoded(tmp_path / "out.mkv")[0])


@pytest.mark.parametrize("empty", [(4,), (1, 2, 8), (11,)])
def test_packets_without_data_are_not_the_end(make_clip, decoded, tmp_path, empty):
    """Samples of size 0 in a MOV, as screen recorders write them: the picture before them stays."""
    clip = make_clip(tmp_path / "in.mov", frames=12, codec="mjpeg", pixel_format="yuvj420p")
    data = bytearray(clip.read_bytes())
    table = data.index(b"stsz") + 16  # after version, size of all and count: a size a sample
    for number in empty:  # its bytes go to the sample before, whose decoder ignores them
        sizes = list(struct.unpack_from(">12I", data, table))
        before = max(n for n in range(number) if n not in empty)
        sizes[before], sizes[number] = sizes[before] + sizes[number], 0
        struct.pack_into(">12I", data, table, *sizes)
    clip.write_bytes(data)
    count, reader, _ = pass_through(clip, tmp_path / "out.mp4")
    assert (count, reader.repeats, reader.skipped, reader.missing) == (12 - len(empty), len(empty), 0, 0)
    assert f"{len(empty)} packet(s) without a picture" in reader.notes[0]
    frames, _ = decoded(tmp_path / "out.mp4")
    shown = [n for n in range(12) if n not in empty or n == 11]  # the last picture once more, at the clip's end
    assert [round(seconds * 25) for seconds, _ in frames] == shown


def test_frames_that_are_missing_are_told(make_clip, tmp_path):
    """A clip whose index is at its beginning and whose end did not arrive."""
    clip, cut = make_clip(tmp_path / "in.mp4", frames=12), tmp_path / "cut.mp4"
    with av.open(str(clip)) as whole, av.open(str(cut), "w", options={"movflags": "faststart"}) as output:
        stream = output.add_stream_from_template(whole.streams.video[0])
        for packet in whole.demux(video=0):
            if packet.size:
                packet.stream = stream
                output.mux(packet)
    with av.open(str(cut)) as opened:
        places = [packet.pos for packet in opened.demux(video=0) if packet.size]
    cut.write_bytes(cut.read_bytes()[: places[9]])
    count, reader, _ = pass_through(cut, tmp_path / "out.mp4")
    assert count == 9 and reader.missing == 3
    assert reader.notes == ["3 frame(s) that the file claims to hold could not be read"]


@pytest.mark.parametrize("mode, tag", [("RGB", 1), ("P", 1), ("LA", None)])
def test_colours_of_clips_that_are_not_yuv(face_picture, tmp_path, mode, tag):
    """As a player takes them: by their tag, or BT.709 from 720 lines on."""
    clip = tmp_path / "in.mov"
    data = io.BytesIO()
    Image.fromarray(face_picture).resize((720, 720)).convert(mode).save(data, "png")
    with av.open(str(clip), "w") as output:
        stream = output.add_mux_stream("png", rate=25, width=720, height=720)
        packet = av.Packet(data.getvalue())
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 25)
        output.mux(packet)
    with VideoReader(clip) as reader:
        encoding = choose_encoding(tmp_path / "out.mp4", reader.first.format, reader.size)
        before = reader.first.to_ndarray(format="rgb24").astype(int)
        [frame] = reader.frames(encoding.pixel_format)
    assert tag is None or frame.colorspace == tag
    seen = frame.reformat(format="rgb24", src_colorspace=1, dst_colorspace=1).to_ndarray()
    assert np.abs(seen - before).mean() < 1.5


@pytest.fixture
def recording(make_clip, tmp_path):
    """recording(name, offset=0) -> the bytes of a second of a transport stream, its times from 1.4 s + offset on."""

    def make(name, offset=0.0):
        clip, path = make_clip(tmp_path / f"{name}.mp4", frames=25, size=(64, 64), sound=True), tmp_path / f"{name}.ts"
        with av.open(str(clip)) as whole, av.open(str(path), "w") as output:
            streams = {stream.index: output.add_stream_from_template(stream) for stream in whole.streams}
            for packet in whole.demux():
                if packet.size:
                    packet.stream = streams[packet.stream.index]
                    ticks = round(offset / packet.time_base)
                    packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
                    output.mux(packet)
        return path.read_bytes()

    return make


@pytest.mark.parametrize("offsets", [(0, 0), (0, 0, 0), (0, 900), (0, 0.9)])
def test_joined_recordings_go_on(recording, decoded, packets, tmp_path, offsets):
    """Times that begin anew, jump far ahead, or begin a little before the end: pictures and sound stay together."""
    joined = tmp_path / "joined.ts"
    joined.write_bytes(b"".join(recording(f"{number}", offset) for number, offset in enumerate(offsets)))
    count, reader, notes = pass_through(joined, tmp_path / "out.mp4")
    assert count == 25 * len(offsets) and reader.timeline.is_joined == (offsets != (0, 0.9))
    assert reader.total == pytest.approx(count, abs=3 * len(offsets))
    frames, _ = decoded(tmp_path / "out.mp4")
    times = np.array([seconds for seconds, _ in frames])
    assert len(times) == count and (np.diff(times) > 0).all()
    sound = np.array([seconds for seconds, _ in packets(tmp_path / "out.mp4", "audio")])
    assert abs(times[-1] - sound[-1]) < 0.12 and np.diff(sound).max() < 0.12
    if offsets == (0, 0.9):
        assert notes and "lie over others" in notes[0]
    else:
        assert not notes and np.diff(times).max() < 0.15 and times[-1] == pytest.approx(len(offsets) - 0.04, abs=0.15)
    part, *_ = pass_through(joined, tmp_path / "part.mp4", start=1.2, end=1.6)
    assert part == pytest.approx(10, abs=2 if offsets != (0, 0.9) else 4)


def test_not_clips(make_clip, tmp_path):
    (tmp_path / "text.mp4").write_text("these are words")
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "folder.mp4").mkdir()
    whole = make_clip(tmp_path / "in.mp4", sound=True).read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: whole.index(b"moov")])  # its index is at the end
    make_clip(tmp_path / "none.mkv", frames=0)
    with av.open(str(tmp_path / "sound.mkv"), "w") as output:
        stream = output.add_stream("flac", rate=48000)
        frame = av.AudioFrame("s16", "stereo", 4608)
        frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
        output.mux([*stream.encode(frame), *stream.encode(None)])
    for name, told in [
        ("text", "not a video"),
        ("empty", "is empty"),
        ("folder", "is a folder"),
        ("gone", "no such file"),
        ("cut", "cut off before its index"),
    ]:
        with pytest.raises(UserError, match=f"{name}.mp4: .*{told}"):
            VideoReader(tmp_path / f"{name}.mp4")
    for name, told in [("none", "no frame can be read|not a video"), ("sound", "holds no video")]:
        with pytest.raises(UserError, match=f"{name}.mkv: .*({told})"):
            VideoReader(tmp_path / f"{name}.mkv")


def test_refused_outputs(make_clip, tmp_path):
    clip = make_clip(tmp_path / "in.mp4", size=(64, 64))
    for output, codec, quality, told in [
        ("out.avi", None, None, "written as .mp4"),
        ("out.webm", "h264", None, "does not take"),
        ("out.mp4", None, 99, "quality 99"),
        ("in.mp4/out.mp4", None, None, "cannot be written"),
    ]:
        with pytest.raises(UserError, match=told):
            pass_through(clip, tmp_path / output, codec, quality)
    assert [path.name for path in tmp_path.iterdir()] == ["in.mp4"]


def test_what_a_container_cannot_hold_is_told(make_clip, tmp_path):
    clip = make_clip(tmp_path / "in.mkv", frames=2, sound=True, words=WORDS)
    _, _, notes = pass_through(clip, tmp_path / "out.webm")
    assert notes[0] == "audio stream 1 (flac) becomes Opus: webm cannot hold it"
    assert len(notes) == 2 and "subtitle" in notes[1] and "left out" in notes[1]
    _, _, notes = pass_through(make_clip(tmp_path / "in.mkv", frames=2, sound=True), tmp_path / "out.mov")
    assert notes == ["audio stream 1 (flac) becomes AAC: mov cannot hold it"]


@pytest.mark.parametrize(
    "codec, part", [("adpcm_ms", {}), ("wmav2", {}), ("pcm_s16le", {}), ("adpcm_ms", {"start": 0.2})]
)
def test_sound_that_the_container_cannot_hold_is_encoded_anew(make_clip, tmp_path, codec, part):
    """A burst stays where it was, to a hundredth of a second."""
    silent = make_clip(tmp_path / "silent.mov", frames=25, size=(64, 64), codec="mjpeg", pixel_format="yuvj420p")
    clip, rate = tmp_path / "in.avi", 44100
    samples = np.zeros((1, rate), np.int16)
    samples[:, int(0.5 * rate) : int(0.6 * rate)] = 12000 * np.sign(np.sin(np.arange(int(0.1 * rate)) * 0.2))
    with av.open(str(silent)) as pictures, av.open(str(clip), "w") as output:
        video = output.add_stream_from_template(pictures.streams.video[0])
        sound = output.add_stream(codec, rate=rate, layout="mono")
        sound.bit_rate = 128_000
        for packet in pictures.demux(video=0):
            if packet.size:
                packet.stream = video
                output.mux(packet)
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        output.mux([*sound.encode(frame), *sound.encode(None)])

    def burst(path):
        with av.open(str(path)) as opened:
            [stream] = opened.streams.audio
            resampler, heard = av.AudioResampler("flt", "mono"), []
            for frame in opened.decode(stream):
                loud = np.flatnonzero(np.abs(resampler.resample(frame)[0].to_ndarray()) > 0.2)
                heard += [float(frame.pts * frame.time_base) + n / frame.sample_rate for n in loud]
            return np.array([min(heard), max(heard)]), stream.codec_context.name

    _, reader, notes = pass_through(clip, tmp_path / "out.mp4", **part)
    assert notes == [f"audio stream 1 ({codec}) becomes AAC: mp4 cannot hold it"]
    (before, _), (after, name) = burst(clip), burst(tmp_path / "out.mp4")
    assert name == "aac" and np.abs(after - (before - reader.begin)).max() < 0.01


@pytest.mark.parametrize("size", [(63, 41), (64, 48)])
def test_pictures_keep_their_times_and_sizes(tmp_path, size, pictures_of):
    image = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 1), np.uint8).repeat(3, 2)
    with write_pictures(tmp_path / "out.mp4", size, provenance()) as writer:
        for seconds in (0, 0.02, 0.02, 1.5):
            writer.add(image, seconds)
        writer.finish()
    pictures = pictures_of(tmp_path / "out.mp4")
    assert [round(seconds, 3) for seconds, _ in pictures] == [0, 0.02, 0.021, 1.5]
    assert all(
        picture.shape == image.shape and np.abs(picture.astype(int) - image).mean() < 12 for _, picture in pictures
    )


def test_playlists_open_no_other_file(make_clip, tmp_path):
    """Whatever such a file is called: by them a stranger's file could show what lies on this computer."""
    clip = make_clip(tmp_path / "secret.mp4", frames=2)
    for name, text in [
        ("list.ffconcat", f"ffconcat version 1.0\nfile {clip.name}\n"),
        ("list.m3u8", f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{clip.name}\n#EXT-X-ENDLIST\n"),
    ]:
        for path in (tmp_path / name, tmp_path / f"{name}.mp4"):
            path.write_text(text)
            assert kind_of(path) == kind_by_name(path)
            with pytest.raises(UserError, match="not a video"):
                VideoReader(path)


def test_a_part_of_a_raw_stream(make_clip, tmp_path):
    """It has neither times nor an index: it cannot be sought in, and is read from its beginning."""
    with av.open(str(make_clip(tmp_path / "in.mp4", frames=10))) as clip:
        with av.open(str(tmp_path / "raw.h264"), "w") as output:
            stream = output.add_stream_from_template(clip.streams.video[0])
            for packet in clip.demux(video=0):
                if packet.size:
                    packet.stream = stream
                    output.mux(packet)
    with VideoReader(tmp_path / "raw.h264", start=0.2) as reader:
        assert len(list(reader.frames("yuv420p"))) == 5
    with VideoReader(tmp_path / "raw.h264") as reader:
        assert len(list(reader.frames("yuv420p"))) == 10


@pytest.mark.parametrize("name", ["x.m4v", "x.ts", "x.mpg"])
def test_words_are_no_clip(tmp_path, name):
    (tmp_path / name).write_text("these are words\n" * 20)
    with pytest.raises(UserError, match=name):
        VideoReader(tmp_path / name)
