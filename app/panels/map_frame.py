"""What lies on the map and is not data: tools, scale, coordinates, tags. The map itself is Bokeh's."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.panels.block import Block
from geodata.view import Bounds, lonlat, mercator


class MapFrame(Block):
    """``data``: figure (name of the Bokeh figure), language, simulated, past, note, aggregated, attribution, wall,
    place {x, y, zoom, n} (EPSG:3857; a new ``n`` moves the map there), grid (see ``grid_fit``).

    Messages: ``moved`` {x0, x1, y0, y1, width, height}, ``home``, ``full``. ``say`` takes {"type": "do", "what": tool},
    {"type": "say", "text"} for the live region and {"type": "ring", "x", "y", "level"}.
    """


def place(lon: float, lat: float, zoom: float, n: int) -> dict[str, float]:
    """Where to go, as the browser takes it."""
    x, y = mercator(lon, lat)
    return {"x": x, "y": y, "zoom": zoom, "n": n}


def chrome(width: float, height: float) -> NDArray[np.float64]:
    """Boxes (n, 4) in px of what lies on the desk's map: tag, tools, coordinates, scale (``map_frame.css``)."""
    return np.array(
        [
            [0, 0, 170, 50],
            [width - 60, 0, width, 360],
            [0, height - 40, 400, height],
            [width - 430, height - 40, width, height],
        ],
        float,
    )


def wall_chrome(width: float, height: float, k: float) -> NDArray[np.float64]:
    """The same on the wall: the inset at the lower left, note and scale at the lower right (``wall_inset.css``)."""
    return np.array([[0, height - 290 * k, 216 * k, height], [width - 400 * k, height - 62 * k, width, height]])


FIT_ERROR_M = 0.5


def grid_fit(bounds: Bounds, srid: int) -> dict[str, Any] | None:
    """VN-2000 coordinates of a view as cubic polynomials of EPSG:3857, so the pointer's place needs no server.

    ``e``, ``n``: ten coefficients in u = (x − x₀)/s, v = (y − y₀)/s of 1, u, v, u², uv, v², u³, u²v, uv², v³; metres.
    None when the fit is worse than half a metre (a view of hundreds of kilometres), and then none is shown.
    """
    from geodata import crs

    x0, y0, x1, y1 = bounds.mercator
    xc, yc, s = (x0 + x1) / 2, (y0 + y1) / 2, max(x1 - x0, y1 - y0) / 2
    u, v = (axis.ravel() for axis in np.meshgrid(np.linspace(-1.1, 1.1, 9), np.linspace(-1.1, 1.1, 9)))
    points = [lonlat(xc + a * s, yc + b * s) for a, b in zip(u, v, strict=True)]
    if any(abs(lat) > 84 or abs(lon) > 179 for lon, lat in points):
        return None
    lons, lats = np.array(points).T
    east, north = crs.to_vn2000(lons, lats, srid)
    terms = np.column_stack([np.ones_like(u), u, v, u * u, u * v, v * v, u**3, u * u * v, u * v * v, v**3])
    fit = [np.linalg.lstsq(terms, values, rcond=None)[0] for values in (east, north)]
    worst = max(np.abs(terms @ c - values).max() for c, values in zip(fit, (east, north), strict=True))
    if not np.isfinite(worst) or worst > FIT_ERROR_M:
        return None
    return {"x": xc, "y": yc, "s": s, "e": fit[0].tolist(), "n": fit[1].tolist()}
