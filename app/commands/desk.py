"""``vonglau desk``: the duty desk in a terminal. The queue, one finding's life, and what can be done about it."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from geodata.errors import UnknownName
from geodata.settings import Settings

if TYPE_CHECKING:
    import pandas as pd

F = TypeVar("F", bound=Callable[..., Any])


def where(function: F) -> F:
    """``--city``, ``--data`` and ``--lang``."""
    for option in (
        click.option("--lang", type=click.Choice(["vi", "en"]), default="vi", show_default=True),
        click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder [VONGLAU_DATA]."),
        click.option("--city", help="City [VONGLAU_CITY]."),
    ):
        function = option(function)
    return function


@click.group(name="desk", invoke_without_command=True)
@where
@click.option("--json", "as_json", is_flag=True, help="A JSON list, one object a finding.")
@click.pass_context
def command(context: click.Context, city: str | None, data: Path | None, lang: str, as_json: bool) -> None:
    """List what stands open, worst first; a subcommand acts on one."""
    settings = Settings.from_environ(data=data, city=city)
    context.obj = (settings, lang)
    if context.invoked_subcommand is not None:
        return
    rows = [row for row in _inbox(settings) if row["desk_closed_at"] is None]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1, default=str))
        return
    for row in rows:
        click.echo(_line(row, lang, _timezone(settings)))
    if (blind := _blind(settings, lang)) is not None:
        click.echo(blind, err=True)
    elif not rows:
        click.echo("không có việc cần xử lý" if lang == "vi" else "nothing to act on")


@command.command()
@click.argument("number", type=int)
@click.pass_obj
def show(own: tuple[Settings, str], number: int) -> None:
    """One finding: its facts, its limits with their law, the rows that fired it, its journal."""
    from geodata.citation import cited
    from geodata.watch.spoken import spoken

    settings, lang = own
    row = _one(settings, number)
    click.echo(_line(row, lang, _timezone(settings)))
    for label, value in spoken(row["rule"], row["facts"], lang, _timezone(settings), datetime.now(UTC)).facts:
        click.echo(f"  {label}: {value}")
    for limit in row["limits"]:
        click.echo(f"  {limit['name']} = {limit['value']:g} {limit['unit']}  ({cited(limit['law'], lang)})")
    for rest in row["rows"]:
        click.echo(f"  {rest['kind']} {rest['id']} {rest['time'] or ''} {rest['source'] or ''}")
    for line in _query(settings, "finding_life", id=number):
        detail = {k: v for k, v in dict(line["detail"] or {}).items() if k not in {"facts", "level"}}
        told = json.dumps(detail, ensure_ascii=False) if detail else ""
        click.echo(f"  {line['time']:%d/%m/%Y %H:%M} {line['who']} {line['what']} {told}")


@command.command()
@click.argument("number", type=int)
@click.pass_obj
def acknowledge(own: tuple[Settings, str], number: int) -> None:
    """Say that somebody knows of it."""
    _act(own, "acknowledge", number, {})


@command.command()
@click.argument("number", type=int)
@click.argument("agency")
@click.option("--note", default="", help="What they are told.")
@click.pass_obj
def assign(own: tuple[Settings, str], number: int, agency: str, note: str) -> None:
    """Give it to an agency of the city (its id)."""
    _act(own, "assign", number, {"agency": agency, "note": note})


@command.command()
@click.argument("number", type=int)
@click.argument("text")
@click.pass_obj
def note(own: tuple[Settings, str], number: int, text: str) -> None:
    """Write into its journal."""
    _act(own, "note", number, {"text": text})


@command.command()
@click.argument("number", type=int)
@click.option("--hours", type=float, default=1.0, show_default=True)
@click.option("--reason", required=True)
@click.pass_obj
def snooze(own: tuple[Settings, str], number: int, hours: float, reason: str) -> None:
    """Put it on hold for some hours."""
    _act(own, "snooze", number, {"hours": hours, "reason": reason})


@command.command()
@click.argument("number", type=int)
@click.option("--reason", required=True)
@click.pass_obj
def close(own: tuple[Settings, str], number: int, reason: str) -> None:
    """Close it for the desk; it comes back when its level rises or it opens again."""
    _act(own, "close", number, {"reason": reason})


@command.command()
@click.argument("text")
@click.pass_obj
def handover(own: tuple[Settings, str], text: str) -> None:
    """A note for the next shift."""
    _act(own, "handover", None, {"text": text})


def _act(own: tuple[Settings, str], what: str, number: int | None, detail: Mapping[str, object]) -> None:
    from app.pages import desk_deeds
    from app.text import Text
    from geodata.city import city

    settings, lang = own
    row = None if number is None else _one(settings, number)
    deed = desk_deeds.deed(what, detail, row, city(settings.city), datetime.now(UTC), Text(lang))
    if (error := desk_deeds.store(settings, getpass.getuser(), deed)) is not None:
        raise click.ClickException(error)


def _blind(settings: Settings, lang: str) -> str | None:
    """That no watch looks, in words; None while one does."""
    from app.pages import desk_blocks
    from app.text import Text
    from geodata.city import city
    from geodata.store.connect import database
    from geodata.store.reader import Reader
    from geodata.watch.frames import watched

    now = datetime.now(UTC)
    with database(settings, "read") as db, Reader(db.dsn) as reader:
        found = watched(reader, now)
    return None if found.looks else desk_blocks.unwatched(found, city(settings.city), Text(lang), now)


def _inbox(settings: Settings) -> list[dict[str, Any]]:
    return _query(settings, "inbox", end=datetime.now(UTC) + timedelta(seconds=1))


def _one(settings: Settings, number: int) -> dict[str, Any]:
    rows = {row["id"]: row for row in _inbox(settings)}
    if number not in rows:
        raise UnknownName(kind="open finding", name=str(number), known=", ".join(map(str, rows)) or "none")
    return rows[number]


def _query(settings: Settings, name: str, **params: object) -> list[dict[str, Any]]:
    from geodata.store.connect import database
    from geodata.store.reader import Reader

    with database(settings, "read") as db, Reader(db.dsn) as reader:
        return [
            _plain(row) for _, row in reader.query(name, **params).drop(columns="geometry", errors="ignore").iterrows()
        ]


def _plain(row: pd.Series[Any]) -> dict[str, Any]:
    import pandas as pd

    out: dict[str, Any] = {}
    for name, value in row.items():
        missing = not isinstance(value, (list, dict)) and pd.isna(value)
        out[str(name)] = None if missing else value.to_pydatetime() if isinstance(value, pd.Timestamp) else value
    return out


def _line(row: Mapping[str, Any], lang: str, timezone: str) -> str:
    from geodata.watch.spoken import spoken
    from layers import words

    now = datetime.now(UTC)
    said = spoken(row["rule"], row["facts"], lang, timezone, now)
    who = row["agency"] or row["acknowledged_by"] or ("chưa xác nhận" if lang == "vi" else "new")
    age = words.age((now - row["opened_at"]).total_seconds(), lang)
    subject = f": {said.subject}" if said.subject and said.subject != said.title else ""
    return f"{int(row['id']):6}  {int(row['level'])}  {age:>11}  {said.title}{subject}  [{who}]"


def _timezone(settings: Settings) -> str:
    from geodata.city import city

    return city(settings.city).timezone
