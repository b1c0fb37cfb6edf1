"""Cases of diseases by ward and week: a ward with more than usual is shaded and says its number from any distance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geodata import catalogue
from geodata.rules import hospital, small_numbers
from geodata.view import View
from layers import elements, palette, words
from layers._named_areas import wards
from layers._stories import middle

CASES = ("cases_dengue", "cases_hfmd", "cases_covid")
WARD = "ward_unit"
MARK = "ward_count"
COUNTS_FROM = 11.5
"""From this zoom on every ward says its cases; before it only those with more than usual."""

FILL_ALPHA, EDGE_PX = 0.14, 1.5
AREAL = (3, 6)
"""Type ids of shapely: polygon, multipolygon."""

Weeks = Mapping[tuple[str, str], list[float]]
"""Cases of the weeks before the newest, oldest first, by ward and disease."""


def is_ward(category: object, values: Mapping[str, float]) -> bool:
    """A ward's weekly cases, not a facility."""
    return category == WARD or (bool(values) and set(values) <= set(CASES))


def unheard(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """A ward that is silent while others of its feed report has too few cases to be told; that is no fault."""
    ward = frame["ward"].astype(bool)
    heard = set(frame["source"][ward & frame["state"].isin(["fresh", "late"])])
    few = ward & (frame["state"] == "silent") & frame["source"].isin(heard)
    out = frame.copy()
    out.loc[few, ["state", "alpha"]] = ["late", palette.STATE_ALPHA["late"]]
    return out


def most(values: Mapping[str, float]) -> float | None:
    """Cases of the disease with the most of them this week."""
    return max((values[name] for name in CASES if name in values), default=None)


def weeks_of(past: pd.DataFrame) -> Weeks:
    """From results of some weeks; the newest of each ward and disease is this week's and left out."""
    good = past[past["observed_property"].isin(CASES) & past["result"].notna()] if len(past) else past
    if good.empty:
        return {}
    by = good.sort_values("time").groupby(["id", "observed_property"])["result"]
    return {(str(k[0]), str(k[1])): rows.astype(float).tolist()[:-1] for k, rows in by}


def of_ward(key: str, values: Mapping[str, float], weeks: Weeks) -> tuple[int, str | None]:
    """Level and reason of a ward: the worst of its diseases."""
    level = max((hospital.outbreak(values[d], weeks.get((key, d), [])) for d in CASES if d in values), default=0)
    return level, "outbreak" if level else None


def usual_of(key: str, weeks: Weeks) -> dict[str, tuple[float, float]]:
    """Mean and limit of each disease that was told for enough weeks."""
    known = {disease: hospital.usual(weeks.get((key, disease), [])) for disease in CASES}
    return {disease: found for disease, found in known.items() if found is not None}


def shading(frame: gpd.GeoDataFrame, view: View) -> list[Any]:
    """Areas of the wards with more cases than usual, and the numbers."""
    if frame.empty:
        return []
    above = frame[(frame["level"].astype(int) >= 2) & frame["state"].isin(["fresh", "late"])]
    parts: list[Any] = []
    for level in sorted(set(above["level"].astype(int))):
        cells = {str(key): cell_of(row) for key, row in above[above["level"] == level].iterrows()}
        known = {key: cell for key, cell in cells.items() if cell is not None}
        look = {"hatch": None, "fill_alpha": FILL_ALPHA, "line_width": EDGE_PX, "line_dash": "dotted"}
        parts.append(elements.areas(list(known.values()), palette.SEVERITY[level], ids=list(known), **look))
    shown = frame if view.zoom >= COUNTS_FROM else above
    return [*parts, counts(shown)]


def cell_of(row: pd.Series[Any]) -> shapely.Geometry | None:
    """The ward's own area: the row's when it is one, else the built-in cell of its code."""
    shape: shapely.Geometry | None = row.geometry
    if shape is not None and shapely.get_type_id(shape) in AREAL:
        return shape
    own = row["properties"]
    return wards().get(str(own.get("ward_code") or "") if isinstance(own, Mapping) else "")


def counts(rows: gpd.GeoDataFrame) -> elements.Marks:
    """The number of cases of each ward in the middle of its area; under the minimum cell "–"."""
    least = catalogue.service("health").minimum_cell
    told = [words.number(v) if small_numbers.told(v, least) else words.NOTHING for v in rows["cases"]]
    cells = [(cell_of(row), row.geometry) for _, row in rows.iterrows()]
    middles = gpd.GeoSeries([p if cell is None else middle(cell) for cell, p in cells], index=rows.index, crs=rows.crs)
    shown = rows[["geometry", "state", "level", "alpha"]].assign(mark=MARK).set_geometry(middles)
    shown["text"] = pd.Series(told, rows.index, dtype=object)
    return elements.of(gpd.GeoDataFrame(shown, crs=rows.crs).rename_axis("id"))
