"""What an area holds at one clock, over all layers: the sums behind the area report.

``read`` is the I/O: it loads each layer as the map does and counts what meets the area, so the numbers are those of the
map. Everything else is pure over frames.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from geodata import areas, gazetteer, geography
from geodata.areas import Area
from geodata.catalogue import Service
from geodata.catalogue import service as service_of
from geodata.errors import VongLauError
from geodata.records import Observation, Thing
from geodata.rules import sight
from geodata.view import Bounds, View
from layers.base import Layer, LegendItem, get, layers

if TYPE_CHECKING:
    from geodata.store.reader import Reader
    from geodata.store.types import SourceState

log = logging.getLogger(__name__)

BUCKETS = 24
ROOM = 0.08
"""Margin around the area in its picture, as a share of its size."""

SMALLEST_DEG = 0.0005
UNKNOWN = ""
"""Category of a row that has none."""

Load = Callable[[Layer, View], gpd.GeoDataFrame]
Attribution = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """``n`` and ``before``: new rows, or things that told something, in the window and in the one before it."""

    n: int
    before: int
    bins: Sequence[int]

    @property
    def change(self) -> int:
        return self.n - self.before


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One layer inside the area. ``rows`` as ``Layer.load`` gave them; None with ``error`` when it cannot be read."""

    service: Service
    rows: gpd.GeoDataFrame | None = None
    legend: Sequence[LegendItem] = ()
    trend: Trend | None = None
    sources: Sequence[SourceState] = ()
    attribution: Mapping[str, Attribution] = field(default_factory=dict)
    error: str | None = None

    @property
    def count(self) -> int | None:
        return None if self.rows is None else len(self.rows)

    @property
    def hidden(self) -> bool:
        """Whether the count is too small to be published (``minimum_cell`` of the catalogue)."""
        return self.count is not None and 0 < self.count < self.service.minimum_cell

    @property
    def states(self) -> Mapping[str, int]:
        return _counts(self.rows, "state")

    @property
    def levels(self) -> Mapping[int, int]:
        """Rows by level 1–5; level 0 is left out."""
        if self.rows is None or self.rows.empty or "level" not in self.rows:
            return {}
        level = pd.to_numeric(self.rows["level"], errors="coerce").fillna(0).astype(int)
        return {int(at): int(n) for at, n in level[level >= 1].value_counts().sort_index(ascending=False).items()}

    @property
    def categories(self) -> Mapping[str, int]:
        """Rows by category as the catalogue knows it; most first, ``UNKNOWN`` for none."""
        return _counts(self.rows, "category")

    @property
    def abnormal(self) -> gpd.GeoDataFrame:
        """Rows with a level, the highest first, then the oldest."""
        if self.rows is None or self.rows.empty or "level" not in self.rows:
            return gpd.GeoDataFrame()
        level = pd.to_numeric(self.rows["level"], errors="coerce").fillna(0).astype(int)
        bad = self.rows.assign(level=level)[level >= 1]
        by = [name for name in ("level", "time") if name in bad]
        return gpd.GeoDataFrame(bad.sort_values(by, ascending=[False, True][: len(by)], kind="stable"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """People of the wards that the area cuts, each by the share of its ground inside: an estimate."""

    people: float
    wards: Sequence[tuple[str, float, float]]  # name, people, share inside


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """``view`` frames the area; its clock is the report's. ``cameras`` see it, nearest first (``rules.sight``)."""

    area: Area
    extent: areas.Extent
    view: View
    parts: Sequence[Part]
    cameras: gpd.GeoDataFrame | None
    population: Population | None

    @property
    def simulated(self) -> bool:
        return any(source.simulated for part in self.parts for source in part.sources)


def _counts(rows: gpd.GeoDataFrame | None, column: str) -> Mapping[str, int]:
    if rows is None or rows.empty or column not in rows:
        return {}
    return {str(name): int(n) for name, n in rows[column].fillna(UNKNOWN).astype(str).value_counts().items()}


def framed(area: Area, view: View, width_px: int, height_px: int) -> View:
    """The view's clock over the area with some room, in the shape of a picture of that size."""
    west, south, east, north = area.shape.bounds
    wide, high = max(east - west, SMALLEST_DEG) * ROOM, max(north - south, SMALLEST_DEG) * ROOM
    bounds = Bounds(max(west - wide, -180), max(south - high, -85), min(east + wide, 180), min(north + high, 85))
    x0, y0, x1, y1 = bounds.mercator
    per_px = max((x1 - x0) / width_px, (y1 - y0) / height_px, 0.3)
    x, y, across, up = (x0 + x1) / 2, (y0 + y1) / 2, per_px * width_px / 2, per_px * height_px / 2
    grown = Bounds.from_mercator(x - across, y - up, x + across, y + up)
    return View(grown, width_px, height_px, view.start, view.end, view.known_at)


def read(
    reader: Reader,
    area: Area,
    view: View,
    *,
    city: str,
    srid: int,
    services: Iterable[str],
    load: Load | None = None,
    kept: Mapping[str, Part] | None = None,
) -> Report:
    """The report of an area at the clock of ``view``. ``srid``: VN-2000 plane of the city.

    ``load`` replaces ``Layer.load`` (a page's filters); a layer that fails is told as unreadable and leaves the others
    alone. ``kept`` are parts of an earlier reading of the same area whose rows are still those of the store: they are
    not loaded again, only their counts are. Raises StoreGone.
    """
    ask: Load = load or (lambda layer, at: layer.load(reader, at))
    framed_view = framed(area, view, view.width_px, view.height_px)
    states = {state.id: state for state in reader.services(city)}
    parts = []
    for name in services:
        if name in layers() and name in states and states[name].state != "ready":
            part = _part(reader, area, framed_view, get(name), ask, (kept or {}).get(name))
            sources = [s for s in states[name].sources if s.state != "ready"]
            parts.append(replace(part, sources=sources, attribution=_attribution(reader, sources)))
    return Report(
        area=area,
        extent=areas.extent(area, srid),
        view=framed_view,
        parts=parts,
        cameras=_quiet(lambda: _cameras(reader, area, framed_view) if "cameras" in states else None),
        population=_quiet(lambda: population(reader, area, framed_view) if "population" in states else None),
    )


def _part(reader: Reader, area: Area, view: View, layer: Layer, load: Load, kept: Part | None) -> Part:
    service = service_of(layer.service)
    try:
        trend = counted(reader, service.id, area, view)
        if kept is not None and kept.error is None:
            return replace(kept, trend=trend)
        rows = areas.inside(load(layer, view), area)
        return Part(service=service, rows=rows, legend=layer.legend(rows), trend=trend)
    except VongLauError as error:
        return Part(service=service, error=str(error))
    except Exception:  # one layer's mistake must not take the report down; it is logged with its trace
        log.exception("layer %s failed in a report", service.id)
        return Part(service=service, error=service.id)


def counted(reader: Reader, service: str, area: Area, view: View, buckets: int = BUCKETS) -> Trend:
    """Rows in the window and in the one of the same length before it (``area_counts``)."""
    span, shape = view.end - view.start, shapely.to_wkb(area.shape)
    common = {"service": service, "end": view.end, "known_at": view.known_at, "area": shape}
    both = reader.query("area_counts", start=view.start - span, buckets=2, **common)
    bins = reader.query("area_counts", start=view.start, buckets=buckets, **common)
    before, n = (int(value) for value in both["n"])
    return Trend(n=n, before=before, bins=[int(value) for value in bins["n"]])


def _attribution(reader: Reader, sources: Sequence[SourceState]) -> Mapping[str, Attribution]:
    """Owner, licence and attribution of each source, as it was registered."""
    found = {}
    for source in sources:
        card = reader.query("source_card", source=source.id)
        if len(card):
            row = card.iloc[0]
            found[source.id] = {str(name): None if pd.isna(row[name]) else row[name] for name in card.columns}
    return found


def _cameras(reader: Reader, area: Area, view: View) -> gpd.GeoDataFrame:
    """Cameras near enough to see the area, with their state; looked for a little outside the picture too."""
    box = view.bounds
    pad = 0.01  # about 1 km: farther than any camera of a street sees
    wide = Bounds(max(box.west - pad, -180), max(box.south - pad, -85), box.east + pad, box.north + pad)
    around = replace(view, bounds=wide)
    drawn = "cameras" in layers()  # with their states when the map draws them
    cameras = get("cameras").load(reader, around) if drawn else reader.latest("cameras", Thing, around)
    return sight.sees(cameras, area.shape)


def population(reader: Reader, area: Area, view: View) -> Population | None:
    """People inside, from the service ``population``; None without its data."""
    found = reader.latest("population", Observation, view)
    found = found[(found["observed_property"] == "population") & found["result"].notna()]
    return people(found, area)


def people(found: gpd.GeoDataFrame, area: Area) -> Population | None:
    """From rows of population (``result`` people, placed in their ward): each by the share of its cell inside."""
    placed = found[~(found.geometry.isna() | found.geometry.is_empty)] if len(found) else found
    if not len(placed):
        return None
    points = placed.geometry.representative_point()
    codes = gazetteer.wards_of(points.x.to_numpy(), points.y.to_numpy())
    by_ward = dict(zip(codes, placed["result"].astype(float), strict=True))
    cells = geography.collection("wards")
    cut = cells[shapely.intersects(area.shape, cells.geometry.to_numpy())]
    wards = []
    for code, name, cell in zip(cut["id"].astype(str), cut["full_name"], cut.geometry, strict=True):
        share = float(cell.intersection(area.shape).area / cell.area)
        if code in by_ward and share > 0:
            wards.append((str(name), by_ward[code], share))
    if not wards:
        return None
    return Population(people=sum(n * share for _, n, share in wards), wards=sorted(wards, key=lambda w: -w[1] * w[2]))


def _quiet(work: Callable[[], Any]) -> Any:
    """The value, or None when a part of the report that may be missing cannot be read."""
    try:
        return work()
    except VongLauError:
        return None
    except Exception:  # the report stands without it
        log.exception("a part of the report failed")
        return None
