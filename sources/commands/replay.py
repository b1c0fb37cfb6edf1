"""``vonglau replay``: parse and store recorded payloads."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click

from geodata.bindings import bindings
from geodata.catalogue import service
from geodata.city import SourceBinding, city
from geodata.errors import UnknownName, UsageError
from geodata.settings import Settings
from geodata.store.connect import database
from geodata.store.reader import Reader
from geodata.store.types import Written
from geodata.store.writer import Writer
from sources._binding import json_object
from sources._load import jobs, load, load_states
from sources._mend import mend
from sources._paced import Paced, PacedClock, register
from sources._values import instant
from sources.base import Options, Source, protocol
from sources.recording import Recording, recordings


@click.command("replay")
@click.argument("protocol_name", metavar="[PROTOCOL]", required=False)
@click.argument("files", nargs=-1, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--service", "service_id", help="Service that the records belong to.")
@click.option("--source", "source_id", help="Source that the rows are booked to; default: replay_PROTOCOL.")
@click.option("--options", "options_text", default="{}", help="Options of the protocol, as JSON.")
@click.option(
    "--recordings", type=click.Path(path_type=Path, exists=True, file_okay=False), help="Folder with recordings.json."
)
@click.option("--rejected", metavar="SOURCE", help="Read again what was kept of this source when it was refused.")
@click.option("--reason", help="With --rejected: only what was refused for this reason.")
@click.option("--bindings", "bindings_file", type=click.Path(path_type=Path, dir_okay=False), help="More sources.")
@click.option(
    "--speed",
    type=click.FloatRange(min=0, min_open=True),
    help="With --recordings: hand them over so many times as fast as they came, instead of at once.",
)
@click.option("--from", "begin", metavar="TIME", help="With --speed: what came before (ISO time) is loaded at once.")
@click.option("--city", "city_id", help="Id of the city; default: VONGLAU_CITY, else hue.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder; default: VONGLAU_DATA.")
@click.option("--json", "as_json", is_flag=True, help="Print the sums as JSON.")
def command(
    protocol_name: str | None,
    files: tuple[Path, ...],
    service_id: str | None,
    source_id: str | None,
    options_text: str,
    recordings: Path | None,
    rejected: str | None,
    reason: str | None,
    bindings_file: Path | None,
    speed: float | None,
    begin: str | None,
    city_id: str | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Parse and store recorded payloads; print received, stored, duplicate and rejected by reason.

    Exit status 0 when the sums close.
    """
    settings = Settings.from_environ(data=data, city=city_id)
    if rejected is not None:
        _print_mended(*_mend(settings, _named(rejected, settings, bindings_file), reason), as_json)
        return
    if recordings is not None:
        if protocol_name or files:
            raise UsageError(reason="give either PROTOCOL and FILE or --recordings")
        _print(_recorded(settings, recordings, speed, _time(begin)), as_json)
        return
    if speed is not None or begin is not None:
        raise UsageError(reason="--speed and --from go with --recordings DIR")
    if protocol_name and files:
        binding = _binding(protocol(protocol_name), settings, service_id, source_id, options_text)
        with database(settings, role="ingest", create=settings.dsn is None) as db:
            _print(load(db.dsn, [(binding, files)]), as_json)
        return
    raise UsageError(reason="give PROTOCOL and FILE, or --recordings DIR")


def _named(source_id: str, settings: Settings, file: Path | None) -> SourceBinding:
    found = {binding.id: binding for binding in bindings(city(settings.city), settings.sources, file)}
    if source_id not in found:
        raise UnknownName(kind="source", name=source_id, known=", ".join(sorted(found)) or "none without --bindings")
    return found[source_id]


def _mend(settings: Settings, binding: SourceBinding, reason: str | None) -> tuple[Written, int]:
    """Of a service with personal data only where the database lets us be the role identity."""

    async def run(ingest: str, read: str, private: bool) -> tuple[Written, int]:
        async with Writer.open(ingest) as writer:
            await writer.register([binding])
            with Reader(read) as reader:
                return await mend(writer, reader, binding, reason, private=private)

    private = service(binding.service).personal_data
    with database(settings, "ingest") as db, database(settings, "identity" if private else "ingest") as other:
        return asyncio.run(run(db.dsn, other.dsn, private))


def _print_mended(total: Written, refused: int, as_json: bool) -> None:
    _print(total, as_json, {"refused": refused})
    if not as_json:
        click.echo(f"still refused {refused}")


def _recorded(settings: Settings, folder: Path, speed: float | None, begin: datetime | None) -> Written:
    """All at once, or at its own pace."""
    found = recordings(folder)
    with database(settings, role="ingest", create=settings.dsn is None) as db:
        if speed is not None:
            return asyncio.run(_at_speed(db.dsn, folder, found, speed, begin))
        total = load(db.dsn, jobs(folder, found))
        load_states(db.dsn, found)
        return total


async def _at_speed(
    dsn: str, folder: Path, found: Sequence[Recording], speed: float, begin: datetime | None
) -> Written:
    async with Writer.open(dsn) as writer:
        await register(writer, found)
        paced = Paced(writer, folder, found)
        if begin is not None:
            await paced.until(begin)
        if paced.next_arrival is not None:
            await paced.follow(PacedClock(begin or paced.next_arrival, speed))
        return paced.written


def _time(text: str | None) -> datetime | None:
    """An instant of the command line. Raises UsageError."""
    try:
        return None if text is None else instant(text)
    except ValueError as error:
        raise UsageError(reason=f"--from: {error}") from error


def _binding(
    source: Source[Options], settings: Settings, service_id: str | None, source_id: str | None, options_text: str
) -> SourceBinding:
    """The city's own source of that id, or one made up for the files."""
    try:
        options = json_object(options_text)
    except ValueError as error:
        raise UsageError(reason=f"--options: {error}") from error
    own = next((entry for entry in bindings(city(settings.city), settings.sources) if entry.id == source_id), None)
    if own is not None:
        return own.model_copy(update={"options": {**own.options, **options}})
    return SourceBinding(
        id=source_id or f"replay_{source.protocol}",
        protocol=source.protocol,
        title_vi=f"Phát lại {source.title}",
        title_en=f"Replay of {source.title}",
        service=service(service_id or _only_service(source, settings.city)).id,
        options=options,
    )


def _only_service(source: Source[Options], city_id: str) -> str:
    """The city's one service of exactly the adapter's kinds. Raises UsageError when there is none or a choice."""
    kinds = {kind.__name__ for kind in source.kinds}
    found = [name for name, entry in city(city_id).catalogue().items() if set(entry.kinds) == kinds]
    if len(found) != 1:
        choice = ", ".join(found) or ", ".join(city(city_id).catalogue())
        raise UsageError(reason=f"say with --service whose records these are: {choice}")
    return found[0]


def _print(total: Written, as_json: bool, more: Mapping[str, int] | None = None) -> None:
    if as_json:
        sums = {
            "received": total.received,
            "stored": total.stored,
            "duplicate": total.duplicate,
            "rejected": dict(sorted(total.rejected.items())),
            **(more or {}),
        }
        click.echo(json.dumps(sums))
        return
    click.echo(f"received  {total.received}\nstored    {total.stored}\nduplicate {total.duplicate}")
    for reason, n in sorted(total.rejected.items()):
        click.echo(f"rejected  {n} {reason}")
    if total.received and total.received == total.duplicate + sum(total.rejected.values()):
        click.echo("nothing new: everything in these files was stored before or is rejected")
