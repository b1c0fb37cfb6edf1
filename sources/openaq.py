"""OpenAQ v3 (docs.openaq.org): air measurements of many providers, with their licences.

``latest`` of a location tells which of its sensors have something new; what is stored are their measurements with
their period, page by page from the last one on. A recording's body is one reply as sent; one of measurements, which
does not tell whose they are, has ``locationsId`` and ``sensorsId`` beside ``results``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, model_validator

from geodata.records import Observation, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._openaq_client import Client
from sources._openaq_entities import is_location, location, measurements, period, rejected, sensors
from sources._values import instant, loads
from sources.base import Context, Options, Source

Row = Record | Rejected


class OpenAQOptions(Options):
    """Which locations: by id, within ``radius_m`` of ``lon``, ``lat``, or in ``bbox`` (west, south, east, north)."""

    url: str = "https://api.openaq.org"
    api_key_env: str | None = None
    issuer: str = Field(default="openaq", pattern=r"^[a-z0-9_.-]+$")
    locations: tuple[int, ...] = ()
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    radius_m: int = Field(default=25_000, gt=0, le=25_000)  # more is refused by the server
    bbox: tuple[float, float, float, float] | None = None
    monitors_only: bool = False  # leave out low-cost sensors
    observed_properties: Mapping[str, str] = Field(default_factory=dict)
    units: Mapping[str, str] = Field(default_factory=dict)
    history_days: float = Field(default=14, gt=0)
    overlap_s: float = Field(default=3 * 3600, ge=0)  # read again with what is new, for what was mended since
    page_size: int = Field(default=1000, ge=1, le=1000)
    refresh_s: float = Field(default=6 * 3600, gt=0)  # of locations
    poll_s: float = Field(default=600, gt=0)

    @model_validator(mode="after")
    def _one_place(self) -> OpenAQOptions:
        if (self.lon is None) != (self.lat is None):
            raise ValueError("lon and lat belong together")
        return self


def parse(payload: bytes, options: OpenAQOptions, arrival: datetime) -> Iterator[Row]:
    """The locations or measurements of one reply; ``latest`` is not for us."""
    try:
        body = loads(payload)
        results = body.get("results") if isinstance(body, Mapping) else None
        if not isinstance(body, Mapping) or not isinstance(results, list):
            raise ValueError("no list of results")  # noqa: TRY004, TRY301 (what is wrong is the payload)
    except ValueError as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    for item in results:
        if is_location(item) and "value" not in item:
            yield _location(item, options, arrival)
        elif isinstance(item, Mapping) and "sensorsId" in item and "period" not in item:
            yield Rejected(reason="unused_payload", detail="a latest value", received_at=arrival)
        else:
            yield from measurements([item], body.get("locationsId"), body.get("sensorsId"), options, arrival)


def _location(item: Mapping[str, Any], options: OpenAQOptions, arrival: datetime | None) -> Row:
    try:
        return location(item, options, arrival)
    except (ValueError, RecursionError) as error:
        return rejected(item, error, arrival)


async def batches(options: OpenAQOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: locations when they are due, then each sensor that has something new. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    key = context.secret(options.api_key_env) if options.api_key_env else None
    client = Client(context, options.url, options.page_size, key)
    async with aclosing(_Poll(options, context, client, cursor).run()) as flow:
        async for batch in flow:
            yield batch


@dataclass(slots=True)
class _Poll:
    options: OpenAQOptions
    context: Context
    client: Client
    cursor: Cursor | None
    until: dict[str, str] = field(init=False)  # by sensor: the end of its last measurement

    def __post_init__(self) -> None:
        stored = (self.cursor or {}).get("sensors")
        self.until = {str(key): str(value) for key, value in stored.items()} if isinstance(stored, Mapping) else {}

    async def run(self) -> AsyncGenerator[Batch, None]:
        memory, now = self.context.memory, self.context.clock()
        loaded = memory.get("loaded")
        if loaded is None or abs(now - loaded) > timedelta(seconds=self.options.refresh_s):
            rows, found = await self._locations()
            memory.update(loaded=now, locations=found)
            yield _batch(rows, None)
        for number in memory["locations"]:
            latest = await self.client.get(f"locations/{number}/latest", {"limit": "1000"})
            for sensor, newest in _newest(latest["results"]).items():
                since = self._since(sensor, now)
                if since is None or newest > since:
                    async with aclosing(self._measurements(number, sensor, since, now)) as flow:
                        async for batch in flow:
                            yield batch

    async def _locations(self) -> tuple[list[Row], list[int]]:
        """The Things and the ids of those that have sensors."""
        options = self.options
        params: dict[str, str] = {"monitor": "true"} if options.monitors_only else {}
        if options.lon is not None and options.lat is not None:
            params |= {"coordinates": f"{options.lat:.4f},{options.lon:.4f}", "radius": str(options.radius_m)}
        elif options.bbox:
            params |= {"bbox": ",".join(f"{degrees:.4f}" for degrees in options.bbox)}
        items: list[Any] = []
        if options.locations:
            for number in options.locations:
                items += (await self.client.get(f"locations/{number}", {}))["results"]
        else:
            async with aclosing(self.client.pages("locations", params)) as flow:
                async for page in flow:
                    items += page
        rows = [
            _location(item, options, None) if is_location(item) else rejected(item, ValueError("no location"), None)
            for item in items
        ]
        pairs = zip(items, rows, strict=True)
        return rows, [item["id"] for item, row in pairs if isinstance(row, Thing) and any(sensors(item))]

    def _since(self, sensor: int, now: datetime) -> datetime | None:
        """The end of the last measurement read; never ahead of our clock, which would hide what comes."""
        try:
            return min(instant(self.until[str(sensor)]), now)
        except (KeyError, ValueError):
            return None

    async def _measurements(
        self, number: int, sensor: int, since: datetime | None, now: datetime
    ) -> AsyncGenerator[Batch, None]:
        first = now - timedelta(days=self.options.history_days)
        start = first if since is None else max(first, since - timedelta(seconds=self.options.overlap_s))
        params = {"datetime_from": start.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        ends = [since] if since else []
        rows: list[Row] = []
        async with aclosing(self.client.pages(f"sensors/{sensor}/measurements", params)) as flow:
            async for page in flow:
                rows += measurements(page, number, sensor, self.options, None)
                ends += _ends(page)
        # the pages are of one question and in no promised order: the cursor moves when all are read
        if ends:
            self.until[str(sensor)] = min(max(ends), now).isoformat()
        yield _batch(rows, {"sensors": dict(self.until)})


def _newest(results: list[Any]) -> dict[int, datetime]:
    """By sensor the time of its latest value; what cannot be read is asked for as if it were new."""
    found: dict[int, datetime] = {}
    for item in results:
        sensor = item.get("sensorsId") if isinstance(item, Mapping) else None
        if isinstance(sensor, int) and not isinstance(sensor, bool):
            told = item.get("datetime")
            try:
                found[sensor] = instant(told.get("utc") if isinstance(told, Mapping) else told)
            except ValueError:
                found[sensor] = datetime.max.replace(tzinfo=UTC)
    return found


def _ends(items: list[Any]) -> Iterator[datetime]:
    for item in items:
        try:
            yield period(item)[1]
        except (ValueError, AttributeError):
            continue


def _batch(rows: list[Row], cursor: Cursor | None) -> Batch:
    refused = [row for row in rows if isinstance(row, Rejected)]
    return Batch([row for row in rows if not isinstance(row, Rejected)], cursor, refused)


SOURCE = Source(
    protocol="openaq",
    title="OpenAQ v3",
    kinds=frozenset({Thing, Observation}),
    options=OpenAQOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json",),
    libraries=("httpx",),
    limits="60 requests a minute and 2,000 an hour; 25 km around a point",
)
