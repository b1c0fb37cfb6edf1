"""RSS 0.9x, 1.0 and 2.0 and Atom (RFC 4287): articles of outlets as Events, placed by their words.

A recording's body is one feed as sent. An entry without a date is dated by its arrival, and keeps the first one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from geodata.records import Event, Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._conditional import bearer, get
from sources._rss_feed import Entry, FeedBody
from sources._rss_feed import read as feed_of
from sources._rss_item import MAX_ID, Channel, identity, link_of, mark, read
from sources._rss_text import canonical, plain
from sources._values import instant
from sources.base import Context, Garbled, Options, Source
from sources.http import endpoint

PROTOCOL = "RSS or Atom"
MAX_SEEN = 2000


class RssOptions(Options):
    """``url`` is one feed. ``provinces`` are codes of today's provinces that the outlet writes about: they settle names
    that several have. ``topics`` maps a category of the service to words that tell it, before our own lists;
    ``category`` is that of all entries when set.
    """

    url: str
    outlet: str | None = None  # else the feed's title
    issuer: str = Field(default="rss", pattern=r"^[a-z0-9_.-]+$")
    language: str = Field(default="vi", pattern=r"^[a-z]{2,3}$")
    timezone: str = "Asia/Ho_Chi_Minh"  # of dates without a zone
    provinces: tuple[str, ...] = ()
    topics: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    category: str | None = None
    token_env: str | None = None  # bearer token
    poll_s: float = Field(default=300, gt=0)


def parse(payload: bytes, options: RssOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The entries of one feed; what is no feed is one Rejected, a feed that breaks off gives what it has and one."""
    try:
        found = feed_of(payload)
    except (ValueError, RecursionError) as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    yield from _fault(found, payload, arrival)
    channel = _channel(found, options.url)
    for entry in found.entries:
        yield from read(entry, channel, options, arrival)


def _fault(found: FeedBody, payload: bytes, arrival: datetime) -> Iterator[Rejected]:
    if found.fault:
        yield Rejected(reason="not_well_formed", detail=found.fault, payload=payload[:65536], received_at=arrival)


def _channel(found: FeedBody, url: str) -> Channel:
    links: dict[str, set[str | None]] = {}
    for entry in found.entries:
        if guid := plain(entry.get("id"), MAX_ID):
            links.setdefault(guid, set()).add(canonical(entry.get("link")))
    twice = frozenset(guid for guid, known in links.items() if len(known) > 1)
    return Channel(plain(found.title, 200), canonical(found.link) or url, twice)


async def batches(options: RssOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: the entries that are new or changed. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    known: Mapping[str, Any] = cursor or {}
    headers = {"Accept": "application/rss+xml, application/atom+xml, application/xml;q=0.9, */*;q=0.5"}
    headers |= bearer(context, options.token_env)
    document = await get(context, options.url, PROTOCOL, known.get("feed") or {}, headers)
    if document is None:
        return
    now = context.clock()
    try:
        found = await asyncio.to_thread(feed_of, document.body)
    except (ValueError, RecursionError) as error:
        raise Garbled(endpoint=endpoint(options.url), protocol=PROTOCOL, reason=str(error)[:200]) from error
    rows, seen = await asyncio.to_thread(_changed, found, options, known.get("seen") or {}, now)
    rows = [*_fault(found, document.body, now), *rows]
    rejected = [row for row in rows if isinstance(row, Rejected)]
    records = [row for row in rows if not isinstance(row, Rejected)]
    yield Batch(records, {"feed": document.marks, "seen": seen}, rejected)


def _changed(
    found: FeedBody, options: RssOptions, seen: Mapping[str, Sequence[str]], now: datetime
) -> tuple[list[Record | Rejected], dict[str, list[str]]]:
    """Rows of what is not as it was, and for each entry what it said and when it first came."""
    channel = _channel(found, options.url)
    rows: list[Record | Rejected] = []
    left: dict[str, list[str]] = {}
    for entry in found.entries:
        name, said = _name(entry, channel), mark(entry)
        before = seen.get(name)
        first = before[1] if before else now.isoformat(timespec="seconds")
        if len(left) < MAX_SEEN:
            left[name] = [said, first]
        if before is None or before[0] != said:
            rows += _dated(read(entry, channel, options, now), _instant(first, now), now)
    return rows, left


def _name(entry: Entry, channel: Channel) -> str:
    return identity(entry, channel, link_of(entry, channel)) or mark(entry)


def _instant(text: str, now: datetime) -> datetime:
    try:
        return min(instant(text), now)
    except ValueError:
        return now


def _dated(rows: Iterator[Record | Rejected], first: datetime, now: datetime) -> Iterator[Record | Rejected]:
    """An entry without a date keeps the one of its first arrival when its text changes."""
    for row in rows:
        if (
            isinstance(row, Event)
            and row.properties.get("date_fault")
            and row.time == now
            and first < now - timedelta(0)
        ):
            fields = {name: getattr(row, name) for name in Event.__dataclass_fields__}
            yield Event(**{**fields, "time": first})
        else:
            yield row


SOURCE = Source(
    protocol="rss",
    title="RSS and Atom",
    kinds=frozenset({Event}),
    options=RssOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".rss", ".xml", ".atom"),
    libraries=("feedparser", "shapely"),
    limits="headlines and summaries, not the articles; places to wards of the shipped provinces, else to provinces",
)
