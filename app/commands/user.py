"""``vonglau user``: who may log in."""

from __future__ import annotations

from pathlib import Path

import click
from argon2 import PasswordHasher

from app.users import read_users, write_users
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
@click.password_option(help="Asked for when not given.")
def add(name: str, data: Path | None, file: Path | None, password: str) -> None:
    """Add a user or change the password. A running server knows at once; with a new password old sessions end."""
    path = login_file(data, file)
    users = read_users(path) if path.exists() else {}
    users[name] = PasswordHasher().hash(password)
    write_users(path, users)
    click.echo(f"user {name} may log in; serve with --login-file {path}")


@command.command("remove")
@click.argument("name")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder.")
@click.option("--file", type=click.Path(path_type=Path), default=None, help="Login file (default: DATA/users.json).")
def remove(name: str, data: Path | None, file: Path | None) -> None:
    """Remove a user. A running server lets go of the open pages within seconds."""
    path = login_file(data, file)
    users = read_users(path)
    if name not in users:
        raise UnknownName(kind="user", name=name, known=", ".join(users))
    del users[name]
    write_users(path, users)
    click.echo(f"user {name} removed")
