"""Attributes and entities of NGSI-LD and NGSIv2 in every form, as records."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from geodata.records import Feature, Observation, Rejected, Thing
from sources._ngsi_units import CEFACT
from sources.ngsi_ld import NgsiOptions, parse, receiver
from sources.units import is_ucum

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
AT = datetime(2026, 11, 20, 7, tzinfo=UTC)
OPTIONS = NgsiOptions(
    service="public_utilities",
    types={"Pump": "pump"},
    features={"Basin": "basins"},
    attributes={"flowRate": "flow", "state": "pump_state"},
    words={"ongoing": "running"},
)


def rows(entity: dict[str, Any], **options: Any) -> list[Any]:
    body = {"id": "urn:p:1", "type": "Pump", **entity}
    return list(parse(json.dumps(body).encode(), OPTIONS.model_copy(update=options), NOW))


def observed(entity: dict[str, Any], **options: Any) -> list[Observation]:
    return [row for row in rows(entity, **options) if isinstance(row, Observation)]


@pytest.mark.parametrize("code", CEFACT)
def test_every_unit_code_is_a_ucum_unit(code: str) -> None:
    assert is_ucum(CEFACT[code])


@pytest.mark.parametrize(
    "attribute",
    [
        {"type": "Property", "value": 5, "unitCode": "MQH", "observedAt": "2026-11-20T07:00:00Z"},
        {"value": 5, "unitCode": "MQH", "observedAt": "2026-11-20T07:00:00Z"},
        {"type": "Number", "value": "5", "metadata": {
            "unitCode": {"type": "Text", "value": "MQH"},
            "timestamp": {"type": "DateTime", "value": "2026-11-20T07:00:00Z"}}},
        [{"value": 5, "unitCode": "MQH", "observedAt": "2026-11-20T07:00:00Z"}],
        {"type": "Property", "value": 5, "unitCode": "MQH", "observedAt": "2026-11-20T14:00:00"},
        {"type": "Property", "value": 5, "previousValue": 4, "unitCode": "MQH", "modifiedAt": "2026-11-20T07:00:00Z"},
    ],
)  # fmt: skip
def test_a_measurement_in_every_form(attribute: Any) -> None:
    (found,) = observed({"flowRate": attribute})
    assert (found.result, found.unit, found.phenomenon_time, found.observed_property) == (5.0, "m3/h", AT, "flow")


def test_bare_values_are_timed_by_the_entity_or_the_arrival() -> None:
    assert observed({"flowRate": 5, "modifiedAt": "2026-11-20T07:00:00Z"})[0].phenomenon_time == AT
    stamped = {"flowRate": 5, "dateObserved": {"type": "DateTime", "value": "2026-11-20T07:00:00Z"}}
    assert observed(stamped)[0].phenomenon_time == AT
    assert observed({"flowRate": 5})[0].phenomenon_time == NOW
    note = {
        "id": "n",
        "type": "Notification",
        "notifiedAt": "2026-11-20T07:00:00Z",
        "data": [{"id": "a", "flowRate": 5}],
    }
    _, found = parse(json.dumps(note).encode(), OPTIONS, NOW)
    assert isinstance(found, Observation)
    assert (found.phenomenon_time, found.thing_id) == (AT, "ngsi:a")


def test_words_are_the_catalogues() -> None:
    assert observed({"state": "ongoing"})[0].result == "running"
    assert observed({"state": {"type": "Property", "value": True}})[0].result == "true"
    assert observed({"pump_state": "stopped"})[0].observed_property == "pump_state"


def test_units_of_the_options_go_first_and_unknown_ones_stay() -> None:
    assert observed({"flowRate": 5}, units={"flowRate": "L/s"})[0].unit == "L/s"
    assert observed({"flowRate": {"value": 5, "unitCode": "XYZ"}}, units={"XYZ": "L/min"})[0].unit == "L/min"
    assert observed({"flowRate": {"value": 5, "unitCode": "XYZ"}})[0].unit == "XYZ"


def test_of_several_datasets_one_is_read() -> None:
    many = [
        {"value": 1, "datasetId": "urn:a", "observedAt": "2026-11-20T07:00:00Z"},
        {"value": 2, "observedAt": "2026-11-20T06:00:00Z"},
        {"value": 3, "datasetId": "urn:b", "observedAt": "2026-11-20T07:30:00Z"},
    ]
    found = rows({"flowRate": many})
    assert [row.result for row in found if isinstance(row, Observation)] == [2.0]
    assert [row.reason for row in found if isinstance(row, Rejected)] == ["other_dataset"] * 2
    assert observed({"flowRate": [many[0], many[2]]})[0].result == 3.0, "without a default the newest"


def test_places_in_every_form() -> None:
    point = {"type": "Point", "coordinates": [107.1, 16.8, 3.0]}
    forms = [
        point,
        {"type": "GeoProperty", "value": point},
        {"value": point},
        {"type": "geo:point", "value": "16.8, 107.1"},
    ]
    for form in forms:
        thing = rows({"location": form})[0]
        assert thing.geometry is not None
        assert (thing.geometry.x, thing.geometry.y, thing.geometry.has_z) == (107.1, 16.8, False)
    thing, wrong = rows({"location": {"type": "Point", "coordinates": [16.8, 107.1]}})
    assert (thing.geometry, wrong.reason) == (None, "bad_position")
    again = list(parse(wrong.payload, OPTIONS, NOW))
    assert [row.reason for row in again if isinstance(row, Rejected)] == ["bad_position"], (
        "what is kept can be read again"
    )


def test_relations_languages_and_words_become_properties() -> None:
    thing = rows({
        "owner": {"type": "Relationship", "object": "urn:o:1"},
        "label": {"type": "LanguageProperty", "languageMap": {"en": "Pump", "vi": "Trạm bơm"}},
        "maker": {"type": "VocabProperty", "vocab": "X"},
        "spec": {"type": "JsonProperty", "json": {"a": 1}},
        "gone": "urn:ngsi-ld:null",
    })[0]  # fmt: skip
    own = {"owner": "urn:o:1", "label": "Trạm bơm", "maker": "X", "spec": {"a": 1}}
    assert thing.properties == {"entity_type": "Pump", **own, "deleted": False}


def test_what_nobody_knows_and_what_was_deleted_is_counted() -> None:
    reasons = [
        row.reason
        for row in rows({
            "rssi": {"value": -70, "observedAt": "2026-11-20T07:00:00Z"},
            "flowRate": {"type": "Property", "value": "urn:ngsi-ld:null"},
        })
        if isinstance(row, Rejected)
    ]  # fmt: skip
    assert reasons == ["unmapped_attribute", "deleted_attribute"]
    assert [type(row) for row in rows({"rssi": {"value": 1, "observedAt": "x"}}, ignore=("rssi",))] == [Thing]


def test_names_that_are_uris_are_known_by_their_end() -> None:
    found = rows({"type": "https://uri.fiware.org/ns/data-models#Pump", "https://x.vn/ns/flowRate": {"value": 5}})
    assert found[0].category == "pump"
    assert found[1].observed_property == "flow"


def test_a_feature_needs_a_place() -> None:
    area = {"type": "Polygon", "coordinates": [[[107, 16], [107.1, 16], [107.1, 16.1], [107, 16]]]}
    (found,) = rows({"type": "Basin", "location": area, "name": "Hồ Đại An"})
    assert isinstance(found, Feature)
    assert (found.collection, found.name, "deleted" in found.properties) == ("basins", "Hồ Đại An", False)
    (wrong,) = rows({"type": "Basin"})
    assert wrong.reason == "malformed"


def test_a_notification_without_entities_is_counted() -> None:
    (found,) = parse(b'{"id": "n", "type": "Notification", "data": []}', OPTIONS, NOW)
    assert isinstance(found, Rejected)
    assert (found.reason, found.payload) == ("empty", None)


def test_only_who_is_sent_things_has_a_door() -> None:
    assert receiver(NgsiOptions(url="http://x", subscribe=False)) is None
    assert receiver(NgsiOptions(subscribe=False)) is not None, "without a broker to ask, notifications are all"
    made = receiver(NgsiOptions(url="http://x", token_env="T", per_s=3))
    assert made is not None
    assert (made.token_env, made.per_s, made.port) == ("T", 3, None)
