"""The density of what a private filter keeps: drawn for one session, where the shared tiles show every row.

It is one picture of the view, capped and stretched by the browser, because it goes through the session's socket.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import holoviews as hv
import numpy as np
import shapely

from geodata.view import View, mercator_xy
from layers.base import RasterLayer
from layers.compose import DENSITY_ALPHA
from layers.mapfigure import flat

if TYPE_CHECKING:
    import geopandas as gpd

MOST_PX = (1280, 800)
"""Width and height at most: 4 MB a picture, however large the screen."""


def capped(view: View) -> View:
    """The view with no more than ``MOST_PX``, of the same shape."""
    share = min(1.0, MOST_PX[0] / view.width_px, MOST_PX[1] / view.height_px)
    width, height = (max(1, round(px * share)) for px in (view.width_px, view.height_px))
    return replace(view, width_px=width, height_px=height)


def drawn(layer: RasterLayer, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
    """The density of the rows' places under the marks that the layer draws from far."""
    from layers import density
    from layers.raster import Sorted

    small = capped(view)
    shapes = frame.geometry.to_numpy()
    shapes = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    points = shapely.point_on_surface(shapes)
    x, y = (axis.astype(np.float32) for axis in mercator_xy(shapely.get_x(points), shapely.get_y(points)))
    counts = density.spots(Sorted.of(x, y, x, y), small)
    picture = hv.RGB(layer.shade(counts, small), bounds=small.bounds.mercator, vdims=["R", "G", "B", "A"])
    overlay: hv.Overlay = hv.Overlay(
        [picture.opts(alpha=DENSITY_ALPHA, backend="bokeh"), *flat(layer.draw(frame, view))]
    )
    return overlay
