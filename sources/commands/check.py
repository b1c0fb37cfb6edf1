"""``vonglau check``: one live fetch of a source, nothing stored."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import click

from geodata.bindings import bindings
from geodata.city import City, SourceBinding, city
from geodata.errors import UnknownName, UsageError
from geodata.settings import Settings
from sources._check_words import lines, locale_language, summary
from sources.check import Verdict, check


@click.command("check")
@click.argument("source", required=False)
@click.option("--all", "every", is_flag=True, help="Check every source of the city.")
@click.option("--city", "city_id", help="Id of the city; default: VONGLAU_CITY, else hue.")
@click.option("--bindings", "file", type=click.Path(path_type=Path, dir_okay=False), help="More sources: TOML or JSON.")
@click.option("--seconds", type=float, help="How long to wait for records of a source; default: 20, with --all 15.")
@click.option("--jobs", default=16, show_default=True, type=click.IntRange(1, 64), help="Sources looked at at once.")
@click.option("--lang", type=click.Choice(["vi", "en"]), help="Default: vi where the locale is Vietnamese, else en.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of verdicts.")
def command(
    source: str | None,
    every: bool,
    city_id: str | None,
    file: Path | None,
    seconds: float | None,
    jobs: int,
    lang: str | None,
    as_json: bool,
) -> None:
    """Fetch SOURCE once and say whether it can be switched on. Exit status 1 when one cannot."""
    if (source is None) != every:
        raise UsageError(reason="give either a source or --all")
    settings = Settings.from_environ(city=city_id)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    found = bindings(city(settings.city), settings.sources, file)
    chosen = [binding for binding in found if every or binding.id == source]
    if source is not None and not chosen:
        raise UnknownName(kind="source", name=source, known=", ".join(binding.id for binding in found) or "none")
    verdicts = asyncio.run(_check(chosen, city(settings.city), settings, seconds or (15 if every else 20), jobs))
    if as_json:
        click.echo(json.dumps([{**asdict(v), "ok": v.ok} for v in verdicts], ensure_ascii=False, indent=2))
    else:
        language = lang or locale_language(settings.environ)
        for verdict in verdicts:
            if not every or not verdict.ok:
                click.echo("\n".join(lines(verdict, language)))
        if every and verdicts:
            click.echo("\n".join(summary(verdicts, language)))
        if not verdicts:
            click.echo(f"city {settings.city} has no sources yet; add one to its file or to VONGLAU_SOURCES")
    if not all(verdict.ok for verdict in verdicts):
        sys.exit(1)


async def _check(
    chosen: Sequence[SourceBinding], home: City, settings: Settings, seconds: float, jobs: int
) -> list[Verdict]:
    places = asyncio.Semaphore(jobs)

    async def one(binding: SourceBinding) -> Verdict:
        async with places:
            return await check(binding, home.box, seconds=seconds, secret=settings.environ.get)

    return await asyncio.gather(*(one(binding) for binding in chosen))
