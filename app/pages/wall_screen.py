"""One screen of the wall: which scene it shows, what the browser is told, when it turns and when a warning takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import panel as pn

from app.context import PageContext
from app.pages.background import Background
from app.pages.pictures import BUCKET_S, GEOGRAPHY, Picture, basemap_url, has_density, tile_url
from app.pages.wall_marks import Named, named
from app.pages.wall_part import Part
from app.pages.wall_reading import FINDINGS, Gather, Reading
from app.panels import wall_footer, wall_inset, wall_warnings
from app.panels.map_frame import MapFrame
from app.panels.wall_bar import WallBar
from app.panels.wall_parts import WallParts
from app.panels.watchdog import Watchdog
from app.text import Text
from geodata.scenes import WHOLE_CITY, Scene
from geodata.view import Bounds, View
from layers import compose, palette, settling
from layers.base import layers

if TYPE_CHECKING:
    from app.panels.wall_warnings import Warned

WINDOW = timedelta(hours=24)
TRACKS_EVERY_S = 900
TRACKS = timedelta(days=14)
"""Tracks are shown as a density of so long: a day of a fleet at sea is too thin to show where it works."""

LOOK_MS = 1000
BEAT_S = 15
CALLOUT_Z = 950
WORTH_STAYING = 3
"""While something of this level stands in the list the wall does not turn to another scene."""

REFERENCE_PX = 2160
BAR_U, BANNER_U, CAMERAS_U, TILES_U = 6.9, 15.0, 18.6, 9.85
FAR_SCALE = 1.4


class Screen:
    """The blocks are put on the page by ``app.pages.wall``; reading begins when the browser has told its size."""

    def __init__(self, context: PageContext, text: Text) -> None:
        self.context, self.text, self.city = context, text, context.city
        asked = context.path.get("scene")
        scenes = {scene.id: scene for scene in self.city.wall.scenes}
        self.fixed = asked in scenes
        self.part = Part.of(context.query)
        self.scene: Scene = scenes[asked] if asked in scenes else scenes[self._together() or next(iter(scenes))]
        self.warning: Warned | None = None
        self.size = (2632, 1536)
        self.gather = Gather(context, text)
        self.reading: Reading | None = None
        self.drawn: dict[str, Picture] = {}
        self.marked: Named | None = None
        self.sized, self.still = False, False
        self.hidden: frozenset[str] = frozenset()
        self.background = Background()
        self.body: Any = None
        self.box = Bounds(*self.scene.bounds)
        self.map = compose.figure(self.view(), style="wall", language=text.language)
        self.map.figure.name = "map"
        self._blocks()

    def _blocks(self) -> None:
        text, zone = self.text, self.city.timezone
        words = {**text.table("wall"), "age": text.table("age")}
        self.bar = WallBar(words=words, data=self._bar_data())
        self.frame = MapFrame(words=text.table("map"), data=self._frame_data())
        self.inset = wall_inset.WallInset()
        self.rail = WallParts(words=words, data={"timezone": zone, "side": "rail"})
        self.low = WallParts(words=words, data={"timezone": zone, "side": "low"})
        self.footer = wall_footer.WallFooter(words=words)
        watch = {"build": self.context.build, "timezone": zone, "every_s": 5}
        self.watchdog = Watchdog(words=words, data=watch)
        self.frame.on("moved", self.moved)
        self.rail.on("fits", self.fits)

    def start(self) -> None:
        """Follow the database; beat for the watchdog; turn the scenes."""
        self._ground(self.context.refresh.versions)
        self.context.refresh.subscribe(self.changed)
        if self._served():
            pn.state.add_periodic_callback(lambda: self.watchdog.say({"type": "beat"}), BEAT_S * 1000)
            pn.state.add_periodic_callback(self.look, LOOK_MS)
            if not self.fixed:
                pn.state.add_periodic_callback(self.turn, int(self.city.wall.rotate_s * 1000))
        else:
            self.read()

    @staticmethod
    def _served() -> bool:
        return pn.state.curdoc is not None and pn.state.curdoc.session_context is not None

    def _watched(self) -> bool:
        context = None if pn.state.curdoc is None else pn.state.curdoc.session_context
        session = getattr(context, "session", None)
        return session is None or session.connection_count > 0

    # -- place and time ------------------------------------------------------------------------
    @property
    def shown(self) -> Scene:
        """The scene on the screen: the one turned to, or that of the warning that took the wall, framed to its area."""
        if self.warning is None:
            return self.scene
        scene = wall_warnings.scene_for(self.warning, self.city.wall.scenes)
        on = (*scene.layers, self.warning.service) if self.warning.service not in scene.layers else scene.layers
        return scene.model_copy(update={"bounds": wall_warnings.framed(self.warning, scene), "layers": on})

    def view(self) -> View:
        """The scene as the browser shows it, now."""
        now = datetime.now(UTC)
        return View(self.box, *self.size, now - WINDOW, now)

    def desk(self, view: View) -> View:
        """The view as layers choose by zoom: in the px of a desk, for a wall's marks are k times as large."""
        width, height = (max(1, round(px / self.map.k)) for px in (view.width_px, view.height_px))
        return View(view.bounds, width, height, view.start, view.end, view.known_at)

    def wide(self) -> View:
        """The city with all its scenes: what tiles and lists count, so that nothing outside a scene is lost."""
        now = datetime.now(UTC)
        boxes = [self.city.bounds, *(scene.bounds for scene in self.city.wall.scenes)]
        west, south = (min(box[i] for box in boxes) for i in (0, 1))
        east, north = (max(box[i] for box in boxes) for i in (2, 3))
        return View(Bounds(west, south, east, north), *self.size, now - WINDOW, now)

    def moved(self, message: Mapping[str, Any]) -> None:
        """The browser told what it shows: its size decides the size of the marks."""
        width, height = max(1, round(message["width"])), max(1, round(message["height"]))
        # to the centimetre: the same place told again differs in its last digits
        box = Bounds.from_mercator(*(round(float(message[name]), 2) for name in ("x0", "y0", "x1", "y1")))
        screen = float(message.get("screen") or REFERENCE_PX)
        self.still = bool(message.get("still"))
        if (width, height) == self.size and box == self.box and self.sized:
            return
        self.size, self.box, self.sized = (width, height), box, True
        k = palette.WALL_FACTOR * screen / REFERENCE_PX * self.city.wall.scale
        if abs(k - self.map.k) > 1e-6:
            for name in list(self.map.renderers):
                if name != "selection":
                    self.map.remove(name)
            self.map.k = k
            self.drawn, self.marked = {}, None
        self.gather.resized()
        self.read()
        self.background.run("inset", lambda: wall_inset.content(box, self.text), self.inset.show)

    def fits(self, message: Mapping[str, Any]) -> None:
        """The browser told which numbers of the lists have no room: they do not stand on the map either."""
        hidden = frozenset(str(n) for n in message.get("hidden") or ())
        if hidden != self.hidden:
            self.hidden = hidden
            self.read()

    # -- reading -------------------------------------------------------------------------------
    def _ground(self, versions: Mapping[str, int]) -> None:
        self.map.add_tiles("basemap", basemap_url("wall", self.context.build, versions), z_order=0)

    def changed(self, versions: Mapping[str, int]) -> None:
        if GEOGRAPHY in versions:
            self._ground(versions)
        self.gather.changed(name for name in versions if name in self.city.services or name == FINDINGS)
        self.look()

    def look(self) -> None:
        """Once a second: read what is due, and see whether a warning takes the wall or gives it back.

        A session whose screen is gone lives on for a while, should it come back: it reads nothing until then.
        """
        if not self._watched():
            return
        self._take()
        if (together := self._together()) not in {None, self.scene.id}:
            self._go(together)
        if self.gather.pending(self.shown):
            self.read()

    def read(self, *, urgent: bool = False) -> None:
        """``urgent``: a round that goes on with what the last one left."""
        if not self.sized and self._served():
            return  # what is sent before the browser has drawn the blocks may be lost
        self.background.run("wall", self._load, self._show, urgent=urgent)

    def _load(self) -> tuple[Reading, Named | None]:
        """In the screen's thread."""
        view, wide, scene, warning = self.view(), self.wide(), self.shown, self.warning
        found = self.gather.read(scene, warning, view, wide, (self.desk(view), self.desk(wide)))
        if found.flying:  # names and numbers find their places when the marks stand
            return found, None
        spots = [spot for spot in (*found.rail.spots, *found.low.spots) if spot.text not in self.hidden]
        return found, named(found.near, spots, view, self.map.k, self.text.language, self.gather.memory)

    def _show(self, both: tuple[Reading, Named | None]) -> None:
        found, marks = both
        if (found.scene, found.warning) != self._key():
            self.read()
            return
        self.reading = found
        again = marks is not None and marks is not self.marked
        settled = {} if marks is None else marks.settled
        for name, picture in found.near.items():
            if self.drawn.get(name) is picture and not (again and name in settled):
                continue
            if marks is None and settling.chooses(layers()[name]):
                if self.marked is None:  # its areas at once, its words when all others stand
                    self._draw(picture, settling.ground(picture.element))
                continue
            self._draw(picture, settled.get(name, picture.element))
            self.drawn[name] = picture
        if marks is not None and again:
            self.marked = marks
            self.map.set("callouts", marks.callouts, z_order=CALLOUT_Z)
            self.map.labels(marks.labels)
        self.arrange()
        self._tell()
        if not self._take() and found.more:
            self.read(urgent=True)

    def _key(self) -> tuple[str, str | None]:
        return self.shown.id, None if self.warning is None else self.warning.key

    def _draw(self, picture: Picture, element: Any) -> None:
        """``element`` is what the layer drew, settled among the others."""
        layer = layers()[picture.service]
        if element is not None:
            self.map.set(picture.service, element, z_order=layer.z_order)
        if has_density(picture.service, picture.view):
            view, bucket_s = picture.view, BUCKET_S
            if "Position" in self.city.catalogue()[picture.service].kinds:
                view, bucket_s = replace(view, start=view.end - TRACKS), TRACKS_EVERY_S
            url = tile_url(picture.service, "wall", picture.version, view, bucket_s=bucket_s)
            self.map.add_tiles(f"{picture.service}.density", url, z_order=layer.z_order, alpha=0.7)

    # -- showing -------------------------------------------------------------------------------
    def _tell(self) -> None:
        """What the blocks show now."""
        found = self.reading
        self.bar.show(self._bar_data())
        self.frame.show(self._frame_data())
        if found is None:
            return
        zone = self.city.timezone
        self.rail.show({"timezone": zone, "side": "rail", "sections": found.rail.sections})
        self.low.show({"timezone": zone, "side": "low", "sections": found.low.sections})
        foot = wall_footer.content(found.services, zone, datetime.now(UTC), self.text)
        if self.warning is None:
            self.footer.show({**foot, "ticker": found.ticker})
        else:
            said = wall_warnings.banner(self.warning, found.have, "")
            self.footer.show({**foot, "worst": None, "ends": f"{said['source']} | {said['ends']}"})

    def arrange(self) -> None:
        """The grid of the scene: how high bar and bottom are, how wide the rail."""
        scene, scale = self.shown, self.city.wall.scale
        kinds = {block.kind for block in scene.low}
        if self.reading is not None and self.reading.scene == scene.id and not self.reading.low.sections:
            kinds = set()  # no camera there: the map takes the room
        rows = TILES_U * (1 if scale >= FAR_SCALE else 2)
        low = (CAMERAS_U if "cameras" in kinds else 0.0) + (rows if kinds - {"cameras"} else 0.0)
        bar = BAR_U if self.warning is None else BANNER_U
        told = {"--bar": f"{bar:g}", "--low": f"{low:g}", "--rail": f"{scene.rail_u:g}"}
        if any(self.body.styles.get(name) != value for name, value in told.items()):
            self.body.styles = {**self.body.styles, **told}

    def _bar_data(self) -> dict[str, Any]:
        lang, found = self.text.language, self.reading
        ready = self.ready()
        scenes = [
            {"title": scene.title(lang), "current": scene.id == self.shown.id, "ready": scene.id in ready}
            for scene in self.city.wall.scenes
        ]
        services = self.gather.services.values()
        alert = None
        if self.warning is not None and found is not None:
            alert = wall_warnings.banner(self.warning, found.have, wall_warnings.fact(self.shown, found.have))
        return {
            "city": self.city.title(lang),
            "timezone": self.city.timezone,
            "simulated": any(s.simulated for state in services for s in state.sources),
            "scenes": scenes,
            "weather": [] if found is None else list(found.weather),
            "alert": alert,
        }

    def _frame_data(self) -> dict[str, Any]:
        x0, y0, x1, y1 = Bounds(*self.shown.bounds).mercator
        return {
            "figure": "map",
            "wall": True,
            "rows": self.part.rows,
            "language": self.text.language,
            "fit": {"x0": x0, "y0": y0, "x1": x1, "y1": y1, "n": ":".join(str(part) for part in self._key())},
            "aggregated": self._note(),
        }

    def _note(self) -> str:
        """What the picture is made of: the days of the tracks, and that unit lines are approximate."""
        parts = [self.text("wall.approximate")]
        near = self.reading.near if self.reading is not None else {}
        if any("Position" in self.city.catalogue()[n].kinds and has_density(n, p.view) for n, p in near.items()):
            parts.insert(0, self.text("wall.tracks", n=TRACKS.days))
        return " · ".join(parts)

    # -- scenes --------------------------------------------------------------------------------
    def ready(self) -> list[str]:
        """Scenes that can be turned to: at least one of their services has data."""
        connected = {name for name, state in self.gather.services.items() if state.state != "ready"}
        return [s.id for s in self.city.wall.scenes if connected & _named(s, self.city.services)]

    def turn(self) -> None:
        """Go to the next scene that is ready, unless something of level 3 or more waits for a person."""
        names = self.ready()
        if self.still or self.warning is not None or self._busy() or len(names) < 2:
            return
        at = names.index(self.scene.id) if self.scene.id in names else -1
        following = names[(at + 1) % len(names)]
        if self.part.name is not None:
            following = self.context.services.turns.turn(self.part.name, following, self.city.wall.rotate_s)
        if following != self.scene.id:
            self._go(following)

    def _together(self) -> str | None:
        """The scene that the parts of a split wall have turned to; None of a wall for itself, or before any turn."""
        return None if self.fixed or self.part.name is None else self.context.services.turns.shown(self.part.name)

    def _go(self, name: str | None) -> None:
        self.scene = next(scene for scene in self.city.wall.scenes if scene.id == name)
        self._turned()

    def _busy(self) -> bool:
        if self.reading is None:
            return True
        if self.reading.have.found is not None:
            return self.reading.have.found.pressing
        abnormal = [picture.abnormal for picture in self.reading.far.values()]
        return any(rows is not None and int(rows["level"].iloc[0]) >= WORTH_STAYING for rows in abnormal)

    def _take(self) -> bool:
        """See which warning has the wall; True when that changed."""
        wall, warned = self.city.wall, self.gather.warned
        keep, turn = timedelta(minutes=wall.takeover_min), timedelta(seconds=wall.rotate_s)
        released = frozenset[str]() if self.gather.found is None else self.gather.found.released
        warned = [one for one in warned if one.root not in released]
        found = wall_warnings.taking(warned, datetime.now(UTC), keep, turn)
        before, self.warning = self.warning, found
        if (before and before.key) == (found and found.key):
            return False
        self._turned()
        return True

    def _turned(self) -> None:
        """Another scene or another area: its layers, its place, its blocks."""
        for layer in [*self.drawn, "callouts"]:
            self.map.remove(layer)
        self.drawn, self.marked = {}, None
        self.gather.turned()
        self.arrange()
        self._tell()
        self.read()


def _named(scene: Scene, services: Sequence[str] | Mapping[str, Any]) -> set[str]:
    """The services a scene shows; a scene with a list or tiles of the whole city shows all."""
    whole = any(block.kind in WHOLE_CITY for block in scene.rail)
    return set(services) if whole else set(scene.services())
