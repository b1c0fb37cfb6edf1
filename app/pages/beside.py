"""Two times of the same view side by side: the second map shares place and layers with the first, not its clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import panel as pn
from bokeh.models import PanTool, WheelZoomTool

from app import theme
from app.pages.footprints import covered
from app.pages.pictures import Picture, basemap_url, has_density, marks_of, paint, tile_url
from app.panels.detail import clock_text
from app.panels.pane_note import PaneNote
from layers import compose, labels, words
from layers.base import layers

if TYPE_CHECKING:
    from app.pages.planner import Planner
    from geodata.view import View
    from layers.mapfigure import MapFigure


class Beside:
    """Belongs to one ``Planner``; ``planner.state.beside`` is the instant of the second map, None without one."""

    def __init__(self, planner: Planner) -> None:
        self.planner = planner
        self.pictures: dict[str, Picture] = {}
        self.notes = (PaneNote(), PaneNote())
        self._map: MapFigure | None = None
        self._pane: Any = None

    @property
    def on(self) -> bool:
        return self.planner.state.beside is not None

    def set(self, moment: datetime | None) -> None:
        """Put a moment beside the map's own, or end the comparison."""
        planner = self.planner
        planner.state = replace(planner.state, beside=moment)
        self.pictures = {}
        self.arrange()
        planner.hand.show()
        planner.refresh_blocks()
        planner.tabulate()
        self.ask()

    def arrange(self) -> None:
        """Put the second map on the page, or take it away."""
        planner = self.planner
        if self.on and self._map is None and planner.body is not None:
            self._map = self._figure()
            pane = pn.pane.Bokeh(self._map.figure, margin=0, sizing_mode="stretch_both")
            self._pane = theme.box(pane, "second")
            planner.body.append(self._pane)
        elif not self.on and self._map is not None:
            planner.body.remove(self._pane)
            self._map = self._pane = None
        planner.arrange()

    def _figure(self) -> MapFigure:
        """A figure of its own; the browser keeps it at the place of the first (``pane_note.js``)."""
        wheel, pan = WheelZoomTool(zoom_on_axis=False), PanTool()
        made = compose.figure(self.view())
        made.figure.tools = [pan, wheel]
        made.figure.toolbar.active_scroll, made.figure.toolbar.active_drag = wheel, pan
        made.figure.name = f"beside-{made.figure.id}"
        context = self.planner.context
        made.add_tiles("basemap", basemap_url("desk", context.build, context.refresh.versions), z_order=0)
        return made

    def view(self) -> View:
        """The planner's view at the other moment; as known then when the first map is."""
        state, moment = self.planner.state, self.planner.state.beside
        view = replace(state, head=moment).view(*self.planner.size, datetime.now(UTC))
        return view if state.as_known else replace(view, known_at=None)

    def ask(self) -> None:
        """Read the visible layers at the other moment. The past stands still: only a hand makes it be read again."""
        planner = self.planner
        if not self.on or not planner.ready():
            return
        view, reader, names = self.view(), planner.context.reader, planner.visible()
        versions, looks = planner.context.refresh.versions, {name: planner.reading.look(name) for name in names}

        k = planner.map.k

        def work() -> tuple[Sequence[Picture], Any]:
            found = [paint(reader, name, view, versions.get(name, 0), looks[name]) for name in names]
            taken, crowd = covered(marks_of(found), view, k)
            return found, labels.labels(view, language=planner.text.language, taken=taken, crowd=crowd)

        planner.background.run("beside", work, lambda found: self._show(*found, view), urgent=True)

    def _show(self, pictures: Sequence[Picture], names: Any, view: View) -> None:
        if self._map is None or not self.on:
            return
        visible = set(self.planner.visible())
        for gone in (self.pictures.keys() - visible) | {one.service for one in pictures if one.element is None}:
            self._map.remove(gone)
        self.pictures = {one.service: one for one in pictures if one.service in visible}
        for name, picture in self.pictures.items():
            if picture.element is not None:
                self._map.set(name, picture.element, z_order=layers()[name].z_order)
            if has_density(name, view) and not picture.dotted:
                url = tile_url(name, "desk", picture.version, view, live=False)
                self._map.add_tiles(f"{name}.density", url, z_order=layers()[name].z_order, alpha=compose.DENSITY_ALPHA)
            else:
                self._map.remove(f"{name}.density")
            self._map.alpha(name, self.planner.state.opacity.get(name, 1.0))
        self._map.labels(names)
        self.planner.tabulate()

    def show(self) -> None:
        """The time of each map on the map itself."""
        first, second = self.times()
        self.notes[0].show({"text": first} if self.on else {})
        self.notes[1].show({"text": second, "link": ["map", made.figure.name]} if (made := self._map) else {})

    def times(self) -> tuple[str, str]:
        """Both moments in words."""
        planner, now = self.planner, datetime.now(UTC)
        zone, state = ZoneInfo(planner.city.timezone), planner.state
        first = planner.text("table.now_short") if state.live else clock_text(state.head, zone, now)
        return first, clock_text(state.beside, zone, now)

    def table(self) -> dict[str, Any]:
        """A row a layer: how many at each moment, how many abnormal, and the differences."""
        planner, text = self.planner, self.planner.text
        (first, second), services = self.times(), self.planner.city.catalogue()
        head = [text("table.layer"), first, second, text("table.difference")]
        head += [text("table.abnormal", time=one) for one in (first, second)] + [text("table.difference")]
        both = [n for n in reversed(planner.visible()) if n in planner.pictures and n in self.pictures]
        rows = [
            {
                "id": name,
                "cells": [
                    services[name].short(text.language),
                    *_counts(planner.pictures[name], self.pictures[name], text.language),
                ],
                "level": 0,
                "state": "",
                "svg": "",
            }
            for name in both
        ]
        return {
            "language": text.language,
            "service": "compare",
            "title": text("table.compared", now=first, then=second),
            "columns": [{"title": title, "align": "right" if i else "left"} for i, title in enumerate(head)]
            if rows
            else [],
            "state_column": -1,
            "rows": rows,
            "in_view": len(rows),
            "total": len(planner.visible()),
            "empty": text("table.reading"),
        }


def _counts(first: Picture, second: Picture, language: str) -> list[str]:
    """Count at both moments and the difference, then the same of the abnormal; "–" for what could not be read."""
    pairs: list[tuple[int | None, int | None]] = [
        (first.count, second.count),
        (_abnormal(first), _abnormal(second)),
    ]
    out = []
    for a, b in pairs:
        out += [words.number(a, 0, language), words.number(b, 0, language), _signed(a, b, language)]
    return out


def _abnormal(picture: Picture) -> int | None:
    return None if picture.frame is None else 0 if picture.abnormal is None else len(picture.abnormal)


def _signed(a: int | None, b: int | None, language: str) -> str:
    if a is None or b is None:
        return words.NOTHING
    return f"{'+' if a > b else ''}{words.number(a - b, 0, language)}"
