"""NMEA 0183 framing: lines out of a byte stream, TAG blocks, and the joining of sentences sent in parts.

Sources: IEC 61162-1 sentence form as gpsd's AIVDM page gives it; NMEA 4.10 and IEC 61162-450 TAG blocks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from operator import xor

from pyais.messages import AISSentence

from geodata.records import Rejected

MAX_LINE_B = 1024
"""A sentence has at most 82 characters, a TAG block as many; pyais takes payloads of 200. The rest is noise."""

JOIN_S = 10.0
"""Parts of one message come within a few seconds; later ones belong to another message of the same number."""

MAX_OPEN = 256
"""Messages and TAG groups waiting for their other parts; beyond it the oldest is given up."""

UDPBC = b"UdPbC\0"
"""IEC 61162-450: a datagram of sentences begins with this token."""

_GROUP_KEY = re.compile(r"(\d{1,2})G(\d{1,2})", re.ASCII)
_MILLISECONDS_FROM = 1e11  # c is in seconds or milliseconds and nothing says which (year 5138 in seconds)
_YEAR_2200 = 7258118400.0


@dataclass(frozen=True, slots=True)
class Tag:
    """A TAG block: ``time`` in epoch s (UTC), ``source`` station, ``group`` as (number, total, id)."""

    time: float | None = None
    source: str = ""
    group: tuple[int, int, str] | None = None


class BadTag(ValueError):
    """The TAG block's checksum or a value in it is wrong."""


class Lines:
    """Cuts a byte stream into lines without ever holding more than one line's worth of bytes.

    A line beyond ``MAX_LINE_B`` is given as one Rejected with its beginning; the stream goes on at the next line.
    """

    def __init__(self) -> None:
        self._held = b""
        self._skipping = False

    @property
    def held_b(self) -> int:
        """Bytes of the line that has not ended yet."""
        return len(self._held)

    def feed(self, chunk: bytes) -> Iterator[bytes | Rejected]:
        """Whole lines in ``chunk`` and what was held before it, without line ends; empty lines are left out."""
        *whole, rest = (self._held + chunk).split(b"\n")
        for line in whole:
            if self._skipping:
                self._skipping = False
            elif len(line) > MAX_LINE_B:
                yield _too_long(line)
            elif stripped := line.strip():
                yield stripped
        if self._skipping:
            rest = b""
        elif len(rest) > MAX_LINE_B:
            yield _too_long(rest)
            self._skipping, rest = True, b""
        self._held = rest

    def end(self) -> Iterator[bytes]:
        """The last line of a file that does not end in a line end."""
        held, self._held, self._skipping = self._held.strip(), b"", False
        if held:
            yield held


def _too_long(line: bytes) -> Rejected:
    return Rejected(reason="too_long", detail=f"a line of more than {MAX_LINE_B} bytes", payload=line[:MAX_LINE_B])


def split_tags(line: bytes) -> tuple[list[bytes], bytes]:
    r"""TAG blocks before a sentence, and the sentence (empty when the line has none).

    >>> split_tags(rb"\s:rHUE01*2A\!AIVDM,1,1,,A,x,0*00")
    ([b's:rHUE01*2A'], b'!AIVDM,1,1,,A,x,0*00')
    """
    blocks = []
    line = line.removeprefix(UDPBC)
    while line.startswith(b"\\"):
        block, closed, line = line[1:].partition(b"\\")
        if not closed:
            raise BadTag("a TAG block without an end")
        blocks.append(block)
    return blocks, line


def parse_tag(block: bytes) -> Tag:
    r"""One TAG block, without its backslashes. Checksums of one digit and of lower case are valid. Raises BadTag.

    >>> parse_tag(b"g:1-2-73874,n:157036,s:r003669945,c:1241544035*4A")
    Tag(time=1241544035.0, source='r003669945', group=(1, 2, '73874'))
    """
    text, star, check = block.partition(b"*")
    try:
        if not star or int(check, 16) != reduce(xor, text, 0):
            raise BadTag("TAG block checksum")
        pairs = [pair.partition(":")[::2] for pair in text.decode("ascii").split(",") if pair]
    except ValueError as error:
        raise BadTag(str(error)) from error
    time, source, group = None, "", None
    for key, value in pairs:
        if key == "c":
            time = _time(value)
        elif key == "s":
            source = value
        elif key == "g":
            group = _group(value)
        elif match := _GROUP_KEY.fullmatch(key):
            group = int(match[1]), int(match[2]), value
    return Tag(time, source, group)


def _time(value: str) -> float:
    if not value.isdecimal() or len(value) > 15:
        raise BadTag(f"c is not a time: {value[:20]!r}")
    number = float(value)
    seconds = number / 1000 if number >= _MILLISECONDS_FROM else number
    if seconds >= _YEAR_2200:
        raise BadTag(f"c is no time of ours: {value[:20]!r}")
    return seconds


def _group(value: str) -> tuple[int, int, str]:
    number, _, rest = value.partition("-")
    total, _, name = rest.partition("-")
    if match := _GROUP_KEY.fullmatch(number):
        return int(match[1]), int(match[2]), rest
    if not (number.isdecimal() and total.isdecimal() and len(value) < 40):
        raise BadTag(f"g is not a group: {value[:20]!r}")
    return int(number), int(total), name


@dataclass(slots=True)
class Groups:
    """Gives the time and source of a TAG group's first sentence to the other sentences of the group."""

    _open: dict[tuple[str, str], tuple[float, Tag]] = field(default_factory=dict)

    def complete(self, tag: Tag, origin: str, tick: float) -> Tag:
        """``tag`` with what its group said before. ``tick`` is any clock in seconds."""
        if tag.group is None:
            return tag
        number, total, name = tag.group
        known = self._open.get((origin, name))
        if known and number > 1 and abs(tick - known[0]) <= JOIN_S:
            tag = Tag(known[1].time if tag.time is None else tag.time, tag.source or known[1].source, tag.group)
        if number >= total:
            self._open.pop((origin, name), None)
        else:
            self._open[origin, name] = (tick, tag)
            if len(self._open) > MAX_OPEN:
                del self._open[next(iter(self._open))]
        return tag


Slot = tuple[str, int | None, str, str, int]  # source, sequence, channel, talker, parts


class Joiner:
    """Joins the sentences of one message by source, sequence number, channel, talker and number of parts.

    Bounded in number and age; what is given up comes out of ``expired`` and ``end`` as Rejected.
    """

    def __init__(self) -> None:
        self._open: dict[Slot, tuple[float, dict[int, AISSentence]]] = {}

    def add(self, part: AISSentence, source: str, tick: float) -> tuple[AISSentence | None, Rejected | None]:
        """The whole message once its last part is there, and a message given up because of this part."""
        slot = (source, part.seq_id, part.channel, part.talker_id, part.frag_cnt)
        given_up = None
        started, parts = self._open.get(slot, (tick, {}))
        if parts and (part.frag_num in parts or abs(tick - started) > JOIN_S):
            given_up = _incomplete(self._open.pop(slot)[1])
            started, parts = tick, {}
        parts[part.frag_num] = part
        if len(parts) == part.frag_cnt:
            self._open.pop(slot, None)
            return AISSentence.assemble_from_iterable([parts[n] for n in sorted(parts)]), given_up
        self._open[slot] = (started, parts)
        if len(self._open) > MAX_OPEN:
            given_up = given_up or _incomplete(self._open.pop(next(iter(self._open)))[1])
        return None, given_up

    def expired(self, tick: float) -> Iterator[Rejected]:
        """Messages whose other parts did not come in time."""
        for slot in [slot for slot, (started, _) in self._open.items() if abs(tick - started) > JOIN_S]:
            yield _incomplete(self._open.pop(slot)[1])

    def end(self) -> Iterator[Rejected]:
        """Everything still open: the stream is over."""
        for _, parts in self._open.values():
            yield _incomplete(parts)
        self._open.clear()


def _incomplete(parts: dict[int, AISSentence]) -> Rejected:
    some = next(iter(parts.values()))
    return Rejected(
        reason="fragment",
        detail=f"parts {sorted(parts)} of {some.frag_cnt}",
        payload=b"\n".join(parts[n].raw for n in sorted(parts)),
    )
