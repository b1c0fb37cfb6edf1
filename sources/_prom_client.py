"""The client of Prometheus: which questions are due, and their answers as batches."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx

from geodata.records import Event, Observation, Rejected
from geodata.store.types import Batch, Cursor
from sources._alert_events import closed, open_ones
from sources._prom_rows import Query, rows
from sources._prom_samples import answered, exposed
from sources._sites import Row, changed, credentials, merged, news, split
from sources._values import instant, loads
from sources.base import Context, Garbled, SourceError
from sources.http import endpoint, fetch

if TYPE_CHECKING:
    from sources.prometheus import PrometheusOptions

PROTOCOL = "Prometheus"
TEXT = {"Accept": "text/plain;version=0.0.4;q=1,*/*;q=0.1"}
TOLD_ERRORS = frozenset({400, 422})
"""Statuses whose envelope says what is wrong with the question."""

MAX_POINTS = 10_000
SLOW = frozenset({"certificate_days"})
"""Told again when it changed, and every hour."""

Read = Callable[..., Iterator[Row]]


class Client:
    """Questions to one server."""

    def __init__(self, options: PrometheusOptions, context: Context) -> None:
        self.options, self.context = options, context
        self.headers = credentials(
            context, token_env=options.token_env, username=options.username, password_env=options.password_env
        )

    async def ask(self, path: str, **params: str) -> bytes:
        """An answer of the API, an error's envelope too. Raises SourceError."""
        where = f"{self.options.url.rstrip('/')}/api/v1/{path}"
        reply = await self._get(where, params, allowed=TOLD_ERRORS)
        return reply.content

    async def text(self, **params: str) -> bytes:
        """The exposition at the URL itself. Raises SourceError."""
        return (await self._get(self.options.url, params)).content

    async def _get(self, url: str, params: Mapping[str, str], allowed: frozenset[int] = frozenset()) -> httpx.Response:
        http, headers = self.context.http, {**self.headers, **TEXT}
        target = httpx.URL(url).copy_merge_params(dict(params))
        return await fetch(http, target, protocol=PROTOCOL, headers=headers, allowed=allowed)

    def garbled(self, reason: str) -> Garbled:
        return Garbled(endpoint=endpoint(self.options.url), protocol=PROTOCOL, reason=reason)


async def poll(client: Client, cursor: Cursor | None, envelope: Read) -> AsyncGenerator[Batch, None]:
    """One poll. The cursor holds the time up to which was asked, and the open alerts. Raises SourceError."""
    options, context = client.options, client.context
    now = context.clock()
    found: list[Row] = []
    if options.mode == "text":
        found += await _texts(client, now)
    else:
        start = _since(options, cursor, now)
        asked: dict[str, datetime] = context.memory.setdefault("asked", {})
        for query in (entry for entry in options.queries if _is_due(entry, asked.get(entry.query), now)):
            found += await _query(client, query, envelope, start)
            asked[query.query] = now
        if options.targets:
            found += envelope(await client.ask("targets", state="active"), options, now, None)
    opened: Mapping[str, Any] = {}
    if options.alerts and options.mode == "api":
        alerts = list(envelope(await client.ask("alerts"), options, now, None))
        opened = open_ones(row for row in alerts if isinstance(row, Event))
        found += alerts
        if not any(row.reason in {"garbled", "source_error"} for row in alerts if isinstance(row, Rejected)):
            found += _gone(cursor, opened, now)
    if not found and options.mode == "text":
        raise client.garbled("an exposition without a line")
    broken = [row for row in found if isinstance(row, Rejected) and row.payload is not None]
    if broken and all(isinstance(row, Rejected) for row in found):
        raise client.garbled(broken[0].detail)
    records, rejected = split(changed(news(merged(found), context.memory), context.memory, SLOW))
    yield Batch(records, {"until": now.isoformat(), "open": dict(opened)}, rejected)


def _is_due(query: Query, last: datetime | None, now: datetime) -> bool:
    return last is None or not 0 <= (now - last).total_seconds() < query.every_s


def _since(options: PrometheusOptions, cursor: Cursor | None, now: datetime) -> datetime | None:
    """Where to catch up from, after a pause of more than three polls; None when nothing was missed."""
    try:
        until = instant((cursor or {}).get("until"))
    except ValueError:
        return None
    if not options.backfill_h or (now - until).total_seconds() < 3 * options.poll_s:
        return None
    return max(until, now - timedelta(hours=options.backfill_h))


async def _query(client: Client, query: Query, envelope: Read, start: datetime | None) -> list[Row]:
    options, context = client.options, client.context
    now = context.clock()
    found: list[Row] = []
    if start is not None:
        found += await _range(client, query, envelope, start, now)
    body = await client.ask("query", query=query.query)
    got = list(envelope(body, options, now, None, query.query))
    if query.timed:
        got = _timed(got, await client.ask("query", query=f"timestamp({query.query})"), query, options, now)
    return found + got


async def _range(client: Client, query: Query, envelope: Read, start: datetime, now: datetime) -> list[Row]:
    """The results that were missed, at whole steps of the Unix clock, so that asking again gives the same instants."""
    options = client.options
    step = max(options.poll_s, query.every_s, (now - start).total_seconds() / MAX_POINTS)
    step = float(-(-step // 1))
    first = (start.timestamp() // step + 1) * step
    if first >= now.timestamp():
        return []
    params = {"query": query.query, "start": f"{first:.0f}", "end": f"{now.timestamp():.0f}", "step": f"{step:.0f}"}
    body = await client.ask("query_range", **params)
    return list(envelope(body, options, now, None, query.query))


def _timed(got: list[Row], body: bytes, query: Query, options: PrometheusOptions, now: datetime) -> list[Row]:
    """The rows at the instants of their last scrapes, as ``timestamp()`` tells them."""
    asked = Query(query=query.query, observed_property=query.observed_property, unit="s", match=query.match)
    plain = options.model_copy(update={"queries": (asked,)})
    answer = loads(body)
    samples = answered(answer, query.query, None) if isinstance(answer, Mapping) else iter(())
    scraped = {
        row.thing_id: row.result for row in rows(samples, plain, now, query=query.query) if isinstance(row, Observation)
    }
    found: list[Row] = []
    for row in got:
        stamp = scraped.get(row.thing_id) if isinstance(row, Observation) else None
        if isinstance(row, Observation) and isinstance(stamp, float) and 0 < stamp < now.timestamp() + 86400:
            found.append(replace(row, phenomenon_time=datetime.fromtimestamp(stamp, now.tzinfo)))
        else:
            found.append(row)
    return found


def _gone(cursor: Cursor | None, opened: Mapping[str, Any], now: datetime) -> list[Event]:
    """Alerts that were open at the last poll and are not there any more."""
    before = (cursor or {}).get("open")
    ended = []
    for identity, entry in before.items() if isinstance(before, Mapping) else ():
        if identity not in opened:
            try:
                ended.append(closed(identity, entry, now))
            except ValueError:
                continue
    return ended


async def _texts(client: Client, now: datetime) -> list[Row]:
    """The exposition at the URL, or one for each probed site. One probe that fails is no failed source."""
    options = client.options
    if not options.probes:
        return list(rows(exposed(await client.text(), None), options, now))
    turn = asyncio.Semaphore(options.parallel)

    async def one(site: str, target: str) -> list[Row] | SourceError:
        about = options.model_copy(update={"thing": site})
        async with turn:
            try:
                body = await client.text(target=target, module=options.module)
            except SourceError as error:
                return error
        return list(rows(exposed(body, None), about, client.context.clock()))

    answers = await asyncio.gather(*(one(site, target) for site, target in options.probes.items()))
    failed = [answer for answer in answers if isinstance(answer, SourceError)]
    if len(failed) == len(answers):
        raise failed[0]
    lost: list[Row] = [
        Rejected(reason="no_answer", detail=str(error)[:200], payload=json.dumps(str(error)).encode())
        for error in failed
    ]
    return [row for answer in answers if isinstance(answer, list) for row in answer] + lost
