"""Records as rows of the staging tables (``sql/writer/stage.sql``), ready for COPY."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
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
    Position,
    Record,
    RequestStatus,
    ServiceRequest,
    Thing,
)

POSTGRES_EPOCH_US = 946_684_800_000_000  # 2000-01-01 in Unix microseconds
SINCE_EVER = datetime(1, 1, 1, tzinfo=UTC)

_FIX = [
    ("seq", ">i4"),
    ("thing_id", ">i4"),
    ("time", ">i8"),
    ("received_at", ">i8"),
    ("lon_e7", ">i4"),
    ("lat_e7", ">i4"),
    ("sog_kn", ">f4"),
    ("cog_deg", ">f4"),
    ("heading_deg", ">f4"),
    ("source_id", ">i2"),
    ("status", ">i2"),
]
POSITION_COLUMNS = tuple(name for name, _ in _FIX)
_FIX_ROW = np.dtype(
    [("fields", ">i2"), *(part for name, kind in _FIX for part in ((f"{name}_length", ">i4"), (name, kind)))]
)
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Where:
    """What a row needs beside the record: surrogate ids and the arrival of rows that do not know theirs."""

    service_id: int
    source_id: int
    clock: datetime
    service: Service | None
    things: Mapping[str, int]
    properties: Mapping[str, int]


def positions(records: Sequence[Position], where: Where) -> bytes:
    """Binary COPY of stage_position. Times in microseconds, degrees × 10⁷; NaN and −1 stand for null."""
    n = len(records)
    rows = np.empty(n, _FIX_ROW)
    rows["fields"] = len(_FIX)
    for name, kind in _FIX:
        rows[f"{name}_length"] = np.dtype(kind).itemsize
    arrival = where.clock.timestamp()
    nan = float("nan")
    rows["seq"] = np.arange(n)
    rows["thing_id"] = [where.things[r.thing_id] for r in records]
    rows["time"] = _microseconds([r.time.timestamp() for r in records])
    rows["received_at"] = _microseconds(
        [arrival if r.received_at is None else r.received_at.timestamp() for r in records]
    )
    rows["lon_e7"] = np.rint(np.array([r.lon for r in records]) * 1e7)
    rows["lat_e7"] = np.rint(np.array([r.lat for r in records]) * 1e7)
    rows["sog_kn"] = [nan if r.sog_kn is None else r.sog_kn for r in records]
    rows["cog_deg"] = [nan if r.cog_deg is None else r.cog_deg for r in records]
    rows["heading_deg"] = [nan if r.heading_deg is None else r.heading_deg for r in records]
    rows["status"] = [-1 if r.status is None else r.status for r in records]
    rows["source_id"] = where.source_id
    return _HEADER + rows.tobytes() + _TRAILER


def _microseconds(seconds: list[float]) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Exact: a double holds a Unix time of this century to a quarter of a microsecond."""
    return np.rint(np.array(seconds) * 1e6).astype(np.int64) - POSTGRES_EPOCH_US


def wkb(geometry: BaseGeometry | None) -> str | None:
    """EWKB in hex, two dimensions, EPSG:4326."""
    if geometry is None:
        return None
    text: str = shapely.to_wkb(shapely.set_srid(shapely.force_2d(geometry), 4326), hex=True, include_srid=True)
    return text


def _observation(r: Observation, where: Where) -> dict[str, object]:
    word = isinstance(r.result, str)
    return {
        "thing_id": where.things[r.thing_id],
        "property_id": where.properties[r.observed_property],
        "phenomenon_time": r.phenomenon_time,
        "phenomenon_end": r.phenomenon_end,
        "result": None if word else r.result,
        "result_text": r.result if word else None,
        "quality": str(r.quality),
        "numerator": r.numerator,
        "denominator": r.denominator,
    }


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


_REQUEST = (
    "id requested_datetime updated_datetime service_code service_name title description status_notes agency address "
    "expected_datetime closed_datetime urgency channel rating media_url duplicate_of source_status"
).split()
_ALERT = (
    "sender identifier sent status msg_type scope event urgency severity certainty level effective onset expires "
    "headline description instruction sender_name web area_desc"
).split()
_EVENT = (
    "id time end_time category title description thing_id place_confidence place_level severity status url"
).split()


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
    """How a kind is merged: table, columns of the identity, column of its own order in time."""

    table: str
    row: Callable[..., dict[str, object]]
    identity: tuple[str, ...] = ()
    valid: str | None = None


TABLES: Mapping[type[Record], Versioned] = {
    Thing: Versioned("thing", _thing),
    Observation: Versioned("observation", _observation, ("thing_id", "property_id", "phenomenon_time")),
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
