"""What may come in: each record against the catalogue and against reason, before the database sees it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter

from shapely.geometry.base import BaseGeometry

from geodata.catalogue import ObservedProperty, Service
from geodata.records import (
    Alert,
    Coverage,
    Event,
    Feature,
    Observation,
    Position,
    Record,
    Rejected,
    ServiceRequest,
    Thing,
)
from geodata.store.kept import to_json
from geodata.store.types import Batch
from geodata.store.units import Conversion, conversion

OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=1)  # a clock that runs fast is noise; a day is a mistake

TIMES: Mapping[type[Record], Callable[..., tuple[datetime | None, ...]]] = {
    Thing: lambda r: (r.time,),
    Observation: lambda r: (r.phenomenon_time,),
    Position: lambda r: (r.time,),
    ServiceRequest: lambda r: (r.requested_datetime, r.updated_datetime),
    Alert: lambda r: (r.sent,),
    Event: lambda r: (r.time,),
    Feature: lambda r: (),
    Coverage: lambda r: (r.time,),
}

_VALUES: Mapping[type[Record], Callable[[Record], tuple[object, ...]]] = {
    kind: attrgetter(*(f.name for f in fields(kind))) for kind in TIMES
}
"""All values of a record in the order of its fields: records come by the hundred thousand, names are asked for once."""


@dataclass(slots=True)
class Checked:
    """``accepted``: by kind, in the order of arrival, observations in the catalogue's units."""

    accepted: dict[type[Record], list[Record]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)


def check(batch: Batch, service: Service | None, clock: datetime) -> Checked:
    """Sorts a batch. ``service`` None: a service outside the catalogue (an imported collection), units unchecked.

    ``clock``: arrival of the rows that do not know theirs, aware UTC.
    """
    found = Checked(rejected=list(batch.rejected))
    fixes: list[Record] = []
    properties = None if service is None else {p.id: p for p in service.observed_properties}
    for record in batch.records:
        if isinstance(record, Position):
            reason = _strange_fix(record, OLDEST, (record.received_at or clock) + AHEAD)
            if reason is None:
                fixes.append(record)
            else:
                found.rejected.append(reject(record, *reason))
            continue
        if isinstance(record, Observation):
            reason = _strange_result(record, OLDEST, (record.received_at or clock) + AHEAD)
            if reason is None and properties is not None:
                answer = _measured(record, properties)
                if isinstance(answer, Observation):
                    found.accepted.setdefault(Observation, []).append(answer)
                    continue
                reason = answer
        else:
            reason = _unreasonable(record, clock)
        if reason is None:
            found.accepted.setdefault(type(record), []).append(record)
        else:
            found.rejected.append(reject(record, *reason))
    if fixes:
        found.accepted[Position] = fixes
    return found


def reject(record: Record, reason: str, detail: str) -> Rejected:
    """A record of ours as a rejection: its payload is the record as JSON, without the person in it."""
    return Rejected(reason=reason, detail=detail, payload=to_json(record), received_at=record.received_at)


def _strange_fix(fix: Position, oldest: datetime, latest: datetime) -> tuple[str, str] | None:
    """Reason and detail, or None. Fixes come by the ten thousand: their way through is short."""
    if not oldest <= fix.time <= latest:
        return ("too_old" if fix.time < oldest else "time_ahead"), fix.time.isoformat()
    if not (-180 <= fix.lon <= 180 and -90 <= fix.lat <= 90):
        return "implausible", f"lon {fix.lon} lat {fix.lat}"
    return ("text", "thing_id") if "\0" in fix.thing_id else None


def _strange_result(record: Observation, oldest: datetime, latest: datetime) -> tuple[str, str] | None:
    """Reason and detail, or None. Results come by the hundred thousand too, and have no place of their own."""
    time = record.phenomenon_time
    if not oldest <= time <= latest:
        return ("too_old" if time < oldest else "time_ahead"), time.isoformat()
    texts = (record.thing_id, record.observed_property, record.result, record.unit, record.quality)
    for name, value in zip(_TEXTS, texts, strict=True):
        if isinstance(value, str) and "\0" in value:
            return "text", name
    return None


_TEXTS = ("thing_id", "observed_property", "result", "unit", "quality")
"""What of an observation may be text, in the order of its fields."""


def _unreasonable(record: Record, clock: datetime) -> tuple[str, str] | None:
    """Reason and detail, or None."""
    latest = (record.received_at or clock) + AHEAD
    for time in TIMES[type(record)](record):
        if time is not None and not OLDEST <= time <= latest:
            return ("too_old" if time < OLDEST else "time_ahead"), time.isoformat()
    values = _VALUES[type(record)](record)
    if any(map(_has_nul, values)):
        return "text", next(f.name for f, value in zip(fields(record), values, strict=True) if _has_nul(value))
    return _misplaced(getattr(record, "geometry", None))


def _misplaced(geometry: BaseGeometry | None) -> tuple[str, str] | None:
    if geometry is None:
        return None
    if geometry.is_empty:
        return "implausible", "empty geometry"
    west, south, east, north = geometry.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        return "implausible", f"bounds {west} {south} {east} {north}"
    return None


_NO_TEXT = frozenset({type(None), float, int, bool, datetime})
"""What most values are: they need no look inside."""


def _has_nul(value: object) -> bool:
    if type(value) in _NO_TEXT:
        return False
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(_has_nul(part) for item in value.items() for part in item)
    if isinstance(value, list | tuple):
        return any(_has_nul(part) for part in value)
    return False


def _measured(record: Observation, properties: Mapping[str, ObservedProperty]) -> Observation | tuple[str, str]:
    """The observation in the catalogue's unit, or why not. A result without a unit is taken to be in it."""
    known = properties.get(record.observed_property)
    if known is None:
        return "unknown_property", record.observed_property
    value = record.result
    if not isinstance(value, int | float):
        return record
    if record.unit is not None and known.unit is not None:
        convert = conversion(record.unit, known.unit)
        if not isinstance(convert, Conversion):
            return convert, f"{record.unit} to {known.unit}"
        value = convert(value)
    if not math.isfinite(value) or not _within(value, known):
        return "implausible", f"{record.observed_property} {value} {known.unit or ''}".strip()
    if type(record.result) is float and value == record.result and record.unit == known.unit:
        return record  # most are as the catalogue has them
    return replace(record, result=float(value), unit=known.unit)


def _within(value: float, known: ObservedProperty) -> bool:
    low = -math.inf if known.minimum is None else known.minimum
    high = math.inf if known.maximum is None else known.maximum
    return low <= value <= high


def months(records: Sequence[Record]) -> list[datetime]:
    """A moment in every month (UTC) that the records' own times touch: they lie in monthly partitions."""
    moments = [TIMES[type(records[0])](record)[0] for record in records]
    found = [moment for moment in moments if moment is not None]
    first, last = min(found).astimezone(UTC), max(found).astimezone(UTC)
    if (first.year, first.month) == (last.year, last.month):
        return [first]
    utc = (moment.astimezone(UTC) for moment in found)
    return list({(moment.year, moment.month): moment for moment in utc}.values())
