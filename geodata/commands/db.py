"""``vonglau db``: the database of a data folder, or the one that VONGLAU_DSN names."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import click

from geodata import migrate as migration
from geodata.settings import Settings

F = TypeVar("F", bound=Callable[..., object])

REJECTIONS_KEPT_DAYS = 30


def store_options(function: F) -> F:
    """``--city`` and ``--data`` of every command that opens a store."""
    data = click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Data folder [VONGLAU_DATA].")
    return data(click.option("--city", help="City [VONGLAU_CITY].")(function))


@click.group(name="db")
def command() -> None:
    """Start, stop, migrate, back up and prune the database."""


@command.command()
@store_options
def start(city: str | None, data: Path | None) -> None:
    """Start the embedded cluster and leave it running; make and migrate the city's database."""
    from geodata.store.connect import cluster_of, database

    settings = Settings.from_environ(data=data, city=city)
    cluster = cluster_of(settings)
    settings.data.mkdir(parents=True, exist_ok=True)
    cluster.stay.touch()
    try:
        with database(settings, "owner", create=True):
            pass
    except BaseException:
        cluster.stay.unlink(missing_ok=True)
        raise
    _say_status(settings)


@command.command()
@store_options
def stop(city: str | None, data: Path | None) -> None:
    """Stop the embedded cluster, whoever uses it."""
    from geodata.store.connect import cluster_of

    stopped = cluster_of(Settings.from_environ(data=data, city=city)).stop()
    click.echo("stopped" if stopped else "was not running")


@command.command()
@store_options
def status(city: str | None, data: Path | None) -> None:
    """Say where the database is and whether it runs; exit status 1 when it does not."""
    _say_status(Settings.from_environ(data=data, city=city))


@command.command()
@store_options
def migrate(city: str | None, data: Path | None) -> None:
    """Bring the city's database to this program's schema; make it when it is missing."""
    from geodata.store.connect import admin

    with admin(Settings.from_environ(data=data, city=city), create=True) as dsn:
        done = migration.migrate(dsn)
    click.echo("\n".join(done) if done else "up to date")


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@store_options
def backup(file: Path, city: str | None, data: Path | None) -> None:
    """Write the city's database to FILE (pg_dump's custom format)."""
    from geodata.store.connect import admin

    part = file.with_name(file.name + ".part")
    with admin(Settings.from_environ(data=data, city=city)) as dsn:
        _run("pg_dump", dsn, "--format=custom", f"--file={part}")
    part.replace(file)
    click.echo(f"{file}: {file.stat().st_size} bytes")


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@store_options
def restore(file: Path, city: str | None, data: Path | None) -> None:
    """Fill the city's database from FILE; refuses one that already holds records."""
    from geodata.errors import UsageError
    from geodata.store.connect import admin

    settings = Settings.from_environ(data=data, city=city)
    with admin(settings, create=True) as dsn:
        if migration.is_filled(dsn):
            raise UsageError(
                reason=f"the database of {settings.city} holds records; restore into another --data or city"
            )
        migration.empty(dsn)
        _run("pg_restore", dsn, "--dbname", "", "--exit-on-error", "--single-transaction", str(file))
        done = migration.migrate(dsn)
    click.echo("restored" + (f", then {', '.join(done)}" if done else ""))


@command.command()
@store_options
def prune(city: str | None, data: Path | None) -> None:
    """Delete what is older than its service's retention_days, and rejected payloads older than 30 days."""
    from geodata.catalogue import services
    from geodata.store.connect import admin
    from geodata.store.prune import prune_rejections, prune_service

    now = datetime.now(UTC)
    with admin(Settings.from_environ(data=data, city=city)) as dsn:
        for service in services().values():
            if service.retention_days is not None:
                n = prune_service(dsn, service.id, now - timedelta(days=service.retention_days))
                if n:
                    click.echo(f"{service.id}: {n}")
        n = prune_rejections(dsn, now - timedelta(days=REJECTIONS_KEPT_DAYS))
        click.echo(f"rejected payloads: {n}")


def _say_status(settings: Settings) -> None:
    from geodata.store.connect import cluster_of
    from geodata.store.errors import NotRunning
    from geodata.store.failures import where

    if settings.dsn:
        migration.check(settings.dsn)
        click.echo(f"external: {where(settings.dsn)}")
        return
    endpoint = cluster_of(settings).running()
    if endpoint is None:
        raise NotRunning(path=settings.data)
    click.echo(f"running: {settings.data}, process {endpoint.pid}, 127.0.0.1:{endpoint.port}, socket {endpoint.folder}")


def _run(tool: str, dsn: str, *arguments: str) -> None:
    """One of PostgreSQL's programs; the password goes through the environment, never through the command line."""
    from geodata.embedded.binaries import find
    from geodata.store.connect import libpq_environ
    from geodata.store.errors import ToolFailed

    variables = libpq_environ(dsn)
    filled = [variables["PGDATABASE"] if a == "" else a for a in arguments]
    answer = subprocess.run(  # noqa: S603 (a program that we found)
        [find().path(tool), *filled], env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if answer.returncode:
        lines = answer.stderr.strip().splitlines() or [f"exit status {answer.returncode}"]
        raise ToolFailed(tool=tool, reason=next((line for line in lines if "error" in line), lines[-1]))
