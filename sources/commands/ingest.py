"""``vonglau ingest``: read the city's sources until stopped."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from pathlib import Path

import click

from geodata.bindings import bindings
from geodata.city import SourceBinding, city
from geodata.settings import Settings
from geodata.store.connect import database
from geodata.store.writer import Writer
from sources.intake import IntakePlan, address
from sources.runner import Runner


@click.command("ingest")
@click.option("--city", "city_id", help="Id of the city; default: VONGLAU_CITY, else hue.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder; default: VONGLAU_DATA.")
@click.option("--bindings", "file", type=click.Path(path_type=Path, dir_okay=False), help="More sources: TOML or JSON.")
@click.option("--intake", metavar="HOST:PORT", help="Open the intake there, for sources that are sent things.")
@click.option("--intake-url", metavar="URL", help="Base URL of the intake as senders see it; default: of --intake.")
def command(
    city_id: str | None, data: Path | None, file: Path | None, intake: str | None, intake_url: str | None
) -> None:
    """Read the city's sources into its store until stopped by SIGTERM or Ctrl-C."""
    settings = Settings.from_environ(data=data, city=city_id)
    found = bindings(city(settings.city), settings.sources, file)
    plan = _plan(intake, intake_url, settings)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log every URL, and keys stand in URLs
    with database(settings, role="ingest", create=settings.dsn is None) as db:
        asyncio.run(_ingest(db.dsn, found, settings, plan))


def _plan(intake: str | None, url: str | None, settings: Settings) -> IntakePlan | None:
    """Raises UsageError."""
    if intake is None:
        return None
    host, port = address(intake)
    return IntakePlan(host=host, port=port, url=url, spool=settings.data / "run" / f"intake-{settings.city}.sqlite")


async def _ingest(dsn: str, found: Sequence[SourceBinding], settings: Settings, plan: IntakePlan | None) -> None:
    async with Writer.open(dsn) as writer:
        pictures = settings.data / "run" / "snapshots"
        runner = Runner(writer, found, secret=settings.environ.get, intake=plan, pictures=pictures)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, runner.stop)
        await runner.run()
