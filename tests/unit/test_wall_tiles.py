"""What a wall's tile says: the worst alarm, else the calm number with another beside it, and what was before."""

from __future__ import annotations

from typing import Any

import pytest

from app.panels import wall_tiles
from app.text import Text
from geodata import catalogue
from geodata.indicators import whole
from geodata.indicators.figure import Figure, Value
from geodata.indicators.indicator import get, judged, of_service
from geodata.store.types import FeedState, ServiceState
from geodata.watch.frames import StillFrames
from tests.support import indicator_frames as town
from tests.support.watching import T0


@pytest.fixture(scope="module")
def up() -> StillFrames:
    return town.frames(town.town())


@pytest.fixture(scope="module")
def down() -> StillFrames:
    return town.frames(town.town(), feed="down")


def state_of(service: str, state: FeedState = "receiving") -> ServiceState:
    return ServiceState(id=service, state=state, last_received=T0, age_s=1.0, version=1, sources=())


def tile_of(service: str, *told: Value, state: FeedState = "receiving") -> dict[str, Any]:
    chosen = wall_tiles.shown(told)
    found = state_of(service, state)
    return wall_tiles.tile(catalogue.service(service), found, None, T0, "Asia/Ho_Chi_Minh", Text("vi"), chosen)


def test_a_tile_says_the_alarm_of_the_highest_level_and_the_calm_number_second(up: StillFrames) -> None:
    tile = tile_of("hydrology", *whole.values(up, of_service("hydrology")))
    assert (tile["value"], tile["level"], tile["label"], tile["second"]) == ("1", 4, ["trên báo động 3"], "5 trạm đo")
    calm = tile_of("population", *whole.values(up, of_service("population")))
    assert (calm["value"], calm["level"], calm["label"]) == ("10.000", 0, ["người"])


def test_a_calm_tile_says_a_second_number_and_a_share_says_of_how_many(up: StillFrames) -> None:
    told = {
        name: judged(get(name), figure, up)
        for name, figure in {
            "fishing_vessels.at_sea": Figure(value=312, n=340),
            "fishing_vessels.late": Figure(value=9, n=340),
            "public_services.in_progress": Figure(value=13813, n=13813),
            "public_services.on_time": Figure(value=98.2, n=1284),
            "air_quality.stations": Figure(value=15, n=15),
            "air_quality.worst": Figure(value=62, n=15),
        }.items()
    }
    seconds = {
        service: tile_of(service, *(value for name, value in told.items() if name.startswith(service)))["second"]
        for service in ("fishing_vessels", "public_services", "air_quality")
    }
    assert seconds == {
        "fishing_vessels": "9 trễ tin",
        "public_services": "98,2% đúng hạn, n = 1.284",
        "air_quality": "cao nhất 62",
    }
    lost = judged(get("fishing_vessels.lost_6h"), Figure(value=2, n=340), up)
    alarmed = tile_of("fishing_vessels", lost, *told.values())
    assert (alarmed["value"], alarmed["second"]) == ("2", "312 trên biển")
    unknown = judged(get("fishing_vessels.late"), Figure(left_out={"unknown": 2}), up)
    assert tile_of("fishing_vessels", told["fishing_vessels.at_sea"], unknown)["second"] == ""


def test_of_alarms_of_one_level_a_tile_says_the_one_of_the_most(up: StillFrames) -> None:
    numbers = {"faults": 1, "silent": 18, "licence_soon": 40, "heard": 42}
    told = [judged(get(f"advertising_screens.{name}"), Figure(value=n, n=60), up) for name, n in numbers.items()]
    assert [value.id.partition(".")[2] for value in wall_tiles.alarms(told)] == ["silent", "faults", "licence_soon"]
    tile = tile_of("advertising_screens", *told)
    assert (tile["value"], tile["label"], tile["second"]) == ("18", ["mất tín hiệu"], "42 màn hình")


def test_a_tile_of_lost_feeds_is_unknown_and_one_of_some_is_about(up: StillFrames, down: StillFrames) -> None:
    assert tile_of("traffic", *whole.values(down, of_service("traffic")))["value"] == "?"
    some = judged(get("cameras.live"), Figure(value=4, n=5, left_out={"unknown": 1}), up)
    assert tile_of("cameras", some)["value"] == "≈4"
    assert tile_of("cameras")["state"] == "loading"
    none = judged(get("cameras.live"), Figure(left_out={"silent": 3}), up)
    assert tile_of("cameras", none)["value"] == "–"
    assert tile_of("cameras", state="ready")["state"] == "ready"


def test_a_tiles_trend_is_the_same_number_one_period_ago(up: StillFrames) -> None:
    now = get("tourism.visitors").value(up)
    then = judged(get("tourism.visitors"), Figure(value=900, n=2), up)
    assert wall_tiles.trend(now, {then.id: then}, Text("en")) == "900 a week before"
    assert wall_tiles.trend(now, {}, Text("vi")) == ""
    lost = judged(get("tourism.visitors"), Figure(left_out={"unknown": 2}), up)
    assert wall_tiles.trend(now, {lost.id: lost}, Text("vi")) == ""
