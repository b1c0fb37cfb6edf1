"""Gatus: ``/api/v1/endpoints/statuses``, results as Observations and outages as Events.

The server pages the results of each endpoint, newest page first; pages are read until they reach the last result that
was read before. Source: Gatus' source of 2026-08.

A recording's body is one answer as sent.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from geodata.records import JSON, Event, Observation, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._sites import Row, SiteOptions, credentials, garbled, kept, masked, news, once, split, thing, unused
from sources._values import dumped, instant, loads, number, text
from sources.base import Context, Garbled, Source
from sources.http import endpoint, fetch

PROTOCOL = "Gatus"


class GatusOptions(SiteOptions):
    """``url`` is the root of the server; ``sites`` are named by the endpoints' keys (group_name)."""

    url: str
    issuer: str = Field(default="gatus", pattern=r"^[a-z0-9_.-]+$")
    token_env: str | None = None
    username: str = ""
    password_env: str | None = None
    page_size: int = Field(default=50, ge=1, le=1000)
    max_pages: int = Field(default=20, ge=1, le=100)
    poll_s: float = Field(default=60, gt=0)


def parse(payload: bytes, options: GatusOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The endpoints of one answer. Never raises."""
    try:
        entries = _entries(payload)
    except ValueError as error:
        yield garbled(payload, error, arrival)
        return
    for entry in entries:
        yield from _endpoint(entry, options, arrival)


def _entries(payload: bytes) -> list[Any]:
    body = loads(payload)
    if not isinstance(body, list):
        raise ValueError("not a list of endpoints")  # noqa: TRY004 (what is wrong is the payload)
    return body


def _endpoint(entry: Any, options: GatusOptions, received: datetime | None) -> Iterator[Row]:
    """The Thing, a row or two for each result, the outages."""
    try:
        if not isinstance(entry, Mapping):
            raise ValueError("not an endpoint")  # noqa: TRY004, TRY301 (what is wrong is the payload)
        dumped([entry.get(name) for name in ("name", "group", "key")])
        group = text(entry.get("group"))
        about = thing(
            text(entry.get("key")),
            options,
            received,
            name=text(entry.get("name")),
            properties={"group": masked(group) if group else None},
        )
        if about is None:
            raise ValueError("an endpoint without key")  # noqa: TRY301 (as above)
    except (ValueError, RecursionError) as error:
        yield garbled(kept([entry]), error, received, "malformed")
        return
    yield about
    head = {name: entry.get(name) for name in ("name", "group", "key")}
    for result in _list(entry, "results"):
        try:
            yield from _result(about, result, received)
        except (ValueError, OverflowError) as error:
            yield garbled(kept([{**head, "results": [result]}]), error, received, "malformed")
    yield from _outages(about, _list(entry, "events"), head, received)


def _list(entry: Mapping[str, Any], name: str) -> list[Any]:
    found = entry.get(name)
    return found if isinstance(found, list) else []


def _result(about: Thing, result: Any, received: datetime | None) -> Iterator[Observation]:
    if not isinstance(result, Mapping) or not isinstance(result.get("success"), bool):
        raise ValueError("not a result")  # noqa: TRY004 (what is wrong is the payload)
    when = instant(result.get("timestamp"))
    found: list[tuple[str, float | str, str | None]] = [("up", "up" if result["success"] else "down", None)]
    if (nanoseconds := result.get("duration")) is not None and number(nanoseconds) > 0 and result.get("status"):
        found.append(("response_time", number(nanoseconds) / 1e6, "ms"))
    if status := result.get("status"):  # absent when there was no HTTP answer
        found.append(("http_status", f"{number(status):.0f}", None))
    for name, value, unit in found:
        yield Observation(
            thing_id=about.id,
            observed_property=name,
            phenomenon_time=when,
            result=value,
            unit=unit,
            received_at=received,
        )


def _outages(
    about: Thing, events: list[Any], head: Mapping[str, Any], received: datetime | None
) -> Iterator[Event | Rejected]:
    """From UNHEALTHY to the HEALTHY after it; of an outage that still lasts only the beginning."""
    since: datetime | None = None
    for event in events:
        try:
            kind = text(event.get("type")) if isinstance(event, Mapping) else None
            if kind not in {"START", "HEALTHY", "UNHEALTHY"}:
                raise ValueError("not an event of an endpoint")  # noqa: TRY301 (one way out)
            when = instant(event.get("timestamp"))
        except ValueError as error:
            yield garbled(kept([{**head, "results": [], "events": [event]}]), error, received, "malformed")
            continue
        if kind == "UNHEALTHY" and since is None:
            since = when
        elif kind == "HEALTHY" and since is not None:
            yield _outage(about, since, max(when, since), received)
            since = None
        else:
            yield unused("unused_event", received, f"{kind} {about.id} {when.isoformat()}")
    if since is not None:
        yield _outage(about, since, None, received)


def _outage(about: Thing, start: datetime, end: datetime | None, received: datetime | None) -> Event:
    return Event(
        id=f"{about.id}:{start.timestamp():.0f}",
        time=start,
        end_time=end,
        category="availability",
        title=f"{about.name} không truy cập được" if about.name else None,
        thing_id=about.id,
        geometry=about.geometry,
        severity=4,
        status="firing" if end is None else "resolved",
        received_at=received,
    )


async def batches(options: GatusOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: a batch of what is new. The cursor holds the last result of each endpoint. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    before = (cursor or {}).get("last")
    last: dict[str, JSON] = dict(before) if isinstance(before, Mapping) else {}
    found: list[Row] = []
    for page in range(1, options.max_pages + 1):
        entries = await _page(options, context, page)
        rows = [row for entry in entries for row in _endpoint(entry, options, None)]
        fresh = [row for row in rows if page == 1 or isinstance(row, Observation | Rejected)]
        fresh = [row for row in fresh if not isinstance(row, Observation) or _is_after(row, last)]
        found += fresh
        if not _goes_on(entries, fresh, options):
            break
    newest = dict(last)
    for row in found:
        if isinstance(row, Observation) and _is_after(row, newest):
            newest[row.thing_id] = row.phenomenon_time.isoformat()
    broken = [row for row in found if isinstance(row, Rejected) and row.payload is not None]
    if broken and all(isinstance(row, Rejected) for row in found):
        raise Garbled(endpoint=endpoint(options.url), protocol=PROTOCOL, reason=broken[0].detail)
    records, rejected = split(news(once(found, context.memory), context.memory))
    yield Batch(records, {"last": newest}, rejected)


async def _page(options: GatusOptions, context: Context, page: int) -> list[Any]:
    url = f"{options.url.rstrip('/')}/api/v1/endpoints/statuses"
    headers = credentials(
        context, token_env=options.token_env, username=options.username, password_env=options.password_env
    )
    params = {"page": str(page), "pageSize": str(options.page_size)}
    reply = await fetch(context.http, url, protocol=PROTOCOL, params=params, headers=headers)
    try:
        return _entries(reply.content)
    except ValueError as error:
        raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason=str(error)[:200]) from error


def _is_after(row: Observation, last: Mapping[str, JSON]) -> bool:
    known = last.get(row.thing_id)
    try:
        return not isinstance(known, str) or row.phenomenon_time > instant(known)
    except ValueError:
        return True


def _goes_on(entries: list[Any], fresh: list[Row], options: GatusOptions) -> bool:
    """Whether an older page may hold more: one endpoint's page is full, and some of it was new to us."""
    full = any(isinstance(entry, Mapping) and len(_list(entry, "results")) >= options.page_size for entry in entries)
    return full and any(isinstance(row, Observation) for row in fresh)


SOURCE = Source(
    protocol="gatus",
    title="Gatus endpoint statuses",
    kinds=frozenset({Thing, Observation, Event}),
    options=GatusOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json",),
    libraries=("httpx",),
    limits="as many results as the server keeps (100 by default); suites are not read",
)
