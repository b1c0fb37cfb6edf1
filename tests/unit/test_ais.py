"""AIS: the vectors of two independent decoders, sentinels, parts, TAG blocks, noise."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import pairwise
from operator import xor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyais import encode_dict

from geodata.records import Position, Record, Rejected, Thing
from sources._nmea import MAX_LINE_B, MAX_OPEN, BadTag, Lines, Tag, parse_tag
from sources.ais import AISOptions, Decoder, parse

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
OPTIONS = AISOptions(service="fishing_vessels")
FIX = b"!AIVDM,1,1,,A,18SJsfG1A9WdSL09L?p>3s?vR000,0*5E"


def read(*lines: bytes) -> list[Record | Rejected]:
    return list(parse(b"\r\n".join(lines), OPTIONS, NOW))


def one(line: bytes) -> Any:
    (row,) = read(line)
    return row


def tagged(text: str, sentence: bytes) -> bytes:
    return f"\\{text}*{reduce(xor, text.encode(), 0):02X}\\".encode() + sentence


def sentences(seq_id: int = 1, **fields: Any) -> list[bytes]:
    return [line.encode() for line in encode_dict(fields, talker_id="AI", seq_id=seq_id)]


def ship(**fields: Any) -> Thing:
    rows = read(*sentences(**fields))
    return next(row for row in rows if isinstance(row, Thing))


def test_type_1() -> None:
    assert one(FIX) == Position(
        thing_id="mmsi:574012345",
        time=NOW,
        lon=107.6,
        lat=16.5,
        sog_kn=7.3,
        cog_deg=359.9,
        heading_deg=359,
        status=7,
        received_at=NOW,
    )


def test_turn_not_available_changes_nothing_else() -> None:
    assert one(b"!AIVDM,1,1,,A,18SJsfGP19WdSL09L?p>3s?vR000,0*4F") == one(FIX)


@pytest.mark.parametrize(
    "sentence",
    [
        b"!AIVDO,1,1,,A,18SJsfOP?w<tSF0l4Q@>4?wp0000,0*60",
        b"!AIVDO,1,1,,A,B8SJsf@3wk?8mP=18D3Q3wv5kP06,0*2F",
        b"!AIVDO,1,1,,A,K8SJsfCn`>6bTOwv,0*66",
    ],
    ids=["type 1", "type 18", "type 27"],
)
def test_nothing_available_is_no_position(sentence: bytes) -> None:
    assert one(sentence) == Rejected(reason="no_position", received_at=NOW)


def test_type_27() -> None:
    row = one(b"!AIVDO,1,1,,A,K8SJsfIkt<1=F47d,0*1C")
    assert (row.lon, row.lat, row.sog_kn, row.cog_deg, row.heading_deg, row.status) == (107.6, 16.5, 8, 123, None, 7)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"type": 1, "speed": 102.3}, {"sog_kn": None}),
        ({"type": 1, "speed": 102.2}, {"sog_kn": 102.2}),
        ({"type": 1, "course": 360.0}, {"cog_deg": None}),
        ({"type": 1, "course": 400.0}, {"cog_deg": None}),
        ({"type": 1, "heading": 511}, {"heading_deg": None}),
        ({"type": 1, "status": 15}, {"status": None}),
        ({"type": 1, "status": 0}, {"status": 0}),
        (
            {"type": 18, "speed": 102.3, "course": 360.0, "heading": 511},
            {"sog_kn": None, "cog_deg": None, "status": None},
        ),
        (
            {"type": 19, "speed": 102.3, "course": 360.0, "heading": 511},
            {"sog_kn": None, "cog_deg": None, "status": None},
        ),
        ({"type": 27, "speed": 63, "course": 511, "status": 15}, {"sog_kn": None, "cog_deg": None, "status": None}),
        ({"type": 27, "speed": 62, "course": 359}, {"sog_kn": 62, "cog_deg": 359}),
    ],
)
def test_sentinels_are_none(fields: dict[str, Any], expected: dict[str, object]) -> None:
    rows = read(*sentences(**{"mmsi": 574000001, "lon": 107.6, "lat": 16.5, "heading": 1} | fields))
    fix = next(row for row in rows if isinstance(row, Position))
    assert {name: getattr(fix, name) for name in expected} == expected


@pytest.mark.parametrize("kind", [1, 18, 19, 27])
@pytest.mark.parametrize(("lon", "lat"), [(181, 16.5), (107.6, 91), (181, 91)])
def test_half_a_place_is_no_position(kind: int, lon: float, lat: float) -> None:
    rows = read(*sentences(type=kind, mmsi=574000001, lon=lon, lat=lat))
    assert not [row for row in rows if isinstance(row, Position)]
    assert [row.reason for row in rows if isinstance(row, Rejected)] == ["no_position"]


def test_swapped_place_is_rejected_with_payload() -> None:
    (line,) = sentences(type=18, mmsi=574000001, lon=16.5, lat=107.6)
    row = one(line)
    assert (row.reason, row.payload) == ("malformed", line)


def test_static_of_class_a() -> None:
    thing = ship(
        type=5,
        mmsi=574012345,
        imo=9123456,
        callsign="3WAB",
        shipname="HOANG SA 01",
        ship_type=79,
        to_bow=80,
        to_stern=20,
        to_port=6,
        to_starboard=10,
        month=11,
        day=22,
        hour=4,
        minute=30,
        draught=6.5,
        destination="CHAN MAY@@",
    )
    assert (thing.id, thing.name, thing.category, thing.geometry) == (
        "mmsi:574012345",
        "HOANG SA 01",
        "ship_cargo",
        None,
    )
    assert thing.properties == {
        "ship_type": 79,
        "callsign": "3WAB",
        "to_bow_m": 80,
        "to_stern_m": 20,
        "to_port_m": 6,
        "to_starboard_m": 10,
        "length_m": 100,
        "beam_m": 16,
        "imo": 9123456,
        "destination": "CHAN MAY",
        "draught_m": 6.5,
        "eta": "11-22T04:30",
        "ais_class": "A",
    }


def test_empty_static_says_nothing() -> None:
    thing = ship(type=5, mmsi=574012345, month=0, day=0, hour=24, minute=60)
    assert (thing.name, thing.category, thing.properties) == (None, None, {"ais_class": "A"})


@pytest.mark.parametrize(("code", "category"), [(30, "ship_30"), (0, None), (120, None), (52, "ship_tug")])
def test_ship_type(code: int, category: str | None) -> None:
    assert ship(type=24, partno=1, mmsi=574000001, ship_type=code).category == category


def test_parts_of_type_24_say_half_each_and_give_no_place() -> None:
    a = ship(type=24, partno=0, mmsi=574123456, shipname="TTH-91234-TS")
    b = ship(type=24, partno=1, mmsi=574123456, ship_type=30, callsign="XVTH1", to_bow=9, to_stern=8)
    assert (a.name, a.category, a.properties) == ("TTH-91234-TS", None, {"ais_class": "B"})
    assert (b.name, b.category, b.properties["callsign"]) == (None, "ship_30", "XVTH1")


def test_type_24_a_of_160_bits() -> None:
    rows = read(*sentences(type=24, partno=0, mmsi=574123456, shipname="TTH-91234-TS"))
    assert isinstance(rows[0], Thing)


def test_auxiliary_craft_has_a_mothership_and_no_dimensions() -> None:
    thing = ship(type=24, partno=1, mmsi=985741234, mothership_mmsi=574012345)
    assert thing.properties["mothership"] == "mmsi:574012345"
    assert "to_bow_m" not in thing.properties


def test_type_19_is_both() -> None:
    rows = read(
        *sentences(type=19, mmsi=574200001, lon=107.9, lat=16.4, shipname="QT-90001-TS", ship_type=30, heading=90)
    )
    assert [type(row) for row in rows] == [Position, Thing]


@pytest.mark.parametrize("kind", [4, 9, 14, 21])
def test_other_types_are_counted_and_not_kept(kind: int) -> None:
    (row,) = read(*sentences(type=kind, mmsi=574000001, text="X", name="X"))
    assert row == Rejected(reason="unused_type", detail=f"type {kind}", received_at=NOW)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (FIX[:-1] + b"F", "checksum"),
        (FIX[:-3], "checksum"),
        (FIX[:30] + b"*11", "malformed"),
        (b"hello", "not_nmea"),
        (b"!AIVDM,1,1,,A," + b"1" * 250 + b",0*00", "malformed"),
        (b"\\c:1*00\\" + FIX, "tag"),
        (b"\\c:1" + FIX, "tag"),
        (tagged("c:soon", FIX), "tag"),
        (tagged("g:1-x-3", FIX), "tag"),
    ],
)
def test_noise_is_rejected_with_payload(line: bytes, reason: str) -> None:
    row = one(line)
    assert (row.reason, row.payload) == (reason, line)


def test_other_sentences_are_counted_and_not_kept() -> None:
    assert one(b"$GPZDA,010010.00,21,11,2026,00,00*6A") == Rejected(reason="unused_sentence", received_at=NOW)


@pytest.mark.parametrize("mmsi", [0, 1_000_000_000])
def test_no_mmsi(mmsi: int) -> None:
    (line,) = sentences(type=18, mmsi=574000001, lon=107.6, lat=16.5)
    body = line.split(b",")[5]
    bits = "".join(f"{(c - 48 if c < 96 else c - 56):06b}" for c in body)
    bits = bits[:8] + f"{mmsi:030b}" + bits[38:]
    values = [int(bits[n : n + 6], 2) for n in range(0, len(bits), 6)]
    text = b"AIVDM,1,1,,A," + bytes(v + 48 if v < 40 else v + 56 for v in values) + b",0"
    assert one(b"!" + text + f"*{reduce(xor, text, 0):02X}".encode()).reason == "malformed"


# -- TAG blocks ---------------------------------------------------------------------------


def test_tag_vectors() -> None:
    assert parse_tag(rb"g:1-2-73874,n:157036,s:r003669945,c:1241544035*4A") == Tag(
        1241544035.0, "r003669945", (1, 2, "73874")
    )
    assert parse_tag(rb"s:rHUE01,c:1795222800*17").time == 1795222800
    assert parse_tag(rb"s:rHUE01,c:1795222800123*27").time == 1795222800.123


@pytest.mark.parametrize(
    ("text", "check"), [("s:a,c:1795222800", "{:X}"), ("c:1795222800", "{:x}"), ("c:1795222801", "{:02x}")]
)
def test_tag_checksums_may_be_short_and_small(text: str, check: str) -> None:
    block = f"{text}*{check.format(reduce(xor, text.encode(), 0))}".encode()
    assert parse_tag(block).time is not None


def test_tag_group_of_iec() -> None:
    text = b"1G2:125,c:1795222800"
    assert parse_tag(text + f"*{reduce(xor, text, 0):X}".encode()).group == (1, 2, "125")


@pytest.mark.parametrize("block", [b"", b"c:1", b"c:1*zz", b"c:9999999999999999999*00", b"\xff*FF"])
def test_bad_tags(block: bytes) -> None:
    with pytest.raises(BadTag):
        parse_tag(block)


@pytest.mark.parametrize("c", ["1795222800", "1795222800000"])
def test_time_of_the_receiver_counts_in_seconds_or_milliseconds(c: str) -> None:
    row = one(tagged(f"s:rHUE01,c:{c}", FIX))
    assert row.time == row.received_at == datetime.fromtimestamp(1795222800, UTC)


def test_tag_on_a_line_of_its_own_is_for_the_next_sentence_only() -> None:
    first, second = read(tagged("c:1795222800", b""), FIX, FIX)
    assert isinstance(first, Position)
    assert isinstance(second, Position)
    assert (first.time, second.time) == (datetime.fromtimestamp(1795222800, UTC), NOW)


def test_group_gives_time_and_source_to_its_other_sentences() -> None:
    first, second = sentences(type=5, mmsi=574012345, shipname="HOANG SA 01")
    (row,) = read(tagged("g:1-2-7,s:r1,c:1795222800", first), tagged("g:2-2-7", second))
    assert isinstance(row, Thing)
    assert row.received_at == datetime.fromtimestamp(1795222800, UTC)


def test_udpbc_header() -> None:
    assert isinstance(one(b"UdPbC\0" + tagged("s:AI0001,n:1", FIX)), Position)


# -- messages in parts --------------------------------------------------------------------

STATIC: dict[str, Any] = {"type": 5, "mmsi": 574012345, "shipname": "HOANG SA 01", "ship_type": 70}


def test_parts_are_joined_in_any_order() -> None:
    first, second = sentences(**STATIC)
    for order in ((first, second), (second, first)):
        (row,) = read(*order)
        assert isinstance(row, Thing)
        assert row.name == "HOANG SA 01"


def test_parts_of_two_sources_are_not_mixed() -> None:
    first, second = sentences(**STATIC)
    rows = read(tagged("s:A", first), tagged("s:B", second))
    assert [row.reason for row in rows if isinstance(row, Rejected)] == ["fragment", "fragment"]


def test_parts_with_other_numbers_are_not_mixed() -> None:
    (a, _), (_, d) = sentences(**STATIC, seq_id=1), sentences(**STATIC, seq_id=2)
    assert [row.reason for row in read(a, d) if isinstance(row, Rejected)] == ["fragment", "fragment"]


def test_late_parts_are_given_up() -> None:
    first, second = sentences(**STATIC)
    decoder = Decoder("", recorded=False)
    assert decoder.feed(first, NOW, 100.0) == []
    assert [row.reason for row in decoder.expired(111.0)] == ["fragment"]
    assert decoder.feed(second, NOW, 111.0) == []


def test_a_clock_set_back_does_not_keep_parts_for_ever() -> None:
    first, _ = sentences(**STATIC)
    decoder = Decoder("", recorded=False)
    decoder.feed(first, NOW, 100.0)
    assert [row.reason for row in decoder.expired(-1000.0)] == ["fragment"]


def test_open_messages_are_bounded() -> None:
    first, _ = sentences(**STATIC)
    decoder = Decoder("", recorded=False)
    given_up = sum(len(decoder.feed(first, NOW, 0.0, origin=str(n))) for n in range(3 * MAX_OPEN))
    assert given_up == 2 * MAX_OPEN
    assert len(list(decoder.end())) == MAX_OPEN


# -- lines --------------------------------------------------------------------------------


def test_a_gigabyte_line_does_not_grow_memory() -> None:
    lines, chunk = Lines(), b"A" * (1 << 16)
    tracemalloc.start()
    rejected = [row for _ in range((1 << 30) >> 16) for row in lines.feed(chunk)]
    rejected += list(lines.feed(b"\n" + FIX + b"\n"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20
    assert [row.reason for row in rejected if isinstance(row, Rejected)] == ["too_long"]
    assert rejected[-1] == FIX
    assert isinstance(rejected[0], Rejected)
    assert len(rejected[0].payload or b"") == MAX_LINE_B


@given(
    st.lists(st.binary(max_size=300).map(lambda b: b.replace(b"\n", b"")), max_size=8), st.lists(st.integers(0, 900))
)
def test_lines_do_not_depend_on_how_the_bytes_come(lines: list[bytes], cuts: list[int]) -> None:
    stream = b"\n".join([*lines, b""])
    places = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    reader = Lines()
    found = [line for a, b in pairwise(places) for line in reader.feed(stream[a:b])]
    assert found + list(reader.end()) == [line.strip() for line in lines if line.strip()]


def test_live_rows_leave_their_arrival_to_the_writer() -> None:
    (row,) = Decoder("", recorded=False).feed(tagged("c:1795222800", FIX), NOW, 0.0)
    assert isinstance(row, Position)
    assert (row.time, row.received_at) == (datetime.fromtimestamp(1795222800, UTC), None)


def test_times_of_arrival_without_a_tag() -> None:
    assert one(FIX).time - NOW == timedelta(0)
