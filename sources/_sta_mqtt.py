"""SensorThings over MQTT: Observations as they are made, and HTTP for all that a broker may have lost.

Source: OGC 18-088, section 14: topics begin with the version, messages are entities as in HTTP, and nothing is sent
again. So each Datastream has its own topic (an Observation does not tell its Datastream), every connection begins
with a read over HTTP, and one follows every ``reconcile_s``. The HTTP cursor is moved by HTTP alone: what MQTT missed
lies behind what it brought.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Protocol

from geodata.records import Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._mqtt import Address, BrokerOptions, Session, Subscription, subscribed
from sources._mqtt_wire import Message
from sources._sta_client import Client, poll
from sources._sta_entities import Stream, observation, quoted, rejected
from sources._values import loads
from sources.base import Context

MAX_SEEN = 20_000


class FollowOptions(Protocol):
    """What following needs beyond the options of the broker."""

    @property
    def mqtt_prefix(self) -> str: ...
    @property
    def reconcile_s(self) -> float: ...
    @property
    def max_message_b(self) -> int: ...


async def follow(
    client: Client, options: Any, where: Address, context: Context, cursor: Cursor | None
) -> AsyncGenerator[Batch, None]:
    """Things and all that is new over HTTP, then what comes over MQTT. Ends when the topics must change.

    Raises SourceError.
    """
    session = Session.of(cursor)
    follower = Follower(client, options, options, context, cursor)
    again = True
    while again:
        await follower.load()
        async with (
            subscribed(where, follower.topics, options, context, session) as subscription,
            aclosing(follower.batches(subscription)) as flow,
        ):
            async for batch in flow:
                yield batch
        again = follower.outdated


class Follower:
    """``cursor`` is that of HTTP: what it holds, MQTT does not move."""

    def __init__(
        self, client: Client, options: FollowOptions, broker: BrokerOptions, context: Context, cursor: Cursor | None
    ) -> None:
        self._client, self._options, self._broker, self._context = client, options, broker, context
        self._cursor: dict[str, Any] = {"streams": (cursor or {}).get("streams") or {}}
        self._seen: dict[str, set[str]] = {}
        self._first: list[Batch] = []
        self.outdated = False

    @property
    def streams(self) -> Sequence[Stream]:
        found: Sequence[Stream] = self._context.memory["streams"]
        return found

    @property
    def topics(self) -> list[str]:
        return [f"{self._options.mqtt_prefix}/Datastreams{quoted(stream.id)}/Observations" for stream in self.streams]

    async def load(self) -> None:
        """The Things, so that it is known what to subscribe to; what was read is handed over by ``batches``."""
        self._context.memory.pop("loaded", None)
        self.outdated = False
        async with aclosing(poll(self._client, self._context, self._cursor)) as flow:
            self._first.append(await anext(flow))

    async def batches(self, subscription: Subscription) -> AsyncGenerator[Batch, None]:
        """Subscribed first, then read: what is made meanwhile comes twice at most, and is stored once."""
        for batch in self._first:
            yield Batch(batch.records, subscription.cursor(self._cursor), batch.rejected)
        self._first = []
        loop = asyncio.get_running_loop()
        before = self.topics
        while True:
            async with aclosing(poll(self._client, self._context, self._cursor, self._seen)) as flow:
                async for batch in flow:
                    self._cursor = {**self._cursor, **(batch.cursor or {})}
                    yield Batch(batch.records, subscription.cursor(self._cursor), batch.rejected)
            self._seen = {}
            if self.topics != before:
                self.outdated = True
                return
            until = loop.time() + self._options.reconcile_s
            while (left := until - loop.time()) > 0:
                messages = await subscription.bunch(min(left, 60))
                if messages:
                    yield self._read(messages, subscription)

    def _read(self, messages: Sequence[Message], subscription: Subscription) -> Batch:
        known = dict(zip(self.topics, self.streams, strict=True))
        rows: list[Record | Rejected] = []
        for message in messages:
            stream = known.get(message.topic)
            rows.append(self._row(message, stream) if stream else Rejected(reason="unused_topic"))
        refused = [row for row in rows if isinstance(row, Rejected)]
        kept = [row for row in rows if not isinstance(row, Rejected)]
        return Batch(kept, subscription.cursor(self._cursor), refused)

    def _row(self, message: Message, stream: Stream) -> Record | Rejected:
        if len(message.payload) > self._options.max_message_b:
            kept, detail = message.payload[:65536], f"{len(message.payload)} bytes"
            return Rejected(reason="too_large", detail=detail, payload=kept, received_at=message.arrival)
        try:
            entity = loads(message.payload)
        except ValueError as error:
            kept = message.payload[:65536]
            return Rejected(reason="garbled", detail=str(error)[:200], payload=kept, received_at=message.arrival)
        try:
            if not isinstance(entity, Mapping):
                raise ValueError("not an Observation")  # noqa: TRY004, TRY301 (what is wrong is the payload)
            found = observation(entity, stream, self._client.options, message.arrival)
        except (ValueError, RecursionError) as error:
            return rejected(headed(entity, stream), error, message.arrival)
        if "@iot.id" in entity:
            ids = self._seen.setdefault(str(stream.id), set())
            if len(ids) < MAX_SEEN:
                ids.add(str(entity["@iot.id"]))
        return found


def headed(entity: Any, stream: Stream) -> Any:
    """An Observation with what its topic told, so that ``parse`` can read it again."""
    if not isinstance(entity, Mapping):
        return entity
    head = {
        "@iot.id": stream.id,
        "unitOfMeasurement": {"symbol": stream.unit},
        "ObservedProperty": {"name": stream.observed_property},
        "Thing": {"@iot.id": stream.thing_id.partition(":")[2]},
    }
    return {**entity, "Datastream": head}
