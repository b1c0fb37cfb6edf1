"""Uptime Kuma: ``/metrics`` with an API key, or a public status page without one.

A status page gives the last hundred beats of each monitor, so that a pause of ours leaves no gap; ``/metrics`` gives
the state of now. Maintenance is a state of its own, neither up nor down.

A recording's body is one answer as sent: metrics, a status page, or its heartbeats.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import datetime
from typing import Any

import httpx
from pydantic import Field

from geodata.records import JSON, Observation, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._kuma_rows import beats, measured, monitors, page, ratios
from sources._prom_samples import exposed
from sources._sites import Row, SiteOptions, changed, credentials, garbled, news, once, split
from sources._values import instant, loads
from sources.base import Context, Garbled, Source
from sources.http import endpoint, fetch

PROTOCOL = "Uptime Kuma"
SLOW = frozenset({"certificate_days", "uptime"})


class UptimeKumaOptions(SiteOptions):
    """``url`` is the root of the server. With ``slug`` the public status page of that name is read, else ``/metrics``.

    ``sites`` are named by the monitors' numbers or names.
    """

    url: str
    slug: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_.-]+$")
    issuer: str = Field(default="kuma", pattern=r"^[a-z0-9_.-]+$")
    api_key_env: str | None = None
    poll_s: float = Field(default=60, gt=0)


def parse(payload: bytes, options: UptimeKumaOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """One answer: JSON of a status page, else metrics. Never raises."""
    if payload.lstrip()[:1] not in {b"{", b"["}:
        yield from measured(exposed(payload, arrival), options, arrival, arrival)
        return
    try:
        body = _body(payload)
        if "publicGroupList" in body:
            yield from monitors(body, options, arrival)
        elif isinstance(body.get("heartbeatList"), Mapping):
            yield from beats(body, options, arrival)
            yield from ratios(body, options, arrival, arrival)
        else:
            raise ValueError("neither a status page nor its heartbeats")  # noqa: TRY301 (one way out)
    except (ValueError, RecursionError) as error:
        yield garbled(payload, error, arrival)


def _body(payload: bytes) -> Mapping[str, Any]:
    body = loads(payload)
    if not isinstance(body, Mapping):
        raise ValueError("not an object")  # noqa: TRY004 (what is wrong is the payload)
    return body


async def batches(options: UptimeKumaOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll. The cursor holds the last beat of each monitor. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    root = options.url.rstrip("/")
    now = context.clock()
    if options.slug is None:
        headers = credentials(context, password_env=options.api_key_env)
        body = await _get(context, f"{root}/metrics", headers)
        rows: list[Row] = list(measured(exposed(body, None), options, now, None))
        yield _batch(rows, context, root, None)
        return
    try:
        body = await _get(context, f"{root}/api/status-page/{options.slug}")
        told = _body(body)
        names = page(told)
        lists = _body(await _get(context, f"{root}/api/status-page/heartbeat/{options.slug}"))
        if not isinstance(lists.get("heartbeatList"), Mapping):
            raise ValueError("no heartbeatList")  # noqa: TRY301, TRY004 (as a broken body)
    except (ValueError, RecursionError) as error:
        raise Garbled(endpoint=endpoint(root), protocol=PROTOCOL, reason=str(error)[:200]) from error
    rows = [*monitors(told, options, None)]
    told_of = [*beats(lists, options, None, names), *ratios(lists, options, now, None, names)]
    fresh, last = _fresh(once(told_of, context.memory), cursor)
    rows += fresh
    yield _batch(rows, context, root, {"last": last})


async def _get(context: Context, url: str, headers: Mapping[str, str] | None = None) -> bytes:
    return (await fetch(context.http, httpx.URL(url), protocol=PROTOCOL, headers=headers)).content


def _fresh(rows: Iterator[Row], cursor: Cursor | None) -> tuple[list[Row], dict[str, JSON]]:
    """The beats after the last one of each monitor, and the new last ones."""
    before = (cursor or {}).get("last")
    last: dict[str, JSON] = dict(before) if isinstance(before, Mapping) else {}
    seen = {name: _time(value) for name, value in last.items()}
    found: list[Row] = []
    for row in rows:
        if isinstance(row, Observation) and row.phenomenon_end is None:
            known = seen.get(row.thing_id)
            if known is not None and row.phenomenon_time <= known:
                continue
            newest = _time(last.get(row.thing_id))
            if newest is None or row.phenomenon_time > newest:
                last[row.thing_id] = row.phenomenon_time.isoformat()
        found.append(row)
    return found, last


def _time(value: object) -> datetime | None:
    try:
        return instant(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _batch(rows: list[Row], context: Context, root: str, cursor: Cursor | None) -> Batch:
    """Raises Garbled when nothing of an answer can be read, or when there was nothing in it."""
    if not rows:
        raise Garbled(endpoint=endpoint(root), protocol=PROTOCOL, reason="an answer without monitors")
    broken = [row for row in rows if isinstance(row, Rejected) and row.payload is not None]
    if broken and not any(not isinstance(row, Rejected) for row in rows):
        raise Garbled(endpoint=endpoint(root), protocol=PROTOCOL, reason=broken[0].detail)
    records, rejected = split(changed(news(rows, context.memory), context.memory, SLOW))
    return Batch(records, cursor, rejected)


SOURCE = Source(
    protocol="uptime_kuma",
    title="Uptime Kuma metrics and status page",
    kinds=frozenset({Thing, Observation}),
    options=UptimeKumaOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json", ".prom", ".txt"),
    libraries=("httpx", "prometheus-client"),
    limits="100 beats a monitor, as the server keeps them; uptime of a day only",
)
