"""The way out: frames, columns and states of what is stored. Synchronous, role read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, LiteralString, Self

import geopandas as gpd
import pandas as pd
from numpy.typing import NDArray
from psycopg.rows import dict_row

from geodata import catalogue
from geodata.catalogue import Service
from geodata.city import city as city_of
from geodata.errors import UsageError
from geodata.records import Event, Observation, Position, Record, ServiceRequest
from geodata.sql import text
from geodata.store import columns, frames, pick, states
from geodata.store.failures import translated
from geodata.store.listen import Listener
from geodata.store.pool import Connection, Pool
from geodata.store.types import ServiceState
from geodata.view import View

CONNECTIONS = 6
NULL_WHEN_ABSENT = frozenset({"known_at", "limit"})


class Reader:
    """Reads one city's database; ``docs/contracts.md`` section 4 names the columns. Threads may share one.

    Times are aware UTC, coordinates EPSG:4326. Methods raise StoreGone when the database is away; the next call
    connects again by itself. ``services``: in place of the catalogue's.
    """

    def __init__(self, dsn: str, services: Mapping[str, Service] | None = None) -> None:
        self.dsn = dsn
        self._services = services
        self._pool = Pool(dsn, CONNECTIONS)
        self._listeners: list[Listener] = []

    def services(self, city: str | None = None) -> Sequence[ServiceState]:
        """Every service of the catalogue, or of a city, in the catalogue's order; ``ready`` when it has no source.

        A service outside the catalogue (an imported collection) comes last, when it has a source.
        """
        with self._connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(text("reader", "sources")).fetchall()
            versions = dict(connection.execute(text("reader", "versions")).fetchall())
            clock = _one(connection, text("reader", "clock"))
        sources = [states.source_state(row) for row in rows]
        known = list(self._catalogue() if city is None else city_of(city).catalogue())
        others = sorted({s.service for s in sources} - self._catalogue().keys()) if city is None else []
        return [states.service_state(name, sources, versions.get(name, 0), clock) for name in (*known, *others)]

    def latest(self, service: str, kind: type[Record], view: View, *, limit: int | None = None) -> gpd.GeoDataFrame:
        """The newest row of each thing (case, event, feature …) at ``view.end``, known at ``view.known_at``."""
        return self._frame("latest", service, kind, view, limit)

    def between(self, service: str, kind: type[Record], view: View, *, limit: int | None = None) -> gpd.GeoDataFrame:
        """Every row with ``view.start`` < time <= ``view.end``."""
        return self._frame("between", service, kind, view, limit)

    def columns(self, service: str, kind: type[Record], view: View) -> Mapping[str, NDArray[Any]]:
        """Arrays for rasters: x, y in EPSG:3857 m (float32), t and received in epoch seconds; see the contract.

        Position, ServiceRequest and Event; raises UsageError for other kinds.
        """
        params = _params(service, view, None)
        with self._connection() as connection:
            if kind is Position:
                return columns.positions(connection, text("reader", "columns_position"), params)
            if kind in {ServiceRequest, Event}:
                known = self._catalogue().get(service)
                categories = [c.id for c in known.categories] if known else []
                statement = text("reader", f"columns_{_snake(kind)}")
                return columns.cases(connection, statement, params | {"categories": categories})
        raise UsageError(reason=f"there are no columns of {kind.__name__}; use latest or between")

    def at(self, service: str, lon: float, lat: float, view: View, *, radius_m: float) -> gpd.GeoDataFrame:
        """What lies within ``radius_m`` of a point, nearest first, over all kinds of the service.

        Columns of the kinds' frames and ``kind``, ``distance_m`` and ``chosen``: ``latest`` for the state at
        ``view.end``, ``nearest_fix`` for the nearest fix of a thing inside the window.
        """
        box = pick.around(lon, lat, radius_m, view)
        found = []
        for kind in pick.kinds(self._catalogue().get(service)):
            if kind is Position:
                point = _params(service, box, None) | {"lon": lon, "lat": lat}
                fixes = self._geo(text("reader", "at_position"), point, by_id=True)
                found.append(fixes.assign(kind=kind.__name__, chosen="nearest_fix"))
            found.append(self.latest(service, kind, box).assign(kind=kind.__name__, chosen="latest"))
        return pick.nearest(found, lon, lat, radius_m)

    def query(self, name: str, /, **params: object) -> pd.DataFrame:
        """The named statement of ``geodata/sql/queries``; ``known_at`` and ``limit`` are null unless given.

        Raises UnknownName, UsageError (a parameter missing or unknown).
        """
        statement = text("queries", name)
        wanted = set(re.findall(r"%\((\w+)\)s", statement))
        if unknown := params.keys() - wanted - NULL_WHEN_ABSENT:
            raise UsageError(reason=f"query {name} takes {', '.join(sorted(wanted))}; not {', '.join(sorted(unknown))}")
        if missing := wanted - params.keys() - NULL_WHEN_ABSENT:
            raise UsageError(reason=f"query {name} needs {', '.join(sorted(missing))}")
        with self._connection() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(statement, {key: params.get(key) for key in wanted})
            return frames.frame(cursor.fetchall(), cursor.description or [])

    def changes(self, *, timeout: float | None = None) -> Iterator[tuple[str, int]]:
        """(service, version) as batches are committed; ends after ``timeout`` quiet seconds, and may be called again.

        A new connection, the first or one after a loss, yields every service first.
        """
        listener = self._listeners.pop() if self._listeners else Listener(self.dsn)
        try:
            yield from listener.changes(timeout)
        finally:
            self._listeners.append(listener)

    def versions(self) -> Mapping[str, int]:
        """The current version of every service that the database knows."""
        with self._connection() as connection:
            return dict(connection.execute(text("reader", "versions")).fetchall())

    def close(self) -> None:
        """Closes the connections that are not in use."""
        self._pool.close()
        while self._listeners:
            self._listeners.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _catalogue(self) -> Mapping[str, Service]:
        return catalogue.services() if self._services is None else self._services

    def _frame(
        self, which: LiteralString, service: str, kind: type[Record], view: View, limit: int | None
    ) -> gpd.GeoDataFrame:
        statement = text("reader", f"{which}_{_snake(kind)}")
        by_id = not (kind is Observation or (kind is Position and which == "between"))
        return self._geo(statement, _params(service, view, limit), by_id=by_id)

    def _geo(self, statement: LiteralString, params: Mapping[str, object], *, by_id: bool) -> gpd.GeoDataFrame:
        with self._connection() as connection, connection.cursor(binary=True) as cursor:
            cursor.execute(statement, params)
            return frames.geo_frame(cursor.fetchall(), cursor.description or [], by_id=by_id)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with translated(self.dsn, opening=False), self._pool.connection() as connection:
            yield connection


def _one(connection: Connection, statement: LiteralString) -> Any:
    row = connection.execute(statement).fetchone()
    assert row is not None
    return row[0]


def _snake(kind: type[Record]) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


def _params(service: str, view: View, limit: int | None) -> dict[str, object]:
    box = view.bounds
    edges = {"west": box.west, "south": box.south, "east": box.east, "north": box.north}
    return {
        "service": service,
        "start": view.start,
        "end": view.end,
        "known": view.known_at,
        "limit": limit,
        **edges,
        **{f"{name}_e7": round(value * 1e7) for name, value in edges.items()},
    }
