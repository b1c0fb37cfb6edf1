"""Health: beds, ambulances, cases against the usual weeks, what is too few to tell."""

from __future__ import annotations

from typing import Any

import pytest

from geodata.rules import hospital
from layers import _ward_cases as cases
from layers import _warned, mapfigure
from layers.base import get
from layers.elements import Areas, Marks, columns
from tests.support import layer_frames as frames

LAYER: Any = get("health")


@pytest.mark.parametrize(
    ("beds", "level"), [(None, 0), (float("nan"), 0), (89.9, 0), (90, 1), (99, 1), (100, 2), (119, 2), (120, 3)]
)
def test_beds(beds: float | None, level: int) -> None:
    assert hospital.of_beds(beds) == level


@pytest.mark.parametrize(
    ("now", "past", "level"),
    [
        (20, [5, 6, 5, 6], 2),
        (6, [5, 6, 5, 6], 0),
        (20, [5, 6, 5], 0),  # too few weeks to know what is usual
        (4, [0, 0, 0, 0], 0),  # too few cases
        (None, [5, 6, 5, 6], 0),
        (30, [5, 40, 5, 40], 0),  # it often is so
    ],
)
def test_outbreaks(now: float | None, past: list[float], level: int) -> None:
    assert hospital.outbreak(now, past) == level


def told(name: str, prop: str, result: float, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "category": "hospital", "geometry": frames.point(), "observed_property": prop,
            "result": result} | more  # fmt: skip


def health(*rows: dict[str, Any], past: tuple[dict[str, Any], ...] = ()) -> Any:
    at = frames.view()
    none = _warned.graded(frames.alerts(), at)
    return LAYER.classify(frames.things(), frames.observations(*rows), frames.observations(*past), none, at)


def weekly(name: str, *cases_: float, code: str = "19789") -> tuple[dict[str, Any], ...]:
    """Cases week by week, the newest last and one hour old."""
    return tuple(
        told(name, "cases_dengue", n, category="ward_unit", cadence_s=604800.0, age_h=1 + 168 * i,
             properties={"ward_code": code})
        for i, n in enumerate(reversed(cases_))
    )  # fmt: skip


def test_beds_and_ambulances() -> None:
    found = health(
        told("calm", "bed_occupancy", 80), told("busy", "bed_occupancy", 95), told("full", "beds", 100),
        told("full", "beds_occupied", 104), told("over", "bed_occupancy", 130), told("none", "bed_occupancy", 50),
        told("none", "ambulances_free", 0), told("lost", "bed_occupancy", 130, age_h=80),
        told("down", "bed_occupancy", 130, feed="down"),
    )  # fmt: skip
    assert found["level"].to_dict() == {"calm": 0, "busy": 1, "full": 2, "over": 3, "none": 2, "lost": 2, "down": 0}
    assert frames.counts(LAYER.legend(found)) == {
        "có báo cáo": 1, "giường từ 90%": 1, "hết giường hoặc xe cứu thương": 2, "giường từ 120%": 1,
        "không báo cáo": 1, "chưa rõ, mất nguồn": 1,
    }  # fmt: skip
    assert LAYER.inspect(found.loc["none"], "vi")["Cần chú ý"] == "không còn xe cứu thương sẵn sàng"
    assert LAYER.inspect(found.loc["over"], "en")["Bed occupancy"] == "130%"
    assert "Cần chú ý" not in LAYER.inspect(found.loc["down"], "vi")


def test_an_outbreak_shades_its_ward_and_is_seen_from_afar() -> None:
    past = weekly("w", 5, 6, 5, 6, 30)
    found = health(*past[:1], *weekly("calm", 6, code="19777")[:1], past=past)
    assert found["level"].to_dict() == {"w": 2, "calm": 0}
    assert LAYER.count(found) == 0
    parts = list(mapfigure.flat(LAYER.draw(found, frames.zoomed(8))))
    assert [p.data[0]["id"] for p in parts if isinstance(p, Areas)] == ["w"]
    marks = [columns(p) for p in parts if isinstance(p, Marks) and len(p)]
    assert [(list(m["mark"]), list(m["text"])) for m in marks] == [(["ward_count"], ["30"])]
    near = [columns(p) for p in mapfigure.flat(LAYER.draw(found, frames.zoomed(12))) if isinstance(p, Marks) and len(p)]
    assert sorted(near[0]["text"]) == ["30", "6"]
    assert LAYER.inspect(found.loc["w"], "vi")["Ca sốt xuất huyết, mức thường"].startswith("5,5, ngưỡng 6,")


def test_few_cases_are_not_told_and_are_no_fault() -> None:
    found = health(*weekly("few", 3)[:1], *weekly("gone", 6)[:1])
    assert LAYER.inspect(found.loc["few"], "vi")["Ca sốt xuất huyết"] == "dưới ngưỡng công bố"
    assert set(columns(cases.counts(found))["text"]) == {"–", "6"}
    old = weekly("gone", 6)[0] | {"age_h": 24 * 40}
    assert health(*weekly("few", 8)[:1], old).loc["gone", ["state", "level"]].tolist() == ["late", 0]
    assert health(old).loc["gone", "state"] == "silent"  # nobody of that feed reports: that is a fault


def test_the_place_says_its_beds_near_by() -> None:
    found = health(told("calm", "bed_occupancy", 81.4))
    said = {zoom: _names(found, zoom) for zoom in (11, 12.5, 14, 16)}
    assert said == {11: [None], 12.5: [None], 14: ["81% giường"], 16: ["calm · 81% giường"]}


def _names(found: Any, zoom: float) -> list[str | None]:
    marks = next(p for p in mapfigure.flat(LAYER.draw(found, frames.zoomed(zoom))) if isinstance(p, Marks) and len(p))
    return list(columns(marks)["name"])
