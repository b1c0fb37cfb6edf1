"""Layers over a real store: what each mark says, in both languages, and that the picture is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from geodata.store.reader import Reader
from geodata.view import Bounds, View
from layers import compose
from layers.base import LegendItem, get, layers
from layers.elements import Marks
from tests.support import scene
from tests.support.sync_store import SyncStore

NOW = datetime.now(UTC).replace(microsecond=0)
AROUND = Bounds(107.2, 16.2, 108.2, 16.9)
SERVICES = tuple(scene.BINDINGS)


def view(bounds: Bounds = AROUND, width: int = 1200, height: int = 880) -> View:
    return View(bounds, width, height, NOW - timedelta(days=1), NOW)


def close_up(zoom: float = 13.5) -> View:
    """1200 × 800 px around the town at that zoom."""
    half = 156543.03 / 2**zoom * 600 / 111_320
    lon, lat = scene.HOME
    return view(Bounds(lon - half, lat - half * 0.64, lon + half, lat + half * 0.64), 1200, 800)


@pytest.fixture
def filled(store: SyncStore, reader: Reader) -> Reader:
    scene.fill(store, NOW)
    return reader


def frame(reader: Reader, service: str, at: View | None = None) -> gpd.GeoDataFrame:
    return get(service).load(reader, at or view())


def counts(items: list[LegendItem]) -> Mapping[str, int | None]:
    return {item.title_vi: item.count for item in items}


def row(reader: Reader, service: str, key: str) -> pd.Series[Any]:
    found: pd.Series[Any] = frame(reader, service).loc[key]
    return found


def column(element: Marks, name: str) -> dict[str, Any]:
    return dict(zip(element.dimension_values("id"), element.dimension_values(name), strict=True))


def test_every_service_of_the_scene_has_its_layer() -> None:
    assert set(SERVICES) <= set(layers())


@pytest.mark.parametrize("service", SERVICES)
def test_frames_carry_what_the_contract_says(filled: Reader, service: str) -> None:
    found = frame(filled, service)
    assert len(found)
    assert found.index.is_unique
    assert {"mark", "state", "level", "alpha"} <= set(found.columns)
    assert found["level"].between(0, 5).all()
    assert found["alpha"].between(0, 1).all()
    assert found.crs is not None
    assert found.crs.to_epsg() == 4326


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("zoom", [8.0, 11.0, 13.5])
def test_draw_is_pure_and_repeatable(filled: Reader, service: str, zoom: float) -> None:
    at, layer = close_up(zoom), get(service)
    found = frame(filled, service)
    before = found.copy()
    first, second = layer.draw(found, at), layer.draw(found, at)
    pd.testing.assert_frame_equal(pd.DataFrame(found), pd.DataFrame(before))
    pd.testing.assert_frame_equal(first.dframe(), second.dframe())


@pytest.mark.parametrize("service", SERVICES)
def test_an_empty_view_is_drawn_empty(reader: Reader, service: str) -> None:
    layer, found = get(service), frame(reader, service)
    assert found.empty
    assert len(layer.draw(found, view())) == 0
    assert all(not item.count for item in layer.legend(found))
    assert layer.table(found, "vi").empty


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("language", ["vi", "en"])
def test_the_table_says_every_row_in_words(filled: Reader, service: str, language: str) -> None:
    found = frame(filled, service)
    table = get(service).table(found, language)
    assert list(table.index) == [str(key) for key in found.index]
    text = table.fillna("").to_csv()
    assert "nan" not in text.lower()
    assert "None" not in text


@pytest.mark.parametrize("service", SERVICES)
def test_a_feed_that_is_down_makes_every_mark_unknown(filled: Reader, store: SyncStore, service: str) -> None:
    store.run(store.writer.state(f"test_{service}", up=False, error="unplugged"))
    found = frame(filled, service, replace(view(), end=datetime.now(UTC)))
    assert set(found["state"]) == {"unknown"}
    if service != "field_reports":  # a deadline runs on, whether we hear of the case or not
        assert set(found["level"]) == {0}


# -- field reports ---------------------------------------------------------------------------------


def test_levels_of_reports(filled: Reader) -> None:
    level = {key.removeprefix("open311:"): int(n) for key, n in frame(filled, "field_reports")["level"].items()}
    assert level == {"in_time": 0, "due_soon": 0, "overdue": 2, "urgent": 3, "resolved": 0, "copy": 0, "new": 0}


def test_legend_of_reports(filled: Reader) -> None:
    found = counts(list(get("field_reports").legend(frame(filled, "field_reports"))))
    assert found == {"đang xử lý": 4, "sắp đến hạn": 1, "quá hạn": 1, "quá hạn, khẩn": 1}


def test_only_what_is_due_soon_has_a_ring_and_duplicates_are_pale(filled: Reader) -> None:
    drawn = get("field_reports").draw(frame(filled, "field_reports"), close_up())
    due, alpha = column(drawn, "due"), column(drawn, "alpha")
    assert due["open311:due_soon"] == pytest.approx(0.875)
    assert np.isnan(due["open311:in_time"])
    assert np.isnan(due["open311:resolved"])
    assert alpha["open311:copy"] == 0.5
    assert set(column(drawn, "mark").values()) == {"pin"}


def test_reports_from_afar_are_dots_but_the_overdue_stay_pins(filled: Reader) -> None:
    mark = column(get("field_reports").draw(frame(filled, "field_reports"), close_up(11)), "mark")
    assert mark["open311:in_time"] == "dot"
    assert mark["open311:overdue"] == "pin"
    far = column(get("field_reports").draw(frame(filled, "field_reports"), close_up(8)), "mark")
    assert set(far) == {"open311:overdue", "open311:urgent"}


def test_a_report_in_words(filled: Reader) -> None:
    said = get("field_reports").inspect(row(filled, "field_reports", "open311:due_soon"), "vi")
    assert said["Loại"] == "Thoát nước, ngập úng"
    assert said["Hạn"] == "còn 1 giờ"
    assert said["Trạng thái"] == "Đang xử lý"
    english = get("field_reports").inspect(row(filled, "field_reports", "open311:overdue"), "en")
    assert english["Due"] == "6 h over"


# -- fishing vessels -------------------------------------------------------------------------------


def test_signals_of_vessels(filled: Reader) -> None:
    found = frame(filled, "fishing_vessels")
    said = {int(key.removeprefix("mmsi:")): (r["state"], int(r["level"])) for key, r in found.iterrows()}
    assert said == {
        scene.FRESH: ("fresh", 0),
        scene.LATE: ("late", 0),
        scene.LOST: ("silent", 2),  # by AIS alone
        scene.LONG_LOST: ("silent", 3),
        scene.IN_PORT: ("fresh", 0),
        scene.CARGO: ("fresh", 0),
    }
    assert bool(found.loc[f"mmsi:{scene.IN_PORT}", "in_port"])


def test_vessels_turn_to_their_heading_then_their_course(filled: Reader) -> None:
    drawn = get("fishing_vessels").draw(frame(filled, "fishing_vessels"), close_up())
    az = column(drawn, "az")
    assert az[f"mmsi:{scene.FRESH}"] == 50
    assert az[f"mmsi:{scene.LATE}"] == 45
    assert np.isnan(az[f"mmsi:{scene.IN_PORT}"]), "a ship at rest has a course that means nothing"
    scale = column(drawn, "scale")
    assert scale[f"mmsi:{scene.IN_PORT}"] == scale[f"mmsi:{scene.CARGO}"] == pytest.approx(0.6)
    assert scale[f"mmsi:{scene.FRESH}"] == 1


def test_legend_of_vessels(filled: Reader) -> None:
    found = counts(list(get("fishing_vessels").legend(frame(filled, "fishing_vessels"))))
    assert found == {
        "đang ở biển": 1,
        "trong cảng": 1,
        "trễ": 1,
        "tàu khác": 1,
        "AIS mất tín hiệu trên 6 giờ": 1,
        "AIS mất tín hiệu trên 10 ngày": 1,
    }


def test_a_vessel_in_words(filled: Reader) -> None:
    said = get("fishing_vessels").inspect(row(filled, "fishing_vessels", f"mmsi:{scene.LOST}"), "vi")
    assert said["Trạng thái"] == "AIS mất tín hiệu trên 6 giờ"
    assert said["Tuổi"] == "7 giờ 12"
    assert said["Tốc độ"] == "6,1\u2009hải lý/giờ"


# -- air -------------------------------------------------------------------------------------------


def test_the_index_of_a_station(filled: Reader) -> None:
    bad = row(filled, "air_quality", "sta:bad")
    assert bad["aqi"] == 157  # PM2.5 of 90 µg/m³ for twelve hours: 150 + 50 × 10 / 70
    assert (bad["leading"], bad["level"], bad["state"], bad["text"]) == ("pm25", 2, "fresh", "157")
    said = get("air_quality").inspect(bad, "vi")
    assert said["VN_AQI giờ"] == "157 · Xấu"
    assert said["Chất chính"] == "PM2,5"
    assert said["PM2,5"] == "90,0\u2009µg/m³"


def test_only_devices_that_measure_count(filled: Reader) -> None:
    idle = row(filled, "air_quality", "sta:calibrating")
    assert np.isnan(idle["aqi"])
    assert (idle["state"], idle["level"], idle["text"]) == ("maintenance", 0, "–")


def test_a_silent_station_is_not_an_unknown_one(filled: Reader) -> None:
    assert row(filled, "air_quality", "sta:silent")["state"] == "silent"
    assert counts(list(get("air_quality").legend(frame(filled, "air_quality")))) == {
        "đang nhận": 0,
        "kém trở lên": 1,
        "thiết bị không đo": 1,
        "mất tín hiệu": 1,
    }


# -- water -----------------------------------------------------------------------------------------


def test_levels_of_rivers(filled: Reader) -> None:
    kim_long, phu_oc = (row(filled, "hydrology", f"sta:{name}") for name in ("kim_long", "phu_oc"))
    assert (kim_long["level"], kim_long["text"], kim_long["unit"], kim_long["trend"]) == (2, "2,48", "m", 1)
    assert (phu_oc["level"], phu_oc["text"], phu_oc["trend"]) == (0, "0,76", -1)
    said = get("hydrology").inspect(kim_long, "vi")
    assert said["Báo động"] == "trên BĐ2 0,48\u2009m"
    assert said["Xu thế"] == "lên 0,24 m/giờ"
    assert get("hydrology").inspect(phu_oc, "en")["Alarm"] == "below BĐ1 0.74\u2009m"


def test_a_rain_gauge_shows_its_rain(filled: Reader) -> None:
    rain = row(filled, "hydrology", "sta:rain")
    assert (rain["text"], rain["unit"], rain["level"]) == ("42,5", "mm", 0)


# -- the clock -------------------------------------------------------------------------------------


def test_the_past_is_drawn_as_it_was(filled: Reader) -> None:
    """Seven hours ago the lost vessel had just reported; two hours ago the river stood at its second alarm."""
    then = replace(view(), end=NOW - timedelta(hours=7))
    assert frame(filled, "fishing_vessels", then).loc[f"mmsi:{scene.LOST}", "state"] == "fresh"
    earlier = replace(view(), end=NOW - timedelta(hours=2, minutes=5))
    assert float(frame(filled, "hydrology", earlier).loc["sta:kim_long", "value"]) == pytest.approx(2.0)


def test_all_layers_make_one_picture(filled: Reader, tmp_path: Any) -> None:
    image = compose.still(filled, ["basemap", *SERVICES], view(), city="hue")
    image.save(tmp_path / "all.png")
    bare = compose.still(None, ["basemap"], view(), city="hue")
    assert np.abs(np.asarray(image, int) - np.asarray(bare, int)).max() > 60
