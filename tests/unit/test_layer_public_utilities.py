"""Public utilities: an outage is one mark at its cause; the numbers and words of pumps, bins and cabinets."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import holoviews as hv
import pytest

from layers.elements import Marks
from layers.mapfigure import flat
from layers.public_utilities import PublicUtilities
from tests.support.asset_frames import observations, place, results, things, view

LAYER = PublicUtilities()


def cabinet(key: str, i: int, **more: Any) -> dict[str, Any]:
    own = {"upstream": "lo_1", "lamps": 40}
    return {"id": f"lighting:{key}", "name": f"Tủ {key}", "category": "lighting", "geometry": place(i)} | {
        "properties": own | more
    }


GRID = [
    {"id": "lighting:lo_1", "name": "Lộ 1", "category": "power_grid", "geometry": place(), "properties": {}},
    *(cabinet(key, i) for i, key in enumerate(("a", "b", "c"), 1)),
    {"id": "ngsi:pump", "name": "Bơm", "category": "pump", "geometry": place(7)},
    {"id": "ngsi:gauge", "name": "Điểm đo", "category": "water_supply", "geometry": place(9)},
]


def frame(ages: dict[str, float], feed: str = "up", zoom: float = 14.0) -> gpd.GeoDataFrame:
    rows = [r for k in "abc" for r in results(f"lighting:{k}", age_s=ages.get(k, 10), status="on", lamps_out=2.0)]
    rows += results("ngsi:pump", pump_state="fault", drain_level=2.31)
    rows += results("ngsi:gauge", pressure=2.7, flow=160.0)
    told = observations(*({**row, "feed": feed} for row in rows))
    return LAYER.classify(things(*({**row, "feed": feed} for row in GRID)), told, view(zoom))


def marks(drawn: hv.Element | hv.Overlay) -> Marks:
    (found,) = [part for part in flat(drawn) if isinstance(part, Marks)]
    return found


def test_one_lost_cabinet_is_its_own_matter() -> None:
    found = frame({"a": 900})
    assert found.loc["lighting:a", "condition"] == "silent"
    assert found.loc["lighting:lo_1", "condition"] == "normal"


def test_all_lost_below_a_feeder_are_one_outage_of_the_feeder() -> None:
    found = frame(dict.fromkeys("abc", 900.0))
    assert found.loc["lighting:lo_1", ["condition", "level", "below"]].tolist() == ["upstream", 2, 3]
    children = found.loc[["lighting:a", "lighting:b", "lighting:c"]]
    assert set(children["condition"]) == {"explained"}
    assert not children["level"].any(), "one cause, one alert"
    legend = {i.title_vi: i.count for i in LAYER.legend(found)}
    assert legend["mất theo thiết bị cấp trên"] == 3
    assert legend["thiết bị cấp trên mất điện"] == 1
    assert "mất tín hiệu" not in legend
    assert LAYER.inspect(children.iloc[0], "vi")["Mất theo"] == "Lộ 1"
    assert LAYER.inspect(found.loc["lighting:lo_1"], "en")["Assets lost with it"] == "3"


def test_last_wills_of_all_below_a_feeder_are_its_outage_at_once() -> None:
    wills = observations(*(r for k in "abc" for r in results(f"lighting:{k}", status="fault")))
    found = LAYER.classify(things(*GRID), wills, view())
    assert found.loc["lighting:lo_1", "below"] == 3
    one = observations(*results("lighting:a", status="fault"), *results("lighting:b", status="on"))
    assert LAYER.classify(things(*GRID), one, view()).loc["lighting:a", "condition"] == "fault"


def test_an_outage_is_tied_to_what_is_lost_with_it() -> None:
    found = frame(dict.fromkeys("abc", 900.0))
    for zoom, lines in ((11.0, 0), (14.0, 3)):
        (path,) = [p for p in flat(LAYER.draw(found, view(zoom))) if isinstance(p, hv.Path)]
        assert len(path.data) == lines
    names = dict(zip(*(marks(LAYER.draw(found, view(15.5))).dimension_values(c) for c in ("id", "name")), strict=True))
    assert names["lighting:lo_1"] == "3 thiết bị mất theo"


def test_a_lost_feed_is_no_outage() -> None:
    found = frame(dict.fromkeys("abc", 900.0), feed="down")
    assert set(found["state"]) == {"unknown"}
    assert not found["level"].any()
    assert not found["below"].any()


@pytest.mark.parametrize(("zoom", "shapes", "dots"), [(8.5, 1, 0), (11.0, 1, 5), (14.0, 6, 0)])
def test_from_afar_only_the_failed_pump_has_its_shape(zoom: float, shapes: int, dots: int) -> None:
    found = list(marks(LAYER.draw(frame({}), view(zoom))).dimension_values("mark"))
    assert (found.count("cabinet"), found.count("dot")) == (shapes, dots)


def test_numbers_stand_beside_marks_when_they_are_near() -> None:
    drawn = marks(LAYER.draw(frame({}), view(15.2)))
    names = dict(zip(drawn.dimension_values("id"), drawn.dimension_values("name"), strict=True))
    assert names["ngsi:gauge"] == "2,70\u2009bar"
    assert names["ngsi:pump"] == "trạm bơm hỏng, 2,31\u2009m"


def test_the_panel_says_what_is_measured_in_words() -> None:
    found = frame({})
    told = LAYER.inspect(found.loc["ngsi:pump"], "vi")
    assert told["Báo về"] == "hỏng"
    assert told["Mực nước cống"] == "2,31\u2009m"
    assert told["Trạng thái"] == "trạm bơm hỏng"
    assert "không tự báo" in LAYER.inspect(found.loc["lighting:lo_1"], "vi")["Cách biết"]
    assert LAYER.inspect(found.loc["lighting:a"], "en")["Hangs on"] == "Lộ 1"
    silent = frame({"a": 900}).loc["lighting:a"]
    assert LAYER.inspect(silent, "vi")["Tin cuối"] == "bật, mở"


def test_odd_rows_raise_nothing() -> None:
    odd = things(
        {"id": "x", "properties": {"upstream": "x"}, "category": "power_grid"},
        {"id": "y", "properties": {"upstream": ["?"], "lamps": "nhiều"}, "geometry": place()},
    )
    rows = observations(*results("y", status="what", lamps_out=4.0, voltage=float("inf")))
    found = LAYER.classify(odd, rows, view())
    LAYER.draw(found, view(17))
    assert all(LAYER.inspect(row, "vi") for _, row in found.iterrows())
    assert LAYER.classify(things(), observations(), view()).empty
