r"""AIS over NMEA 0183 (ITU-R M.1371, IEC 61162-1): TCP client, UDP listener, file.

Types 1, 2, 3, 18, 19 and 27 give Positions, 5, 19 and 24 give Things (``mmsi:574123456``). A message carries no
date: a fix is timed by the TAG block's ``c``, else by its arrival. Other types are counted as ``unused_type``.

A recording is a text of sentences, one a line: ``\s:rHUE01,c:1795222800*17\!AIVDM,1,1,,A,…,0*5E``.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, Self

from pyais.exceptions import AISBaseException
from pyais.messages import AISSentence, NMEASentenceFactory
from pydantic import Field, model_validator

from geodata.records import Position, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._ais_records import records
from sources._ais_wire import Chunk, open_wire
from sources._nmea import MAX_LINE_B, BadTag, Groups, Joiner, Lines, Tag, parse_tag, split_tags
from sources.base import Context, Options, Source

MAX_ROWS = 10_000
"""Of one batch; it is also closed by time."""


class AISOptions(Options):
    """Where the sentences come from.

    ``tcp`` connects to host and port. ``udp`` binds them; a multicast host (239.192.0.2 of IEC 61162-450) is joined.
    ``file`` reads ``path`` from where it stopped and, with ``follow``, waits for more.
    """

    transport: Literal["tcp", "udp", "file"] = "tcp"
    host: str = "127.0.0.1"
    port: int = Field(default=10110, ge=0, le=65535)
    path: Path | None = None
    follow: bool = True
    batch_s: float = Field(default=0.4, gt=0, le=1)  # wire to database stays under a second
    connect_s: float = Field(default=10, gt=0)
    silence_s: float = Field(default=120, gt=0)  # a TCP connection without a byte for so long is dead

    @model_validator(mode="after")
    def _file_has_path(self) -> Self:
        if (self.transport == "file") != (self.path is not None):
            raise ValueError("path is needed with transport file, and only there")
        return self


class Decoder:
    """Lines in, records out. Holds the parts of unfinished messages, bounded in number and age."""

    def __init__(self, service: str, *, recorded: bool) -> None:
        self._service = service
        self._recorded = recorded  # a recording's rows carry their arrival, a live feed's do not
        self._tags: list[Tag] = []
        self._groups = Groups()
        self._joiner = Joiner()

    def feed(self, line: bytes, arrival: datetime, tick: float, origin: str = "") -> list[Position | Thing | Rejected]:
        """What one line gives. ``tick`` is a clock in seconds for time-outs, ``origin`` tells senders apart."""
        try:
            return self._feed(line, arrival, tick, origin)
        except BadTag as error:
            return [self._rejected("tag", str(error), line, arrival)]
        except (AISBaseException, ValueError, TypeError, KeyError, IndexError, OverflowError, OSError) as error:
            # pyais raises the bare ones on payloads that its own checks let through
            return [self._rejected("malformed", f"{type(error).__name__}: {str(error)[:120]}", line, arrival)]

    def _feed(self, line: bytes, arrival: datetime, tick: float, origin: str) -> list[Position | Thing | Rejected]:
        if line[:1] == b"!":
            sentence, tag = line, None
        else:
            blocks, sentence = split_tags(line)
            self._tags += [parse_tag(block) for block in blocks]
            if not sentence:
                return []
            tag = self._tag(origin, tick)
        if tag is None and self._tags:
            tag = self._tag(origin, tick)
        if tag is not None and tag.time is not None:
            arrival = datetime.fromtimestamp(tag.time, UTC)
            if self._recorded:
                tick = tag.time
        if sentence[3:6] not in {b"VDM", b"VDO"} or sentence[:1] != b"!":
            return [self._foreign(sentence, line, arrival)]
        part = NMEASentenceFactory.produce(sentence)
        assert isinstance(part, AISSentence)
        if not part.is_valid:
            return [self._rejected("checksum", "", line, arrival)]
        return self._message(part, f"{origin} {tag.source if tag else ''}", arrival, tick)

    def _tag(self, origin: str, tick: float) -> Tag | None:
        """The TAG blocks before a sentence as one, completed from its group."""
        tags, self._tags = self._tags, []
        if not tags:
            return None
        merged = tags[0]
        for tag in tags[1:]:
            merged = Tag(merged.time if tag.time is None else tag.time, tag.source or merged.source, tag.group)
        return self._groups.complete(merged, origin, tick)

    def _message(
        self, part: AISSentence, source: str, arrival: datetime, tick: float
    ) -> list[Position | Thing | Rejected]:
        found: list[Position | Thing | Rejected] = []
        whole: AISSentence | None = part
        if part.frag_cnt > 1:
            whole, given_up = self._joiner.add(part, source, tick)
            if given_up:
                found.append(given_up)
        if whole is not None:
            received_at = arrival if self._recorded else None
            try:
                found += records(whole.decode(), len(whole.bv), arrival, self._service, received_at)
            except (AISBaseException, ValueError, TypeError, KeyError, IndexError) as error:
                found.append(self._rejected("malformed", str(error)[:120], whole.raw, arrival))
        return found

    def _foreign(self, sentence: bytes, line: bytes, arrival: datetime) -> Rejected:
        """Other NMEA sentences are fine but not for us; anything else is noise."""
        if sentence[:1] in {b"$", b"!"} and sentence[1:6].isalnum() and sentence[6:7] == b",":
            return Rejected(reason="unused_sentence", received_at=arrival if self._recorded else None)
        return self._rejected("not_nmea", "", line, arrival)

    def _rejected(self, reason: str, detail: str, payload: bytes, arrival: datetime) -> Rejected:
        self._tags.clear()
        return Rejected(
            reason=reason,
            detail=detail,
            payload=payload[:MAX_LINE_B],
            received_at=arrival if self._recorded else None,
        )

    def expired(self, tick: float) -> Iterator[Rejected]:
        """Messages whose other parts did not come in time."""
        yield from self._joiner.expired(tick)

    def end(self) -> Iterator[Rejected]:
        """Messages still unfinished when the stream ends."""
        yield from self._joiner.end()


def parse(payload: bytes, options: AISOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """A text of sentences, one a line. Rows carry ``c``, else ``arrival``, as their time and arrival."""
    decoder = Decoder(options.service, recorded=True)
    lines = Lines()
    tick = arrival.timestamp()
    for start in range(0, len(payload), 1 << 20):
        for line in lines.feed(payload[start : start + (1 << 20)]):
            if isinstance(line, Rejected):
                yield line
            else:
                yield from decoder.feed(line, arrival, tick)
    for line in lines.end():
        yield from decoder.feed(line, arrival, tick)
    yield from decoder.end()


async def batches(options: AISOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """Rows as they come, at most ``batch_s`` old. Raises Unreachable when the connection is lost or silent."""
    decoder = Decoder(context.service or options.service, recorded=False)
    gathered = _Gathered(options.batch_s)
    async with aclosing(open_wire(options, cursor)) as flow:
        async for chunk in flow:
            tick = time.monotonic()
            if chunk is not None:
                gathered.take(decode(chunk, decoder, context.clock(), tick), tick, chunk.cursor)
            gathered.take(decoder.expired(tick), tick, None)
            if gathered.due(tick):
                yield gathered.batch()
    gathered.take(decoder.end(), time.monotonic(), None)
    if gathered.rows:
        yield gathered.batch()


def decode(chunk: Chunk, decoder: Decoder, arrival: datetime, tick: float) -> Iterator[Record | Rejected]:
    """The records of one chunk of lines."""
    for line in chunk.lines:
        if isinstance(line, Rejected):
            yield line
        else:
            yield from decoder.feed(line, arrival, tick, chunk.origin)


class _Gathered:
    """Rows on their way into a batch."""

    def __init__(self, batch_s: float) -> None:
        self._batch_s = batch_s
        self._since = 0.0
        self._cursor: Cursor | None = None
        self.rows: list[Record | Rejected] = []

    def take(self, rows: Iterator[Record | Rejected], tick: float, cursor: Cursor | None) -> None:
        if not self.rows:
            self._since = tick
        self.rows += rows
        self._cursor = cursor or self._cursor

    def due(self, tick: float) -> bool:
        return bool(self.rows) and (len(self.rows) >= MAX_ROWS or tick - self._since >= self._batch_s)

    def batch(self) -> Batch:
        rows, cursor = self.rows, self._cursor
        self.rows, self._cursor = [], None
        rejected = [row for row in rows if isinstance(row, Rejected)]
        return Batch([row for row in rows if not isinstance(row, Rejected)], cursor, rejected)


def _poll_s(options: AISOptions) -> float | None:
    return 5.0 if options.transport == "file" and not options.follow else None


SOURCE = Source(
    protocol="ais",
    title="AIS, NMEA 0183",
    kinds=frozenset({Position, Thing}),
    options=AISOptions,
    batches=batches,
    parse=parse,
    poll_s=_poll_s,
    suffixes=(".nmea", ".ais", ".txt"),
    libraries=("pyais",),
    limits="types 1 2 3 5 18 19 24 27; a line of 1,024 bytes",
)
