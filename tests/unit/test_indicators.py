"""Every indicator on a small town counted by hand, on lost feeds, on nothing; targets, trends, words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geodata import catalogue
from geodata.city import cities, city
from geodata.indicators import whole
from geodata.indicators.figure import Figure, Value
from geodata.indicators.indicator import Indicator, get, indicators, judged, meets, of_service
from geodata.indicators.markdown import page
from geodata.indicators.words import Target, family_words, left_out_words
from geodata.records import Observation
from geodata.scenes import Block
from geodata.unit_words import unit_words
from geodata.watch.frames import Frames, StillFrames
from tests.support import indicator_frames as town
from tests.support.watching import T0, at, sources, still

EVERY = [pytest.param(one, id=one.id) for one in indicators().values()]
OWN = {one.id for one in indicators().values() if one.service == "platform"} - {
    "platform.reporting",
    "platform.worst_lag",
}
"""What the program says of itself: it is told whatever becomes of the feeds."""

EXPECTED: dict[str, tuple[Any, int, int]] = {
    "advertising_screens.unapproved": (1, 6, 3),
    "advertising_screens.without_licence": (1, 6, 2),
    "advertising_screens.faults": (1, 6, 2),
    "advertising_screens.licence_soon": (1, 6, 1),
    "advertising_screens.heard": (6, 6, 0),
    "advertising_screens.approved": (80, 5, 0),
    "advertising_screens.reporting": (100, 6, 0),
    "air_quality.poor": (1, 2, 2),
    "air_quality.stations": (2, 2, 0),
    "air_quality.worst": (157, 2, 0),  # PM2.5 of 90: 150 + 50 × (90 − 80) / 70
    "air_quality.pm25_day": (90, 2, 2),
    "air_quality.reporting": (100, 2, 0),
    "buses.lines_stopped": (1, 2, 3),
    "buses.late": (1, 5, 2),
    "buses.running": (5, 6, 0),
    "buses.silent": (1, 6, 2),
    "buses.on_time": (80, 5, 0),
    "buses.delay": (1, 5, 0),
    "cameras.no_picture": (1, 5, 2),
    "cameras.live": (4, 5, 0),
    "cameras.live_share": (80, 5, 0),
    "citizen_questions.overdue": (1, 2, 2),
    "citizen_questions.waiting": (2, 2, 0),
    "citizen_questions.on_time": (None, 1, 0),  # of one no rate is told
    "citizen_questions.received": (2, 2, 0),
    "education.open_in_danger": (1, 2, 3),
    "education.closed": (1, 2, 2),
    "education.schools": (2, 2, 0),
    "education.attendance": (70, 400, 0),
    "field_reports.overdue_urgent": (1, 3, 3),
    "field_reports.overdue": (2, 3, 3),
    "field_reports.open_now": (4, 4, 0),
    "field_reports.due_soon": (1, 3, 0),
    "field_reports.on_time": (50, 6, 0),
    "field_reports.satisfied": (None, 2, 0),
    "field_reports.received": (9, 9, 0),
    "fishing_vessels.over_line": (0, 10, 0),
    "fishing_vessels.lost_10d": (1, 10, 4),
    "fishing_vessels.lost_6h": (1, 10, 3),
    "fishing_vessels.at_sea": (8, 10, 0),
    "fishing_vessels.late": (1, 10, 0),
    "fishing_vessels.in_port": (0, 10, 0),
    "fishing_vessels.reporting": (pytest.approx(700 / 9), 9, 0),
    "government_performance.missed": (1, 2, 2),
    "government_performance.bodies": (2, 2, 0),
    "government_performance.targets_met": (85, 40, 0),
    "government_performance.disbursement": (50, 2, 0),
    "health.full": (1, 2, 2),
    "health.facilities": (2, 2, 0),
    "health.bed_occupancy": (pytest.approx(12500 / 150), 150, 0),
    "health.emergencies": (4, 1, 0),
    "hydrology.over_bd3": (1, 4, 4),
    "hydrology.over_bd2": (1, 4, 2),
    "hydrology.over_bd1": (1, 4, 1),
    "hydrology.stations": (5, 5, 0),
    "hydrology.rain_day": (12, 1, 0),
    "hydrology.reporting": (100, 5, 0),
    "imagery.overdue": (1, 2, 2),
    "imagery.kinds": (2, 2, 0),
    "imagery.age": (10, 2, 0),
    "information_security.grave_alerts": (1, 2, 4),
    "information_security.down": (1, 5, 2),
    "information_security.certificates": (1, 5, 1),
    "information_security.systems": (5, 5, 0),
    "information_security.reached": (80, 5, 0),
    "infrastructure.out_of_service": (1, 2, 2),
    "infrastructure.length": (pytest.approx(1.0678, abs=1e-3), 1, 0),
    "planning.violations_grave": (1, 3, 3),
    "planning.violations_open": (2, 3, 2),
    "planning.filed": (1, 1, 0),
    "planning.settled": (None, 3, 0),
    "platform.feeds_down": (0, 24, 0),
    "platform.feeds_up": (100, 24, 0),
    "platform.reporting": (100, 51, 0),
    "platform.received": (240, 24, 0),
    "platform.stored": (168, 24, 0),
    "platform.duplicate": (48, 24, 0),
    "platform.rejected": (24, 24, 0),
    "platform.rejected_share": (10, 240, 0),
    "platform.worst_lag": (2, 24, 0),
    "desk.unseen_grave": (1, 1, 3),
    "desk.open_now": (2, 2, 0),
    "desk.unacknowledged": (1, 1, 0),
    "desk.acknowledge_day": (10, 7, 0),
    "desk.acknowledge_week": (20, 13, 0),  # the eighth day before is no more within seven
    "desk.close_day": (0.5, 7, 0),
    "desk.close_week": (1, 13, 0),
    "desk.opened_day": (7, 7, 0),
    "desk.opened_against": (700, 14, 0),
    "outlets.waiting": (3, 2, 0),
    "outlets.given_up": (1, 2, 2),
    "population.people": (10000, 2, 0),
    "population.over_60": (11, 10000, 0),
    "press.rumours": (1, 1, 2),
    "press.told": (2, 3, 0),
    "press.articles": (3, 3, 0),
    "public_order.grave": (1, 2, 4),
    "public_order.open_now": (2, 2, 0),
    "public_order.begun": (3, 3, 0),
    "public_services.offices_late": (1, 2, 2),
    "public_services.in_progress": (150, 2, 0),
    "public_services.overdue_share": (8, 150, 0),
    "public_services.on_time": (89, 200, 2),
    "public_services.online": (40, 100, 0),
    "public_services.satisfied": (90, 10, 0),
    "public_utilities.pumps_failed": (1, 6, 3),
    "public_utilities.out_of_order": (2, 6, 2),
    "public_utilities.heard": (6, 6, 0),
    "public_utilities.in_order": (pytest.approx(200 / 3), 6, 0),
    "public_utilities.water_loss": (20, 3, 2),
    "public_utilities.reporting": (100, 6, 0),
    "staff_cards.door_alarms": (1, 1, 2),
    "staff_cards.readers_offline": (1, 1, 1),
    "staff_cards.present": (40, 1, 0),
    "staff_cards.present_share": (80, 50, 0),
    "tourism.crowded": (1, 2, 2),
    "tourism.visitors": (950, 2, 0),
    "tourism.occupancy": (pytest.approx(200 / 3), 30, 0),
    "traffic.jammed": (1, 3, 3),
    "traffic.grave_incidents": (1, 2, 3),
    "traffic.slow": (1, 3, 2),
    "traffic.measured": (3, 3, 0),
    "traffic.speed": (20, 3, 0),
    "traffic.incidents": (2, 2, 0),
    "traffic.begun": (3, 3, 0),
    "warnings.highest": (1, 2, 3),
    "warnings.in_force": (2, 2, 0),
    "warnings.grave": (1, 2, 0),
    "advertising_screens.silent": (0, 6, 0),
    "air_quality.silent": (0, 2, 0),
    "hydrology.silent": (0, 5, 0),
    "public_utilities.silent": (0, 6, 0),
    "cameras.silent": (0, 5, 0),
    "health.silent": (0, 2, 0),
    "education.silent": (0, 2, 0),
    "tourism.silent": (0, 4, 0),
}
"""Value, n, level in the town of ``tests/support/indicator_frames.py``, counted by hand."""


@pytest.fixture(scope="module")
def up() -> StillFrames:
    return town.frames(town.town())


@pytest.fixture(scope="module")
def down() -> StillFrames:
    return town.frames(town.town(), feed="down")


def test_every_indicator_is_counted_by_hand() -> None:
    assert set(EXPECTED) == set(indicators())


@pytest.mark.parametrize("one", EVERY)
def test_it_counts_the_town(one: Indicator, up: Frames) -> None:
    found = one.value(up)
    value, n, level = EXPECTED[one.id]
    assert found.error is None
    assert (found.value, found.figure.n, found.level) == (value if value is None else pytest.approx(value), n, level)
    assert found.state == ("none" if value is None else "known")
    assert found.figure.newest is not None
    assert found.age_s is not None
    assert set(found.figure.left_out) <= set(left_out_words())
    if found.figure.low is not None and found.figure.high is not None and value is not None:
        assert found.figure.low <= value <= found.figure.high
        assert one.words.interval != "none"


@pytest.mark.parametrize("one", [p for p in EVERY if p.id not in OWN])
def test_of_lost_feeds_it_is_unknown_and_never_nought(one: Indicator, down: Frames) -> None:
    found = one.value(down)
    assert (found.value, found.state, found.level, found.met) == (None, "unknown", 0, None)


@pytest.mark.parametrize("one", EVERY)
def test_its_words_are_whole(one: Indicator) -> None:
    words = one.words
    assert words.unit in unit_words() or words.unit == "1"
    assert one.family in catalogue.services() or one.family in family_words()
    assert "def " in one.query
    assert all(target.law for target in words.targets)


def test_of_nothing_it_is_ready_to_connect() -> None:
    for name in cities():
        found = whole.values(still(0, {}, sources(), name))
        assert {value.state for value in found} == {"ready"}
        assert {value.service for value in found} == set(city(name).services)


def test_a_feed_that_speaks_and_says_nothing_counts_nought(up: StillFrames) -> None:
    found = get("press.told").value(still(0, {}, up.feeds))
    assert (found.value, found.state) == (0, "known")


def test_of_things_that_are_all_silent_nothing_is_counted(up: StillFrames) -> None:
    later = replace(up, at=up.at + timedelta(days=40), memory={})
    found = get("cameras.no_picture").value(later)
    assert (found.value, found.state, found.figure.left_out) == (None, "none", {"silent": 5})
    assert get("advertising_screens.reporting").value(later).value == 0
    assert get("cameras.silent").value(later).value == 5


def test_one_lost_feed_of_two_makes_a_number_partial(up: StillFrames) -> None:
    key = ("traffic", Observation)
    rows = up.rows[key].assign(feed=["down" if name == "jam" else "up" for name in up.rows[key]["id"]])
    found = get("traffic.jammed").value(replace(up, rows={**up.rows, key: rows}, memory={}))
    assert (found.value, found.state, found.figure.left_out["unknown"]) == (0, "partial", 1)


def test_an_error_of_ours_fails_alone(up: Frames) -> None:
    def broken(frames: Frames) -> Figure:
        raise KeyError("gone" if frames.city else "")

    one = replace(get("traffic.speed"), count=broken)
    found = whole.values(up, [one, get("traffic.measured")])
    assert [(value.state, value.error) for value in found] == [("failed", "KeyError: 'gone'"), ("known", None)]


def test_an_open_case_past_its_deadline_is_late_and_one_before_it_is_left_out() -> None:
    told = [town.case(f"done{n}", "closed", -600, -900) for n in range(8)]
    slow = [town.case(f"open{n}", "in_progress", -60) for n in range(2)]
    early = [town.case(f"soon{n}", "in_progress", 60) for n in range(5)]
    found = get("field_reports.on_time").value(town.frames(town.cases("field_reports", *told, *slow, *early)))
    assert (found.value, found.figure.n, found.figure.left_out["not_due"]) == (80, 10, 5)


# -- targets ------------------------------------------------------------------------------------
def test_a_target_inside_the_interval_is_neither_met_nor_missed() -> None:
    target = Target.model_validate({"value": 95, "law": "x"})
    assert meets(Figure(value=96, low=90, high=99), target) == "unsure"
    assert meets(Figure(value=98, low=96, high=99), target) == "met"
    assert meets(Figure(value=90, low=80, high=94), target) == "missed"
    assert meets(Figure(value=40), Target.model_validate({"value": 45, "at": "most", "law": "x"})) == "met"
    assert meets(Figure(), target) is None


def test_a_target_is_that_of_its_day() -> None:
    words = get("air_quality.pm25_day").words
    days = [date(2023, 1, 1), date(2025, 12, 31), date(2026, 1, 1)]
    assert [target and target.value for target in map(words.target, days)] == [None, 50, 45]


def test_its_day_begins_at_midnight_in_the_city(up: StillFrames) -> None:
    one, midnight = get("air_quality.pm25_day"), datetime(2025, 12, 31, 17, tzinfo=UTC)
    found = [one.value(replace(up, at=midnight + timedelta(seconds=by), memory={})).target for by in (-1, 0)]
    assert [target and target.value for target in found] == [50, 45]


def test_a_partial_number_meets_no_target(up: Frames) -> None:
    one = get("public_services.on_time")
    found = judged(one, Figure(value=99, n=100, left_out={"unknown": 1}), up)
    assert (found.state, found.met) == ("partial", None)


def test_an_unconfirmed_law_says_so_on_the_page() -> None:
    for one in indicators().values():
        doubtful = [law.ref for law in one.words.laws if not law.confirmed]
        assert all(f"- {ref}" in page() for ref in doubtful)
    assert "**not confirmed**" in page()


# -- trend, tiles, page -------------------------------------------------------------------------
def test_the_past_is_looked_at_on_whole_steps() -> None:
    one = get("public_services.on_time")
    found = whole.instants(one, at(3))
    assert len(found) == one.words.points
    assert found[-1] == T0 - timedelta(days=7)
    assert found == sorted(found)


def test_every_tile_of_every_scene_is_an_indicator() -> None:
    """What a tile may show: one calm number and any number of abnormal ones, each named, each with a noun."""
    shown = set()
    for own in cities().values():
        tiles = [block for scene in own.wall.scenes for block in scene.blocks if block.kind == "tiles"]
        shown |= {service for block in tiles for service in (block.services or own.services)}
    for service in shown:
        told = [one.words for one in of_service(service)]
        assert sum(words.tile == "total" for words in told) == 1, service
        assert all(words.noun for words in told if words.tile)


STATES = {
    "todo": "the findings and the abnormal marks themselves, each with its own age",
    "items": "incidents themselves",
    "warnings": "warnings themselves",
    "rivers": "curves of stations, each value with its own station",
    "stations": "stations themselves",
    "rain": "stations themselves",
    "cameras": "pictures",
    "inside": "what stands in the area of one warning: a place, not the city",
    "counts": "the legend of the map beside it: marks in view",
    "wards": "the open cases of the layer by the ward in their address",
}
"""Blocks whose numbers are no indicators, and why."""


def test_every_block_of_the_wall_is_told_from_indicators_or_is_a_mere_state() -> None:
    for own in cities().values():
        for block in (block for scene in own.wall.scenes for block in scene.blocks):
            assert block.kind in {"tiles", "usual", "fleet"} or block.kind in STATES, block.kind
            if block.kind == "usual":
                assert f"{block.service}.{block.property}" in indicators()
    assert isinstance(Block(kind="todo"), Block)


def test_the_page_of_definitions_is_current() -> None:
    text = (Path(__file__).parents[2] / "docs/indicators.md").read_text(encoding="utf-8")
    assert text == page(), "vonglau indicators --markdown > docs/indicators.md"


def test_a_row_is_flat_and_says_its_law(up: Frames) -> None:
    found: Value = get("air_quality.pm25_day").value(up)
    row = whole.row(found, "en")
    assert (row["target"], row["at_target"], row["met"]) == (45, "most", "missed")
    assert "10/2021" in str(row["law"])
    assert row["title"] == "Highest 24-hour mean of PM2.5"
