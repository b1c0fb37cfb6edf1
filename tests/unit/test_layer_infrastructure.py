"""Networks: kinds as quiet lines, planned ones dotted, lengths, what is left out from afar, ids that a tap picks."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pytest
import shapely
from pyproj import Geod
from shapely import LineString, MultiLineString, Point

from geodata.rules import network
from layers import _features, infrastructure, palette
from layers.infrastructure import Infrastructure
from layers.mapfigure import flat, path_columns, style_of
from tests.support.asset_frames import HOME, features, view

LAYER = Infrastructure()
LON, LAT = HOME
COUNT, MOST = 600, 400


def line(key: str, category: str | None, metres: float = 500, north: float = 0.0, **more: Any) -> dict[str, Any]:
    east = metres / 106_700
    shape = LineString([(LON, LAT + north), (LON + east, LAT + north)])
    return {"id": key, "collection": "x", "category": category, "geometry": shape, "name": f"Tuyến {key}", **more}


NETWORK = features(
    line("water", "water_supply"),
    line("road", "roads", properties={"don_vi": "Sở Xây dựng", "nam": 2009}, approximate=True),
    line("planned", "drainage", properties={"trang_thai": "Quy hoạch"}),
    line("out", "power_grid", properties={"trang_thai": "Ngừng khai thác"}),
    line("repair", "lighting", properties={"status": "maintenance"}),
    line("odd", "never heard of", 40),
    {"id": "loa", "collection": "canh_bao", "category": "warning", "geometry": Point(LON, LAT), "name": "Loa"},
    {"id": "tank", "collection": "be", "category": "water_supply", "geometry": Point(LON, LAT).buffer(0.001)},
)


def frame(rows: gpd.GeoDataFrame = NETWORK) -> gpd.GeoDataFrame:
    return LAYER.classify(rows, view())


def lines(zoom: float, rows: gpd.GeoDataFrame = NETWORK) -> dict[str, dict[str, Any]]:
    """Style of the line by the id that it carries."""
    parts = [p for p in flat(LAYER.draw(frame(rows), view(zoom))) if type(p) is hv.Path]
    return {key: style_of(part) for part in parts for key in path_columns(part)["id"]}


def test_a_kind_is_a_tint_a_plan_is_dotted_a_broken_line_has_its_level() -> None:
    found = lines(14.0)
    assert found["water"]["line_color"] == palette.TINT["sea"]
    assert found["planned"]["line_dash"] == list(_features.DOTTED)
    assert found["out"]["line_color"] == palette.SEVERITY[2]
    assert found["repair"]["line_color"] == palette.MAINTENANCE
    assert found["odd"]["line_color"] == palette.TEXT3
    assert all(style["casing"] is False for style in found.values())


def test_a_lost_feed_draws_pink_dashes() -> None:
    found = lines(14.0, NETWORK.assign(feed="down"))
    assert {style["line_color"] for style in found.values()} == {palette.UNKNOWN}
    legend = LAYER.legend(frame(NETWORK.assign(feed="down")))
    assert {i.title_vi: i.count for i in legend if i.count} == {"chưa rõ, mất nguồn": len(NETWORK)}


def test_from_afar_short_lines_are_left_out() -> None:
    assert set(lines(8.0)) == set()
    assert "odd" not in lines(11.5)
    assert "water" in lines(11.5)
    assert set(lines(14.0)) == {"water", "road", "planned", "out", "repair", "odd"}


def test_what_shares_a_street_keeps_its_lane_until_one_can_see_it_apart() -> None:
    def at(zoom: float, key: str) -> float:
        parts = [p for p in flat(LAYER.draw(frame(), view(zoom))) if type(p) is hv.Path]
        (ys,) = [
            ys for p in parts for k, ys in zip(*(path_columns(p)[c] for c in ("id", "ys")), strict=True) if k == key
        ]
        return float(np.mean(ys))

    px = view(14.0).resolution_m
    assert at(14.0, "water") - at(14.0, "road") == pytest.approx(2.5 * px, rel=1e-3)
    assert at(17.5, "water") == pytest.approx(at(17.5, "road"), abs=1e-6)


def test_lengths_are_metres_on_the_ellipsoid() -> None:
    east, north = LineString([(LON, LAT), (LON + 0.01, LAT)]), LineString([(LON, LAT), (LON, LAT + 0.01)])
    geod = Geod(ellps="WGS84")
    both = MultiLineString([east, north])
    found = network.lengths_m([east, north, both, Point(LON, LAT), Point(LON, LAT).buffer(1)])
    expected = [geod.geometry_length(shape) for shape in (east, north, both)]
    assert found[:3] == pytest.approx(expected, rel=1e-6)
    assert found[3:].tolist() == [0, 0]


def test_the_number_of_the_wall_is_kilometres_in_service() -> None:
    rows = features(line("a", "roads", 4000), line("b", "roads", 3000, properties={"trang_thai": "dự kiến"}))
    assert LAYER.count(frame(rows)) == 4


def test_an_id_is_one_of_its_collection_only() -> None:
    rows = features(line("1", "roads"), {**line("1", "drainage"), "collection": "y"}, line("2", "roads"))
    found = frame(rows)
    assert set(found.index) == {"x/1", "y/1", "2"}
    assert _features.unique(features(line("1", "roads"), line("1", "roads"))).index.tolist() == ["x/1"]


def test_the_panel_says_who_keeps_it_how_long_it_is_and_that_it_is_approximate() -> None:
    told = LAYER.inspect(frame().loc["road"], "vi")
    assert told["Đơn vị quản lý"] == "Sở Xây dựng"
    assert told["Năm xây dựng"] == "2009"
    assert told["Vị trí"] == "vị trí xấp xỉ"
    assert told["Chiều dài"].endswith("\u2009m")
    assert LAYER.inspect(frame().loc["planned"], "vi")["Trạng thái"] == "Quy hoạch"
    assert LAYER.inspect(frame().loc["planned"], "en")["State"] == "planned, not in service"
    assert LAYER.inspect(frame().loc["tank"], "en")["Area"].endswith("\u2009ha")


def test_the_legend_has_the_tint_of_the_line() -> None:
    items = {i.title_en: i for i in LAYER.legend(frame())}
    assert items["Water supply"].tint == palette.TINT["sea"]
    assert items["out of service"].tint is None
    assert sum(i.count or 0 for i in items.values()) == len(NETWORK)


def test_of_very_many_lines_the_longest_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(infrastructure, "MOST_LINES", MOST)
    rng = np.random.default_rng(1)
    starts = rng.uniform(-0.02, 0.02, (COUNT, 2)) + np.array([LON, LAT])
    ends = starts + rng.uniform(-0.004, 0.004, (COUNT, 2))
    shapes = shapely.linestrings(np.stack([starts, ends], axis=1))
    one = features(line("0", "roads"))
    many = gpd.GeoDataFrame(one.loc[["0"] * COUNT].assign(geometry=shapes), crs=4326)
    many.index = [str(i) for i in range(COUNT)]
    found = lines(12.5, many)
    assert len(found) == MOST
    near, _ = _features.drawn_lines(many, view(12.5), least_px=2, most=10)
    assert len(near) == 10


def test_nothing_gives_nothing() -> None:
    found = frame(features())
    assert (LAYER.count(found), len(LAYER.draw(found, view()))) == (0, 0)
