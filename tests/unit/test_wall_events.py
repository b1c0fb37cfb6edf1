"""What the wall lists of the open events of a service."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import pandas as pd
from shapely.geometry import Point

from app.panels import wall_events
from app.panels.wall_have import Memory
from app.text import Text
from geodata.scenes import Block

if TYPE_CHECKING:
    from app.panels.wall_have import Have
    from geodata.records import Record
    from geodata.view import View

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEXT = Text("vi")


def test_open_events_are_those_that_have_no_end_yet() -> None:
    rows = [
        {"id": "a", "end_time": pd.NaT, "category": "closure", "severity": 2, "time": NOW - HOUR},
        {"id": "b", "end_time": NOW - HOUR, "category": "closure", "severity": 4, "time": NOW - HOUR},
        {"id": "c", "end_time": NOW + HOUR, "category": "accident", "severity": 3, "time": NOW - HOUR},
        {"id": "d", "end_time": pd.NaT, "category": None, "severity": None, "time": NOW},
        {"id": "e", "end_time": pd.NaT, "category": "closure", "severity": 4, "time": NOW, "feed": "down"},
        {"id": "f", "end_time": pd.NaT, "category": "closure", "severity": 4, "time": NOW, "status": "resolved"},
        {"id": "g", "end_time": pd.NaT, "category": "works", "severity": 1, "time": NOW},
    ]
    told = pd.DataFrame([{"status": None, "feed": "up", **row} for row in rows])
    frame = gpd.GeoDataFrame(told.assign(geometry=None), geometry="geometry", crs=4326).set_index("id")
    now = pd.Timestamp(NOW)
    found = wall_events.open_at(frame, now)
    assert list(found.index) == ["c", "d", "a", "g", "e"]
    assert list(found["level"]) == [3, 2, 2, 1, 4]
    assert list(found["unknown"]) == [False] * 4 + [True], "a lost feed's accident may be over by now"
    assert list(wall_events.open_at(frame, now, ("closure",)).index) == ["a", "e"]
    assert wall_events.open_at(frame.iloc[:0], now).empty, "a city without an event"


def test_a_list_of_open_events_reaches_beyond_the_scene_and_says_what_is_unknown() -> None:
    at = {"end_time": pd.NaT, "status": None, "category": "accident", "time": NOW, "description": None}
    rows = [
        {**at, "id": "near", "title": "Gần", "severity": 2, "feed": "up", "geometry": Point(107.59, 16.46)},
        {**at, "id": "far", "title": "Xa", "severity": 3, "feed": "up", "geometry": Point(107.64, 16.55)},
        {**at, "id": "lost", "title": "Mất", "severity": 3, "feed": "down", "geometry": Point(107.58, 16.47)},
    ]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=4326).set_index("id")
    asked: list[object] = []

    class Reader:
        def latest(self, service: str, kind: type[Record], view: View) -> gpd.GeoDataFrame:
            asked.append(view.bounds)
            return frame

    have = cast(
        "Have",
        SimpleNamespace(text=TEXT, now=NOW, view="scene", wide=SimpleNamespace(bounds="city"), reader=Reader(),
                        ready=lambda name: True, memory=Memory()),
    )  # fmt: skip
    shown = wall_events.block(Block(kind="items", service="traffic", most=4), have, 1)
    assert asked == ["city"]
    assert [(item.title, item.level, item.unknown) for item in shown.items] == [
        ("Xa", 3, False), ("Gần", 2, False), ("Mất", 3, True)]  # fmt: skip
    assert shown.sections[0]["head"] == "2 việc, 1 chưa rõ"
