"""One live fetch of a source, nothing stored, as a verdict that a person can act on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

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
from sources._check_problems import (
    NOTHING,
    Door,
    Problem,
    door,
    impersonal,
    known,
    masked,
    metres,
    misplaced,
    problems,
    swapped,
    waits_only,
)
from sources.base import Context, Garbled, Options, Refused, Source, Unreachable
from sources.http import client
from sources.units import is_ucum

SETTLE_S = 5.0
LET_GO_S = 5.0
"""So long an adapter that was cancelled may take to put its connections away."""


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What one fetch told. Times in seconds; ``clock_skew_s`` > 0 when the source's clock is ahead of ours.

    ``newest_age_s`` is None without a dated record, ``inside`` counts of ``placed`` those within the city's bounds,
    ``swapped`` those that would with longitude and latitude exchanged, ``metres`` those in metres instead of degrees.
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
    swapped: int = 0
    metres: int = 0
    took_s: float = 0.0

    state: Literal["ready", "quiet", "waits", "not_ready"] = "not_ready"
    problems: list[Problem] = field(default_factory=list)
    sends_to: Door | None = None

    @property
    def ok(self) -> bool:
        """Whether it can be switched on as it is: it gives records, has nothing to tell now, or is sent them."""
        return self.state != "not_ready"


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
        verdict.sends_to = door(source, options)
    except (VongLauError, OSError) as error:  # OSError: a certificate that a receiver's door cannot read
        verdict.error = str(error)
        verdict.problems = problems(verdict, None, secret)
        return verdict
    asked = known(secret, verdict.sends_to) if binding.simulated else secret
    if verdict.sends_to is not None and waits_only(options):
        verdict.problems = problems(verdict, options, asked)
        verdict.state = "not_ready" if verdict.problems else "waits"
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
    verdict.error = masked(verdict.error, options, secret)
    if service(binding.service).personal_data:
        verdict.error = impersonal(verdict.error)
    verdict.problems = problems(verdict, options, asked)
    if not verdict.problems:
        verdict.state = "ready" if verdict.records else "quiet"
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
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    try:
        while (batch := await _next(iterator, until - loop.time())) is not None:
            if batch.records and not any(some.records for some in batches):
                until = min(until, loop.time() + SETTLE_S)  # what else the source has comes soon or not at all
            batches.append(batch)
            verdict.reachable = True
            if source.kinds <= {type(record) for some in batches for record in some.records}:
                break
        verdict.reachable = verdict.speaks = True
    except TimeoutError:
        if not batches:
            verdict.error = f"{NOTHING} {seconds:g} s"
        verdict.speaks = bool(batches)
    except Unreachable as error:
        verdict.error = None if batches else str(error)
    except (Garbled, Refused) as error:
        verdict.reachable, verdict.error = True, str(error)
    except VongLauError as error:
        verdict.error = str(error)
    finally:
        with suppress(RuntimeError):  # one that would not be cancelled still runs
            await iterator.aclose()  # type: ignore[attr-defined]  # adapters are asynchronous generators
    return batches


async def _next(iterator: AsyncIterator[Batch], within_s: float) -> Batch | None:
    """The next batch; None at the end of the source. Raises TimeoutError, also when an adapter overhears that it is
    cancelled (``asyncio.wait_for`` does so before Python 3.12): a check ends.
    """
    getting = asyncio.ensure_future(anext(iterator, None))
    try:
        await asyncio.wait({getting}, timeout=max(within_s, 0))
        if getting.done():
            return getting.result()
        raise TimeoutError
    finally:
        if not getting.done():
            getting.cancel()
            await asyncio.wait({getting}, timeout=LET_GO_S)
            if getting.done() and not getting.cancelled():
                getting.exception()  # nobody else asks for it


def _judge(verdict: Verdict, binding: SourceBinding, batches: Iterable[Batch], bounds: Bounds, now: datetime) -> None:
    records = [record for batch in batches for record in batch.records]
    rejected = [row for batch in batches for row in batch.rejected]
    verdict.records = dict(Counter(type(record).__name__ for record in records))
    verdict.rejected = dict(Counter(row.reason for row in rejected))
    garbled = [row for row in rejected if row.payload is not None]
    verdict.speaks = bool(records) or (verdict.speaks and not garbled)
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
    off = misplaced(rejected, verdict.error)
    verdict.metres = sum(metres(place) for place in off)
    verdict.swapped = 0 if verdict.inside else sum(area.intersects(swapped(place)) for place in (*places, *off))


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
