"""Columns of many rows as numpy arrays, from PostgreSQL's binary COPY: over a million rows a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray

from geodata.store.pool import Connection
from geodata.view import EARTH_RADIUS_M

POSTGRES_EPOCH_S = 946_684_800.0  # 2000-01-01 in Unix seconds
HEADER = 19  # bytes before the first row of a binary COPY
TRAILER = 2

Arrays = Mapping[str, NDArray[Any]]

FIX = (("thing", ">i4"), ("lon_e7", ">i4"), ("lat_e7", ">i4"), ("sog_kn", ">f4"), ("time", ">i8"), ("received", ">i8"))
CASE = (("lon", ">f8"), ("lat", ">f8"), ("time", ">i8"), ("received", ">i8"), ("category", ">i2"), ("open", "?"))


def fetch(
    connection: Connection, query: LiteralString, params: Mapping[str, object], fields: tuple[tuple[str, str], ...]
) -> NDArray[np.void]:
    """Rows of a query whose columns are all of one width and never null."""
    row = np.dtype([("n", ">i2"), *(part for name, kind in fields for part in ((f"_{name}", ">i4"), (name, kind)))])
    with connection.cursor() as cursor, cursor.copy(f"copy ({query}) to stdout (format binary)", params) as copy:
        data = b"".join(copy)
    return np.frombuffer(data, row, count=(len(data) - HEADER - TRAILER) // row.itemsize, offset=HEADER)


def positions(connection: Connection, query: LiteralString, params: Mapping[str, object]) -> Arrays:
    """x, y (EPSG:3857 m, float32), t and received (epoch s), thing, sog_kn; ordered by thing, then time."""
    rows = fetch(connection, query, params, FIX)
    thing, time = rows["thing"].astype("i4"), rows["time"].astype("i8")
    order = np.lexsort((time, thing))
    x, y = mercator(rows["lon_e7"][order].astype("f8") / 1e7, rows["lat_e7"][order].astype("f8") / 1e7)
    return {
        "x": x,
        "y": y,
        "t": _seconds(time[order]),
        "thing": thing[order],
        "sog_kn": rows["sog_kn"][order].astype("f4"),
        "received": _seconds(rows["received"][order].astype("i8")),
    }


def cases(connection: Connection, query: LiteralString, params: Mapping[str, object]) -> Arrays:
    """x, y, t, received, category (of the catalogue's order, −1 other), open."""
    rows = fetch(connection, query, params, CASE)
    x, y = mercator(rows["lon"].astype("f8"), rows["lat"].astype("f8"))
    return {
        "x": x,
        "y": y,
        "t": _seconds(rows["time"].astype("i8")),
        "received": _seconds(rows["received"].astype("i8")),
        "category": (rows["category"] - 1).astype("i2"),
        "open": rows["open"].astype("bool"),
    }


def mercator(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Degrees to EPSG:3857 metres, as ``geodata.view.mercator``."""
    x = EARTH_RADIUS_M * np.radians(lon)
    y = EARTH_RADIUS_M * np.arctanh(np.sin(np.radians(lat)))
    return x.astype("f4"), y.astype("f4")


def _seconds(microseconds: NDArray[np.int64]) -> NDArray[np.float64]:
    return microseconds / 1e6 + POSTGRES_EPOCH_S
