"""What a planner's session reads and when: only layers that are on, the one in focus first, costly ones less often.

A database that changes every second must not keep a session busy: a layer rests between two readings ten times as
long as its last one took, and one turn of reading ends after ``BUDGET_S`` so that a tap or a switch is answered soon.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING

from app.pages.filters import Look
from app.pages.pictures import Picture, paint

if TYPE_CHECKING:
    from app.pages.planner import Planner
    from geodata.store.types import ServiceState
    from geodata.view import View

BUDGET_S = 0.5
REST = 10.0
REST_MOST_S = 30.0

Found = tuple[Sequence[Picture], Mapping[str, "ServiceState"], "View"]


class Reading:
    """Belongs to one ``Planner``."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self._due: set[str] = set()
        self._later: set[str] = set()
        self._cost: dict[str, float] = {}
        self._rested: dict[str, float] = {}  # layer → monotonic time from which it may be read again

    def ask(self, names: Iterable[str]) -> None:
        """Read the named layers now: the planner did something."""
        self._due |= set(names)
        self._later -= self._due
        if self.planner.ready():  # what is sent before the browser has drawn the blocks may be lost
            self.planner.background.run("load", self._load, self._read, urgent=True)

    def changed(self, names: Iterable[str]) -> None:
        """The database has new rows: read those layers when they have rested."""
        self._later |= set(names) & set(self.planner.visible())
        self.turn()

    def turn(self) -> None:
        """Read what has rested by now; called every few seconds."""
        now = monotonic()
        rested = {name for name in self._later if self._rested.get(name, 0.0) <= now}
        if rested:
            self.ask(rested)

    def look(self, name: str) -> Look:
        state = self.planner.state
        return Look(kept=state.filters.get(name, {}), by_category=name in state.by_category)

    def _load(self) -> Found:
        """In the session's thread: as much of what is due as fits into a turn, at the view of now."""
        due, self._due = self._due, set()
        planner, begun = self.planner, monotonic()
        view, reader, versions = planner.view(), planner.context.reader, planner.context.refresh.versions
        states = {state.id: state for state in reader.services(planner.city.id)}
        visible = [n for n in planner.visible() if n in due and n in states and states[n].state != "ready"]
        visible.sort(key=lambda name: (name != planner.state.focus, self._cost.get(name, 0.0)))
        pictures: list[Picture] = []
        while visible and (not pictures or monotonic() - begun < BUDGET_S):
            pictures.append(paint(reader, name := visible.pop(0), view, versions.get(name, 0), self.look(name)))
        self._due |= set(visible)
        return pictures, states, view

    def _read(self, found: Found) -> None:
        pictures, services, view = found
        now = monotonic()
        for picture in pictures:
            self._cost[picture.service] = picture.cost_s
            self._rested[picture.service] = now + min(REST * picture.cost_s, REST_MOST_S)
        self.planner.show(pictures, services, view)
        if self._due:
            self.ask(())
