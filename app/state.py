"""What a planner looks at, as one value that fits into the address of the page.

A link holds place, layers, time, selection; opening it, or coming back after a lost server, shows the same picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import log2
from urllib.parse import urlencode

from geodata.city import City
from geodata.view import WORLD_M, Bounds, View, lonlat, mercator

WINDOW = timedelta(hours=24)
"""Width of the window when a link does not say: one day, as the time control shows."""

LONGEST = timedelta(days=31)
NO_FOCUS = "-"
"""In a link: no layer is unfolded, by the planner's own choice."""
ZOOMS = (4.0, 19.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageState:
    """``lon``, ``lat`` EPSG:4326 degrees of the centre; ``zoom`` Web Mercator for 256 px tiles.

    ``head`` None is live: the clock's instant is now. ``as_known`` asks for what was known at ``head``.
    """

    lon: float
    lat: float
    zoom: float
    hidden: frozenset[str] = frozenset()
    focus: str | None = None
    selected: tuple[str, str] | None = None  # service, id
    head: datetime | None = None
    window: timedelta = WINDOW
    as_known: bool = False
    opacity: Mapping[str, float] = field(default_factory=dict)

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
        if self.hidden:
            parts["off"] = ",".join(sorted(self.hidden))
        parts["f"] = self.focus or NO_FOCUS
        if self.selected:
            parts["s"] = "~".join(self.selected)
        if self.head is not None:
            parts["t"] = str(int(self.head.timestamp()))
        if self.window != WINDOW:
            parts["w"] = str(int(self.window.total_seconds()))
        if self.as_known:
            parts["k"] = "1"
        if self.opacity:
            parts["o"] = ",".join(f"{name}:{round(100 * value)}" for name, value in sorted(self.opacity.items()))
        return urlencode(parts, safe=",:~")


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
    state = PageState(lon=lon, lat=lat, zoom=zoom)
    for read in (_place, _layers, _time, _selection, _opacity):
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
    hidden = frozenset(name for name in query.get("off", "").split(",") if name.isidentifier())
    focus = query.get("f", "")
    return replace(state, hidden=hidden, focus=focus if focus.isidentifier() else None)


def _time(state: PageState, query: Mapping[str, str]) -> PageState:
    if "w" in query:
        window = timedelta(seconds=int(query["w"]))
        if timedelta(minutes=5) <= window <= LONGEST:
            state = replace(state, window=window)
    if "t" in query:
        state = replace(state, head=datetime.fromtimestamp(int(query["t"]), UTC), as_known=query.get("k") == "1")
    return state


def _selection(state: PageState, query: Mapping[str, str]) -> PageState:
    service, _, key = query.get("s", "").partition("~")
    return replace(state, selected=(service, key)) if service.isidentifier() and key else state


def _opacity(state: PageState, query: Mapping[str, str]) -> PageState:
    pairs = (part.split(":") for part in query.get("o", "").split(",") if part)
    return replace(state, opacity={name: min(max(int(value), 10), 100) / 100 for name, value in pairs})
