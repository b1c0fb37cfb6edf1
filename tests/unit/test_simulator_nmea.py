"""The simulator's sentences, read back by an independent decoder."""

from __future__ import annotations

import pytest
from pyais import decode
from pyais.messages import ANY_MESSAGE

from sources.simulator import nmea
from sources.simulator.nmea import Fix, Static

MMSI = 574012345
FIX = Fix(t=1795222801.4, lon=107.612345, lat=16.498765, sog_kn=7.34, cog_deg=359.94, status=7)
STATIC = Static(
    mmsi=MMSI,
    name="TTH-91234-TS",
    callsign="3WAB071",
    ship_type=30,
    bow_m=12,
    stern_m=6,
    port_m=2,
    starboard_m=3,
    imo=9123456,
    draught_m=2.1,
    destination="THUAN AN",
)


def read(message: tuple[str, int]) -> ANY_MESSAGE:
    lines = nmea.sentences(message, FIX.t, "THUANAN")
    assert all(len(line.split("\\")[2]) <= 80 for line in lines)
    return decode(*(line.split("\\")[2] for line in lines))


@pytest.mark.parametrize(
    "message", [nmea.class_a(MMSI, FIX), nmea.class_b(MMSI, FIX), nmea.class_b_extended(STATIC, FIX)]
)
def test_position_reports_carry_the_fix(message: tuple[str, int]) -> None:
    got = read(message).asdict()
    assert got["mmsi"] == MMSI
    assert got["lon"] == pytest.approx(FIX.lon, abs=2e-6)
    assert got["lat"] == pytest.approx(FIX.lat, abs=2e-6)
    assert got["speed"] == pytest.approx(7.3)
    assert got["course"] == pytest.approx(359.9)
    assert got["second"] == 1


def test_class_a_has_a_status_and_class_b_has_no_heading() -> None:
    a, b = read(nmea.class_a(MMSI, FIX)).asdict(), read(nmea.class_b(MMSI, FIX)).asdict()
    assert (a["msg_type"], a["status"], a["heading"]) == (1, 7, 0)
    assert (b["msg_type"], b["heading"]) == (18, 511)


def test_long_range_report_is_coarse() -> None:
    got = read(nmea.long_range(MMSI, FIX)).asdict()
    assert (got["msg_type"], got["repeat"], got["speed"], got["course"]) == (27, 3, 7.0, 0.0)
    assert got["lon"] == pytest.approx(FIX.lon, abs=1 / 600)


def test_static_messages_carry_name_and_size() -> None:
    for message in (nmea.voyage(STATIC), nmea.static_a(STATIC), nmea.class_b_extended(STATIC, FIX)):
        assert read(message).asdict()["shipname"] == "TTH-91234-TS"
    for message in (nmea.voyage(STATIC), nmea.static_b(STATIC)):
        got = read(message).asdict()
        assert (got["callsign"], got["ship_type"], got["to_bow"], got["to_starboard"]) == ("3WAB071", 30, 12, 3)
    assert read(nmea.voyage(STATIC)).asdict()["destination"] == "THUAN AN"


def test_tag_block_is_the_published_vector() -> None:
    assert nmea.tag_block(1795222800, "rHUE01") == "\\s:rHUE01,c:1795222800*17\\"


def test_an_empty_name_is_not_available() -> None:
    nameless = Static(mmsi=MMSI, name="", callsign="", ship_type=0, bow_m=0, stern_m=0, port_m=0, starboard_m=0)
    assert read(nmea.static_a(nameless)).asdict()["shipname"] == ""
