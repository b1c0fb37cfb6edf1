"""The numbers of the wall: indicators of the services that a scene's blocks tell of, now and one period ago."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from time import thread_time
from typing import TYPE_CHECKING

from app.context import PageContext
from app.pages.wall_pace import Pace
from app.panels.fleet import FLEET
from geodata.indicators import whole
from geodata.indicators.indicator import Indicator, indicators, of_service
from geodata.watch.frames import StoreFrames

if TYPE_CHECKING:
    from geodata.indicators.figure import Value
    from geodata.scenes import Block, Scene

NOW_S, BEFORE_S = (30.0, 60.0), (300.0, 600.0)
"""Least and most seconds between two readings: of what is, of what was; the past changes by late rows alone."""

SAME_S, BEFORE_SAME_S = 20.0, 300.0
"""What another screen has just counted serves this one too (``app.live``)."""

SHARED = 1
"""A version that does not change: in a city that speaks every second each screen would count for itself."""

LEDGER = "platform"


def asked(block: Block, services: Iterable[str]) -> list[Indicator]:
    """The indicators that a block tells."""
    if block.kind == "tiles":
        names = block.services or tuple(services)
        return [one for name in names for one in of_service(name) if one.words.tile is not None]
    wanted: Collection[str] = ()
    if block.kind == "usual":
        wanted = {f"{block.service}.{block.property}"}
    elif block.kind == "fleet":
        wanted = {f"{block.service}.{name}" for name in FLEET}
    return [one for name, one in indicators().items() if name in wanted]


class Figures:
    """For one screen, in its thread: ``now`` by service, ``before`` by id. Raises what the reader raises."""

    def __init__(self, context: PageContext) -> None:
        self.context = context
        self.now: dict[str, Sequence[Value]] = {}
        self.before: dict[str, Value] = {}
        self._now, self._before = Pace(*NOW_S), Pace(*BEFORE_S)

    def changed(self, names: Iterable[str]) -> None:
        self._now.changed([*names, LEDGER])

    def due(self, scene: Scene, connected: Collection[str]) -> list[str]:
        """The services to be counted now; ``connected``: those that ever spoke."""
        names = [name for name in self._wanted(scene) if name in connected or name == LEDGER]
        return list(dict.fromkeys([*self._now.due(names), *self._before.due(names)]))

    def read(self, scene: Scene, connected: Collection[str], budget_s: float) -> None:
        """Count what is due, as much as fits into the round: what is, then what was."""
        end, wanted = thread_time() + budget_s, self._wanted(scene)
        names = [name for name in wanted if name in connected or name == LEDGER]
        for name in self._now.due(names):
            if thread_time() > end:
                return
            began = thread_time()
            self._now.read(name)
            self.now[name] = self._share("now", name, wanted[name], SAME_S)
            self._now.cost(name, thread_time() - began)
        for name in self._before.due(names):
            if thread_time() > end:
                return
            began = thread_time()
            self._before.read(name)
            self.before |= {value.id: value for value in self._share("before", name, wanted[name], BEFORE_SAME_S)}
            self._before.cost(name, thread_time() - began)

    def _wanted(self, scene: Scene) -> Mapping[str, Sequence[Indicator]]:
        found: dict[str, dict[str, Indicator]] = {}
        for block in scene.blocks:
            for one in asked(block, self.context.city.services):
                found.setdefault(one.service, {})[one.id] = one
        return {name: list(own.values()) for name, own in found.items()}

    def _share(self, what: str, name: str, chosen: Sequence[Indicator], for_s: float) -> Sequence[Value]:
        context = self.context
        key = ("figures", what, context.city.id, *(one.id for one in chosen))

        def make() -> Sequence[Value]:
            at = datetime.now(UTC)
            if what == "now":
                return whole.values(StoreFrames(context.reader, context.city, at), chosen)
            return list(whole.before(context.reader, context.city, chosen, at).values())

        return context.live.share(key, SHARED, make, for_s=for_s)
