"""``vonglau watch``: run the rules over the store until stopped."""

from __future__ import annotations

import json
import logging
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from geodata.commands.db import store_options
from geodata.settings import Settings

if TYPE_CHECKING:
    from geodata.watch.engine import Pass


@click.command(name="watch")
@store_options
@click.option("--once", is_flag=True, help="One look at everything, then end.")
@click.option("--json", "as_json", is_flag=True, help="With --once: what changed, as JSON.")
@click.option("--rule", "chosen", multiple=True, metavar="ID", help="Only these rules.")
def command(city: str | None, data: Path | None, once: bool, as_json: bool, chosen: tuple[str, ...]) -> None:
    """Look at what the sources bring, open and close findings. Several may run: one has its turn, the others wait."""
    from geodata.city import city as city_of
    from geodata.store.connect import database
    from geodata.store.findings import FindingStore
    from geodata.store.reader import Reader
    from geodata.watch.engine import Watch
    from geodata.watch.rule import chosen_rules

    settings = Settings.from_environ(data=data, city=city)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    own = chosen_rules(chosen)
    with (
        database(settings, "watch") as db,
        Reader(db.dsn) as reader,
        FindingStore(db.dsn) as store,
    ):
        watch = Watch(reader, store, city_of(settings.city), own)
        if once:
            _say(watch.once(), as_json=as_json)
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        watch.run(stop.wait)


def _say(done: Pass | None, *, as_json: bool) -> None:
    if done is None:
        click.echo("another watch has its turn", err=True)
        raise SystemExit(1)
    rows = [
        {"what": c.what, "rule": c.finding.rule, "key": c.finding.key, "level": c.finding.level,
         "opened_at": c.finding.opened_at.isoformat(), "facts": dict(c.finding.facts)}
        for c in done.changes
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps({"changes": rows, "failed": dict(done.failed)}, ensure_ascii=False, indent=1))
        return
    for row in rows:
        click.echo(f"{row['what']:8} {row['level']}  {row['rule']:28} {row['key']}")
    for name, reason in done.failed.items():
        click.echo(f"failed   {name}: {reason}", err=True)
    click.echo(f"{len(rows)} changes, {done.took_s:.2f} s")
