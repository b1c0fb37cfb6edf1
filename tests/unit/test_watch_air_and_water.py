"""Air by the Decision's index and the limits of law, rain by its classes; devices that do not measure say nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from geodata.records import Observation, Record
from geodata.rules import air_station, qcvn, rain
from geodata.watch.frames import StillFrames
from geodata.watch.rule import rules
from geodata.watch.signs import Fires, Over
from tests.support.watching import at, rows, said, sources, still

BAD, LIMIT = rules()["air_quality.bad_air"], rules()["air_quality.over_limit"]
RAIN, RISING = rules()["hydrology.heavy_rain"], rules()["hydrology.rising"]
FEEDS = sources(a="mqtt")
HOUR = 60.0


def result(key: str, ago: float, name: str, value: float | None, **more: Any) -> dict[str, Any]:
    return {
        "id": key, "time": at(-ago), "source": "a", "cadence_s": 3900.0, "observed_property": name, "result": value,
        "result_text": None, "quality": "measuring", "lon": 107.6, "lat": 16.5, "name": f"Trạm {key}", **more,
    }  # fmt: skip


def hours(key: str, values: Sequence[float | None], name: str = "pm25", **more: Any) -> list[dict[str, Any]]:
    """Hourly means, the newest first."""
    return [result(key, HOUR * i, name, v, **more) for i, v in enumerate(values) if v is not None]


def air(*found: dict[str, Any]) -> StillFrames:
    return still(0, {("air_quality", Observation): rows(*found, by_id=False)}, FEEDS)


AIR: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("good", hours("s", [12.0] * 12), []),
    ("poor is no alarm: 150", hours("s", [80.0] * 12), ["Holds s"]),
    ("bad: PM2.5 of 90", hours("s", [90.0] * 12), ["Fires s"]),
    ("two of the newest three are needed", hours("s", [90.0, None, None, *[90.0] * 9]), []),
    ("its feed is down", hours("s", [90.0] * 12, feed="down"), ["Unknown s"]),
    ("the device calibrates", hours("s", [90.0] * 12, quality="calibrating"), []),
    ("broken for the last hours", [*hours("s", [900.0] * 3, quality="fault"), *hours("s", [None] * 3 + [12.0] * 9)],
     []),
    ("no particles, no index", hours("s", [900.0] * 3, "no2"), []),
    ("silent", [{**one, "time": one["time"] - pd.Timedelta("5h")} for one in hours("s", [90.0] * 12)], []),
]  # fmt: skip


@pytest.mark.parametrize(("found", "told"), [pytest.param(*case[1:], id=case[0]) for case in AIR])
def test_bad_air(found: list[dict[str, Any]], told: list[str]) -> None:
    assert list(said(BAD, air(*found))) == told


@pytest.mark.parametrize(("pm25", "level"), [(81.0, 2), (160.0, 3), (260.0, 4)])
def test_its_level(pm25: float, level: int) -> None:
    (sign,) = BAD.signs(air(*hours("s", [pm25] * 12)))
    assert getattr(sign, "level") == level  # noqa: B009


def test_the_worked_example_of_the_decision() -> None:
    """NowCast 20,3 µg/m³ gives a sub-index of 40,6, printed 41; NO2 118,7 gives 59 here (60 printed)."""
    newest_first = [26.9, 24.7, 20.5, 23.5, 19.5, 16.5, 19.0, 16.5, 20.3, 22.4, 19.6, 20.6]
    told = rows(*hours("s", newest_first), result("s", 0, "no2", 118.7), by_id=False)
    found = air_station.index_of(air_station.hourly(told))
    assert found is not None
    assert found.parts["no2"] == 59
    assert found.leading == "no2"


LAW: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("46 over a day: 45 since 01/01/2026", hours("s", [46.0] * 24), ["Fires pm25"]),
    ("44", hours("s", [44.0] * 24), []),
    ("17 of 24 hours are too few", hours("s", [60.0] * 17), []),
    ("18 of 24 suffice", hours("s", [60.0] * 18), ["Fires pm25"]),
    ("an hour of SO2", hours("s", [351.0], "so2"), ["Fires so2"]),
    ("eight hours of ozone", hours("s", [121.0] * 8, "o3"), ["Fires o3"]),
    ("two stations are one finding", [*hours("s", [46.0] * 24), *hours("t", [50.0] * 24)], ["Fires pm25"]),
    ("its feed is down", hours("s", [46.0] * 24, feed="down"), []),
]  # fmt: skip


@pytest.mark.parametrize(("found", "told"), [pytest.param(*case[1:], id=case[0]) for case in LAW])
def test_limits_of_law(found: list[dict[str, Any]], told: list[str]) -> None:
    assert list(said(LIMIT, air(*found))) == told


def test_its_table_says_what_the_code_holds() -> None:
    for day, value in (("2025-12-31T12:00Z", 50.0), ("2026-06-01T00:00Z", 45.0)):
        moment = pd.Timestamp(day).to_pydatetime()
        (held,) = qcvn.limits("pm25", moment)
        assert LIMIT.limits(moment)["pm25_24h"] == held.value == value


def wet(day: float, hour: float = 0.0, key: str = "g", **more: Any) -> list[dict[str, Any]]:
    by_hour = [result(key, HOUR * i, "rain_1h", hour, **more) for i in range(3)]
    return [result(key, 5, "rain_24h", day, **more), *by_hour]


WATER: list[tuple[str, list[dict[str, Any]], list[str], int | None]] = [
    ("dry", wet(0), [], None),
    ("moderate", wet(44), [], None),
    ("just short of heavy", wet(49), ["Holds rain"], None),
    ("50 is not over 50", wet(50), ["Holds rain"], None),
    ("heavy", wet(51), ["Fires rain"], 1),
    ("very heavy", wet(101), ["Fires rain"], 2),
    ("81 mm in three hours", wet(81, 27), ["Fires rain"], 3),
    ("many gauges are one finding", [*wet(60), *wet(120, key="h")], ["Fires rain"], 2),
    ("a broken gauge", wet(300, quality="fault"), [], None),
    ("its feed is down", wet(300, feed="down"), ["Unknown rain"], None),
]


@pytest.mark.parametrize(("found", "told", "level"), [pytest.param(*case[1:], id=case[0]) for case in WATER])
def test_heavy_rain(found: list[dict[str, Any]], told: list[str], level: int | None) -> None:
    frames = still(0, {("hydrology", Observation): rows(*found, by_id=False)}, FEEDS)
    assert list(said(RAIN, frames)) == told
    assert [s.level for s in RAIN.signs(frames) if isinstance(s, Fires)] == ([level] if level else [])


@pytest.mark.parametrize(
    ("mm", "word"), [(0, None), (5, "light"), (6.1, "rain"), (16, "moderate"), (51, "heavy"), (100.5, "very_heavy")]
)
def test_classes_of_rain(mm: float, word: str | None) -> None:
    assert rain.word(mm) == word


def test_a_finding_keeps_its_beginning() -> None:
    found = air(*hours("s", [90.0] * 12))
    standing = {"air_quality.bad_air": {"s": at(-300)}}
    (sign,) = BAD.signs(StillFrames(found.at, found.city, found.rows, FEEDS, standing))
    assert getattr(sign, "since") == at(-300)  # noqa: B009


class Newest(StillFrames):
    """Frames whose newest rows are the last of those between."""

    def latest(self, service: str, kind: type[Record], back: timedelta = timedelta(days=1)) -> Any:
        return super().latest(service, kind, back).iloc[-1:]


def river(*levels: float, opened: bool = False) -> StillFrames:
    """The levels of Kim Long (alarm 1 at 1,0 m), half an hour apart, the newest last."""
    told = [{**result("k", 30.0 * i, "water_level", m), "name": "Kim Long"} for i, m in enumerate(levels[::-1])]
    base = still(0, {("hydrology", Observation): rows(*told[::-1], by_id=False)}, FEEDS)
    standing = {RISING.id: {"k": at(-60)}} if opened else {}
    return Newest(base.at, base.city, base.rows, FEEDS, standing)


@pytest.mark.parametrize(
    ("levels", "told"),
    [((0.60, 0.65, 0.70, 0.75, 0.80), ["Fires k"]), ((0.7,) * 5, []), ((0.82, 0.87, 0.92, 0.97, 1.02), [])],
)  # fmt: skip
def test_rising_water(levels: tuple[float, ...], told: list[str]) -> None:
    assert list(said(RISING, river(*levels))) == told


def test_a_warning_of_rising_water_ends_when_its_alarm_is_reached() -> None:
    """One cause is one finding: from then on the alarm itself tells."""
    (sign,) = RISING.signs(river(0.82, 0.87, 0.92, 0.97, 1.02, opened=True))
    assert isinstance(sign, Over)
    assert sign.at == at(0)
