"""What a planner looks at, as one value that fits into the address of the page.

A link holds place, layers, time, selection; opening it, or coming back after a lost server, shows the same picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import log2
from urllib.parse import urlencode

from geodata import areas
from geodata.city import City
from geodata.view import WORLD_M, Bounds, View, lonlat, mercator

WINDOW = timedelta(hours=24)
"""Width of the window when a link does not say: one day, as the time control shows."""

LONGEST = timedelta(days=31)
NO_FOCUS = "-"
"""In a link: no layer is unfolded, by the planner's own choice."""
ZOOMS = (4.0, 19.0)

FILTERS = ("state", "category", "agency", "level", "status")
"""Columns of a layer's frame that a planner may filter by, in the order they are offered."""

Filters = Mapping[str, Mapping[str, frozenset[str]]]
"""Service to column to the values that are kept; a column without values keeps all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """``lon``, ``lat`` EPSG:4326 degrees of the centre; ``zoom`` Web Mercator for 256 px tiles.

    ``shown`` are the services switched on. ``head`` None is live: the clock's instant is now. ``as_known`` asks for
    what was known at ``head``. ``beside`` is the instant of the second map when two times are compared.
    ``by_category`` are the services coloured by category. ``observed_property`` is what the chosen thing's chart shows.
    ``area`` is the code of the area asked about (``geodata.areas``).
    """

    lon: float
    lat: float
    zoom: float
    shown: frozenset[str] = frozenset()
    focus: str | None = None
    selected: tuple[str, str] | None = None  # service, id
    head: datetime | None = None
    window: timedelta = WINDOW
    as_known: bool = False
    opacity: Mapping[str, float] = field(default_factory=dict)
    filters: Filters = field(default_factory=dict)
    by_category: frozenset[str] = frozenset()
    beside: datetime | None = None
    observed_property: str | None = None
    area: str | None = None

    @property
    def live(self) -> bool:
        return self.head is None

    def end(self, now: datetime) -> datetime:
        return self.head or now

    def view(self, width_px: int, height_px: int, now: datetime) -> View:
        """The view of a picture of that size; ``now`` is used while live."""
        end = self.end(now)
        known = end if self.as_known and not self.live else None
        bounds = bounds_of(self.lon, self.lat, self.zoom, width_px, height_px)
        return View(bounds, width_px, height_px, end - self.window, end, known)

    def query(self) -> str:
        """The state as the query of a link; what is at its default is left out."""
        parts = {"v": f"{self.lat:.5f},{self.lon:.5f},{self.zoom:.2f}"}
        parts["on"] = ",".join(sorted(self.shown)) or NO_FOCUS
        parts["f"] = self.focus or NO_FOCUS
        if self.selected:
            parts["s"] = "~".join(self.selected)
            if self.observed_property:
                parts["p"] = self.observed_property
        if self.head is not None:
            parts["t"] = str(int(self.head.timestamp()))
        if self.window != WINDOW:
            parts["w"] = str(int(self.window.total_seconds()))
        if self.as_known:
            parts["k"] = "1"
        if self.opacity:
            parts["o"] = ",".join(f"{name}:{round(100 * value)}" for name, value in sorted(self.opacity.items()))
        if self.beside is not None:
            parts["b"] = str(int(self.beside.timestamp()))
        plain = {"a": self.area or "", "c": ",".join(sorted(self.by_category))}
        parts |= {key: value for key, value in plain.items() if value}
        for name, kept in sorted(self.filters.items()):
            parts |= {f"q.{name}.{column}": joined(values) for column, values in sorted(kept.items()) if values}
        return urlencode(parts, safe=",:~")


def joined(values: Iterable[str]) -> str:
    """Values as one string, parted by ``~``; ``split`` takes it apart again."""
    return "~".join(value.replace("!", "!!").replace("~", "!-") for value in sorted(values))


def split(text: str) -> frozenset[str]:
    """The values of ``joined``."""
    parts = (part.replace("!!", "\0").replace("!-", "~").replace("\0", "!") for part in text.split("~"))
    return frozenset(part for part in parts if part)


def bounds_of(lon: float, lat: float, zoom: float, width_px: int, height_px: int) -> Bounds:
    """The box around a centre at a zoom, for a picture of that size; kept inside the Web Mercator world."""
    resolution = WORLD_M / 256 / 2**zoom
    x, y = mercator(lon, lat)
    half_x, half_y = resolution * width_px / 2, resolution * height_px / 2
    edge = WORLD_M / 2 - 1
    west, east = max(x - half_x, -edge), min(x + half_x, edge)
    south, north = max(y - half_y, -edge), min(y + half_y, edge)
    return Bounds.from_mercator(west, south, east, north)


def place_of(x0: float, y0: float, x1: float, y1: float, *, width_px: float) -> tuple[float, float, float]:
    """(lon, lat, zoom) of a box in EPSG:3857 metres drawn ``width_px`` wide."""
    lon, lat = lonlat((x0 + x1) / 2, (y0 + y1) / 2)
    return lon, lat, log2(WORLD_M / 256 / ((x1 - x0) / width_px))


def initial(city: City, query: Mapping[str, str]) -> PageState:
    """The state a link asks for. A part that cannot be read falls back to the city's own: a link never fails."""
    lon, lat, zoom = city.home
    state = PageState(lon=lon, lat=lat, zoom=zoom, shown=frozenset(city.home_layers or city.services))
    for read in (_place, _layers, _time, _beside, _selection, _opacity, _filters, _area):
        try:
            state = read(state, query)
        except (ValueError, OverflowError, OSError):
            continue
    return state


def _place(state: PageState, query: Mapping[str, str]) -> PageState:
    if "v" not in query:
        return state
    lat, lon, zoom = (float(part) for part in query["v"].split(","))
    if not (-180 <= lon <= 180 and -85 <= lat <= 85 and ZOOMS[0] <= zoom <= ZOOMS[1]):
        raise ValueError(query["v"])
    return replace(state, lon=lon, lat=lat, zoom=zoom)


def _layers(state: PageState, query: Mapping[str, str]) -> PageState:
    focus, shown = query.get("f", ""), state.shown
    if "on" in query:
        shown = names(query["on"])
    elif "off" in query:  # links of earlier versions
        shown -= names(query["off"])
    colored = names(query.get("c", ""))
    return replace(state, shown=shown, by_category=colored, focus=focus if focus.isidentifier() else None)


def names(text: str) -> frozenset[str]:
    """Service ids of a list parted by commas; what cannot be one is left out."""
    return frozenset(name for name in text.split(",") if name.isidentifier())


def _time(state: PageState, query: Mapping[str, str]) -> PageState:
    if "w" in query:
        window = timedelta(seconds=int(query["w"]))
        if timedelta(minutes=5) <= window <= LONGEST:
            state = replace(state, window=window)
    if "t" in query:
        state = replace(state, head=datetime.fromtimestamp(int(query["t"]), UTC), as_known=query.get("k") == "1")
    return state


def _beside(state: PageState, query: Mapping[str, str]) -> PageState:
    return replace(state, beside=datetime.fromtimestamp(int(query["b"]), UTC)) if "b" in query else state


def _selection(state: PageState, query: Mapping[str, str]) -> PageState:
    service, _, key = query.get("s", "").partition("~")
    if not (service.isidentifier() and key):
        return state
    prop = query.get("p", "")
    return replace(state, selected=(service, key), observed_property=prop if prop.isidentifier() else None)


def _filters(state: PageState, query: Mapping[str, str]) -> PageState:
    found: dict[str, dict[str, frozenset[str]]] = {}
    for key, text in query.items():
        prefix, _, rest = key.partition(".")
        service, _, column = rest.partition(".")
        if prefix == "q" and service.isidentifier() and column in FILTERS and (values := split(text)):
            found.setdefault(service, {})[column] = values
    return replace(state, filters=found)


def _area(state: PageState, query: Mapping[str, str]) -> PageState:
    code = query.get("a", "")
    return replace(state, area=code) if code and areas.valid(code) else state


def _opacity(state: PageState, query: Mapping[str, str]) -> PageState:
    pairs = (part.split(":") for part in query.get("o", "").split(",") if part)
    return replace(state, opacity={name: min(max(int(value), 10), 100) / 100 for name, value in pairs})
