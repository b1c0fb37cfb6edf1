"""CAP: what a message says, however it is written. Standard: OASIS CAP 1.2; the failures are those of real feeds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from pyproj import Geod

from geodata.geography import collection
from geodata.records import Alert, Rejected
from sources._cap_words import hazard, risk_level
from sources.cap import CapOptions, parse
from tests.support.patience import linear

PAYLOADS = Path(__file__).parents[1] / "payloads/cap"
NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
OPTIONS = CapOptions(service="warnings")

HEAD = "<identifier>A1</identifier><sender>kttv@example.vn</sender><sent>2026-11-21T08:00:00+07:00</sent>"
SAID = "<status>Actual</status><msgType>Alert</msgType><scope>Public</scope>"
INFO = "<category>Met</category><event>Mưa lớn</event><urgency>Future</urgency><severity>Minor</severity>"


def rows(body: str) -> list[Alert | Rejected]:
    text = f'<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">{body}</alert>'
    return [row for row in parse(text.encode(), OPTIONS, NOW) if isinstance(row, Alert | Rejected)]


def alert(body: str = "", *, head: str = HEAD, said: str = SAID) -> Alert:
    (found,) = rows(head + said + body)
    assert isinstance(found, Alert)
    return found


def area(body: str) -> str:
    return f"<info>{INFO}<certainty>Likely</certainty><area><areaDesc>Huế</areaDesc>{body}</area></info>"


def read(name: str) -> list[Alert | Rejected]:
    return [row for row in parse((PAYLOADS / name).read_bytes(), OPTIONS, NOW) if isinstance(row, Alert | Rejected)]


def test_a_bulletin_is_read_whole() -> None:
    (found,) = read("good_flood.xml")
    assert isinstance(found, Alert)
    assert (found.msg_type, found.status, found.severity, found.level) == ("Update", "Actual", "Severe", 3)
    assert found.sent == datetime(2026, 11, 21, 1, 30, tzinfo=UTC)
    assert found.references[0][1:] == ("VN.KTTV.46.20261121.LULU.02", datetime(2026, 11, 20, 19, 30, tzinfo=UTC))
    assert found.headline == "Lũ trên sông Hương, sông Bồ lên trên báo động 2"
    assert found.properties["hazard"] == "flood"
    assert found.properties["signed"] is True
    assert found.properties["response_types"] == ["Evacuate", "Prepare"]
    languages = found.properties["languages"]
    assert isinstance(languages, dict)
    assert languages["en-GB"]["headline"] == "Flood on the Huong and Bo rivers above alarm level 2"
    assert "faults" not in found.properties
    assert found.geometry is not None
    wards = collection("wards").set_index("id").geometry
    assert found.geometry.covers(wards["19777"].buffer(-1e-6))
    assert found.received_at == NOW


def test_the_standards_own_example() -> None:
    (found,) = read("good_standard_thunderstorm.xml")
    assert isinstance(found, Alert)
    assert found.sent == datetime(2003, 6, 17, 21, 57, tzinfo=UTC)
    assert found.geometry is not None
    west, south, east, north = found.geometry.bounds
    assert (west, south, east, north) == (-120.14, 38.34, -119.74, 38.62)
    assert found.properties["language"] == "en-US"


def test_messages_inside_an_index_are_read_and_links_are_counted() -> None:
    exercise, flat, link = read("good_atom_inline.xml")
    assert isinstance(exercise, Alert)
    assert isinstance(flat, Alert)
    assert isinstance(link, Rejected)
    assert exercise.status == "Exercise"
    assert exercise.expires == exercise.sent + timedelta(hours=24)
    assert exercise.properties["expires_assumed"] is True
    assert (flat.event, flat.severity, flat.area_desc) == ("Dông, lốc", "Minor", "Thành phố Huế")
    assert flat.geometry is not None
    assert (link.reason, link.payload) == ("index_entry", None)


def test_identity_is_the_triple() -> None:
    later = HEAD.replace("08:00", "09:00")
    first, second = alert(), alert(head=later)
    assert first.identifier == second.identifier
    assert first.sent != second.sent


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-21T08:00:00+07:00", "01:00:00"),
        ("2026-11-21T01:00:00-00:00", "01:00:00"),
        ("2026-11-21T01:00:00Z", "01:00:00"),
        ("2026-11-21T08:00:00.250+07:00", "01:00:00.250000"),
        ("2026-11-21T08:00:00,07:00", "01:00:00"),  # the class [-,+] of the schema lets it through
        ("2026-11-21T08:00:00", "01:00:00"),  # no zone: ours
        ("2026-11-21 08:00", "01:00:00"),
    ],
)
def test_times_are_read_leniently(text: str, utc: str) -> None:
    found = alert(head=HEAD.replace("2026-11-21T08:00:00+07:00", text))
    assert found.sent.isoformat() == f"2026-11-21T{utc}+00:00"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59-12:00", "hôm qua"])
def test_a_message_without_a_time_of_ours_is_kept_aside(text: str) -> None:
    (found,) = rows(HEAD.replace("2026-11-21T08:00:00+07:00", text) + SAID)
    assert isinstance(found, Rejected)
    assert found.reason == "malformed"
    assert b"A1" in (found.payload or b"")


def test_faulty_references_are_left_out_and_said() -> None:
    own = "kttv@example.vn,A1,2026-11-21T08:00:00+07:00"
    later = "kttv@example.vn,A0,2026-11-22T08:00:00+07:00"
    good = "kttv@example.vn,A0,2026-11-20T08:00:00+07:00"
    said = SAID.replace("Alert", "Update")
    found = alert(f"<references>A0 {own} {later} {good}</references>", said=said)
    assert [entry[1] for entry in found.references] == ["A0"]
    assert found.properties["faults"] == ["bad_reference"]
    none = alert(said=said)
    assert none.references == ()
    assert none.properties["faults"] == ["no_references"]


def test_references_with_blanks_inside_are_still_triples() -> None:
    told = "Đài KTTV,A 0,2026-11-20T08:00:00Z\n  Đài KTTV,A 9,2026-11-20T09:00:00+07:00"
    head = HEAD.replace("kttv@example.vn", "Đài KTTV")
    found = alert(f"<references>{told}</references>", head=head, said=SAID.replace("Alert", "Cancel"))
    assert [entry[:2] for entry in found.references] == [("Đài KTTV", "A 0"), ("Đài KTTV", "A 9")]


def test_blocks_of_one_language_are_one_sequence() -> None:
    def block(event: str, severity: str, place: str, ring: str) -> str:
        return (
            f"<info><language>vi</language><category>Met</category><event>{event}</event><urgency>Future</urgency>"
            f"<severity>{severity}</severity><certainty>Likely</certainty><expires>2026-11-22T0{len(event)}:00:00+07:00"
            f"</expires><description>{event} ở {place}</description>"
            f"<area><areaDesc>{place}</areaDesc><polygon>{ring}</polygon></area></info>"
        )

    first = block("Mưa", "Moderate", "Huế", "16,107 16,108 17,108 17,107 16,107")
    second = block("Lũ", "Extreme", "A Lưới", "16.5,107.5 16.5,108.5 17.5,108.5 17.5,107.5 16.5,107.5")
    found = alert(first + second + "<info><language>en-US</language><event>Rain</event></info>")
    assert (found.severity, found.event, found.area_desc) == ("Extreme", "Mưa; Lũ", "Huế; A Lưới")
    assert found.description == "Mưa ở Huế\n\nLũ ở A Lưới"
    assert found.expires == datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    assert found.geometry is not None
    assert found.geometry.area == pytest.approx(1.75)  # a union: two polygons are never holes
    apart = found.properties["infos"]
    assert isinstance(apart, list)
    assert [block["severity"] for block in apart] == ["Moderate", "Extreme"]


def test_vietnamese_is_preferred_else_the_default_else_the_first() -> None:
    def info(language: str) -> str:
        return f"<info><language>{language}</language><headline>{language}</headline></info>"

    assert alert(info("en-US") + info("vi")).headline == "vi"
    assert alert(info("fr") + info("en-US")).headline == "en-US"
    assert alert(info("fr") + info("lo")).headline == "fr"
    assert alert("<info><headline>x</headline></info>" + info("fr")).headline == "x"


def test_a_feed_that_does_not_translate_is_known_by_it() -> None:
    same = "<info><language>{}</language><description>Mưa to</description></info>"
    assert alert(same.format("vi") + same.format("en-US")).properties["untranslated"] is True


def test_polygons_are_latitude_first_and_closed() -> None:
    found = alert(area("<polygon>16.0,107.0 16.0,108.0 17.0,108.0</polygon>"))
    assert found.geometry is not None
    assert found.geometry.bounds == (107.0, 16.0, 108.0, 17.0)
    assert found.properties["faults"] == ["polygon_closed"]


def test_swapped_and_crossed_polygons_are_mended_and_said() -> None:
    crossed = alert(area("<polygon>16,107 17,108 17,107 16,108 16,107</polygon>"))
    assert crossed.geometry is not None
    assert crossed.geometry.is_valid
    assert crossed.geometry.area == pytest.approx(0.5)
    assert crossed.properties["faults"] == ["polygon_repaired"]
    swapped = alert(area("<polygon>107,16 108,16 108,17 107,16</polygon>"))
    assert swapped.geometry is not None
    assert swapped.geometry.bounds == (107.0, 16.0, 108.0, 17.0)
    assert swapped.properties["faults"] == ["lat_lon_swapped"]


def test_a_polygon_that_crosses_itself_all_over_is_not_mended() -> None:
    """Which would cost minutes: it is told before."""
    roll = Random(1)
    ring = " ".join(f"{16 + roll.random():.4f},{107 + roll.random():.4f}" for _ in range(1500))
    found, lost = rows(HEAD + SAID + area(f"<polygon>{ring}</polygon>"))
    assert isinstance(found, Alert)
    assert isinstance(lost, Rejected)
    assert "crosses itself" in lost.detail


def test_texts_without_end_cost_no_minutes() -> None:
    def long(n: int) -> None:
        words = f"<references>{'a' * 3 * n} {'a,b ' * n}</references><info><event>{'lũ ' * 2 * n}</event></info>"
        assert alert(words).references == ()

    assert linear(long, 25_000)


def test_circles_have_their_radius_in_kilometres_on_the_ellipsoid() -> None:
    found = alert(area("<circle>16.5,107.6 25</circle>"))
    assert found.geometry is not None
    x, y = found.geometry.exterior.coords[0]  # type: ignore[attr-defined]  # a polygon
    metres = Geod(ellps="WGS84").inv(107.6, 16.5, x, y)[2]
    assert metres == pytest.approx(25_000, abs=1)
    assert found.geometry.exterior.is_ccw  # type: ignore[attr-defined]  # a polygon


@pytest.mark.parametrize(
    "broken",
    [
        "<polygon>16,107</polygon>", "<polygon>16,107 NaN,108 17,108 16,107</polygon>",
        "<polygon>0,-179 0,179 1,179 0,-179</polygon>", "<polygon>200,300 201,300 201,301 200,300</polygon>",
        "<polygon>16,107 16,107 16,107 16,107</polygon>", "<circle>16,107 inf</circle>", "<circle>16,107</circle>",
        "<circle>89,107 900</circle>", "<polygon>" + "16,107 " * 10_001 + "</polygon>",
    ],
)  # fmt: skip
def test_an_area_beyond_mending_leaves_the_message_without_it(broken: str) -> None:
    found, lost = rows(HEAD + SAID + area(broken))
    assert isinstance(found, Alert)
    assert isinstance(lost, Rejected)
    assert found.geometry is None
    assert found.area_desc == "Huế"
    assert lost.reason == "bad_area"
    assert lost.payload


def test_geocodes_of_units_new_and_old_are_areas() -> None:
    def geocode(name: str, value: str) -> Alert:
        return alert(area(f"<geocode><valueName>{name}</valueName><value>{value}</value></geocode>"))

    provinces = collection("provinces").set_index("id").geometry
    hue = geocode("GSO", "46")
    assert hue.geometry is not None
    assert hue.geometry.equals(provinces["46"])
    # 44 is Quảng Trị today and was Quảng Bình: the name of the code says which
    new, old = geocode("ma_tinh", "44"), geocode("ma_tinh_cu", "44")
    assert new.geometry is not None
    assert old.geometry is not None
    assert old.geometry.area < 0.8 * new.geometry.area
    district = geocode("district", "474")  # thành phố Huế until 30 June 2025
    assert district.geometry is not None
    lost = geocode("ward", "99999")
    assert lost.geometry is None
    assert lost.properties["faults"] == ["unit_without_area"]
    other = geocode("FIPS6", "46")
    assert other.geometry is None
    assert other.properties["geocodes"] == [{"name": "FIPS6", "value": "46"}]


@pytest.mark.parametrize(
    ("parameters", "text", "level"),
    [
        ({"Cấp độ rủi ro thiên tai": "Cấp 3"}, "", 3),
        ({"riskLevel": "2"}, "", 2),
        ({}, "Cảnh báo cấp độ rủi ro thiên tai do mưa lớn, lốc, sét, mưa đá: cấp 1. Gió giật cấp 8", 1),
        ({}, "Cấp độ rủi ro thiên tai do lũ: Cấp 2 - 3", 3),
        ({}, "Disaster risk level 4", 4),
        ({}, "Gió mạnh cấp 5, giật cấp 7; nước lên trên báo động 3", None),
        ({"Báo động": "3"}, "Lũ", None),
    ],
)
def test_the_official_level_is_read_and_never_made(parameters: dict[str, object], text: str, level: int | None) -> None:
    assert risk_level(parameters, [text]) == level


@pytest.mark.parametrize(
    ("event", "category"),
    [
        ("Cảnh báo lũ trên sông Hương", "flood"),
        ("canh bao lu quet", "flash_flood"),
        ("Tin bão trên Biển Đông", "storm"),
        ("Xả lũ hồ Tả Trạch", "reservoir_release"),
        ("Gió mạnh trên biển", "storm_surge"),
        ("Heavy rain warning", "heavy_rain"),
        ("Thông báo", None),
    ],
)
def test_hazards_are_categories_of_the_service(event: str, category: str | None) -> None:
    assert hazard("warnings", [event]) == category


def test_what_is_damaged_gives_what_it_can() -> None:
    found, lost = read("partial_areas.xml")
    assert isinstance(found, Alert)
    assert isinstance(lost, Rejected)
    assert (found.status, found.severity, found.urgency, found.certainty) == (
        "Actual", "Moderate", "Unknown", "Likely",
    )  # fmt: skip
    assert found.geometry is not None
    assert found.geometry.bounds == (107.1, 16.1, 107.4, 16.4)
    assert found.properties["faults"] == [
        "bad_reference", "bad_time", "lat_lon_swapped", "no_references", "polygon_closed", "polygon_repaired",
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["broken_bomb.xml", "broken_doctype.xml"])
def test_no_dtd_is_read(name: str) -> None:
    (found,) = read(name)
    assert isinstance(found, Rejected)
    assert found.reason == "garbled"
    assert "DTD" in found.detail


@pytest.mark.parametrize("said", [SAID.replace("Actual", "Real"), SAID.replace("<status>Actual</status>", "")])
def test_a_message_must_say_whether_it_is_meant(said: str) -> None:
    (found,) = rows(HEAD + said)
    assert isinstance(found, Rejected)
