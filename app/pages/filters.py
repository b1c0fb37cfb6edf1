"""What a planner may filter a layer by, and the colouring by category: pure sums over a layer's frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import holoviews as hv
import numpy as np
import pandas as pd

from app.pages import filtered_density
from app.state import FILTERS
from geodata import catalogue
from layers import elements, palette, states
from layers.base import Layer, RasterLayer
from layers.elements import Marks
from layers.mapfigure import flat, style_of

if TYPE_CHECKING:
    import geopandas as gpd

    from geodata.view import View

NONE = "-"
"""The value of a row that has none."""

MOST_DOTS = 10_000
OFFICIAL = frozenset({"aqi"})
"""Marks whose tint is an official colour: no category takes its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one session looks at one layer: the values that each column keeps, and whether categories have colours."""

    kept: Mapping[str, frozenset[str]]
    by_category: bool = False


PLAIN = Look(kept={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facet:
    """One column to filter by; ``counts`` are (value, rows of the unfiltered frame), the largest first."""

    column: str
    counts: Sequence[tuple[str, int]]


def values(frame: pd.DataFrame, column: str) -> pd.Series[str]:
    """The column as the text that filters compare; ``NONE`` for nothing."""
    if column == "level":
        found = pd.to_numeric(frame[column], errors="coerce").fillna(0).astype(int).astype(str)
    else:
        found = frame[column].astype(object).where(frame[column].notna(), NONE).map(str)
    return found.replace("", NONE)


def facets(frame: pd.DataFrame) -> list[Facet]:
    """The columns of the frame that part its rows: at least two values, or a single one that says something."""
    found = []
    for column in FILTERS:
        if column not in frame or frame.empty:
            continue
        counts = values(frame, column).value_counts()
        if len(counts) > 1:
            found.append(Facet(column=column, counts=[(str(k), int(n)) for k, n in counts.items()]))
    return found


def keep(frame: gpd.GeoDataFrame, kept: Mapping[str, frozenset[str]]) -> gpd.GeoDataFrame:
    """The rows that pass: one of the values of every column asked for. A column the layer has not keeps nothing out."""
    mask = np.ones(len(frame), bool)
    for column, wanted in kept.items():
        if wanted and column in frame:
            mask &= values(frame, column).isin(wanted).to_numpy()
    return frame[mask]


def title(service: str, column: str, value: str, language: str) -> str:
    """A value of a column in words; empty when its words are the page's own (level, status, nothing)."""
    if value == NONE:
        return ""
    if column == "state":
        return states.said(value, language)
    if column == "category":
        known = catalogue.service(service).category(value)
        return value.replace("_", " ") if known is None else known.title(language)
    return value if column == "agency" else ""


def far(layer: Layer, frame: gpd.GeoDataFrame, view: View) -> Marks | hv.Overlay | None:
    """A filtered layer from far, in place of the shared density of all rows: a dot for each row it keeps; beyond
    ``MOST_DOTS`` the density of those rows alone. None for a layer without a density.
    """
    if len(frame) <= MOST_DOTS:
        return elements.of(frame.assign(mark="dot"))
    return filtered_density.drawn(layer, frame, view) if isinstance(layer, RasterLayer) else None


def scale(frame: pd.DataFrame) -> Mapping[str, str]:
    """Category to colour: the largest first, ``CATEGORY_OTHER`` for what is beyond the scale (look.md 2.5)."""
    if "category" not in frame:
        return {}
    order = [str(value) for value in values(frame, "category").value_counts().index]
    named = [value for value in order if value != NONE]
    first = named if len(named) <= len(palette.CATEGORIES) else named[: len(palette.CATEGORIES) - 1]
    colors = dict(zip(first, palette.CATEGORIES, strict=False))
    return {value: colors.get(value, palette.CATEGORY_OTHER) for value in order}


def color(element: Any, frame: pd.DataFrame, names: pd.Series[str]) -> Any:
    """The element with its marks in the colours of their categories; level and state keep their own look.

    ``names`` are the ids of the frame's rows, as the marks have them.
    """
    colors = scale(frame)
    by_id = dict(zip(names, values(frame, "category").map(colors), strict=True)) if colors else {}
    if not by_id:
        return element
    return hv.Overlay([_tinted(part, by_id) for part in flat(element)])


def _tinted(part: Any, by_id: Mapping[str, str]) -> Any:
    if not isinstance(part, Marks) or not len(part) or "id" not in part.vdims:
        return part
    data = elements.columns(part)
    known = [None if pd.isna(t) or t == "" else str(t) for t in data.get("tint", [None] * len(part))]
    data["tint"] = np.array(
        [
            own if str(mark) in OFFICIAL else by_id.get(str(key), own)
            for key, own, mark in zip(data["id"], known, data["mark"], strict=True)
        ],
        object,
    )
    vdims = [name for name in data if name not in {"x", "y"}]
    return Marks(data, ["x", "y"], vdims).opts(backend="bokeh", **_style(part))


def _style(part: Marks) -> dict[str, Any]:
    return {name: value for name, value in style_of(part).items() if name in {"size", "k"}}


def swatches(frame: pd.DataFrame) -> list[tuple[str, str, int]]:
    """The legend of the colours: category, colour, rows; in the order of ``scale``, the rest of them in one row."""
    if "category" not in frame or frame.empty:
        return []
    counts, colors = values(frame, "category").value_counts(), scale(frame)
    own = [(str(v), colors[str(v)], int(n)) for v, n in counts.items() if colors[str(v)] != palette.CATEGORY_OTHER]
    rest = int(counts.sum()) - sum(n for _, _, n in own)
    return [*own, *([(NONE, palette.CATEGORY_OTHER, rest)] if rest else [])]
