"""Which places lie in an officially warned area: the fact that schools, hospitals and sites ask for on a bad day."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata.records import Alert
from geodata.rules import warning
from geodata.view import View
from layers import _warning_words as told
from layers._named_areas import placed

if TYPE_CHECKING:
    from geodata.store.reader import Reader

NOTHING = (0, "")


def in_force(reader: Reader, view: View) -> gpd.GeoDataFrame:
    """The real warnings whose hazard is on at the view's clock, drills left out, each with an area and its ``said``."""
    found = reader.latest("warnings", Alert, view)
    return graded(found[found["status"] == "Actual"] if len(found) else found, view)


def graded(alerts: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """The alerts with an area, their level as ``said`` and the hazard; least severe first. Pure."""
    if alerts.empty:
        return alerts.assign(said=pd.Series(dtype=int), hazard=pd.Series(dtype=object))
    out = placed(alerts)
    official = pd.to_numeric(out["level"], errors="coerce")
    out["said"] = [warning.level(s, risk) for s, risk in zip(out["severity"], official, strict=True)]
    out["hazard"] = [told.text(told.properties(row).get("hazard")) for _, row in out.iterrows()]
    end = pd.Timestamp(view.end)
    begun = ~(out["onset"].fillna(out["effective"]) > end)
    return gpd.GeoDataFrame(out[begun & out.geometry.notna()].sort_values("said", kind="stable"), crs=alerts.crs)


def over(places: gpd.GeoDataFrame, alerts: gpd.GeoDataFrame, hazards: Collection[str] | None = None) -> pd.DataFrame:
    """Columns ``warned`` (0–5, the highest level over the place) and ``warned_of`` (that event), by the places' index.

    ``hazards`` keeps only warnings of these categories.
    """
    level, event = np.zeros(len(places), int), np.full(len(places), "", object)
    if len(places):
        shapes = places.geometry.to_numpy()
        known = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
        points = shapely.point_on_surface(shapes)
        for _, alert in alerts.iterrows():  # least severe first: the worst is written last
            if hazards is not None and alert["hazard"] not in hazards:
                continue
            shapely.prepare(alert.geometry)
            here = known & shapely.intersects(alert.geometry, points)
            level[here], event[here] = int(alert["said"]), told.event(alert)
    return pd.DataFrame({"warned": level, "warned_of": event}, index=places.index)


def facts(row: pd.Series[Any], language: str) -> Mapping[str, str]:
    """One line of a panel; nothing for a place outside every warned area."""
    if not row.get("warned"):
        return {}
    vi, level = language == "vi", int(row["warned"])
    said = f"trong vùng cảnh báo cấp {level}" if vi else f"inside a warned area, level {level}"
    return {("Cảnh báo" if vi else "Warning"): f"{said}: {row['warned_of']}"}
