"""The course of a delivery with a clock set by hand: who is told what, what is no longer said, storms, patience."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from geodata.store.deliveries import Delivery, Line
from outlets.course import Lane, Settled, news_of, route, settle, wait_s
from tests.support.posting import at, closed, delivery, finding, ids, lane, line, town

ADDRESSES = {"so_nnmt": {"email": "truc@so.example"}, "so_xay_dung": {"email": "xd@so.example"}}


@pytest.mark.parametrize(
    ("one", "news"),
    [
        (line("open"), "opened"),
        (line("reopen"), "reopened"),
        (line("close"), "closed"),
        (line("level", level=3, level_before=2), "level_raised"),
        (line("level", level=1, level_before=2), "level_lowered"),
        (line("level", level=2, level_before=2), None),
        (line("unknown"), None),
        (line("known"), None),
        (line("acknowledge", act_id=1), "acknowledged"),
        (line("assign", act_id=1), "assigned"),
        (line("close", act_id=1), "closed"),
        (line("reopen", act_id=1), "reopened"),
        (line("note", act_id=1), None),
        (line("snooze", act_id=1), None),
        (line("handover", act_id=1, finding_id=None), None),
    ],
)
def test_what_a_line_is_to_the_world(one: Line, news: str | None) -> None:
    assert news_of(one) == news


def routed(lines: Sequence[Line], one: Lane, told: Sequence[tuple[str, int]] = ()) -> list[str]:
    found = route(lines, set(told), [one], town(addresses=ADDRESSES).agencies)
    return [f"{planned.outlet} {planned.news}" for planned in found]


@pytest.mark.parametrize(
    ("binding", "takes"),
    [
        ({}, True),
        ({"levels": [3, 4]}, True),
        ({"levels": [4]}, False),
        ({"services": ["hydrology"]}, True),
        ({"services": ["press"]}, False),
        ({"rules": ["hydrology.*"]}, True),
        ({"rules": ["hydrology.rising"]}, False),
        ({"agencies": ["so_nnmt"]}, False),
        ({"on": ["closed"]}, False),
    ],
)
def test_filters(binding: dict[str, Any], takes: bool) -> None:
    assert bool(routed([line("open")], lane(**binding))) == takes


def test_an_end_is_told_to_those_who_know_of_the_beginning() -> None:
    one = lane(levels=[3])
    end = line("close", level=1)  # it sank before it ended
    assert routed([end], one) == []
    assert routed([end], one, [("out", 7)]) == ["out closed"]
    assert routed([line("open"), end], one) == ["out opened", "out closed"]
    assert routed([end], lane(on=["closed"])) == ["out closed"]


def test_an_official_warning_is_not_sent_on_as_ours() -> None:
    assert (
        routed([line("open", service="warnings", rule="warnings.in_force")], lane("cap", sender="x", url="http://x"))
        == []
    )


def test_a_deed_goes_to_the_agency_and_its_end_too() -> None:
    one = lane("email", agency_addresses=True, host="x", sender="a@b.c")
    given = line("assign", act_id=1, agency="so_nnmt")
    assert routed([line("open"), given, line("close", agency="so_nnmt")], one) == [
        "out/so_nnmt assigned",
        "out/so_nnmt closed",
    ]
    moved = line("assign", act_id=2, agency="so_xay_dung", agency_before="so_nnmt")
    assert routed([given, moved], one) == ["out/so_nnmt assigned", "out/so_xay_dung assigned", "out/so_nnmt withdrawn"]
    assert routed([line("assign", act_id=3, agency="so_y_te")], one) == [], "it has no address"


def done(
    waiting: Sequence[Delivery], one: Lane | None = None, minutes: float = 1, sent: tuple[int, int] = (0, 0)
) -> Settled:
    return settle(waiting, one or lane(), sent, at(minutes))


def said(settled: Settled) -> list[tuple[int, str]]:
    return [(one.id, word) for one, word in settled.due]


def test_what_opened_and_ended_while_the_outlet_was_away_is_one_message() -> None:
    over = closed()
    waiting = [
        delivery(1, about=over, tries=3),
        delivery(2, "level_raised", over),
        delivery(3, "closed", over, told="opened"),
    ]
    settled = done(waiting)
    assert said(settled) == [(3, "closed")]
    assert ids(settled.superseded["a newer message says it"]) == [1, 2]


def test_cap_says_nothing_of_what_nobody_heard_and_cancels_what_somebody_may_have() -> None:
    over, cap = closed(), lane("cap", sender="x", url="http://x")
    assert said(done([delivery(1, about=over), delivery(2, "closed", over)], cap)) == []
    tried = [delivery(1, about=over, tries=1), delivery(2, "closed", over, told="opened")]
    assert said(done(tried, cap)) == [(2, "closed")]


def test_nothing_alarms_late() -> None:
    assert said(done([delivery(1, about=closed())])) == [], "over, and nobody asked to be told of ends"
    shut = delivery(1, desk_close_reason="báo nhầm")
    assert said(done([shut])) == [], "the desk closed it"
    deed = delivery(1, "assigned", closed())
    assert said(done([deed])) == []


def test_a_beginning_that_rose_meanwhile_is_still_a_beginning() -> None:
    assert said(done([delivery(1), delivery(2, "level_raised")])) == [(2, "opened")]
    assert said(done([delivery(2, "level_raised", told="opened", had="opened")])) == [(2, "level_raised")]


def test_an_end_is_told_once() -> None:
    over = closed()
    assert said(done([delivery(3, "closed", over, told="closed", had="closed")])) == []
    assert said(done([delivery(3, "closed", over, told="closed", had="opened")])) == [(3, "closed")], "tried in vain"
    again = [delivery(3, "reopened", over, had="closed"), delivery(4, "closed", over, had="closed", told="closed")]
    assert said(done(again)) == []


def test_deeds_stand_beside_the_state() -> None:
    waiting = [delivery(1), delivery(2, "assigned"), delivery(3, "assigned"), delivery(4, "acknowledged")]
    assert said(done(waiting)) == [(1, "opened"), (3, "assigned"), (4, "acknowledged")]


def test_none_before_an_older_one_of_the_same_finding() -> None:
    later = at(60)
    waiting = [delivery(1, next_try=later), delivery(2, "assigned"), delivery(3, about=finding(8))]
    assert said(done(waiting)) == [(3, "opened")]


def test_after_a_long_silence_of_ours_only_what_still_stands_is_told() -> None:
    over = closed(minutes=60)
    week = 7 * 24 * 60
    late: dict[str, Any] = {"created_at": at(week), "next_try": at(week)}
    waiting = [
        delivery(1, about=over, **late),
        delivery(2, "closed", over, **late),
        delivery(3, about=finding(8), **late),
    ]
    assert said(done(waiting, minutes=week)) == [(3, "opened")]


def test_given_up_when_too_old() -> None:
    one = lane(give_up_h=2)
    assert ids(done([delivery(1)], one, minutes=121).given_up) == [1]
    assert said(done([delivery(1)], one, minutes=119)) == [(1, "opened")]


def storm(n: int, level: int = 3) -> list[Delivery]:
    return [delivery(i, about=finding(i, level=level)) for i in range(1, n + 1)]


def test_a_storm_becomes_one_digest_and_nothing_is_lost() -> None:
    one = lane(per_minute=5)
    assert said(done(storm(5), one)) == [(i, "opened") for i in range(1, 6)]
    settled = done(storm(40), one)
    assert [ids(group) for group in settled.digests] == [list(range(1, 41))]
    assert said(settled) == []
    held = done(storm(40), one, sent=(5, 1))
    assert (list(held.digests), said(held), dict(held.superseded)) == ([], [], {}), "one digest a minute"
    assert len(said(done(storm(40), lane(per_minute=0)))) == 40


def test_in_a_storm_the_urgent_and_the_deeds_stand_alone() -> None:
    waiting = [*storm(10), delivery(11, about=finding(11, level=5)), delivery(12, "assigned", finding(12))]
    settled = done(waiting, lane(per_minute=5))
    assert sorted(said(settled)) == [(11, "opened"), (12, "assigned")]
    assert [ids(group) for group in settled.digests] == [list(range(1, 11))]
    assert [len(group) for group in done(storm(10, level=4), lane(per_minute=5)).digests] == [10], (
        "even of these too many"
    )


def test_simulated_and_real_are_never_one_digest() -> None:
    mixed = [delivery(i, about=finding(i, simulated=i > 6)) for i in range(1, 11)]
    assert [ids(group) for group in done(mixed, lane(per_minute=2)).digests] == [[1, 2, 3, 4, 5, 6], [7, 8, 9, 10]]


def test_patience_grows_has_an_end_and_obeys() -> None:
    assert [wait_s(n, 1.0) for n in (1, 2, 3, 7, 8, 50)] == [5, 10, 20, 320, 600, 600]
    assert wait_s(3, 0.0) == 10
    assert wait_s(1, 1.0, 90.0) == 90
    assert wait_s(8, 1.0, 1.0) == 600
    assert wait_s(1, 0.5, 1e9) == timedelta(hours=1).total_seconds()
