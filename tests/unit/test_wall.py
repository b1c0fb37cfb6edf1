"""The wall's rules, without a browser or a database: what takes it, what it reads, what it lists, what it says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from types import SimpleNamespace
from typing import Any, cast, get_args
from zoneinfo import ZoneInfo

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from pydantic import ValidationError

from app.pages import wall_blocks
from app.pages.pictures import Picture
from app.pages.wall_pace import Pace
from app.panels import fleet, wall_counts, wall_rail, wall_tiles, wall_warnings, wall_weather
from app.panels.wall_have import Have, Memory, shortened, ward_of, wordings
from app.text import Text
from geodata.city import cities, city
from geodata.indicators.figure import Figure, State, Value
from geodata.scenes import Block, Kind, Scene
from geodata.store.types import FeedState, ServiceState, SourceState
from geodata.view import Bounds, View
from layers.base import LegendItem

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
TEXT = Text("vi")
HOUR, TURN = timedelta(hours=1), timedelta(seconds=45)
AREA = shapely.box(107.4, 16.3, 107.7, 16.6)


def alert(key: str = "a", **columns: Any) -> dict[str, Any]:
    row = {
        "id": key, "status": "Actual", "severity": "Extreme", "level": None, "event": "Lũ", "headline": "Tin lũ",
        "area_desc": "Huế", "sender": "x", "sender_name": "Đài", "sent": NOW - HOUR, "expires": NOW + 3 * HOUR,
        "received_at": NOW - timedelta(minutes=5), "properties": {"hazard": "flood"}, "geometry": AREA,
    }  # fmt: skip
    return row | columns


def warned(*rows: dict[str, Any]) -> list[wall_warnings.Warned]:
    frame = gpd.GeoDataFrame(list(rows), geometry="geometry", crs=4326).set_index("id", drop=False)
    return wall_warnings.of_frame("warnings", frame)


# -- take-over -------------------------------------------------------------------------------


def taking(*rows: dict[str, Any], now: datetime = NOW) -> str | None:
    found = wall_warnings.taking(warned(*rows), now, HOUR, TURN)
    return None if found is None else found.key


def test_an_actual_warning_of_level_four_takes_the_wall() -> None:
    assert taking(alert()) == "a"
    assert taking(alert(severity="Moderate", level=4.0)) == "a"


@pytest.mark.parametrize(
    "columns",
    [
        {"severity": "Severe"},
        {"level": 3.0},
        {"status": "Exercise"},
        {"status": "Test"},
        {"expires": NOW},
        {"received_at": NOW - HOUR},
    ],
    ids=["lower", "officially lower", "exercise", "test", "over", "shown long enough"],
)
def test_what_does_not_take_the_wall(columns: Mapping[str, Any]) -> None:
    assert taking(alert(**columns)) is None


def test_the_wall_is_given_back_by_itself() -> None:
    assert taking(alert(), now=NOW + timedelta(minutes=54)) == "a"
    assert taking(alert(), now=NOW + timedelta(minutes=55)) is None
    assert taking(alert(received_at=NOW, expires=NOW + timedelta(minutes=1)), now=NOW + timedelta(minutes=1)) is None
    assert taking(alert(expires=None)) == "a"


def test_equal_warnings_take_turns_and_the_higher_one_wins() -> None:
    two = (alert("a"), alert("b", received_at=NOW))
    seen = [taking(*two, now=NOW + timedelta(seconds=s)) for s in range(0, 180, 15)]
    assert set(seen) == {"a", "b"}
    assert seen == [seen[0]] * 3 + [seen[3]] * 3 + [seen[0]] * 3 + [seen[3]] * 3
    assert {taking(*two, alert("c", level=5.0), now=NOW + timedelta(seconds=s)) for s in (0, 45, 90)} == {"c"}


def test_a_warning_turns_to_the_scene_that_takes_its_hazard_and_frames_its_area() -> None:
    scenes = city("hue").wall.scenes
    flood = warned(alert())[0]
    assert wall_warnings.scene_for(flood, scenes).id == "flood"
    surge = warned(alert(properties={"hazard": "storm_surge"}))[0]
    assert wall_warnings.scene_for(surge, scenes).id == "sea"
    other = warned(alert(properties={}, event="không rõ", geometry=None))[0]
    assert wall_warnings.scene_for(other, scenes) is scenes[0]
    west, south, east, north = wall_warnings.framed(flood, scenes[0])
    assert west < 107.4
    assert south < 16.3
    assert east > 107.7
    assert north > 16.6
    assert wall_warnings.framed(other, scenes[0]) == scenes[0].bounds


# -- scenes as data ---------------------------------------------------------------------------


def test_every_kind_of_block_is_made() -> None:
    assert set(wall_blocks.KINDS) == set(get_args(Kind))


@pytest.mark.parametrize("name", list(cities()))
def test_every_scene_of_every_city_has_blocks_within_the_bounds_of_a_wall(name: str) -> None:
    for scene in city(name).wall.scenes:
        assert scene.rail
        for block in scene.blocks:
            if block.kind == "cameras":
                assert block.most <= 6
            elif block.kind == "tiles" and block in scene.low:
                assert block.most <= 10
            elif block.kind != "tiles":
                assert block.most <= 5
        assert sum(block.kind == "tiles" for block in scene.blocks) <= 1
        known = {c.id for s in city(name).catalogue().values() if "Alert" in s.kinds for c in s.categories}
        assert set(scene.takes) <= known


@pytest.mark.parametrize("fields", [{"kind": "rivers"}, {"kind": "usual", "service": "traffic"}, {"kind": "magic"}])
def test_a_block_that_cannot_be_made_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Block(**fields)


def test_a_scene_without_blocks_lists_what_needs_a_person() -> None:
    scene = Scene(id="x", title_vi="X", title_en="X", bounds=(107, 16, 108, 17), layers=("press",))
    assert [block.kind for block in scene.rail] == ["todo"]


# -- reading ----------------------------------------------------------------------------------


def test_a_changed_service_is_read_soon_and_an_unchanged_one_once_in_a_while() -> None:
    clock = [0.0]
    pace = Pace(5, 60, lambda: clock[0])
    assert pace.due(["a", "b"]) == ["a", "b"]
    for name in ("a", "b"):
        pace.read(name)
    assert pace.due(["a", "b"]) == []
    pace.changed(["a"])
    clock[0] = 4
    assert pace.due(["a", "b"]) == []
    clock[0] = 5
    assert pace.due(["a", "b"]) == ["a"]
    pace.read("a")
    clock[0] = 60
    assert pace.due(["a", "b"]) == ["b"]
    pace.forget(["a"])
    assert pace.due(["a", "b"]) == ["a", "b"]


def test_dear_things_are_kept_for_a_while() -> None:
    clock, made = [0.0], []
    memory = Memory(lambda: clock[0])
    for at in (0, 9, 10):
        clock[0] = at
        memory.keep("x", 10, lambda: made.append(1))
    assert len(made) == 2
    for n in range(300):
        memory.keep(n, 10, partial(int, n))
    assert memory.last(299) == 299
    assert memory.last("x") is None


# -- lists ------------------------------------------------------------------------------------


def picture(service: str, rows: list[dict[str, Any]], legend: tuple[LegendItem, ...] = ()) -> Picture:
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=4326)
    view = View(Bounds(107, 16, 108, 17), 100, 100, NOW - HOUR, NOW)
    return Picture(service=service, view=view, version=1, frame=frame, legend=legend)


def thing(level: int, minutes: int, state: str = "silent") -> dict[str, Any]:
    return {
        "name": f"m{level}", "level": level, "state": state, "time": NOW - timedelta(minutes=minutes),
        "geometry": shapely.Point(107.5, 16.5), "source": "s",
    }  # fmt: skip


def test_the_list_has_the_worst_first_and_every_service_before_the_second_of_one() -> None:
    vessels = picture("fishing_vessels", [thing(3, 10), thing(3, 5, "fresh"), thing(2, 1), thing(1, 1)])
    cameras = picture("cameras", [thing(3, 1)])
    found = wall_rail.items([vessels, cameras], {}, TEXT)
    assert [(item.service, item.level) for item in found] == [
        ("fishing_vessels", 3),
        ("cameras", 3),
        ("fishing_vessels", 3),
        ("fishing_vessels", 2),
    ]
    assert wall_rail.head(found, TEXT) == "4 việc, cao nhất mức 3"


def test_of_vessels_of_a_lost_feed_nothing_is_said() -> None:
    heard, lost = thing(0, 1, "fresh"), thing(0, 90, "unknown")

    def fleet_of(*rows: dict[str, Any]) -> pd.DataFrame:
        return pd.DataFrame([{**row, "properties": {}} for row in rows])

    assert fleet.longest_words(fleet_of(heard), 0, TEXT) == ("0 tàu mất tín hiệu", "Không có tàu nào mất tín hiệu.")
    head, none = fleet.longest_words(fleet_of(heard, lost), 0, TEXT)
    assert head == "0 mất tín hiệu, 1 chưa rõ"
    assert none == "Trong số tàu còn nguồn không có tàu nào mất tín hiệu."


def test_a_lost_provider_is_unknown_since_when_and_not_nought_per_cent() -> None:
    """Drawn as 0,0 % it would say that 214 vessels had stopped reporting."""
    rows = [thing(0, 1, "fresh") | {"source": "vms"}, thing(3, 400) | {"source": "vms"}]
    rows += [thing(0, 90, "unknown") | {"source": name} for name in ("vms", "ais", "back")]
    frame = pd.DataFrame(rows)

    def source(name: str, state: FeedState, **more: datetime) -> SourceState:
        known: dict[str, Any] = {"since": None, "last_received": None, **more}
        return SourceState(
            id=name, service="fishing_vessels", protocol="ais", title_vi=name, title_en=name, simulated=True,
            state=state, cadence_s=60, last_error=None, received=9, stored=9, duplicate=0, rejected={}, **known,
        )  # fmt: skip

    sources = (source("vms", "receiving"), source("ais", "down", since=NOW - HOUR),
               source("back", "receiving", last_received=NOW - 2 * HOUR), source("never", "down"))  # fmt: skip
    state = ServiceState(
        id="fishing_vessels", state="receiving", last_received=NOW, age_s=1.0, version=1, sources=sources
    )
    have = cast("Have", SimpleNamespace(text=TEXT, zone=ZoneInfo("Asia/Ho_Chi_Minh"), now=NOW))
    told = fleet.shares(frame, state, have)
    assert [(row["value"], row["note"], row.get("state")) for row in told] == [
        ("50,0%", "1 trên 2 tàu", None),
        ("?", "mất nguồn từ 13:00", "unknown"),
        ("?", "số cuối 12:00", "unknown"),
    ]


def test_numbers_of_the_fleet_say_what_is_not_counted_and_what_is_not_known() -> None:
    def told(state: State | None, value: float | None = None) -> tuple[str, str | None]:
        here = None if state is None else Value(
            id="fishing_vessels.at_sea", service="fishing_vessels", at=NOW, state=state, figure=Figure(value=value, n=9)
        )  # fmt: skip
        have = cast("Have", SimpleNamespace(text=TEXT, figure=lambda name: here))
        row = fleet.figure("at_sea", "fishing_vessels", have)
        return row["value"], row.get("state")

    assert told(None) == ("–", None)
    assert told("unknown") == ("?", "unknown")
    assert told("known", 312) == ("312", None)
    assert told("partial", 5) == ("≈5", None)


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("Trạm thủy văn tự động Vân Đình, đầm Cầu Hai", "Vân Đình"),
        ("Trạm thủy văn Kim Long", "Kim Long"),
        ("Cầu Trường Tiền – bờ nam", "Cầu Trường Tiền"),
        ("Trạm", "Trạm"),
        ("", ""),
    ],
)
def test_names_give_up_their_kind_where_room_is_short(name: str, short: str) -> None:
    assert shortened(name) == short


def test_a_ward_is_read_from_an_address() -> None:
    assert ward_of("12 Lê Lợi, phường Thuận Hóa, thành phố Huế") == "Thuận Hóa"
    assert ward_of("Lê Lợi") == ""


# -- tiles, weather, marks ----------------------------------------------------------------------


def state(name: str, kind: Any) -> ServiceState:
    return ServiceState(id=name, state=kind, last_received=None, age_s=None, version=0, sources=())


def test_tiles_with_data_stand_before_those_ready_to_connect() -> None:
    states = {name: state(name, kind) for name, kind in (("a", "ready"), ("b", "receiving"), ("platform", "receiving"))}
    assert wall_tiles.order(["a", "platform", "b", "c"], states, own=False) == ["b", "a", "c"]
    assert wall_tiles.order(["a", "platform", "b", "c"], states, own=True) == ["platform", "b", "a", "c"]


def test_the_weather_is_that_of_the_nearest_station_that_measures_now() -> None:
    def row(lon: float, result: float | None, **columns: Any) -> dict[str, Any]:
        base = {
            "observed_property": "temp",
            "quality": "measuring",
            "feed": "up",
            "cadence_s": 600.0,
            "late_factor": 3.0,
        }
        return base | {"result": result, "time": NOW, "geometry": shapely.Point(lon, 16.4)} | columns

    rows = [
        row(107.60, 20.0, feed="down"),
        row(107.60, None),
        row(107.60, 21.0, time=NOW - HOUR),
        row(107.60, 22.0, quality="fault"),
        row(107.60, 99.0, observed_property="humidity"),
        row(107.70, 24.1),
        row(107.99, 25.0),
    ]
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=4326)
    found = wall_weather.nearest(frame, "temp", (107.6, 16.4), NOW)
    assert found is not None
    assert found["result"] == 24.1
    assert wall_weather.nearest(frame.iloc[:5], "temp", (107.6, 16.4), NOW) is None


@pytest.mark.parametrize(
    ("name", "shortest"),
    [
        ("Ngập đường Điện Biên Phủ tại phường Mỹ Thượng", "Ngập đường Điện Biên Phủ"),
        ("Giám sát hành trình tàu cá (mô phỏng)", "Giám sát hành trình tàu cá"),
        ("Ủy ban nhân dân phường Vỹ Dạ", "UBND P. Vỹ Dạ"),
        ("TTH-93269-TS", "TTH-93269-TS"),
    ],
)
def test_words_give_way_to_shorter_ones_that_a_citizen_knows(name: str, shortest: str) -> None:
    found = wordings(name)
    assert found[0] == name
    assert found[-1] == shortest
    assert not any("…" in one for one in found)
    assert wordings("Mưa, mực nước: 2 trên báo động 2", cut=False) == ["Mưa, mực nước: 2 trên báo động 2"]


@pytest.mark.parametrize(
    ("state", "head", "shown"), [("receiving", "n = 3, 13:00", None), ("down", "số cuối 13:00", "unknown")]
)
def test_open_cases_of_a_lost_feed_are_those_of_then(state: FeedState, head: str, shown: str | None) -> None:
    rows = [thing(2, 5) | {"address": f"{n} Lê Lợi, phường {name}, Huế"} for n, name in enumerate(["A", "A", "B"])]
    told = ServiceState(id="field_reports", state=state, last_received=NOW - HOUR, age_s=3600.0, version=1, sources=())
    have = SimpleNamespace(
        text=TEXT, zone=ZoneInfo("Asia/Ho_Chi_Minh"), now=NOW, services={"field_reports": told},
        far={"field_reports": picture("field_reports", rows)},
    )  # fmt: skip
    block = Block(kind="wards", service="field_reports")
    (section,) = wall_counts.wards(block, cast("Have", have), 1).sections
    assert section["head"] == head
    assert [(row["value"], row["note"], row.get("state")) for row in section["rows"]] == [
        ("2", "2 quá hạn", shown),
        ("1", "1 quá hạn", shown),
    ]
