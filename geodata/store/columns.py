"""Columns of many rows as numpy arrays, from PostgreSQL's binary arrays: over a million rows a second."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString

import numpy as np
from numpy.typing import NDArray

from geodata.store.pool import Connection
from geodata.view import EARTH_RADIUS_M

POSTGRES_EPOCH_S = 946_684_800.0  # 2000-01-01 in Unix seconds
ARRAY_HEADER = 20  # bytes before the first element of a binary one-dimensional array

Arrays = Mapping[str, NDArray[Any]]

FIX = ((">i4", "i4"), (">i4", "i4"), (">i4", "i4"), (">f4", "f4"), (">i8", "i8"), (">i8", "i8"))
CASE = ((">f8", "f8"), (">f8", "f8"), (">i8", "i8"), (">i8", "i8"), (">i2", "i2"), ("?", "bool"))


def fetch(
    connection: Connection, query: LiteralString, params: Mapping[str, object], types: tuple[tuple[str, str], ...]
) -> list[NDArray[Any]]:
    """The arrays of the one row of a query: one-dimensional, of one width, without nulls; null for no rows."""
    with connection.cursor(binary=True) as cursor:
        cursor.execute(query, params)
        result = cursor.pgresult
        assert result is not None
        return [_array(result.get_value(0, n), wire, native) for n, (wire, native) in enumerate(types)]


def _array(data: bytes | None, wire: str, native: str) -> NDArray[Any]:
    if data is None:
        return np.empty(0, native)
    elements = np.frombuffer(data, np.dtype([("length", ">i4"), ("value", wire)]), offset=ARRAY_HEADER)
    return elements["value"].astype(native)


def positions(connection: Connection, query: LiteralString, params: Mapping[str, object]) -> Arrays:
    """x, y (EPSG:3857 m, float32), t and received (epoch s), thing, sog_kn; ordered by thing, then time."""
    thing, lon_e7, lat_e7, sog_kn, time, received = fetch(connection, query, params, FIX)
    order = np.lexsort((time, thing))
    x, y = mercator(lon_e7[order] / 1e7, lat_e7[order] / 1e7)
    return {
        "x": x,
        "y": y,
        "t": _seconds(time[order]),
        "thing": thing[order],
        "sog_kn": sog_kn[order],
        "received": _seconds(received[order]),
    }


def cases(connection: Connection, query: LiteralString, params: Mapping[str, object]) -> Arrays:
    """x, y, t, received, category (of the catalogue's order, −1 other), open; ordered by id."""
    lon, lat, time, received, category, is_open = fetch(connection, query, params, CASE)
    x, y = mercator(lon, lat)
    return {
        "x": x,
        "y": y,
        "t": _seconds(time),
        "received": _seconds(received),
        "category": (category - 1).astype("i2"),
        "open": is_open,
    }


def mercator(lon: NDArray[np.float64], lat: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Degrees to EPSG:3857 metres, as ``geodata.view.mercator``."""
    x = EARTH_RADIUS_M * np.radians(lon)
    y = EARTH_RADIUS_M * np.arctanh(np.sin(np.radians(lat)))
    return x.astype("f4"), y.astype("f4")


def _seconds(microseconds: NDArray[np.int64]) -> NDArray[np.float64]:
    return microseconds / 1e6 + POSTGRES_EPOCH_S
