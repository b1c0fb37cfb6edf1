"""The chosen object of a planner's session: picked by tap, row, search or link; bracketed, told, kept up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import cosh
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import pandas as pd
import panel as pn
from numpy.typing import NDArray

from app.pages.pictures import ids, is_raster
from app.panels import detail
from geodata.catalogue import service as service_of
from geodata.view import EARTH_RADIUS_M, View, lonlat, mercator
from layers import lettering, palette
from layers.base import layers

if TYPE_CHECKING:
    from app.pages.planner import Planner

PICK_PX = 12
"""Half the hit square of a tap on a picture of tiles, px."""

TAP_MS = 80
"""A tap on a mark arrives as a chosen row and as a place; the place is used only when no row came."""

TRACK_Z = 45
CLEAR_PX = (260, 60)
"""A chosen object nearer to the map's sides, or to its top and bottom, is brought to the middle: panel and tools."""

BRACKET_PX, CHIP_LETTER_PX = 26, 14


class Selection:
    """Belongs to one ``Planner``; ``planner.state.selected`` is the truth."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self._hit = False
        self._row: pd.Series[Any] | None = None

    # -- choosing ------------------------------------------------------------------------------
    def tapped(self, service: str, keys: Sequence[str]) -> None:
        """A tap chose marks of a glyph layer."""
        if keys:
            self._hit = True
            self.pick(service, keys[-1])
            for source in self.planner.map.sources.get(service, ()):
                source.selected.indices = []

    def tapped_at(self, event: Any) -> None:
        """A tap on a place: when it hit no mark, ask the database what lies there exactly."""
        x, y = float(event.x), float(event.y)

        def later() -> None:
            if self._hit:
                self._hit = False
            else:
                self._pick_exactly(x, y)

        if pn.state.curdoc is not None and pn.state.curdoc.session_context is not None:
            pn.state.curdoc.add_timeout_callback(later, TAP_MS)
        else:
            later()

    def _pick_exactly(self, x: float, y: float) -> None:
        planner = self.planner
        view, reader = planner.view(), planner.context.reader
        rasters = [name for name in reversed(planner.visible()) if is_raster(name) and name in planner.pictures]
        radius = view.resolution_m * PICK_PX * ground_scale(y)

        def work() -> tuple[str, str, pd.Series[Any]] | None:
            lon, lat = lonlat(x, y)
            for name in rasters:
                rows = reader.at(name, lon, lat, view, radius_m=radius)
                if len(rows):
                    return name, ids(rows).iloc[0], rows.iloc[0]
            return None

        def then(found: tuple[str, str, pd.Series[Any]] | None) -> None:
            if found is None:
                self.clear()
            else:
                self.pick(found[0], found[1], row=found[2])

        if rasters:
            planner.background.run("pick", work, then)
        else:
            self.clear()

    def pick(self, service: str, key: str, *, row: pd.Series[Any] | None = None, centre: bool = False) -> None:
        """Choose an object by service and id."""
        planner = self.planner
        if service not in layers() or service not in planner.city.services:
            return
        if planner.state.focus != service:
            planner.focus(service)
        planner.state = replace(planner.state, selected=(service, key))
        self._row = row
        planner.refresh_blocks()
        planner.arrange()
        self.refresh({service})
        if centre:
            self.centre(only_if_outside=True)

    def first(self) -> None:
        """Choose the first row of the table when nothing is chosen."""
        if self.planner.state.selected is None and self.planner.table.data.get("rows"):
            self.pick(self.planner.state.focus or "", self.planner.table.data["rows"][0]["id"], centre=True)

    def clear(self) -> None:
        planner = self.planner
        if planner.state.selected is None:
            return
        planner.state = replace(planner.state, selected=None)
        self._row = None
        planner.map.deselect()
        planner.map.remove("track")
        planner.detail.show({})
        planner.arrange()
        planner.refresh_blocks()

    def centre(self, *, only_if_outside: bool = False) -> None:
        """Move the map to the chosen object."""
        place = None if self._row is None else self._row.get("geometry")
        if place is None or place.is_empty:
            return
        point, view = place.representative_point(), self.planner.view()
        x0, y0, x1, y1 = view.bounds.mercator
        (x, y), aside, above = mercator(point.x, point.y), *(px * view.resolution_m for px in CLEAR_PX)
        inside = x0 + aside < x < x1 - aside and y0 + above < y < y1 - above
        if not (only_if_outside and inside):
            self.planner.go(point.x, point.y)

    # -- showing -------------------------------------------------------------------------------
    def refresh(self, services: set[str]) -> None:
        """Show the chosen object again when its layer was among those just read."""
        planner = self.planner
        if planner.state.selected is None or planner.state.selected[0] not in services:
            return
        service, key = planner.state.selected
        picture = planner.pictures.get(service)
        row = (picture.row(key) if picture is not None else None) if self._row is None or picture else self._row
        row = self._row if row is None else row
        if row is None:
            planner.map.deselect()
            if picture is not None:
                planner.detail.show(self._gone(service, key))
            return
        self._row = row
        self._bracket(row, service, key)
        planner.label(planner.view())
        sources = planner.services[service].sources if service in planner.services else ()
        subject = detail.Subject(service=service_of(service), key=key, row=row, sources=sources)
        view, reader, visible, text = planner.view(), planner.context.reader, list(planner.pictures), planner.text

        def then(story: detail.Story) -> None:
            if planner.state.selected == (service, key):
                self._draw_track(story)
                planner.detail.show(detail.content(subject, story, view, planner.city.timezone, text))

        planner.background.run("detail", lambda: detail.read(reader, subject, view, visible, text), then)

    def _bracket(self, row: pd.Series[Any], service: str, key: str) -> None:
        place = row.get("geometry")
        if place is None or place.is_empty:
            self.planner.map.deselect()
            return
        point = place.representative_point()
        x, y = mercator(point.x, point.y)
        mark = str(row.get("mark") or service_of(service).mark)
        self.planner.map.select(x, y, str(row.get("name") or key.partition(":")[2] or key), mark)

    def chip(self, view: View) -> NDArray[np.float64]:
        """The screen box (n, 4) in px that brackets and chip of the chosen object cover; none without one."""
        data = self.planner.map.sources["selection"][0].data
        if not len(data["x"]):
            return np.empty((0, 4))
        x0, _, _, y1 = view.bounds.mercator
        x, y = ((v - o) / view.resolution_m for v, o in ((data["x"][0], x0), (-data["y"][0], -y1)))
        x, y = x + data["dx"][0], y + data["dy"][0]
        wide = max(lettering.width(str(text), CHIP_LETTER_PX, 700) for text in data["text"])
        return np.array([[x - BRACKET_PX, y - BRACKET_PX, x + BRACKET_PX + (wide + 30 if wide else 0), y + BRACKET_PX]])

    def _draw_track(self, story: detail.Story) -> None:
        track = story.track
        if track is None or len(track) < 2:
            self.planner.map.remove("track")
            return
        xy = np.array([mercator(lon, lat) for lon, lat in zip(track["lon"], track["lat"], strict=True)])
        path = hv.Path([xy]).opts(color=palette.SELECT, line_width=1.5, alpha=0.7, line_dash="dotted")
        self.planner.map.set("track", path, z_order=TRACK_Z)

    def _gone(self, service: str, key: str) -> dict[str, Any]:
        kind, text = service_of(service), self.planner.text
        return {
            "timezone": self.planner.city.timezone,
            "kind": kind.short(text.language),
            "icon": kind.icon,
            "title": key,
            "sub": text("detail.gone"),
            "source": [],
        }


def ground_scale(y: float) -> float:
    """Ground metres of one EPSG:3857 metre at that northing."""
    return 1 / cosh(y / EARTH_RADIUS_M)
