"""The clock of the indicators page without a browser: links, typed moments, steps, what was known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from app.pages import indicators_card
from app.pages.indicators_clock import LIVE, Clock, Moment, moment
from app.panels.typed_time import NotAMoment
from app.text import Text
from geodata.city import city
from geodata.indicators.indicator import get

NOW = datetime(2024, 11, 21, 7, 30, tzinfo=UTC)
SEVEN = datetime(2024, 11, 20, 0, tzinfo=UTC)
"""07:00 on the 20th in Huế."""

T = str(int(SEVEN.timestamp()))


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ({}, LIVE),
        ({"t": T}, Moment(SEVEN)),
        ({"t": T, "k": "1"}, Moment(SEVEN, SEVEN)),
        ({"t": "2024-11-20T07:00:00+07:00"}, Moment(SEVEN)),
        ({"t": T, "known": "2024-11-20T05:00:00Z"}, Moment(SEVEN, SEVEN + timedelta(hours=5))),
        ({"k": "1"}, LIVE),
    ],
)
def test_a_link_asks_for_a_moment_and_is_written_again(query: Mapping[str, str], asked: Moment) -> None:
    assert moment(query, NOW) == asked
    assert moment(asked.query(), NOW) == asked


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"t": "soon"}, "link"),
        ({"t": "9" * 40}, "link"),
        ({"t": "nan"}, "link"),
        ({"t": "²"}, "link"),
        ({"t": T, "known": "x"}, "link"),
        ({"t": "0001-01-01T00:00:00+14:00"}, "link"),
        ({"t": str(int(NOW.timestamp()) + 1)}, "future"),
        ({"t": "100"}, "old"),
    ],
)
def test_what_is_no_moment_is_told_apart(query: Mapping[str, str], why: str) -> None:
    with pytest.raises(NotAMoment) as told:
        moment(query, NOW)
    assert told.value.args == (why,)


def clock(query: Mapping[str, str] | None = None) -> tuple[Clock, list[Moment]]:
    seen: list[Moment] = []
    made = Clock(query or {}, "Asia/Ho_Chi_Minh", Text("vi"), lambda: seen.append(made.asked))
    return made, seen


def test_a_bad_link_is_live_and_says_so_in_one_line() -> None:
    hand, _ = clock({"t": "soon"})
    assert hand.asked == LIVE
    assert hand.data()["wrong"] == "Không đọc được thời điểm trong liên kết. Trang đang trực tiếp."
    hand.typed("20/11/2024 07:00")
    assert (hand.asked, hand.data()["wrong"]) == (Moment(SEVEN), None)


def test_a_moment_is_typed_in_the_citys_time() -> None:
    hand, seen = clock()
    hand.typed("20/11/2024 07:00")
    hand.known()
    assert hand.asked == Moment(SEVEN, SEVEN)
    hand.step(3600)  # as known then goes along
    assert hand.asked == Moment(SEVEN + timedelta(hours=1), SEVEN + timedelta(hours=1))
    hand.known()
    assert hand.asked.known_at is None
    hand.typed("31/02 07:00")
    assert hand.data()["wrong"] == Text("vi")("time.wrong_form")
    assert hand.asked.at == SEVEN + timedelta(hours=1), "what is no moment leaves the page where it is"
    hand.typed("")
    assert hand.asked == LIVE
    assert len(seen) == 6


def test_steps_end_at_the_present() -> None:
    hand, _ = clock()
    hand.ago(86400)
    there = hand.asked.at
    assert there is not None
    assert timedelta(days=1) <= datetime.now(UTC) - there < timedelta(days=1, minutes=5)
    hand.step(86400 * 2)
    assert hand.asked == LIVE
    hand.step(3600)
    hand.known()
    assert hand.asked == LIVE


def test_what_is_copied_from_the_panel_asks_the_same_moment() -> None:
    one, then = get("platform.feeds_up"), Moment(SEVEN, SEVEN)
    assert indicators_card.command(one, LIVE) == "vonglau indicators --service platform --json"
    assert indicators_card.command(one, then).endswith("--at 2024-11-20T00:00:00Z --known-at 2024-11-20T00:00:00Z")
    told = indicators_card.notebook(one, then, city("hue"))
    assert compile(told, "cell", "exec")
    assert 'connect("hue"), "hue", at=pd.Timestamp("2024-11-20T00:00:00Z"), known_at=' in told
