"""Layers in a projection of somebody else: elements of GeoViews for print and for overlay on a planner's drawings.

The numbers are brought there by pyproj with the country's official shift (``geodata.crs``) before GeoViews sees them:
Cartopy would take a transformation of its own choice, 0.8 m to the side in the south.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import cartopy.crs as ccrs
import geoviews as gv
import geoviews.plotting.bokeh  # tells HoloViews how to draw them
import holoviews as hv
import numpy as np
import pyproj
from numpy.typing import NDArray

from geodata import crs
from geodata.errors import UsageError
from layers.base import get
from layers.elements import Areas, Marks, columns
from layers.mapfigure import area_columns, path_columns
from layers.order import flat, stacked, style_of

if TYPE_CHECKING:
    from geodata.store.reader import Reader
    from geodata.view import View

MERCATOR = 3857


class NotProjected(UsageError):
    """{kind} cannot be brought into EPSG:{srid}; take marks, lines and areas, or draw it on the web map"""


@cache
def projection(srid: int) -> ccrs.Projection:
    """The projection for GeoViews. Raises UnknownCRS, RefusedCRS."""
    return ccrs.Projection(pyproj.CRS.from_epsg(crs.check(srid)))


def moved(x: Any, y: Any, srid: int) -> NDArray[np.float64]:
    """Points (n, 2) of EPSG:3857 in another system."""
    lon, lat = crs.transformer(MERCATOR, 4326).transform(np.asarray(x, float), np.asarray(y, float))
    return np.column_stack(crs.transformer(4326, srid).transform(lon, lat))


def projected(element: Any, srid: int) -> gv.Overlay:
    """What a layer drew (EPSG:3857) as GeoViews elements in EPSG:``srid``: Points with all columns of the marks,
    Path and Polygons with their ids and colours. Raises NotProjected for pictures, UnknownCRS, RefusedCRS.
    """
    system = projection(srid)
    return gv.Overlay([_one(part, srid, system) for part in flat(element)])


def drawn(reader: Reader, layer_ids: Sequence[str], view: View, srid: int) -> gv.Overlay:
    """Layers of a view in EPSG:``srid``, from below, to show or to lay over a drawing in that system."""
    wanted = [get(one) for one in layer_ids]
    below = stacked((layer.z_order, layer.draw(layer.load(reader, view), view)) for layer in wanted)
    parts = [part for element in below for part in projected(element, srid)]
    return gv.Overlay(parts).opts(gv.opts.Overlay(projection=projection(srid), backend="bokeh"))


def _one(element: Any, srid: int, system: ccrs.Projection) -> Any:
    style = style_of(element)
    if isinstance(element, Marks):
        data = columns(element)
        place = moved(data.pop("x"), data.pop("y"), srid)
        return gv.Points(
            {"easting": place[:, 0], "northing": place[:, 1], **data}, ["easting", "northing"], list(data), crs=system
        )
    if isinstance(element, Areas):
        shapes = area_columns(element)
        rings = [
            {"easting": outer[:, 0], "northing": outer[:, 1], "holes": [inner]}
            for outer, *inner in (
                [moved(x, y, srid) for x, y in zip(xs[0], ys[0], strict=True)]
                for xs, ys in zip(shapes["xs"], shapes["ys"], strict=True)
            )
        ]
        ids = shapes.get("id")
        told = [ring | {"id": key} for ring, key in zip(rings, ids, strict=True)] if ids else rings
        colors = {name: style[name] for name in ("fill_color", "fill_alpha", "line_color") if name in style}
        return gv.Polygons(told, ["easting", "northing"], ["id"] if ids else [], crs=system).opts(
            backend="bokeh", **colors
        )
    if isinstance(element, hv.Path):
        paths = path_columns(element)
        lines = [moved(x, y, srid) for x, y in zip(paths["xs"], paths["ys"], strict=True)]
        color = style.get("line_color", style.get("color"))
        path = gv.Path(lines, ["easting", "northing"], crs=system)
        return path.opts(backend="bokeh", color=color) if isinstance(color, str) else path
    raise NotProjected(kind=type(element).__name__, srid=srid)
