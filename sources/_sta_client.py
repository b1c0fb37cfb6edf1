"""The wire of SensorThings: pages, expanded sets, and new Observations by key of phenomenonTime and id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx

from geodata.records import Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._sta_entities import Entity, EntityOptions, Stream, observations, quoted, rejected, stream, things
from sources._values import instant, loads, text
from sources.base import Context, Garbled
from sources.http import endpoint, fetch

PROTOCOL = "SensorThings 1.1"
EXPAND = "Locations,Datastreams($expand=ObservedProperty,Sensor)"
MAX_PAGES = 10_000
ROWS_AT_ONCE = 10_000
MAX_TIES = 2_000


class ClientOptions(EntityOptions, Protocol):
    """What the wire needs of the options of SensorThings."""

    @property
    def url(self) -> str: ...
    @property
    def things_filter(self) -> str | None: ...
    @property
    def history_days(self) -> float: ...
    @property
    def overlap_s(self) -> float: ...
    @property
    def page_size(self) -> int: ...
    @property
    def parallel(self) -> int: ...
    @property
    def refresh_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Client:
    """Reads one service. Raises SourceError in the words of ``sources.http``."""

    http: httpx.AsyncClient
    options: ClientOptions
    token: str | None = field(default=None, repr=False)

    @property
    def root(self) -> str:
        return self.options.url.rstrip("/")

    async def get(self, url: str, params: Mapping[str, str] | None = None, *, allowed: bool = False) -> Any:
        """A reply as JSON; with ``allowed`` a refusal of the query (400, 501) is None."""
        ours = httpx.URL(url).host == httpx.URL(self.root).host  # a link to elsewhere never sees the token
        headers = {"Authorization": f"Bearer {self.token}"} if self.token and ours else {}
        statuses = frozenset({400, 501}) if allowed else frozenset[int]()
        response = await fetch(self.http, url, protocol=PROTOCOL, params=params, headers=headers, allowed=statuses)
        if response.status_code in statuses:
            return None
        try:
            return loads(response.content)
        except ValueError as error:
            raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason=str(error)[:200]) from error

    async def pages(self, url: str, params: Mapping[str, str] | None = None) -> AsyncGenerator[list[Any], None]:
        """Each page of a collection. The next link is opaque, relative or absolute; without one the set ends."""
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            body = await self.get(url, params)
            value = body.get("value") if isinstance(body, Mapping) else None
            if not isinstance(value, list):
                raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason="no collection of entities")
            yield value
            onward = text(body.get("@iot.nextLink"))
            if not onward:
                return
            url, params = self.resolve(url, onward), None
            if url in seen:
                raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason="a next link that leads back")
            seen.add(url)
        raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason="pages without end")

    def resolve(self, url: str, link: str) -> str:
        """A link as an absolute URL. Raises Garbled."""
        try:
            found = httpx.URL(url).join(link)
        except httpx.InvalidURL as error:
            raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason="a link that is no URL") from error
        if found.scheme not in {"http", "https"}:
            raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason="a link that is not HTTP")
        return str(found)

    async def related(self, entity: Entity, name: str) -> list[Any]:
        """An expanded set with its own further pages, or the set behind its navigation link."""
        found = list(entity[name]) if isinstance(entity.get(name), list) else []
        link = text(entity.get(f"{name}@iot.nextLink"))
        if name not in entity:
            link = text(entity.get(f"{name}@iot.navigationLink"))
        if link:
            async with aclosing(self.pages(self.resolve(f"{self.root}/", link))) as flow:
                async for page in flow:
                    found += page
        return found

    async def one(self, entity: Entity, name: str) -> Any:
        """An expanded entity, or the one behind its navigation link; None when there is neither."""
        if name in entity:
            return entity[name]
        link = text(entity.get(f"{name}@iot.navigationLink"))
        return await self.get(self.resolve(f"{self.root}/", link)) if link else None

    async def things(self) -> AsyncGenerator[dict[str, Any], None]:
        """Every Thing, with its Locations, Datastreams, and their ObservedProperty and Sensor."""
        params = {"$expand": EXPAND}
        if self.options.things_filter:
            params["$filter"] = self.options.things_filter
        url = f"{self.root}/Things"
        if await self.get(url, {**params, "$top": "1"}, allowed=True) is None:
            params.pop("$expand")  # a server that cannot expand so deep is walked by its links
        async with aclosing(self.pages(url, params)) as flow:
            async for page in flow:
                for entity in page:
                    if isinstance(entity, Mapping):
                        yield await self._whole(entity)

    async def _whole(self, entity: Entity) -> dict[str, Any]:
        streams = []
        for entry in await self.related(entity, "Datastreams"):
            if isinstance(entry, Mapping):
                more = {name: await self.one(entry, name) for name in ("ObservedProperty", "Sensor")}
                streams.append({**entry, **more})
        return {**entity, "Locations": await self.related(entity, "Locations"), "Datastreams": streams}


@dataclass(slots=True)
class Place:
    """How far one Datastream has been read: a time, and the ids already read at or after it."""

    time: datetime
    ids: frozenset[str] = frozenset()

    @classmethod
    def of(cls, stored: object, first: datetime) -> Place:
        """From the cursor's [time, ids]; ``first`` when it has none."""
        if isinstance(stored, list) and len(stored) == 2 and isinstance(stored[0], str):
            return cls(instant(stored[0]), frozenset(map(str, stored[1])))
        return cls(first)

    @property
    def stored(self) -> list[object]:
        return [self.time.isoformat(), sorted(self.ids)]

    def after(self, rows: list[Mapping[str, Any]], now: datetime) -> Place:
        """Past ``rows``, yet never beyond ``now``: a clock that runs ahead must not hide what comes later."""
        times = [(_start(row), str(row.get("@iot.id"))) for row in rows]
        known = [(when, number) for when, number in times if when is not None]
        if not known:
            return self
        last = max(self.time, min(now, max(when for when, _ in known)))
        ids = {number for when, number in known if when >= last}
        if last == self.time:
            ids |= self.ids
        return Place(last, frozenset(sorted(ids)[-MAX_TIES:]))


def _start(row: Mapping[str, Any]) -> datetime | None:
    try:
        return instant(str(row.get("phenomenonTime")).partition("/")[0])
    except ValueError:
        return None


Seen = Mapping[str, set[str]]
"""By Datastream: ids of Observations that came another way and are in the store."""


async def poll(
    client: Client, context: Context, cursor: Cursor | None, seen: Seen | None = None
) -> AsyncGenerator[Batch, None]:
    """Things when they are due, then new Observations until every Datastream has been read to its end."""
    memory, now = context.memory, context.clock()
    loaded = memory.get("loaded")
    if loaded is None or abs(now - loaded) > timedelta(seconds=client.options.refresh_s):
        rows, streams = await _things(client)
        memory.update(loaded=now, streams=streams)
        yield _batch(rows, None)
    stored = (cursor or {}).get("streams")
    first = now - timedelta(days=client.options.history_days)
    given = stored if isinstance(stored, Mapping) else {}
    places = {str(source.id): Place.of(given.get(str(source.id)), first) for source in memory["streams"]}
    waiting: list[Stream] = list(memory["streams"])
    while waiting:
        some, waiting = waiting[: client.options.parallel], waiting[client.options.parallel :]
        read = await asyncio.gather(
            *(
                _observations(client, source, places[str(source.id)], now, (seen or {}).get(str(source.id), set()))
                for source in some
            )
        )
        found: list[Record | Rejected] = []
        for source, (rows, place, more) in zip(some, read, strict=True):
            found += rows
            places[str(source.id)] = place
            if more:
                waiting.append(source)
        if found:
            yield _batch(found, {"streams": {name: place.stored for name, place in places.items()}})


async def _things(client: Client) -> tuple[list[Record | Rejected], list[Stream]]:
    rows: list[Record | Rejected] = []
    streams: list[Stream] = []
    async with aclosing(client.things()) as flow:
        async for entity in flow:
            try:
                rows += things(entity, client.options, None)
            except (ValueError, RecursionError) as error:
                rows.append(rejected(entity, error, None))
                continue
            for entry in entity["Datastreams"]:
                try:
                    streams.append(stream(entry, entity, client.options))
                except ValueError as error:
                    rows.append(rejected(entry, error, None))
    return rows, streams


async def _observations(
    client: Client, source: Stream, place: Place, now: datetime, seen: set[str]
) -> tuple[list[Record | Rejected], Place, bool]:
    """New observations of one Datastream, the place after them, and whether there is more to read."""
    since = place.time - timedelta(seconds=client.options.overlap_s)
    url = f"{client.root}/Datastreams{quoted(source.id)}/Observations"
    params = {
        "$orderby": "phenomenonTime asc",
        "$filter": f"phenomenonTime ge {since.astimezone(UTC).isoformat().replace('+00:00', 'Z')}",
        "$top": str(client.options.page_size),
    }
    rows: list[Record | Rejected] = []
    raw: list[Mapping[str, Any]] = []
    async with aclosing(client.pages(url, params)) as flow:
        async for page in flow:
            fresh = [row for row in page if not isinstance(row, Mapping) or str(row.get("@iot.id")) not in place.ids]
            raw += [row for row in fresh if isinstance(row, Mapping)]
            if seen:
                fresh = [row for row in fresh if not isinstance(row, Mapping) or str(row.get("@iot.id")) not in seen]
            rows += observations(fresh, source, client.options, None)
            if len(raw) >= ROWS_AT_ONCE:
                onward = place.after(raw, now)
                return rows, onward, onward != place
    return rows, place.after(raw, now), False


def _batch(rows: list[Record | Rejected], cursor: Cursor | None) -> Batch:
    refused = [row for row in rows if isinstance(row, Rejected)]
    return Batch([row for row in rows if not isinstance(row, Rejected)], cursor, refused)
