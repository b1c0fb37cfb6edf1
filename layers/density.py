"""Counts on a grid and their colours: lines of tracks, points of cases; the same span for all tiles of a zoom.

Lines are drawn 1.3 px wide with a gutter of 8 px: 1 or 2 px leave a visible seam. An empty pixel is clear.
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import log2

import datashader as ds
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from geodata.view import WORLD_M, View
from layers import ground, palette
from layers.agg import Ink, painted
from layers.raster import Box, Sorted

GUTTER_PX = 8
TILE_PIXELS = 512 * 512
LINE_PX = 1.3
POINT_SPREAD_PX = 2
THIN_BELOW = 9.0
"""View zoom under which a picture of very many segments shows every n-th: the eye cannot tell, the clock can."""

SPAN_AT_MILLION = {6: 900, 7: 700, 8: 500, 9: 360, 10: 260, 11: 190, 12: 140}
"""Counts at the top of the ramp for a million fixes, by the zoom of a 512 px tile; it grows with the square root of
their number."""


def span(zoom: float, total: int) -> float:
    """The count at which the ramp ends for a view of that zoom (256 px tiles); never under 4.

    Fixed for all tiles of a zoom, so there are no seams; and the total counts by powers of two, so that a few rows that
    come between two tiles of one picture change nothing.
    """
    step = min(max(round(zoom - 1), min(SPAN_AT_MILLION)), max(SPAN_AT_MILLION))
    about = 2.0 ** round(log2(max(total, 1)))
    return max(4.0, SPAN_AT_MILLION[step] * float(np.sqrt(about / 1e6)))


def _canvas(view: View) -> tuple[ds.Canvas, tuple[float, float, float, float]]:
    x0, y0, x1, y1 = view.bounds.mercator
    mx = GUTTER_PX * (x1 - x0) / view.width_px
    my = GUTTER_PX * (y1 - y0) / view.height_px
    box = (x0 - mx, y0 - my, x1 + mx, y1 + my)
    width, height = view.width_px + 2 * GUTTER_PX, view.height_px + 2 * GUTTER_PX
    return ds.Canvas(width, height, x_range=(box[0], box[2]), y_range=(box[1], box[3])), box


def _finish(counts: NDArray[np.float64], total: int, view: View) -> xr.DataArray:
    """Rows from the north, without the gutter, with the total that the span needs."""
    inner = np.nan_to_num(counts)[::-1][GUTTER_PX:-GUTTER_PX, GUTTER_PX:-GUTTER_PX]
    return xr.DataArray(inner, dims=("y", "x"), attrs={"total": total, "zoom": view.zoom})


def lines(rows: Sorted, view: View) -> xr.DataArray:
    """How many segments cross each pixel of the view."""
    canvas, box = _canvas(view)
    shown, step = (rows.thin, rows.step) if rows.thin is not None and view.zoom < THIN_BELOW else (rows, 1)
    x, y, x1, y1 = shown.near(box, 0)
    if not len(x):
        return _finish(np.zeros((canvas.plot_height, canvas.plot_width)), rows.total, view)
    frame = pd.DataFrame({"x0": x, "x1": x1, "y0": y, "y1": y1})
    counts = canvas.line(frame, x=["x0", "x1"], y=["y0", "y1"], axis=1, agg=ds.count(), line_width=LINE_PX)
    return _finish(counts.to_numpy() * step, rows.total, view)


def spots(rows: Sorted, view: View, spread_px: int = POINT_SPREAD_PX) -> xr.DataArray:
    """How many points lie within ``spread_px`` of each pixel."""
    from datashader import transfer_functions as tf

    canvas, box = _canvas(view)
    x, y, _, _ = rows.near(box, 0)
    if not len(x):
        return _finish(np.zeros((canvas.plot_height, canvas.plot_width)), rows.total, view)
    counts = canvas.points(pd.DataFrame({"x": x, "y": y}), "x", "y", ds.count())
    return _finish(tf.spread(counts.astype("uint32"), px=spread_px).to_numpy().astype(float), rows.total, view)


def colored(counts: xr.DataArray, ramp: str) -> NDArray[np.uint8]:
    """RGBA by a density ramp of the palette, on a log scale of fixed span; where nothing is, clear."""
    values = counts.to_numpy()
    top = span(counts.attrs["zoom"], counts.attrs["total"])
    index = np.clip(np.log1p(values) / np.log1p(top) * 255, 0, 255).astype(np.uint8)
    rgba: NDArray[np.uint8] = _ramp(ramp)[index]
    rgba[values <= 0, 3] = 0
    return rgba


@cache
def _ramp(name: str) -> NDArray[np.uint8]:
    table = palette.ramp(palette.RAMPS[name])
    table.setflags(write=False)
    return table


def off_land(rgba: NDArray[np.uint8], view: View) -> NDArray[np.uint8]:
    """The picture with its opacity cut by the land, antialiased: tracks lie on water only."""
    asked = (view.bounds.mercator, view.width_px, view.height_px)
    water = _tile_water(*asked) if view.width_px * view.height_px <= TILE_PIXELS else _water(*asked)
    if water is None:
        return rgba
    out = rgba.copy()
    out[..., 3] = (out[..., 3].astype(np.uint16) * water + 127) // 255
    return out


def _water(box: Box, width: int, height: int) -> NDArray[np.uint8] | None:
    """How much of each pixel is water, 0–255; None where there is no land at all."""
    resolution = (box[2] - box[0]) / width
    reach = 24 * resolution
    zoom = int(min(max(round(log2(WORLD_M / 256 / resolution)), 4), 16))
    wide = (box[0] - reach, box[1] - reach, box[2] + reach, box[3] + reach)
    land = ground.rings(ground.level(zoom).land.within(wide), smooth=zoom >= ground.SMOOTH_FROM)
    if not land:
        return None
    opacity = painted(box, width, height, [Ink("fill", land, palette.SELECT)], "").rgba()[..., 3]
    return np.asarray(255 - opacity, np.uint8)


# live tiles are drawn again every minute and their land stays: 256 tiles are 64 MiB
_tile_water = lru_cache(maxsize=256)(_water)
