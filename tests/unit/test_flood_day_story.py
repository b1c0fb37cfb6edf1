"""Tellings of a day: written, read again, compared."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.flood_day.story import ZONE, Episode, Word, differences, read, write

NOON = datetime(2026, 10, 14, 12, tzinfo=ZoneInfo(ZONE))
STEP = timedelta(minutes=5)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def told(*course: tuple[float, str, int], key: str = "a", since: float = -3, ended: float | None = None) -> Episode:
    words = [Word(what, at(minute), level) for minute, what, level in course]
    if ended is not None:
        words[-1] = Word("close", words[-1].at, words[-1].level, at(ended), "ended")
    return Episode("trial.by_hand", key, at(since), "thử: một, hai", words)


OPEN = told((0, "open", 1), (20, "level", 3))
ENDED = told((0, "open", 1), (60, "close", 1), ended=55)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    write(tmp_path / "x.jsonl", [OPEN.row(), ENDED.row()])
    assert [one.row() for one in read(tmp_path / "x.jsonl")] == [OPEN.row(), ENDED.row()]
    assert read(tmp_path / "x.jsonl")[1].course[-1] == ENDED.course[-1]


SAME: list[tuple[str, list[Episode], list[Episode]]] = [
    ("the same", [OPEN, ENDED], [OPEN, ENDED]),
    ("said a step later", [OPEN], [told((5, "open", 1), (22, "level", 3))]),
    ("a level between two looks", [OPEN], [told((0, "open", 1), (17, "level", 2), (19, "level", 3))]),
    ("a short one between two looks", [OPEN], [OPEN, told((2, "open", 1), (4, "close", 1), key="b", ended=4)]),
]
OTHER: list[tuple[str, list[Episode], list[Episode], str]] = [
    ("noticed much later", [OPEN], [told((15, "open", 1), (20, "level", 3))], "noticed"),
    ("since another time", [OPEN], [told((0, "open", 1), (20, "level", 3), since=-30)], "since"),
    ("not so high", [OPEN], [told((0, "open", 1))], "highest level"),
    ("never ended", [ENDED], [told((0, "open", 1))], "end"),
    ("ended another time", [ENDED], [told((0, "open", 1), (60, "close", 1), ended=30)], "ended"),
    ("gone", [OPEN, ENDED], [OPEN], "missing"),
    ("one more", [OPEN], [OPEN, told((2, "open", 1), key="b")], "only now"),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other"), [pytest.param(*case[1:], id=case[0]) for case in SAME])
def test_what_may_differ(one: list[Episode], other: list[Episode]) -> None:
    assert differences(one, other, STEP) == []


@pytest.mark.parametrize(("one", "other", "word"), [pytest.param(*case[1:], id=case[0]) for case in OTHER])
def test_what_may_not(one: list[Episode], other: list[Episode], word: str) -> None:
    (line,) = differences(one, other, STEP)
    assert line.startswith(word)
