"""One screen of the wall: its scene, the pictures of the scene and of the whole city, and what every block shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import panel as pn

from app.context import PageContext
from app.pages.background import Background
from app.pages.footprints import covered
from app.pages.pictures import BUCKET_S, GEOGRAPHY, Picture, basemap_url, has_density, marks_of, paint, tile_url
from app.panels import callouts, fleet, river, wall_footer, wall_inset, wall_rail, wall_tiles
from app.panels.map_frame import MapFrame, wall_chrome
from app.panels.wall_bar import WallBar
from app.panels.wall_note import WallNote, not_connected
from app.panels.watchdog import Watchdog
from app.text import Text
from geodata.city import Scene
from geodata.view import Bounds, View
from layers import compose, labels, palette
from layers.base import layers

if TYPE_CHECKING:
    from geodata.store.types import ServiceState

DRAWN = frozenset({"overview", "sea"})
"""Scenes whose layout is built; the others of the city are named in the bar and not turned to."""

WINDOW = timedelta(hours=24)
TRACKS_EVERY_S = 900
TRACKS = timedelta(days=14)
"""Tracks are shown as a density of so long: a day of a fleet at sea is too thin to show where it works."""

SLOW_S = 30
BEAT_S = 15
HYDROLOGY, VESSELS = "hydrology", "fishing_vessels"
CALLOUT_Z = 950
LABELS_MOST = 12
WORTH_STAYING = 3
"""While something of this level stands in the list the wall does not turn to another scene."""

REFERENCE_PX = 2160


@dataclass(frozen=True, slots=True)
class Reading:
    """What one round of reading gave: the scene's pictures, the whole city's, the river."""

    scene: str
    pictures: Mapping[str, Picture]
    city: Mapping[str, Picture]
    services: Mapping[str, ServiceState]
    river: river.River | None


class Screen:
    """The blocks are put on the page by ``app.pages.wall``; reading begins when the browser has told its size."""

    def __init__(self, context: PageContext, text: Text) -> None:
        self.context, self.text, self.city = context, text, context.city
        asked = context.path.get("scene")
        scenes = {scene.id: scene for scene in self.city.wall.scenes}
        self.fixed = asked in scenes
        self.built = asked is None or asked not in scenes or asked in DRAWN
        self.scene: Scene = scenes[asked] if asked in scenes else next(iter(scenes.values()))
        self.size = (2632, 1536)
        self.services: Mapping[str, ServiceState] = {}
        self.pictures: dict[str, Picture] = {}
        self._due: set[str] = set()
        self.whole: dict[str, Picture] = {}
        self.river: river.River | None = None
        self.items: Sequence[wall_rail.Item] = ()
        self.sized, self.still = False, False
        self.background = Background()
        self.body: Any = None
        self.box = Bounds(*self.scene.bounds)
        self.map = compose.figure(self.view(), style="wall")
        self.map.figure.name = "map"
        self._blocks()

    def _blocks(self) -> None:
        text, zone = self.text, self.city.timezone
        words = {**text.table("wall"), "age": text.table("age")}
        self.bar = WallBar(words=words, data=self._bar_data())
        self.frame = MapFrame(words=text.table("map"), data=self._frame_data())
        self.inset = wall_inset.WallInset()
        self.rail = wall_rail.WallRail(words=words, data={"timezone": zone})
        self.tiles = wall_tiles.WallTiles(words=words)
        self.footer = wall_footer.WallFooter(words=words)
        self.note = WallNote()
        watch = {"build": self.context.build, "timezone": zone, "every_s": 5}
        self.watchdog = Watchdog(words=words, data=watch)
        self.frame.on("moved", self.moved)

    def start(self) -> None:
        """Follow the database; beat for the watchdog; turn the scenes."""
        self._ground(self.context.refresh.versions)
        self.context.refresh.subscribe(self.changed)
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.add_periodic_callback(lambda: self.watchdog.say({"type": "beat"}), BEAT_S * 1000)
            pn.state.add_periodic_callback(self.reload, SLOW_S * 1000)
            if not self.fixed:
                pn.state.add_periodic_callback(self.turn, int(self.city.wall.rotate_s * 1000))
        else:
            self.reload()
        if not self.built:
            pn.state.onload(self._open)

    def _open(self) -> None:
        """The browser shows a scene without a map: there is no size to wait for."""
        self.sized = True
        self.reload()

    # -- place and time ------------------------------------------------------------------------
    def view(self) -> View:
        """The scene as the browser shows it, now."""
        now = datetime.now(UTC)
        return View(self.box, *self.size, now - WINDOW, now)

    def desk(self, view: View) -> View:
        """The view as layers choose by zoom: in the px of a desk, for a wall's marks are k times as large."""
        width, height = (max(1, round(px / self.map.k)) for px in (view.width_px, view.height_px))
        return View(view.bounds, width, height, view.start, view.end, view.known_at)

    def wide(self) -> View:
        """The city with all its scenes: what the tiles and the list count, so that nothing outside a scene is lost."""
        now = datetime.now(UTC)
        boxes = [self.city.bounds, *(scene.bounds for scene in self.city.wall.scenes)]
        west, south = (min(box[i] for box in boxes) for i in (0, 1))
        east, north = (max(box[i] for box in boxes) for i in (2, 3))
        return View(Bounds(west, south, east, north), *self.size, now - WINDOW, now)

    def moved(self, message: Mapping[str, Any]) -> None:
        """The browser told what it shows: its size decides the size of the marks."""
        width, height = max(1, round(message["width"])), max(1, round(message["height"]))
        box = Bounds.from_mercator(*(float(message[name]) for name in ("x0", "y0", "x1", "y1")))
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
        self.background.run("inset", lambda: wall_inset.content(box, self.text), self.inset.show)
        self.reload()

    # -- reading -------------------------------------------------------------------------------
    def _ground(self, versions: Mapping[str, int]) -> None:
        self.map.add_tiles("basemap", basemap_url("wall", self.context.build, versions), z_order=0)

    def changed(self, versions: Mapping[str, int]) -> None:
        if GEOGRAPHY in versions:
            self._ground(versions)
        self.reload([name for name in versions if name in self.city.services])

    def reload(self, names: Iterable[str] | None = None) -> None:
        """Read the scene and the city again; with names only those services and what is not there yet."""
        self._due |= set(self.city.services if names is None else names)
        if not self.sized and pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            return  # what is sent before the browser has drawn the blocks may be lost
        self.background.run("wall", self._load, self._show)

    def _load(self) -> Reading:
        """In the screen's thread: whatever is due by now."""
        due, self._due = self._due, set()
        view, wide, scene, reader = self.view(), self.wide(), self.scene, self.context.reader
        if not self.built:
            states = {state.id: state for state in reader.services(self.city.id)}
            return Reading(scene.id, {}, {}, states, None)
        versions, near, far = self.context.refresh.versions, dict(self.pictures), dict(self.whole)
        states = {state.id: state for state in reader.services(self.city.id)}
        for name in layers():
            if name not in states or states[name].state == "ready":
                continue
            if name in due or name not in far:
                far[name] = paint(reader, name, self.desk(wide), versions.get(name, 0))
            if name in scene.layers and (name in due or name not in near):
                near[name] = paint(reader, name, self.desk(view), versions.get(name, 0))
        frame = far[HYDROLOGY].frame if HYDROLOGY in far else None
        found = river.read(reader, frame, self.city, wide) if HYDROLOGY in scene.layers else None
        shown = {n: p for n, p in near.items() if n in scene.layers}
        return Reading(scene.id, shown, far, states, found)

    def _show(self, found: Reading) -> None:
        if found.scene != self.scene.id:
            return
        self.services, self.river = found.services, found.river
        changed = {n for n, p in found.pictures.items() if self.pictures.get(n) is not p}
        self.pictures, self.whole = dict(found.pictures), dict(found.city)
        for name in changed:
            self._draw(self.pictures[name])
        self.items = self._list()
        if self.built:
            self._annotate(self.view(), self.items[: wall_rail.MOST])
        self.refresh_blocks()

    def _annotate(self, view: View, shown: Sequence[wall_rail.Item]) -> None:
        """Call-outs and names, clear of numbers, abnormal marks, the inset and the scale."""
        k = self.map.k
        hard, soft = covered(marks_of(self.pictures.values()), view, k)
        chrome = wall_chrome(*self.size, k)
        called = callouts.element(shown, view, k, chrome, np.concatenate([hard, soft]))
        self.map.set("callouts", called, z_order=CALLOUT_Z)
        numbers, _ = covered([called], view, k)
        taken, language = np.concatenate([hard, numbers, chrome]), self.text.language
        named = labels.labels(view, "wall", language=language, taken=taken, crowd=soft, most=LABELS_MOST, k=k)
        self.map.labels(named)

    def _draw(self, picture: Picture) -> None:
        layer = layers()[picture.service]
        if picture.element is not None:
            self.map.set(picture.service, picture.element, z_order=layer.z_order)
        if has_density(picture.service, picture.view):
            view, bucket_s = picture.view, BUCKET_S
            if "Position" in self.city.catalogue()[picture.service].kinds:
                view, bucket_s = replace(view, start=view.end - TRACKS), TRACKS_EVERY_S
            url = tile_url(picture.service, "wall", picture.version, view, bucket_s=bucket_s)
            self.map.add_tiles(f"{picture.service}.density", url, z_order=layer.z_order, alpha=0.7)

    def _list(self) -> Sequence[wall_rail.Item]:
        if self.scene.id == "sea" and VESSELS in self.whole:
            return fleet.items(self.whole[VESSELS], datetime.now(UTC), self.text)
        return wall_rail.items(list(self.whole.values()), self.services, self.text)

    # -- showing -------------------------------------------------------------------------------
    def refresh_blocks(self) -> None:
        now, text, zone = datetime.now(UTC), self.text, self.city.timezone
        self.bar.show(self._bar_data())
        self.footer.show(wall_footer.content(self.services, zone, now, text))
        if not self.built:
            self.note.show(not_connected(self.scene, self.city, self.services, text))
            return
        self.frame.show(self._frame_data())
        self.rail.show(self._rail_data(now))
        columns, rows = self._tile_grid()
        self.tiles.show(wall_tiles.content(self.city, self.services, self.whole, now, text, columns, rows))

    def _rail_data(self, now: datetime) -> dict[str, Any]:
        zone, text = self.city.timezone, self.text
        if self.scene.id == "sea":
            picture, state = self.whole.get(VESSELS), self.services.get(VESSELS)
            return fleet.content(picture, state, self.items, now, zone, text)
        data = wall_rail.content(self.items, zone, text)
        if self.river is not None:
            data["river"] = river.content(self.river, self.wide(), text)
        return data

    def _tile_grid(self) -> tuple[int, int]:
        """Fewer tiles, never smaller type, where the viewers stand far away (look.md 3.3)."""
        scale = self.city.wall.scale
        return max(2, int(5 / max(1.0, scale))), 2 if scale < 1.4 else 1

    def arrange(self) -> None:
        """The sea has no tiles: the map and the rail take their room."""
        _, rows = self._tile_grid()
        height = "0px" if self.scene.id == "sea" else f"calc({9.85 * rows:g} * var(--u))"
        self.body.styles = {**self.body.styles, "--tiles": height}

    def _bar_data(self) -> dict[str, Any]:
        lang = self.text.language
        scenes = [
            {
                "title": scene.title_vi if lang == "vi" else scene.title_en,
                "current": scene.id == self.scene.id,
                "ready": scene.id in self.ready(),
            }
            for scene in self.city.wall.scenes
        ]
        return {
            "city": self.city.title(lang),
            "timezone": self.city.timezone,
            "simulated": any(s.simulated for state in self.services.values() for s in state.sources),
            "scenes": scenes,
        }

    def _frame_data(self) -> dict[str, Any]:
        x0, y0, x1, y1 = Bounds(*self.scene.bounds).mercator
        return {
            "figure": "map",
            "wall": True,
            "language": self.text.language,
            "fit": {"x0": x0, "y0": y0, "x1": x1, "y1": y1, "n": self.scene.id},
            "aggregated": self._note(),
        }

    def _note(self) -> str:
        """What the picture is made of: the days of the tracks, and that unit lines are approximate."""
        parts = [self.text("wall.approximate")]
        if any("Position" in self.city.catalogue()[name].kinds for name in self.pictures):
            parts.insert(0, self.text("wall.tracks", n=TRACKS.days))
        return " · ".join(parts)

    # -- scenes --------------------------------------------------------------------------------
    def ready(self) -> list[str]:
        """Scenes that can be turned to: their layout is built and at least one of their layers has data."""
        connected = {name for name, state in self.services.items() if state.state != "ready"}
        return [s.id for s in self.city.wall.scenes if s.id in DRAWN and connected & set(s.layers)]

    def turn(self) -> None:
        """Go to the next scene that is ready, unless something of level 3 or more stands in the list."""
        names = self.ready()
        busy = any(item.level >= WORTH_STAYING for item in self.items)
        if self.still or busy or len(names) < 2:
            return
        at = names.index(self.scene.id) if self.scene.id in names else -1
        self.show_scene(names[(at + 1) % len(names)])

    def show_scene(self, name: str) -> None:
        """Turn to a scene: its layers, its place, its rail."""
        for layer in self.pictures:
            self.map.remove(layer)
        self.pictures = {}
        self.scene = next(scene for scene in self.city.wall.scenes if scene.id == name)
        self.arrange()
        self.bar.show(self._bar_data())
        self.frame.show(self._frame_data())
        self.reload([])
