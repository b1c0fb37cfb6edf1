"""Open311 GeoReport v2 (wiki.open311.org, frozen) with its ``extensions``, paging, and FixMyStreet's updates.

GeoReport v2 cannot be asked what changed. So recent windows are read again at every poll, the whole history now and
then, and only requests whose content changed are handed on. Replies hold 90 days or 1,000 requests at most: a full
reply is asked again in halves.

A recording's body is one reply of ``requests`` as sent, XML or JSON.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from geodata.records import Record, Rejected, RequestStatus, ServiceRequest
from geodata.store.types import Batch, Cursor
from sources._open311_body import Fields, decode, entries, listed
from sources._open311_client import Client, find
from sources._open311_request import folded, read, redacted, state
from sources._values import dumped, instant, text
from sources.base import Context, Options, Source

MAX_SEEN = 200_000
RECHECK = timedelta(hours=1)  # of discovery and services


class Open311Options(Options):
    """``url`` is a discovery file (``…/discovery.json`` or ``.xml``) or the endpoint itself (``…/open311/v2``).

    ``overlap_days`` are read at every poll, ``history_days`` at first and every ``sweep_h``.
    """

    url: str
    format: Literal["json", "xml"] | None = None  # None: JSON where the server offers it
    endpoint_type: Literal["production", "test"] = "production"
    jurisdiction_id: str | None = None
    api_key_env: str | None = None  # reading needs none; FixMyStreet's updates do
    issuer: str = Field(default="open311", pattern=r"^[a-z0-9_.-]+$")
    timezone: str = "Asia/Ho_Chi_Minh"  # of times sent without a zone
    extensions: bool = True
    page_size: int | None = Field(default=None, ge=1, le=1000)
    max_requests: int = Field(default=1000, ge=2)  # a reply of so many may be cut
    window_days: float = Field(default=90, gt=0, le=90)
    history_days: float = Field(default=90, gt=0)
    overlap_days: float = Field(default=7, gt=0)
    sweep_h: float = Field(default=1, gt=0)
    poll_s: float = Field(default=60, gt=0)
    updates: Literal["none", "fixmystreet"] = "none"
    statuses: Mapping[str, RequestStatus] = Field(default_factory=dict)  # the source's own state words


def parse(payload: bytes, options: Open311Options, arrival: datetime) -> Iterator[Record | Rejected]:
    """The requests of one reply. A body that is none is one Rejected; a list of services is not for us."""
    try:
        items = entries(decode(payload))
    except (ValueError, RecursionError) as error:
        kept = redacted(payload[:65536])
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=kept, received_at=arrival)
        return
    for item in items:
        if isinstance(item, Mapping) and "service_code" in item and "metadata" in item:
            yield Rejected(reason="unused_payload", detail="a service", received_at=arrival)
        else:
            yield from read(item, options, arrival)


async def batches(options: Open311Options, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: a batch for each window, oldest first. The cursor is the end of the last window read."""
    poll = await _Poll.start(options.model_copy(update={"service": context.service or options.service}), context)
    now = context.clock()
    start, sweep = _since(options, cursor, now)
    swept = now.isoformat() if sweep else (cursor or {}).get("swept")
    while start < now:
        end = min(start + timedelta(days=options.window_days), now)
        rows = list(poll.changed(await poll.client.window(start, end)))
        done = {"until": end.isoformat(), **({"swept": swept} if end >= now else {})}
        yield _batch(rows, done)
        start = end
    if options.updates == "fixmystreet":
        since = _time(cursor, "until") or now - timedelta(days=1)
        yield _batch([row async for row in poll.updates(since - timedelta(hours=2), now)], None)


def _batch(rows: list[Record | Rejected], cursor: Cursor | None) -> Batch:
    rejected = [row for row in rows if isinstance(row, Rejected)]
    return Batch([row for row in rows if not isinstance(row, Rejected)], cursor, rejected)


def _since(options: Open311Options, cursor: Cursor | None, now: datetime) -> tuple[datetime, bool]:
    """Where to begin, and whether this poll reads the whole history."""
    first = now - timedelta(days=options.history_days)
    until, swept = _time(cursor, "until"), _time(cursor, "swept")
    if until is None or swept is None or not timedelta() <= now - swept < timedelta(hours=options.sweep_h):
        unfinished = until is not None and swept is None and until < now
        return (max(first, until) if unfinished and until else first), True
    return max(first, min(until, now) - timedelta(days=options.overlap_days)), False


def _time(cursor: Cursor | None, key: str) -> datetime | None:
    value = (cursor or {}).get(key)
    return instant(value) if isinstance(value, str) else None


@dataclass(slots=True)
class _Poll:
    """One poll with what the polls before it left: digests of what was handed on, the services' names."""

    options: Open311Options
    client: Client
    memory: dict[str, Any]

    @classmethod
    async def start(cls, options: Open311Options, context: Context) -> _Poll:
        """With the endpoint and its services, asked again every hour. Raises SourceError."""
        memory = context.memory
        key = context.secret(options.api_key_env) if options.api_key_env else None
        checked = memory.get("checked")
        now = context.clock()
        if checked is None or abs(now - checked) > RECHECK:
            server = await find(context.http, options)
            if memory.get("endpoint") != server:
                memory["services"] = await Client(context.http, options, server, key).services()
            memory.update(endpoint=server, checked=now)
        memory.setdefault("seen", {})
        return cls(options, Client(context.http, options, memory["endpoint"], key), memory)

    def changed(self, items: list[Any]) -> Iterator[Record | Rejected]:
        """Records of the requests that are new or not as they were."""
        for item in items:
            if self._is_new(item):
                yield from read(self._named(item), self.options, None)

    def _is_new(self, item: Any) -> bool:
        try:
            digest = blake2b(dumped(item).encode(), digest_size=8).digest()
        except ValueError:
            return True
        number = text(item.get("service_request_id")) if isinstance(item, Mapping) else None
        seen: dict[Any, bytes] = self.memory["seen"]
        if seen.get(number or digest) == digest:
            return False
        seen[number or digest] = digest
        if len(seen) > MAX_SEEN:
            del seen[next(iter(seen))]
        return True

    def _named(self, item: Any) -> Any:
        """The request with the service's name and the labels of its attributes filled in."""
        known = self.memory["services"].get(text(item.get("service_code"))) if isinstance(item, Mapping) else None
        if not known:
            return item
        labels = known.get("labels", {})
        filled = {**item, "service_name": item.get("service_name") or known.get("service_name")}
        if attributes := listed(item.get("attributes"), "attribute"):
            filled["attributes"] = [
                {"label": labels[entry["code"]], **entry}
                if isinstance(entry, Mapping) and text(entry.get("code")) in labels
                else entry
                for entry in attributes
            ]
        return filled

    async def updates(self, start: datetime, end: datetime) -> AsyncGenerator[Record | Rejected, None]:
        """Each new status update as the state of its request, in the order of time."""
        zone = ZoneInfo(self.options.timezone)
        fresh: list[tuple[datetime, Fields]] = []
        for entry in await self.client.updates(start, end):
            try:
                when = instant(entry.get("updated_datetime"), zone)
            except ValueError as error:
                yield Rejected(reason="bad_time", detail=str(error), payload=dumped(entry).encode())
                continue
            if start <= when <= end and self._is_new(
                {**entry, "service_request_id": f"update {entry.get('update_id')}"}
            ):
                fresh.append((when, entry))
        numbers = sorted({number for _, entry in fresh if (number := text(entry.get("service_request_id")))})
        cases = {
            row.id: row
            for item in await self.client.by_id(numbers)
            for row in read(self._named(item), self.options, None)
            if isinstance(row, ServiceRequest)
        }
        for when, entry in sorted(fresh, key=lambda pair: pair[0]):
            case = cases.get(f"{self.options.issuer}:{text(entry.get('service_request_id'))}")
            if case is None:
                yield Rejected(reason="update_without_request", payload=dumped(entry).encode())
            else:
                cases[case.id] = updated(case, when, entry, self.options)
                yield cases[case.id]


def updated(case: ServiceRequest, when: datetime, update: Fields, options: Open311Options) -> ServiceRequest:
    """The case as one status update leaves it; the word ``unchanged`` keeps the state."""
    words = [word for key in ("external_status_code", "status") if (word := text(update.get(key)))]
    if not words or folded(words[-1]) == "unchanged":
        status, word = case.status, case.source_status
    else:
        status, word = state(words, options.statuses)
    media = [link for entry in listed(update.get("media_url"), "media_url") if (link := text(entry))]
    return replace(
        case,
        status=status,
        source_status=word,
        updated_datetime=when.astimezone(UTC),
        status_notes=text(update.get("description")) or case.status_notes,
        closed_datetime=None if status.is_open else case.closed_datetime or when,
        media_url=media[0] if media else case.media_url,
    )


SOURCE = Source(
    protocol="open311",
    title="Open311 GeoReport v2",
    kinds=frozenset({ServiceRequest}),
    options=Open311Options,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json", ".xml"),
    libraries=(
        "httpx",
        "defusedxml",
    ),
    limits="1,000 requests or 90 days a question, then halves",
)
