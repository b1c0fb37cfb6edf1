"""The chosen object of a planner's session: picked by tap, row, search or link; bracketed, told, kept up to date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import cosh, log2
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import panel as pn
from numpy.typing import NDArray

from app.pages import fan, hits, way
from app.pages.fan import Fan
from app.pages.hits import Hit
from app.pages.pictures import has_density
from app.panels import detail
from app.panels.rows import word
from app.panels.story import Asking, Story, Subject, read, title_of
from geodata.catalogue import service as service_of
from geodata.view import EARTH_RADIUS_M, WORLD_M, View, lonlat, mercator
from layers import lettering, words
from layers.base import layers

if TYPE_CHECKING:
    from app.pages.planner import Planner

PICK_PX = 12
"""Half the hit square of a tap on a picture of tiles, px."""

TAP_MS = 80
"""A tap arrives as a choice of every layer that it hit, one after the other, and as a place."""

CLEAR_PX = (260, 60)
"""A chosen object nearer to the map's sides, or to its top and bottom, is brought to the middle: panel and tools."""

BRACKET_PX, CHIP_LETTER_PX = 26, 14
MOST_ALSO = 200
"""Of a crowd all are listed, as far as a panel can hold them; beyond that it says how many more."""

GROUP_ZOOM, GROUP_FIT = 1.0, 0.6
"""A tap on a density comes nearer by at least so many levels, until its members fill that share of the map."""

NEAREST = 18.0


class Selection:
    """Belongs to one ``Planner``; ``planner.state.selected`` is the truth."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self._waiting = False
        self._place: tuple[float, float] | None = None
        self._hits: Sequence[Hit] = ()
        self._told: tuple[str, str] | None = None
        self.fan = Fan(planner.map)
        planner.detail.on("near", lambda m: self.approach())
        self._row: pd.Series[Any] | None = None

    # -- choosing ------------------------------------------------------------------------------
    def tapped(self, service: str, keys: Sequence[str]) -> None:
        """A tap chose something of a glyph layer; what else it chose comes within ``TAP_MS``."""
        del service
        if keys:
            self._later()

    def tapped_at(self, event: Any) -> None:
        """A tap on a place."""
        self._place = (float(event.x), float(event.y))
        self._later()

    def _later(self) -> None:
        if pn.state.curdoc is None or pn.state.curdoc.session_context is None:
            self._resolve()
        elif not self._waiting:
            self._waiting = True
            pn.state.curdoc.add_timeout_callback(self._resolve, TAP_MS)

    def _resolve(self) -> None:
        """All that the tap hit, the top one chosen. A density has no marks: there the database says what lies there."""
        self._waiting = False
        place, self._place = self._place, None
        found = hits.taken(self.planner.map, layers())
        if place is not None and (not found or found[0].rank > hits.MARK):
            self._pick_exactly(*place, found)
        elif found:
            self._choose(found)

    def _choose(self, found: Sequence[Hit]) -> None:
        """The first of what was hit; marks that hide each other come apart. One of the fan leaves the fan as it is."""
        first = found[0]
        if first.fanned:
            self.pick(first.service, first.key, among=self._hits)
            return
        self._hits = found
        px_m = self.planner.view().resolution_m
        marks = [(hit, self._row_of(hit)) for hit in found if hit.rank == hits.MARK and hit.row is None]
        self.fan.show(fan.members(marks, px_m), px_m, self.planner.state.zoom)
        self.pick(first.service, first.key, row=first.row, among=found)

    def _row_of(self, hit: Hit) -> pd.Series[Any] | None:
        picture = self.planner.pictures.get(hit.service)
        return hit.row if hit.row is not None or picture is None else picture.row(hit.key)

    def approach(self) -> None:
        """Bring all that the last tap hit into the map, nearer than before: a density has no marks of its own."""
        rows = [self._row_of(hit) for hit in self._hits if hit.rank == hits.MARK]
        shapes = [row["geometry"] for row in rows if row is not None and row.get("geometry") is not None]
        points = [shape.representative_point() for shape in shapes if not shape.is_empty]
        if len(points) < 2:
            return
        planner, xy = self.planner, np.array([mercator(point.x, point.y) for point in points])
        (x0, y0), (x1, y1) = xy.min(axis=0), xy.max(axis=0)
        per_px = max((x1 - x0) / planner.size[0], (y1 - y0) / planner.size[1], 0.05) / GROUP_FIT
        zoom = min(max(log2(WORLD_M / 256 / per_px), planner.state.zoom + GROUP_ZOOM), NEAREST)
        lon, lat = lonlat((x0 + x1) / 2, (y0 + y1) / 2)
        if zoom > planner.state.zoom:
            planner.go(lon, lat, zoom)

    def _pick_exactly(self, x: float, y: float, drawn: Sequence[Hit]) -> None:
        planner = self.planner
        view, reader = planner.view(), planner.context.reader
        dense = [n for n in reversed(planner.visible()) if n in planner.pictures and has_density(n, view)]
        radius = view.resolution_m * PICK_PX * ground_scale(y)

        def work() -> list[Hit]:
            lon, lat = lonlat(x, y)
            found = [
                hit for name in dense for hit in hits.stored(reader.at(name, lon, lat, view, radius_m=radius), name)
            ]
            return sorted([*found, *drawn], key=lambda hit: hit.rank)

        def then(found: Sequence[Hit]) -> None:
            if found:
                self._choose(found)
                if found[0].row is not None:
                    self.approach()
            else:
                self.fan.fold()
                self.clear()

        if dense:
            planner.background.run("pick", work, then, urgent=True)
        else:
            then(drawn)

    def pick(
        self,
        service: str,
        key: str,
        *,
        row: pd.Series[Any] | None = None,
        centre: bool = False,
        among: Sequence[Hit] = (),
    ) -> None:
        """Choose an object by service and id; ``among`` are all that the same tap hit."""
        planner = self.planner
        if service not in layers() or service not in planner.city.services:
            return
        own = next((hit for hit in among or self._hits if hit.name == (service, key)), None)
        self._hits = [] if own is None else list(among or self._hits)
        if planner.state.focus != service:
            planner.focus(service)
        if planner.state.selected != (service, key):
            planner.state = replace(planner.state, selected=(service, key), observed_property=None)
        self._row = row if row is not None or own is None else own.row
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
        planner.state = replace(planner.state, selected=None, observed_property=None)
        self._row, self._hits, self._told = None, (), None
        self.fan.fold()
        planner.map.deselect()
        way.draw(planner.map, ())
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
        self.fan.moved(planner.state.zoom)
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
        subject = self._subject(service, key, row)
        view, text, ask = planner.view(), planner.text, self._ask()

        def tell(story: Story) -> None:
            shown = detail.content(subject, story, view, planner.city.timezone, text)
            planner.detail.show({**shown, **self._others(service, key), "how": self._how(service, key)})

        def then(story: Story) -> None:
            if planner.state.selected == (service, key):
                track = story.track
                path = [] if track is None else list(zip(track["lon"], track["lat"], strict=True))
                way.draw(self.planner.map, path)
                tell(story)

        if self._told != (service, key):  # what its row says is there at once, what has to be read follows
            self._told = (service, key)
            tell(Story())
        planner.background.run("detail", lambda: read(ask, subject, view), then, urgent=True)

    def _subject(self, service: str, key: str, row: pd.Series[Any]) -> Subject:
        known = self.planner.services
        sources = known[service].sources if service in known else ()
        return Subject(service=service_of(service), key=key, row=row, sources=sources)

    def _ask(self) -> Asking:
        planner = self.planner
        return Asking(
            reader=planner.context.reader,
            text=planner.text,
            frames={name: one.frame for name, one in planner.pictures.items() if one.frame is not None},
            observed_property=planner.state.observed_property,
            snapshots=planner.context.settings.data if planner.state.live else None,
            cameras="cameras" in planner.city.services and "cameras" in layers(),
        )

    def property(self, name: str) -> None:
        """Show another observed property of the chosen thing in its chart."""
        selected = self.planner.state.selected
        if selected is not None and service_of(selected[0]).observed_property(name) is not None:
            self.planner.state = replace(self.planner.state, observed_property=name)
            self.planner.refresh_blocks()
            self.refresh({selected[0]})

    def _also(self, service: str, key: str) -> list[dict[str, str]]:
        """What else the tap hit, in the order it lies there."""
        out = []
        for hit in self._hits:
            picture = self.planner.pictures.get(hit.service)
            row = hit.row if hit.row is not None or picture is None else picture.row(hit.key)
            if hit.name != (service, key) and row is not None:
                title = title_of(Subject(service=service_of(hit.service), key=hit.key, row=row, sources=()))
                kind = service_of(hit.service).short(self.planner.text.language)
                out.append({"service": hit.service, "id": hit.key, "title": title, "value": "", "note": kind})
        return out

    def _others(self, service: str, key: str) -> dict[str, Any]:
        """The list of all that lies here, with how many there are."""
        also, text = self._also(service, key), self.planner.text
        more = len(also) - MOST_ALSO
        return {
            "also": also[:MOST_ALSO],
            "also_title": text("detail.also_n", n=words.number(len(also), 0, text.language)) if len(also) > 1 else "",
            "also_more": text("detail.also_more", n=words.number(more, 0, text.language)) if more > 0 else "",
        }

    def _how(self, service: str, key: str) -> str | None:
        """How an exact pick chose its row."""
        hit = next((one for one in self._hits if one.name == (service, key)), None)
        if hit is None or hit.row is None:
            return None
        metres = words.number(float(hit.row.get("distance_m") or 0), 0, self.planner.text.language)
        return self.planner.text(f"detail.how_{hit.row.get('chosen') or 'latest'}", m=metres)

    def _bracket(self, row: pd.Series[Any], service: str, key: str) -> None:
        place = row.get("geometry")
        if place is None or place.is_empty:
            self.planner.map.deselect()
            return
        point = place.representative_point()
        x, y = mercator(point.x, point.y)
        mark = str(row.get("mark") or service_of(service).mark)
        self.planner.map.select(x, y, _chip_text(row, key), mark)

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


def _chip_text(row: pd.Series[Any], key: str) -> str:
    """The name of a thing, the event of a warning (its id is a sentence), else the id without its issuer."""
    return word(row, "name") or word(row, "event") or key.partition(":")[2] or key


def ground_scale(y: float) -> float:
    """Ground metres of one EPSG:3857 metre at that northing."""
    return 1 / cosh(y / EARTH_RADIUS_M)
