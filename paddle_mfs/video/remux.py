"""Sound, subtitles and fonts of a clip go into the new one packet by packet, untouched but for their times."""

from __future__ import annotations

import av

from paddle_mfs.video.read import VideoReader, open_clip

COPIED = ("audio", "subtitle", "attachment")
LONGEST = 30  # seconds a subtitle may stay on screen; those that began earlier than this before a part are not found


class StreamCopier:
    """Copies what is no picture from a clip into an open output.

    It reads the file once more by itself, so that nothing has to wait in memory for the frames.

    Args:
        reader: the VideoReader of the clip. output: PyAV output container; its streams are added here.

    Attributes:
        notes: a sentence for each stream that the output cannot hold.
    """

    def __init__(self, reader: VideoReader, output: av.container.OutputContainer):
        self._output, self._begin = output, reader.begin
        self.notes: list[str] = []
        self._is_cut = reader.begin > reader.origin
        self._container = open_clip(reader.path)
        self._copies: dict[int, av.stream.Stream] = {}
        for stream in self._container.streams:
            if stream.type in COPIED:
                self._add(stream)
            elif stream.index != reader.stream.index:
                self.notes.append(f"{stream.type} stream {stream.index} is left out")
        if not reader.is_part:
            output.set_chapters(self._container.chapters())
        self._packets = iter(())
        timed = [
            stream for stream in self._container.streams if stream.index in self._copies and stream.type != "attachment"
        ]
        if timed:
            if self._is_cut:
                self._container.seek(int(max(reader.begin - LONGEST, reader.origin) * av.time_base))
            self._packets = self._container.demux(*timed)
        self._next = self._read()

    def copy(self, before: float) -> None:
        """Write the packets that begin before this time (seconds in the output)."""
        while self._next is not None and self._next.pts * self._next.time_base < before:
            self._output.mux(self._next)
            self._next = self._read()

    def close(self) -> None:
        """Close the clip."""
        self._container.close()

    def _add(self, stream):
        try:
            copy = self._output.add_stream_from_template(stream, opaque=True)
        except (ValueError, av.error.FFmpegError):
            name = stream.codec_context.name if stream.codec_context else stream.type
            self.notes.append(
                f"{stream.type} stream {stream.index} ({name}) is left out: {self._output.format.name} cannot hold it"
            )
            return
        copy.metadata.update(stream.metadata)
        copy.disposition = stream.disposition
        self._copies[stream.index] = copy

    def _read(self):
        """The next packet, its times and stream those of the output; None at the end."""
        while True:
            try:
                packet = next(self._packets, None)
            except (av.error.FFmpegError, OSError):  # the file ends in the middle
                return None
            if packet is None:
                return None
            if not packet.size or packet.pts is None:
                continue
            begin = round(self._begin / packet.time_base)
            early = begin - packet.pts
            if early > 0 and self._is_cut:
                if packet.stream.type != "subtitle" or (packet.duration or 0) <= early:
                    continue
                # shown when the part begins
                packet.pts, packet.dts, packet.duration = begin, begin, packet.duration - early
            packet.pts -= begin
            packet.dts = packet.pts if packet.dts is None else packet.dts - begin
            packet.stream = self._copies[packet.stream.index]
            return packet
