"""``vonglau user``: who may log in."""

from __future__ import annotations

from pathlib import Path

import click
from argon2 import PasswordHasher

from app.users import Book
from geodata.errors import UnknownName
from geodata.settings import Settings


def login_file(data: Path | None, file: Path | None) -> Path:
    settings = Settings.from_environ(data=data, login_file=file)
    return settings.login_file or settings.data / "users.json"


@click.group("user")
def command() -> None:
    """Users of the pages."""


@command.command("add")
@click.argument("name")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder.")
@click.option("--file", type=click.Path(path_type=Path), default=None, help="Login file (default: DATA/users.json).")
@click.option(
    "--look-only/--may-act",
    default=None,
    help="Whether the user may write to the duty journal (default: as before, a new user may). A wall looks only.",
)
@click.password_option(help="Asked for when not given.")
def add(name: str, data: Path | None, file: Path | None, look_only: bool | None, password: str) -> None:
    """Add a user or change the password. A running server knows at once; with a new password old sessions end."""
    path = login_file(data, file)
    book = Book.read(path) if path.exists() else Book()
    lookers = {True: book.look_only | {name}, False: book.look_only - {name}, None: book.look_only}[look_only]
    Book({**book.users, name: PasswordHasher().hash(password)}, lookers).write(path)
    click.echo(f"user {name} may {'look' if name in lookers else 'log in'}; serve with --login-file {path}")


@command.command("remove")
@click.argument("name")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder.")
@click.option("--file", type=click.Path(path_type=Path), default=None, help="Login file (default: DATA/users.json).")
def remove(name: str, data: Path | None, file: Path | None) -> None:
    """Remove a user. A running server lets go of the open pages within seconds."""
    path = login_file(data, file)
    book = Book.read(path)
    if name not in book.users:
        raise UnknownName(kind="user", name=name, known=", ".join(book.users))
    Book({one: hashed for one, hashed in book.users.items() if one != name}, book.look_only - {name}).write(path)
    click.echo(f"user {name} removed")
