"""Imported streets and water for the basemap: what ``vonglau import osm`` put into the store, ready to draw.

Roads come in three widths (look.md 2.7): national roads from zoom 8, others from 11, streets from 13.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np

from geodata.records import Feature
from geodata.view import View
from layers import ground
from layers.agg import Ink
from layers.ground import Box, Sheet
from layers.palette import BASEMAP

if TYPE_CHECKING:
    from geodata.store.reader import Reader

SERVICE = "geography"  # of imported collections that no service of the catalogue shows
NATIONAL = ("motorway", "trunk", "primary")
OTHER = ("secondary", "tertiary")
CLASSES: tuple[tuple[str, float, tuple[float, float, float]], ...] = (
    # class, from zoom, px at zoom 8, 11, 14; from below
    ("street", 13, (0, 0.6, 1.2)),
    ("road", 11, (0, 1.5, 3)),
    ("road_national", 8, (1, 2.5, 5)),
)


def road_class(category: str | None) -> str:
    """Of a value of OpenStreetMap's ``highway``."""
    name = (category or "").removesuffix("_link")
    return "road_national" if name in NATIONAL else "road" if name in OTHER else "street"


@dataclass(frozen=True, slots=True)
class Streets:
    """Sheets by road class, and water areas, EPSG:3857."""

    roads: Mapping[str, Sheet]
    water: Sheet

    @classmethod
    def of(cls, frame: gpd.GeoDataFrame) -> Streets:
        """From a frame of Features: EPSG:4326, columns ``collection`` (roads, water) and ``category``."""
        shapes = ground.project(frame.geometry.to_numpy())
        collection = frame["collection"].to_numpy()
        kinds = np.array([road_class(c if isinstance(c, str) else None) for c in frame["category"]], dtype=object)
        roads = {name: Sheet.of(shapes[(collection == "roads") & (kinds == name)]) for name, *_ in CLASSES}
        return cls(roads, Sheet.of(shapes[collection == "water"]))

    @classmethod
    def read(cls, reader: Reader, view: View) -> Streets | None:
        """What the store has within the view at its clock; None when nothing was imported."""
        frame = reader.latest(SERVICE, Feature, view)
        frame = frame[frame["collection"].isin(["roads", "water"])]
        return cls.of(frame) if len(frame) else None

    def inks(self, box: Box, zoom: float, k: float) -> Iterator[Ink]:
        """Water, then roads from small to large; roads lie over rivers, so bridges need nothing of their own."""
        if zoom >= 11:
            shores = ground.rings(self.water.within(box))
            yield Ink("fill", shores, BASEMAP["sea"])
            yield Ink("stroke", shores, BASEMAP["coast"], float(np.interp(zoom, (11, 14), (0.8, 1.4))) * k)
        for name, least, widths in CLASSES:
            if zoom >= least - 0.5:
                width = float(np.interp(zoom, (8, 11, 14), widths)) * k
                yield Ink("stroke", ground.lines(self.roads[name].within(box)), BASEMAP[name], width)
