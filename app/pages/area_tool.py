"""The area of a planner's session: drawn or chosen, shown on the map, told in the panel, kept in the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import log2
from time import monotonic
from typing import TYPE_CHECKING, Any

from app.pages import area_ask, area_picture, area_words
from app.pages.area_export import offer
from app.pages.background import Background
from app.panels.area_panel import AreaPanel
from app.panels.area_tools import AreaTools
from app.state import PageState
from geodata import areas, gazetteer
from geodata.areas import Area, AreaGone
from geodata.errors import VongLauError
from geodata.gazetteer import Hit
from geodata.view import WORLD_M, Bounds
from layers import report
from layers.report import Part

if TYPE_CHECKING:
    from app.pages.planner import Planner

AREA_Z = 44
"""Over the ground, under networks and marks: an area asked about hides nothing."""

RADIUS_M = 300
FRESH_S = 60
"""A live report is read again so often, but of its layers only those that changed since."""

SAME_S = 300.0
"""A layer that has not changed is loaded again after so long all the same: states grow old by time alone."""

MOST_HITS = 8
UNITS = {"ward": False, "old_ward": True, "old_district": True}
FIT = 0.8
"""Share of the map that an area fills when it is brought into the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The object that was chosen last: its panel gives way to this one, but an area may lie around it."""

    service: str
    key: str
    row: Any

    @property
    def name(self) -> str:
        return area_ask.name_of(self.row, self.key)

    @property
    def shaped(self) -> bool:
        return self.row.geometry.geom_type in {"Polygon", "MultiPolygon"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What was read of an area: the area itself, its report in words, or why there is none."""

    code: str
    area: Area | None = None
    content: Mapping[str, Any] | None = None
    note: str = ""
    state: PageState | None = None  # with the clock of the report, for its links
    parts: Mapping[str, Loaded] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A part of a report with what it was loaded from: area, window and filters, the version, when (monotonic s)."""

    what: object
    version: int
    at: float
    part: Part


def still_good(parts: Mapping[str, Loaded], what: object, versions: Mapping[str, int], now: float) -> dict[str, Part]:
    """The parts of the last report that need no loading for this one."""
    return {
        name: one.part
        for name, one in parts.items()
        if one.what == what and one.version == versions.get(name, 0) and now - one.at < SAME_S
    }


class AreaTool:
    """Belongs to one ``Planner``; ``planner.state.area`` is the truth, ``mode`` what the panel shows."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.mode = "report" if planner.state.area else ""
        self.note, self.asked = "", ""
        self.hits: Sequence[Hit] = ()
        self.told: Told | None = None
        self.kept: Kept | None = None
        self._key: object = None
        self.background = Background()
        text = planner.text
        self.tools = AreaTools(words=text.table("map") | text.table("area"), data=self._tools_data())
        self.panel = AreaPanel(words=text.table("report") | text.table("area"))
        self._listen()
        self._early()

    def _listen(self) -> None:
        on = self.panel.on
        on("tool", lambda m: self.tools.say({"type": "tool", "name": str(m.get("name"))}))
        on("view", lambda m: self._made(lambda: areas.box(self.planner.view().bounds)))
        on("around", lambda m: self.around(float(m.get("metres") or RADIUS_M)))
        on("shape", lambda m: self.shape())
        on("ward", lambda m: self.search(str(m.get("q", ""))))
        on("unit", lambda m: self.unit(int(m.get("index", 0))))
        on("mode", lambda m: self.open(str(m.get("name"))))
        on("drop", lambda m: self.drop())
        on("goto", lambda m: self.centre())
        on("close", lambda m: self.close())
        on("pick", lambda m: self.planner.selection.pick(str(m["service"]), str(m["id"]), centre=True))
        on = self.tools.on
        on("open", lambda m: self.open("export" if m.get("what") == "export" else "area"))
        on("drawn", lambda m: self._made(lambda: areas.drawn(m["points"])))
        on("boxed", lambda m: self._made(lambda: areas.box(_bounds(m["points"]))))
        on("pointed", lambda m: self.ward(float(m["lon"]), float(m["lat"])))

    @property
    def showing(self) -> bool:
        """Whether the panel needs its room."""
        return bool(self.mode) and self.planner.state.selected is None

    # -- choosing ------------------------------------------------------------------------------
    def open(self, name: str) -> None:
        """Open the panel: the area's report, or the ways to choose one, or the export; again closes it."""
        wanted = ("report" if self.planner.state.area else "choose") if name == "area" else name
        if wanted == self.mode and self.planner.state.selected is None and name != "choose":
            self.close()
            return
        self.mode, self.note = wanted, ""
        self._keep()
        self.planner.selection.clear()
        self._arrange()
        self.panel.say({"type": "focus"})

    def close(self) -> None:
        """Put the panel away; the area stays on the map and in the link."""
        self.mode = ""
        self._arrange()

    def _arrange(self) -> None:
        self.show()
        self.planner.arrange()

    def set(self, code: str) -> None:
        """Ask about another area."""
        self.planner.state = replace(self.planner.state, area=code)
        self.told, self.note, self.mode, self._key = None, "", "report", None
        self.hits, self.asked = (), ""
        self._early()
        self._keep()
        self.planner.selection.clear()
        self.planner.refresh_blocks()
        self._arrange()
        self.refresh()

    def drop(self) -> None:
        """No area any more."""
        self.planner.state = replace(self.planner.state, area=None)
        self.told, self._key, self.mode = None, None, "choose"
        self.planner.map.remove("area")
        self.planner.refresh_blocks()
        self._arrange()

    def _made(self, make: Any) -> None:
        """Take the area that was drawn, or say why it is none."""
        try:
            self.set(make().code)
        except (VongLauError, ValueError) as error:
            self.note = self.planner.text("area.crossed") if isinstance(error, ValueError) else str(error)
            self.mode = "choose"
            self._arrange()

    def ward(self, lon: float, lat: float) -> None:
        """The ward of today at a point."""
        found = gazetteer.ward_at(lon, lat)
        if found is None:
            self.note, self.mode = self.planner.text("area.no_ward"), "choose"
            self._arrange()
        else:
            self.set(f"w{found.code}")

    def around(self, metres: float) -> None:
        """Everything within so many metres of the chosen object."""
        kept = self.kept
        if kept is not None:
            point = kept.row.geometry.representative_point()
            self._made(lambda: areas.circle(point.x, point.y, metres, kept.name))

    def shape(self) -> None:
        """The chosen object's own area."""
        if self.kept is not None and self.kept.shaped:
            self.set(areas.object_code(self.kept.service, self.kept.key))

    def search(self, words: str) -> None:
        """Units by name, old and new, as far as their lines are known."""
        near = (self.planner.state.lon, self.planner.state.lat)

        def work() -> list[Hit]:
            found = [hit for hit in gazetteer.search(words, 40, near) if hit.kind in UNITS]
            return [hit for hit in found if areas.has_lines(hit.ref, old=UNITS[hit.kind])][:MOST_HITS]

        def then(found: list[Hit]) -> None:
            self.hits, self.asked = found, words.strip()
            self.show()

        self.background.run("ward", work, then)

    def unit(self, index: int) -> None:
        if 0 <= index < len(self.hits):
            hit = self.hits[index]
            self.set(("o" if UNITS[hit.kind] else "w") + hit.ref)
            self.centre()

    def centre(self) -> None:
        """Bring the area into the middle of the map, whole."""
        area = None if self.told is None else self.told.area
        if area is None:
            return
        bounds = Bounds(*area.shape.bounds)
        x0, y0, x1, y1 = bounds.mercator
        width, height = self.planner.size
        per_px = max((x1 - x0) / width, (y1 - y0) / height, 0.2) / FIT
        middle = area.shape.envelope.centroid
        self.planner.go(middle.x, middle.y, min(log2(WORLD_M / 256 / per_px), 18.0))

    # -- reading -------------------------------------------------------------------------------
    def _early(self) -> None:
        """Show at once what needs no store; an object's area comes with its reading."""
        code = self.planner.state.area
        if code and not code.startswith("s"):
            try:
                self.told = Told(code=code, area=areas.parse(code))
            except VongLauError as error:
                self.told = Told(code=code, note=self.planner.text("area.bad", reason=error))
        self._draw()

    def refresh(self) -> None:
        """Read the report again when the clock, the window, the filters or the area are others."""
        state, now = self.planner.state, datetime.now(UTC)
        if not state.area or not self.planner.ready():
            return
        minute = int(now.timestamp() // FRESH_S) if state.live else state.head
        key = (state.area, minute, state.window, state.as_known, repr(state.filters))
        if key == self._key:
            return
        self._key = key
        ask = area_ask.Ask(city=self.planner.city, state=state, now=now, given={"lang": self.planner.text.language})
        what = (state.area, state.window, repr(state.filters)) if state.live else None
        parts = {} if self.told is None else self.told.parts
        self.background.run("area", lambda: self._read(ask, what, parts), self._read_then)

    def _read(self, ask: area_ask.Ask, what: object, parts: Mapping[str, Loaded]) -> Told:
        """In the session's thread. ``what`` None: a past moment, of which nothing is kept."""
        planner, code, reader = self.planner, str(ask.state.area), self.planner.context.reader
        try:
            area = ask.area(reader)
        except AreaGone:
            return Told(code=code, note=planner.text("area.gone"))
        except VongLauError as error:
            return Told(code=code, note=planner.text("area.bad", reason=error))
        versions, now = dict(planner.context.refresh.versions), monotonic()
        good = {} if what is None else still_good(parts, what, versions, now)
        found = report.read(
            reader,
            area,
            ask.view(area_ask.AREA_BOUNDS),
            city=planner.city.id,
            srid=planner.city.srid,
            services=[name for name in planner.city.catalogue() if name != "platform"],
            load=lambda layer, view: ask.load(reader, layer, view),
            kept=good,
        )
        content = area_words.content(found, planner.city, planner.text)
        loaded = {
            one.service.id: parts[one.service.id]
            if one.service.id in good
            else Loaded(what=what, version=versions.get(one.service.id, 0), at=now, part=one)
            for one in found.parts
        }
        return Told(code=code, area=area, content=content, state=area_ask.frozen(ask.state, ask.now), parts=loaded)

    def _read_then(self, told: Told) -> None:
        if told.code == self.planner.state.area:
            self.told = told
            self._draw()
            self.show()

    # -- showing -------------------------------------------------------------------------------
    def _keep(self) -> None:
        chosen = self.planner.state.selected
        picture = None if chosen is None else self.planner.pictures.get(chosen[0])
        row = None if picture is None or chosen is None else picture.row(chosen[1])
        if chosen is not None and row is not None and row.geometry is not None and not row.geometry.is_empty:
            self.kept = Kept(service=chosen[0], key=chosen[1], row=row)

    def _draw(self) -> None:
        area = None if self.told is None else self.told.area
        if area is None:
            self.planner.map.remove("area")
        else:
            self.planner.map.set("area", area_picture.shape(area), z_order=AREA_Z)

    def _tools_data(self) -> dict[str, Any]:
        frame = self.planner.frame.data
        return {
            "figure": "map",
            "language": self.planner.text.language,
            "grid": frame.get("grid"),
            "open": "export" if self.mode == "export" else "area" if self.mode else "",
        }

    def show(self) -> None:
        """Put the present state into tools and panel."""
        self._keep()
        self.tools.show(self._tools_data())
        if not self.showing:
            self.panel.show({})
            return
        data: dict[str, Any] = {"mode": self.mode, "language": self.planner.text.language, "note": self.note}
        if self.mode == "choose":
            self.panel.show(data | self._choices())
        elif self.mode == "report":
            self.panel.show(data | self._report())
        else:
            self.panel.show(data | {"export": offer(self.planner, None if self.told is None else self.told.area)})

    def _choices(self) -> dict[str, Any]:
        return {
            "selected": None if self.kept is None else self.kept.name,
            "shaped": self.kept is not None and self.kept.shaped,
            "metres": RADIUS_M,
            "hits": [{"title": hit.name, "sub": hit.detail} for hit in self.hits],
            "asked": self.asked,
        }

    def _report(self) -> dict[str, Any]:
        told, text = self.told, self.planner.text
        if told is None:
            return {"title": "", "report": None}
        links = None
        if told.state is not None:
            query = told.state.query() + ("" if text.language == "vi" else "&lang=en")
            links = {"page": f"/report?{query}", "pdf": f"/report.pdf?{query}"}
        title = "" if told.area is None else told.area.title(text.language)
        return {"title": title, "report": told.content, "note": self.note or told.note, "links": links}


def _bounds(corners: Sequence[Sequence[float]]) -> Bounds:
    """The box of two opposite corners (lon, lat). Raises ValueError when they are one."""
    (a, b), (c, d) = ((float(x), float(y)) for x, y in corners)
    return Bounds(min(a, c), min(b, d), max(a, c), max(b, d))
