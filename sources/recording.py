"""Recordings: what a source sent, with the time it came, and their way into the store.

Forms as ``docs/contracts.md`` section 5 has them: ``.nmea`` text, ``.ndjson`` and ``.ndjson.gz`` of payloads with
their arrival, and raw payload files.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, TypeAdapter, ValidationError

from geodata.catalogue import one_line
from geodata.city import SourceBinding
from geodata.errors import ConfigInvalid, VongLauError
from geodata.records import Record, Rejected
from geodata.store.types import Batch, Written
from geodata.store.writer import Writer
from sources._binding import replay_options
from sources._values import instant, loads
from sources.base import Options, Source, protocol

ROWS = 10_000
CHUNK_B = 8 << 20
MAX_LINE_B = 64 << 20


class RecordingUnreadable(VongLauError):
    """{path} cannot be read: {reason}"""


class SumsOpen(VongLauError):
    """the sums of {source} do not close: {received} received, {accounted} accounted for"""


class FeedWord(BaseModel):
    """That a feed came up or went down, and why, at ``t`` (aware)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    t: AwareDatetime
    up: bool
    error: str | None = None


class Recording(BaseModel):
    """One source's files, as ``recordings.json`` lists them; file names are relative to it.

    ``states``: how its feed was meanwhile, in order; none: not known, and nothing is told of its silence.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: SourceBinding
    files: tuple[str, ...]
    states: tuple[FeedWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Payload:
    """One payload as it was sent and the time it came (aware UTC)."""

    body: bytes
    arrival: datetime


def recordings(folder: Path) -> tuple[Recording, ...]:
    """The recordings of a folder. Raises ConfigInvalid."""
    path = folder / "recordings.json"
    try:
        return TypeAdapter(tuple[Recording, ...]).validate_json(path.read_bytes())
    except ValidationError as error:
        raise ConfigInvalid(path=path, reason=one_line(error)) from error
    except OSError as error:
        raise ConfigInvalid(path=path, reason=error.strerror or str(error)) from error


def payloads(path: Path) -> Iterator[Payload | Rejected]:
    """The payloads of one file in order; a line of a recording that is none is Rejected.

    Of a raw file and of sentences without a TAG block the file's own time is the arrival, so that a second replay
    finds the same rows. Raises RecordingUnreadable.
    """
    try:
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if path.name.endswith((".ndjson", ".ndjson.gz")):
            with path.open("rb") as file, gzip.GzipFile(fileobj=file) if path.suffix == ".gz" else file as text:
                yield from _lines(text)
        elif path.suffix == ".nmea":
            with path.open("rb") as file:
                yield from (Payload(chunk, written) for chunk in _sentences(file))
        else:
            yield Payload(path.read_bytes(), written)
    except (OSError, EOFError) as error:
        raise RecordingUnreadable(path=path, reason=getattr(error, "strerror", None) or str(error)) from error


def _lines(file: io.BufferedIOBase) -> Iterator[Payload | Rejected]:
    while line := file.readline(MAX_LINE_B):
        if line.strip():
            yield _payload(line)


def _payload(line: bytes) -> Payload | Rejected:
    try:
        entry = loads(line)
        if not isinstance(entry, Mapping):
            raise ValueError("not an object")  # noqa: TRY004, TRY301 (what is wrong is the line)
        coded = entry.get("body_b64")
        body = base64.b64decode(str(coded), validate=True) if coded is not None else str(entry["body"]).encode()
        return Payload(body, instant(entry["t"]))
    except (ValueError, KeyError) as error:
        return Rejected(reason="recording", detail=str(error)[:200], payload=line[:65536])


def _sentences(file: io.BufferedReader) -> Iterator[bytes]:
    """Chunks that end with a line, and not between the parts of one message."""
    while chunk := file.read(CHUNK_B):
        last = chunk.rpartition(b"\n")[2]
        while last and (more := file.readline(CHUNK_B)):
            chunk += more
            last = more if _is_part(more) else b""
        yield chunk


def _is_part(line: bytes) -> bool:
    """Whether a sentence is one of several and not the last of them."""
    fields = line.rpartition(b"\\")[2].split(b",", 3)
    return len(fields) == 4 and fields[1].isdigit() and fields[2].isdigit() and int(fields[2]) < int(fields[1])


def rows(source: Source[Options], options: Options, files: Iterable[Path]) -> Iterator[Record | Rejected]:
    """Everything the files hold, parsed in order."""
    for path in files:
        for payload in payloads(path):
            if isinstance(payload, Rejected):
                yield payload
            else:
                yield from source.parse(payload.body, options, payload.arrival)


async def replay(writer: Writer, binding: SourceBinding, files: Sequence[Path]) -> Written:
    """Parses and stores the files of one registered source, ``ROWS`` at a time. Raises SumsOpen.

    The next rows are parsed in a thread while PostgreSQL stores the ones before.
    """
    source = protocol(binding.protocol)
    parsed = rows(source, replay_options(source, binding.options, binding.service), files)
    total = Written()
    writing: asyncio.Task[Written] | None = None
    try:
        while True:
            some = await asyncio.to_thread(lambda: list(islice(parsed, ROWS)))
            if writing is not None:
                total += await writing
                writing = None
            if not some:
                break
            writing = asyncio.create_task(writer.write(binding.id, batch(some)))
    finally:
        if writing is not None:
            writing.cancel()
    if not total.closes:
        accounted = total.stored + total.duplicate + sum(total.rejected.values())
        raise SumsOpen(source=binding.id, received=total.received, accounted=accounted)
    return total


def batch(some: Sequence[Record | Rejected]) -> Batch:
    """Rows as one batch without a cursor."""
    return Batch(
        [row for row in some if not isinstance(row, Rejected)],
        rejected=[row for row in some if isinstance(row, Rejected)],
    )
