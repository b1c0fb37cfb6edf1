"""Marks that lie on each other come apart around them (look.md 3.7: radius 28); each can be tapped there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import pandas as pd

from geodata.catalogue import service as service_of
from geodata.view import mercator
from layers import elements, palette

if TYPE_CHECKING:
    from app.pages.hits import Hit
    from layers.mapfigure import MapFigure

FAN = "fan"
FAN_Z = 905
"""Over every layer: the fan belongs to the page, like the selection."""

OVERLAP_PX = 12.0
"""Marks nearer to the chosen one than this hide each other."""

RINGS: Sequence[tuple[float, int]] = ((28.0, 8), (56.0, 16), (84.0, 24))
"""Radius in px and places of every ring; a pin needs 22 px."""

MOST = sum(places for _, places in RINGS)
PARTED = "\x1f"
PLAIN: dict[str, Any] = {"dx": 0.0, "dy": 0.0, "fov": 0.0, "range": 0.0, "name": None, "scale": 1.0}
"""A mark of the fan has no foot, no cone and no words beside it."""

LOOK = ("mark", "state", "level", "tint", "alpha", "az", "due", "text", "unit", "trend", "kind")
USUAL: dict[str, Any] = {"state": "fresh", "level": 0, "alpha": 1.0, "az": np.nan, "due": np.nan}
DISC_PX = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One mark of a crowd: its hit, its row, its place in EPSG:3857 m."""

    hit: Hit
    row: pd.Series[Any]
    x: float
    y: float


def members(found: Sequence[tuple[Hit, pd.Series[Any] | None]], px_m: float) -> list[Member]:
    """Those that hide the first one: their places lie within ``OVERLAP_PX``; none when it stands free.

    ``px_m``: EPSG:3857 m of a px.
    """
    out: list[Member] = []
    for hit, row in found:
        place = None if row is None else row.get("geometry")
        if row is None or place is None or place.is_empty:
            continue
        point = place.representative_point()
        x, y = mercator(point.x, point.y)
        if not out or hypot(x - out[0].x, y - out[0].y) <= OVERLAP_PX * px_m:
            out.append(Member(hit=hit, row=row, x=x, y=y))
    return out if len(out) > 1 else []


def places(n: int) -> Iterator[tuple[float, float]]:
    """Offsets in px, x to the right and y upwards, of the first ``n`` places, from above and clockwise."""
    for radius, room in RINGS:
        here = min(n, room)
        for i in range(here):
            turn = 2 * pi * i / here
            yield radius * sin(turn), radius * cos(turn)
        n -= here
        if not n:
            return


def named(hit: Hit) -> str:
    return f"{hit.service}{PARTED}{hit.key}"


def meant(name: str) -> tuple[str, str]:
    """Service and id of a mark of the fan."""
    service, _, key = name.partition(PARTED)
    return service, key


def drawn(crowd: Sequence[Member], px_m: float) -> hv.Overlay:
    """A dim disc, legs to the true places, and the marks around; at most ``MOST`` of them."""
    shown = crowd[:MOST]
    cx, cy = (float(np.mean([getattr(one, axis) for one in shown])) for axis in "xy")
    spots = [(cx + dx * px_m, cy + dy * px_m) for dx, dy in places(len(shown))]
    reach = (max(hypot(x - cx, y - cy) for x, y in spots) + DISC_PX * px_m) if spots else 0.0
    angle = np.linspace(0, 2 * pi, 65)[:-1]
    disc = elements.Areas([{"x": cx + reach * np.cos(angle), "y": cy + reach * np.sin(angle)}], ["x", "y"]).opts(
        backend="bokeh",
        hatch=None,
        fill_color=palette.BG[0],
        fill_alpha=0.72,
        line_color=palette.LINE2,
        line_width=1,
    )
    legs = hv.Path([np.array([[one.x, one.y], spot]) for one, spot in zip(shown, spots, strict=True)]).opts(
        backend="bokeh", color=palette.TEXT3, line_width=1, casing=False
    )
    overlay: hv.Overlay = hv.Overlay([disc, legs, elements.of(_marks(shown, spots))])
    return overlay


def _marks(crowd: Sequence[Member], spots: Sequence[tuple[float, float]]) -> pd.DataFrame:
    rows = []
    for one, (x, y) in zip(crowd, spots, strict=True):
        look = {name: one.row.get(name) for name in LOOK if name in one.row.index}
        look = {name: value for name, value in look.items() if not (name in USUAL and pd.isna(value))}
        mark = look.pop("mark", None)
        known = mark if isinstance(mark, str) and mark not in {"area", "shade", ""} else "dot"
        if not isinstance(mark, str):
            known = service_of(one.hit.service).mark
        rows.append({**USUAL, **look, **PLAIN, "x": x, "y": y, "mark": known, "id": named(one.hit)})
    frame = pd.DataFrame(rows)
    text = [name for name in ("tint", "text", "unit", "trend", "kind", "name") if name in frame]
    frame[text] = frame[text].astype(object).where(frame[text].notna(), None)
    return frame


class Fan:
    """The fan of one map; open for one crowd at a time."""

    def __init__(self, figure: MapFigure) -> None:
        self._figure = figure
        self._zoom: float | None = None

    @property
    def open(self) -> bool:
        return self._zoom is not None

    def show(self, crowd: Sequence[Member], px_m: float, zoom: float) -> None:
        """Part a crowd; fewer than two members fold what is open."""
        if len(crowd) < 2:
            self.fold()
            return
        self._zoom = zoom
        self._figure.set(FAN, drawn(crowd, px_m), z_order=FAN_Z)

    def moved(self, zoom: float) -> None:
        """The map has another scale: what lay on each other may not any more."""
        if self._zoom is not None and abs(zoom - self._zoom) > 1e-3:
            self.fold()

    def fold(self) -> None:
        if self._zoom is not None:
            self._zoom = None
            self._figure.remove(FAN)
