"""Networks: kilometres in service, pieces out of service."""

from __future__ import annotations

from typing import Any

import pandas as pd
import shapely

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Feature
from geodata.rules import network
from geodata.watch import things
from geodata.watch.frames import Frames

SERVICE = "infrastructure"


def pieces(frames: Frames) -> tuple[Any, dict[str, int]]:
    """The pieces that are built, with their ``status``; those only planned are left out."""
    return things.once(frames, "pieces of networks", lambda: _pieces(frames))


def _pieces(frames: Frames) -> tuple[Any, dict[str, int]]:
    rows, left = measure.parted(frames.latest(SERVICE, Feature))
    if rows.empty:
        return rows, left
    status = pd.Series([network.status(more) for more in rows["properties"]], rows.index, dtype=object)
    planned = status.str.startswith(network.PLANNED).to_numpy(bool)
    return rows.assign(status=status)[~planned], left | {"planned": int(planned.sum())}


@indicator
def out_of_service(frames: Frames) -> Figure:
    rows, left = pieces(frames)
    return measure.count(rows, None if rows.empty else rows["status"].str.startswith(network.OUT), left)


@indicator
def length(frames: Frames) -> Figure:
    rows, left = pieces(frames)
    lines = rows[shapely.get_dimensions(rows.geometry.to_numpy()) == 1] if len(rows) else rows
    return measure.total(lines, list(network.lengths_m(lines.geometry) / 1000) if len(lines) else [], left)
