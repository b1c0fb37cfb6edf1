"""The command line. A command is a module of a ``commands`` package in any of our packages, found by its name.

Only the chosen command is imported: ``vonglau services`` does not load Panel, and the web server's process
never loads a source or an outlet.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterator

import click

from app.parent import end_with_parent
from geodata.errors import VongLauError

PACKAGES = ("app", "sources", "outlets", "layers", "geodata")


def modules() -> Iterator[tuple[str, str]]:
    """(command name, module) of every command."""
    for package in PACKAGES:
        path = importlib.import_module(f"{package}.commands").__path__
        for info in pkgutil.iter_modules(path):
            if not info.name.startswith("_"):
                yield info.name.replace("_", "-"), f"{package}.commands.{info.name}"


class Commands(click.Group):
    """Lists by file name, imports on use. The module's ``command`` is the click command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(name.removesuffix("-") for name, _ in modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for name, module in modules():
            if name.removesuffix("-") == cmd_name:  # import_.py: a keyword cannot name a module we import
                command = importlib.import_module(module).command
                assert isinstance(command, click.Command)
                return command
        return None


@click.command(cls=Commands, name="vonglau")
@click.version_option(package_name="vonglau")
def cli() -> None:
    """Vọng Lâu: bản đồ điều hành đô thị thông minh."""


def main() -> None:
    """Run; our own errors are one line on standard error and their exit status."""
    end_with_parent()
    try:
        cli.main(standalone_mode=False)
    except VongLauError as error:
        click.echo(f"vonglau: {error}", err=True)
        sys.exit(error.exit_status)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(130)
