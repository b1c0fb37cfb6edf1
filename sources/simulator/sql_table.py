"""A table that an office keeps in a database of its own, and how it is made; nothing of a database is loaded here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rows = Mapping[int, Mapping[str, Any]]
"""The rows of a register by their key."""


@dataclass(frozen=True, slots=True)
class Table:
    """``make`` are the statements that make table and view when they are missing; ``{reader}`` stands for the login
    that may read the view. ``name`` is the table, ``key`` its column of whole numbers, ``columns`` all of them.
    """

    make: Sequence[str]
    name: str
    key: str
    columns: Sequence[str]

    def upsert(self) -> str:
        names = ", ".join(self.columns)
        values = ", ".join(f":{name}" for name in self.columns)
        changes = ", ".join(f"{name} = excluded.{name}" for name in self.columns if name != self.key)
        return f"insert into {self.name} ({names}) values ({values}) on conflict ({self.key}) do update set {changes}"  # noqa: S608 (our own names)
