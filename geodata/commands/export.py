"""``vonglau export``: a service or a collection as a file, in WGS 84 or in a VN-2000 zone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from geodata.settings import Settings

FORMATS = ("gpkg", "geojson", "parquet", "csv")


@click.command("export")
@click.argument("name")
@click.option("--format", "format_", type=click.Choice(FORMATS), help="Default: by the ending of FILE.")
@click.option("--srid", type=int, default=4326, show_default=True, help="EPSG code to write: 9214 is VN-2000, 107°00'.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="File to write.")
@click.option("--start", help="Every row after this instant (ISO 8601), not only the newest.")
@click.option("--end", help="Up to this instant (default: now).")
@click.option("--at", help="The state at this instant; the same as --end without --start.")
@click.option("--known-at", help="Only what was known at this instant.")
@click.option("--kind", help="Record kind, for a service with several.")
@click.option("--city", "city_id", help="Id of the city (default: VONGLAU_CITY or hue).")
@click.option("--data", type=click.Path(path_type=Path), help="Data folder (default: VONGLAU_DATA).")
def command(name: str, format_: str | None, srid: int, output: Path, **given: Any) -> None:
    """Write the service or collection NAME to a file."""
    from geodata.errors import UsageError
    from geodata.exchange import export
    from geodata.store.connect import database
    from geodata.store.reader import Reader

    chosen = format_ or output.suffix.removeprefix(".")
    if chosen not in FORMATS:
        raise UsageError(reason=f"{output} does not say its format; add --format with one of {', '.join(FORMATS)}")
    if given["at"] and (given["start"] or given["end"]):
        raise UsageError(reason="--at is one instant; leave out --start and --end, or --at")
    settings = Settings.from_environ(data=given["data"], city=given["city_id"])
    with database(settings, role="read") as opened, Reader(opened.dsn) as reader:
        found = export.frames(
            reader,
            name,
            start=_instant(given["start"]),
            end=_instant(given["end"] or given["at"]) or datetime.now(UTC),
            known_at=_instant(given["known_at"]),
            kind=given["kind"],
        )
    rows = export.write(found, chosen, srid, output, name=name)  # type: ignore[arg-type]  # checked against FORMATS
    click.echo(f"{output}: {rows} rows, EPSG:{srid}")


def _instant(text: str | None) -> datetime | None:
    from geodata.exchange.times import instant

    return None if text is None else instant(text)
