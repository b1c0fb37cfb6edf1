"""GTFS-realtime 2.0 (gtfs.org) over HTTP: where the buses are, how late and full, and what the passengers are told.

A full dataset says who is on the road: a vehicle that it no longer names has left it, which is another thing than one
that has fallen silent. A differential dataset says what changed. Service alerts are Events of the service, for as long
as their period lasts: they are about the operation of buses, not warnings to the public.

A recording's body is one FeedMessage as sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from google.transit import gtfs_realtime_pb2 as gtfs
from pydantic import Field

from geodata.records import JSON, Event, Observation, Position, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._conditional import bearer, get
from sources._gtfs_alerts import alert, ended, kept, known_alert
from sources._gtfs_rows import Feed, thing_id, trip_update, vehicle, words
from sources._gtfs_static import Names, read_names
from sources._gtfs_wire import entities, taken_apart, whole
from sources._values import instant as instant_of
from sources.base import Context, Garbled, Options, Source, SourceError, Unreachable
from sources.http import endpoint, fetch

PROTOCOL = "GTFS-realtime"
OLDER_COPY = timedelta(hours=1)
SAME_S = 600.0
"""A crowd that is as it was is told again after so long."""


class GTFSRealtimeOptions(Options):
    """``url`` is a feed of vehicle positions, which may hold delays and alerts too; ``alerts_url`` and ``updates_url``
    those of makers that keep them apart. ``static`` is the URL or path of the GTFS zip with the routes' names.

    A header that stands still for ``stale_s`` is a feed that is down, whatever its server answers.
    """

    url: str
    alerts_url: str | None = None
    updates_url: str | None = None
    static: str | None = None
    token_env: str | None = None
    header_name: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")  # Authorization: Bearer is put before
    issuer: str = Field(default="gtfs", pattern=r"^[a-z0-9_.-]+$")
    category: str = "bus"
    language: str = "vi"
    stale_s: float = Field(default=300, gt=0)
    poll_s: float = Field(default=15, gt=0)
    refresh_h: float = Field(default=24, gt=0)  # of the static names


def parse(payload: bytes, options: GTFSRealtimeOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The records of one message. What is no message is one Rejected; a broken entity one, beside the others."""
    yield from _Reading(options, arrival, arrival).rows(payload)


@dataclass(slots=True)
class _Reading:
    """One message on its way to records; afterwards ``vehicles`` and ``alerts`` are those that it named, by entity."""

    options: GTFSRealtimeOptions
    arrival: datetime
    received_at: datetime | None = None
    names: Names = field(default_factory=Names)
    begun: Mapping[str, Event] = field(default_factory=dict)
    known: Mapping[str, str] = field(default_factory=dict)
    header: gtfs.FeedHeader | None = None
    time: datetime | None = None
    vehicles: dict[str, str] = field(default_factory=dict)
    alerts: dict[str, Event] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)

    def rows(self, payload: bytes) -> Iterator[Record | Rejected]:
        try:
            message = taken_apart(payload)
            feed = self._feed(message.header)
            self.time = feed.time
        except ValueError as error:
            yield self._rejected("garbled", str(error), payload)
            return
        self.header = message.header
        for entity in entities(message):
            if isinstance(entity, tuple):
                yield self._rejected("malformed", entity[1], whole(message.header, entity[0]))
                continue
            try:
                yield from list(self._entity(feed, entity))
            except ValueError as error:
                kept = whole(message.header, entity.SerializeToString())
                yield self._rejected("malformed", str(error), kept)
        if message.rest:
            yield self._rejected("cut", f"{len(message.rest)} bytes at the end cannot be read", message.rest)

    def _feed(self, header: gtfs.FeedHeader) -> Feed:
        own = self.options
        return Feed(
            issuer=own.issuer,
            service=own.service,
            category=own.category,
            language=own.language,
            header=header,
            arrival=self.arrival,
            names=self.names,
            received_at=self.received_at,
        )

    def _entity(self, feed: Feed, entity: gtfs.FeedEntity) -> Iterator[Record | Rejected]:
        name = words(entity.id) or ""
        if entity.is_deleted:
            self.deleted.add(name)
            yield from self._deleted(feed, entity)
            return
        told = False
        if entity.HasField("vehicle"):
            self.vehicles[name] = thing_id(feed, entity)
            yield from vehicle(feed, entity)
            told = True
        if entity.HasField("trip_update"):
            yield from trip_update(feed, entity)
            told = True
        if entity.HasField("alert"):
            found = alert(feed, entity, self.begun.get(name))
            self.alerts[name] = found
            yield found
            told = True
        if not told:
            yield Rejected(reason="unused_entity", detail=name[:200], received_at=self.received_at)

    def _deleted(self, feed: Feed, entity: gtfs.FeedEntity) -> Iterator[Record | Rejected]:
        """A vehicle that is told to have left; of an entity that we never knew there is nothing to tell."""
        name = thing_id(feed, entity) if entity.HasField("vehicle") else self.known.get(entity.id)
        if name is not None:
            yield gone(name, self.received_at)
        elif entity.HasField("alert"):
            yield ended(alert(feed, entity, self.begun.get(entity.id)), feed.time, self.received_at)
        elif entity.id in self.begun:
            yield ended(self.begun[entity.id], feed.time, self.received_at)
        else:
            yield Rejected(reason="unknown_deleted", detail=entity.id[:200], received_at=self.received_at)

    def _rejected(self, reason: str, detail: str, payload: bytes) -> Rejected:
        return Rejected(reason=reason, detail=detail[:200], payload=payload[:65536], received_at=self.received_at)


def gone(name: str, received_at: datetime | None = None) -> Thing:
    """The vehicle has left the road; it is not lost."""
    empty = dict.fromkeys(("trip_id", "headsign", "direction", "schedule"))
    return Thing(id=name, properties={**empty, "in_service": False}, received_at=received_at)


async def batches(options: GTFSRealtimeOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll of each URL; the cursor holds what each named last. Raises SourceError, Unreachable for a stale feed."""
    options = options.model_copy(update={"service": context.service or options.service})
    names = await _names(options, context)
    held = (cursor or {}).get("feeds")
    feeds: dict[str, Any] = dict(held) if isinstance(held, Mapping) else {}
    urls = {"url": options.url, "alerts_url": options.alerts_url, "updates_url": options.updates_url}
    for key, url in urls.items():
        if url is None:
            continue
        poll = _Poll(options, context, names, dict(feeds.get(key) or {}), key)
        batch, feeds[key] = await poll.read(url)
        yield Batch(batch.records, {"feeds": dict(feeds)}, batch.rejected)
        poll.check_age(url, feeds[key])


@dataclass(slots=True)
class _Poll:
    options: GTFSRealtimeOptions
    context: Context
    names: Names
    last: dict[str, Any]
    key: str

    async def read(self, url: str) -> tuple[Batch, dict[str, Any]]:
        """What is new since the last poll, and what the next must know."""
        document = await get(self.context, url, PROTOCOL, self.last.get("marks") or {}, self._headers())
        if document is None:
            return Batch([]), self.last
        begun = {name: known_alert(row) for name, row in (self.last.get("alerts") or {}).items()}
        known: dict[str, str] = self.last.get("vehicles") or {}
        reading = _Reading(self.options, self.context.clock(), None, self.names, begun, known)
        rows = list(reading.rows(document.body))
        rejected = [row for row in rows if isinstance(row, Rejected)]
        if reading.header is None or reading.time is None:
            raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason=rejected[0].detail)
        before = self._stamp()
        if before is not None and timedelta() < before - reading.time < OLDER_COPY:
            older = Rejected(reason="older_copy", detail=f"of {reading.time:%H:%M:%S} after {before:%H:%M:%S}")
            return Batch([], None, [older]), {**self.last, "marks": dict(document.marks)}
        records = [row for row in rows if not isinstance(row, Rejected)]
        vehicles, alerts, absent = self._now(reading, known, begun)
        records = list(self._fresh([*records, *absent]))
        state = {
            "marks": dict(document.marks),
            "stamp": reading.time.isoformat() if reading.header.HasField("timestamp") else None,
            "vehicles": vehicles,
            "alerts": alerts,
        }
        return Batch(records, None, rejected), state

    def _now(
        self, reading: _Reading, known: Mapping[str, str], begun: Mapping[str, Event]
    ) -> tuple[dict[str, str], dict[str, JSON], list[Record]]:
        """Vehicles and alerts that there are after this message, and the records of those that it left out."""
        assert reading.header is not None
        assert reading.time is not None
        alerts: dict[str, JSON] = {name: kept(event) for name, event in reading.alerts.items()}
        if reading.header.incrementality == gtfs.FeedHeader.DIFFERENTIAL:
            vehicles = {**known, **reading.vehicles}
            alerts = {**(self.last.get("alerts") or {}), **alerts}
            for name in reading.deleted:
                vehicles.pop(name, None)
                alerts.pop(name, None)
            return vehicles, alerts, []
        here = set(reading.vehicles.values())
        absent: list[Record] = [gone(name) for name in dict.fromkeys(known.values()) if name not in here]
        absent += [ended(event, reading.time) for name, event in begun.items() if name not in alerts]
        return reading.vehicles, alerts, absent

    def _fresh(self, records: list[Record]) -> Iterator[Record]:
        """Without Things, Events and crowds that are as they were told last: a poll every few seconds repeats them."""
        told: dict[object, tuple[object, datetime]] = self.context.memory.setdefault(f"told {self.key}", {})
        now = self.context.clock()
        for row in records:
            if isinstance(row, Observation):
                name, value = (row.thing_id, row.observed_property), row.result
            elif isinstance(row, Thing | Event):
                name, value = (type(row).__name__, row.id), repr(row)
            else:
                yield row
                continue
            before = told.get(name)
            if before is None or before[0] != value or (now - before[1]).total_seconds() >= SAME_S:
                told[name] = (value, now)
                yield row

    def check_age(self, url: str, state: Mapping[str, Any]) -> None:
        """Raises Unreachable when the header stands still."""
        stamp = state.get("stamp")
        if stamp is None:
            return
        age = (self.context.clock() - instant_of(stamp)).total_seconds()
        if age > self.options.stale_s:
            reason = f"its data stand still since {instant_of(stamp):%Y-%m-%d %H:%M:%S} UTC, {age / 60:.0f} min ago"
            raise Unreachable(endpoint=endpoint(url), reason=reason)

    def _stamp(self) -> datetime | None:
        stamp = self.last.get("stamp")
        return instant_of(stamp) if stamp else None

    def _headers(self) -> dict[str, str]:
        accept = {"Accept": "application/x-protobuf, application/octet-stream;q=0.9, */*;q=0.1"}
        if self.options.header_name.casefold() == "authorization":
            return {**accept, **bearer(self.context, self.options.token_env)}
        token = self.context.secret(self.options.token_env) if self.options.token_env else None
        return {**accept, self.options.header_name: token} if token else accept


async def _names(options: GTFSRealtimeOptions, context: Context) -> Names:
    """Read once and again every ``refresh_h``; when that fails later, the old ones hold. Raises SourceError."""
    if options.static is None:
        return Names()
    known: tuple[Names, datetime] | None = context.memory.get("names")
    now = context.clock()
    if known is not None and abs(now - known[1]) < timedelta(hours=options.refresh_h):
        return known[0]
    try:
        body = None
        if "://" in options.static:
            body = (await fetch(context.http, options.static, protocol="GTFS")).content
        found = await asyncio.to_thread(read_names, options.static, body)
    except SourceError:
        if known is None:
            raise
        found = known[0]
    context.memory["names"] = (found, now)
    return found


SOURCE = Source(
    protocol="gtfs_rt",
    title="GTFS-realtime 2.0 vehicle positions, delays and alerts",
    kinds=frozenset({Thing, Position, Observation, Event}),
    options=GTFSRealtimeOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".pb", ".pbf"),
    libraries=("gtfs-realtime-bindings", "protobuf", "httpx"),
    limits="no stop times, shapes or trip modifications; 64 MB a message",
)
