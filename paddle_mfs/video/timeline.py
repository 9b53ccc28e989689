"""One timeline for clips whose times begin anew in the middle: joined recordings, MPEG transport and program streams.

A part's times are moved by one offset for all its streams: it begins where the part before ended, and sound stays with
its pictures.
"""

from __future__ import annotations

from collections.abc import Iterator

import av

BACK, AHEAD = 1.0, 10.0  # seconds from a packet to the next of its stream; beyond these it belongs to another part


def may_jump(container: av.container.InputContainer) -> bool:
    """Does the format of an open clip allow times that jump?"""
    return bool(container.format.flags & av.format.Flags.ts_discont.value)


class Timeline:
    """Where the parts of a clip lie. `Timeline.of` reads all its packets: for formats whose times may jump.

    offsets: seconds, of each part in turn; [0.0] of a clip in one part. end: seconds at which the last one ends, None
    where it was not read.
    """

    def __init__(self, offsets: list[float] | None = None, end: float | None = None):
        self.offsets, self.end = offsets or [0.0], end

    @property
    def is_joined(self) -> bool:
        """Whether times jump."""
        return len(self.offsets) > 1

    @classmethod
    def of(cls, container: av.container.InputContainer) -> Timeline:
        """The timeline of a clip that was just opened and is read to its end."""
        timeline = cls()
        clock, end = StreamClock(timeline), 0.0
        for packet in packets(container, cls()):
            time = _time(packet)
            if time is None:
                continue
            if not clock.is_known(packet.stream.index, time):
                timeline.offsets.append(end - time)
            begin = clock.place(packet.stream.index, time)
            end = max(end, begin + float((packet.duration or 0) * packet.time_base))
        timeline.end = end
        return timeline


class StreamClock:
    """Moves the packets of a clip, in the order they lie in it, to its `Timeline`; one for each reading."""

    def __init__(self, timeline: Timeline):
        self._offsets = timeline.offsets
        self._last: dict[int, float] = {}

    def is_known(self, stream: int, time: float) -> bool:
        """Whether `time` (seconds) follows what the stream had last, in one of the parts."""
        last = self._last.get(stream)
        return last is None or any(-BACK <= time + offset - last <= AHEAD for offset in self._offsets)

    def place(self, stream: int, time: float) -> float:
        """The stream's next time, moved: in the part where it follows most closely what was last."""
        last = self._last.get(stream)
        moves = [time + offset for offset in self._offsets]
        self._last[stream] = moved = moves[0] if last is None else min(moves, key=lambda one: abs(one - last))
        return moved

    def move(self, packet: av.Packet) -> None:
        """Give the packet its times on the timeline."""
        time = _time(packet)
        if time is None or len(self._offsets) == 1:
            return
        ticks = round((self.place(packet.stream.index, time) - time) / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts + ticks
        packet.dts = None if packet.dts is None else packet.dts + ticks


def _time(packet):
    """Seconds at which a packet is to be decoded, None where it says nothing."""
    ticks = packet.pts if packet.dts is None else packet.dts
    return None if ticks is None or not packet.size else float(ticks * packet.time_base)


def packets(
    container: av.container.InputContainer, timeline: Timeline, *streams: av.stream.Stream
) -> Iterator[av.Packet]:
    """Yield the packets of some streams (none: of all), moved to the timeline, as far as the file can be read."""
    clock = StreamClock(timeline)
    try:
        for packet in container.demux(*streams):
            clock.move(packet)
            yield packet
    except (av.error.FFmpegError, OSError):  # the file ends in the middle
        return
