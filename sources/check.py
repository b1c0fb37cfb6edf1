"""One live fetch of a source, nothing stored, as a verdict that a person can act on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from shapely.geometry import Point, box
from shapely.geometry.base import BaseGeometry

from geodata.catalogue import service
from geodata.city import SourceBinding
from geodata.errors import VongLauError
from geodata.records import Observation, Position, Record, ServiceRequest, Thing
from geodata.store.types import Batch
from geodata.view import Bounds
from sources._binding import adapter
from sources.base import Context, Garbled, Options, Refused, Source, Unreachable
from sources.http import client
from sources.units import is_ucum

SKEW_S = 60.0
"""A clock further off than this shows wrong ages on the map."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What one fetch told. Times in seconds; ``clock_skew_s`` > 0 when the source's clock is ahead of ours.

    ``newest_age_s`` is None without a dated record, ``inside`` counts of ``placed`` those within the city's bounds.
    """

    source: str
    protocol: str
    reachable: bool = False
    speaks: bool = False
    error: str | None = None
    records: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    newest_age_s: float | None = None
    clock_skew_s: float | None = None
    unknown_units: tuple[str, ...] = ()
    unknown_properties: tuple[str, ...] = ()
    inside: int = 0
    placed: int = 0
    took_s: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the source can be switched on as it is."""
        return (
            self.error is None
            and bool(self.records)
            and not self.unknown_units
            and not self.unknown_properties
            and abs(self.clock_skew_s or 0) <= SKEW_S
            and (self.inside > 0 or not self.placed)
        )

    def lines(self) -> Iterator[str]:
        """The verdict in words, one fact a line."""
        yield f"{self.source} ({self.protocol}): {'ready' if self.ok else 'NOT ready'}"
        yield f"  reachable            {'yes' if self.reachable else 'no'}"
        yield f"  speaks the protocol  {'yes' if self.speaks else 'no'}"
        if self.error:
            yield f"  error                {self.error}"
        counted = ", ".join(f"{n} {kind}" for kind, n in self.records.items()) or "none"
        yield f"  records              {counted} in {self.took_s:.1f} s"
        if self.rejected:
            yield f"  rejected             {', '.join(f'{n} {reason}' for reason, n in self.rejected.items())}"
        if self.newest_age_s is not None:
            yield f"  newest               {self.newest_age_s:.0f} s old"
        if self.clock_skew_s is not None:
            yield f"  clock                {self.clock_skew_s:+.0f} s against ours"
        if self.unknown_units:
            yield f"  units not known      {', '.join(self.unknown_units)}; map them with the option units"
        if self.unknown_properties:
            yield f"  not in the catalogue {', '.join(self.unknown_properties)}; map them with observed_properties"
        if self.placed:
            yield f"  inside the city      {self.inside} of {self.placed}"


async def check(
    binding: SourceBinding,
    bounds: Bounds,
    *,
    seconds: float = 20.0,
    secret: Callable[[str], str | None] = lambda name: None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Verdict:
    """Reads until there are records of every kind the adapter has, the source is read out, or the time is over."""
    verdict = Verdict(source=binding.id, protocol=binding.protocol)
    try:
        source, options = adapter(binding)
    except VongLauError as error:
        verdict.error = str(error)
        return verdict
    skews: list[float] = []

    async def dated(response: httpx.Response) -> None:
        skews.extend(_skew(response.headers.get("date"), clock()))

    loop = asyncio.get_running_loop()
    began = loop.time()
    async with client(event_hooks={"response": [dated]}) as http:
        context = Context(http=http, clock=clock, secret=secret, service=binding.service)
        batches = await _read(source, options, context, verdict, seconds)
    verdict.took_s = loop.time() - began
    _judge(verdict, binding, batches, bounds, clock())
    if skews and verdict.clock_skew_s is None:
        verdict.clock_skew_s = sorted(skews)[len(skews) // 2]
    return verdict


def _skew(header: str | None, now: datetime) -> list[float]:
    """Seconds the Date header is ahead; it counts whole seconds, so half a second is added."""
    try:
        return [(parsedate_to_datetime(header) - now).total_seconds() + 0.5] if header else []
    except (ValueError, TypeError):
        return []


async def _read(
    source: Source[Options], options: Options, context: Context, verdict: Verdict, seconds: float
) -> list[Batch]:
    batches: list[Batch] = []
    iterator = source.batches(options, context, None)
    try:
        async with asyncio.timeout(seconds):
            async for batch in iterator:
                batches.append(batch)
                verdict.reachable = True
                if source.kinds <= {type(record) for some in batches for record in some.records}:
                    break
            verdict.reachable = True
    except TimeoutError:
        if not batches:
            verdict.error = f"nothing came within {seconds:g} s"
    except Unreachable as error:
        verdict.error = None if batches else str(error)
    except (Garbled, Refused) as error:
        verdict.reachable, verdict.error = True, str(error)
    except VongLauError as error:
        verdict.error = str(error)
    finally:
        await iterator.aclose()  # type: ignore[attr-defined]  # adapters are asynchronous generators
    return batches


def _judge(verdict: Verdict, binding: SourceBinding, batches: Iterable[Batch], bounds: Bounds, now: datetime) -> None:
    records = [record for batch in batches for record in batch.records]
    rejected = [row for batch in batches for row in batch.rejected]
    verdict.records = dict(Counter(type(record).__name__ for record in records))
    verdict.rejected = dict(Counter(row.reason for row in rejected))
    garbled = [row for row in rejected if row.payload is not None]
    verdict.speaks = bool(records) or (bool(rejected) and not garbled)
    if garbled and not records and verdict.error is None:
        verdict.error = f"nothing readable: {garbled[0].reason} {garbled[0].detail}".strip()
    times = [time for record in records if (time := event_time(record))]
    if times:
        verdict.newest_age_s = (now - max(times)).total_seconds()
        if verdict.newest_age_s < 0:
            verdict.clock_skew_s = -verdict.newest_age_s
    _units(verdict, binding, records)
    area = box(bounds.west, bounds.south, bounds.east, bounds.north)
    places = [place for record in records if (place := _place(record)) is not None]
    verdict.placed, verdict.inside = len(places), sum(area.intersects(place) for place in places)


def _units(verdict: Verdict, binding: SourceBinding, records: Iterable[Record]) -> None:
    measured = [record for record in records if isinstance(record, Observation)]
    known = {entry.id for entry in service(binding.service).observed_properties}
    verdict.unknown_units = tuple(sorted({r.unit for r in measured if r.unit is not None and not is_ucum(r.unit)}))
    verdict.unknown_properties = tuple(sorted({r.observed_property for r in measured} - known))


def event_time(record: Record) -> datetime | None:
    """When what the record tells of happened; None for what has no time."""
    for name in ("updated_datetime", "phenomenon_end", "phenomenon_time", "sent", "time"):
        if isinstance(found := getattr(record, name, None), datetime):
            return found
    return None


def _place(record: Record) -> BaseGeometry | None:
    if isinstance(record, Position):
        return Point(record.lon, record.lat)
    return record.geometry if isinstance(record, Thing | ServiceRequest) else None
