"""The way a moving thing came, as planner and desk draw it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import holoviews as hv
import numpy as np

from geodata.view import mercator
from layers import palette

if TYPE_CHECKING:
    from layers.mapfigure import MapFigure

NAME = "track"
Z_ORDER = 45


def draw(figure: MapFigure, path: Sequence[tuple[float, float]]) -> None:
    """``path`` is lon, lat in degrees (EPSG:4326), the oldest first; fewer than two are no way."""
    if len(path) < 2:
        figure.remove(NAME)
        return
    line = hv.Path([np.array([mercator(lon, lat) for lon, lat in path])])
    dotted = line.opts(color=palette.SELECT, line_width=1.5, alpha=0.7, line_dash="dotted")
    figure.set(NAME, dotted, z_order=Z_ORDER)
