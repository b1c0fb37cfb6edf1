"""Rows of a cursor as data frames with stable column types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from psycopg import Column

TIMES = {1184}  # pg_type oids: timestamptz
NUMBERS = {20, 21, 23, 700, 701, 1700}  # int8, int2, int4, float4, float8, numeric
BOOLEANS = {16}


def frame(rows: Sequence[tuple[Any, ...]], description: Sequence[Column]) -> pd.DataFrame:
    """Times as datetime64[us, UTC], numbers as float64 or int64 (float64 with gaps), the rest as objects with None."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(description)
    return pd.DataFrame({c.name: _series(values, c.type_code) for c, values in zip(description, columns, strict=True)})


def _series(values: Sequence[Any], oid: int) -> pd.Series[Any]:
    if oid in TIMES:
        return pd.Series(pd.DatetimeIndex(pd.to_datetime(list(values), utc=True)).as_unit("us"))
    if oid in NUMBERS and any(v is None for v in values):
        return pd.Series([np.nan if v is None else float(v) for v in values], dtype="float64")
    if oid in NUMBERS:
        integer = oid in {20, 21, 23}
        return pd.Series(list(values), dtype="int64" if integer else "float64")
    if oid in BOOLEANS and not any(v is None for v in values):
        return pd.Series(list(values), dtype="bool")
    return pd.Series(list(values), dtype="object")


def geo_frame(rows: Sequence[tuple[Any, ...]], description: Sequence[Column], *, by_id: bool) -> gpd.GeoDataFrame:
    """A frame in EPSG:4326 from a column ``geometry`` (WKB) or two columns ``lon`` and ``lat``.

    ``by_id``: the column ``id`` becomes the index; else the index is a range.
    """
    found = frame(rows, description)
    if "geometry" in found:
        geometry: Any = shapely.from_wkb(found.pop("geometry").to_numpy())
    else:
        geometry = shapely.points(found.pop("lon").to_numpy(), found.pop("lat").to_numpy())
    found.insert(1, "geometry", geometry)
    result = gpd.GeoDataFrame(found, geometry="geometry", crs="EPSG:4326")
    result["id"] = result["id"].astype("str")
    return result.set_index("id") if by_id else result
