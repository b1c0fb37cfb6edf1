"""The names of a city's bus routes, trips and stops, from its static GTFS (gtfs.org, files of a zip)."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sources._values import number, text
from sources.base import Garbled, Unreachable
from sources.http import endpoint

MAX_TABLE_B = 256 << 20
MAX_ROWS = 2_000_000


@dataclass(frozen=True, slots=True)
class Names:
    """By GTFS id: short and long name of a route; route and headsign of a trip; name, lon and lat of a stop."""

    routes: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    trips: Mapping[str, tuple[str | None, str | None]] = field(default_factory=dict)
    stops: Mapping[str, tuple[str | None, float, float]] = field(default_factory=dict)


def names(archive: bytes | Path) -> Names:
    """Read from a zip; tables and columns that are not there are empty. Raises ValueError, OSError."""
    opened = io.BytesIO(archive) if isinstance(archive, bytes) else archive
    try:
        with zipfile.ZipFile(opened) as zipped:
            routes = {
                key: (text(row.get("route_short_name")), text(row.get("route_long_name")))
                for key, row in _rows(zipped, "routes.txt", "route_id")
            }
            trips = {
                key: (text(row.get("route_id")), text(row.get("trip_headsign")))
                for key, row in _rows(zipped, "trips.txt", "trip_id")
            }
            return Names(routes, trips, dict(_stops(zipped)))
    except (zipfile.BadZipFile, UnicodeDecodeError, csv.Error, NotImplementedError, RuntimeError, EOFError) as error:
        raise ValueError(f"no GTFS archive: {error}") from error


def _stops(zipped: zipfile.ZipFile) -> Iterator[tuple[str, tuple[str | None, float, float]]]:
    for key, row in _rows(zipped, "stops.txt", "stop_id"):
        try:
            lon, lat = number(row.get("stop_lon")), number(row.get("stop_lat"))
        except ValueError:
            continue  # a place that has none: entrances may leave theirs out
        if -180 <= lon <= 180 and -90 <= lat <= 90:
            yield key, (text(row.get("stop_name")), lon, lat)


def _rows(zipped: zipfile.ZipFile, name: str, key: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The rows of a table that have the key. Some makers put their files into a folder of the zip."""
    found = next((info for info in zipped.infolist() if info.filename.rpartition("/")[2] == name), None)
    if found is None:
        return
    if found.file_size > MAX_TABLE_B:
        raise ValueError(f"{name} is larger than {MAX_TABLE_B >> 20} MB")
    with zipped.open(found) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as lines:
        for count, row in enumerate(csv.DictReader(lines)):
            if count >= MAX_ROWS:
                return
            if value := text(row.get(key)):
                yield value, row


def read_names(place: str, body: bytes | None) -> Names:
    """Of a file's path, or of the ``body`` that a URL gave. Raises Unreachable, Garbled."""
    try:
        return names(Path(place) if body is None else body)
    except OSError as error:
        raise Unreachable(endpoint=place, reason=error.strerror or str(error)) from error
    except ValueError as error:
        where = place if body is None else endpoint(place)
        raise Garbled(endpoint=where, protocol="GTFS", reason=str(error)) from error
