"""The five cities: every service of every row, units that exist, agencies that add up, scenes that can be drawn."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, date, datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pyproj import CRS

from geodata.catalogue import services
from geodata.city import City, cities, city, parse
from geodata.crs import ZONES
from geodata.errors import ConfigInvalid, UnknownName

LAUNCH = date(2019, 7, 25)
TODAY = date(2026, 11, 21)
CITIES = ["dak_lak", "dong_ha", "hue", "nghe_an", "quang_tri"]
ROWS: Mapping[str, str] = {  # service: the cities of its row, by their letters
    "field_reports": "H QT ĐH NA ĐL",
    "citizen_questions": "QT ĐH NA ĐL",
    "cameras": "H QT ĐL",
    "traffic": "H QT ĐH NA ĐL",
    "buses": "H",
    "public_order": "H QT ĐH NA ĐL",
    "warnings": "H ĐL",
    "air_quality": "H ĐH ĐL",
    "hydrology": "H QT ĐH ĐL",
    "fishing_vessels": "H QT NA ĐL",
    "press": "H QT NA",
    "public_services": "H QT ĐH NA",
    "public_utilities": "QT ĐL",
    "information_security": "H QT NA",
    "staff_cards": "H",
    "advertising_screens": "H",
    "health": "QT ĐH ĐL",
    "education": "QT ĐH ĐL",
    "tourism": "ĐH NA ĐL",
    "government_performance": "QT ĐH ĐL",
    "planning": "ĐH ĐL",
    "infrastructure": "ĐL",
    "population": "ĐL",
    "imagery": "ĐL",
    "platform": "H QT ĐH NA ĐL",
}
LETTERS = {"H": "hue", "QT": "quang_tri", "ĐH": "dong_ha", "NA": "nghe_an", "ĐL": "dak_lak"}
HUE = files("geodata").joinpath("cities/hue.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def units() -> Mapping[str, str]:
    """2025 ward code to province code, of all 3,321 units that came into being on 01/7/2025."""
    frame = pd.read_parquet(str(files("geodata").joinpath("data/units.parquet")))
    assert len(frame) == 3321
    return dict(zip(frame["code"], frame["province_code"], strict=True))


def test_the_cities_are_five() -> None:
    assert sorted(cities()) == CITIES


def test_rows_name_every_service() -> None:
    assert set(ROWS) == set(services())


@pytest.mark.parametrize("name", CITIES)
def test_a_city_has_the_services_of_its_rows(name: str) -> None:
    planned = {service for service, row in ROWS.items() if name in {LETTERS[letter] for letter in row.split()}}
    if name == "dong_ha":  # its scheme keeps every other item ready to connect
        others = {service: city(name).services[service].state for service in set(ROWS) - planned}
        assert set(others.values()) == {"ready"}
        planned = set(ROWS)
    assert set(city(name).services) == planned
    assert list(city(name).catalogue()) == sorted(planned)


@pytest.mark.parametrize("name", CITIES)
def test_units_exist_in_the_city_s_province(name: str, units: Mapping[str, str]) -> None:
    here = city(name)
    codes = [code for area in here.areas for code in area.wards]
    codes += [agency.ward_code for agency in here.agencies if agency.ward_code]
    assert codes or name == "hue"
    assert {code: units.get(code) for code in codes} == dict.fromkeys(codes, here.province_codes[0])


@pytest.mark.parametrize(("name", "area", "wards"), [("dong_ha", "dong_ha", 2), ("nghe_an", "vinh", 6)])
def test_a_former_city_is_an_area_of_wards(name: str, area: str, wards: int) -> None:
    found = {entry.id: entry for entry in city(name).areas}[area]
    assert len(found.wards) == len(set(found.wards)) == wards


def test_every_ward_of_today_has_its_committee(units: Mapping[str, str]) -> None:
    for name in set(CITIES) - {"dong_ha"}:
        here = city(name)
        codes = {agency.ward_code for agency in here.agencies_on(TODAY) if agency.ward_code}
        assert codes == {code for code, province in units.items() if province == here.province_codes[0]}


def test_hue_had_85_focal_points_of_three_classes() -> None:
    classes = Counter(agency.class_ for agency in city("hue").agencies_on(LAUNCH))
    assert classes["district"] == 9
    assert classes["ward"] == 27
    assert classes["department"] + classes["district"] + classes["ward"] == 85


def test_abolished_bodies_of_hue_have_successors_that_live() -> None:
    hue = city("hue")
    alive = {agency.id for agency in hue.agencies_on(TODAY)}
    gone = [agency for agency in hue.agencies if agency.id not in alive]
    assert all(agency.successor in alive for agency in gone if agency.class_ in {"department", "ward"})
    assert not any(agency.class_ == "district" for agency in hue.agencies_on(TODAY))


@pytest.mark.parametrize(
    ("name", "srid"), [("hue", 9214), ("quang_tri", 9212), ("dong_ha", 9212), ("nghe_an", 9208), ("dak_lak", 9218)]
)
def test_zones_are_vn2000(name: str, srid: int) -> None:
    here = city(name)
    assert here.srid == srid
    assert {srid, *(zone.srid for zone in here.zones)} <= set(ZONES)
    for code in (here.srid, *(zone.srid for zone in here.zones)):
        assert CRS.from_epsg(code).name.startswith("VN-2000")
    if name in {"quang_tri", "dong_ha"}:
        assert [zone.srid for zone in here.zones] == [9211]


@pytest.mark.parametrize("name", CITIES)
def test_scenes_stand_in_the_city_and_show_its_layers(name: str) -> None:
    here = city(name)
    box = here.box
    ids = [scene.id for scene in here.wall.scenes]
    assert ids[0] == "overview"
    assert {"overview", "traffic", "services"} <= set(ids) <= {"overview", "sea", "flood", "traffic", "services"}
    assert ("sea" in ids) == (name != "dong_ha")
    assert ("flood" in ids) == ("hydrology" in here.services)
    for scene in here.wall.scenes:
        west, south, east, north = scene.bounds
        assert scene.layers
        assert set(scene.layers) <= set(here.services)
        assert box.west < (west + east) / 2 < box.east
        assert box.south < (south + north) / 2 < box.north
    lon, lat, zoom = here.home
    assert box.west < lon < box.east
    assert box.south < lat < box.north
    assert 8 <= zoom <= 16


@pytest.mark.parametrize("name", CITIES)
def test_phases_are_in_order_and_no_real_source_stands_in_the_repository(name: str) -> None:
    for entry in city(name).services.values():
        assert not entry.sources
        starts = [phase.start for phase in entry.phases if phase.start]
        assert starts == sorted(starts)
        assert all(phase.start <= phase.end for phase in entry.phases if phase.start and phase.end)


def test_hotlines_are_the_published_ones() -> None:
    assert {name: city(name).hotline for name in CITIES if city(name).hotline} == {"hue": "19001075", "dak_lak": "1022"}


def test_the_commented_source_of_hue_is_a_source() -> None:
    lines = HUE[HUE.index("# [[services.fishing_vessels.sources]]") :].split("\n\n")[0].splitlines()
    table = "\n".join(line.removeprefix("# ") for line in lines)
    (binding,) = parse(HUE + "\n" + table, "hue.toml").bindings()
    assert (binding.service, binding.protocol, binding.simulated) == ("fishing_vessels", "ais", False)


@pytest.mark.parametrize(
    ("urgency", "due"),
    [
        ("urgent", "2026-11-23T10:30"),
        ("Khẩn", "2026-11-23T10:30"),
        ("normal", "2026-11-26T16:00"),  # Tuesday 24/11 is off
        ("nobody knows", None),
        (None, None),
    ],
)
def test_a_case_is_due_in_working_time(urgency: str | None, due: str | None) -> None:
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    found = city("hue").due("field_reports", urgency, datetime(2026, 11, 20, 16, tzinfo=zone))
    assert found == (datetime.fromisoformat(due).replace(tzinfo=zone) if due else None)


def test_a_city_sets_its_own_deadlines() -> None:
    own = parse(broken(r"\[services.field_reports\]", "[services.field_reports]\ndue_h = { urgent = 1 }"), "x")
    asked = datetime(2026, 11, 20, 1, tzinfo=UTC)  # 08:00
    assert own.due("field_reports", "urgent", asked) == datetime(2026, 11, 20, 2, tzinfo=UTC)
    assert own.due("field_reports", "normal", asked) == city("hue").due("field_reports", "normal", asked)


def test_unknown_city_names_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="no city is named 'atlantis'; known: dak_lak"):
        city("atlantis")


def broken(old: str, new: str) -> str:
    assert re.search(old, HUE)
    return re.sub(old, new, HUE, count=1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (broken("srid = 9214", 'srid = "nine"'), "srid: Input should be a valid integer"),
        (broken("srid = 9214", "srids = 9214"), "srid: Field required; srids: Extra inputs"),
        (broken(r"\[services.staff_cards\]", "[services.staff]"), "no service is named 'staff'; known: advertising"),
        (broken(r'\[services.press\]\nstate = "operating"', '[services.press]\nstate = "on"'), "services.press.state"),
        (broken("bounds = .*", "bounds = [108, 16, 107, 17]"), "file: Value error, not a box"),
        (broken('successor = "so_nnmt"', 'successor = "so_x"'), "agencies.successor: not in this file: so_x"),
        (broken('id = "so_tu_phap"', 'id = "so_noi_vu"'), "agencies: more than once: so_noi_vu"),
        (broken(r"\nlayers = .*", '\nlayers = ["planning"]'), "wall.scenes.layers: not in this file: planning"),
        (
            broken(r"\[services.field_reports\]", "[services.field_reports]\ndue_h = { now = 1 }"),
            "no urgency of field_reports is named 'now'; known: urgent, normal, complex",
        ),
        (broken("srid = 9214", "srid = 9214\nworking = { weekdays = [0] }"), "working: Value error, weekdays are"),
        (broken("srid = 9214", "srid = 9214\nsrid = 9215"), "Cannot overwrite a value .at line"),
    ],
)
def test_a_broken_file_says_file_and_field_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(ConfigInvalid, match=reason) as caught:
        parse(text, "cities/hue.toml")
    assert str(caught.value).startswith("cities/hue.toml: ")
    assert "\n" not in str(caught.value)


def test_the_package_carries_its_data_files() -> None:
    root = files("geodata")
    for name in ("services/buses.toml", "cities/hue.toml", "data/calendar.toml", "data/stations/hydrology.toml"):
        assert root.joinpath(name).is_file()
    assert isinstance(city("hue"), City)
