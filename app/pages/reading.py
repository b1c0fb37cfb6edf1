"""What a planner's session reads and when: only layers that are on, the one in focus first, costly ones less often.

Layers are read side by side, the cheap ones first, and each is on the page as soon as it is there. A database that
changes every second must not keep a session busy: a layer rests between two readings ten times as long as its last one
took, and nothing is read while nobody watches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING

from app.live import Flights
from app.pages.filters import PLAIN, Look
from app.pages.pictures import Picture, paint, shared

if TYPE_CHECKING:
    from app.pages.planner import Planner
    from geodata.store.types import ServiceState
    from geodata.view import View

PATIENCE_S = 0.25
"""After so long what is there is shown, and the rest when it comes."""

SAME_S = 2.0
"""What another session has just read at the same view serves this one too, while nothing changed (``app.live``)."""

REST = 10.0
REST_MOST_S = 30.0

Found = tuple[Sequence[Picture], Mapping[str, "ServiceState"], "View"]


class Reading:
    """Belongs to one ``Planner``."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self._flights = Flights(planner.context.live.pool)
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
        """Read what has rested by now; called every few seconds. A session whose page is gone lives on for a while,
        should it come back: until then it reads nothing.
        """
        if not self.planner.background.watched:
            return
        now = monotonic()
        rested = {name for name in self._later if self._rested.get(name, 0.0) <= now}
        if rested:
            self.ask(rested)

    def look(self, name: str) -> Look:
        state = self.planner.state
        return Look(kept=state.filters.get(name, {}), by_category=name in state.by_category)

    def _load(self) -> Found:
        """In the session's thread: begin to read what is due, at the view of now, and take what is there."""
        due, self._due = self._due, set()
        planner, context = self.planner, self.planner.context
        view = planner.view()
        states = context.live.states(context.reader, planner.city.id, context.refresh.versions)
        visible = [n for n in planner.visible() if n in due and n in states and states[n].state != "ready"]
        visible.sort(key=lambda name: (name != planner.state.focus, self._cost.get(name, 0.0)))
        for name in visible:
            self._flights.begin(name, partial(self._paint, name, view, self.look(name), live=planner.state.live))
        return self._flights.landed(PATIENCE_S), states, view

    def _paint(self, name: str, view: View, look: Look, *, live: bool) -> Picture:
        """In a thread of the pool."""
        context = self.planner.context
        if look == PLAIN:
            return shared(context, name, view, paint, live=live, for_s=SAME_S)
        return paint(context.reader, name, view, context.refresh.versions.get(name, 0), look)

    def _read(self, found: Found) -> None:
        pictures, services, view = found
        now = monotonic()
        for picture in pictures:
            self._cost[picture.service] = picture.cost_s
            self._rested[picture.service] = now + min(REST * picture.cost_s, REST_MOST_S)
        self.planner.show(pictures, services, view)
        if self._due or self._flights.names:
            self.ask(())
