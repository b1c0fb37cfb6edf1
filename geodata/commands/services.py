"""``vonglau services``: the catalogue with the state of every feed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from geodata.catalogue import services
from geodata.commands.db import store_options
from geodata.errors import UnknownName
from geodata.settings import Settings
from geodata.store.types import ServiceState, SourceState


@click.command(name="services")
@store_options
@click.option("--json", "as_json", is_flag=True, help="A JSON list, one object a service.")
def command(city: str | None, data: Path | None, as_json: bool) -> None:
    """List every service of the city with its state, version, sources and ledger."""
    from geodata.city import cities
    from geodata.store.connect import database
    from geodata.store.reader import Reader

    settings = Settings.from_environ(data=data, city=city)
    if settings.city not in cities():
        raise UnknownName(kind="city", name=settings.city, known=", ".join(cities()))
    with database(settings, "read") as db, Reader(db.dsn) as reader:
        found = reader.services(settings.city)
    click.echo(json.dumps([_service(s) for s in found], ensure_ascii=False, indent=1) if as_json else _table(found))


def _service(state: ServiceState) -> dict[str, Any]:
    known = services()[state.id]
    return {
        "id": state.id,
        "title_vi": known.title_vi,
        "title_en": known.title_en,
        "state": state.state,
        "last_received": state.last_received.isoformat() if state.last_received else None,
        "age_s": state.age_s,
        "version": state.version,
        "sources": [_source(s) for s in state.sources],
    }


def _source(state: SourceState) -> dict[str, Any]:
    return {
        "id": state.id,
        "protocol": state.protocol,
        "state": state.state,
        "since": state.since.isoformat() if state.since else None,
        "last_error": state.last_error,
        "simulated": state.simulated,
        "received": state.received,
        "stored": state.stored,
        "duplicate": state.duplicate,
        "rejected": dict(state.rejected),
    }


HEAD = ("service", "state", "age", "version", "source", "received", "stored", "duplicate", "rejected", "error")


def _table(found: Sequence[ServiceState]) -> str:
    rows: list[tuple[str, ...]] = [HEAD]
    for service in found:
        age = "" if service.age_s is None else f"{service.age_s:.0f} s"
        first: tuple[str, ...] = (service.id, service.state, age, str(service.version))
        for source in service.sources:
            name = f"{source.id}{' (simulated)' if source.simulated else ''}: {source.state}"
            counts = (source.received, source.stored, source.duplicate, sum(source.rejected.values()))
            rows.append((*first, name, *map(str, counts), source.last_error or ""))
            first = ("", "", "", "")
        if not service.sources:
            rows.append((*first, "", "", "", "", "", ""))
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
