"""Records as rows of the staging tables (``sql/writer/stage.sql``), ready for COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely
from psycopg.types.json import Jsonb
from shapely.geometry.base import BaseGeometry

from geodata.catalogue import Service
from geodata.records import (
    Alert,
    Coverage,
    Event,
    Feature,
    Observation,
    Record,
    RequestStatus,
    ServiceRequest,
    Thing,
)


@dataclass(frozen=True, slots=True)
class Where:
    """What a row needs beside the record: surrogate ids and the arrival of rows that do not know theirs."""

    service_id: int
    source_id: int
    clock: datetime
    service: Service | None
    things: Mapping[str, int]
    properties: Mapping[str, int]


def wkb(geometry: BaseGeometry | None) -> str | None:
    """EWKB in hex, two dimensions, EPSG:4326."""
    if geometry is None:
        return None
    text: str = shapely.to_wkb(shapely.set_srid(shapely.force_2d(geometry), 4326), hex=True, include_srid=True)
    return text


OBSERVED = (
    "seq", "source_id", "received_at", "thing_id", "property_id", "phenomenon_time", "phenomenon_end", "result",
    "result_text", "quality", "numerator", "denominator",
)  # fmt: skip
_ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def lines(records: Sequence[Observation], where: Where) -> Iterator[str]:
    """Rows of ``stage_observation`` as lines of a text COPY, columns as ``OBSERVED``: results come by the hundred
    thousand, and this is five times as fast as a row of values each.
    """
    source, clock, things, properties = where.source_id, where.clock, where.things, where.properties
    for seq, r in enumerate(records):
        word = isinstance(r.result, str)
        yield (
            f"{seq}\t{source}\t{r.received_at or clock}\t{things[r.thing_id]}\t{properties[r.observed_property]}"
            f"\t{r.phenomenon_time}\t{_cell(r.phenomenon_end)}\t{_cell(None if word else r.result)}"
            f"\t{str(r.result).translate(_ESCAPED) if word else NULL}\t{r.quality}"
            f"\t{_cell(r.numerator)}\t{_cell(r.denominator)}\n"
        )


NULL = "\\N"


def _cell(value: object) -> str:
    """A number or an instant in COPY's text: Python's shortest form of a float is read back as it was."""
    return NULL if value is None else str(value)


def _thing(r: Thing, where: Where) -> dict[str, object]:
    return {
        "thing_id": where.things[r.id],
        "name": r.name,
        "category": r.category,
        "geom": wkb(r.geometry),
        "agency": r.agency,
        "azimuth_deg": r.azimuth_deg,
        "fov_deg": r.fov_deg,
        "range_m": r.range_m,
        "mast_height_m": r.mast_height_m,
        "time": r.time,
        "properties": Jsonb(dict(r.properties)),
    }


_REQUEST = [
    "id",
    "requested_datetime",
    "updated_datetime",
    "service_code",
    "service_name",
    "title",
    "description",
    "status_notes",
    "agency",
    "address",
    "expected_datetime",
    "closed_datetime",
    "urgency",
    "channel",
    "rating",
    "media_url",
    "duplicate_of",
    "source_status",
]
_ALERT = [
    "sender",
    "identifier",
    "sent",
    "status",
    "msg_type",
    "scope",
    "event",
    "urgency",
    "severity",
    "certainty",
    "level",
    "effective",
    "onset",
    "expires",
    "headline",
    "description",
    "instruction",
    "sender_name",
    "web",
    "area_desc",
]
_EVENT = [
    "id",
    "time",
    "end_time",
    "category",
    "title",
    "description",
    "thing_id",
    "place_confidence",
    "place_level",
    "severity",
    "status",
    "url",
]


def _same(record: Record, names: Sequence[str]) -> dict[str, object]:
    return {name: getattr(record, name) for name in names}


def _request(r: ServiceRequest, where: Where) -> dict[str, object]:
    return _same(r, _REQUEST) | {
        "service_id": where.service_id,
        "status": str(r.status),
        "is_open": RequestStatus(r.status).is_open,
        "category": category(where.service, r.service_code, r.service_name),
        "geom": wkb(r.geometry),
        "properties": Jsonb(dict(r.properties)),
    }


def _alert(r: Alert, where: Where) -> dict[str, object]:
    return _same(r, _ALERT) | {
        "service_id": where.service_id,
        "category": list(r.category),
        "geom": wkb(r.geometry),
        "properties": Jsonb(dict(r.properties)),
        "references": Jsonb([[sender, identifier, sent.isoformat()] for sender, identifier, sent in r.references]),
    }


def _event(r: Event, where: Where) -> dict[str, object]:
    return _same(r, _EVENT) | {
        "service_id": where.service_id,
        "geom": wkb(r.geometry),
        "properties": Jsonb(dict(r.properties)),
    }


def _feature(r: Feature, where: Where) -> dict[str, object]:
    return _same(r, ("collection", "id", "name", "category", "valid_to", "approximate")) | {
        "service_id": where.service_id,
        "valid_from": "-infinity" if r.valid_from is None else r.valid_from,
        "geom": wkb(r.geometry),
        "properties": Jsonb(dict(r.properties)),
    }


def _coverage(r: Coverage, where: Where) -> dict[str, object]:
    return _same(r, ("id", "time", "href", "category", "media_type")) | {
        "service_id": where.service_id,
        "geom": wkb(r.geometry),
        "properties": Jsonb(dict(r.properties)),
    }


@dataclass(frozen=True, slots=True)
class Versioned:
    """How a kind is merged: table, columns of the identity, column of its own order in time. ``row`` is None of what
    goes by ``lines``.
    """

    table: str
    row: Callable[..., dict[str, object]] | None
    identity: tuple[str, ...] = ()
    valid: str | None = None


TABLES: Mapping[type[Record], Versioned] = {
    Thing: Versioned("thing", _thing),
    Observation: Versioned("observation", None, ("thing_id", "property_id", "phenomenon_time")),
    ServiceRequest: Versioned("service_request", _request, ("service_id", "id"), "updated_datetime"),
    Alert: Versioned("alert", _alert),
    Event: Versioned("event", _event, ("service_id", "id")),
    Feature: Versioned("feature", _feature, ("service_id", "collection", "id", "valid_from")),
    Coverage: Versioned("coverage", _coverage, ("service_id", "id")),
}
"""Every kind but Position, in the order of writing: a Thing before its observations."""


def rows(kind: type[Record], records: Sequence[Record], where: Where) -> Iterator[dict[str, object]]:
    """Rows of the kind's staging table, by column."""
    build = TABLES[kind].row
    assert build is not None
    for seq, record in enumerate(records):
        yield {
            "seq": seq,
            "source_id": where.source_id,
            "received_at": record.received_at or where.clock,
        } | build(record, where)


def category(service: Service | None, *codes: str | None) -> str | None:
    """The catalogue's category whose codes, or whose id, name one of these words (case-folded)."""
    words = {code.casefold() for code in codes if code}
    for known in service.categories if service else ():
        if words & {known.id.casefold(), *(code.casefold() for code in known.codes)}:
            return known.id
    return None
