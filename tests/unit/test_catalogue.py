"""The catalogue: every service of the design, fit to be shown, measured and matched."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
from ucumvert import PintUcumRegistry

from geodata import catalogue
from geodata.catalogue import Service, parse, service, services
from geodata.errors import ConfigInvalid, UnknownName
from layers.marks import NAMES

SHORT_NAMES = {
    "field_reports": "Phản ánh hiện trường",
    "citizen_questions": "Hỏi đáp 1022",
    "cameras": "Camera",
    "traffic": "Giao thông",
    "buses": "Xe buýt",
    "public_order": "An ninh trật tự",
    "warnings": "Cảnh báo",
    "air_quality": "Chất lượng không khí",
    "hydrology": "Mưa, mực nước",
    "fishing_vessels": "Tàu cá",
    "press": "Báo chí",
    "public_services": "Hành chính công",
    "public_utilities": "Dịch vụ công ích",
    "information_security": "An toàn thông tin",
    "staff_cards": "Thẻ công chức",
    "advertising_screens": "Quảng cáo điện tử",
    "health": "Y tế",
    "education": "Giáo dục",
    "tourism": "Du lịch",
    "government_performance": "Hiệu quả chính quyền",
    "planning": "Quy hoạch",
    "infrastructure": "Hạ tầng",
    "population": "Dân cư",
    "imagery": "Vệ tinh, ra-đa",
    "platform": "Nguồn dữ liệu",
}
ICONS = {
    "field_reports": "feedback",
    "citizen_questions": "support_agent",
    "cameras": "videocam",
    "traffic": "traffic",
    "buses": "directions_bus",
    "public_order": "local_police",
    "warnings": "warning",
    "air_quality": "air",
    "hydrology": "water",
    "fishing_vessels": "sailing",
    "press": "newspaper",
    "public_services": "fact_check",
    "public_utilities": "lightbulb",
    "information_security": "shield",
    "staff_cards": "badge",
    "advertising_screens": "smart_display",
    "health": "local_hospital",
    "education": "school",
    "tourism": "attractions",
    "government_performance": "query_stats",
    "planning": "architecture",
    "infrastructure": "hub",
    "population": "groups",
    "imagery": "satellite_alt",
    "platform": "lan",
}
EVERY = sorted(SHORT_NAMES)
VALID = files("geodata").joinpath("services/buses.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def ucum() -> PintUcumRegistry:
    return PintUcumRegistry()


def test_the_services_are_those_of_the_design() -> None:
    assert {name: entry.short_vi for name, entry in services().items()} == SHORT_NAMES
    assert {name: entry.icon for name, entry in services().items()} == ICONS


@pytest.mark.parametrize("name", EVERY)
def test_a_service_can_be_shown(name: str) -> None:
    entry = service(name)
    assert entry.mark in NAMES
    assert 0 < len(entry.short_vi) <= 22
    assert 0 < len(entry.short_en) <= 26
    assert len(entry.title_vi) <= 60
    for text in (entry.title_vi, entry.title_en, entry.description_vi, entry.description_en):
        assert text == text.strip()
        assert text
    assert entry.description_vi.endswith(".")
    assert entry.description_en.endswith(".")
    assert entry.description_en.isascii() or "±" in entry.description_en


@pytest.mark.parametrize("name", EVERY)
def test_units_are_ucum_and_numbers_are_bounded(name: str, ucum: PintUcumRegistry) -> None:
    for prop in service(name).observed_properties:
        if prop.unit is None:
            continue
        ucum.from_ucum(prop.unit)
        assert prop.minimum is not None, prop.id
        assert prop.maximum is not None, prop.id
        assert prop.minimum < prop.maximum


@pytest.mark.parametrize("name", EVERY)
def test_observations_have_properties_and_cases_have_categories(name: str) -> None:
    entry = service(name)
    if "Observation" in entry.kinds:
        assert entry.observed_properties
    else:
        assert not entry.observed_properties
    if {"ServiceRequest", "Event", "Alert", "Feature"} & set(entry.kinds):
        assert entry.categories


@pytest.mark.parametrize("name", EVERY)
def test_legal_sources_are_dated_in_order(name: str) -> None:
    for source in service(name).legal:
        if source.issued and source.in_force:
            assert source.issued <= source.in_force, source.ref


def test_air_is_measured_in_micrograms() -> None:
    units = {p.id: p.unit for p in service("air_quality").observed_properties}
    assert {units[name] for name in ("pm25", "pm10", "o3", "no2", "so2", "co")} == {"ug/m3"}


def test_a_vessel_is_lost_after_the_legal_six_hours() -> None:
    vessels = service("fishing_vessels")
    assert vessels.cadence_s * vessels.late_factor == 6 * 3600
    assert vessels.retention_days is not None
    assert vessels.retention_days >= 3 * 365 + 1


@pytest.mark.parametrize(
    ("name", "code", "category"),
    [
        ("fishing_vessels", "30", "ship_30"),
        ("fishing_vessels", "ship_30", "ship_30"),
        ("fishing_vessels", "ship_79", "ship_cargo"),
        ("fishing_vessels", "0", "ship_unknown"),
        ("field_reports", "  THOÁT NƯỚC ", "drainage"),
        ("field_reports", "cay_xanh", "trees"),
        ("public_services", "5", "more_papers"),
        ("field_reports", "no such word", None),
        ("field_reports", None, None),
    ],
)
def test_a_category_is_found_by_what_a_source_sends(name: str, code: str | None, category: str | None) -> None:
    found = service(name).category(code)
    assert (found.id if found else None) == category


def test_every_ship_type_has_one_category() -> None:
    vessels = service("fishing_vessels")
    assert [n for n in (0, *range(20, 100)) if vessels.category(str(n)) is None] == []


def test_an_urgency_is_found_by_its_vietnamese_word() -> None:
    urgency = service("field_reports").urgency("Khẩn cấp")
    assert urgency is not None
    assert urgency.id == "urgent"


def test_personal_data_is_flagged_and_counts_have_a_floor() -> None:
    assert service("field_reports").personal_data
    assert service("staff_cards").personal_data
    assert service("staff_cards").minimum_cell >= 5
    assert service("population").minimum_cell >= 10


def test_unknown_service_names_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="no service is named 'boats'; known: advertising_screens"):
        service("boats")


def broken(old: str, new: str) -> str:
    assert old in VALID
    return VALID.replace(old, new)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("id = ", "Invalid value .at end of document."),
        (broken('icon = "directions_bus"', ""), "icon: Field required"),
        (broken('tint = "people"', 'tint = "pink"'), "tint: Input should be 'sea'"),
        (broken('"Position"', '"Fix"'), r"kinds: Value error, unknown record kinds \['Fix'\]"),
        (broken("cadence_s = 15", "cadence_s = 0"), "cadence_s: Input should be greater than 0"),
        (broken("late_factor = 8.0", "late_factors = 8.0"), "late_factors: Extra inputs"),
        (broken("minimum = -7200", "minimum = 30000"), "observed_properties.0: Value error, delay: minimum"),
        (broken('"xe_buyt_dien"', '"xe_buyt"'), "file: Value error, categories: more than once: xe_buyt"),
        (broken('short_vi = "Xe buýt"', f'short_vi = "{"x" * 23}"'), "short_vi: String should have at most 22"),
    ],
)
def test_a_broken_file_says_file_and_field_in_one_line(text: str, reason: str) -> None:
    with pytest.raises(ConfigInvalid, match=reason) as caught:
        parse(text, "services/buses.toml")
    assert str(caught.value).startswith("services/buses.toml: ")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2


def test_a_file_that_is_not_utf8_says_so(tmp_path: Path) -> None:
    path = tmp_path / "buses.toml"
    path.write_bytes(VALID.encode("utf-16"))
    with pytest.raises(ConfigInvalid, match="not UTF-8 at byte 0"):
        catalogue.text_of(path)


def test_a_service_is_a_value() -> None:
    first, second = (Service.model_validate(parse(VALID, "x").model_dump()) for _ in range(2))
    assert first == second
    assert hash(first) == hash(second)
