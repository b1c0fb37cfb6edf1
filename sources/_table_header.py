"""The header of a table: which row it is, and which column a name means."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from geodata.folding import fold
from sources._table_text import font
from sources._table_values import is_nothing, text

LOOKED_AT = 50
"""Rows among which the header is looked for: titles, addresses and dates stand above it."""


class NoColumns(ValueError):
    """Columns that the mapping names are not in the table; the message tells them and those that are there.

    ``near`` is how much of the mapping was found: of several sheets the nearest one is told about.
    """

    def __init__(self, message: str, near: int = 1 << 20) -> None:
        super().__init__(message)
        self.near = near


@lru_cache(maxsize=4096)
def alternatives(name: str | int) -> tuple[tuple[str | int, ...], bool]:
    """The columns that a name of the mapping may mean, and whether none of them need be there."""
    if isinstance(name, int):
        return (name,), False
    parts = [part.strip() for part in name.split(" | ")]
    found = tuple(part.removesuffix("?").strip() for part in parts)
    return found, any(part.endswith("?") for part in parts)


def required(names: Sequence[str | int]) -> list[str | int]:
    """Names without which a row is not the header; numbers are no names."""
    return [name for name in names if isinstance(name, str) and not alternatives(name)[1]]


@lru_cache(maxsize=16384)
def plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


@dataclass(frozen=True, slots=True)
class Header:
    """Names of columns from left to right. ``groups`` are the names of the row above, carried to the right."""

    names: tuple[str, ...]
    groups: tuple[str, ...] = ()
    _found: dict[str, int | None] = field(default_factory=dict, repr=False, compare=False)

    def index(self, name: str | int) -> int | None:
        """The place of a column, from 0; None when it is not there. Raises NoColumns when two have the name."""
        return next(iter(self.places(name)), None)

    def places(self, name: str | int) -> list[int]:
        """The places of all columns that a name may mean, the first meant first. Raises NoColumns."""
        found: list[int] = []
        for option in alternatives(name)[0]:
            place = option - 1 if isinstance(option, int) else self._named(option)
            if place is not None and place < max(len(self.names), 1) and place not in found:
                found.append(place)
        return found

    def _named(self, name: str) -> int | None:
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def _look(self, name: str) -> int | None:
        for reading in (plain, fold):
            wanted = reading(name)
            if not wanted:
                continue
            places = [n for n, own in enumerate(self.names) if reading(own) == wanted]
            if not places and self.groups:
                whole = [
                    f"{group} / {own}" if group else own for group, own in zip(self.groups, self.names, strict=True)
                ]
                places = [n for n, own in enumerate(whole) if reading(own) == wanted]
            if len(places) > 1:
                raise NoColumns(f"{len(places)} columns are named {name!r}; name them by number or group / name")
            if places:
                return places[0]
        return None

    def missing(self, names: Sequence[str | int]) -> list[str | int]:
        """Those of ``names`` that are not there."""
        return [name for name in names if self.index(name) is None]

    @property
    def keys(self) -> tuple[str, ...]:
        """A name of its own for each column, for a row kept as an object."""
        whole = [
            f"{group} / {own}" if group and group != own else own
            for group, own in zip(self.groups or self.names, self.names, strict=True)
        ]
        twice = Counter(self.names)
        own_names = [
            name if name and twice[name] == 1 else other for name, other in zip(self.names, whole, strict=True)
        ]
        seen: Counter[str] = Counter()
        found = []
        for n, name in enumerate(own_names, 1):
            seen[name] += 1
            found.append(name if name and seen[name] == 1 else f"{name} ({n})" if name else f"({n})")
        return tuple(found)


def _texts(row: Sequence[Any]) -> list[str]:
    return [" ".join((text(cell) or "").split()) if not isinstance(cell, bytes) else "" for cell in row]


def _safe(row: Sequence[Any]) -> list[str]:
    try:
        return _texts(row)
    except ValueError:
        return [""] * len(row)


def find(rows: Sequence[Sequence[Any]], names: Sequence[str | int]) -> tuple[Header, int]:
    """The header among the first rows, and the number of the row after it. Raises NoColumns.

    It is the first row that has every required column, alone or with the row above it (merged titles of groups).
    """
    wanted = required(names)
    texts = [_safe(row) for row in rows[:LOOKED_AT]]
    best: tuple[int, Header] | None = None
    for n, own in enumerate(texts):
        if not any(own):
            continue
        for header in _readings(own, texts[n - 1] if n else []):
            gone = header.missing(wanted)
            hits = len(names) - len(header.missing(names))
            if not gone and (hits or not wanted):
                return header, n + 1
            score = hits * 1000 + sum(map(bool, header.names))
            if best is None or score > best[0]:
                best = (score, header)
    raise NoColumns(said(best[1] if best else Header(()), wanted), best[0] if best else 0)


def _readings(own: list[str], above: list[str]) -> list[Header]:
    """The row as a header by itself, and with the titles of the row above."""
    found = [Header(tuple(own))]
    if any(above):
        width = max(len(own), len(above))
        low, high = own + [""] * (width - len(own)), above + [""] * (width - len(above))
        names = tuple(a or b for a, b in zip(low, high, strict=True))
        groups, last = [], ""
        for a, b in zip(low, high, strict=True):
            last = b or last
            groups.append(last if a else "")
        found.append(Header(names, tuple(groups)))
    return found


def said(header: Header, wanted: Sequence[str | int]) -> str:
    """Which columns are missing and which are there, in one line."""
    there = [name for name in header.keys if name]
    gone = ", ".join(f'"{" | ".join(map(str, alternatives(name)[0][:3]))}"' for name in header.missing(wanted)[:5])
    columns = ", ".join(f'"{name[:40]}"' for name in there[:30]) + (" …" if len(there) > 30 else "")
    hint = font(" ".join(there))
    return f"no column {gone or '…'}; the columns are: {columns or 'none'}{hint}"


_COUNTED = re.compile(r"\(?(\d{1,2}|[a-z])\)?(\s*=.*)?", re.IGNORECASE)


def is_numbering(row: Sequence[Any]) -> bool:
    """Whether a row only counts the columns, as reports do under their header: A, B, 1, 2, 3 = 1 + 2."""
    cells = [cell for cell in _safe(row) if cell]
    matches = [_COUNTED.fullmatch(cell) for cell in cells]
    if len(cells) < 3 or not all(matches):
        return False
    digits = [int(match[1]) for match in matches if match and match[1].isdigit()]
    return digits == list(range(1, len(digits) + 1)) and len(digits) >= 2


_TOTAL = ("tong cong", "tong so", "cong", "tong", "total", "grand total", "cong toan thanh pho", "toan tinh")


def is_total(row: Sequence[Any]) -> bool:
    """Whether the row sums the ones above: its first words say so."""
    cells = [cell for cell in row[:4] if isinstance(cell, str) and (word := fold(cell)) and not word.isdigit()]
    if not cells:
        return False
    # with their marks: "Công an", "Công ty", "Tổng công ty" are no sums
    return fold(cells[0]) in _TOTAL or (plain(cells[0]).startswith(("tổng cộng ", "cộng ")) and len(cells[0]) < 30)


def lookup(row: Mapping[str, Any], name: str | int) -> Any:
    """A value of a JSON row by key or path; None when it is not there. Raises nothing."""
    for option in alternatives(name)[0]:
        if isinstance(option, int):
            values = list(row.values())
            if option <= len(values):
                return values[option - 1]
            continue
        if (found := _at(row, option)) is not None and not is_nothing(found):
            return found
    return None


def _at(row: Mapping[str, Any], name: str) -> Any:
    if name in row:
        return row[name]
    found, there = descend(row, name)
    if there:
        return found
    place = keyed(tuple(map(str, row))).index(name)
    return None if place is None else list(row.values())[place]


@lru_cache(maxsize=256)
def keyed(keys: tuple[str, ...]) -> Header:
    """Keys of a JSON row as a header."""
    return Header(keys)


_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[str | int, ...]:
    """``a.b[0].c`` as its parts."""
    return tuple(int(number) if number else name for name, number in _STEP.findall(path))


def descend(value: Any, path: str) -> tuple[Any, bool]:
    """What stands at a path, and whether anything stands there."""
    for step in steps(path):
        listed = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if listed or (isinstance(value, Mapping) and step in value):
            value = value[step]
        else:
            return None, False
    return value, True
