"""The planner's session: one state, the layers it asks for, and what every block shows of them.

All reading happens in the session's own thread (``Background``); what a block shows is set under the document's
lock. A change in the database reloads the layers it names; ages tick in the browser without any reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import panel as pn

from app.context import PageContext
from app.pages import keyboard, nav, search
from app.pages.area_tool import AreaTool
from app.pages.background import Background
from app.pages.beside import Beside
from app.pages.clock_hand import ClockHand
from app.pages.footprints import covered
from app.pages.pictures import GEOGRAPHY, Picture, basemap_url, has_density, tile_url
from app.pages.reading import Reading
from app.pages.selection import Selection
from app.pages.sieve import Sieve
from app.panels import layer_tree, map_frame, twin_table
from app.panels.app_bar import AppBar
from app.panels.detail import Detail
from app.panels.shell import Shell
from app.state import PageState, initial, place_of
from app.text import Text
from geodata.catalogue import Group
from geodata.city import City
from geodata.view import View
from layers import compose, labels, settling
from layers.base import layers

if TYPE_CHECKING:
    from geodata.store.types import ServiceState

SLOW_S = 60
"""Everything in view is read again so often while live: states change by time alone."""

TURN_S = 2
"""The session's own turn: layers that have rested are read (``Reading``). Bokeh holds an ended session that long."""

FIRST_SIZE = (1196, 728)


def opening(city: City, query: Mapping[str, str]) -> PageState:
    """What a link shows; without a word on it, the first of the city's layers that is on is unfolded."""
    state = initial(city, query)
    if "f" in query:
        return state
    groups, home = get_args(Group), city.home_layers
    drawn = [one for name, one in city.catalogue().items() if name in layers() and name in state.shown]
    first = min(
        drawn,
        key=lambda one: (home.index(one.id) if one.id in home else len(home), groups.index(one.group)),
        default=None,
    )
    chosen = state.selected[0] if state.selected else None if first is None else first.id
    return replace(state, focus=chosen)


class Planner:
    """``map`` and the blocks are put on the page by ``app.pages.explore``; ``start`` begins to read and listen."""

    def __init__(self, context: PageContext, text: Text) -> None:
        self.context, self.text, self.city = context, text, context.city
        self.state: PageState = opening(self.city, context.query)
        self.size, self.sized = FIRST_SIZE, False
        self.pictures: dict[str, Picture] = {}
        self.reading = Reading(self)
        self.rows: dict[str, Any] = twin_table.content(None, None, text)
        self.services: Mapping[str, ServiceState] = context.live.known
        self.background = Background()
        self.full, self.place_n, self._turn = False, 0, 0
        self.folded: bool | None = None  # None: as the window has room
        self.body: Any = None
        self._hits: Sequence[search.Hit] = ()
        self.map = compose.figure(self.view(), language=text.language)
        self.map.figure.name = "map"
        self._blocks()
        self.selection = Selection(self)
        self.sieve = Sieve(self)
        self.beside = Beside(self)
        self.area = AreaTool(self)
        self._listen()

    # -- what the page is made of -------------------------------------------------------------
    def _blocks(self) -> None:
        text, zone = self.text, self.city.timezone
        units = text.table("age")
        self.bar = AppBar(data=self._bar_data(), words=text.table("bar"))
        self.tree = layer_tree.LayerTree(
            words={**text.table("tree"), **text.table("filter"), "age": units}, data={"timezone": zone}
        )
        self.hand = ClockHand(self)
        self.frame = map_frame.MapFrame(words=text.table("map"), data=self._frame_data())
        self.table = twin_table.TwinTable(words=text.table("table"))
        self.detail = Detail(words={**text.table("detail"), "age": units})
        self.shell = Shell(words=text.table("keys"))

    def _listen(self) -> None:
        self.bar.on("search", lambda m: self._search(str(m.get("q", ""))))
        self.bar.on("pick", lambda m: self._found(int(m.get("index", 0))))
        self.tree.on("eye", lambda m: self.toggle(str(m["id"])))
        self.tree.on("group", lambda m: self.group(str(m["id"]), on=bool(m.get("on"))))
        self.tree.on("focus", lambda m: self.focus(str(m["id"])))
        self.tree.on("opacity", lambda m: self.fade(float(m["value"])))
        self.frame.on("moved", self.moved)
        self.frame.on("home", lambda m: self.go(*self.city.home))
        self.frame.on("full", lambda m: self.whole_map())
        self.table.on("pick", lambda m: self.row(str(m["id"])))
        self.table.on("fold", lambda m: self.fold())
        self.detail.on("pick", lambda m: self.selection.pick(str(m["service"]), str(m["id"])))
        self.detail.on("property", lambda m: self.selection.property(str(m["id"])))
        self.detail.on("goto", lambda m: self.selection.centre())
        self.detail.on("close", lambda m: self.selection.clear())
        self.shell.on("key", lambda m: keyboard.press(self, str(m.get("key"))))
        self.map.on_pick(self.selection.tapped)
        self.map.figure.on_event("tap", self.selection.tapped_at)

    def start(self) -> None:
        """Read what the state asks for and follow the database."""
        self._ground(self.context.refresh.versions)
        self.context.refresh.subscribe(self.changed)
        self.reload()
        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.add_periodic_callback(self._slow, TURN_S * 1000)

    # -- reading -------------------------------------------------------------------------------
    def view(self) -> View:
        return self.state.view(*self.size, datetime.now(UTC))

    def visible(self) -> list[str]:
        """Layers of the city that can be drawn and are switched on, from below."""
        return [name for name in layers() if name in self.city.services and name in self.state.shown]

    def ready(self) -> bool:
        """Whether the browser has told the size of its map; what is read before is drawn for nothing."""
        return self.sized or pn.state.curdoc is None or pn.state.curdoc.session_context is None

    def reload(self, names: Iterable[str] | None = None) -> None:
        """Read the named layers at the present view; without names all that are visible."""
        asked = set(self.visible() if names is None else names)
        self.reading.ask(asked)
        self.beside.ask()
        if names is None:
            self.area.refresh()
        if self.ready() and (names is None or self.state.focus in asked):
            self.hand.count()

    def show(self, pictures: Sequence[Picture], services: Mapping[str, ServiceState], view: View) -> None:
        """Put what was read on the page."""
        self.services = services
        for picture in pictures:
            if picture.service in self.visible():
                self.pictures[picture.service] = picture
                self._draw(picture)
        self.label(view)
        self.refresh_blocks()
        if self.beside.on or self.state.focus in {p.service for p in pictures}:
            self.tabulate()
        self.selection.refresh({p.service for p in pictures})

    def tabulate(self) -> None:
        """Make the table of the layer in focus, in the session's thread."""
        if self.beside.on:
            self.rows = self.beside.table()
            self.refresh_blocks()
            return
        focus = self.state.focus if self.state.focus in self.city.services else None
        picture = self.pictures.get(focus or "")
        service = None if focus is None else self.city.catalogue()[focus]

        def then(rows: dict[str, Any]) -> None:
            if not self.beside.on:
                self.rows = rows
                self.refresh_blocks()

        self.background.run("table", lambda: twin_table.content(picture, service, self.text), then)

    def _draw(self, picture: Picture) -> None:
        name, layer = picture.service, layers()[picture.service]
        if picture.element is not None:
            self.map.set(name, picture.element, z_order=layer.z_order)
        if has_density(name, picture.view) and not picture.dotted:
            url = tile_url(name, "desk", picture.version, picture.view, live=self.state.live)
            self.map.add_tiles(f"{name}.density", url, z_order=layer.z_order, alpha=compose.DENSITY_ALPHA)
        else:
            self.map.remove(f"{name}.density")
        self.map.alpha(name, self.state.opacity.get(name, 1.0))

    def label(self, view: View) -> None:
        """Name the places of a view, clear of marks, of the chosen object's chip and of what lies on the map."""
        pictures, chosen, size, language = (
            list(self.pictures.values()),
            self.selection.chip(view),
            self.size,
            self.text.language,
        )

        def work() -> tuple[dict[str, Any], Any]:
            chrome = np.concatenate([map_frame.chrome(*size), chosen])
            own = {p.service: None if p.look.by_category or p.dotted else p.frame for p in pictures}
            drawn = {p.service: (own[p.service], p.element) for p in pictures if p.element is not None}
            moved = settling.settled(drawn, settling.Picture(view=view, language=language, chrome=chrome))
            elements = [moved.get(name, element) for name, (_, element) in drawn.items()]
            hard, soft = covered(settling.marks_of(elements), view, self.map.k)
            taken = np.concatenate([hard, chrome])
            return moved, labels.labels(view, language=language, taken=taken, crowd=soft)

        def then(both: tuple[dict[str, Any], Any]) -> None:
            for name in self.visible():
                if name in both[0]:
                    self.map.set(name, both[0][name], z_order=layers()[name].z_order)
            self.map.labels(both[1])

        self.background.run("labels", work, then)

    def _ground(self, versions: Mapping[str, int]) -> None:
        self.map.add_tiles("basemap", basemap_url("desk", self.context.build, versions), z_order=0)

    def changed(self, versions: Mapping[str, int]) -> None:
        """The database has new rows of these services. A past moment changes only when it shows what is known now."""
        if GEOGRAPHY in versions:
            self._ground(versions)
        if self.state.live or not self.state.as_known:
            self.reading.changed(versions)

    def _slow(self) -> None:
        self._turn = (self._turn + 1) % (SLOW_S // TURN_S)
        if self.state.live and self._turn == 0 and self.background.watched:
            self.reading.changed(self.visible())
            self.hand.count()
        else:
            self.reading.turn()

    # -- what the blocks show ------------------------------------------------------------------
    def refresh_blocks(self) -> None:
        """Put the present state into every block; equal data sends nothing."""
        state, text, city = self.state, self.text, self.city
        self.tree.show(
            {
                "language": text.language,
                "timezone": city.timezone,
                "focus": state.focus,
                "foot": text("tree.foot", basemap=text("map.attribution", basemap=text("map.basemap"))),
                "groups": layer_tree.groups(city, self.services, self.pictures, state.shown, text, live=state.live),
                "selected": layer_tree.unfolded(
                    state.focus, self.pictures.get(state.focus or ""), self.services, city, state, text
                ),
            }
        )
        self.frame.show(self._frame_data())
        self.sieve.show()
        self.beside.show()
        self.area.show()
        selected = state.selected[1] if state.selected and state.selected[0] == state.focus else None
        self.table.show({**self.rows, "selected": state.focus if self.beside.on else selected})
        self.shell.show({"link": state.query()})

    def _bar_data(self) -> dict[str, Any]:
        return {
            "city": self.city.title(self.text.language),
            "city_id": self.city.id,
            "timezone": self.city.timezone,
            "language": self.text.language,
            "nav": nav.links(self.text, "explore"),
            "views": True,
        }

    def _frame_data(self) -> dict[str, Any]:
        state, view = self.state, self.view()
        shown = [self.services[n] for n in self.visible() if n in self.services]
        return {
            "figure": "map",
            "language": self.text.language,
            "simulated": any(source.simulated for service in shown for source in service.sources),
            "past": not state.live,
            "note": self.hand.note(view.end),
            "attribution": self.text("map.attribution", basemap=self.text("map.basemap")),
            "place": map_frame.place(state.lon, state.lat, state.zoom, self.place_n),
            "grid": map_frame.grid_fit(view.bounds, self.city.srid),
        }

    def arrange(self) -> None:
        """Give the panels their room: the table folds, the detail opens only for a chosen object."""
        marks = {
            "chosen": self.state.selected is not None or self.area.showing,
            "full-map": self.full,
            "beside": self.beside.on,
        }
        if self.folded is not None:
            marks |= {"folded": self.folded, "unfolded": not self.folded}
        self.body.css_classes = ["explore", *(name for name, on in marks.items() if on)]

    # -- what the user does --------------------------------------------------------------------
    def change(self, **changes: Any) -> None:
        """Another moment: everything is read again."""
        self.state = replace(self.state, **changes)
        self.hand.show()
        self.refresh_blocks()
        self.reload()

    def moved(self, message: Mapping[str, Any]) -> None:
        width, height = max(1, round(message["width"])), max(1, round(message["height"]))
        x0, y0, x1, y1 = (float(message[name]) for name in ("x0", "y0", "x1", "y1"))
        lon, lat, zoom = place_of(x0, y0, x1, y1, width_px=width)
        if not (-180 <= lon <= 180 and -85 <= lat <= 85 and 0 <= zoom <= 22):
            return
        first, self.sized = not self.sized, True
        before = (self.state.lon, self.state.lat, self.state.zoom, self.size)
        self.state, self.size = replace(self.state, lon=lon, lat=lat, zoom=zoom), (width, height)
        if (lon, lat, zoom, self.size) != before or first or not self.services:
            self.reload()

    def go(self, lon: float, lat: float, zoom: float | None = None) -> None:
        """Move the map there."""
        self.place_n += 1
        self.state = replace(self.state, lon=lon, lat=lat, zoom=zoom or self.state.zoom)
        self.frame.show(self._frame_data())

    def toggle(self, name: str) -> None:
        shown = self.state.shown ^ {name}
        self.state = replace(self.state, shown=shown)
        for part in (name, f"{name}.density"):
            self.map.show(part, name in shown)
        if name not in shown:
            self.pictures.pop(name, None)
            self.map.remove(name)
            self.refresh_blocks()
        else:
            self.reload([name])

    def group(self, group: str, *, on: bool) -> None:
        """Switch all layers of a group that can be drawn."""
        for name, service in self.city.catalogue().items():
            if service.group == group and name in layers() and (name in self.state.shown) != on:
                self.toggle(name)

    def row(self, key: str) -> None:
        """A row of the table was chosen: an object, or a layer while two times are compared."""
        if not self.beside.on:
            self.selection.pick(self.state.focus or "", key, centre=True)
        elif key != self.state.focus:
            self.focus(key)

    def focus(self, name: str) -> None:
        self.state = replace(self.state, focus=None if name == self.state.focus else name)
        self.refresh_blocks()
        self.tabulate()
        self.hand.count()

    def fade(self, value: float) -> None:
        name = self.state.focus
        if name is not None:
            self.state = replace(self.state, opacity={**self.state.opacity, name: min(max(value, 0.1), 1.0)})
            self.map.alpha(name, self.state.opacity[name])
            self.refresh_blocks()

    def fold(self) -> None:
        self.folded = not self.folded
        self.arrange()

    def whole_map(self) -> None:
        self.full = not self.full
        self.arrange()

    def escape(self) -> None:
        self.frame.say({"type": "do", "what": "clear"})
        if self.full:
            self.whole_map()
        elif self.state.selected is None:
            self.area.close()
        else:
            self.selection.clear()

    def _search(self, words: str) -> None:
        pictures = dict(self.pictures)
        near = (self.state.lon, self.state.lat)
        self.background.run("search", lambda: search.find(words, near, pictures, self.text), self._show_hits)

    def _show_hits(self, hits: Sequence[search.Hit]) -> None:
        self._hits = hits
        self.bar.show({**self._bar_data(), "results": [hit.row for hit in hits]})

    def _found(self, index: int) -> None:
        if 0 <= index < len(self._hits):
            hit = self._hits[index]
            self.go(hit.lon, hit.lat, hit.zoom)
            if hit.service is not None:
                self.selection.pick(hit.service, hit.key)
