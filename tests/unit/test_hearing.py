"""Silence begins when somebody listens: after a lost feed came back, what it did not hear is unknown, not silent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from geodata.indicators.indicator import get
from geodata.records import Observation, Position, Record
from geodata.rules import hearing
from geodata.watch.frames import StillFrames
from geodata.watch.rule import rules
from layers import states
from layers.fishing_vessels import FishingVessels
from tests.support.layer_frames import zoomed
from tests.support.watching import at, rows, said, sources, still

BOARDS = "advertising_screens"
FEEDS = sources(a="mqtt", vms="vms")

Loss = tuple[float | None, float]
"""Minutes, when it began (None: its first connection) and when it ended."""

CASES: list[tuple[str, float, Loss | None, str]] = [
    ("heard within its time", 1, None, "fresh"),
    ("late", 3, None, "late"),
    ("silent under a feed that never went", 9, None, "silent"),
    ("heard by somebody else before the first connection", 30, (None, -1), "unknown"),
    ("the first connection has lasted", 30, (None, -4), "silent"),
    ("back since a minute, last heard before the loss", 30, (-29, -1), "unknown"),
    ("back for as long as its word was due", 30, (-29, -2), "unknown"),
    ("back for longer", 30, (-29, -4), "silent"),
    ("silent before the loss", 60, (-29, -1), "silent"),
    ("half its time before the loss, half after it", 31, (-29, -1), "unknown"),
    ("heard since the loss and silent again", 9, (-60, -30), "silent"),
    ("heard by a store that forwards, in the midst of the loss", 10, (-29, -1), "unknown"),
]


def board(key: str, minutes: float, loss: Loss | None = None, feed: str = "up") -> dict[str, Any]:
    """A word of a board so many minutes ago, due every minute, silent after three; its feed's last loss."""
    began, ended = loss or (None, -9000)
    return {
        "id": key, "time": at(-minutes), "source": "a", "cadence_s": 60.0, "feed": feed,
        "feed_lost": None if began is None else at(began), "feed_since": at(ended),
        "observed_property": "status", "result": None, "result_text": "on",
        "quality": "measuring", "lon": 107.6, "lat": 16.5,
    }  # fmt: skip


def town(*found: dict[str, Any]) -> StillFrames:
    tables: dict[tuple[str, type[Record]], Any] = {(BOARDS, Observation): rows(*found, by_id=False)}
    return still(0, tables, FEEDS)


@pytest.mark.parametrize(("minutes", "loss", "state"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_state_of_a_mark(minutes: float, loss: Loss | None, state: str) -> None:
    frame = rows(board("x", minutes, loss), by_id=False)
    assert states.classify(frame, at(0))["state"].tolist() == [state]


def test_a_lost_feed_is_unknown_whatever_was_before() -> None:
    frame = rows(board("x", 0.5, feed="down"), board("y", 90, (-80, -70), feed="down"), by_id=False)
    assert states.classify(frame, at(0))["state"].tolist() == ["unknown", "unknown"]


def test_rows_that_tell_no_loss_have_none() -> None:
    frame = rows(board("x", 9), by_id=False).drop(columns="feed_lost")
    assert hearing.unheard_s(frame).tolist() == [0.0]
    assert hearing.unheard_s(frame.iloc[:0]).tolist() == []


def test_what_a_feed_told_itself_is_as_old_as_it_is() -> None:
    """A table of last year from an office connected today is old; it is not unheard."""
    told = rows(board("x", 30, (None, -1)) | {"received_at": at(-0.5)}, by_id=False)
    assert states.classify(told, at(0))["state"].tolist() == ["silent"]
    loaded = rows(board("x", 30, (None, -1)) | {"received_at": at(-30)}, by_id=False)
    assert states.classify(loaded, at(0))["state"].tolist() == ["unknown"]


def test_a_tile_counts_nobody_as_silent_in_the_minute_after_the_return() -> None:
    back = town(*(board(f"b{n}", 30, (-29, -1)) for n in range(16)))
    silent = get(f"{BOARDS}.silent").value(back)
    assert (silent.value, silent.state, silent.figure.left_out) == (None, "unknown", {"unknown": 16})
    told = town(board("heard", 0.5, (-29, -1)), *(board(f"b{n}", 30, (-29, -1)) for n in range(15)))
    assert get(f"{BOARDS}.silent").value(told).value == 0


def test_a_tile_counts_them_when_their_time_is_over() -> None:
    later = town(board("heard", 0.5, (-29, -4)), *(board(f"b{n}", 30, (-29, -4)) for n in range(15)))
    assert get(f"{BOARDS}.silent").value(later).value == 15


def test_the_return_of_a_feed_is_no_sick_feed_and_no_silent_thing() -> None:
    back = town(*(board(f"b{n}", 30, (-29, -1)) for n in range(16)))
    assert said(rules()["platform.thin_feed"], back) == []
    assert said(rules()["platform.silent_things"], back) == []
    later = town(*(board(f"b{n}", 30, (-29, -4)) for n in range(16)))
    assert said(rules()["platform.thin_feed"], later) == ["Fires a"]


def ship(key: str, hours: float, loss_h: tuple[float, float] | None) -> dict[str, Any]:
    began, ended = (None, at(-9000)) if loss_h is None else (at(-60 * loss_h[0]), at(-60 * loss_h[1]))
    return {
        "id": key, "time": at(-60 * hours), "sog_kn": 5.0, "cog_deg": 90.0, "heading_deg": None, "status": None,
        "source": "vms", "category": "ship_30", "lon": 108.1, "lat": 16.8, "feed_lost": began, "feed_since": ended,
    }  # fmt: skip


def sea(*found: dict[str, Any]) -> StillFrames:
    table: dict[tuple[str, type[Record]], Any] = {("fishing_vessels", Position): rows(*found)}
    return still(0, table, FEEDS)


def test_a_vessel_is_not_lost_for_the_hours_in_which_nobody_listened() -> None:
    heard = [ship(f"h{n}", 0.5, (8, 1)) for n in range(9)]
    rule = rules()["fishing_vessels.lost_6h"]
    assert said(rule, sea(*heard, ship("v", 9, (8, 1)))) == ["Unknown v"]
    assert said(rule, sea(*heard, ship("v", 14, (8, 1)))) == ["Fires v"], "lost by itself before the loss"
    assert said(rule, sea(*heard, ship("v", 9, None))) == ["Fires v"]


def test_nor_on_the_map_nor_in_a_number() -> None:
    found = [*(ship(f"h{n}", 0.5, (8, 1)) for n in range(9)), ship("v", 9, (8, 1)), ship("w", 14, (8, 1))]
    frame = pd.DataFrame(FishingVessels().classify(rows(*found), replace(zoomed(8), start=at(-1440), end=at(0))))
    assert {key: frame.loc[key, "state"] for key in ("v", "w")} == {"v": "unknown", "w": "silent"}
    lost = get("fishing_vessels.lost_6h").value(sea(*found))
    assert (lost.value, lost.figure.left_out) == (1, {"unknown": 1})
