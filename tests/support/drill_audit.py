"""Whether the store holds what a source says it has: the source is asked again from where it stood before the fault."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from geodata.city import SourceBinding
from geodata.errors import VongLauError
from geodata.records import Event, Observation, Position, Record, ServiceRequest, Thing
from geodata.store.reader import Reader
from geodata.store.types import Cursor
from geodata.view import Bounds, View
from sources._binding import adapter
from sources.base import Context
from sources.check import event_time
from sources.http import client

GLOBE = Bounds(-180, -85, 180, 85)


async def ask(binding: SourceBinding, cursor: Cursor | None, seconds: float = 10.0) -> list[Record] | None:
    """All that it has after ``cursor``; None for a source that speaks when it likes (a stream, a sender)."""
    source, options = adapter(binding)
    if source.poll_s(options) is None or source.receiver(options) is not None:
        return None
    found: list[Record] = []
    async with client() as http:
        context = Context(http=http, service=binding.service)
        try:
            async with asyncio.timeout(seconds):
                async for batch in source.batches(options, context, cursor):
                    found += batch.records
        except (TimeoutError, VongLauError):
            return None
    return found


def missing(reader: Reader, binding: SourceBinding, records: Sequence[Record]) -> list[Record]:
    """Those that the store lacks."""
    lost: list[Record] = []
    for kind in (Observation, Position, ServiceRequest, Event, Thing):
        asked = [one for one in records if type(one) is kind]
        if asked:
            held = _held(reader, binding.service, kind, asked)
            lost += [one for one in asked if key(one) not in held]
    return lost


def key(record: Record) -> tuple[Any, ...]:
    """Its identity, with times of whole seconds."""
    if isinstance(record, Observation):
        return record.thing_id, record.observed_property, _whole(record.phenomenon_time)
    if isinstance(record, Position):
        return record.thing_id, _whole(record.time)
    return (getattr(record, "id", None),)


def _whole(time: Any) -> int:
    seconds: float = time.timestamp()
    return int(seconds)


def _held(reader: Reader, service: str, kind: type[Record], asked: Sequence[Record]) -> set[tuple[Any, ...]]:
    times = [time for one in asked if (time := getattr(one, "phenomenon_time", None) or event_time(one))]
    first = min(times, default=datetime.now().astimezone()) - timedelta(
        days=40 if kind in {ServiceRequest, Event} else 1
    )
    view = View(GLOBE, 10, 10, first, datetime.now().astimezone() + timedelta(days=1))
    if kind is Thing:
        frame = reader.latest(service, Thing, view)
        return {(one,) for one in frame.index}
    frame = reader.between(service, kind, view)
    if kind is Observation:
        return {(r.id, r.observed_property, _whole(r.time)) for r in frame.itertuples()}
    if kind is Position:
        return {(r.id, _whole(r.time)) for r in frame.itertuples()}
    return {(one,) for one in frame.index}
