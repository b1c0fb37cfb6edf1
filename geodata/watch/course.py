"""The course of findings: open, change, close, open again. Pure: findings and signs in, changes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from math import isclose
from typing import Literal

from shapely.geometry.base import BaseGeometry

from geodata.records import JSON
from geodata.watch.rule import Rule
from geodata.watch.signs import Fires, Holds, Over, Row, Sign, Unknown

What = Literal["open", "reopen", "level", "unknown", "known", "close", "keep"]
"""``keep``: facts, rows or the time of clearing changed; stored, but no news to anybody."""

CloseReason = Literal["ended", "late_data", "never_was"]
"""``late_data``: rows that came later tell an end before the finding was noticed; ``never_was``: before it began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One condition of one thing, from its beginning to its end. Times aware UTC.

    ``opened_at``, ``closed_at``: by the rows' times. ``noticed_at``, ``close_noticed_at``: when the watch said so.
    """

    id: int | None = None
    rule: str
    rule_version: int
    service: str
    key: str
    level: int
    opened_at: datetime
    noticed_at: datetime
    updated_at: datetime
    confidence: float | None = None
    geometry: BaseGeometry | None = None
    facts: Mapping[str, JSON] = field(default_factory=dict)
    rows: Sequence[Row] = ()
    limits: Sequence[Mapping[str, object]] = ()
    simulated: bool = False
    times_opened: int = 1
    clear_since: datetime | None = None
    unknown_since: datetime | None = None
    unknown_cause: str | None = None
    closed_at: datetime | None = None
    close_noticed_at: datetime | None = None
    close_reason: CloseReason | None = None

    @property
    def open(self) -> bool:
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a finding, and what it is now."""

    what: What
    finding: Finding


def advance(rule: Rule, standing: Mapping[str, Finding], signs: Iterable[Sign], at: datetime) -> list[Change]:
    """What the signs of one instant change. ``standing``: by key, the newest finding of each: open or closed lately."""
    told = _by_key(signs)
    changes = []
    for key in sorted({*told, *(k for k, f in standing.items() if f.open)}):
        found = _step(rule, standing.get(key), told.get(key), at)
        if found is not None:
            changes.append(found)
    return changes


def _by_key(signs: Iterable[Sign]) -> dict[str, Sign]:
    """One sign a key: what fires wins, the higher level first; then what holds, what is over, what is unknown."""
    weight = {"Fires": 0, "Holds": 1, "Over": 2, "Unknown": 3}
    ordered = sorted(signs, key=lambda s: (weight[type(s).__name__], -(s.level or 0) if isinstance(s, Fires) else 0))
    found: dict[str, Sign] = {}
    for sign in ordered:
        found.setdefault(sign.key, sign)
    return found


def _step(rule: Rule, now: Finding | None, sign: Sign | None, at: datetime) -> Change | None:
    if isinstance(sign, Fires):
        return _fires(rule, now, sign, at)
    if now is None or not now.open:
        return None
    match sign:
        case Unknown():
            return _unknown(now, sign, at)
        case Over():
            return _close(now, sign.at, at)
        case Holds():
            return _known(now, at) if now.unknown_since or now.clear_since else None
        case _:
            return _clears(rule, now, at)


def _fires(rule: Rule, now: Finding | None, sign: Fires, at: datetime) -> Change | None:
    fresh = _finding(rule, sign, at)
    if now is None or not now.open:
        return _opens(rule, now, fresh, at) if _lasted(rule, sign, at) else None
    kept = replace(fresh, id=now.id, noticed_at=now.noticed_at, times_opened=now.times_opened)
    if kept.level != now.level:
        return Change("level", kept)
    if now.unknown_since is not None:
        return Change("known", kept)
    return None if _same(kept, now) else Change("keep", kept)


def _same(kept: Finding, now: Finding) -> bool:
    """Whether nothing of a finding is new; the store keeps confidence with seven digits."""
    one, other = kept.confidence, now.confidence
    sure = one == other or (one is not None and other is not None and isclose(one, other, rel_tol=1e-6))
    return sure and replace(kept, updated_at=now.updated_at, confidence=other) == now


def _opens(rule: Rule, before: Finding | None, fresh: Finding, at: datetime) -> Change | None:
    if before is None:
        return Change("open", fresh)
    assert before.close_noticed_at is not None
    if before.close_reason == "never_was" and fresh.opened_at <= before.opened_at:
        return None  # later rows have told that this one never was
    if at - before.close_noticed_at > timedelta(seconds=rule.words.reopen_s):
        return Change("open", fresh)
    again = replace(fresh, id=before.id, opened_at=before.opened_at, times_opened=before.times_opened + 1)
    return Change("reopen", again)


def _unknown(now: Finding, sign: Unknown, at: datetime) -> Change | None:
    if now.unknown_since is not None:
        return None
    return Change("unknown", replace(now, unknown_since=at, unknown_cause=sign.cause, updated_at=at))


def _lasted(rule: Rule, sign: Fires, at: datetime) -> bool:
    return at - sign.since >= timedelta(seconds=rule.words.dwell_s)


def _finding(rule: Rule, sign: Fires, at: datetime) -> Finding:
    return Finding(
        rule=rule.id,
        rule_version=rule.words.version,
        service=rule.service,
        key=sign.key,
        level=sign.level or rule.words.level,
        opened_at=min(sign.since, at),
        noticed_at=at,
        updated_at=at,
        confidence=sign.confidence,
        geometry=sign.geometry,
        facts=dict(sign.facts),
        rows=tuple(sign.rows),
        limits=tuple(rule.limits(at).as_json()),
        simulated=sign.simulated,
    )


def _known(now: Finding, at: datetime) -> Change:
    what: What = "known" if now.unknown_since is not None else "keep"
    return Change(what, replace(now, unknown_since=None, unknown_cause=None, clear_since=None, updated_at=at))


def _clears(rule: Rule, now: Finding, at: datetime) -> Change | None:
    since = now.clear_since or at
    if at - since >= timedelta(seconds=rule.words.hold_s):
        return _close(now, since, at)
    if now.clear_since is None:
        return Change("keep", replace(now, clear_since=since, unknown_since=None, unknown_cause=None, updated_at=at))
    return None


def _close(now: Finding, ended: datetime, at: datetime) -> Change:
    reason: CloseReason = "ended"
    if ended <= now.opened_at:
        reason = "never_was"
    elif ended < now.noticed_at:
        reason = "late_data"
    closed = replace(
        now,
        closed_at=max(ended, now.opened_at),
        close_noticed_at=at,
        close_reason=reason,
        clear_since=None,
        unknown_since=None,
        unknown_cause=None,
        updated_at=at,
    )
    return Change("close", closed)
