"""``vonglau indicators``: every number of a city with what it rests on; or the page of definitions."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click

from geodata.commands.db import store_options
from geodata.settings import Settings


@click.command(name="indicators")
@store_options
@click.option("--json", "as_json", is_flag=True, help="A JSON list, one object an indicator.")
@click.option("--markdown", is_flag=True, help="The definitions (docs/indicators.md); opens no store.")
@click.option("--service", help="Only this service's, or this family's (desk, outlets).")
@click.option("--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="As it was then (2026-11-20T07:00:00Z).")
@click.option("--known-at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z"]), help="As it was known then.")
def command(
    city: str | None, data: Path | None, as_json: bool, markdown: bool, service: str | None, at: datetime | None,
    known_at: datetime | None,
) -> None:  # fmt: skip
    """Print the indicators of a city: value, interval, n, target, age. An unknown number is "?"."""
    from geodata.city import city as city_of
    from geodata.indicators import whole
    from geodata.indicators.markdown import page
    from geodata.store.connect import database
    from geodata.store.reader import Reader

    if markdown:
        click.echo(page(), nl=False)
        return
    settings = Settings.from_environ(data=data, city=city)
    own = city_of(settings.city)
    with database(settings, role="read") as db, Reader(db.dsn) as reader:
        rows = [whole.row(value) for value in whole.of_city(reader, own, at, known_at, service)]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=_plain))
        return
    for row in rows:
        click.echo(_line(row))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _line(row: dict[str, object]) -> str:
    value, low, high = (row[name] for name in ("value", "low", "high"))
    told = f"{value:,.1f}" if isinstance(value, float) else {"ready": "–", "none": "–"}.get(str(row["state"]), "?")
    sure = f" [{low:.1f}–{high:.1f}]" if isinstance(low, float) and isinstance(high, float) else ""
    met = f" {row['met']}" if row["met"] else ""
    return f"{row['id']:42} {told:>12}{sure} {row['unit']}  n={row['n']}{met}  {row['state']}"
