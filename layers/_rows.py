"""What layers of several kinds of rows share: cells that may hold nothing, kinds in one frame, places in map metres."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from math import log2
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.records import Quality
from geodata.view import EARTH_RADIUS_M, WORLD_M, View, mercator_xy
from layers import words
from layers.badges import WALL_FROM_PX
from layers.palette import WALL_FACTOR


def text(value: Any) -> str | None:
    """A cell as words; None for nothing: None, NaN, NaT, blank, a list or a table."""
    if value is None or isinstance(value, Mapping | list | tuple) or pd.isna(value):
        return None
    return str(value).strip() or None


def number(value: Any) -> float | None:
    """A cell as a finite number, else None."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


def more(row: pd.Series[Any]) -> Mapping[str, Any]:
    """The row's properties; empty where it has none."""
    found = row.get("properties")
    return found if isinstance(found, Mapping) else {}


def title(service: str, code: Any, language: str) -> str:
    """The catalogue's title of a category; what the source calls it when the catalogue has none."""
    name = text(code)
    known = catalogue.service(service).category(name)
    return known.title(language) if known is not None else (name or words.NOTHING).replace("_", " ")


def results(observations: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Newest results by thing and property: numbers, or words; only of devices that measure."""
    if observations.empty:
        return {}
    good = observations[observations["quality"] == Quality.MEASURING]
    found: dict[str, dict[str, Any]] = {}
    columns = (good["id"], good["observed_property"], good["result"], good["result_text"])
    for thing, name, value, said in zip(*columns, strict=True):
        told = number(value) if number(value) is not None else text(said)
        if told is not None:
            found.setdefault(str(thing), {})[str(name)] = told
    return found


def heard(things: pd.DataFrame, observations: pd.DataFrame) -> pd.Series[Any]:
    """When each thing was heard of last: the time of its newest result, else its own."""
    if observations.empty:
        return things["time"]
    newest = observations.groupby("id")["time"].max().reindex(things.index)
    out: pd.Series[Any] = newest.where(newest.notna(), things["time"])
    return out


def level_of(frame: pd.DataFrame) -> pd.Series[int]:
    """The levels as whole numbers; empty for an empty frame."""
    if frame.empty or "level" not in frame:
        return pd.Series(0, frame.index, dtype=int)
    return pd.to_numeric(frame["level"], errors="coerce").fillna(0).astype(int)


def stack(parts: Sequence[gpd.GeoDataFrame], columns: Sequence[str] = ()) -> gpd.GeoDataFrame:
    """Rows of several kinds in one frame (EPSG:4326); what one kind does not have is missing there.

    ``columns`` are there in any case, as objects where no kind has them.
    """
    filled = [part for part in parts if len(part)]
    whole = gpd.GeoDataFrame(pd.concat(filled), geometry="geometry", crs=4326) if filled else parts[0]
    absent = {name: pd.Series(None, whole.index, dtype=object) for name in columns if name not in whole}
    return gpd.GeoDataFrame(whole.assign(**absent))


def placed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The rows that have a place."""
    return frame[~(frame.geometry.isna() | frame.geometry.is_empty)]


def on_map(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    """The rows that have a place, with x, y in EPSG:3857 (areas at an inner point) and their index as ``id``."""
    kept = placed(frame)
    points = shapely.point_on_surface(kept.geometry.to_numpy())
    x, y = mercator_xy(shapely.get_x(points), shapely.get_y(points))
    plain = pd.DataFrame(kept.drop(columns=[kept.geometry.name, "id"], errors="ignore"))
    return plain.assign(x=x, y=y, id=[str(key) for key in kept.index])


def desk_px_m(view: View) -> float:
    """EPSG:3857 metres of one px of the desk: marks of the wall are drawn larger (``badges.WALL_FROM_PX``)."""
    return view.resolution_m * (WALL_FACTOR if view.width_px > WALL_FROM_PX else 1.0)


def eye_zoom(view: View) -> float:
    """The zoom by which a layer chooses what it shows, in the px of the desk: larger marks need as much more room."""
    return log2(WORLD_M / 256 / desk_px_m(view))


def true_px(metres: pd.Series[float], y: pd.Series[float], view: View) -> np.ndarray:
    """Metres on the ground as desk px at places y (EPSG:3857 m): Mercator stretches by 1 / cos(latitude)."""
    stretch = np.cosh(y.to_numpy(float) / EARTH_RADIUS_M)
    out: np.ndarray = metres.to_numpy(float) * stretch / desk_px_m(view)
    return out
