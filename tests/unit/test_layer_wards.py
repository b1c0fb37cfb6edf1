"""Wards shaded by class: population and targets of wards; which ward a row is of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import pytest
import shapely

from app.pages.pictures import Picture
from app.panels import layer_tree
from app.state import initial
from app.text import Text
from geodata.city import city
from layers import _agencies, _shading, _wards, palette
from layers.base import Layer
from layers.elements import Areas, Marks, columns
from layers.government_performance import GovernmentPerformance
from layers.mapfigure import area_columns, flat, style_of
from layers.population import SCALE, Population
from tests.support.office_rows import END, MONTH, PHU_XUAN, THUAN_HOA, features, observations, things, view

PEOPLE, TARGETS = Population(), GovernmentPerformance()
MONTHLY: dict[str, Any] = {"time": MONTH[0], "phenomenon_end": MONTH[1], "cadence_s": 31 * 86400.0}


def told(key: str, what: str, result: float, **more: Any) -> dict[str, Any]:
    return {"id": key, "observed_property": what, "result": result, **MONTHLY} | more


def people(key: str, number: float, density: float, **more: Any) -> list[dict[str, Any]]:
    own = {"properties": {"ward_code": key.rpartition(":")[2]}} | more
    return [told(key, "population", number, **own), told(key, "density", density, **own)]


def counted(*rows: dict[str, Any], at: Any = None) -> gpd.GeoDataFrame:
    return PEOPLE.classify(observations(*rows), features(), at or view())


def shaded(layer: Layer, frame: gpd.GeoDataFrame, zoom: float = 11) -> tuple[list[Areas], list[Marks]]:
    element = layer.draw(frame, view(zoom))
    assert isinstance(element, hv.Overlay)
    parts = list(flat(element))
    return [p for p in parts if isinstance(p, Areas)], [p for p in parts if isinstance(p, Marks)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ({"properties": {"ward_code": PHU_XUAN}}, PHU_XUAN),
        ({"agency": f"ubnd_{THUAN_HOA}"}, THUAN_HOA),
        ({"id": f"population:{PHU_XUAN}"}, PHU_XUAN),
        ({"name": "Phường Phú Xuân"}, PHU_XUAN),
        ({"name": "UBND phuong Phu Xuan"}, PHU_XUAN),
        ({"agency": "Uỷ ban nhân dân phường Thuận Hoá"}, THUAN_HOA),
        ({"name": "Sở Y tế", "id": "x:so_y_te", "properties": None, "agency": float("nan")}, None),
        ({"properties": {"ward_code": 5}}, None),
    ],
)
def test_a_row_names_its_ward_by_code_or_by_name(row: dict[str, Any], code: str | None) -> None:
    ward = _wards.named(row)
    assert (None if ward is None else ward.code) == code


def test_every_ward_has_a_point_inside_its_cell() -> None:
    assert all(ward.cell.contains(ward.point) for ward in _wards.wards().values())
    assert _wards.at([None, shapely.Point(), shapely.Point(0, 0)]) == [None, None, None]


def test_classes_are_fixed_and_said_with_their_bounds() -> None:
    said = [SCALE.said(i, "vi") for i in range(5)]
    assert said[0] == "dưới 100 người/km²"
    assert said[2] == "300 đến dưới 1.000 người/km²"
    assert said[4] == "từ 3.000 người/km²"
    assert SCALE.said(4, "en") == "3,000 people/km² and over"
    assert [SCALE.color(i) for i in range(5)] == list(palette.RAMPS["reu"])


def test_wards_are_shaded_by_density_and_the_legend_has_the_same_colours() -> None:
    frame = counted(*people("p:19753", 40_000, 5000.0), *people("p:19789", 20_000, 250.0))
    areas, _ = shaded(PEOPLE, frame)
    by_color = {style_of(a)["fill_color"]: area_columns(a)["id"] for a in areas}
    assert set(by_color) == {SCALE.color(4), SCALE.color(1)}
    assert set(by_color[SCALE.color(4)]) == {"p:19753"}
    legend = {item.tint: item.count for item in PEOPLE.legend(frame)}
    assert [legend[SCALE.color(i)] for i in range(5)] == [0, 1, 0, 0, 1]
    assert PEOPLE.count(frame) == 60_000


def test_density_is_computed_from_the_official_area_where_none_is_told() -> None:
    frame = counted(told("p:19753", "population", 40_000))
    area = _wards.wards()["19753"].area_km2
    assert frame["density"].iloc[0] == pytest.approx(40_000 / area)


def test_a_cell_of_few_people_is_not_told() -> None:
    frame = counted(*people("p:19753", 9, 1.0), told("p:19753", "temporary", 3))
    row = frame.iloc[0]
    assert np.isnan(row["people"])
    assert PEOPLE.inspect(row, "vi")["Dân số"] == "dưới ngưỡng công bố (10 người)"
    assert "Tạm trú" not in PEOPLE.inspect(row, "vi")
    assert [(i.mark, i.count) for i in PEOPLE.legend(frame) if i.title_vi == "dưới ngưỡng công bố"] == [("hatch", 1)]
    areas, _ = shaded(PEOPLE, frame)
    assert [style_of(a)["hatch"] is not None for a in areas] == [True]


def test_grid_cells_of_features_keep_their_own_area() -> None:
    cell = shapely.box(107.58, 16.46, 107.59, 16.47)
    odd = {"id": "g:2", "geometry": cell, "properties": {"population": "many"}}
    rows = features({"id": "g:1", "geometry": cell, "properties": {"population": 1200}}, odd)
    frame = PEOPLE.classify(observations(), rows, view())
    assert frame.loc["g:1", "density"] == pytest.approx(1015, rel=0.01)  # about 1,18 km²
    assert frame["class_"].to_dict() == {"g:1": 3, "g:2": -1}
    assert PEOPLE.inspect(frame.loc["g:1"], "vi")["Ranh giới"] == "theo nguồn"


def test_a_ward_that_only_reaches_into_the_view_is_shaded() -> None:
    at = view(13.5, lon=107.585, lat=16.475)
    frame = counted(*people("p:19753", 40_000, 5000.0, geometry=shapely.Point(107.0, 16.0)), at=at)
    assert frame.index.tolist() == ["p:19753"]
    away = view(13.5, lon=108.1, lat=16.25)
    assert counted(*people("p:19753", 40_000, 5000.0), at=away).empty
    assert _wards.wide(at).bounds.west == pytest.approx(at.bounds.west - _wards.REACH_DEG)


def test_numbers_age_from_the_end_of_their_period() -> None:
    frame = counted(*people("p:19753", 40_000, 5000.0))
    assert frame["state"].tolist() == ["fresh"]  # twenty days since October ended
    facts = PEOPLE.inspect(frame.iloc[0], "vi")
    assert (facts["Kỳ số liệu"], facts["Tuổi"], facts["Ranh giới"]) == ("tháng 10/2026", "19 ngày", "ranh giới xấp xỉ")
    old = counted(*people("p:19753", 40_000, 5000.0, phenomenon_end=datetime(2026, 1, 1, tzinfo=UTC)))
    assert [i.count for i in PEOPLE.legend(old) if i.state == "silent"] == [1]


def test_near_wards_say_their_density() -> None:
    frame = counted(*people("p:19753", 40_000, 5000.0))
    assert not shaded(PEOPLE, frame, 11)[1]
    (marks,) = shaded(PEOPLE, frame, 12.5)[1]
    assert columns(marks)["text"].tolist() == ["5.000/km²"]


def target(key: str, met: float, of: float, **more: Any) -> list[dict[str, Any]]:
    own = {"agency": f"ubnd_{key.rpartition(':')[2]}", "name": f"Đơn vị {key}"} | more
    rate = 100 * met / of if of else np.nan
    return [
        told(key, "targets_met", rate, numerator=met, denominator=of, **own),
        told(key, "targets_met_plan", 90, **own),
    ]


def measured(*rows: dict[str, Any]) -> gpd.GeoDataFrame:
    return TARGETS.classify(observations(*rows), things(), view())


def test_a_missed_target_stands_out_and_one_of_few_does_not() -> None:
    frame = measured(*target("t:19753", 14, 18), *target("t:19789", 16, 18), *target("t:19804", 1, 4))
    assert frame["level"].to_dict() == {"t:19789": 0, "t:19804": 0, "t:19753": 2}
    assert frame.loc["t:19804", "class_"] == -1
    assert TARGETS.inspect(frame.loc["t:19753"], "vi")["Mục tiêu"] == "90,0%, thiếu 3 chỉ tiêu"
    assert TARGETS.inspect(frame.loc["t:19789"], "vi")["Mục tiêu"] == "90,0%, thiếu chưa tới một chỉ tiêu"
    assert TARGETS.inspect(frame.loc["t:19804"], "en")["Targets met"] == "1/4, no rate of fewer than 5"
    assert TARGETS.inspect(frame.loc["t:19753"], "vi")["Chỉ tiêu đạt"] == "77,8% (14/18)"
    assert TARGETS.inspect(frame.loc["t:19753"], "vi")["Nhóm cơ quan"] == "UBND phường, xã"


def test_an_agency_is_listed_and_never_drawn() -> None:
    agency = {"agency": "so_y_te", "name": "Sở Y tế", "id": "t:so_y_te"}
    frame = measured(*target("t:19753", 18, 18), *target("t:so_y_te", 10, 18, **agency))
    assert frame["area"].to_dict() == {"t:19753": True, "t:so_y_te": False}
    areas, marks = shaded(TARGETS, frame)
    assert {i for a in areas for i in area_columns(a)["id"]} == {"t:19753"}
    assert {i for m in marks for i in columns(m)["id"]} <= {"t:19753"}
    row = frame.loc["t:so_y_te"]
    assert TARGETS.inspect(row, "vi")["Ranh giới"] == "không có địa bàn"
    assert TARGETS.inspect(row, "en")["Class"] == "Department"


@pytest.mark.parametrize(("zoom", "edges"), [(9.5, 0), (11.5, 1)])
def test_edges_of_missed_targets_are_drawn_near_and_glyphs_at_every_zoom(zoom: float, edges: int) -> None:
    areas, marks = shaded(TARGETS, measured(*target("t:19753", 14, 18)), zoom)
    assert sum(style_of(a)["line_color"] == palette.SEVERITY[2] for a in areas) == edges
    assert [m for part in marks for m in columns(part)["mark"]].count("level") == 1


def test_the_legend_of_targets_counts_each_body_once() -> None:
    frame = measured(*target("t:19753", 14, 18), *target("t:19789", 18, 18), *target("t:x", 18, 18))
    counts = {item.title_vi: item.count for item in TARGETS.legend(frame) if item.count}
    assert counts == {"từ 95%": 1, "không có địa bàn, chỉ trong bảng": 1, "không đạt mục tiêu": 1}


def test_bodies_without_numbers_and_lost_feeds() -> None:
    silent = things({"id": "t:19753", "name": "UBND phường Phú Xuân"})
    frame = TARGETS.classify(observations(), silent, view())
    assert [(i.title_vi, i.count) for i in TARGETS.legend(frame) if i.count] == [("chưa có số liệu", 1)]
    assert TARGETS.inspect(frame.iloc[0], "vi")["Chỉ tiêu đạt"] == "chưa có số liệu"
    lost = measured(*target("t:19753", 1, 18, feed="down"))
    assert lost[["state", "level"]].to_numpy().tolist() == [["unknown", 0]]
    (area,) = shaded(TARGETS, lost)[0]
    assert style_of(area)["line_color"] == palette.UNKNOWN
    for layer, empty in ((TARGETS, TARGETS.classify(observations(), things(), view())), (PEOPLE, counted())):
        areas, marks = shaded(layer, empty)
        assert not areas
        assert not sum(len(part) for part in marks)
        assert not any(item.count for item in layer.legend(empty))


@pytest.mark.parametrize(
    ("start", "end", "vi", "en"),
    [
        (*MONTH, "tháng 10/2026", "10/2026"),
        (datetime(2024, 12, 31, 17, tzinfo=UTC), datetime(2025, 12, 31, 17, tzinfo=UTC), "năm 2025", "2025"),
        (
            datetime(2026, 11, 8, 17, tzinfo=UTC),
            datetime(2026, 11, 15, 17, tzinfo=UTC),
            "09/11/2026 – 15/11/2026",
            None,
        ),
        (END, None, "20/11/2026", "20/11/2026"),
        (None, None, "–", "–"),
    ],
)
def test_periods_in_words(start: datetime | None, end: datetime | None, vi: str, en: str | None) -> None:
    row = pd.Series({"time": start and pd.Timestamp(start), "phenomenon_end": end and pd.Timestamp(end)})
    assert _shading.period(row, "vi") == vi
    assert _shading.period(row, "en") == (en or vi)


def test_agencies_have_their_class() -> None:
    """Huế's focal points are of three classes; the ids stand in the city's file."""
    assert _agencies.class_of("so_y_te") == "department"
    assert _agencies.class_of("ubnd_h_a_luoi") == "district"
    assert _agencies.class_words("ubnd_19753", "vi") == "UBND phường, xã"
    assert _agencies.class_words(float("nan"), "vi") == ""
    assert _agencies.title("ubnd_99999", "vi") == "ubnd_99999"
    assert _agencies.title("Sở Y tế", "vi") == "Sở Y tế"
    assert _agencies.title(None, "vi") is None


def test_the_tree_s_legend_shows_the_colours_of_the_classes() -> None:
    frame = counted(*people("p:19753", 40_000, 5000.0))
    picture = Picture(service="population", view=view(), version=0, frame=frame, legend=PEOPLE.legend(frame))
    hue = city("hue")
    found = layer_tree.unfolded("population", picture, {}, hue, initial(hue, {}), Text("vi"))
    assert found is not None
    assert [SCALE.color(i) in row["svg"] for i, row in enumerate(found["legend"])] == [True] * 5
