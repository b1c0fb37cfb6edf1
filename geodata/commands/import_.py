"""``vonglau import``: geography from files. What is wrong with a file is told in one line; nothing is guessed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from geodata.city import SourceBinding, city
from geodata.records import Record, Rejected
from geodata.settings import Settings
from geodata.store.types import Written

FILE = click.argument("file", type=click.Path(path_type=Path))


def options(function: Callable[..., None]) -> Callable[..., None]:
    """What every import has."""
    for option in reversed(
        (
            click.option("--city", "city_id", help="Id of the city (default: VONGLAU_CITY or hue)."),
            click.option("--data", type=click.Path(path_type=Path), help="Data folder (default: VONGLAU_DATA)."),
            click.option("--owner", help="Whose data it is; shown beside the layer."),
            click.option("--license", "license_", help="Its licence."),
            click.option("--json", "as_json", is_flag=True, help="Print the sums as JSON."),
        )
    ):
        function = option(function)
    return function


def vector_options(function: Callable[..., None]) -> Callable[..., None]:
    """What an import of a vector file has besides."""
    for option in reversed(
        (
            click.option("--srid", type=int, help="EPSG code of the file, when it does not say it itself."),
            click.option("--swap", is_flag=True, help="The file has latitude or northing first."),
            click.option("--layer", help="Layer of a file with several."),
            click.option("--encoding", help="Of a shapefile without .cpg, such as cp1258."),
            click.option("--name-field", help="Field with the name (default: name, ten …)."),
            click.option("--id-field", help="Field with the id (default: made of shape and name)."),
            click.option("--category-field", help="Field with the category."),
            click.option("--category", help="The same category for every row."),
            click.option("--valid-from", type=click.DateTime(["%Y-%m-%d"]), help="First day (default: since ever)."),
            click.option("--valid-to", type=click.DateTime(["%Y-%m-%d"]), help="Last day (default: open)."),
            click.option(
                "--service", help="Service that shows it (default: the one of the collection's name, or geography)."
            ),
            click.option("--approximate", is_flag=True, help="Draw and name it as approximate."),
        )
    ):
        function = option(function)
    return function


@click.group("import")
def command() -> None:
    """Bring geography into the store."""


@command.command("features")
@FILE
@click.option("--collection", required=True, help="Name of the collection, such as planning_zones.")
@vector_options
@options
def features(file: Path, collection: str, **given: Any) -> None:
    """Points, lines or areas of FILE (shapefile, GeoJSON, GeoPackage, FlatGeobuf …) into a collection."""
    _vector(file, collection, areas_only=False, given=given)


@command.command("boundaries")
@FILE
@click.option("--collection", default="boundaries", show_default=True, help="Name of the collection.")
@vector_options
@options
def boundaries(file: Path, collection: str, **given: Any) -> None:
    """Boundaries of units: areas of FILE, surveyed ones in place of the approximate cells."""
    _vector(file, collection, areas_only=True, given=given)


def _vector(file: Path, collection: str, *, areas_only: bool, given: dict[str, Any]) -> None:
    from geodata.exchange import read, records
    from geodata.exchange.errors import NotPolygons

    frame = read.read(file, srid=given["srid"], layer=given["layer"], swap=given["swap"], encoding=given["encoding"])
    if warning := read.elsewhere(frame, city(_settings(given).city).bounds):
        click.echo(f"vonglau: {file}: {warning}", err=True)
    kinds = sorted(set(frame.geometry.dropna().geom_type))
    if areas_only and not set(kinds) <= {"Polygon", "MultiPolygon"}:
        raise NotPolygons(path=file, found=", ".join(kinds))
    fields = records.Fields(
        collection=collection,
        name_field=given["name_field"],
        id_field=given["id_field"],
        category_field=given["category_field"],
        category=given["category"],
        valid_from=_day(given["valid_from"]),
        valid_to=_day(given["valid_to"]),
        approximate=given["approximate"],
    )
    found = records.features(frame, fields, file)
    service = given["service"] or records.service_of(collection)
    source = records.binding(collection, file, owner=given["owner"], license_=given["license_"], service=service)
    _store(given, [(source, found)])


def _day(moment: datetime | None) -> datetime | None:
    """Midnight in Viet Nam, where the day is meant."""
    from geodata.exchange.times import day

    return None if moment is None else day(moment)


@command.command("osm")
@FILE
@click.option("--everywhere", is_flag=True, help="The whole extract, not only what touches the city's box.")
@options
def osm(file: Path, everywhere: bool, **given: Any) -> None:
    """Roads, bridges, waterways, water and place names of an OpenStreetMap extract (.osm.pbf)."""
    from geodata.exchange import osm as extract
    from geodata.exchange import records

    box = None if everywhere else city(_settings(given).city).bounds
    parts = (
        (
            records.binding(
                collection,
                file,
                owner=given["owner"] or "OpenStreetMap",
                license_=given["license_"] or extract.LICENSE,
                attribution=extract.ATTRIBUTION,
            ),
            found,
        )
        for collection, found in extract.collections(file, box)
    )
    _store(given, parts)


@command.command("coverage")
@FILE
@click.option("--time", "moment", required=True, help="When the picture was taken, ISO 8601 with its offset.")
@click.option("--srid", type=int, help="EPSG code, when the file does not say it itself.")
@click.option("--service", default="imagery", show_default=True, help="Service that shows it.")
@click.option("--category", help="Such as radar, satellite, orthophoto.")
@options
def coverage(file: Path, moment: str, srid: int | None, service: str, category: str | None, **given: Any) -> None:
    """An image with bounds: GeoTIFF, or PNG and JPEG with a world file. The file stays where it is."""
    from geodata.exchange import coverage as image
    from geodata.exchange import records
    from geodata.exchange.times import instant

    record = image.read(file, time=instant(moment), srid=srid, category=category)
    source = records.binding("coverage", file, owner=given["owner"], license_=given["license_"], service=service)
    _store(given, [(source, [record])])


def _settings(given: dict[str, Any]) -> Settings:
    return Settings.from_environ(data=given["data"], city=given["city_id"])


def _store(given: dict[str, Any], parts: Iterable[tuple[SourceBinding, Sequence[Record | Rejected]]]) -> None:
    """Writes each part under its source and says the sums by source."""
    from geodata.exchange import records
    from geodata.store.connect import database

    with database(_settings(given), role="ingest", create=True) as opened:
        sums = {
            source.id.partition(":")[2]: asyncio.run(records.store(opened.dsn, source, found))
            for source, found in parts
        }
    _say(sums, given["as_json"])


def _say(sums: dict[str, Written], as_json: bool) -> None:
    """One line a collection, or one JSON object by collection."""
    if as_json:
        lines = {
            name: {
                "received": written.received,
                "stored": written.stored,
                "duplicate": written.duplicate,
                "rejected": dict(written.rejected),
            }
            for name, written in sums.items()
        }
        click.echo(json.dumps(lines, ensure_ascii=False))
        return
    for name, written in sums.items():
        rejected = ", ".join(f"{n} {reason}" for reason, n in sorted(written.rejected.items())) or "0"
        click.echo(
            f"{name}: received {written.received}, stored {written.stored}, duplicate {written.duplicate}, "
            f"rejected {rejected}"
        )
