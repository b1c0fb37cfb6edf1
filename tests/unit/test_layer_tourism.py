"""Tourism: visitors against the place's own capacity and last year's same week, stays, news without false points."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest

from geodata.rules import crowd
from layers import _stories, _warned, mapfigure, tourism
from layers.base import get
from layers.elements import Areas, Marks, columns
from tests.support import layer_frames as frames

LAYER: Any = get("tourism")


@pytest.mark.parametrize(
    ("visitors", "capacity", "level"),
    [(500, 1000, 0), (1000, 1000, 2), (1200, 1000, 3), (9e9, None, 0), (None, 10, 0), (10, 0, 0), (10, -5, 0)],
)
def test_capacity(visitors: float | None, capacity: float | None, level: int) -> None:
    assert crowd.level(crowd.share(visitors, capacity)) == level


def told(name: str, prop: str, result: float, **more: Any) -> dict[str, Any]:
    return {"id": name, "name": name, "category": "heritage", "geometry": frames.point(), "observed_property": prop,
            "result": result} | more  # fmt: skip


def days(name: str, *visitors: float, back_days: int = 0) -> list[dict[str, Any]]:
    return [told(name, "visitors", n, age_h=24 * (i + back_days) + 1) for i, n in enumerate(visitors)]


def places(*rows: dict[str, Any], year_ago: list[dict[str, Any]] | None = None) -> Any:
    at = frames.view()
    weeks = frames.observations(*rows), frames.observations(*(year_ago or []))
    newest = list({row["id"] + row["observed_property"]: row for row in reversed(rows)}.values())
    found = LAYER.classify(
        frames.things(), frames.observations(*newest), weeks, _warned.graded(frames.alerts(), at), at
    )  # fmt: skip
    return found.assign(kind="place")


def test_capacity_raises_the_level_and_says_so() -> None:
    found = places(
        told("full", "visitors", 1100, properties={"capacity": "1000"}),
        told("crush", "visitors", 1500, properties={"capacity": 1000}),
        told("free", "visitors", 99999),
        told("bad", "visitors", 5, properties={"capacity": "không rõ"}),
    )
    assert found["level"].to_dict() == {"full": 2, "crush": 3, "free": 0, "bad": 0}
    assert frames.counts(LAYER.legend(found)) == {"có báo cáo": 2, "vượt sức chứa": 1, "quá đông, trên 120%": 1}
    assert LAYER.inspect(found.loc["full"], "vi")["So với sức chứa"] == "110%, 1.000 người"
    assert "So với sức chứa" not in LAYER.inspect(found.loc["free"], "vi")


def test_against_the_same_week_of_last_year() -> None:
    found = places(*days("a", 80, 90, 70), *days("b", 10, 10), year_ago=days("a", 120, 120, 120) + days("b", 5, 5, 5))
    assert LAYER.inspect(found.loc["a"], "vi")["So với cùng tuần năm trước"] == "−33%"
    assert "So với cùng tuần năm trước" not in LAYER.inspect(found.loc["b"], "vi")  # two days are no week
    assert tourism.signed(0.114, "en") == "+11%"
    assert tourism.signed(0.001, "vi") == "0%"


def test_a_day_ends_at_its_end() -> None:
    """A day's count is told on the evening of that day: it ages from the end of the day, not from its beginning."""
    end = frames.END - pd.Timedelta(hours=14)
    found = places(told("a", "visitors", 10, age_h=38, phenomenon_end=end))
    assert found.loc["a", ["state", "age_s"]].tolist() == ["fresh", 14 * 3600]


def test_a_stay_says_its_rooms() -> None:
    found = places(told("h", "occupancy", 62.4, unit="%", properties={"rooms": 48}))
    facts = LAYER.inspect(found.loc["h"], "vi")
    assert (facts["Công suất phòng"], facts["Số phòng"]) == ("62,4%", "48")
    marks = columns(next(p for p in mapfigure.flat(LAYER.draw(found, frames.zoomed(14))) if isinstance(p, Marks)))
    assert list(marks["name"]) == ["62% phòng"]


def test_news_shade_a_place_beside_the_sites() -> None:
    at = frames.view()
    row = {"id": "n", "geometry": frames.square(), "place_confidence": 0.9, "place_level": "ward", "category": "news",
           "title": "Lễ hội"}  # fmt: skip
    news = _stories.classify(frames.events(row), at).assign(kind="story")
    found = gpd.GeoDataFrame(pd.concat([places(told("a", "visitors", 10)), news]), crs=4326)
    parts = list(mapfigure.flat(LAYER.draw(found, at)))
    assert [p.data[0]["id"] for p in parts if isinstance(p, Areas)] == ["n"]
    points = [list(columns(p)["id"]) for p in parts if isinstance(p, Marks) and len(p)]
    assert points == [["n"], ["a"]]  # the number of stories in the area, and the site
    assert LAYER.count(found) == 1
    assert sum(item.count or 0 for item in LAYER.legend(found)) == 2
    assert LAYER.inspect(found.loc["n"], "en")["Title"] == "Lễ hội"
