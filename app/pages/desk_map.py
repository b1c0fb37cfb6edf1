"""The desk's map: the chosen finding's place with its service's layer round about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import log2
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from app.pages import way
from app.pages.footprints import covered
from app.pages.pictures import Picture, basemap_url, has_density, marks_of, paint, tile_url
from app.panels import map_frame
from app.panels.map_frame import MapFrame, grid_fit, place
from geodata.view import WORLD_M, Bounds, View, lonlat, mercator
from layers import compose, labels, settling
from layers.base import layers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapely.geometry.base import BaseGeometry

    from app.context import PageContext
    from app.pages.background import Background
    from app.text import Text
    from layers.mapfigure import MapFigure

WINDOW = timedelta(hours=24)
NEAR, AT_SEA, CLOSEST, FARTHEST = 12.5, 9.0, 15.0, 6.0
"""Zoom on a point ashore, on a moving thing, and the bounds of the zoom on an area."""

SIZE = (950, 560)
MARGIN = 1.35


@dataclass(frozen=True, slots=True)
class Spot:
    """Where to look: EPSG:4326 degrees and a zoom."""

    lon: float
    lat: float
    zoom: float


def spot(
    geometry: BaseGeometry | None, home: tuple[float, float, float], size: tuple[int, int] = SIZE, near: float = NEAR
) -> Spot:
    """The whole of a finding's geometry, a point at zoom ``near``, the city's home without any."""
    if geometry is None or geometry.is_empty:
        return Spot(*home)
    west, south, east, north = geometry.bounds
    if max(east - west, north - south) < 1e-4:
        middle = geometry.centroid
        return Spot(middle.x, middle.y, near)
    (x0, y0), (x1, y1) = mercator(west, south), mercator(east, north)
    resolution = max((x1 - x0) / size[0], (y1 - y0) / size[1], 1e-6) * MARGIN
    zoom = min(max(log2(WORLD_M / 256 / resolution), FARTHEST), CLOSEST)
    return Spot(*lonlat((x0 + x1) / 2, (y0 + y1) / 2), zoom)


class DeskMap:
    """One figure; ``go`` moves it to a finding, ``ask`` reads the layer again."""

    def __init__(self, context: PageContext, text: Text, background: Background) -> None:
        self.context, self.text, self.city, self.background = context, text, context.city, background
        self.size, self.still = SIZE, False
        self.service = ""
        self._n = 0
        self._spot = Spot(*self.city.home)
        self._box: Bounds | None = None
        self.map: MapFigure = compose.figure(self.view())
        self.map.figure.name = f"desk-{self.map.figure.id}"
        self.map.add_tiles("basemap", basemap_url("desk", context.build, context.refresh.versions), z_order=0)
        self.frame = MapFrame(words=text.table("map"))
        self.frame.on("moved", self._moved)
        self.frame.on("home", lambda _message: self.go_to(self._spot))

    def view(self) -> View:
        """What the browser shows, up to now."""
        now = datetime.now(UTC)
        if self._box is not None:
            return View(self._box, *self.size, now - WINDOW, now)
        (x, y), resolution = mercator(self._spot.lon, self._spot.lat), WORLD_M / 256 / 2**self._spot.zoom
        across, up = self.size[0] / 2 * resolution, self.size[1] / 2 * resolution
        return View(Bounds.from_mercator(x - across, y - up, x + across, y + up), *self.size, now - WINDOW, now)

    def go(
        self,
        service: str,
        geometry: BaseGeometry | None,
        title: str,
        *,
        moving: bool = False,
        path: Sequence[tuple[float, float]] = (),
    ) -> None:
        """Show a finding's place with that service's layer, and the way that it came: ``path`` of lon, lat."""
        for gone in ({self.service} | {f"{self.service}.density"}) - {service, ""}:
            self.map.remove(gone)
        self.service = service if service in layers() else ""
        self._mark(geometry, title)
        way.draw(self.map, path)
        self.go_to(spot(geometry, self.city.home, self.size, AT_SEA if moving else NEAR))

    def go_to(self, where: Spot) -> None:
        self._spot, self._box = where, None
        self._n += 1
        self.show()
        self.ask()

    def _mark(self, geometry: BaseGeometry | None, title: str) -> None:
        if geometry is None or geometry.is_empty or not isinstance(geometry, shapely.Point):
            self.map.deselect()
        else:
            self.map.select(*mercator(geometry.x, geometry.y), title)

    def show(self) -> None:
        """Everything on the map that is not data."""
        where = self._spot
        self.frame.show(
            {
                "figure": self.map.figure.name,
                "language": self.text.language,
                "attribution": self.text("map.attribution", basemap=self.text("map.basemap")),
                "place": place(where.lon, where.lat, where.zoom, self._n),
                "grid": grid_fit(self.view().bounds, self.city.srid),
            }
        )

    def _moved(self, message: Mapping[str, Any]) -> None:
        try:
            box = Bounds.from_mercator(*(float(message[name]) for name in ("x0", "y0", "x1", "y1")))
            size = max(int(message["width"]), 1), max(int(message["height"]), 1)
        except (KeyError, TypeError, ValueError):
            return  # a browser may send anything
        self._box, self.size = box, size
        self.ask()

    def ask(self) -> None:
        """Read the layer and place the names, off the loop."""
        view, service, reader, language = self.view(), self.service, self.context.reader, self.text.language
        version, k = self.context.refresh.versions.get(service, 0), self.map.k

        def work() -> tuple[Picture | None, Any]:
            found = paint(reader, service, view, version) if service else None
            chrome = map_frame.chrome(view.width_px, view.height_px)
            if found is not None and found.element is not None:
                drawn = {service: (None if found.dotted else found.frame, found.element)}
                moved = settling.settled(drawn, settling.Picture(view=view, language=language, chrome=chrome))
                found = replace(found, element=moved.get(service, found.element))
            taken, crowd = covered(marks_of([found] if found else []), view, k)
            return found, labels.labels(view, language=language, taken=np.concatenate([taken, chrome]), crowd=crowd)

        self.background.run("map", work, lambda found: self._show(*found, view), urgent=True)

    def _show(self, picture: Picture | None, names: Any, view: View) -> None:
        if picture is not None and picture.service == self.service:
            order = layers()[self.service].z_order
            if picture.element is None:
                self.map.remove(self.service)
            else:
                self.map.set(self.service, picture.element, z_order=order)
            if has_density(self.service, view) and not picture.dotted:
                url = tile_url(self.service, "desk", picture.version, view)
                self.map.add_tiles(f"{self.service}.density", url, z_order=order, alpha=compose.DENSITY_ALPHA)
            else:
                self.map.remove(f"{self.service}.density")
        self.map.labels(names)
