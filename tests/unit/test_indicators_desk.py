"""What the program says of itself: the edges of each number on frames made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from app.pages import indicators_card, indicators_rows
from app.pages.indicators_reading import Read
from app.text import Text
from geodata.city import city
from geodata.indicators import survival
from geodata.indicators.figure import Value
from geodata.indicators.indicator import get
from geodata.outlet import OutletBinding
from geodata.watch.frames import NOT_WATCHED, StillFrames, Watched
from tests.support.indicator_frames import EYES, lags, lines, standing, standings
from tests.support.watching import T0, at, sources

BLIND = Watched(EYES.began, looks=False)
FRESH = Watched(None, looks=True)
PAST = Watched(EYES.began, looks=None)


def desk(name: str, *found: Any, eyes: Watched = EYES) -> Value:
    return get(f"desk.{name}").value(StillFrames(T0, city("hue"), stood=standings(*found), eyes=eyes))


# -- what stands -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("eyes", "state", "value"),
    [
        (NOT_WATCHED, "ready", None),
        (FRESH, "known", 0),
        (EYES, "known", 0),
        (PAST, "known", 0),
        (BLIND, "unknown", None),
    ],
)
def test_no_finding_is_nought_only_while_somebody_looks(eyes: Watched, state: str, value: float | None) -> None:
    found = [desk(name, eyes=eyes) for name in ("open_now", "unacknowledged", "unseen_grave", "opened_day")]
    assert {(one.state, one.value) for one in found} == {(state, value)}


def test_what_stands_while_nobody_looks_is_about() -> None:
    found = desk("open_now", standing(-60), eyes=BLIND)
    assert (found.value, found.state, found.figure.left_out, found.feeds) == (1, "partial", {"no_watch": 1}, 0)


def test_what_stands_is_told_by_level_without_what_the_desk_has_closed() -> None:
    told = [
        standing(-60, level=4), standing(-50, level=2), standing(-40, level=2, seen=-30),
        standing(-30, level=3, seen=-20), standing(-20, -10, level=4), standing(-10, closed=-5, level=4),
    ]  # fmt: skip
    found = desk("open_now", *told)
    assert (found.value, found.figure.parts) == (4, {"level_4": 1, "level_3": 1, "level_2": 2})
    assert found.figure.left_out == {"desk_closed": 1}
    assert desk("unacknowledged", *told).figure.parts == {"level_4": 1, "level_2": 1}
    grave = desk("unseen_grave", *told)
    assert (grave.value, grave.level) == (1, 3)


def test_an_acknowledgement_of_a_lower_level_counts_no_more() -> None:
    risen = standing(-60, seen=-50, level=4, acknowledged=False)
    assert desk("unseen_grave", risen).value == 1
    assert desk("acknowledge_day", risen).figure.parts == {"done": 1, "not_done": 0}


# -- how long ----------------------------------------------------------------------------------------
def test_of_findings_that_are_all_open_no_median_is_told() -> None:
    found = [desk(name, *(standing(-60 - n) for n in range(9))) for name in ("acknowledge_day", "close_day")]
    assert {(one.value, one.state, one.figure.n) for one in found} == {(None, "none", 9)}
    assert {one.figure.parts["not_done"] for one in found} == {9}
    assert desk("close_day").state == "none"


def test_the_hard_ones_that_stand_open_make_the_median_longer() -> None:
    quick = [standing(-600, -590, -595) for _ in range(6)]
    assert desk("close_day", *quick).value == pytest.approx(1 / 6)
    slow = desk("close_day", *quick, *(standing(-600, -300) for _ in range(2)), *(standing(-500) for _ in range(5)))
    assert slow.value == pytest.approx(5)
    assert slow.figure.n == 13


def test_what_never_was_and_what_is_older_do_not_count() -> None:
    never, old = standing(-60, -50, end_reason="never_was"), standing(-60 * 30, -10, -60 * 29)
    found = desk("close_day", never, old)
    assert (found.value, found.figure.n, found.figure.left_out) == (None, 0, {"never_was": 1})
    assert desk("close_week", never, old).value == pytest.approx(30 - 1 / 6)


def test_the_desk_may_close_before_the_cause_has_ended() -> None:
    assert desk("close_day", standing(-120, -30, closed=-90)).value == pytest.approx(0.5)
    assert desk("close_day", standing(-120, None, closed=-90)).value == pytest.approx(0.5)


FREIREICH = [(6, 1), (6, 1), (6, 1), (6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1), (17, 0),
             (19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]  # fmt: skip
"""Weeks of remission under 6-mercaptopurine (Freireich and others, Blood 1963), the example of every textbook."""


@pytest.mark.parametrize(
    ("spans", "told"),
    [
        (FREIREICH, (23, 13, None)),  # as R and SAS print it with log-log limits
        ([], (None, None, None)),
        ([(1, 0)] * 9, (None, None, None)),
        ([(5, 1)], (5, None, None)),
        ([(n, 1) for n in range(1, 6)], (3, None, None)),
        ([(5, 1)] * 9, (5, None, None)),
    ],
)
def test_median_with_open_ones_censored(spans: list[tuple[float, int]], told: tuple[float | None, ...]) -> None:
    found = survival.median((span, bool(ended)) for span, ended in spans)
    assert (found.value, found.low, found.high) == told


def test_limits_of_many_hold_the_median_on_both_sides() -> None:
    found = survival.median((float(n), True) for n in range(1, 101))
    assert found.value == 50
    assert found.low is not None
    assert found.high is not None
    assert (found.low, found.high) == pytest.approx((40, 61), abs=2), "ranks give 40 and 61"


def test_an_interval_without_an_upper_end_says_so() -> None:
    spans = [standing(-60 * n, -1) for n in range(2, 9)]
    found = desk("close_day", *spans, *(standing(-600 + n) for n in range(4)))
    assert found.figure.low is not None
    assert indicators_rows.interval(found, Text("vi")).startswith("≥" if found.figure.high is None else "")


# -- how many ----------------------------------------------------------------------------------------
def test_today_is_held_against_the_days_that_somebody_looked() -> None:
    week = [standing(-1440 * day - 60, -1440 * day) for day in range(1, 8)]
    today = [standing(-60 - n, -30) for n in range(3)]
    found = desk("opened_against", *week, *today)
    assert found.value == pytest.approx(300)
    assert found.figure.denominator == 1
    assert found.figure.low is not None
    assert found.figure.high is not None
    assert found.figure.low < 300 < found.figure.high
    two_days = [standing(-1440 - 60 - n, -1440) for n in range(8)]
    young = Watched(at(-1440 * 3), looks=True)
    assert desk("opened_against", *two_days, *today, eyes=young).value == pytest.approx(75)
    assert desk("opened_against", *two_days, *today, eyes=Watched(at(-1440), looks=True)).state == "none"
    assert desk("opened_against", *week[:4], *today).state == "none", "of four findings nothing is usual"


@pytest.mark.parametrize(("n", "met"), [(144, "met"), (145, "missed")])
def test_one_operator_can_take_one_new_finding_in_ten_minutes(n: int, met: str) -> None:
    assert desk("opened_day", *(standing(-5 * one - 1) for one in range(n))).met == met


# -- messages out ------------------------------------------------------------------------------------
ZALO = OutletBinding.model_validate({"kind": "webhook", "url": "http://x"})
UNREAD = {"outlet": None, "waiting": 4, "waits_since": at(-5), "given_up": 0, "given_up_since": None, "error": None}


def sent(name: str, *found: Any, outlets: Any = None) -> Value:
    town = city("hue").model_copy(update={"outlets": outlets or {}})
    return get(f"outlets.{name}").value(StillFrames(T0, town, unsent=pd.DataFrame(list(found))))


def test_a_city_without_outlets_has_no_messages() -> None:
    assert {sent(name).state for name in ("waiting", "given_up")} == {"ready"}
    assert sent("waiting", UNREAD).state == "ready", "nobody reads the journals, and nobody means to"


def test_an_outlet_with_nothing_to_send_waits_for_nothing() -> None:
    found = sent("waiting", outlets={"zalo": ZALO})
    assert (found.value, found.state, found.figure.n) == (0, "known", 1)


def test_what_the_sender_has_not_read_waits_too() -> None:
    found = sent("waiting", UNREAD, {**UNREAD, "outlet": "zalo/so_y_te", "waiting": 2}, outlets={"zalo": ZALO})
    assert (found.value, found.figure.n, found.figure.parts) == (6, 2, {"sender": 4, "zalo/so_y_te": 2})
    said = {row["label"]: row["value"] for row in indicators_card.parts(found, Text("vi"))}
    assert said == {"bộ gửi (vonglau notify)": "4", "zalo/so_y_te": "2"}


# -- the ledger --------------------------------------------------------------------------------------
def ledger(name: str, **told: Any) -> Value:
    feeds = sources(feed_a="ais", feed_b="table")
    return get(f"platform.{name}").value(replace(StillFrames(T0, city("hue"), feeds=feeds), **told))


def test_a_ledger_without_a_line_is_ready_and_one_of_a_quiet_day_is_nought() -> None:
    names = ("received", "stored", "duplicate", "rejected")
    assert {ledger(name).state for name in (*names, "rejected_share")} == {"ready"}
    quiet = lines(["a", "b"], {}, {}).assign(received=0, stored=0, duplicate=0)
    assert {(ledger(name, lines=quiet).value, ledger(name, lines=quiet).figure.n) for name in names} == {(0, 2)}
    assert ledger("rejected_share", lines=quiet).state == "none", "of nothing there is no share"


def test_what_was_rejected_is_told_by_reason_and_the_ledger_closes() -> None:
    came = lines(["a", "b"], {"garbled": 1}, {"conflict": 1, "of_a_stranger": 0})
    found = ledger("rejected_share", lines=came)
    assert (found.value, found.figure.numerator, found.figure.low) == (10, 2, None)
    total = {name: ledger(name, lines=came).value for name in ("received", "stored", "duplicate", "rejected")}
    assert total == {"received": 20, "stored": 14, "duplicate": 4, "rejected": 2}
    said = [row["label"] for row in indicators_card.parts(ledger("rejected", lines=came), Text("vi"))]
    assert said == ["Trái với bản đã lưu", "Không đọc được", "of_a_stranger"]


def test_the_worst_lag_is_told_against_the_cadence_of_its_own_feed() -> None:
    found = ledger("worst_lag", late=lags(["a", "b"]))
    assert (found.value, found.figure.n, found.figure.sources) == (2, 2, ["feed_a"])
    assert (found.figure.numerator, found.figure.denominator) == (120, 60)
    few = lags(["a", "b"]).assign(n=[4, 5])
    assert ledger("worst_lag", late=few).figure.sources == ["feed_b"], "of four rows no 95th part is told"


def test_a_lost_feed_has_no_lag() -> None:
    feeds = sources(feed_a="ais", feed_b="table")
    feeds["up"] = [False, True]
    one = ledger("worst_lag", late=lags(["a", "b"]), feeds=feeds)
    assert (one.value, one.state, one.figure.sources) == (0.5, "partial", ["feed_b"])
    none = ledger("worst_lag", late=lags(["a", "b"]), feeds=feeds.assign(up=False))
    assert (none.value, none.state) == (None, "unknown")
    assert ledger("worst_lag").state == "none", "feeds that have brought nothing to be looked at"
    assert ledger("worst_lag", feeds=pd.DataFrame()).state == "ready"


def test_groups_stand_by_service_and_family() -> None:
    found = indicators_rows.groups(Read(), ["platform"], Text("vi"))
    assert [(group["id"], group["title"]) for group in found][1:] == [("desk", "Bàn trực"), ("outlets", "Gửi tin ra")]
