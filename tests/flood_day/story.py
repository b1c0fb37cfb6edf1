"""What a watch told of a day: one line a finding, as an officer would read it, and how two tellings differ."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from geodata.watch.course import Change
from geodata.watch.spoken import spoken

ZONE = "Asia/Ho_Chi_Minh"
FORM = "%d/%m %H:%M:%S"
YEAR = 2026
NEWS = frozenset({"open", "reopen", "level", "unknown", "known", "close"})


@dataclass(frozen=True, slots=True)
class Word:
    """One change: what, when the watch said so, at which level; of an end also its own time and why."""

    what: str
    at: datetime
    level: int
    ended: datetime | None = None
    reason: str | None = None

    def line(self) -> str:
        own = f"{_local(self.at)} {self.what} {self.level}"
        return own if self.ended is None else f"{own}, {self.reason} {_local(self.ended)}"

    @classmethod
    def read(cls, line: str) -> Word:
        """What ``line`` wrote."""
        told, _, end = line.partition(", ")
        day, clock, what, level = told.split(" ")
        reason, _, ended = end.partition(" ")
        return cls(what, _instant(f"{day} {clock}"), int(level), _instant(ended) if ended else None, reason or None)


@dataclass(slots=True)
class Episode:
    """A finding from its first word on. ``since``: by the rows' own times. ``says``: its words as it was opened."""

    rule: str
    key: str
    since: datetime
    says: str
    course: list[Word] = field(default_factory=list)

    @property
    def levels(self) -> Sequence[int]:
        return [word.level for word in self.course]

    def row(self) -> str:
        told = {"rule": self.rule, "key": self.key, "says": self.says, "since": _local(self.since),
                "course": [word.line() for word in self.course]}  # fmt: skip
        return json.dumps(told, ensure_ascii=False)


class Book:
    """Writes down what a watch says, in the order in which it says it."""

    def __init__(self) -> None:
        self.episodes: list[Episode] = []
        self._last: dict[tuple[str, str], Episode] = {}
        self.kept: dict[str, int] = {}

    def add(self, changes: Iterable[Change]) -> None:
        for change in sorted(changes, key=lambda c: (c.finding.rule, c.finding.key)):
            finding = change.finding
            if change.what not in NEWS:
                self.kept[finding.rule] = self.kept.get(finding.rule, 0) + 1
                continue
            name = (finding.rule, finding.key)
            if change.what == "open":
                words = spoken(finding.rule, finding.facts, "vi", ZONE, finding.updated_at)
                one = Episode(*name, finding.opened_at, f"{words.title}: {words.subject}")
                self.episodes.append(one)
                self._last[name] = one
            self._last[name].course.append(
                Word(change.what, finding.updated_at, finding.level, finding.closed_at, finding.close_reason)
            )

    def rows(self) -> list[str]:
        return [one.row() for one in self.episodes]


def read(path: Path) -> list[Episode]:
    return [_episode(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]


def write(path: Path, rows: Sequence[str]) -> None:
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")


def differences(wanted: Sequence[Episode], found: Sequence[Episode], within: timedelta) -> list[str]:
    """What differs between two tellings by watches that looked at other instants, no further apart than ``within``.

    It may differ: when a word was said, and times that the rows do not tell, by ``within``; levels passed through and
    doubts (unknown, known) between two looks; a finding that lived no longer than that. All else is named.
    """
    told = []
    before, after = _numbered(wanted), _numbered(found)
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            lone = one or other
            assert lone is not None
            if lone.course[-1].what != "close" or lone.course[-1].at - lone.course[0].at > 2 * within:
                told.append(f"{'only now' if one is None else 'missing'}: {lone.row()}")
            continue
        wrong = list(_apart(one, other, within))
        if wrong:
            told.append(f"{', '.join(wrong)}:\n  {one.row()}\n  {other.row()}")
    return told


def _apart(one: Episode, other: Episode, within: timedelta) -> Iterable[str]:
    if abs(one.since - other.since) > within:
        yield "since"
    if abs(one.course[0].at - other.course[0].at) > within:
        yield "noticed"
    if max(one.levels) != max(other.levels):
        yield "highest level"
    ends = [episode.course[-1] for episode in (one, other)]
    if {end.what for end in ends} >= {"close"} and ends[0].what != ends[1].what:
        yield "end"
    elif ends[0].ended is not None and ends[1].ended is not None:
        if abs(ends[0].ended - ends[1].ended) > within:
            yield "ended"
        if ends[0].reason != ends[1].reason:
            yield "reason"


def _numbered(found: Sequence[Episode]) -> Mapping[tuple[str, str, int], Episode]:
    seen: dict[tuple[str, str], int] = {}
    out = {}
    for one in found:
        name = (one.rule, one.key)
        seen[name] = seen.get(name, -1) + 1
        out[(*name, seen[name])] = one
    return out


def _episode(row: Mapping[str, Any]) -> Episode:
    return Episode(row["rule"], row["key"], _instant(row["since"]), row["says"], [Word.read(w) for w in row["course"]])


def _local(at: datetime) -> str:
    return at.astimezone(ZoneInfo(ZONE)).strftime(FORM)


def _instant(text: str) -> datetime:
    return datetime.strptime(f"{YEAR} {text}", f"%Y {FORM}").replace(tzinfo=ZoneInfo(ZONE))
