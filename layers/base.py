"""What a layer is. ``load`` is the only I/O; ``draw`` is pure, so the same frame and view give the same picture."""

from __future__ import annotations

import importlib
import importlib.util
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata import catalogue
from geodata.errors import UnknownName
from geodata.view import View

if TYPE_CHECKING:
    import holoviews as hv
    import xarray as xr

    from geodata.store.reader import Reader
    from layers.raster import ColumnCache


@dataclass(frozen=True, slots=True, kw_only=True)
class LegendItem:
    """A row of the legend, from the same style as the picture: a mark with its look, words, and how many in view."""

    mark: str
    title_vi: str
    title_en: str
    state: str = "fresh"
    level: int = 0
    due: float | None = None
    tint: str | None = None
    """``#RRGGBB`` of the class of a shading; else the mark's own."""
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Among:
    """What the rest of the picture is: ``hard`` boxes (n, 4: left, top, right, bottom, px of the view) that no words of
    a layer may cover (numbers, abnormal marks, what lies on the map), ``soft`` ones that they cover only in need.
    ``wall``: words are read from six metres.
    """

    hard: NDArray[np.float64]
    soft: NDArray[np.float64]
    language: str = "vi"
    wall: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A line that a curve is measured against, in the unit of the observed property; ``level`` 0 has no colour."""

    value: float
    title_vi: str
    title_en: str
    level: int = 0


class Layer(ABC):
    """One service as a picture. ``service`` is the id in the catalogue; ``z_order`` grows upwards."""

    service: ClassVar[str]
    z_order: ClassVar[int] = 50
    noun: ClassVar[tuple[str, str]] = ("đang theo dõi", "watched")
    """What ``count`` counts, Vietnamese and English: the words beside the number of the wall's tile."""

    @abstractmethod
    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        """The rows of the view at its clock, with the columns that draw needs (state, level, alpha among them)."""

    @abstractmethod
    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element | hv.Overlay:
        """Pure: no database, no Panel, no clock. Only the elements of ``layers.elements``, hv.Path, hv.RGB."""

    def settle(self, frame: gpd.GeoDataFrame, view: View, among: Among) -> hv.Element | hv.Overlay | None:
        """``draw`` once more when all others are drawn, clear of them; None: as drawn. ``view`` counts px of the desk.

        For a layer that may choose where its marks and words stand, as a warning may in its area. Pure.
        """
        del frame, view, among
        return None

    @abstractmethod
    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        """What the frame shows, abnormal last, with counts."""

    @abstractmethod
    def inspect(self, row: pd.Series, language: str) -> Mapping[str, str]:
        """A row in words for the detail panel: label to value, in the order to show."""

    def limits(self, row: pd.Series, observed_property: str, at: datetime) -> Sequence[Limit]:
        """What the curve of a row's property is measured against then: alarms, law, thresholds; () for none."""
        del row, observed_property, at
        return ()

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """What the city has of it now: the number of the wall's tile when nothing is abnormal."""
        return len(frame)

    def table(self, frame: gpd.GeoDataFrame, language: str) -> pd.DataFrame:
        """The table twin of the picture: one row a mark, index = id, ready to show."""
        rows = {str(key): self.inspect(row, language) for key, row in frame.iterrows()}
        return pd.DataFrame.from_dict(rows, orient="index")


class RasterLayer(Layer):
    """A layer that can be drawn at any scale: the tile service calls aggregate, then shade.

    The density is drawn under zoom ``density_below``; nearer, the marks say more.
    """

    density_below: ClassVar[float] = 10.0

    @abstractmethod
    def aggregate(self, reader: Reader, view: View, columns: ColumnCache | None = None) -> xr.DataArray:
        """Counts on the view's grid. ``columns`` is the cache that tiles share; None reads for this picture alone."""

    @abstractmethod
    def shade(self, aggregate: xr.DataArray, view: View) -> np.ndarray:
        """RGBA uint8 (height, width, 4). The colour span is fixed per zoom, so tiles have no seams."""


@cache
def layers() -> Mapping[str, Layer]:
    """Every layer by service id: the module of the service's name, with one concrete Layer subclass."""
    found: dict[str, Layer] = {}
    for service in catalogue.services():
        name = f"layers.{service}"
        if importlib.util.find_spec(name) is None:
            continue
        module = importlib.import_module(name)
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, Layer) and thing.__module__ == name:
                found[thing.service] = thing()
    return dict(sorted(found.items(), key=lambda item: item[1].z_order))


def get(service: str) -> Layer:
    """The layer of a service. Raises UnknownName."""
    try:
        return layers()[service]
    except KeyError:
        raise UnknownName(kind="layer", name=service, known=", ".join(layers())) from None
