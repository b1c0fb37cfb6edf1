"""The watch itself: looks at what changed, at least once a minute, and keeps the findings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from geodata.errors import VongLauError
from geodata.store.errors import StoreError
from geodata.watch.course import Change, Finding, advance
from geodata.watch.frames import Frames, StoreFrames
from geodata.watch.rule import Rule, rules

if TYPE_CHECKING:
    from geodata.city import City
    from geodata.store.findings import FindingStore
    from geodata.store.reader import Reader

log = logging.getLogger("vonglau.watch")

AT_LEAST_EVERY_S = 60.0
"""Time itself makes findings: a vessel falls silent without a row."""

REST_S = 2.0
"""Between two passes: changes that come in a second are one look."""

SHARE = 0.25
"""Most of one core that the watch takes: the rest after a pass is at least three times its length."""

REMEMBER = timedelta(days=2)
"""Closed findings that may open again; no rule's ``reopen_s`` is longer."""


@dataclass(frozen=True, slots=True)
class Pass:
    """What one look did. ``failed``: rules that raised, with their one-line reason; the others went on."""

    at: datetime
    changes: Sequence[Change] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    took_s: float = 0.0


def look(chosen: Sequence[Rule], frames: Frames, standing: Mapping[str, Mapping[str, Finding]]) -> Pass:
    """One pass of these rules. Pure but for the frames. A rule that fails keeps its findings as they are."""
    began, changes, failed = time.perf_counter(), [], {}
    for one in chosen:
        try:
            signs = one.signs(frames)
        except StoreError:
            raise  # the store is away: nothing can be told
        except Exception as error:  # noqa: BLE001 (one broken rule must not blind the others)
            failed[one.id] = f"{type(error).__name__}: {error}"
            continue
        changes += advance(one, standing.get(one.id, {}), signs, frames.at)
    return Pass(frames.at, changes, failed, time.perf_counter() - began)


class Watch:
    """Keeps the findings of one city. ``clock``: aware UTC."""

    def __init__(
        self,
        reader: Reader,
        store: FindingStore,
        city: City,
        chosen: Sequence[Rule] | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._reader, self._store, self._city, self._clock = reader, store, city, clock
        mine = set(city.catalogue()) | {"platform"}
        found = list(rules().values()) if chosen is None else list(chosen)
        self.rules = [r.with_limits(**city.limits(r.id)) for r in found if not r.services or mine & {*r.services}]
        self._seen: Mapping[str, int] = {}
        self._looked: dict[str, datetime] = {}
        self._failing: dict[str, str] = {}
        self._lasting: dict[str, tuple[datetime, Any]] = {}

    def once(self) -> Pass | None:
        """One pass over the rules whose services changed or whose minute is over; None while another has its turn.

        Raises StoreGone when the database is away.
        """
        if not self._store.turn():
            return None
        versions, at = self._reader.versions(), self._clock()
        due = [r for r in self.rules if self._due(r, versions, at)]
        if not due:
            return Pass(at)
        standing = self._store.standing(at - REMEMBER)
        done = look(due, StoreFrames(self._reader, self._city, at, standing=standing, lasting=self._lasting), standing)
        self._store.apply(done.changes)
        self._store.looked(at)
        self._seen = versions
        self._looked |= {r.id: at for r in due}
        self._tell(done)
        return done

    def run(self, stopped: Callable[[float], bool]) -> None:
        """Passes until ``stopped(seconds)``, which waits, says so."""
        away = False
        rest = REST_S
        while not stopped(rest):
            try:
                done = self.once()
            except VongLauError as error:
                if not away:
                    log.warning("no look: %s", error)
                away, rest = True, 5.0
                continue
            if away:
                log.info("looking again")
            away = False
            rest = max(REST_S, done.took_s * (1 / SHARE - 1)) if done else 15.0

    def _due(self, one: Rule, versions: Mapping[str, int], at: datetime) -> bool:
        """By the watch's own clock, which a replay runs faster and which may be set back."""
        last = self._looked.get(one.id)
        if last is None or abs((at - last).total_seconds()) >= AT_LEAST_EVERY_S:
            return True
        return any(versions.get(s) != self._seen.get(s) for s in one.services)

    def _tell(self, done: Pass) -> None:
        for change in done.changes:
            if change.what in {"open", "reopen", "level", "close"}:
                f = change.finding
                log.info("%s %s %s level %d", change.what, f.rule, f.key, f.level)
        for rule_id, reason in done.failed.items():
            if self._failing.get(rule_id) != reason:
                log.error("rule %s failed and keeps its findings: %s", rule_id, reason)
        for rule_id in self._failing.keys() - done.failed.keys():
            log.info("rule %s works again", rule_id)
        self._failing = dict(done.failed)
