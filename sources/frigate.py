"""Frigate, the recorder that finds objects in pictures: reviews or events over MQTT, cameras and the rest over HTTP.

A recording's body is a message ``{"topic": "frigate/reviews", "payload": …}``, a reply of ``/api/review``,
``/api/events`` or ``/api/stats``, or a list of such messages.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Literal

from pydantic import Field, field_validator

from geodata.records import Event, Observation, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._frigate_http import Recorder
from sources._frigate_rows import Camera, of_message, of_row, of_stats
from sources._mqtt import BrokerOptions, Session, Subscription, address, subscribed
from sources._mqtt_envelope import opened, read
from sources._mqtt_wire import Message
from sources._values import loads
from sources.base import Context, Refused, Source, Unreachable

AWAY = {"offline", "stopped"}


class FrigateOptions(BrokerOptions):
    """``url`` is the recorder's HTTP interface, ``mqtt_url`` its broker: either may be missing. ``cameras`` are the
    names in Frigate's configuration. ``zones`` and ``labels`` say which category of the service a zone or an object
    means; what has none is counted as unused. ``counts`` are the objects whose number is kept, and as what.
    """

    url: str | None = None
    mqtt_url: str | None = None
    login_user_env: str | None = None  # of port 8971; user_env and password_env are the broker's
    login_password_env: str | None = None
    topic_prefix: str = Field(default="frigate", pattern=r"^[^/+#$][^+#]*$")
    issuer: str = Field(default="frigate", pattern=r"^[a-z0-9_.-]+$")
    feed: Literal["reviews", "events"] = "reviews"
    cameras: Mapping[str, Camera] = Field(default_factory=dict)
    listed_only: bool = False  # of several services on one recorder each reads its own cameras
    labels: Mapping[str, str] = Field(default_factory=dict)
    zones: Mapping[str, str] = Field(default_factory=dict)
    counts: Mapping[str, str] = Field(default_factory=lambda: {"person": "people_count", "car": "vehicle_count"})
    count_zones: Mapping[str, str] = Field(default_factory=dict)  # zone to the camera that it counts for
    history_h: float = Field(default=24, ge=0)
    overlap_s: float = Field(default=3600, ge=0)
    poll_s: float = Field(default=30, gt=0)

    @field_validator("mqtt_url")
    @classmethod
    def _broker(cls, url: str | None) -> str | None:
        if url is not None:
            address(url)
        return url

    @property
    def topics(self) -> list[str]:
        """Counts and states, and never the pictures that Frigate publishes beside them."""
        prefix = self.topic_prefix
        counts = [f"{prefix}/+/{label}" for label in self.counts]
        return [f"{prefix}/available", f"{prefix}/{self.feed}", f"{prefix}/+/status/detect", *counts]


def parse(payload: bytes, options: FrigateOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """One message or reply. A body that is none is one Rejected."""
    try:
        body = loads(payload)
    except ValueError as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    first = body[0] if isinstance(body, list) and body else body
    if isinstance(first, Mapping) and "topic" in first:
        yield from read(opened(payload, arrival), lambda message: of_message(message, options), options.max_message_b)
    elif isinstance(body, Mapping) and "cameras" in body:
        try:
            yield from of_stats(body, options, arrival)
        except ValueError as error:
            yield Rejected(reason="malformed", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
    else:
        for row in body if isinstance(body, list) else [body]:
            yield of_row(row, options, arrival)


async def batches(options: FrigateOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """With a broker a stream, without one a poll. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    reader = Reader(options, context, cursor)
    if options.mqtt_url is None:
        if reader.recorder is None:
            raise Refused(endpoint="frigate", reason="neither url nor mqtt_url is given")
        async with aclosing(reader.caught_up(None)) as flow:
            async for batch in flow:
                yield batch
        return
    session = Session.of(cursor)
    async with (
        subscribed(address(options.mqtt_url), options.topics, options, context, session) as subscription,
        aclosing(reader.follow(subscription)) as flow,
    ):
        async for batch in flow:
            yield batch


class Reader:
    """``since`` is when the last review or event began that is known, in epoch s: HTTP is asked from there on."""

    def __init__(self, options: FrigateOptions, context: Context, cursor: Cursor | None) -> None:
        self._options, self._context = options, context
        stored = (cursor or {}).get("since")
        first = context.clock().timestamp() - options.history_h * 3600
        self._since: float = float(stored) if isinstance(stored, int | float) else first
        user, password = (
            context.secret(name) if name else None for name in (options.login_user_env, options.login_password_env)
        )
        self.recorder = Recorder(options.url, context, user, password) if options.url else None

    async def follow(self, subscription: Subscription) -> AsyncGenerator[Batch, None]:
        """Subscribed first, then all that was missed, then what comes; statistics every ``poll_s``."""
        async with aclosing(self.caught_up(subscription)) as flow:
            async for batch in flow:
                yield batch
        loop = asyncio.get_running_loop()
        due = loop.time() + self._options.poll_s
        while True:
            bunch = await subscription.bunch(max(due - loop.time(), 0))
            if bunch:
                self._available(bunch)
                most = self._options.max_message_b
                rows = list(read(bunch, lambda message: of_message(message, self._options), most))
                self._moved(_starts(rows))
                yield self._batch(rows, subscription)
            if loop.time() >= due:
                due = loop.time() + self._options.poll_s
                yield self._batch(await self._stats(), subscription)

    def _available(self, bunch: Sequence[Message]) -> None:
        """A recorder that has gone says so by its last will. Raises Unreachable."""
        told = [message.payload for message in bunch if message.topic == f"{self._options.topic_prefix}/available"]
        word = told[-1].decode("utf-8", "replace").strip() if told else ""
        if word in AWAY:
            raise Unreachable(endpoint=self._options.mqtt_url, reason=f"the recorder is {word}")

    async def caught_up(self, subscription: Subscription | None) -> AsyncGenerator[Batch, None]:
        """Cameras with their state, and what happened since. Things come before what happened at them."""
        yield self._batch(await self._stats(), subscription)
        if self.recorder is None:
            return
        now = self._context.clock()
        starts: list[float] = []
        async with aclosing(
            self.recorder.rows(self._options.feed, self._since - self._options.overlap_s, now.timestamp() + 60)
        ) as flow:
            async for page in flow:
                rows = [of_row(row, self._options, now) for row in page]
                starts += _starts(rows)
                yield self._batch(rows, subscription)
        self._moved(starts)  # pages are newest first: only now nothing lies behind
        yield self._batch([], subscription)

    async def _stats(self) -> list[Record | Rejected]:
        if self.recorder is None:
            return []
        return list(of_stats(await self.recorder.stats(), self._options, self._context.clock()))

    def _moved(self, starts: Sequence[float]) -> None:
        """On to the last beginning, never ahead of our clock."""
        now = self._context.clock().timestamp()
        self._since = max([self._since, *(start for start in starts if start <= now)])

    def _batch(self, rows: Sequence[Record | Rejected], subscription: Subscription | None) -> Batch:
        more = {"since": self._since}
        cursor = subscription.cursor(more) if subscription else more
        refused = [row for row in rows if isinstance(row, Rejected)]
        return Batch([row for row in rows if not isinstance(row, Rejected)], cursor, refused)


def _starts(rows: Sequence[Record | Rejected]) -> list[float]:
    return [row.time.timestamp() for row in rows if isinstance(row, Event)]


SOURCE = Source(
    protocol="frigate",
    title="Frigate 0.14 to 0.17 over MQTT and HTTP",
    kinds=frozenset({Thing, Observation, Event}),
    options=FrigateOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s if options.mqtt_url is None else None,
    suffixes=(".json",),
    libraries=("httpx", "paho-mqtt"),
    limits="no pictures; names of recognised faces and plates are never read",
)
