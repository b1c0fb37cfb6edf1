"""Open311: records from the bodies that real servers send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from geodata.records import Rejected, RequestStatus, ServiceRequest
from sources._open311_body import decode
from sources._open311_request import person, state
from sources._values import instant
from sources.open311 import Open311Options, parse

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
OPTIONS = Open311Options(url="recording", service="field_reports")
KEY = "k3y-0f-the-city"


def request(number: int, when: datetime, **more: Any) -> dict[str, Any]:
    return {
        "service_request_id": str(number),
        "status": "open",
        "service_code": "006",
        "requested_datetime": when.isoformat(),
        "updated_datetime": when.isoformat(),
        "lat": 16.46,
        "long": 107.59,
        **more,
    }


def read(item: Mapping[str, Any]) -> ServiceRequest:
    (case,) = parse(json.dumps([item]).encode(), OPTIONS, NOW)
    assert isinstance(case, ServiceRequest)
    return case


# -- one request --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("open", "open"),
        ("CLOSED", "closed"),
        ("IN_PROGRESS", "in_progress"),
        ("INVESTIGATING", "in_progress"),
        ("ACTION_SCHEDULED", "in_progress"),
        ("FOR_TRIAGE", "screening"),
        ("INTERNAL_REFERRAL", "dispatched"),
        ("DUPLICATE", "duplicate"),
        ("FIXED", "closed"),
        ("NO_FURTHER_ACTION", "closed"),
        ("NOT_COUNCILS_RESPONSIBILITY", "rejected"),
        ("CANCELLED", "rejected"),
        ("REOPEN", "reopened"),
        ("Xin gia hạn", "extension"),
        ("đã xử lý", "resolved"),
        ("kiem tra", "open"),  # unknown: passes through as the source's own word
        *((status.value, status.value) for status in RequestStatus),
    ],
)
def test_state_words(word: str, status: str) -> None:
    case = read(request(1, NOW, status=word))
    assert (case.status, case.source_status) == (RequestStatus(status), word)


@pytest.mark.parametrize("key", ["detailed_status", "status_detail", "external_status_code"])
def test_the_more_telling_word_counts(key: str) -> None:
    case = read(request(1, NOW, status="closed", **{key: "DUPLICATE"}))
    assert (case.status, case.source_status) == (RequestStatus.DUPLICATE, "DUPLICATE")
    case = read(request(1, NOW, status="closed", **{key: "lưu kho"}))
    assert (case.status, case.source_status) == (RequestStatus.CLOSED, "lưu kho")


def test_state_words_of_the_options_come_first() -> None:
    assert state(["Fixed"], {"fixed": RequestStatus.RESOLVED}) == (RequestStatus.RESOLVED, "Fixed")


def test_extended_state_in_extended_attributes() -> None:
    case = read(request(1, NOW, status="open", extended_attributes={"status": "for_triage"}))
    assert case.status is RequestStatus.SCREENING


@pytest.mark.parametrize(("number", "expected"), [("006", "006"), (6, "6"), ("  7 ", "7")])
def test_codes_keep_their_zeros(number: object, expected: str) -> None:
    case = read(request(0, NOW) | {"service_request_id": number, "service_code": number})
    assert (case.id, case.service_code) == (f"open311:{expected}", expected)


def test_bare_numbers_with_leading_zeros() -> None:
    assert decode(b'[{"a": 006, "b": "x: 006, y", "c": 0, "d": 0.5, "e": -1, "f": 10}]') == [
        {"a": "006", "b": "x: 006, y", "c": 0, "d": 0.5, "e": -1, "f": 10}
    ]


@pytest.mark.parametrize(
    ("value", "agency"),
    [
        ("UBND phường", "UBND phường"),
        ({"recipient": ["A", "B"]}, "A, B"),
        (["A"], "A"),
        (None, None),
        ("", None),
        ({}, None),
    ],
)
def test_agency(value: object, agency: str | None) -> None:
    assert read(request(1, NOW, agency_responsible=value)).agency == agency


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T07:00:00+07:00",
        "2026-11-20T07:00:00+0700",
        "2026-11-20T00:00:00Z",
        "2026-11-20 07:00",
        "2026-11-20 07:00:00 +0700",
        "2026-11-20T07:00:00.000+07:00",
        "20/11/2026 07:00",
    ],
)
def test_times(text: str) -> None:
    assert read(request(1, NOW, requested_datetime=text)).requested_datetime == datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["", "hôm qua", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "1900-01-01", "NaN"]
)
def test_times_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="time"):
        instant(text)
    (row,) = parse(json.dumps([request(1, NOW, updated_datetime=text or "x")]).encode(), OPTIONS, NOW)
    assert isinstance(row, Rejected)
    assert row.reason == "bad_time"


def test_a_wrong_place_costs_the_place_only() -> None:
    case, refused = parse(json.dumps([request(1, NOW, lat=107.6, long=16.4)]).encode(), OPTIONS, NOW)
    assert isinstance(case, ServiceRequest)
    assert case.geometry is None
    assert isinstance(refused, Rejected)
    assert refused.reason == "bad_position"


def test_the_reporter_is_kept_apart() -> None:
    item = request(
        1,
        NOW,
        first_name="Lan",
        last_name="Nguyễn Thị",
        phone="0900000001",
        email="lan@x.invalid",
        extended_attributes={"channel": "app", "phone": "0900000001"},
        attributes=[{"code": "phone", "value": "0900000001"}, {"code": "size", "value": "2"}],
        lat=200,
    )
    case, refused = parse(json.dumps([item]).encode(), OPTIONS, NOW)
    assert isinstance(case, ServiceRequest)
    assert case.person == {"name": "Lan Nguyễn Thị", "phone": "0900000001", "email": "lan@x.invalid"}
    assert isinstance(refused, Rejected)
    for kept in (str(case.properties), (refused.payload or b"").decode()):
        assert "0900000001" not in kept
        assert "Lan" not in kept
        assert "lan@" not in kept


@pytest.mark.parametrize("wrong", [b'"title": "\xe9"', b'"title": "\\u0000"', b'"requested_datetime": "x"'])
def test_rejections_never_keep_the_reporter(wrong: bytes) -> None:
    body = b'[{"service_request_id": "1", "name": "Lan", "phone": "0900000001", "x": {"email": "l@x"}, ' + wrong + b"}]"
    (row,) = parse(body, OPTIONS, NOW)
    assert isinstance(row, Rejected)
    assert row.payload
    assert not [told for told in (b"Lan", b"0900000001", b"l@x") if told in row.payload]


@pytest.mark.parametrize(
    "body",
    [
        b'[{"first_name": "Lan", "phone":"0900000001", "email": null, "x": 1',
        b'[{"last_name":"Lan","phone":0900000001},{"phone": "09000000',
        b"<service_requests><request><first_name>Lan</first_name><phone>0900000001</pho",
    ],
)
def test_bodies_that_cannot_be_read_do_not_keep_the_reporter(body: bytes) -> None:
    (row,) = parse(body, OPTIONS, NOW)
    assert isinstance(row, Rejected)
    assert row.reason == "garbled"
    assert row.payload
    assert not [told for told in (b"Lan", b"09000000") if told in row.payload]


def test_absent_names_are_no_names() -> None:
    assert person({"first_name": "-", "last_name": "-", "phone": "09"}) == {"phone": "09"}
    assert person({"requestor_name": "Lan", "first_name": "x"})["name"] == "Lan"


def test_extension_fields() -> None:
    case = read(
        request(
            1,
            NOW,
            extended_attributes={"channel": "1022", "urgency": "khẩn", "rating": 4, "duplicate_of": 17, "title": "Rác"},
            media_url=["http://a/1.jpg", "http://a/2.jpg"],
        )
    )
    assert (case.channel, case.urgency, case.rating, case.duplicate_of, case.title) == (
        "1022",
        "urgent",
        "4",
        "open311:17",
        "Rác",
    )
    assert (case.media_url, case.properties["media_urls"]) == ("http://a/1.jpg", ["http://a/1.jpg", "http://a/2.jpg"])


def test_xml_and_json_say_the_same() -> None:
    item = request(7, NOW, description="Ngập", agency_responsible="UBND")
    xml = "".join(f"<{name}>{value}</{name}>" for name, value in item.items())
    body = f"<service_requests><request>{xml}</request></service_requests>".encode()
    assert list(parse(body, OPTIONS, NOW)) == list(parse(json.dumps([item]).encode(), OPTIONS, NOW))


def test_services_and_updates_are_no_requests() -> None:
    services = b'[{"service_code":"006","service_name":"x","metadata":false,"type":"realtime"}]'
    assert [(row.reason, row.payload) for row in parse(services, OPTIONS, NOW) if isinstance(row, Rejected)] == [
        ("unused_payload", None)
    ]
    updates = b"<request_updates><request_update><update_id>1</update_id></request_update></request_updates>"
    assert not [row for row in parse(updates, OPTIONS, NOW) if isinstance(row, ServiceRequest)]


# -- discovery ----------------------------------------------------------------------------
