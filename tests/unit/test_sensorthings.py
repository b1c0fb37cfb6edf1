"""SensorThings: entities in all their forms."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from geodata.records import Observation, Quality, Rejected, Thing
from sources._sta_entities import quality, quoted, result
from sources.sensorthings import SensorThingsOptions, parse
from sources.units import USUAL, is_ucum, ucum

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
OPTIONS = SensorThingsOptions(url="recording", service="air_quality")
TOKEN = "t0k3n-of-the-city"


def observed(body: dict[str, Any], **options: Any) -> Any:
    stream = {
        "@iot.id": 7,
        "name": "x",
        "unitOfMeasurement": {"symbol": "µg/m³"},
        "ObservedProperty": {"name": "PM2.5"},
        "Thing": {"@iot.id": "tram'1"},
    }
    entity = {"phenomenonTime": "2026-11-20T07:00:00Z", "result": 1, "Datastream": stream} | body
    found = OPTIONS.model_copy(update=options)
    (row,) = parse(json.dumps({"value": [entity]}).encode(), found, NOW)
    return row


def datastream(**more: Any) -> dict[str, Any]:
    return {"@iot.id": 7, "unitOfMeasurement": {"symbol": "µg/m³"}, "Thing": {"@iot.id": 1}, "name": "x"} | more


# -- entities -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("time", "start", "end"),
    [
        ("2026-11-20T07:00:00Z", "2026-11-20T07:00:00+00:00", None),
        ("2026-11-20T07:00:00+07:00", "2026-11-20T00:00:00+00:00", None),
        ("2026-11-20T07:00:00Z/2026-11-20T08:00:00Z", "2026-11-20T07:00:00+00:00", "2026-11-20T08:00:00+00:00"),
        ("2026-11-20T07:00:00Z/2026-11-20T07:00:00Z", "2026-11-20T07:00:00+00:00", None),
        (
            "2026-11-20T14:00:00.000+07:00/2026-11-20T15:00:00.000+07:00",
            "2026-11-20T07:00:00+00:00",
            "2026-11-20T08:00:00+00:00",
        ),
    ],
)
def test_phenomenon_time_is_an_instant_or_an_interval(time: str, start: str, end: str | None) -> None:
    row = observed({"phenomenonTime": time, "resultTime": None})
    assert row.phenomenon_time.isoformat() == start
    assert (row.phenomenon_end.isoformat() if row.phenomenon_end else None) == end


@pytest.mark.parametrize(
    ("value", "unit", "expected"),
    [
        (12.5, "ug/m3", 12.5),
        ("12.5", "ug/m3", 12.5),
        ("tốt", None, "tốt"),
        (True, None, "true"),
        (None, "m", None),
        (0, "m", 0.0),
    ],
)
def test_kinds_of_result(value: object, unit: str | None, expected: object) -> None:
    assert result(value, unit) == expected


@pytest.mark.parametrize("value", [{"a": 1}, [1, 2], "x"])
def test_results_that_are_none(value: object) -> None:
    row = observed({"result": value})
    assert isinstance(row, Rejected)
    assert row.payload


def test_nan_is_no_result() -> None:
    body = (
        b'{"value":[{"phenomenonTime":"2026-11-20T07:00:00Z","result":NaN,"Datastream":'
        + json.dumps(datastream(ObservedProperty={"name": "CO"})).encode()
        + b"}]}"
    )
    (row,) = parse(body, OPTIONS, NOW)
    assert isinstance(row, Observation)
    assert row.result is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "measuring"),
        ("00", "measuring"),
        ("01", "calibrating"),
        ("02", "fault"),
        ("03", "maintenance"),
        ({"code": "01"}, "calibrating"),
        (["00", {"state": ["02"]}], "fault"),
        ("High", "measuring"),
        ("hỏng", "fault"),
    ],
)
def test_result_quality(value: object, expected: str) -> None:
    assert quality(value, {"Hỏng": Quality.FAULT}) is Quality(expected)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"ObservedProperty": {"name": "PM2.5"}}, "pm25"),
        ({"ObservedProperty": {"name": "PM 2,5"}}, "pm25"),
        ({"ObservedProperty": {"name": "x", "definition": "http://a/def#pm25"}}, "pm25"),
        ({"ObservedProperty": {"name": "Bụi PM2,5"}}, "pm25"),
        ({"ObservedProperty": {"name": "x"}, "properties": {"observed_property": "o3"}}, "o3"),
        ({"ObservedProperty": {"name": "feinstaub"}}, "pm10"),
        ({"ObservedProperty": {"name": "radon"}}, "radon"),
    ],
)
def test_observed_property(more: dict[str, Any], expected: str) -> None:
    row = observed({"Datastream": datastream(**more)}, observed_properties={"feinstaub": "pm10"})
    assert row.observed_property == expected


@pytest.mark.parametrize("code", sorted(set(USUAL.values())))
def test_usual_units_are_ucum(code: str) -> None:
    assert is_ucum(code)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("µg/m³",), "ug/m3"),
        (("μg/m3",), "ug/m3"),
        (("degC",), "Cel"),
        (("°C",), "Cel"),
        (("?", "ucum:m3/s"), "m3/s"),
        ((None, "http://qudt.org/vocab/unit#DegreeCelsius"), "Cel"),
        (("mg/L",), "mg/L"),
        (("m",), "m"),
        (("%",), "%"),
        (("furlongs",), None),
        (("bãi",), None),
    ],
)
def test_ucum(names: tuple[str | None, ...], expected: str | None) -> None:
    assert ucum(*names) == expected


def test_units_of_the_options_and_unknown_ones() -> None:
    unknown = datastream(ObservedProperty={"name": "CO"}, unitOfMeasurement={"symbol": "bãi", "name": None})
    assert observed({"Datastream": unknown}).unit == "bãi"  # for the store to refuse and count
    assert observed({"Datastream": unknown}, units={"bãi": "mg/m3"}).unit == "mg/m3"


POINT = {"type": "Point", "coordinates": [107.6, 16.5, 3]}


@pytest.mark.parametrize(
    ("encoding", "location", "placed"),
    [
        ("application/geo+json", POINT, True),
        ("application/vnd.geo+json", POINT, True),
        ("application/geo+json", {"type": "Feature", "geometry": POINT, "properties": {}}, True),
        ("text/plain", "12 Lê Lợi", False),
        ("application/geo+json", {"type": "Point", "coordinates": [16.5, 107.6]}, None),
        ("application/geo+json", {"type": "Point", "coordinates": ["a", "b"]}, None),
        ("application/geo+json", {"type": "Polygon", "coordinates": [[[1, 2]]]}, None),
        ("application/geo+json", None, None),
    ],
)
def test_places(encoding: str, location: object, placed: bool | None) -> None:
    thing = {"@iot.id": 1, "name": "Trạm", "Locations": [{"encodingType": encoding, "location": location}]}
    rows = list(parse(json.dumps(thing).encode(), OPTIONS, NOW))
    found = rows[0]
    assert isinstance(found, Thing)
    assert (found.geometry is not None) is bool(placed)
    assert [row.reason for row in rows[1:] if isinstance(row, Rejected)] == (
        [] if placed is not None else ["bad_position"]
    )
    if placed and found.geometry is not None:
        assert not found.geometry.has_z


def test_ids_in_urls() -> None:
    assert (quoted(7), quoted("a'b")) == ("(7)", "('a''b')")
    assert observed({}).thing_id == "sta:tram'1"


def test_an_observation_alone_is_kept_as_rejected() -> None:
    row = observed({"Datastream": {"@iot.id": 7}})
    assert (row.reason, bool(row.payload)) == ("no_datastream", True)


# -- a server -----------------------------------------------------------------------------
