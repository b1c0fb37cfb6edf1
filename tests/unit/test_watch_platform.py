"""Silence with a cause: feeds that bring too little, things that fell silent, what hangs on a failed parent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import pytest

from geodata.records import Observation, Position, Record, Thing
from geodata.watch.frames import StillFrames
from geodata.watch.rule import rules
from geodata.watch.signs import Fires
from tests.support.watching import at, rows, said, sources, still

THIN, SILENT = rules()["platform.thin_feed"], rules()["platform.silent_things"]
FEEDS = sources(a="mqtt", b="mqtt")
HOUR = 60.0


def seen(key: str, minutes: float, **more: Any) -> dict[str, Any]:
    """A result of a thing so many minutes ago; due every minute, silent after three."""
    return {
        "id": key, "time": at(-minutes), "source": "a", "cadence_s": 60.0, "observed_property": "status",
        "result": None, "result_text": "on", "quality": "measuring", "lon": 107.6, "lat": 16.5, **more,
    }  # fmt: skip


def thing(key: str, parent: str | None = None, **more: Any) -> dict[str, Any]:
    properties = {"upstream": parent} if parent else {}
    return {"id": key, "time": at(-9000), "name": f"Tủ {key}", "agency": None, "properties": properties, **more}


def frames(
    observed: list[dict[str, Any]],
    stands: Sequence[dict[str, Any]] = (),
    service: str = "advertising_screens",
) -> StillFrames:
    tables: dict[tuple[str, type[Record]], Any] = {(service, Observation): rows(*observed, by_id=False)}
    if stands:
        tables[(service, Thing)] = rows(*stands)
    return still(0, tables, FEEDS, "quang_tri" if service == "public_utilities" else "hue")


def many(n: int, minutes: float, **more: Any) -> list[dict[str, Any]]:
    return [seen(f"m{i}", minutes, **more) for i in range(n)]


CASES: list[tuple[str, list[dict[str, Any]], list[str], list[str]]] = [
    ("all heard", many(10, 1), [], []),
    ("late is not silent", many(10, 3), [], []),
    ("one of ten", [*many(9, 1), seen("x", 9)], [], ["Fires advertising_screens:a"]),
    ("three of ten: still well", [*many(7, 1), seen("x", 9), seen("y", 9), seen("z", 9)], [],
     ["Fires advertising_screens:a"]),
    ("four of ten: the feed is sick", [*many(6, 1), *(seen(f"x{i}", 9) for i in range(4))],
     ["Fires a"], ["Unknown advertising_screens:a"]),
    ("three of eight are three things, no sick feed", [*many(5, 1), *(seen(f"x{i}", 9) for i in range(3))], [],
     ["Fires advertising_screens:a"]),
    ("the feed is down", [*many(6, 9, feed="down")], ["Unknown a"], ["Unknown advertising_screens:a"]),
    ("few things: no share is told", [seen("x", 1), seen("y", 9)], [], ["Fires advertising_screens:a"]),
    ("silent since yesterday: no more active", [*many(9, 1), *(seen(f"x{i}", 26 * HOUR) for i in range(9))], [],
     ["Fires advertising_screens:a"]),
    ("forgotten", [*many(9, 1), seen("x", 31 * 24 * HOUR)], [], []),
    ("a last will is no silence", [*many(9, 1), seen("x", 9, result_text="fault")], [], []),
    ("many last wills make no feed sick", [*many(5, 1), *(seen(f"x{i}", 9, result_text="fault") for i in range(9))],
     [], []),
    ("a sick feed does not hide another's thing",
     [*many(6, 9), *(seen(f"b{i}", 1, source="b") for i in range(6)), seen("x", 9, source="b")],
     ["Fires a"], ["Fires advertising_screens:b", "Unknown advertising_screens:a"]),
    ("its newest word counts", [seen("x", 9), seen("x", 1, observed_property="brightness"), *many(5, 1)], [], []),
]  # fmt: skip


@pytest.mark.parametrize(("observed", "thin", "silent"), [pytest.param(*case[1:], id=case[0]) for case in CASES])
def test_feeds_and_things(observed: list[dict[str, Any]], thin: list[str], silent: list[str]) -> None:
    found = frames(observed)
    assert list(said(THIN, found)) == thin
    assert list(said(SILENT, found)) == silent


def test_parent_before_child() -> None:
    """A feeder that never reports: all four below it are silent, so it failed, and that is one finding."""
    stands = [thing("lo_1"), *(thing(f"t{i}", "lo_1") for i in range(4)), *(thing(f"m{i}") for i in range(20))]
    observed = [*(seen(f"t{i}", 9) for i in range(4)), *many(20, 1)]
    found = frames(observed, stands, "public_utilities")
    (sign,) = SILENT.signs(found)
    assert isinstance(sign, Fires)
    assert (sign.key, sign.facts["n"], sign.facts["name"]) == ("public_utilities:lo_1", 4, "Tủ lo_1")
    assert sign.since == at(-6)


def test_one_heard_below_a_parent_clears_it() -> None:
    stands = [thing("lo_1"), *(thing(f"t{i}", "lo_1") for i in range(4)), *(thing(f"m{i}") for i in range(20))]
    observed = [*(seen(f"t{i}", 9) for i in range(3)), seen("t3", 1), *many(20, 1)]
    assert list(said(SILENT, frames(observed, stands, "public_utilities"))) == ["Fires public_utilities:a"]


def test_days_off_do_not_age_what_offices_send() -> None:
    """A daily table of Friday morning, looked at on Monday morning; 20 November 2026 is a Friday."""
    friday = [seen(f"o{i}", 0, cadence_s=86400.0, late_factor=1.5) for i in range(6)]
    tables: dict[tuple[str, type[Record]], Any] = {("staff_cards", Observation): rows(*friday, by_id=False)}
    assert list(said(THIN, still(72 * HOUR - 60, tables, FEEDS))) == []
    assert list(said(THIN, still(121 * HOUR, tables, FEEDS))) == ["Fires a"]  # Tuesday the 24th is a day off


def test_vessels_in_port_make_no_feed_thin() -> None:
    base = {"sog_kn": 0.0, "cog_deg": 0.0, "heading_deg": None, "status": None, "source": "a", "category": "ship_30"}
    port = {"lon": 107.62, "lat": 16.56}
    fleet = [{"id": f"v{i}", "time": at(-20 * HOUR), **base, **port} for i in range(20)]
    found = still(0, {("fishing_vessels", Position): rows(*fleet)}, FEEDS)
    assert list(said(THIN, found)) == []
    sea = [{**one, "lon": 108.3, "lat": 16.9, "sog_kn": 5.0} for one in fleet]
    assert list(said(THIN, still(0, {("fishing_vessels", Position): rows(*sea)}, FEEDS))) == ["Fires a"]


def test_what_was_not_connected_yet_was_not_silent() -> None:
    """The past asked again, from before a source was first connected: its older rows came from an import."""
    observed = [seen(f"m{i}", 600) for i in range(9)]
    tables: dict[tuple[str, type[Record]], Any] = {("advertising_screens", Observation): rows(*observed, by_id=False)}
    before = still(-60, tables, FEEDS)
    assert list(said(THIN, before)) == []
    assert not [told for told in said(SILENT, before) if told.startswith("Fires")]
    assert list(said(THIN, still(0, tables, FEEDS))) == ["Fires a"]


DOWN = rules()["platform.source_down"]
OPERATOR = "operator:A"


def outage(operator: str | None = "A", opened: dict[str, Any] | None = None, **ago: float) -> StillFrames:
    """Six feeds of an operator; those named are down since so many minutes."""
    feeds = sources(**dict.fromkeys("abcdef", "mqtt"))
    feeds["operator"] = operator
    feeds["up"] = feeds["up"].astype(object)
    for name, minutes in ago.items():
        feeds.loc[name, "up"] = False
        feeds.loc[name, "since"] = at(-minutes)
    base = still(0, {}, feeds)
    return StillFrames(base.at, base.city, {}, feeds, {"platform.source_down": opened or {}})


OUTAGES: list[tuple[str, StillFrames, list[str]]] = [
    ("all well", outage(), []),
    ("one of them", outage(a=5), ["Fires a"]),
    ("two together", outage(a=5, b=9), [f"Fires {OPERATOR}"]),
    ("two, hours apart", outage(a=5, b=300), ["Fires a", "Fires b"]),
    ("a second one hours after the first was told", outage(opened={"a": at(-300)}, a=300, b=5), ["Fires a", "Fires b"]),
    ("a second one soon after the first was told", outage(opened={"a": at(-9)}, a=9, b=5), ["Fires a", "Fires b"]),
    ("more of an outage that is told", outage(opened={OPERATOR: at(-9)}, a=9, b=8, c=1), [f"Fires {OPERATOR}"]),
    ("one is left of it", outage(opened={OPERATOR: at(-9)}, b=8), [f"Fires {OPERATOR}"]),
    ("another falls hours later", outage(opened={OPERATOR: at(-300)}, a=300, b=299, c=5),
     ["Fires c", f"Fires {OPERATOR}"]),
    ("nobody operates them", outage(None, a=5, b=5), ["Fires a", "Fires b"]),
]  # fmt: skip


@pytest.mark.parametrize(("found", "told"), [pytest.param(*case[1:], id=case[0]) for case in OUTAGES])
def test_one_outage_is_one_finding_and_a_later_one_is_another(found: StillFrames, told: list[str]) -> None:
    assert list(said(DOWN, found)) == told


def test_a_wide_outage_is_graver() -> None:
    (two,), (five,) = DOWN.signs(outage(a=5, b=5)), DOWN.signs(outage(a=5, b=5, c=5, d=5, e=5))
    assert isinstance(two, Fires)
    assert isinstance(five, Fires)
    assert (two.level, five.level) == (None, 3)
    assert (five.facts["n"], five.facts["of"]) == (5, 6)
    assert five.facts["sources"] == [{"vi": name, "en": name} for name in "abcde"]


def test_a_feed_that_was_not_connected_by_then_is_no_loss() -> None:
    found = outage(a=5)
    found.feeds.loc["a", "up"], found.feeds.loc["a", "since"] = None, pd.NaT
    assert list(said(DOWN, found)) == []
