"""``vonglau notify``: send out what the findings say, until stopped."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geodata.commands.db import store_options
from geodata.errors import ConfigInvalid
from geodata.settings import Settings

if TYPE_CHECKING:
    from geodata.city import City
    from geodata.outlet import OutletBinding
    from geodata.store.deliveries import DeliveryStore
    from outlets.post import Done, Office


@click.command(name="notify")
@store_options
@click.option("--once", is_flag=True, help="Send what is due, then end; 1 when something failed.")
@click.option("--list", "listed", is_flag=True, help="Send nothing: what waits, was delivered, was given up.")
@click.option("--json", "as_json", is_flag=True, help="With --once or --list: as JSON.")
@click.option(
    "--outlets", "file", type=click.Path(path_type=Path, dir_okay=False), help="A file with further [outlets.NAME]."
)
def command(city: str | None, data: Path | None, once: bool, listed: bool, as_json: bool, file: Path | None) -> None:
    """Send findings to the outlets of the city. Several may run: one has its turn, the others wait."""
    from geodata.city import city as city_of
    from geodata.store.connect import database
    from geodata.store.deliveries import DeliveryStore
    from outlets.post import Office

    settings = Settings.from_environ(data=data, city=city)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells addresses, and an address may hold a key
    place = city_of(settings.city)
    bindings = _bindings(place, file)
    with database(settings, "notify") as db, DeliveryStore(db.dsn) as store:
        if listed:
            _list(store, as_json=as_json)
            return
        asyncio.run(_work(Office(store, place, bindings, settings.environ.get), once=once, as_json=as_json))


def _bindings(place: City, file: Path | None) -> Mapping[str, OutletBinding]:
    """Those of the city and of the file. Raises ConfigInvalid."""
    import re

    from pydantic import TypeAdapter, ValidationError

    from geodata.catalogue import one_line
    from geodata.outlet import NAME, OutletBinding

    if file is None:
        return place.outlets
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8")).get("outlets", {})
        more = TypeAdapter(dict[str, OutletBinding]).validate_python(raw)
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigInvalid(path=file, reason=" ".join(str(error).split())) from None
    except ValidationError as error:
        raise ConfigInvalid(path=file, reason=one_line(error)) from None
    if bad := [name for name in more if not re.fullmatch(NAME, name)]:
        raise ConfigInvalid(path=file, reason=f"not a name: {bad[0]}")
    return {**place.outlets, **more}


async def _work(office: Office, *, once: bool, as_json: bool) -> None:
    try:
        if once:
            _say(await office.once(), as_json=as_json)
            return
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await office.run(stop)
    finally:
        await office.close()


def _say(done: Done | None, *, as_json: bool) -> None:
    if done is None:
        click.echo("another process has its turn", err=True)
        raise SystemExit(1)
    if as_json:
        told = {name: getattr(done, name) for name in ("lines", "delivered", "superseded", "given_up", "failed")}
        click.echo(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        click.echo(
            f"{done.lines} lines read, {sum(done.delivered.values())} delivered, "
            f"{sum(done.superseded.values())} superseded, {sum(done.given_up.values())} given up"
        )
        for name, reason in done.failed.items():
            click.echo(f"{name}: {reason}", err=True)
    if done.failed or done.given_up:
        raise SystemExit(1)


def _list(store: DeliveryStore, *, as_json: bool) -> None:
    counts, newest = store.counts(), store.newest(200)
    if as_json:
        click.echo(json.dumps({"outlets": counts, "newest": newest}, ensure_ascii=False, indent=1, default=str))
        return
    _table(counts, ("outlet", "waiting", "delivered", "superseded", "given_up", "last_delivered", "error"))
    given_up = [row for row in newest if row["state"] == "given_up"]
    if given_up:
        click.echo("")
        _table(given_up, ("id", "outlet", "news", "rule", "finding_id", "created_at", "tries", "last_error"))


def _table(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> None:
    cells = [[_cell(row[name]) for name in names] for row in rows]
    widths = [max(len(name), *(len(line[n]) for line in cells), 0) for n, name in enumerate(names)] if cells else []
    for line in [list(names), *cells] if cells else [["nothing was ever to be sent"]]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths or [0], strict=False)).rstrip())


def _cell(value: object) -> str:
    return "" if value is None else str(value)[:60]
