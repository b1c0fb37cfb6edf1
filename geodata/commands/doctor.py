"""``vonglau doctor``: what is missing on this machine, and the command that mends it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import click

from geodata.commands.db import store_options
from geodata.errors import VongLauError
from geodata.settings import Settings

FREE_GIB = 5
NEEDED = ("panel", "holoviews", "datashader", "geopandas", "psycopg", "pyais", "ucumvert")


@click.command(name="doctor")
@store_options
def command(city: str | None, data: Path | None) -> None:
    """Look at this machine; exit status 1 when something is missing."""
    settings = Settings.from_environ(data=data, city=city)
    failed = False
    for name, wrong in checks(settings):
        click.echo(f"{'missing' if wrong else 'ok':8} {name}{': ' + wrong if wrong else ''}")
        failed = failed or bool(wrong)
    if failed:
        sys.exit(1)


def checks(settings: Settings) -> Iterator[tuple[str, str]]:
    """What was looked at, and what is wrong with it and how to mend it ("" for nothing)."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield f"Python {version}", "" if sys.version_info >= (3, 11) else "install Python 3.11 or newer"
    absent = [name for name in NEEDED if find_spec(name) is None]
    yield "packages", f"{', '.join(absent)}; run make setup" if absent else ""
    yield "catalogue", _catalogue(settings.city)
    if settings.dsn:
        yield "database of VONGLAU_DSN", _external(settings.dsn)
    else:
        yield "PostgreSQL with PostGIS", _binaries()
        yield f"data folder {settings.data}", _folder(settings.data)
    free = shutil.disk_usage(_existing(settings.data)).free / 2**30
    yield f"disk, {free:.0f} GiB free", "" if free > FREE_GIB else f"free at least {FREE_GIB} GiB"
    browser = any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    yield "Chromium (tests of the pages only)", "" if browser else "apt-get install chromium"


def _catalogue(city: str) -> str:
    from geodata.city import city as city_of

    try:
        city_of(city)
    except VongLauError as error:
        return str(error)
    return ""


def _external(dsn: str) -> str:
    from geodata import migrate

    try:
        migrate.check(dsn)
    except VongLauError as error:
        return str(error)
    return ""


def _binaries() -> str:
    from geodata.embedded.binaries import find

    try:
        find()
    except VongLauError as error:
        return f"{error}; apt-get install postgresql postgresql-postgis"
    return ""


def _folder(data: Path) -> str:
    from geodata.embedded.binaries import find
    from geodata.embedded.initial import check_major, server_user

    parent = _existing(data)
    if not os.access(parent, os.W_OK):
        return f"{parent} cannot be written; choose another folder with --data"
    try:
        check_major(data / "pg", find())
    except VongLauError as error:
        return str(error)
    user = server_user()
    return f"create the user {user}: useradd --system postgres" if user == "nobody" else ""


def _existing(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.exists())
