"""Tools that are drawn with a hand or by keys over the map: an area, a box, a point, a measure."""

from __future__ import annotations

from app.panels.block import Block


class AreaTools(Block):
    """``data``: figure (name of the Bokeh figure), language, grid (``map_frame.grid_fit``), open (area, export).

    Messages: ``open`` {what}, ``drawn`` {points: [[lon, lat]]}, ``boxed`` {points: two corners},
    ``pointed`` {lon, lat}; degrees of EPSG:4326. ``say`` takes {"type": "tool", "name": draw | draw_box | point |
    measure}. Lengths and areas of the measure are those of the ellipsoid of WGS 84 (Vincenty's inverse; the
    sphere of equal area).
    """
