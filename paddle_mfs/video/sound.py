"""Sound that the new clip's container cannot hold is encoded anew, so that it is not lost."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av

ENCODERS = {"mp4": ("aac", "AAC"), "mov": ("aac", "AAC"), "webm": ("libopus", "Opus")}  # container -> encoder, its name
RATES = {"aac": (8000, 11025, 16000, 22050, 32000, 44100, 48000), "libopus": (48000,)}  # hertz
LAYOUTS = {1: "mono", 6: "5.1", 7: "5.1", 8: "7.1"}  # channels -> layout; else stereo. Clips do not always name theirs


class SoundEncoder:
    """Encodes one audio stream of a clip into an output.

    Args:
        stream: of the clip, decoded here. output: PyAV output container; the new stream is added to it.
        begin: seconds in the clip's time that become 0. is_cut: leave out what is earlier.

    Attributes:
        stream: the new stream. name: what it is encoded as.

    Raises: ValueError for a stream that cannot be decoded, or a container without an encoder here.
    """

    def __init__(self, stream: av.AudioStream, output: av.container.OutputContainer, begin: float, is_cut: bool):
        source = stream.codec_context
        if source is None or output.format.name not in ENCODERS:
            raise ValueError(f"no sound that can be encoded for {output.format.name}")
        encoder, self.name = ENCODERS[output.format.name]
        rate = source.sample_rate if source.sample_rate in RATES[encoder] else RATES[encoder][-1]
        self.stream = output.add_stream(encoder, rate=rate, layout=LAYOUTS.get(source.channels, "stereo"))
        self._source, self._begin, self._is_cut = source, begin, is_cut

    def encode(self, packet: av.Packet | None) -> Iterator[av.Packet]:
        """Yield what a packet of the clip becomes, in the output's time; None: what is left."""
        try:
            frames = self._source.decode(packet)
        except (av.error.FFmpegError, OSError):  # a damaged packet is a short silence
            frames = []
        for frame in frames:
            seconds = None if frame.pts is None else float(frame.pts * frame.time_base) - self._begin
            if seconds is None or (seconds < 0 and self._is_cut):
                continue
            frame.pts, frame.time_base = round(seconds * frame.sample_rate), Fraction(1, frame.sample_rate)
            yield from self.stream.encode(frame)
        if packet is None:
            yield from self.stream.encode(None)
