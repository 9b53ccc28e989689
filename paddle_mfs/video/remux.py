"""Sound, subtitles and fonts of a clip go into the new one packet by packet, untouched but for their times.

Sound that the new one cannot hold is encoded anew (sound.py); other streams that it cannot hold are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import av

from paddle_mfs.utils.errors import UserError
from paddle_mfs.video.read import VideoReader, open_clip
from paddle_mfs.video.sound import SoundEncoder
from paddle_mfs.video.timeline import packets

COPIED = ("audio", "subtitle", "attachment")
LONGEST = 30  # seconds a subtitle may stay on screen; those that began earlier than this before a part are not found


class StreamCopier:
    """Copies what is no picture from a clip into an open output.

    It reads the file once more by itself, so that nothing has to wait in memory for the frames.

    Args:
        reader: the VideoReader of the clip. output: PyAV output container; its streams are added here.
        copied: kinds of streams that are.

    Attributes:
        notes: a sentence for each stream that the output cannot hold as it is.
    """

    def __init__(self, reader: VideoReader, output: av.container.OutputContainer, copied: Sequence[str] = COPIED):
        self._output, self._begin, self._origin = output, reader.begin, reader.origin
        self._timeline, self._last = reader.timeline, dict[int, int]()
        self._overlapping: Counter[int] = Counter()
        self.notes: list[str] = []
        self._is_cut = reader.begin > reader.origin
        self._container = open_clip(reader.path)
        self._copies: dict[int, av.stream.Stream] = {}
        self._path = reader.path
        self._encoders: dict[int, SoundEncoder] = {}
        for stream in self._container.streams:
            if stream.type in copied:
                self._add(stream)
            elif stream.index != reader.stream.index:
                self.notes.append(f"{stream.type} stream {stream.index} is left out")
        if not reader.is_part:
            output.set_chapters(self._container.chapters())
        self._packets = self._outgoing()
        self._next = next(self._packets, None)

    def copy(self, before: float) -> None:
        """Write the packets that begin before this time (seconds in the output)."""
        while self._next is not None and self._next.pts * self._next.time_base < before:
            stream = self._next.stream
            try:
                self._output.mux(self._next)
            except av.error.FFmpegError as error:
                if isinstance(error, OSError):  # a full disk
                    raise
                name = stream.codec_context.name if stream.codec_context else "of no known codec"
                raise UserError(
                    f"{self._path}: its {stream.type} stream ({name}) cannot be copied into {self._output.format.name} "
                    f"({error.strerror}); write a .mkv"
                ) from None
            self._next = next(self._packets, None)

    def close(self) -> None:
        """Close the clip."""
        self._container.close()

    def _add(self, stream):
        name = stream.codec_context.name if stream.codec_context else stream.type
        cannot = f"{self._output.format.name} cannot hold it"
        try:
            if _is_refused_later(stream, name, self._output.format.name):
                raise ValueError(cannot)
            copy = self._output.add_stream_from_template(stream, opaque=True)
        except (ValueError, av.error.FFmpegError):
            try:
                encoder = SoundEncoder(stream, self._output, self._begin, self._is_cut)
            except (AttributeError, ValueError, av.error.FFmpegError):
                self.notes.append(f"{stream.type} stream {stream.index} ({name}) is left out: {cannot}")
                return
            copy, self._encoders[stream.index] = encoder.stream, encoder
            self.notes.append(f"{stream.type} stream {stream.index} ({name}) becomes {encoder.name}: {cannot}")
        copy.metadata.update(stream.metadata)
        copy.disposition = stream.disposition
        self._copies[stream.index] = copy

    def _outgoing(self):
        """Yield the packets, their times and streams those of the output."""
        timed = [
            stream for stream in self._container.streams if stream.index in self._copies and stream.type != "attachment"
        ]
        if not timed:
            return
        if self._is_cut and not self._timeline.is_joined:
            self._container.seek(int(max(self._begin - LONGEST, self._origin) * av.time_base))
        for packet in packets(self._container, self._timeline, *timed):
            if not packet.size:
                continue
            encoder = self._encoders.get(packet.stream.index)
            if encoder:
                yield from encoder.encode(packet)
            elif packet.pts is not None and self._is_moved(packet):
                yield packet
        for index, count in self._overlapping.items():
            self.notes.append(f"{count} packet(s) of stream {index} lie over others and are left out")
        for encoder in self._encoders.values():
            yield from encoder.encode(None)

    def _is_moved(self, packet):
        """Give a packet the output's time and stream; False when it is earlier than that."""
        begin = round(self._begin / packet.time_base)
        early = begin - packet.pts
        if early > 0 and self._is_cut:
            if packet.stream.type != "subtitle" or (packet.duration or 0) <= early:
                return False
            # shown when the part begins
            packet.pts, packet.dts, packet.duration = begin, begin, packet.duration - early
        packet.pts -= begin
        packet.dts = packet.pts if packet.dts is None else packet.dts - begin
        index = packet.stream.index
        if packet.stream.type == "audio" and packet.dts <= self._last.get(index, packet.dts - 1):
            self._overlapping[index] += 1  # sound there is already: a muxer takes no packet whose time does not advance
            return False
        self._last[index] = packet.dts
        packet.stream = self._copies[packet.stream.index]
        return True


def _is_refused_later(stream, name, container):
    """Does FFmpeg add such a sound stream to a container and then refuse its header or packets?"""
    if container == "mp4" and name.startswith("pcm_"):  # it says of each channel which one it is; "2 channels" does not
        return stream.codec_context.layout.name.endswith("channels")
    return container == "mov" and name in ("flac", "opus")
