"""What the watch found and nobody has closed, as the wall lists it: what nobody acknowledged before what somebody has.

While no watch looks, the list is made of the map's own states (``wall_rail.items``): a list that nobody renews must not
stand as if it were true.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import shapely

from app.inbox import agency_title, is_open, waits
from app.panels.detail import clock_text
from app.panels.wall_rail import NAMES, Item, first_words
from geodata.catalogue import services
from geodata.watch.frames import watched
from geodata.watch.rule import rules
from geodata.watch.spoken import spoken

if TYPE_CHECKING:
    from app.text import Text
    from geodata.city import City
    from geodata.store.reader import Reader

STAYS = 3
"""Rotation stops while something of this level is unacknowledged (look.md 3.8)."""


@dataclass(frozen=True, slots=True)
class Found:
    """``rows``: the open ones of the inbox (contracts.md 15) in the desk's order. ``released``: keys of what the desk
    took from the wall.
    """

    rows: Sequence[Mapping[str, Any]] = ()
    released: frozenset[str] = frozenset()

    @property
    def pressing(self) -> bool:
        """Whether something of level 3 or more waits for somebody."""
        return any(int(row["level"]) >= STAYS and waits(row) for row in self.rows)


def read(reader: Reader, at: datetime) -> Found | None:
    """What stands open; None while no watch looks. Raises StoreGone."""
    if not watched(reader, at).looks:
        return None
    rows = [{str(k): v for k, v in row.items()} for row in reader.query("inbox", end=at).to_dict("records")]
    standing = [row for row in rows if is_open(row, at)]
    released = frozenset(str(row["key"]) for row in rows if pd.notna(row["released_at"]))
    return Found(standing, released)


def items(found: Found, city: City, text: Text, now: datetime) -> list[Item]:
    """One line of each rule, level and holder: the highest level first, then what nobody has, then the oldest."""
    return sorted(_lines(found, city, text, now), key=lambda one: (-one.level, bool(one.holder), _age(one)))


def _age(item: Item) -> float:
    return item.since.timestamp() if item.since else 0.0


def _lines(found: Found, city: City, text: Text, now: datetime) -> Iterator[Item]:
    def same(row: Mapping[str, Any]) -> tuple[str, int, str, bool, bool]:
        # a warning's title is its own: each is a line
        own = str(row["key"]) if "{" in _title(row, text) else ""
        gone, unknown = pd.notna(row["clear_since"]), pd.notna(row["unknown_since"])
        return f"{row['rule']}{own}", int(row["level"]), holder(row, city, text), bool(unknown), bool(gone)

    for _, group in groupby(sorted(found.rows, key=same), key=same):
        yield _item(sorted(group, key=lambda row: row["opened_at"]), city, text, now)


def _title(row: Mapping[str, Any], text: Text) -> str:
    one = rules().get(str(row["rule"]))
    return "" if one is None else one.words.title.text(text.language)


def _item(rows: Sequence[Mapping[str, Any]], city: City, text: Text, now: datetime) -> Item:
    """One line of rows that are alike, the oldest first."""
    said = [spoken(str(row["rule"]), row["facts"], text.language, city.timezone, now) for row in rows]
    first, n = rows[0], len(rows)
    title = said[0].title if n == 1 else text("wall.several", title=said[0].title, n=n)
    brief = first_words(said[0].title, text)
    subjects = [one.subject for one in said[:NAMES] if one.subject]
    sub = ", ".join(subjects) + (f" {text('wall.more', n=n - NAMES)}" if n > NAMES else "")
    known = services().get(str(first["service"]))
    return Item(
        service=str(first["service"]),
        title=title,
        sub=sub,
        level=int(first["level"]),
        since=first["opened_at"].to_pydatetime(),
        place=_place(first),
        shorter=(brief if n == 1 else text("wall.several", title=brief, n=n), subjects[0] if subjects else ""),
        named=known.short(text.language) if known else "",
        holder=clearing(rows, city, text, now) or holder(first, city, text),
        unknown=bool(pd.notna(first["unknown_since"])),
    )


def clearing(rows: Sequence[Mapping[str, Any]], city: City, text: Text, now: datetime) -> str:
    """That it is gone, and since when; empty while it lasts. It is kept open until it is sure to stay gone."""
    times = [row["clear_since"] for row in rows]
    if any(pd.isna(time) for time in times):
        return ""
    return text("wall.clearing", time=clock_text(max(times).to_pydatetime(), ZoneInfo(city.timezone), now))


def holder(row: Mapping[str, Any], city: City, text: Text) -> str:
    """Who has it, in words; empty while nobody acknowledged it."""
    if isinstance(row["agency"], str):
        return text("wall.assigned", agency=agency_title(row["agency"], city, text.language))
    return "" if waits(row) else text("wall.known")


def _place(row: Mapping[str, Any]) -> tuple[float, float] | None:
    if row["geometry"] is None:
        return None
    shape = shapely.from_wkb(bytes(row["geometry"]))
    if shape.is_empty:
        return None
    point = shape.representative_point()
    return point.x, point.y


def head(found: Sequence[Item], everything: Found, text: Text) -> str:
    """The line beside the title: how many, how many of them nobody has, how bad."""
    if not everything.rows:
        return text("wall.todo_none")
    new = sum(waits(row) for row in everything.rows)
    worst = max(item.level for item in found)
    return text("wall.todo_waiting", n=len(everything.rows), new=new, level=worst)
