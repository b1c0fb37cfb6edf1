"""One layer at one view: its rows, what is drawn, its legend, or why there is none."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.pages import filters
from app.pages.filters import PLAIN, Facet, Look
from geodata.errors import VongLauError
from geodata.view import View
from layers.base import LegendItem, RasterLayer, layers
from layers.elements import Marks
from layers.mapfigure import flat

if TYPE_CHECKING:
    import geopandas as gpd

    from app.context import PageContext
    from geodata.store.reader import Reader

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Picture:
    """``frame`` is what ``Layer.load`` gave (contracts, section 6), filtered; None with ``error`` when it could not be
    read. ``total`` counts it before the filter. ``cost_s`` is how long reading and drawing took, ``busy_s`` how much of
    that at the processor.
    """

    service: str
    view: View
    version: int
    frame: gpd.GeoDataFrame | None = None
    element: Any = None
    legend: Sequence[LegendItem] = ()
    error: str | None = None
    look: Look = PLAIN
    facets: Sequence[Facet] = ()
    total: int = 0
    cost_s: float = 0.0
    busy_s: float = 0.0
    dotted: bool = False  # a filtered layer from far: dots, or their own density, stand in for the density of all

    @property
    def filtered(self) -> bool:
        return any(self.look.kept.values())

    @property
    def count(self) -> int | None:
        return None if self.frame is None else len(self.frame)

    @cached_property
    def abnormal(self) -> gpd.GeoDataFrame | None:
        """Rows with a level, highest first, then the oldest."""
        if self.frame is None or self.frame.empty or "level" not in self.frame:
            return None
        rows = self.frame[pd.to_numeric(self.frame["level"], errors="coerce").fillna(0) >= 1]
        by = ["level", "time"] if "time" in rows else ["level"]
        return rows.sort_values(by, ascending=[False, True][: len(by)]) if len(rows) else None

    def row(self, key: str) -> pd.Series[Any] | None:
        """The first row of that id."""
        if self.frame is None or self.frame.empty:
            return None
        hit = self.frame[ids(self.frame) == key]
        return None if hit.empty else hit.iloc[0]


def ids(frame: gpd.GeoDataFrame) -> pd.Series[str]:
    """Ids of the rows: the column ``id`` where a thing may have several rows, else the index."""
    values = frame["id"] if "id" in frame.columns else frame.index.to_series()
    return pd.Series(values.astype(str).to_numpy(), index=frame.index)


def paint(reader: Reader, service: str, view: View, version: int, look: Look = PLAIN) -> Picture:
    """Load and draw a layer. A layer that fails is shown as unreadable and leaves the others alone."""
    begun, worked = perf_counter(), thread_time()
    try:
        layer = layers()[service]
        whole = layer.load(reader, view)
        frame = filters.keep(whole, look.kept) if any(look.kept.values()) else whole
        dotted = filters.far(layer, frame, view) if frame is not whole and has_density(service, view) else None
        element = layer.draw(frame, view) if dotted is None else dotted
        return Picture(
            service=service,
            view=view,
            version=version,
            frame=frame,
            element=filters.color(element, frame, ids(frame)) if look.by_category else element,
            legend=layer.legend(frame),
            look=look,
            facets=filters.facets(whole),
            total=len(whole),
            cost_s=perf_counter() - begun,
            busy_s=thread_time() - worked,
            dotted=dotted is not None,
        )
    except VongLauError as error:
        return Picture(service=service, view=view, version=version, error=str(error))
    except Exception:  # one layer's mistake must not take the page down; it is logged with its trace
        log.exception("layer %s failed", service)
        return Picture(service=service, view=view, version=version, error=service)


def told(reader: Reader, service: str, view: View, version: int) -> Picture:
    """The rows of a layer and what its legend counts, not drawn."""
    begun, worked = perf_counter(), thread_time()
    try:
        layer = layers()[service]
        frame = layer.load(reader, view)
        return Picture(
            service=service,
            view=view,
            version=version,
            frame=frame,
            legend=layer.legend(frame),
            cost_s=perf_counter() - begun,
            busy_s=thread_time() - worked,
        )
    except VongLauError as error:
        return Picture(service=service, view=view, version=version, error=str(error))
    except Exception:  # one layer's mistake must not take the page down; it is logged with its trace
        log.exception("layer %s failed", service)
        return Picture(service=service, view=view, version=version, error=service)


Make = Callable[["Reader", str, View, int], Picture]


def shared(context: PageContext, service: str, view: View, make: Make, *, live: bool, for_s: float) -> Picture:
    """What ``make`` (``paint`` or ``told``) gives, or gave another session at most ``for_s`` ago for the same rows,
    size and version. ``live``: the view ends now, whenever that is.
    """
    version = context.refresh.versions.get(service, 0)
    span, end = view.end - view.start, None if live else view.end
    key = (make, service, view.bounds, view.width_px, view.height_px, span, end, view.known_at)
    return context.live.share(
        key, version, lambda: make(context.reader, service, view, version), for_s=for_s, whole=_readable
    )


def _readable(picture: Picture) -> bool:
    return picture.error is None


def is_raster(service: str) -> bool:
    return isinstance(layers().get(service), RasterLayer)


def has_density(service: str, view: View) -> bool:
    """Whether the layer draws density tiles at that zoom; tiles are taken from the coarser level."""
    layer = layers().get(service)
    return isinstance(layer, RasterLayer) and int(view.zoom) < layer.density_below


GEOGRAPHY = "geography"
"""The service under which imported geography has its version (contracts, section 6)."""

BUCKET_S = 60
"""Live density tiles change their address at most once a minute, for all sessions together."""


def tile_url(
    layer: str, style: str, version: int | str, view: View | None = None, *, live: bool = True, bucket_s: int = BUCKET_S
) -> str:
    """Address of the tiles of a layer (contracts, section 6); without a view, of the basemap."""
    if view is None:
        span, known = "0-0", 0
    else:
        start, end = (int(t.timestamp()) for t in (view.start, view.end))
        if live:
            start, end = (t - t % bucket_s + bucket_s for t in (start, end))
            version = end // bucket_s
        span, known = f"{start}-{end}", 0 if view.known_at is None else int(view.known_at.timestamp())
    return f"/t/{layer}/{style}/{version}/{span}/{known}/{{Z}}/{{X}}/{{Y}}.png"


def basemap_version(build: str, versions: Mapping[str, int]) -> str:
    """Another one after an import of geography, so that no browser keeps the old tiles."""
    return f"{build}g{versions.get(GEOGRAPHY, 0)}"


def basemap_url(style: str, build: str, versions: Mapping[str, int]) -> str:
    """Address of the basemap's tiles."""
    return tile_url("basemap", style, basemap_version(build, versions))


def marks_of(pictures: Iterable[Picture]) -> list[Marks]:
    """The marks of all layers drawn."""
    drawn = [part for picture in pictures if picture.element is not None for part in flat(picture.element)]
    return [part for part in drawn if isinstance(part, Marks) and len(part)]
