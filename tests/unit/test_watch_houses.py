"""Hospitals, schools, sites, bodies and violations: together, by their own figures."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import shapely

from geodata.records import Alert, Event, Feature, Observation, Record, Thing
from geodata.watch.frames import StillFrames
from geodata.watch.rule import rules
from geodata.watch.signs import Fires
from tests.support.watching import at, rows, said, sources, still

FEEDS = sources(a="table")
HERE: dict[str, Any] = {"lon": 107.6, "lat": 16.5}
DAY = 1440.0


def result(key: str, name: str, told: str | float, ago: float = 30, **more: Any) -> dict[str, Any]:
    words = isinstance(told, str)
    return {
        "id": key, "time": at(-ago), "source": "a", "cadence_s": 86400.0, "observed_property": name,
        "result": None if words else told, "result_text": told if words else None, "quality": "measuring",
        "numerator": None, "denominator": None, "name": f"Nơi {key}", **HERE, **more,
    }  # fmt: skip


def frames(service: str, *found: dict[str, Any], **others: Any) -> StillFrames:
    tables: dict[tuple[str, type[Record]], Any] = {(service, Observation): rows(*found, by_id=False)} if found else {}
    return still(0, tables | others.get("tables", {}), FEEDS, "dak_lak")


def told(rule_id: str, *found: dict[str, Any], **others: Any) -> list[str]:
    return list(said(rules()[rule_id], frames(rule_id.partition(".")[0], *found, **others)))


@pytest.mark.parametrize(
    ("found", "n"),
    [([result("h", "bed_occupancy", 95.0)], 0), ([result("h", "bed_occupancy", 100.0)], 1),
     ([result("h", "beds", 50.0), result("h", "beds_occupied", 61.0)], 1), ([result("h", "ambulances_free", 0.0)], 1),
     ([result("h", "bed_occupancy", 130.0, feed="down")], 0), ([result("h", "bed_occupancy", 130.0, ago=9 * DAY)], 0)],
    ids=["95%", "100%", "of beds", "no ambulance", "feed down", "an old report"],
)  # fmt: skip
def test_full_hospitals(found: list[dict[str, Any]], n: int) -> None:
    assert told("health.full", *found) == ["Fires health"][:n]


def weeks(*cases: float) -> list[dict[str, Any]]:
    return [result("w", "cases_dengue", n, ago=7 * DAY * i + 30, cadence_s=7 * 86400.0) for i, n in enumerate(cases)]


@pytest.mark.parametrize(
    ("cases", "n"), [((20, 3, 4, 3, 5), 1), ((5, 3, 4, 3, 5), 0), ((4, 0, 0, 0, 0), 0), ((20, 3, 4), 0)]
)
def test_outbreaks(cases: tuple[float, ...], n: int) -> None:
    found = weeks(*cases)
    whole = frames("health", *found)
    newest = rows(found[0], by_id=False)

    class Newest(StillFrames):
        def latest(self, service: str, kind: type[Record], back: Any = None) -> Any:
            return newest if kind is Observation else super().latest(service, kind)

    still_frames = Newest(whole.at, whole.city, whole.rows, whole.feeds)
    assert list(said(rules()["health.outbreak"], still_frames)) == ["Fires cases_dengue"][:n]


def warned(**more: Any) -> dict[tuple[str, type[Record]], Any]:
    row = {"id": "x", "time": at(-60), "status": "Actual", "severity": "Severe", "level": None, "onset": at(-60),
           "effective": at(-60), "expires": at(300), "properties": {"hazard": "flood"}, **more}  # fmt: skip
    table = rows(row).set_geometry([shapely.box(107, 16, 108, 17)], crs=4326)
    for name in ("onset", "effective", "expires"):
        table[name] = pd.to_datetime(table[name], utc=True)
    return {("warnings", Alert): table}


@pytest.mark.parametrize(
    ("status", "ago", "warning", "n"),
    [("open", 30, {}, 1), ("closed", 30, {}, 0), ("open", DAY, {}, 0), ("open", 30, {"severity": "Moderate"}, 0),
     ("open", 30, {"status": "Exercise"}, 0), ("open", 30, {"properties": {"hazard": "heavy_rain"}}, 0),
     ("open", 30, {"onset": at(60)}, 0), ("open", 30, {"expires": at(-1)}, 0)],
    ids=["open in a flood", "closed", "yesterday's word", "lesser", "a drill", "rain alone", "to come", "over"],
)  # fmt: skip
def test_schools_in_danger(status: str, ago: float, warning: dict[str, Any], n: int) -> None:
    place = {("education", Thing): rows({"id": "s", "time": at(-ago), "name": "Trường", "agency": None, **HERE})}
    found = told("education.open_in_danger", result("s", "status", status, ago), tables=place | warned(**warning))
    assert found == ["Fires education"][:n]


@pytest.mark.parametrize(
    ("visitors", "capacity", "level"), [(90, 100, 0), (100, 100, 2), (121, 100, 3), (500, None, 0)]
)
def test_crowded_sites(visitors: float, capacity: float | None, level: int) -> None:
    stands = rows(
        {"id": "d", "time": at(0), "name": "Điểm", "agency": None, "properties": {"capacity": capacity}, **HERE}
    )
    signs = rules()["tourism.crowded"].signs(
        frames("tourism", result("d", "visitors", visitors), tables={("tourism", Thing): stands})
    )
    assert [s.level for s in signs if isinstance(s, Fires)] == ([level] if level else [])


@pytest.mark.parametrize(("done", "of", "n"), [(17, 20, 1), (18, 20, 0), (2, 4, 0), (16, 18, 0)])
def test_missed_targets(done: float, of: float, n: int) -> None:
    met = result("b", "targets_met", 100 * done / of, numerator=done, denominator=of)
    assert (
        told("government_performance.missed", met, result("b", "targets_met_plan", 90.0))
        == ["Fires government_performance"][:n]
    )


def violation(**more: Any) -> dict[str, Any]:
    return {"id": "v", "time": at(-600), "source": "a", "end_time": None, "category": "construction_violation",
            "title": "Xây sai phép", "severity": 2, "status": "open", **HERE, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "protected", "n"),
    [({}, False, 0), ({"severity": 3}, False, 1), ({}, True, 1), ({"severity": 3, "status": "closed"}, True, 0),
     ({"severity": 3, "feed": "down"}, False, 0)],
    ids=["usual", "grave", "in a monument zone", "settled", "feed down"],
)  # fmt: skip
def test_violations(more: dict[str, Any], protected: bool, n: int) -> None:
    tables: dict[tuple[str, type[Record]], Any] = {("planning", Event): rows(violation(**more))}
    if protected:
        zone = rows({"id": "z", "time": at(0), "category": "heritage_zone"})
        tables[("planning", Feature)] = zone.set_geometry([shapely.box(107, 16, 108, 17)], crs=4326)
    assert told("planning.violations", tables=tables) == ["Fires construction_violation"][:n]
