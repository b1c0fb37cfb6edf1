"""The course of findings: dwell, hysteresis, re-opening, levels, lost feeds and late rows."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from geodata.calendar import NoWorkingTime
from geodata.errors import ConfigInvalid
from geodata.store.errors import StoreGone
from geodata.watch.engine import look
from geodata.watch.frames import Frames
from geodata.watch.rule import Rule
from geodata.watch.signs import Holds, Over, Sign, Unknown
from geodata.watch.words import Limits
from tests.support.watching import Story, at, by_hand, fires, sources, still


def test_it_opens_changes_level_and_closes() -> None:
    story = Story(by_hand())
    assert story.say(1, fires()) == ["open a"]
    assert story.standing["a"].opened_at == at(0)
    assert story.standing["a"].noticed_at == at(1)
    assert story.say(2, fires()) == []
    assert story.say(3, fires(level=3)) == ["level a"]
    assert story.say(4) == ["close a"]
    assert story.standing["a"].close_reason == "ended"
    assert story.say(5) == []


def test_what_does_not_last_is_not_told() -> None:
    story = Story(by_hand(dwell_s=120))
    assert story.say(1, fires(since=0)) == []
    assert story.say(2, fires(since=2)) == []  # it was gone in between: a new beginning
    assert story.say(4, fires(since=2)) == ["open a"]


def test_a_short_pause_does_not_close() -> None:
    story = Story(by_hand(hold_s=300))
    story.say(1, fires())
    assert story.say(2) == ["keep a"]
    assert story.say(6, fires()) == ["keep a"]  # the clearing is forgotten
    assert story.say(7) == ["keep a"]
    assert story.say(11) == []
    assert story.say(12) == ["close a"]
    assert story.standing["a"].closed_at == at(7)
    assert story.standing["a"].close_noticed_at == at(12)


def test_between_the_two_values_it_holds_and_never_opens() -> None:
    story = Story(by_hand())
    assert story.say(1, Holds("a")) == []
    story.say(2, fires(since=2))
    assert story.say(3, Holds("a")) == []
    assert story.say(4) == ["close a"]


def test_it_opens_again_soon_and_anew_later() -> None:
    story = Story(by_hand(reopen_s=600))
    story.say(1, fires())
    story.say(2)
    assert story.say(5, fires(since=5)) == ["reopen a"]
    assert story.standing["a"].times_opened == 2
    assert story.standing["a"].opened_at == at(0)
    story.say(6)
    assert story.say(30, fires(since=30)) == ["open a"]
    assert story.standing["a"].id == 2


def test_a_lost_feed_neither_opens_nor_closes() -> None:
    story = Story(by_hand())
    assert story.say(1, Unknown("a")) == []
    story.say(2, fires())
    assert story.say(3, Unknown("a")) == ["unknown a"]
    assert story.standing["a"].unknown_since == at(3)
    assert story.say(4, Unknown("a")) == []
    assert story.say(5, fires()) == ["known a"]
    story.say(6, Unknown("a"))
    assert story.say(7) == ["close a"]


def test_late_rows_close_backward() -> None:
    story = Story(by_hand())
    story.say(10, fires(since=5))
    assert story.say(20, Over("a", at(8))) == ["close a"]
    assert (story.standing["a"].closed_at, story.standing["a"].close_reason) == (at(8), "late_data")


def test_what_later_rows_deny_never_was_and_does_not_come_back() -> None:
    story = Story(by_hand())
    story.say(10, fires(since=5))
    assert story.say(20, Over("a", at(4))) == ["close a"]
    assert (story.standing["a"].closed_at, story.standing["a"].close_reason) == (at(5), "never_was")
    assert story.say(21, fires(since=5)) == []
    assert story.say(22, fires(since=21)) == ["reopen a"]


def test_of_several_signs_the_heaviest_counts() -> None:
    story = Story(by_hand())
    assert story.say(1, Unknown("a"), fires(level=2), fires(level=3), Holds("a")) == ["open a"]
    assert story.standing["a"].level == 3


def test_a_change_of_facts_is_kept_and_is_no_news() -> None:
    story = Story(by_hand())
    story.say(1, fires(facts={"n": 1}))
    assert story.say(2, fires(facts={"n": 2})) == ["keep a"]
    assert story.standing["a"].noticed_at == at(1)


def test_a_limit_of_a_day_and_of_a_city() -> None:
    old = {"name": "much", "value": 5, "law": "cũ"}
    new = {"name": "much", "value": 7, "law": "mới", "from": at(0).date()}
    rule = by_hand(limits=[new, old])
    assert rule.limits(at(-60 * 24))["much"] == 5
    assert rule.limits(at(0))["much"] == 7
    assert rule.with_limits(much=9).limits(at(0))["much"] == 9
    assert rule.with_limits(much=9).limits(at(0)).as_json()[0]["confirmed"] is False
    with pytest.raises(ConfigInvalid, match="no limit is named little"):
        rule.with_limits(little=1)


def test_a_limit_that_the_map_shares_is_not_changed_for_the_rule_alone() -> None:
    rule = by_hand(limits=[{"name": "much", "value": 5, "law": "thử", "fixed": True}])
    assert rule.limits(at(0))["much"] == 5
    with pytest.raises(ConfigInvalid, match="much: fixed"):
        rule.with_limits(much=6)


def test_a_rule_that_meets_an_error_of_ours_does_not_blind_the_others() -> None:
    def broken(_frames: Frames, _limits: Limits) -> Iterable[Sign]:
        raise NoWorkingTime(start="x")

    def away(_frames: Frames, _limits: Limits) -> Iterable[Sign]:
        raise StoreGone(where="x", reason="y")

    good = Rule("trial.good", lambda _frames, _limits: [fires()], (), by_hand().words)
    frames = still(1, {}, sources())
    done = look([Rule("trial.broken", broken, (), by_hand().words), good], frames, {})
    assert [change.what for change in done.changes] == ["open"]
    assert list(done.failed) == ["trial.broken"]
    with pytest.raises(StoreGone):
        look([good, Rule("trial.away", away, (), by_hand().words)], frames, {})


def test_words_speak_of_known_facts_only() -> None:
    with pytest.raises(ValueError, match="does not name: n"):
        by_hand(title={"vi": "{n} việc", "en": "{n} things"})
