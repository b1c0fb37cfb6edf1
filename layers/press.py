"""Press: the wards and provinces that articles name, shaded by how many stories and how sure the place is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import pandas as pd

from geodata.records import Event
from geodata.view import View
from layers import _stories as stories
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader


class Press(Layer):
    """``load``: one row an article of the window, index id; ``story`` is the id of the first that told the same."""

    service = "press"
    z_order = 20
    noun = ("tin trong khung giờ", "stories in the window")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        return stories.classify(reader.latest(self.service, Event, view), view)

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
        return hv.Overlay(stories.shading(frame, view))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        return stories.legend(frame)

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Stories, not articles: what three outlets tell is one."""
        return stories.stories(frame)

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        return stories.inspect(row, self.service, language)
