"""The journals of watch and desk and the ledger as the indicators read them, then and as known then: a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import psycopg
import pytest

from geodata.city import city
from geodata.indicators import whole
from geodata.indicators.figure import Value
from geodata.store.desk import Desk
from geodata.store.findings import FindingStore
from geodata.store.reader import Reader
from geodata.store.types import Role
from geodata.watch.course import Change, Finding
from geodata.watch.frames import NOT_WATCHED, Watched, watched
from tests.support import scene
from tests.support.sync_store import SyncStore

Dsn = Callable[[Role], str]
HUE = city("hue")


class Course:
    """A watch moved by hand; the desk acts now, after all that the watch has told."""

    def __init__(self, dsn: Dsn, now: datetime) -> None:
        self.now, self.dsn, self.desk = now, dsn, Desk(dsn("desk"))
        self.store, self.reader = FindingStore(dsn("watch")), Reader(dsn("read"))

    def tell(self, what: Any, minute: float, one: Finding, **more: Any) -> Finding:
        at = self.now + timedelta(minutes=minute)
        if what == "close":
            more |= {"closed_at": at, "close_noticed_at": at, "close_reason": "ended"}
        (kept,) = self.store.apply([Change(what, replace(one, updated_at=at, **more))])
        return kept

    def opened(self, key: str, minute: float, level: int = 2) -> Finding:
        at = self.now + timedelta(minutes=minute)
        fresh = Finding(
            rule="trial.by_hand", rule_version=1, service="hydrology", key=key, level=level, opened_at=at,
            noticed_at=at, updated_at=at,
        )  # fmt: skip
        return self.tell("open", minute, fresh)

    def told(self, minute: float, known: float | None = None) -> dict[str, Value]:
        at, known_at = (None if m is None else self.now + timedelta(minutes=m) for m in (minute, known))
        return {value.id.partition(".")[2]: value for value in whole.of_city(self.reader, HUE, at, known_at, "desk")}

    def close(self) -> None:
        self.reader.close()
        self.store.close()


@pytest.fixture
def course(dsn: Dsn) -> Iterator[Course]:
    made = Course(dsn, datetime.now(UTC).replace(microsecond=0))
    yield made
    made.close()


def test_what_stood_is_read_from_journals_that_nobody_changes(course: Course) -> None:
    assert course.told(0)["open_now"].state == "ready", "nobody has ever looked"
    assert course.store.turn()
    twice = course.opened("twice", -120)
    course.tell("close", -60, twice)
    again = course.tell("reopen", -30, twice, level=3, times_opened=2, noticed_at=course.now - timedelta(minutes=30))
    risen, done, back = (course.opened(key, -90) for key in ("risen", "done", "back"))
    course.desk.act("an", "acknowledge", again.id, {"level": 3})
    course.desk.act("an", "acknowledge", risen.id, {"level": 2})
    course.desk.act("an", "close", done.id, {"level": 2, "reason": "x"})
    course.desk.act("an", "close", back.id, {"level": 2, "reason": "x"})
    course.desk.act("an", "reopen", back.id, {"level": 2, "reason": "y"})
    course.tell("level", 5, risen, level=4)

    now = course.told(6)
    assert now["open_now"].figure.parts == {"level_4": 1, "level_3": 1, "level_2": 1}
    assert now["open_now"].figure.left_out == {"desk_closed": 1}
    assert now["unacknowledged"].figure.parts == {"level_4": 1, "level_2": 1}, "a level that rises asks again"
    assert now["unseen_grave"].value == 1
    assert now["opened_day"].value == 5, "what opened again came again"
    assert now["acknowledge_day"].figure.parts == {"done": 2, "not_done": 3}
    assert now["close_day"].figure.parts == {"done": 2, "not_done": 3}
    assert now["close_day"].value == pytest.approx(1.5, abs=0.4), "of 5, 4 stood for an hour, and 3 when one was closed"
    assert now["opened_against"].state == "none"

    then = course.told(-45)  # between its close and its opening again
    assert then["open_now"].figure.parts == {"level_2": 3}
    assert then["unacknowledged"].value == 3
    assert course.told(-100)["opened_day"].value == 1
    assert course.told(-130)["open_now"].state == "ready"

    def stood(minute: float) -> set[str]:
        return set(course.reader.query("inbox", end=course.now + timedelta(minutes=minute))["key"])

    assert stood(-119) == {"twice"}
    assert stood(-45) == {"risen", "done", "back"}, "between its two lives it is in no queue"
    assert stood(0) == {"twice", "risen", "done", "back"}

    as_known = course.told(6, known=-75)  # nobody knew then that the first one would end
    assert as_known["open_now"].figure.parts == {"level_2": 4}
    assert as_known["unacknowledged"].value == 4


def test_while_no_watch_looks_the_present_is_unknown(course: Course) -> None:
    one = course.opened("one", -10)
    some = course.told(0)["open_now"]
    assert (some.value, some.state, some.figure.left_out) == (1, "partial", {"no_watch": 1})
    course.tell("close", -5, one)
    none = course.told(0)["open_now"]
    assert (none.value, none.state) == (None, "unknown")
    assert course.store.turn()
    quiet = course.told(0)["open_now"]
    assert (quiet.value, quiet.state) == (0, "known"), "a watch has its turn and says nothing"


def looks(course: Course, minute: float, known: float | None = None) -> Watched:
    at, known_at = (None if m is None else course.now + timedelta(minutes=m) for m in (minute, known))
    assert at is not None
    return watched(course.reader, at, known_at)


def test_the_past_knows_whether_somebody_looked(course: Course) -> None:
    assert looks(course, -60) == NOT_WATCHED
    for minute in (-90, -89, -88, -60, -58):
        course.store.looked(course.now + timedelta(minutes=minute))
    told = {minute: looks(course, minute).looks for minute in (-91, -90, -86, -84, -61, -60, -56, -54)}
    assert told == {-91: None, -90: True, -86: True, -84: False, -61: False, -60: True, -56: True, -54: False}
    assert looks(course, -70).last == course.now - timedelta(minutes=88)
    assert looks(course, -57, known=-70).looks is False, "as it was known in the pause"
    course.opened("one", -89)
    assert course.told(-86)["open_now"].state == "known"
    assert course.told(-70)["open_now"].state == "partial", "what else began in the pause nobody saw"
    with psycopg.connect(course.dsn("read")) as connection:
        rows = connection.execute("SELECT count(*) FROM watch_look").fetchone()
    assert rows == (2,), "a stretch is one row"


def test_a_watch_that_has_its_turn_and_does_not_look_is_none(course: Course) -> None:
    assert course.store.turn()
    assert looks(course, 0.5).looks, "it has just begun"
    course.store.looked(course.now)
    assert looks(course, 0.5).looks
    with psycopg.connect(course.dsn("watch")) as connection:
        connection.execute("UPDATE watch_look SET told = told - interval '4 minutes'")
    assert looks(course, 0.5).looks is False
    course.store.looked(course.now + timedelta(minutes=1))
    assert looks(course, 0.5).looks


def test_a_clock_that_is_set_back_begins_another_stretch(course: Course) -> None:
    for minute in (0, -30, -29):
        course.store.looked(course.now + timedelta(minutes=minute))
    assert looks(course, -29).looks
    assert looks(course, -20).looks is False


def test_what_was_told_then_stands_in_a_past_queue(course: Course) -> None:
    """Facts, cause and count of a finding that changed later are those of then."""
    one = course.opened("one", -100)
    course.tell("level", -90, one, level=3, facts={"name": "then"})
    course.tell("unknown", -80, one, level=3, facts={"name": "then"}, unknown_cause="feed", unknown_since=course.now)
    course.tell("close", -70, one, level=3, facts={"name": "then"})
    again = course.tell("reopen", -60, one, level=2, times_opened=2, facts={"name": "again"})
    course.tell("keep", -50, again, facts={"name": "now"})

    def then(minute: float) -> Any:
        (row,) = course.reader.query("inbox", end=course.now + timedelta(minutes=minute)).to_dict("records")
        return row

    assert (then(-95)["facts"], then(-95)["times_opened"]) == ({}, 1)
    assert then(-85)["facts"] == {"name": "then"}
    assert pd.isna(then(-85)["unknown_since"])
    assert (then(-75)["unknown_cause"], then(-75)["times_opened"]) == ("feed", 1)
    assert then(-75)["unknown_since"] == course.now - timedelta(minutes=80)
    assert (then(-55)["facts"], then(-55)["times_opened"]) == ({"name": "again"}, 2)
    assert pd.isna(then(-55)["unknown_since"])
    assert then(0)["facts"] == {"name": "now"}


def test_the_ledger_is_summed_to_the_minute_that_is_asked(dsn: Dsn, reader: Reader) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    with SyncStore(dsn("ingest")) as store:
        for _ in range(2):
            store.write(scene.BINDINGS["field_reports"], scene.reports(now))
    came = {v.id: v for v in whole.of_city(reader, HUE, now + timedelta(minutes=1), service="platform")}
    received, stored, duplicate = (came[f"platform.{name}"].value for name in ("received", "stored", "duplicate"))
    assert received
    assert received == 2 * (stored or 0) == 2 * (duplicate or 0)
    assert came["platform.received"].figure.n == 1
    assert came["platform.rejected_share"].value == 0
    hour = timedelta(hours=1)
    for at, known in ((now - hour, None), (now + hour, now - hour)):
        before = {v.id: v for v in whole.of_city(reader, HUE, at, known, "platform")}
        assert before["platform.received"].state == "ready"
        assert before["platform.worst_lag"].state == "ready"
