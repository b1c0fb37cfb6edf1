"""GDELT DOC 2.0, mode artlist: headlines of the world's press that match a query, placed by their words.

GDELT answers one question every five seconds from one address, else 429; lists hold 250 articles and are renewed every
15 minutes. A recording's body is one reply as sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import datetime
from http import HTTPStatus
from time import monotonic

import httpx
from pydantic import Field

from geodata.records import Event, Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._conditional import digest
from sources._gdelt_article import articles, read
from sources._values import dumped
from sources.base import Context, Garbled, Options, Source, Unreachable
from sources.http import endpoint, fetch

PROTOCOL = "GDELT DOC 2.0"
MAX_SEEN = 2000


class GdeltOptions(Options):
    """``queries`` are GDELT's own (``"Huế" sourcelang:vietnamese``, ``sourcecountry:VM``), asked one after another.

    ``apart_s`` is GDELT's limit; ``provinces`` and ``topics`` are those of the protocol rss.
    """

    url: str = "https://api.gdeltproject.org/api/v2/doc/doc"
    queries: tuple[str, ...] = ('"Huế"',)
    timespan: str = Field(default="24h", pattern=r"^\d{1,4}(min|h|d|w|m)$")
    max_records: int = Field(default=250, ge=1, le=250)
    apart_s: float = Field(default=5.5, ge=0)
    tries: int = Field(default=3, ge=1, le=10)
    provinces: tuple[str, ...] = ()
    topics: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    poll_s: float = Field(default=900, gt=0)


def parse(payload: bytes, options: GdeltOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The articles of one reply. What is no list is one Rejected."""
    try:
        found = articles(payload)
    except (ValueError, RecursionError) as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    for article in found:
        try:
            yield read(article, options, arrival)
        except ValueError as error:
            yield Rejected(reason="malformed", detail=str(error)[:200], payload=_kept(article), received_at=arrival)


def _kept(article: object) -> bytes:
    """An article in the form of a reply."""
    try:
        return dumped({"articles": [article]}).encode()[:65536]
    except ValueError:
        return repr(article).encode("utf-8", "backslashreplace")[:65536]


async def batches(options: GdeltOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: a batch for each query that has articles we have not had. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    known = (cursor or {}).get("seen")
    seen: dict[str, None] = dict.fromkeys(known if isinstance(known, list) else [])
    for query in options.queries:
        reply = await _asked(options, context, query)
        rows = await asyncio.to_thread(_rows, reply.content, options, context.clock())
        if rows and all(isinstance(row, Rejected) for row in rows):
            first = rows[0]
            assert isinstance(first, Rejected)
            raise Garbled(endpoint=endpoint(options.url), protocol=PROTOCOL, reason=first.detail)
        fresh = [row for row in rows if isinstance(row, Rejected) or digest(_id(row)) not in seen]
        seen.update(dict.fromkeys(digest(_id(row)) for row in fresh if not isinstance(row, Rejected)))
        records = [row for row in fresh if not isinstance(row, Rejected)]
        rejected = [row for row in fresh if isinstance(row, Rejected)]
        yield Batch(records, {"seen": list(seen)[-MAX_SEEN:]}, rejected)


def _rows(body: bytes, options: GdeltOptions, arrival: datetime) -> list[Record | Rejected]:
    return list(parse(body, options, arrival))


def _id(row: Record) -> bytes:
    return row.id.encode() if isinstance(row, Event) else b""


async def _asked(options: GdeltOptions, context: Context, query: str) -> httpx.Response:
    """One reply, ``apart_s`` after the last. Raises SourceError; Unreachable when it says "too many" every time."""
    params = {"query": query, "mode": "artlist", "format": "json", "sort": "datedesc"}
    params |= {"timespan": options.timespan, "maxrecords": str(options.max_records)}
    for tried in range(options.tries):
        wait = context.memory.get("asked", -options.apart_s) + options.apart_s * (1 + tried) - monotonic()
        await asyncio.sleep(max(wait, 0.0))
        try:
            reply = await fetch(
                context.http,
                options.url,
                protocol=PROTOCOL,
                params=params,
                allowed=frozenset({HTTPStatus.TOO_MANY_REQUESTS}),
            )
        finally:  # the limit counts arrivals: one that was long on its way must not come close to the next
            context.memory["asked"] = monotonic()
        if reply.status_code != HTTPStatus.TOO_MANY_REQUESTS:
            return reply
    raise Unreachable(endpoint=endpoint(options.url), reason="429 Too Many Requests: one question every five seconds")


SOURCE = Source(
    protocol="gdelt",
    title="GDELT DOC 2.0",
    kinds=frozenset({Event}),
    options=GdeltOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json",),
    libraries=("httpx",),
    limits="headlines only; 250 articles a question, one question every five seconds",
)
