"""NGSI-LD (ETSI GS CIM 009): a subscription that notifies us, and a poll that finds what notifications lost.

The specification sends no first state, and notifications can be lost: so every ``poll_s`` all entities of the types
are read, and those that changed since the last look are handed on; what was notified already is then a duplicate.
Without an intake, or with ``subscribe = false``, the poll alone is the feed; without ``url`` the intake alone.

A recording's body is one notification as sent (NGSI-LD or NGSIv2), or one reply of ``/entities``, or one entity.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from pydantic import Field

from geodata.records import Feature, Observation, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._ngsi_client import Client, Subscription
from sources._ngsi_entities import entities, read
from sources._values import dumped, loads, text
from sources.base import Context, Options, Received, Receiver, Source, SourceError, Unreachable

log = logging.getLogger("vonglau.ingest")

WAIT_S = 1.0
ROWS_AT_ONCE = 5_000
QUIET_POLLS = 2.0
"""While the broker's API fails, notifications within so many polls say that the feed lives."""


class NgsiOptions(Options):
    """``url`` is the broker; ``…/ngsi-ld/v1`` is added where it is missing.

    ``types`` maps entity types to categories of the catalogue ("" leaves it to the catalogue's own words); none: all
    that the broker holds. ``features`` maps entity types to collections of the map: these become Features.
    ``attributes`` maps attributes to observed properties, ``units`` an attribute, a property or a unitCode to UCUM,
    ``words`` a source's word to ours.
    """

    url: str | None = None
    tenant: str | None = None
    context: str | None = None  # URL of the @context that types and attributes are named in
    types: Mapping[str, str] = Field(default_factory=dict)
    features: Mapping[str, str] = Field(default_factory=dict)
    attributes: Mapping[str, str] = Field(default_factory=dict)
    units: Mapping[str, str] = Field(default_factory=dict)
    words: Mapping[str, str] = Field(default_factory=dict)
    ignore: tuple[str, ...] = ()  # attributes that are looked at by nobody
    issuer: str = Field(default="ngsi", pattern=r"^[a-z0-9_.-]+$")  # of ids that are no URN
    timezone: str = "Asia/Ho_Chi_Minh"  # of times sent without a zone
    subscribe: bool = True
    subscription_h: float = Field(default=24, gt=0)  # it is renewed at half of it
    throttling_s: float = Field(default=0, ge=0)
    token_env: str | None = None  # that notifications must show
    broker_token_env: str | None = None  # that we show the broker
    page_size: int = Field(default=500, ge=1, le=1000)
    poll_s: float = Field(default=300, gt=0)
    max_bytes: int = Field(default=4 << 20, ge=1024, le=64 << 20)
    per_s: float = Field(default=200, gt=0)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Entity types, each once."""
        return tuple(dict.fromkeys((*self.types, *self.features)))


def parse(payload: bytes, options: NgsiOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The records of one notification or reply. A body that is none is one Rejected."""
    try:
        found, notified = entities(loads(payload))
    except (ValueError, RecursionError) as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    if not found:
        yield Rejected(reason="empty", detail="no entity", payload=None, received_at=arrival)
    for entity in found:
        yield from read(entity, options, arrival, notified)


@dataclass(slots=True)
class _Session:
    """One source's life with its broker. What it must remember between connections is in ``memory``."""

    options: NgsiOptions
    context: Context
    client: Client

    async def reconcile(self) -> AsyncGenerator[list[Record | Rejected], None]:
        """Every entity that is not as it was at the last look, and those that are gone. Raises SourceError."""
        before: dict[str, bytes] = self.context.memory.get("seen", {})
        after: dict[str, bytes] = {}
        for kind in await self.kinds():
            async with aclosing(self.client.entities(kind)) as flow:
                async for page in flow:
                    changed = [entity for entity in page if _is_new(entity, before, after)]
                    rows = [row for entity in changed for row in read(entity, self.options, self.context.clock())]
                    if rows:
                        yield rows
        if rows := list(self._gone(before.keys(), after.keys())):
            yield rows
        self.context.memory["seen"] = after

    def _gone(self, before: AbstractSet[str], after: AbstractSet[str]) -> Iterator[Record | Rejected]:
        """Deletions that nobody told us: of what two looks in a row did not find, for pages may shift under us."""
        missed: AbstractSet[str] = self.context.memory.get("missed", frozenset())
        absent = (before | missed) - after
        self.context.memory["missed"] = absent - missed
        when = self.context.clock()
        for number in sorted(missed & absent):
            yield from read({"id": number, "deletedAt": when.isoformat()}, self.options, when)

    async def kinds(self) -> Sequence[str]:
        return self.options.wanted or await self.client.types()

    async def subscribe(self, known: str | None) -> str | None:
        """The subscription's id. A broker that takes none is polled, and that is said once."""
        if not (self.options.subscribe and self.context.inbox and self.context.endpoint):
            return None
        token = self.context.secret(self.options.token_env) if self.options.token_env else None
        wanted = Subscription(self.client, self.context.endpoint, await self.kinds(), token)
        try:
            return await wanted.keep(known, self.context.clock())
        except SourceError as error:
            if self.context.memory.get("unsubscribed") != str(error):
                self.context.memory["unsubscribed"] = str(error)
                log.warning("no subscription, polling alone: %s", error)
            return known


def _is_new(entity: Any, before: Mapping[str, bytes], after: dict[str, bytes]) -> bool:
    """Whether it is not as it was; what has no id cannot be remembered and is handed on each time."""
    number = text(entity.get("id")) if isinstance(entity, Mapping) else None
    if number is None:
        return True
    try:
        after[number] = blake2b(dumped(entity).encode(), digest_size=8).digest()
    except (ValueError, TypeError):
        after[number] = b""
        return True
    return before.get(number) != after[number]


async def batches(options: NgsiOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One look at the broker where there is no intake; else looks and notifications for ever. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    if options.url is None and context.inbox is None:
        raise Unreachable(endpoint="NGSI-LD", reason="it has no url, and no intake runs for its notifications")
    token = context.secret(options.broker_token_env) if options.broker_token_env else None
    session = _Session(options, context, Client(context.http, options, token))
    if context.inbox is None:
        async with aclosing(session.reconcile()) as flow:
            async for rows in flow:
                yield _batch(rows, None)
        return
    async with aclosing(_both(session, dict(cursor or {}))) as flow:
        async for batch in flow:
            yield batch


async def _both(session: _Session, state: dict[str, Any]) -> AsyncGenerator[Batch, None]:
    """Notifications as they come, and a look every ``poll_s``; ``state`` is the cursor."""
    options, loop = session.options, asyncio.get_running_loop()
    due, heard = loop.time() if options.url else float("inf"), float("-inf")
    while True:
        if loop.time() >= due:
            due = loop.time() + options.poll_s
            try:
                state["subscription"] = await session.subscribe(text(state.get("subscription")))
                async with aclosing(session.reconcile()) as flow:
                    async for rows in flow:
                        yield _batch(rows, dict(state))
            except SourceError:
                if not await _waits(session, state) and loop.time() - heard > QUIET_POLLS * options.poll_s:
                    raise
        got = False
        async with aclosing(_notified(session, state)) as flow:
            async for batch in flow:
                got = True
                yield batch
        heard = loop.time() if got else heard


async def _waits(session: _Session, state: Mapping[str, Any]) -> bool:
    """Whether a notification waits to be read."""
    assert session.context.inbox is not None
    return bool(await session.context.inbox.read(_number(state), wait_s=0))


async def _notified(session: _Session, state: dict[str, Any]) -> AsyncGenerator[Batch, None]:
    """What was sent within ``WAIT_S``, in batches of bounded size; an empty one says that the feed lives."""
    assert session.context.inbox is not None
    messages: Sequence[Received] = await session.context.inbox.read(_number(state), wait_s=WAIT_S)
    rows: list[Record | Rejected] = []
    for message in messages:
        rows += parse(message.payload, session.options, message.arrival)
        state["inbox"] = message.id
        if len(rows) > ROWS_AT_ONCE:
            yield _batch(rows, dict(state))
            rows = []
        await asyncio.sleep(0)
    if rows or not messages:
        yield _batch(rows, dict(state) if rows else None)


def _number(state: Mapping[str, Any]) -> int:
    found = state.get("inbox")
    return found if isinstance(found, int) else 0


def _batch(rows: Sequence[Record | Rejected], cursor: Cursor | None) -> Batch:
    rejected = [row for row in rows if isinstance(row, Rejected)]
    return Batch([row for row in rows if not isinstance(row, Rejected)], cursor, rejected)


def receiver(options: NgsiOptions) -> Receiver | None:
    """Notifications come over HTTP; a source that only polls is sent nothing."""
    if not options.subscribe and options.url is not None:
        return None
    return Receiver(token_env=options.token_env, max_bytes=options.max_bytes, per_s=options.per_s)


SOURCE = Source(
    protocol="ngsi_ld",
    title="NGSI-LD (ETSI GS CIM 009) and NGSIv2 notifications",
    kinds=frozenset({Thing, Observation, Feature}),
    options=NgsiOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json", ".jsonld"),
    receiver=receiver,
    libraries=("httpx",),
    limits="NGSIv2 by notification only; one of several datasetId; current values, no temporal API",
)
