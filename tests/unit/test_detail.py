"""The panel tells an object's changes, cameras and provenance from what was read; what is missing is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

from app.panels import detail, story
from app.panels.story import Asking, Seer, Story, Subject
from app.snapshots import Snapshot
from app.text import Text
from geodata.catalogue import service
from geodata.store.types import SourceState
from geodata.view import Bounds, View

NOW = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
VIEW = View(Bounds(107.5, 16.4, 107.7, 16.5), 800, 500, NOW - timedelta(hours=24), NOW)
VI = Text("vi")
SOURCE = SourceState(
    id="kim_long",
    service="hydrology",
    protocol="sensorthings",
    title_vi="Trạm Kim Long",
    title_en="Kim Long",
    simulated=True,
    state="receiving",
    since=None,
    cadence_s=600,
    last_received=NOW,
    last_error=None,
    received=1,
    stored=1,
    duplicate=0,
    rejected={},
)


def station(name: str = "Kim Long") -> Subject:
    row: dict[str, Any] = {
        "name": name,
        "geometry": Point(107.566, 16.462),
        "time": pd.Timestamp(NOW - timedelta(minutes=5)),
        "received_at": pd.Timestamp(NOW),
        "source": "kim_long",
        "simulated": True,
        "state": "fresh",
        "level": 2,
        "alpha": 1.0,
        "mark": "badge",
        "observed_property": "water_level",
        "result": 3.2,
        "properties": {},
        "cadence_s": 600.0,
        "feed": "up",
    }
    return Subject(service=service("hydrology"), key="sta:kim_long", row=pd.Series(row), sources=(SOURCE,))


def latest() -> pd.DataFrame:
    return pd.DataFrame({"observed_property": ["water_level", "rain_1h", "battery"], "result": [3.2, 12.5, np.nan]})


def level_series() -> pd.DataFrame:
    times = [pd.Timestamp(NOW - timedelta(minutes=10 * i)) for i in range(12)]
    return pd.DataFrame({"time": times, "result": [3.2 - 0.05 * i for i in range(11)] + [np.nan]})


def told(read: Story, subject: Subject | None = None) -> dict[str, Any]:
    return detail.content(subject or station(), read, VIEW, "Asia/Ho_Chi_Minh", VI)


def test_the_curve_is_the_property_asked_for_when_the_thing_has_it() -> None:
    names = {asked: story.main_property(station(), latest(), asked) for asked in (None, "rain_1h", "ph", "<i>")}
    assert {asked: prop and prop.id for asked, prop in names.items()} == {
        None: "water_level",
        "rain_1h": "rain_1h",
        "ph": "water_level",
        "<i>": "water_level",
    }


def test_curve_and_choices_have_units_alarm_levels_and_n() -> None:
    service_ = service("hydrology")
    shown = told(
        Story(
            properties=service_.observed_properties,
            latest=latest(),
            series=level_series(),
            observed_property=service_.observed_property("water_level"),
        )
    )
    assert shown["chart_note"] == "thấp nhất 2,70\u2009m, cao nhất 3,20\u2009m, n = 11 · 1 khoảng không có số liệu"
    assert shown["chart_title"] == "Mực nước (m), 24 giờ"
    assert "BĐ3" in shown["chart"]
    assert [(one["title"], one["value"], one["level"]) for one in shown["chart_limits"]] == [
        ("BĐ1", "1,00\u2009m", 1),
        ("BĐ2", "2,00\u2009m", 2),
        ("BĐ3", "3,50\u2009m", 3),
    ]
    assert [(one["id"], one["value"], one["on"]) for one in shown["choices"]] == [
        ("water_level", "3,20\u2009m", True),
        ("rain_1h", "12,5\u2009mm", False),
        ("battery", "–", False),
    ]


def test_without_anything_read_the_row_alone_is_told() -> None:
    shown = told(Story())
    assert (shown["title"], shown["chart"], shown["choices"], shown["around"]) == ("Kim Long", None, [], None)
    assert shown["cameras"] is None
    assert {one["label"]: one["value"] for one in shown["source"]} == {
        "Nguồn": "Trạm Kim Long (mô phỏng)",
        "Giao thức": "sensorthings",
        "Mã ở nguồn": "sta:kim_long",
        "Thời điểm": "22/11/2026 13:25:00",
        "Nhận lúc": "22/11/2026 13:30:00",
    }


def test_owner_and_attribution_are_named_once() -> None:
    card = {"owner": "Đài KTTV", "operator": "Đài KTTV", "attribution": "VNMHA", "license": np.nan}
    labels = [one["label"] for one in told(Story(card=card))["source"]]
    assert labels[:5] == ["Nguồn", "Giao thức", "Chủ quản", "Ghi nguồn", "Mã ở nguồn"]


def test_changes_of_a_state_are_told_in_words_and_events_beside_them() -> None:
    times = [pd.Timestamp(NOW - timedelta(hours=i)) for i in range(5)]
    words = pd.DataFrame({"time": times, "result_text": ["live", "dark", "dark", None, "live"]})
    assert [value for _, value in story.changes(words)] == ["live", "dark", "live"]
    camera = Subject(service=service("cameras"), key="cam:1", row=pd.Series({"name": "Ngã sáu"}), sources=())
    events = pd.DataFrame({"time": [times[1]], "title": ["Ngã sáu"], "category": ["flood"]})
    shown = told(Story(words=words, events=events), camera)
    said = [one["text"] for one in shown["history"]]
    assert said[0] == "có hình"
    assert said[-1] == "có hình"
    assert "hình tối" in said
    assert "Ngập nước" in said
    assert detail.value_word("traffic", "dark", VI) == "đèn tắt"
    assert detail.value_word("traffic", "A", VI) == "A"


def test_a_camera_that_looks_here_says_how_far_and_what_is_assumed() -> None:
    taken = NOW - timedelta(seconds=20)
    seers = [
        Seer(
            key="c:1", name="Cầu", metres=51.4, state="fresh", assumed=False, picture=Snapshot("/snap/a/b.jpg", taken)
        ),
        Seer(key="c:2", name="Chợ", metres=1313, state="silent", assumed=True, picture=None),
    ]
    first, second = told(Story(seers=seers))["cameras"]
    assert (first["url"], first["t"], first["note"]) == ("/snap/a/b.jpg", taken.timestamp(), "51 m")
    assert (second["url"], second["note"]) == (None, "1.313 m · mất hình · hướng hoặc tầm giả định")


def test_what_is_near_is_taken_from_the_layers_on_show() -> None:
    points = [Point(107.566, 16.462), Point(107.567, 16.462), Point(107.6, 16.462), None]
    frame = gpd.GeoDataFrame(
        {"name": ["self", "near", "far", "nowhere"]},
        geometry=points,
        index=pd.Index(["sta:kim_long", "b", "c", "d"], name="id"),
        crs="EPSG:4326",
    )
    ask = Asking(reader=None, text=VI, frames={"hydrology": frame, "cameras": frame})  # type: ignore[arg-type]
    found = story.near(ask, station())
    assert [(one["service"], one["id"], one["value"]) for one in found] == [
        ("cameras", "sta:kim_long", "0 m"),
        ("hydrology", "b", "107 m"),
        ("cameras", "b", "107 m"),
    ]
