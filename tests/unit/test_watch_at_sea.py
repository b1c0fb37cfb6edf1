"""Zones, boundaries, devices and meetings of vessels: a table of timed cases."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geodata.records import Position, Record, Thing
from geodata.rules import sea_zone, vessel_identity
from geodata.watch.frames import StillFrames
from geodata.watch.rule import rules
from geodata.watch.signs import Fires
from tests.support.watching import at, rows, said, sources, still

SIX = rules()["fishing_vessels.lost_6h"]
ZONE, NEAR, CROSSED, TWICE, MET = (
    rules()[f"fishing_vessels.{name}"]
    for name in ("out_of_zone", "near_boundary", "crossed_boundary", "device_twice", "met_at_sea")
)
HOUR = 60.0
FEEDS = sources(vms="vms", ais="ais")
COAST, LONG, KHOI = (107.45, 16.85), (108.0, 17.0), (109.4, 17.0)
HERE, NEARBY, BEYOND = (107.1, 18.5), (107.28, 18.5), (107.5, 18.5)  # of the line in the Gulf of Tonkin: 11, 2, -7 nm
EAST = 51.0


def vessel(key: str = "v", at_: tuple[float, float] = KHOI, ago: float = 10, **more: Any) -> dict[str, Any]:
    length = more.pop("m", None)
    properties = {**({"length_m": length} if length is not None else {}), **more.pop("more", {})}
    return {
        "id": key, "time": at(-ago), "lon": at_[0], "lat": at_[1], "sog_kn": 4.0, "cog_deg": 0.0, "heading_deg": None,
        "status": None, "source": "vms", "category": "ship_30", "properties": properties, **more,
    }  # fmt: skip


def frames(
    *found: dict[str, Any],
    tracks: Mapping[str, pd.DataFrame] | None = None,
    opened: Mapping[str, Any] | None = None,
) -> StillFrames:
    fleet = rows(*found)
    tables: dict[tuple[str, type[Record]], Any] = {
        ("fishing_vessels", Position): fleet,
        ("fishing_vessels", Thing): fleet[["time", "name", "properties", "geometry"]],
    }
    base = still(0, tables, FEEDS)
    return StillFrames(base.at, base.city, tables, FEEDS, opened or {}, tracks or {})


def track(*fixes: tuple[float, tuple[float, float]]) -> pd.DataFrame:
    """Fixes as (minutes ago, place), oldest first."""
    return pd.DataFrame(
        {
            "time": pd.to_datetime([at(-ago) for ago, _ in fixes], utc=True),
            "lon": [p[0] for _, p in fixes],
            "lat": [p[1] for _, p in fixes],
        }
    )


ZONES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("small near the coast", vessel(at_=COAST, m=9.0), []),
    ("small in the inshore zone", vessel(at_=LONG, m=9.0), ["Fires too_far"]),
    ("small far out", vessel(at_=KHOI, m=11.9), ["Fires too_far"]),
    ("12 m in the inshore zone", vessel(at_=LONG, m=12.0), []),
    ("14.9 m far out", vessel(at_=KHOI, m=14.9), ["Fires too_far"]),
    ("15 m far out", vessel(at_=KHOI, m=15.0), []),
    ("12 m fishing at the coast", vessel(at_=COAST, m=13.0), ["Fires too_near"]),
    ("20 m fishing in the inshore zone", vessel(at_=LONG, m=20.0), ["Fires too_near"]),
    ("20 m passing at 8 kn", vessel(at_=LONG, m=20.0, sog_kn=8.0), []),
    ("20 m slow at its port", vessel(at_=(107.62, 16.57), m=20.0, sog_kn=2.0), []),
    ("15 m by AIS may be 14.6 m", vessel("mmsi:574000001", LONG, m=15.0), []),
    ("16 m by AIS", vessel("mmsi:574000001", LONG, m=16.0), ["Fires too_near"]),
    ("length not told", vessel(at_=KHOI), []),
    ("on the line itself", vessel(at_=(107.6, 16.9), m=9.0), []),
    ("an old fix", vessel(at_=KHOI, m=9.0, ago=7 * HOUR), []),
    ("its feed is down", vessel(at_=KHOI, m=9.0, feed="down"), []),
]  # fmt: skip


@pytest.mark.parametrize(("one", "told"), [pytest.param(*case[1:], id=case[0]) for case in ZONES])
def test_zones_by_length(one: dict[str, Any], told: list[str]) -> None:
    assert list(said(ZONE, frames(one))) == told


def test_a_zone_is_never_sure() -> None:
    (sign,) = ZONE.signs(frames(vessel("a", KHOI, m=9.0), vessel("b", KHOI, m=10.0)))
    assert isinstance(sign, Fires)
    assert (sign.facts["n"], sign.confidence) == (2, 0.5)
    assert not any(limit["confirmed"] for limit in ZONE.limits(at(0)).as_json() if "NĐ-CP" in str(limit["law"]))


BOUNDARY: list[tuple[str, dict[str, Any], list[str], list[str]]] = [
    ("far on this side", vessel(at_=HERE, cog_deg=EAST), [], []),
    ("near, bound across", vessel(at_=NEARBY, cog_deg=EAST), ["Fires v"], []),
    ("near, bound home", vessel(at_=NEARBY, cog_deg=EAST + 180), ["Holds v"], []),
    ("near, drifting", vessel(at_=NEARBY, cog_deg=EAST, sog_kn=0.3), ["Holds v"], []),
    ("near, course not told", vessel(at_=NEARBY, cog_deg=None), ["Holds v"], []),
    ("all but on it, along it", vessel(at_=(107.32, 18.5), cog_deg=EAST + 90), ["Fires v"], []),
    ("beyond, two fixes", vessel(at_=BEYOND), [], ["Fires v"]),
    ("beyond, its feed down", vessel(at_=BEYOND, feed="down"), [], []),
    ("beyond, seven hours ago", vessel(at_=BEYOND, ago=7 * HOUR), [], []),
    ("no fishing vessel", vessel(at_=BEYOND, category="ship_cargo"), [], []),
    ("south of the last point nothing is agreed", vessel(at_=(108.5, 17.5), cog_deg=EAST), [], []),
]  # fmt: skip


@pytest.mark.parametrize(("one", "near", "crossed"), [pytest.param(*case[1:], id=case[0]) for case in BOUNDARY])
def test_boundaries(one: dict[str, Any], near: list[str], crossed: list[str]) -> None:
    found = frames(one, tracks={"v": track((70, HERE), (40, BEYOND), (10, BEYOND))})
    assert list(said(NEAR, found)) == near
    assert list(said(CROSSED, found)) == crossed


def test_one_fix_beyond_may_be_an_error() -> None:
    found = frames(vessel(at_=BEYOND), tracks={"v": track((40, HERE), (10, BEYOND))})
    assert list(said(CROSSED, found)) == []


def test_a_crossing_begins_and_ends_by_the_fixes() -> None:
    there = track((70, HERE), (40, BEYOND), (10, BEYOND))
    (sign,) = CROSSED.signs(frames(vessel(at_=BEYOND), tracks={"v": there}))
    assert getattr(sign, "since") == at(-40)  # noqa: B009
    back = track((70, HERE), (40, BEYOND), (30, BEYOND), (20, HERE), (1, HERE))
    opened = {"fishing_vessels.crossed_boundary": {"v": at(-40)}}
    (over,) = CROSSED.signs(frames(vessel(at_=HERE, ago=1), tracks={"v": back}, opened=opened))
    assert getattr(over, "at") == at(-20)  # noqa: B009


def test_past_the_ends_of_a_line_nothing_is_told() -> None:
    where = sea_zone.beyond(np.array([108.0, 107.5]), np.array([17.0, 18.5]))
    assert where["line"].isna().tolist() == [True, False]


def test_two_devices_of_one_vessel_are_one_vessel() -> None:
    """The satellite device is silent; AIS of the same registration is heard: the vessel is not lost."""
    named = {"name": "TTH-91234-TS"}
    silent = vessel("vms:1", KHOI, 7 * HOUR, **named)
    heard = vessel("mmsi:2", KHOI, 5, name="TTH 91234 TS", source="ais")
    assert list(said(SIX, frames(silent, heard))) == []
    assert list(said(SIX, frames(silent))) == ["Fires vms:1"]
    both = (silent, {**heard, "time": at(-8 * HOUR)})
    assert list(said(SIX, frames(*both))) == ["Fires vms:1"]  # lost once, by the device heard of last


@pytest.mark.parametrize(
    ("name", "known"),
    [("TTH-91234-TS", "TTH-91234-TS"), ("TTH91234TS", "TTH-91234-TS"), ("qt 90001 ts", "QT-90001-TS"),
     ("SAO MAI 05", None), ("", None), (None, None)],
)  # fmt: skip
def test_registrations(name: str | None, known: str | None) -> None:
    assert vessel_identity.registration(name, {}) == known


DEVICES: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("one each", [vessel("a", more={"device": "1"}), vessel("b", more={"device": "2"})], []),
    ("one on two", [vessel("a", more={"device": "1"}), vessel("b", more={"device": "1"})], ["Fires device:1"]),
    ("the other is long silent", [vessel("a", more={"device": "1"}), vessel("b", ago=9 * HOUR, more={"device": "1"})],
     []),
    ("one vessel under two ids", [vessel("a", name="TTH-91234-TS", more={"device": "1"}),
     vessel("b", name="TTH91234TS", more={"device": "1"})], []),
    ("no device told", [vessel("a"), vessel("b")], []),
]  # fmt: skip


@pytest.mark.parametrize(("found", "told"), [pytest.param(*case[1:], id=case[0]) for case in DEVICES])
def test_one_device_on_two_vessels(found: list[dict[str, Any]], told: list[str]) -> None:
    assert list(said(TWICE, frames(*found))) == told


def beside(hours: float, apart_deg: float = 0.003) -> dict[str, pd.DataFrame]:
    ago = [float(m) for m in range(int(hours * HOUR), -1, -10)]
    return {
        "v": track(*((m, KHOI) for m in ago)),
        "w": track(*((m, (KHOI[0] + apart_deg, KHOI[1])) for m in ago)),
    }


MEETINGS: list[tuple[str, dict[str, Any], float, float, list[str]]] = [
    ("two hours and a half", {}, 2.5, 0.003, ["Fires v+w"]),
    ("an hour and a half", {}, 1.5, 0.003, []),
    ("a kilometre apart", {}, 3, 0.01, []),
    ("two fishing vessels fish in pairs", {"category": "ship_30"}, 3, 0.003, []),
    ("under way", {"sog_kn": 6.0}, 3, 0.003, []),
]  # fmt: skip


@pytest.mark.parametrize(("other", "hours", "apart", "told"), [pytest.param(*c[1:], id=c[0]) for c in MEETINGS])
def test_meetings_at_sea(other: dict[str, Any], hours: float, apart: float, told: list[str]) -> None:
    ship = {"category": "ship_cargo", "sog_kn": 0.5, **other}
    found = frames(
        vessel("v", KHOI, 2, sog_kn=0.5),
        vessel("w", (KHOI[0] + apart, KHOI[1]), 2, **ship),
        tracks=beside(hours, apart),
    )
    assert list(said(MET, found)) == told


FAR, INSHORE = (110.3, 17.0), (107.75, 16.75)
GAPS: list[tuple[str, dict[str, Any], int, str | None]] = [
    ("13 hours, far out, heard well before", vessel(at_=FAR, ago=13 * HOUR), 14, "off"),
    ("11 hours", vessel(at_=FAR, ago=11 * HOUR), 14, None),
    ("seldom heard before", vessel(at_=FAR, ago=13 * HOUR), 13, None),
    ("near the shore", vessel(at_=INSHORE, ago=13 * HOUR), 14, None),
]  # fmt: skip


@pytest.mark.parametrize(("one", "fixes", "hint"), [pytest.param(*case[1:], id=case[0]) for case in GAPS])
def test_devices_perhaps_switched_off_are_a_word_of_the_same_silence(
    one: dict[str, Any], fixes: int, hint: str | None
) -> None:
    last = one["time"]
    times = [last - timedelta(minutes=30 * n) for n in range(fixes)]
    table = pd.DataFrame({"time": pd.to_datetime(times[::-1], utc=True), "lon": FAR[0], "lat": FAR[1]})
    others = [vessel(f"o{i}", (FAR[0] + 0.05 * i, FAR[1]), ago=5) for i in range(3)]
    assert hinted(frames(one, *others, tracks={"v": table})) == hint
    assert hinted(frames(one, *others[1:], tracks={"v": table})) is None, "too few are heard there"


def hinted(found: StillFrames) -> object:
    (sign,) = SIX.signs(found)
    assert isinstance(sign, Fires)
    return sign.facts["hint"]
