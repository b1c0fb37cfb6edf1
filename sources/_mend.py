"""Kept payloads read again, once the adapter, its options or the catalogue were mended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

from geodata.city import SourceBinding
from geodata.records import Record, Rejected
from geodata.store.kept import from_json
from geodata.store.reader import Reader
from geodata.store.types import Batch, Written
from geodata.store.writer import Writer
from sources._binding import replay_options
from sources.base import Options, Source, protocol

PAGE = 500
QUERIES = ("rejected_payloads", "rejected_private")


async def mend(
    writer: Writer, reader: Reader, binding: SourceBinding, reason: str | None = None, *, private: bool = False
) -> tuple[Written, int]:
    """Parses what was kept of a source and stores what can be read now, with its first arrival.

    The sums of what was stored, and how many payloads are still refused. A payload counts as mended when nothing of it
    is refused any more; its first rejection stays in the ledger. ``private``: the reader has the role identity, so that
    payloads of services with personal data are read too.
    """
    source = protocol(binding.protocol)
    options = replay_options(source, binding.options, binding.service)
    total, refused = Written(), 0
    for query in QUERIES if private else QUERIES[:1]:
        async with aclosing(_pages(reader, query, binding.id, reason)) as flow:
            async for rows in flow:
                good: list[int] = []
                for row in rows:
                    found = read(source, options, bytes(row["payload"]), row["received_at"])
                    written = None if found is None else await writer.write(binding.id, Batch(found))
                    if written is None or written.rejected:  # what the store refuses again it keeps by itself
                        refused += 1
                    else:
                        good.append(int(row["id"]))
                    total += written or Written()
                await writer.mend(binding.id, good)
    return total, refused


def read(source: Source[Options], options: Options, payload: bytes, arrival: datetime) -> list[Record] | None:
    """The records of a kept payload; None while any part of it is refused. A record that the store had refused is kept
    as our own JSON.
    """
    try:
        return [from_json(payload, arrival)]
    except ValueError:
        pass
    rows = list(source.parse(payload, options, arrival))
    if not rows or any(isinstance(row, Rejected) and row.payload is not None for row in rows):
        return None
    return [row for row in rows if not isinstance(row, Rejected)]


async def _pages(
    reader: Reader, query: str, source: str, reason: str | None
) -> AsyncGenerator[Sequence[Mapping[Any, Any]], None]:
    after = 0
    while True:
        wanted = {"source": source, "reason": reason, "after": after, "limit": PAGE}
        frame = await asyncio.to_thread(reader.query, query, **wanted)
        rows = [*frame.to_dict("records")]
        if not rows:
            return
        yield rows
        after = rows[-1]["id"]
