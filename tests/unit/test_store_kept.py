"""A refused record is kept as text that gives the same record again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from shapely.geometry import Point, Polygon

from geodata.records import (
    Alert,
    Coverage,
    Event,
    Feature,
    Observation,
    Position,
    Quality,
    Record,
    RequestStatus,
    ServiceRequest,
    Thing,
)
from geodata.store.kept import from_json, to_json

NOW = datetime(2026, 11, 22, 3, 4, 5, 678000, tzinfo=UTC)
AREA = Polygon([(107, 16), (108, 16), (108, 17)])

RECORDS: list[Record] = [
    Thing(id="a", name="Trạm Vỹ Dạ", geometry=Point(107.6, 16.4), time=NOW, properties={"n": [1, {"m": None}]}),
    Observation(
        thing_id="a", observed_property="pm25", phenomenon_time=NOW, result=1.5, unit="ug/m3", quality=Quality.FAULT
    ),
    Position(thing_id="mmsi:1", time=NOW, lon=107.1, lat=16.2, status=7),
    ServiceRequest(id="1", requested_datetime=NOW, updated_datetime=NOW, status=RequestStatus.IN_PROGRESS),
    Alert(
        sender="s", identifier="i", sent=NOW, status="Actual", msg_type="Update", category=("Met", "Geo"),
        references=(("s", "h", NOW),), geometry=AREA, expires=NOW,
    ),
    Event(id="e", time=NOW, end_time=NOW, severity=3, place_confidence=0.5),
    Feature(collection="roads", id="1", geometry=AREA, valid_from=NOW, approximate=True),
    Coverage(id="c", time=NOW, href="c.tif", geometry=AREA),
]  # fmt: skip


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_what_is_kept_gives_the_record_again(record: Record) -> None:
    assert from_json(to_json(record), NOW) == replace(record, received_at=NOW)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"kind": "Thing"}', b'{"kind": "Boat", "id": "1"}', b"\xff"])
def test_anything_else_is_none_of_ours(payload: bytes) -> None:
    with pytest.raises(ValueError, match="not a kept record"):
        from_json(payload, NOW)
