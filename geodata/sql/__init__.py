"""SQL lives in files of this package; this module only finds them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import LiteralString

from geodata.errors import UnknownName


@cache
def text(folder: str, name: str) -> LiteralString:
    """The text of ``sql/FOLDER/NAME.sql``. Raises UnknownName."""
    path = files("geodata.sql").joinpath(folder, f"{name}.sql")
    if not name.replace("_", "").isalnum() or not path.is_file():
        raise UnknownName(kind=f"statement of sql/{folder}", name=name, known=", ".join(names(folder)))
    return path.read_text(encoding="utf-8")


def names(folder: str) -> list[str]:
    """Names of the files of a folder, in order."""
    found = files("geodata.sql").joinpath(folder).iterdir()
    return sorted(entry.name.removesuffix(".sql") for entry in found if entry.name.endswith(".sql"))
