"""What a screen of the wall reads, and how often: the scene's layers soon after a change, the rest seldom.

The layers of the scene are read side by side and shown as they come; the rest of the city follows one by one, in short
rounds, so that a screen that has just been switched on fills up instead of waiting for the last of it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from time import thread_time
from typing import TYPE_CHECKING, Any

from app.context import PageContext
from app.live import Flights
from app.pages import wall_blocks
from app.pages.pictures import Picture, paint, shared, told
from app.pages.wall_figures import Figures
from app.pages.wall_pace import Pace
from app.panels import wall_findings, wall_footer, wall_note, wall_warnings, wall_weather
from app.panels.wall_have import Have, Memory, Shown
from app.text import Text
from geodata.errors import VongLauError
from geodata.scenes import WHOLE_CITY, Scene
from geodata.view import View
from layers.base import layers

if TYPE_CHECKING:
    from app.panels.wall_findings import Found
    from app.panels.wall_warnings import Warned
    from geodata.store.types import ServiceState
    from geodata.view import Bounds

log = logging.getLogger(__name__)

NEAR_S, FAR_S, IDLE_S, STATE_S = (1.0, 30.0), (30.0, 60.0), (120.0, 300.0), (5.0, 15.0)
"""Least and most seconds between two readings: of what the scene shows, of what its blocks count, of all else, of the
states of the sources. A position is on the map two seconds after the wire; what is dear to read waits (``Pace``)."""

ROUND_S, PATIENCE_S, FIRST_S = 0.5, 3.0, 0.3
"""After so long a round shows what it has, and the next goes on: of the processor's time for the rest of the city, of
the clock's for the layers of the scene; ``FIRST_S`` while the map lacks some of them."""

SAME_S, FAR_SAME_S = 2.0, 20.0
"""What another screen has just read serves this one too, while nothing changed (``app.live``)."""

FAR_PX = (1196, 698)
"""The size as which layers choose what they read of the whole city: one for all screens, so that they share it."""

STATES = "states of the sources"
WARNINGS = "warnings"
FINDINGS = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one round gave. ``scene`` and ``warning`` say what it was read for; ``more``: not everything is read yet,
    ``flying``: not even all layers of the scene.
    """

    scene: str
    warning: str | None
    near: Mapping[str, Picture]
    far: Mapping[str, Picture]
    services: Mapping[str, ServiceState]
    warned: Sequence[Warned]
    rail: Shown
    low: Shown
    weather: Sequence[str]
    ticker: Sequence[Sequence[str]]
    have: Have
    more: bool
    flying: bool


class Gather:
    """Reads for one screen, in the screen's thread."""

    def __init__(self, context: PageContext, text: Text) -> None:
        self.context, self.text = context, text
        self.memory = Memory()
        self.near_pace, self.far_pace, self.idle_pace, self.state_pace = (
            Pace(*spans) for spans in (NEAR_S, FAR_S, IDLE_S, STATE_S)
        )
        self.near: dict[str, Picture] = {}
        self.far: dict[str, Picture] = {}
        self.services: Mapping[str, ServiceState] = context.live.known
        self.warned: Sequence[Warned] = ()
        self.found: Found | None = None
        self.figures = Figures(context)
        self._flights = Flights(context.live.pool)
        self._framed: tuple[Bounds, int, int] | None = None
        catalogue = context.city.catalogue()
        self.alerting = [name for name, service in catalogue.items() if "Alert" in service.kinds]

    def changed(self, names: Iterable[str]) -> None:
        """These services have new rows."""
        names = set(names)
        for pace in (self.near_pace, self.far_pace, self.idle_pace):
            pace.changed(names)
        self.figures.changed(names)
        self.state_pace.changed([STATES])
        if names & set(self.alerting):
            self.state_pace.forget([WARNINGS])
        if FINDINGS in names:
            self.state_pace.forget([FINDINGS])

    def turned(self) -> None:
        """Another scene, size or area: what its map shows is read anew."""
        self.near_pace.forget()
        self.near = {}

    def resized(self) -> None:
        """The same scene in another size: read anew, and shown until then."""
        self.near_pace.forget()

    def pending(self, scene: Scene) -> bool:
        """Whether there is anything to read now."""
        return bool(
            self.state_pace.due([STATES, WARNINGS, FINDINGS])
            or self.near_pace.due(self._near(scene))
            or self.far_pace.due(self._far(scene))
            or self.figures.due(scene, self._spoken())
        )

    def _connected(self, name: str) -> bool:
        return name in self.services and self.services[name].state != "ready" and name in layers()

    def _near(self, scene: Scene) -> list[str]:
        """The layers of the scene in the order of their reading: warnings first, whatever lies over them."""
        shown = [name for name in layers() if name in scene.layers and self._connected(name)]
        return sorted(shown, key=lambda name: name not in self.alerting)

    def _far(self, scene: Scene) -> list[str]:
        """What the blocks of the scene count; the list and the tiles count the whole city."""
        blocks = [name for block in scene.blocks for name in (block.service, *block.services) if name is not None]
        names = [*blocks, *scene.layers]
        if any(block.kind in WHOLE_CITY and not block.services for block in scene.blocks):
            names += layers()
        return [name for name in dict.fromkeys(names) if self._connected(name)]

    def read(self, scene: Scene, warning: Warned | None, view: View, wide: View, desk: tuple[View, View]) -> Reading:
        """One round. ``desk`` are view and wide as layers choose by zoom. Raises what the reader raises."""
        context, reader = self.context, self.context.reader
        if self.state_pace.due([STATES]):
            self.state_pace.read(STATES)
            self.services = context.live.states(reader, context.city.id, context.refresh.versions)
        if self.state_pace.due([WARNINGS]):
            self.state_pace.read(WARNINGS)
            self.warned = wall_warnings.read(reader, [n for n in self.alerting if self._spoke(n)], wide)
        if self.state_pace.due([FINDINGS]):
            self.state_pace.read(FINDINGS)
            self.found = wall_findings.read(reader, datetime.now(UTC))
        self._fly(scene, desk[0])
        far = self._far(scene)
        if not self._flights.names:
            self.figures.read(scene, self._spoken(), ROUND_S)
            self._look_far(far, desk[1])
        due = self.far_pace.due(far) or self.near_pace.due(self._near(scene)) or self.figures.due(scene, self._spoken())
        more = bool(self._flights.names or due)
        return self._reading(scene, warning, view, wide, more=more)

    def _fly(self, scene: Scene, view: View) -> None:
        """Have the layers of the scene read side by side, and take what is there."""
        if (framed := (view.bounds, view.width_px, view.height_px)) != self._framed:
            self._framed = framed  # what is under way shows another place
            self._flights.drop()
            self.near_pace.forget()
        for name in self.near_pace.due(self._near(scene)):
            if name not in self._flights.names:
                self.near_pace.read(name)
                self._flights.begin(name, partial(shared, self.context, name, view, paint, live=True, for_s=SAME_S))
        patience = PATIENCE_S if self._flights.names <= self.near.keys() else FIRST_S
        for picture in self._flights.landed(patience):
            self.near[picture.service] = picture
            self.near_pace.cost(picture.service, picture.busy_s)

    def _look_far(self, far: Sequence[str], view: View) -> None:
        """Count the rest of the city, as much of what is due as fits into a round."""
        end = thread_time() + ROUND_S
        wide = View(view.bounds, *FAR_PX, view.start, view.end, view.known_at)
        idle = [name for name in layers() if name not in far and self._connected(name)]
        for pace, names in ((self.far_pace, far), (self.idle_pace, idle)):
            for name in pace.due(names):
                if thread_time() > end:
                    return
                pace.read(name)
                self.far[name] = shared(self.context, name, wide, told, live=True, for_s=FAR_SAME_S)
                pace.cost(name, self.far[name].busy_s)

    def _spoken(self) -> list[str]:
        return [name for name in self.services if self._spoke(name)]

    def _spoke(self, name: str) -> bool:
        return name in self.services and self.services[name].state != "ready"

    def _reading(self, scene: Scene, warning: Warned | None, view: View, wide: View, *, more: bool) -> Reading:
        context = self.context
        have = Have(
            city=context.city,
            text=self.text,
            scene=scene,
            view=view,
            wide=wide,
            now=datetime.now(UTC),
            reader=context.reader,
            memory=self.memory,
            data=context.settings.data,
            near={name: picture for name, picture in self.near.items() if name in scene.layers},
            far=dict(self.far),
            services=self.services,
            figures=dict(self.figures.now),
            before=dict(self.figures.before),
            warned=self.warned,
            found=self.found,
            area=None if warning is None else warning.geometry,
        )
        rail = wall_blocks.shown(scene.rail, have)
        if not rail.sections and not more:
            rail.sections.append(wall_note.section(have))
        return Reading(
            scene=scene.id,
            warning=None if warning is None else warning.key,
            near=have.near,
            far=have.far,
            services=self.services,
            warned=self.warned,
            rail=rail,
            low=wall_blocks.shown(scene.low, have),
            weather=_kept(have, "weather", wall_weather.said),
            ticker=_kept(have, "ticker", wall_footer.ticker),
            have=have,
            more=more,
            flying=bool(self._flights.names),
        )


def _kept(have: Have, name: str, work: Any) -> Any:
    """What the bar and the foot say; what they said last when the database is away."""
    try:
        return have.memory.keep(("said", name), 10.0, lambda: work(have))
    except VongLauError as error:
        log.warning("wall %s: %s", name, error)
    except Exception:  # the map goes on without its weather; the mistake is logged with its trace
        log.exception("wall %s failed", name)
    return have.memory.last(("said", name)) or []
