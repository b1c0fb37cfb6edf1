"""What may come in and what becomes of the rest, before any database."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from shapely.geometry import Point, Polygon

from geodata.records import KINDS, Feature, Observation, Position, Record, Rejected, Thing
from geodata.store.check import check, months
from geodata.store.kept import to_json
from geodata.store.stage import category
from geodata.store.types import Batch
from geodata.store.units import Conversion, conversion
from tests.support.samples import NOON, SERVICES, case, event, fix, one_of_each, value

CLOCK = NOON + timedelta(minutes=5)


def reasons(*records: Record) -> list[str]:
    return [r.reason for r in check(Batch(records), SERVICES["trial"], CLOCK).rejected]


def test_every_kind_passes() -> None:
    checked = check(Batch(one_of_each()), SERVICES["trial"], CLOCK)
    assert not checked.rejected
    assert set(checked.accepted) == set(KINDS.values())


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (fix(lon=180.1), "implausible"),
        (fix(lat=-90.1), "implausible"),
        (fix(lon=float("nan")), "implausible"),
        (fix(at=86_400 + 301), "time_ahead"),
        (Position(thing_id="1", time=datetime(1989, 12, 31, tzinfo=UTC), lon=1, lat=1), "too_old"),
        (fix("a\0b"), "text"),
        (value(-0.1), "implausible"),
        (value(1000.1), "implausible"),
        (value(float("inf")), "implausible"),
        (value(1.0, unit="m"), "unit"),
        (value(1.0, unit="no-such-unit"), "unknown_unit"),
        (value(observed_property="radon"), "unknown_property"),
        (case(description="a\0b"), "text"),
        (case(properties={"a": ["b", {"c\0": 1}]}), "text"),
        (event(geometry=Point(200, 1)), "implausible"),
        (event(at=90_000), "time_ahead"),
        (Thing(id="1", geometry=Point()), "implausible"),
        (Feature(collection="c", id="1", geometry=Polygon()), "implausible"),
    ],
)
def test_unreasonable_record_is_rejected(record: Record, reason: str) -> None:
    assert reasons(record) == [reason]


def test_edges_are_reasonable() -> None:
    assert reasons(fix(lon=180, lat=90), fix(lon=-180, lat=-90), value(0), value(1000), fix(at=86_400 + 300)) == []


def test_time_ahead_is_measured_from_the_arrival() -> None:
    assert reasons(fix(at=0, received_at=NOON - timedelta(days=1, seconds=1))) == ["time_ahead"]


def test_rejections_of_the_adapter_are_kept() -> None:
    theirs = Rejected(reason="checksum", payload=b"!AIVDM")
    assert check(Batch([], rejected=[theirs]), None, CLOCK).rejected == [theirs]


def test_rejected_payload_names_no_person() -> None:
    payload = json.loads(to_json(case(person={"phone": "0905"}, address="1 Lê Lợi")))
    assert payload["kind"] == "ServiceRequest"
    assert payload["geometry"] == "POINT (107.5 16.5)"
    assert "person" not in payload


@pytest.mark.parametrize(
    ("result", "unit", "expected"),
    [(0.5, "mg/m3", 500.0), (20.0, None, 20.0), (20, "ug/m3", 20.0), (1.0, "ng/m3", 0.001)],
)
def test_units_are_converted_to_the_catalogue(result: float, unit: str | None, expected: float) -> None:
    (kept,) = check(Batch([value(result, unit=unit)]), SERVICES["trial"], CLOCK).accepted[Observation]
    assert isinstance(kept, Observation)
    assert kept.result == pytest.approx(expected)
    assert kept.unit == "ug/m3"


def test_affine_units() -> None:
    convert = conversion("K", "Cel")
    assert isinstance(convert, Conversion)
    assert convert(293.15) == pytest.approx(20)


def test_words_and_gaps_pass_without_a_unit() -> None:
    assert reasons(value("on", observed_property="status", unit=None), value(None)) == []


def test_service_outside_the_catalogue_is_not_measured() -> None:
    assert check(Batch([value(-5, observed_property="x", unit="y")]), None, CLOCK).rejected == []


def test_category_by_code_name_or_id() -> None:
    trial = SERVICES["trial"]
    assert category(trial, "001") == "road"
    assert category(trial, None, "ĐƯỜNG") == "road"
    assert category(trial, "Light") == "light"
    assert category(trial, "x", None) is None
    assert category(None, "001") is None


def test_months_are_those_of_utc() -> None:
    late = Position(thing_id="1", time=datetime.fromisoformat("2026-12-01T06:00:00+07:00"), lon=1, lat=1)
    assert [(m.year, m.month) for m in months([fix(), late])] == [(2026, 11)]
    assert {(m.year, m.month) for m in months([fix(), fix(at=86_400 * 20)])} == {(2026, 11), (2026, 12)}
