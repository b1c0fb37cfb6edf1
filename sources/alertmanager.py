"""Alertmanager: what its webhook (version 4) posts to our intake, and ``/api/v2/alerts`` to reconcile by.

A webhook may be lost, cut (``truncatedAlerts``) or come twice; so what is open is asked for every ``poll_s`` as well,
and an alert that is not there any more is resolved. Events are upserted by fingerprint and start.

A recording's body is one message of the webhook or one answer of the API, as sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import datetime
from typing import Any

import httpx
from pydantic import Field

from geodata.records import JSON, Event, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._alert_events import AlertOptions, closed, dehydrated
from sources._alertmanager_rows import events, read
from sources._sites import Row, credentials, news, split
from sources.base import Context, Garbled, Receiver, Source, Unreachable
from sources.http import endpoint, fetch

PROTOCOL = "Alertmanager"
MAX_OPEN = 2000
"""So many open alerts are kept in the cursor; of those beyond it an end whose webhook was lost is not seen."""

LISTEN_S = 0.8
"""A stream hands over what it holds at least once a second."""


class AlertmanagerOptions(AlertOptions):
    """``url`` is the root of Alertmanager, asked every ``poll_s``; ``filters`` are matchers of its API.

    ``push``: its webhook posts to our intake, with the token that ``push_token_env`` names.
    """

    url: str | None = None
    filters: tuple[str, ...] = ()
    token_env: str | None = None
    username: str = ""
    password_env: str | None = None
    push: bool = False
    push_token_env: str | None = None
    poll_s: float = Field(default=60, gt=0)


def parse(payload: bytes, options: AlertmanagerOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The alerts of one message or answer. Never raises."""
    yield from read(payload, options, arrival)


async def batches(options: AlertmanagerOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """A stream: messages as they come, and what is open every ``poll_s``. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    if options.url is None and context.inbox is None:
        raise Unreachable(endpoint=PROTOCOL, reason="neither an intake to post to nor a url to ask")
    desk = _Desk(options, context, cursor)
    loop = asyncio.get_running_loop()
    due = loop.time()
    while True:
        if options.url is not None and loop.time() >= due:
            yield await desk.pull(options.url)
            due = loop.time() + options.poll_s
        batch = await desk.hear(LISTEN_S if options.url is None else max(0.0, min(LISTEN_S, due - loop.time())))
        if batch is not None:
            yield batch
        if desk.incomplete:
            desk.incomplete, due = False, loop.time()


class _Desk:
    """What is open, as the cursor has it: by id, without end."""

    def __init__(self, options: AlertmanagerOptions, context: Context, cursor: Cursor | None) -> None:
        self.options, self.context = options, context
        before = (cursor or {}).get("open")
        self.open: dict[str, JSON] = dict(before) if isinstance(before, Mapping) else {}
        last = (cursor or {}).get("inbox")
        self.last = last if isinstance(last, int) and not isinstance(last, bool) else 0
        self.incomplete = False

    def batch(self, rows: list[Row]) -> Batch:
        records, rejected = split(news(rows, self.context.memory))
        return Batch(records, {"inbox": self.last, "open": dict(self.open)}, rejected)

    async def hear(self, wait_s: float) -> Batch | None:
        """The messages that came; None when none did."""
        if self.context.inbox is None:
            await asyncio.sleep(wait_s)
            return None
        messages = await self.context.inbox.read(self.last, wait_s=wait_s)
        rows: list[Row] = []
        for message in messages:
            found = list(read(message.payload, self.options, message.arrival))
            self.incomplete |= any(row.reason == "truncated" for row in found if isinstance(row, Rejected))
            self._keep(events(found))
            rows += found
            self.last = message.id
        return self.batch(rows) if messages else None

    def _keep(self, found: list[Event]) -> None:
        for event in found:
            if event.end_time is None and (event.id in self.open or len(self.open) < MAX_OPEN):
                self.open[event.id] = dehydrated(event)
            elif event.end_time is None:
                continue
            else:
                self.open.pop(event.id, None)

    async def pull(self, url: str) -> Batch:
        """What is open now; what was and is not any more is resolved. Raises SourceError."""
        options, context = self.options, self.context
        headers = credentials(
            context, token_env=options.token_env, username=options.username, password_env=options.password_env
        )
        where = _where(url, options.filters)
        reply = await fetch(context.http, where, protocol=PROTOCOL, headers=headers)
        rows = list(read(reply.content, options, None))
        broken = [row for row in rows if isinstance(row, Rejected) and row.payload is not None]
        if broken and len(broken) == len(rows):
            raise Garbled(endpoint=endpoint(where), protocol=PROTOCOL, reason=broken[0].detail)
        found = events(rows)
        there = {event.id for event in found}
        if not broken:  # an alert that could not be read is not gone
            rows += self._gone(there, context.clock())
        self._keep(found)
        return self.batch(rows)

    def _gone(self, there: set[str], now: datetime) -> Iterator[Event]:
        for identity in [name for name in self.open if name not in there]:
            entry: Any = self.open.pop(identity)
            try:
                yield closed(identity, entry, now)
            except ValueError:
                continue


def _where(url: str, filters: tuple[str, ...]) -> str:
    asked = [("active", "true"), ("silenced", "true"), ("inhibited", "true"), ("unprocessed", "true")]
    where = httpx.URL(f"{url.rstrip('/')}/api/v2/alerts", params=[*asked, *(("filter", entry) for entry in filters)])
    return str(where)


def receiver(options: AlertmanagerOptions) -> Receiver | None:
    """The door of the webhook, when it is used."""
    return Receiver(token_env=options.push_token_env, per_s=20) if options.push else None


SOURCE = Source(
    protocol="alertmanager",
    title="Alertmanager webhook 4 and API v2",
    kinds=frozenset({Thing, Event}),
    options=AlertmanagerOptions,
    batches=batches,
    parse=parse,
    suffixes=(".json",),
    receiver=receiver,
    libraries=("httpx",),
    limits="no custom payloads; 2,000 open alerts are followed; a lost end is when the alert was missed",
)
