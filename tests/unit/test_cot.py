"""Cursor-on-Target events as records: units, emergencies and their end, deletions, unknown values, framing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import takproto
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.records import Event, Position, Rejected, Thing
from sources._cot_frames import MAX_MESSAGE_B, NoFrame, messages, split
from sources._cot_records import completed
from sources.tak import TakOptions, parse

NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
AT = "2026-11-20T07:00:00Z"
OPTIONS = TakOptions(service="public_order", categories={"b-": "other", "b-l-f": "fire", "Ring The Bell": "crowd"})


def xml(
    type_: str = "a-f-G", detail: str = "", uid: str = "u1", stale: str = "2026-11-20T07:02:00Z", **point: str
) -> bytes:
    place = {"lat": "16.46", "lon": "107.59", "hae": "9999999", "ce": "999999", "le": "9999999"} | point
    attributes = " ".join(f'{name}="{value}"' for name, value in place.items())
    return (
        f'<event version="2.0" uid="{uid}" type="{type_}" time="{AT}" start="{AT}" stale="{stale}" how="h-e">'
        f"<point {attributes}/><detail>{detail}</detail></event>"
    ).encode()


def rows(payload: bytes, **options: Any) -> list[Any]:
    return list(parse(payload, OPTIONS.model_copy(update=options), NOW))


def test_a_unit_is_a_thing_and_a_position() -> None:
    detail = '<contact callsign="Tuần tra &lt;7&gt;"/><track speed="10" course="361"/><status battery="74"/>'
    thing, fix = rows(xml(detail=detail))
    assert (thing.id, thing.name, thing.category) == ("tak:u1", "Tuần tra <7>", "unit")
    assert thing.properties["affiliation"] == "friend"
    assert thing.properties["battery_percent"] == 70
    assert (fix.sog_kn, fix.cog_deg) == (19.44, 1.0)
    assert (fix.time, fix.lon, fix.lat) == (datetime(2026, 11, 20, 7, tzinfo=UTC), 107.59, 16.46)


def test_a_speed_that_is_not_sent_is_not_zero() -> None:
    _, fix = rows(xml())
    assert fix.sog_kn is None
    assert fix.cog_deg is None


@pytest.mark.parametrize("unknown", ["9999999", "9999999.0", "999999", "999999.0"])
def test_unknown_heights_and_errors_are_nothing(unknown: str) -> None:
    (event,) = rows(xml("b-m-p-s-m", hae=unknown, ce=unknown))
    assert "hae_m" not in event.properties
    assert "ce_m" not in event.properties
    (event,) = rows(xml("b-m-p-s-m", hae="4.5", ce="10"))
    assert (event.properties["hae_m"], event.properties["ce_m"]) == (4.5, 10.0)


def test_without_a_fix_there_is_no_place() -> None:
    thing, refused = rows(xml(lat="0.0", lon="0.0"))
    assert isinstance(thing, Thing)
    assert (refused.reason, refused.payload) == ("no_position", None)


def test_an_emergency_lasts_until_it_is_cancelled() -> None:
    link = '<link uid="tt7" type="a-f-G" relation="p-p"/><contact callsign="TT7-Alert"/>'
    (begun,) = rows(xml("b-a-o-tbl", f'{link}<emergency type="911 Alert">TT7</emergency>', "tt7-9-1-1"))
    assert (begun.status, begun.severity, begun.end_time, begun.thing_id) == ("active", 4, None, "tak:tt7")
    assert begun.title == "911 Alert: TT7-Alert"
    (ended,) = rows(xml("b-a-o-can", '<emergency cancel="true">TT7</emergency>', "tt7-9-1-1"))
    assert (ended.id, ended.status, ended.severity) == (begun.id, "cancelled", None)
    whole = completed(ended, begun)
    assert (whole.title, whole.thing_id, whole.status, whole.end_time) == (
        begun.title,
        "tak:tt7",
        "cancelled",
        ended.end_time,
    )
    assert completed(begun, ended) is begun


def test_an_event_ends_when_it_is_stale() -> None:
    (event,) = rows(xml("b-l-f", stale="2026-11-20T07:31:00Z"))
    assert (event.category, event.status) == ("fire", "active")
    assert event.end_time == datetime(2026, 11, 20, 7, 35, tzinfo=UTC)
    (over,) = rows(xml("b-l-f", stale=AT))
    assert (over.status, over.end_time) == ("ended", datetime(2026, 11, 20, 7, tzinfo=UTC))


def test_categories_are_those_of_the_longest_beginning() -> None:
    assert rows(xml("b-l-f-x"))[0].category == "fire"
    assert rows(xml("b-l-g"))[0].category == "other"
    assert rows(xml("b-a-o-tbl", '<emergency type="Ring The Bell">x</emergency>'))[0].category == "crowd"


def test_deleted_is_said_of_what_the_link_names() -> None:
    (thing,) = rows(xml("t-x-d-d", '<link uid="u9" type="a-f-G" relation="p-p"/><__forcedelete/>'))
    assert (thing.id, thing.properties) == ("tak:u9", {"deleted": True})
    (event,) = rows(xml("t-x-d-d", '<link uid="e9" type="b-m-p" relation="p-p"/><__forcedelete/>'))
    assert (type(event), event.id, event.status) == (Event, "tak:e9", "deleted")


@pytest.mark.parametrize("type_", ["b-t-f", "t-x-c-t", "t-x-takp-v", "u-d-f", "y-a-r"])
def test_what_is_not_for_a_map_is_counted_and_not_kept(type_: str) -> None:
    (refused,) = rows(xml(type_, "<remarks>chuyện riêng</remarks>"))
    assert (refused.reason, refused.payload) == ("unused_type", None)


def test_protobuf_says_the_same_as_xml() -> None:
    detail = '<contact callsign="P 7"/><__group name="Blue" role="HQ"/><track speed="10.0" course="90.0"/><x y="1"/>'
    one = xml(detail=detail, hae="999999")
    for form in (takproto.TAKProtoVer.MESH, takproto.TAKProtoVer.STREAM):
        assert rows(bytes(takproto.xml2proto(one, form))) == rows(one)


def test_a_vector_of_the_protocol() -> None:
    """The two framings of one message differ in their head alone."""
    mesh = bytes(takproto.xml2proto(xml(), takproto.TAKProtoVer.MESH))
    stream = bytes(takproto.xml2proto(xml(), takproto.TAKProtoVer.STREAM))
    assert mesh[:3] == b"\xbf\x01\xbf"
    assert stream[0] == 0xBF
    assert stream.endswith(mesh[3:])
    (control,) = rows(b"\xbf\x04\x0a\x02\x08\x01")  # takControl alone
    assert control.reason == "unused_type"


@given(st.lists(st.sampled_from(["xml", "head", "frame"]), max_size=6), st.integers(1, 64))
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_a_stream_may_be_cut_anywhere(kinds: list[str], size: int) -> None:
    made = {
        "xml": xml(uid="é"),
        "head": b'<?xml version="1.0"?>\n' + xml(),
        "frame": bytes(takproto.xml2proto(xml(), takproto.TAKProtoVer.STREAM)),
    }
    whole, buffer, found = b"".join(made[kind] for kind in kinds), bytearray(), []
    for start in range(0, len(whole), size):
        buffer += whole[start : start + size]
        found += list(split(buffer))
    assert found == [made[kind] for kind in kinds]
    assert not buffer


@pytest.mark.parametrize(
    "data", [b"GET / HTTP/1.1\r\n\r\n", b"\xbf\xff\xff\xff\xff\xff\x01", b"\xbf\xff\xff\x7f", b"<a" * MAX_MESSAGE_B]
)
def test_bytes_that_are_no_stream(data: bytes) -> None:
    with pytest.raises(NoFrame):
        list(split(bytearray(data)))
    assert list(messages(data)) == [data]
    assert all(isinstance(row, Rejected) and row.payload for row in rows(data))


def test_entities_are_refused() -> None:
    bomb = b'<!DOCTYPE e [<!ENTITY a "aaaa">]>' + xml(uid="&amp;a;").replace(b"&amp;", b"&")
    (refused,) = rows(bomb)
    assert refused.reason == "malformed"
    assert "document type" in refused.detail
    inside = takproto.functions.xml2message(xml())
    inside.cotEvent.detail.xmlDetail = '<!DOCTYPE e [<!ENTITY a "aaaa">]><x>&a;</x>'
    (refused,) = rows(bytes(takproto.functions.msg2proto(inside, takproto.TAKProtoVer.MESH)))
    assert refused.reason == "malformed"


def test_positions_of_one_unit_are_fixes_of_one_thing() -> None:
    found = rows(xml() + xml(lat="16.5"))
    assert [type(row) for row in found] == [Thing, Position, Thing, Position]
