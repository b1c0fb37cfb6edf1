"""Whether the sums of a running city close: ``python -m tests.support.ledger_audit --data DIR --city ID``.

Two things for every source: each minute's line says received = stored + duplicate + rejected, and the lines say of each
minute as many stored as the tables hold rows, all versions of them, that arrived in it. Asked in one statement, so that
a city that goes on receiving is seen at one moment.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg import sql

from geodata.embedded import Cluster
from geodata.store.connect import session

LINES = """
select s.name, coalesce(v.up, false), l.minute, l.received, l.stored, l.duplicate, l.rejected
from source as s left join source_live as v using (source_id) left join ledger as l using (source_id)
order by s.name, l.minute
"""
HELD = (
    *("observation", "observation_history", "position", "alert", "thing", "thing_history", "event", "event_history"),
    *("service_request", "service_request_history", "feature", "feature_history", "coverage", "coverage_history"),
)
"""Tables that hold one row for each record that was stored."""


@dataclass(slots=True)
class Sums:
    """One source: ``open_minutes`` do not close, ``off_minutes`` have more or fewer rows than were stored."""

    source: str
    up: bool
    minutes: int = 0
    received: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    open_minutes: int = 0
    held: int = 0
    off_minutes: int = 0

    @property
    def closes(self) -> bool:
        return not self.open_minutes and not self.off_minutes

    def row(self) -> str:
        numbers = f"{self.received:10} {self.stored:9} {self.duplicate:9} {self.rejected:8} {self.held:9}"
        wrong = [f"{self.open_minutes} minutes are open"] if self.open_minutes else []
        wrong += [f"{self.held - self.stored:+} rows in {self.off_minutes} minutes"] if self.off_minutes else []
        wrong += [] if self.up else ["down"]
        return f"{self.source:32} {self.minutes:7} {numbers}  {'; '.join(wrong) or 'ok'}"


HEAD = (
    f"{'source':32} {'minutes':>7} {'received':>10} {'stored':>9} {'duplicate':>9} {'rejected':>8} {'rows':>9}  verdict"
)


def audit(dsn: str) -> list[Sums]:
    """Every source of the database, at one moment."""
    found: dict[str, Sums] = {}
    with psycopg.connect(dsn) as connection:
        connection.execute("set transaction isolation level repeatable read, read only")
        open_: Counter[tuple[str, datetime]] = Counter()
        for name, up, minute, *counts in connection.execute(LINES):
            sums = found.setdefault(name, Sums(name, up))
            if minute is not None:
                _add(sums, *counts)
                open_[name, minute] += counts[1]
        for name, minute, rows in _held(connection):
            found[name].held += rows
            open_[name, minute] -= rows
        for (name, _), rows in open_.items():
            found[name].off_minutes += rows != 0
    return list(found.values())


def _add(sums: Sums, received: int, stored: int, duplicate: int, rejected: dict[str, int]) -> None:
    refused = sum(rejected.values())
    sums.minutes += 1
    sums.received, sums.stored = sums.received + received, sums.stored + stored
    sums.duplicate, sums.rejected = sums.duplicate + duplicate, sums.rejected + refused
    sums.open_minutes += received != stored + duplicate + refused


def _held(connection: psycopg.Connection[Any]) -> Iterator[tuple[str, datetime, int]]:
    """Rows by source and minute of arrival, table after table."""
    statement = sql.SQL(
        "select s.name, date_trunc('minute', r.received_at), count(*) "
        "from {} as r join source as s using (source_id) group by 1, 2"
    )
    for table in HELD:
        yield from connection.execute(statement.format(sql.Identifier(table)))


def dsn_of(data: Path, city: str) -> str:
    """Of the running embedded database of a data folder. Raises click.ClickException where none runs."""
    cluster = Cluster(data)
    if (endpoint := cluster.running()) is None:
        raise click.ClickException(f"no database runs on {data}")
    return session(cluster.dsn(endpoint, "vonglau_owner", f"vonglau_{city}"))


@click.command()
@click.option("--data", required=True, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--city", default="hue", show_default=True)
@click.option("--json", "as_json", is_flag=True)
def main(data: Path, city: str, as_json: bool) -> None:
    """Audits a running city. Exit status 1 when a sum is open or a source is down."""
    found = audit(dsn_of(data, city))
    if as_json:
        click.echo(json.dumps({one.source: one.closes for one in found}))
    else:
        click.echo("\n".join([HEAD, *(one.row() for one in found), total(found)]))
    sys.exit(0 if all(one.closes and one.up for one in found) else 1)


def total(found: Sequence[Sums]) -> str:
    minutes, received = sum(one.minutes for one in found), sum(one.received for one in found)
    up, close = sum(one.up for one in found), sum(one.closes for one in found)
    return f"{len(found)} sources, {up} up, {close} close; {minutes} lines, {received} received"


if __name__ == "__main__":
    main()
