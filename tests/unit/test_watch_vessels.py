"""Vessels that fell silent, and feeds that did: a table of timed cases."""

from __future__ import annotations

from typing import Any

import pytest

from geodata.records import Position
from geodata.rules import vessel as vessel_rule
from geodata.watch.rule import Rule, rules
from geodata.watch.signs import Fires
from tests.support.watching import at, rows, said, sources, still

SIX, TEN = rules()["fishing_vessels.lost_6h"], rules()["fishing_vessels.lost_10d"]
HOUR, DAY = 60.0, 1440.0
SEA: dict[str, Any] = {"lon": 108.1, "lat": 16.8}
PORT: dict[str, Any] = {"lon": 107.62, "lat": 16.56}  # Thuận An
FEEDS = sources(vms="vms", ais="ais")


def vessel(silent_min: float, key: str = "v", **more: Any) -> dict[str, Any]:
    """A vessel whose last fix is so many minutes old at minute 0."""
    return {
        "id": key, "time": at(-silent_min), "sog_kn": 5.0, "cog_deg": 90.0, "heading_deg": None, "status": None,
        "source": "vms", "category": "ship_30", **SEA, **more,
    }  # fmt: skip


def fleet(n: int, silent_min: float = 30, source: str = "vms") -> list[dict[str, Any]]:
    return [vessel(silent_min, f"{source}{i}", source=source) for i in range(n)]


CASES: list[tuple[str, list[dict[str, Any]], list[str], list[str]]] = [
    ("just heard", [vessel(1)], [], []),
    ("late, 5 h 59", [vessel(5 * HOUR + 59)], [], []),
    ("at 6 h exactly it is not over", [vessel(6 * HOUR)], [], []),
    ("6 h and a minute", [vessel(6 * HOUR + 1)], ["Fires v"], []),
    ("9 days", [vessel(9 * DAY)], ["Fires v"], []),
    ("10 days exactly", [vessel(10 * DAY)], ["Fires v"], []),
    ("10 days and a minute", [vessel(10 * DAY + 1)], [], ["Fires v"]),
    ("30 days", [vessel(30 * DAY)], [], ["Fires v"]),
    ("over a month is forgotten", [vessel(30 * DAY + 1)], [], []),
    ("in port, still", [vessel(20 * HOUR, **PORT, sog_kn=0.2)], [], []),
    ("in port, still for twelve days", [vessel(12 * DAY, **PORT, sog_kn=0.2)], [], []),
    ("at the port under way", [vessel(20 * HOUR, **PORT, sog_kn=6.0)], ["Fires v"], []),
    ("at the port, moored by its own word", [vessel(20 * HOUR, **PORT, sog_kn=3.0, status=5)], [], []),
    ("at the port, speed not told", [vessel(20 * HOUR, **PORT, sog_kn=None)], [], []),
    ("no fishing vessel", [vessel(20 * HOUR, category="ship_70")], [], []),
    ("kind not told counts as fishing", [vessel(20 * HOUR, category=None)], ["Fires v"], []),
    ("a ship of which AIS has not told the kind", [vessel(20 * HOUR, "mmsi:574000001", category=None)], [], []),
    ("its feed is down", [vessel(20 * HOUR, feed="down")], ["Unknown v"], []),
    ("its feed is down for eleven days", [vessel(11 * DAY, feed="down")], ["Unknown v"], ["Unknown v"]),
    ("another's feed is down", [vessel(20 * HOUR), vessel(1, "w", feed="down")], ["Fires v"], []),
    ("one of ten silent", [*fleet(9), vessel(7 * HOUR)], ["Fires v"], []),
    ("three of ten silent: 70% heard", [*fleet(7), *(vessel(7 * HOUR, f"s{i}") for i in range(3))],
     ["Fires s0", "Fires s1", "Fires s2"], []),
    ("four of ten silent: the feed is sick", [*fleet(6), *(vessel(7 * HOUR, f"s{i}") for i in range(4))],
     ["Unknown s0", "Unknown s1", "Unknown s2", "Unknown s3"], []),
    ("500 boats at once are a satellite, not 500 crews", fleet(500, 7 * HOUR),
     [f"Unknown vms{i}" for i in range(500)], []),
    ("a sick feed does not hide a silent vessel of another", [*fleet(20, 7 * HOUR), *fleet(9, source="ais"),
     vessel(7 * HOUR, "x", source="ais")], ["Fires x", *(f"Unknown vms{i}" for i in range(20))], []),
    ("few vessels: no share is told", [vessel(1, "a"), vessel(7 * HOUR, "b"), vessel(7 * HOUR, "c")],
     ["Fires b", "Fires c"], []),
    ("vessels in port do not vouch for a feed", [*(vessel(20 * HOUR, f"p{i}", **PORT, sog_kn=0.0) for i in range(20)),
     *fleet(9), vessel(7 * HOUR)], ["Fires v"], []),
    ("long silent ones do not make a feed sick", [*fleet(9), *(vessel(3 * DAY, f"l{i}") for i in range(20)),
     vessel(7 * HOUR)], ["Fires v", *(f"Fires l{i}" for i in range(20))], []),
    ("large vessels are due sooner: the feed is still well",
     [*(vessel(2.5 * HOUR, f"b{i}", properties={"length_m": 18.0}) for i in range(9)), vessel(7 * HOUR)],
     ["Fires v"], []),
    ("large vessels late: the feed is sick",
     [*(vessel(2.5 * HOUR, f"b{i}", properties={"length_m": 26.0}) for i in range(9)), vessel(7 * HOUR)],
     ["Unknown v"], []),
    ("length not a number", [vessel(7 * HOUR, properties={"length_m": "dài"})], ["Fires v"], []),
    ("no properties", [vessel(7 * HOUR, properties=None)], ["Fires v"], []),
]  # fmt: skip


@pytest.mark.parametrize(("found", "six", "ten"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_timed_cases(found: list[dict[str, Any]], six: list[str], ten: list[str]) -> None:
    frames = still(0, {("fishing_vessels", Position): rows(*found)}, FEEDS)
    assert list(said(SIX, frames)) == sorted(six)
    assert list(said(TEN, frames)) == sorted(ten)


@pytest.mark.parametrize(
    ("key", "rule", "hours", "level", "confidence"),
    [("TTH-91234-TS", SIX, 7, 3, None), ("TTH-91234-TS", TEN, 241, 4, None),
     ("mmsi:574000001", SIX, 7, 2, 0.5), ("mmsi:574000001", TEN, 241, 3, 0.5)],
)  # fmt: skip
def test_ais_alone_is_less_sure_and_one_level_less(
    key: str, rule: Rule, hours: float, level: int, confidence: float | None
) -> None:
    frames = still(0, {("fishing_vessels", Position): rows(vessel(hours * HOUR, key))}, FEEDS)
    (sign,) = rule.signs(frames)
    assert isinstance(sign, Fires)
    assert (sign.level, sign.confidence) == (level, confidence)
    assert vessel_rule.signal(hours * 3600, 20.0, ais=vessel_rule.by_ais(key)) == ("silent", level), "as on the map"


def test_the_clock_begins_when_the_limit_was_passed() -> None:
    frames = still(0, {("fishing_vessels", Position): rows(vessel(7 * HOUR, name="TTH-91234-TS"))}, FEEDS)
    (sign,) = SIX.signs(frames)
    assert getattr(sign, "since") == at(-HOUR)  # noqa: B009
    assert getattr(sign, "facts")["name"] == "TTH-91234-TS"  # noqa: B009


def test_a_citys_own_limit() -> None:
    frames = still(0, {("fishing_vessels", Position): rows(vessel(5 * HOUR))}, FEEDS)
    assert list(said(SIX, frames)) == []
    assert list(said(SIX.with_limits(lost_s=4 * 3600), frames)) == ["Fires v"]
