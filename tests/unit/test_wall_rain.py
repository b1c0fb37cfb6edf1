"""The wall's list of rain: the most first; when no gauge is heard it says so and does not only go."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd

from app.panels import wall_water
from app.text import Text
from geodata.scenes import Block
from tests.support.layer_frames import END

if TYPE_CHECKING:
    from app.panels.wall_have import Have


def shown(*gauges: tuple[str, str, dict[str, float]]) -> list[dict[str, Any]]:
    """Of gauges, each its name, state and values."""
    rows = [
        {"name": name, "state": state, "values": values, "time": pd.Timestamp(END)} for name, state, values in gauges
    ]
    frame = gpd.GeoDataFrame(pd.DataFrame(rows), geometry=[None] * len(rows), crs=4326)
    far = {"hydrology": SimpleNamespace(frame=frame)}
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    have = cast("Have", SimpleNamespace(text=Text("vi"), far=far, zone=zone, now=END))
    return wall_water.rain(Block(kind="rain", service="hydrology", most=3), have, 1).sections


def test_the_most_rain_first() -> None:
    (found,) = shown(("A", "fresh", {"rain_24h": 12.0}), ("B", "late", {"rain_24h": 252.0, "rain_1h": 38.0}))
    assert [(row["value"], row["note"]) for row in found["rows"]] == [
        ("252\u2009mm", "1 giờ 38 mm"),
        ("12\u2009mm", ""),
    ]


def test_of_lost_gauges_alone_it_is_unknown_and_no_dry_day() -> None:
    (found,) = shown(("A", "unknown", {"rain_24h": 12.0}), ("C", "fresh", {"water_level": 1.0}))
    assert found["head"] == "số cuối 14:00"
    assert [(row["value"], row["state"], row["label"]) for row in found["rows"]] == [
        ("?", "unknown", ["Mọi trạm mất nguồn"])]  # fmt: skip


def test_where_no_gauge_tells_rain_there_is_no_list() -> None:
    assert shown(("C", "unknown", {"water_level": 1.0})) == []


def test_of_silent_gauges_alone_it_is_not_known_either() -> None:
    (found,) = shown(("A", "silent", {"rain_24h": 12.0}), ("C", "fresh", {"water_level": 1.0}))
    (row,) = found["rows"]
    assert (row["value"], row["label"], "state" in row) == ("?", ["Mọi trạm mất tín hiệu"], False)
