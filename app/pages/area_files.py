"""Layers as a file to take along: the rows the map shows at its clock, in one of the systems of the city."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import shapely

from geodata import areas
from geodata.areas import Area
from geodata.catalogue import Service
from geodata.catalogue import service as service_of
from geodata.errors import VongLauError
from geodata.exchange import export
from geodata.view import Bounds
from layers.base import get

if TYPE_CHECKING:
    from app.pages.area_ask import Ask
    from app.text import Text
    from geodata.exchange.export import Format
    from geodata.store.reader import Reader

MOST_ROWS = 100_000
"""Of one layer in one file; more is a job for ``vonglau export``, which asks no browser to wait."""

FORMATS: Mapping[str, tuple[str, str]] = {
    "gpkg": ("GeoPackage", "application/geopackage+sqlite3"),
    "geojson": ("GeoJSON", "application/geo+json"),
    "parquet": ("GeoParquet", "application/vnd.apache.parquet"),
    "csv": ("CSV", "text/csv; charset=utf-8"),
    "png": ("PNG", "image/png"),
}
"""Name and media type of each format."""

ZIP = "application/zip"
LOOK = {"mark", "tint", "alpha", "scale", "dx", "dy"}
"""Columns that say how a row is drawn, not what it is."""

TOLD = {"description", "status_notes", "media_url", "properties"}
"""Columns of free words and pictures, in which a person may be named: left out of services with personal data."""


class NotExported(VongLauError):
    """{words}"""


def rows(ask: Ask, reader: Reader, bounds: Bounds, area: Area | None, text: Text) -> dict[str, gpd.GeoDataFrame]:
    """Service to the rows on the map at the clock, cut by the area when there is one, else by the bounds.

    Raises NotExported: too many rows, or so few that they are not published.
    """
    view, found = ask.view(bounds), {}
    for name in ask.services():
        service = service_of(name)
        frame = ask.load(reader, get(name), view)
        frame = _in_view(frame, bounds) if area is None else areas.inside(frame, area)
        if len(frame) > MOST_ROWS:
            said = text("export.too_many", name=service.short(text.language), n=len(frame), most=MOST_ROWS)
            raise NotExported(words=said)
        if service.minimum_cell > 1 and service.personal_data and 0 < len(frame) < service.minimum_cell:
            said = text("export.too_few", name=service.short(text.language), n=service.minimum_cell)
            raise NotExported(words=said)
        if len(frame):
            found[name] = public(frame, service)
    if not found:
        raise NotExported(words=text("export.no_rows"))
    return found


def _in_view(frame: gpd.GeoDataFrame, bounds: Bounds) -> gpd.GeoDataFrame:
    if not len(frame):
        return frame
    box = shapely.box(bounds.west, bounds.south, bounds.east, bounds.north)
    return gpd.GeoDataFrame(frame[shapely.intersects(box, frame.geometry.to_numpy())])


def public(frame: gpd.GeoDataFrame, service: Service) -> gpd.GeoDataFrame:
    """The columns that go out: not the drawing's, and of a service with personal data no free words."""
    out = LOOK | (TOLD if service.personal_data else set())
    return gpd.GeoDataFrame(frame[[column for column in frame.columns if column not in out]])


def write(
    ask: Ask, found: Mapping[str, gpd.GeoDataFrame], format_: Format, srid: int, folder: Path
) -> tuple[Path, str]:
    """The file in that folder and its media type: one table, a GeoPackage of several, or an archive of files."""
    name = filename(ask, list(found), srid)
    if format_ == "gpkg" or len(found) == 1:
        path = folder / f"{name}.{format_}"
        only = next(iter(found)) if len(found) == 1 else ask.city.id
        export.write(dict(found), format_, srid, path, name=only)
        return path, FORMATS[format_][1]
    archive = folder / f"{name}.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as pack:
        for service, frame in found.items():
            one = folder / f"{filename(ask, [service], srid)}.{format_}"
            export.write({service: frame}, format_, srid, one, name=service)
            pack.write(one, one.name)
            one.unlink()
    return archive, ZIP


def picture(ask: Ask, reader: Reader, bounds: Bounds, folder: Path) -> Path:
    """The map of those bounds with the layers, drawn as the page draws it, with the national inset."""
    from app.pages.area_picture import drawn

    path = folder / f"{filename(ask, ask.services(), 3857)}.png"
    area = ask.area(reader) if ask.state.area else None
    drawn(ask, reader, ask.view(bounds, ask.size()), area).save(path)
    return path


def filename(ask: Ask, services: Sequence[str], srid: int) -> str:
    """As hue_field_reports_20261121-1405_EPSG9214: city, layer, clock of the city, system."""
    from zoneinfo import ZoneInfo

    clock = ask.moment.astimezone(ZoneInfo(ask.city.timezone)).strftime("%Y%m%d-%H%M")
    what = services[0] if len(services) == 1 else "layers"
    return f"{ask.city.id}_{what}_{clock}_EPSG{srid}"
