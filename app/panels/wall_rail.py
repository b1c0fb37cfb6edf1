"""The right side of the wall: what needs a person, worst first; a river, or the fleet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.panels import nearest
from app.panels.block import Block
from app.panels.detail import moment, word
from geodata.catalogue import service as service_of
from geodata.folding import fold
from layers import marks, palette

if TYPE_CHECKING:
    import geopandas as gpd

    from app.pages.pictures import Picture
    from app.text import Text
    from geodata.store.types import ServiceState, SourceState
    from layers.base import LegendItem

MOST = 5
"""Items of a list on the wall (look.md 3.3)."""

NAMES = 2


class WallRail(Block):
    """``data``: timezone, title, head, calm, items [{n, title, sub, level, svg, t}], facts [{value, label, level}],
    shares [{label, value, note}], shares_title, river (see ``app.panels.river``).
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the list. ``place`` is (lon, lat) of its worst mark or None; level 0 is a lost feed.

    ``shorter`` are words for ``title`` and ``sub`` where the line is too narrow: none is ever cut.
    """

    service: str
    title: str
    sub: str
    level: int
    since: datetime | None
    place: tuple[float, float] | None
    shorter: tuple[str, str] = ("", "")

    def row(self, n: int) -> dict[str, Any]:
        shape = palette.LEVEL_SHAPE.get(self.level)
        svg = (
            marks.svg("dot", "unknown", 0, 88)
            if shape is None
            else marks.svg(shape, "fresh", self.level, 88, text=str(self.level), tint=palette.SEVERITY[self.level])
        )
        since = None if self.since is None else self.since.timestamp()
        titles, subs = ([long, short] for long, short in zip((self.title, self.sub), self.shorter, strict=True))
        return {"n": n, "title": titles, "sub": subs, "level": self.level, "svg": svg, "t": since}


def items(pictures: Iterable[Picture], services: Mapping[str, ServiceState], text: Text) -> list[Item]:
    """Everything abnormal, the highest level first, then the longest; lost feeds after them, in their own colour."""
    found = [item for picture in pictures for item in _of_layer(picture, text)]
    found.sort(key=lambda item: (-item.level, item.since.timestamp() if item.since else 0))
    by_service = {picture.service: picture for picture in pictures}
    lost = [
        _lost(source, by_service.get(state.id), text)
        for state in services.values()
        for source in state.sources
        if source.state == "down"
    ]
    return found + lost


def _of_layer(picture: Picture, text: Text) -> list[Item]:
    rows = picture.abnormal
    if rows is None or rows.empty:
        return []
    known = rows[rows["state"] != "unknown"]
    out = []
    for (level, state), group in known.groupby(["level", "state"], sort=False):
        out.append(_item(picture, group, int(level), str(state), text))
    return out


def _item(picture: Picture, group: gpd.GeoDataFrame, level: int, state: str, text: Text) -> Item:
    service = service_of(picture.service)
    what = _what(picture.legend, level, state, text)
    short = service.short(text.language)
    n = len(group)
    named = f"{n} {short[:1].lower()}{short[1:]}" if n > 1 else short
    first = group.iloc[0]
    sub, brief = _where(group, text)
    times = [when for value in group["time"] if (when := moment(value)) is not None]
    return Item(
        service=picture.service,
        title=f"{named} {what}",
        sub=sub,
        level=level,
        since=min(times) if times else None,
        place=_place(first),
        shorter=(f"{named} {first_words(what, text)}", brief),
    )


def first_words(what: str, text: Text) -> str:
    """What a legend says without its bound: "mất tín hiệu trên 6 giờ" is "mất tín hiệu"."""
    return re.split(rf" {text('wall.bound')} |, ", what, maxsplit=1)[0]


def _where(group: pd.DataFrame, text: Text) -> tuple[str, str]:
    """Which, long and short: wards with their numbers for cases with an address ("Vỹ Dạ 2, Phú Hồ 1"), a vessel with
    the nearest landing place, else the names.
    """
    if "address" in group:
        wards = group["address"].dropna().map(ward_of).loc[lambda names: names != ""].value_counts()
        if len(wards):
            told = [f"{ward} {n}" for ward, n in wards.head(NAMES + 1).items()]
            return ", ".join(told), told[0]
    names = [name for _, row in group.head(NAMES).iterrows() if (name := name_of(row))]
    place = _place(group.iloc[0])
    if len(group) == 1 and "sog_kn" in group and place is not None:
        offing = nearest.said(*place, text("wall.offing_short"), text.language)
        return f"{names[0]}, {offing}", names[0]
    more = len(group) - NAMES
    first = names[0] if names else ""
    return (f"{', '.join(names)} {text('wall.more', n=more)}" if more > 0 else ", ".join(names)), first


def ward_of(address: str) -> str:
    """The ward in an address "number street, ward, province", without its kind; empty when it is not written so."""
    parts = [part.strip() for part in address.split(",")]
    if len(parts) < 3:
        return ""
    words = parts[-2].split()
    return " ".join(words[1:]) if len(words) > 1 and fold(words[0]) in {"phuong", "xa", "p", "dac khu"} else parts[-2]


def name_of(row: pd.Series[Any]) -> str:
    for name in ("title", "headline", "name"):
        if found := word(row, name):
            return found
    kind, _, number = str(row.name).partition(":")
    return f"{kind.upper()} {number}" if kind == "mmsi" else number or kind


def _what(legend: Sequence[LegendItem], level: int, state: str, text: Text) -> str:
    """The legend's own words for marks of that level and state."""
    fits = [item for item in legend if item.level == level]
    fits = [item for item in fits if item.state == state] or fits
    if fits:
        return fits[0].title_vi if text.language == "vi" else fits[0].title_en
    return text(f"detail.{state}").lower() if text.has(f"detail.{state}") else ""


def _place(row: pd.Series[Any]) -> tuple[float, float] | None:
    shape = row.get("geometry")
    if shape is None or shape.is_empty:
        return None
    point = shape.representative_point()
    return point.x, point.y


def _lost(source: SourceState, picture: Picture | None, text: Text) -> Item:
    name = source.title_vi if text.language == "vi" else source.title_en
    rows = None if picture is None else picture.frame
    mine = rows[rows["source"] == source.id] if rows is not None and "source" in rows else None
    n = 0 if mine is None else len(mine)
    place = None if mine is None or mine.empty else _place(mine.iloc[0])
    sub = text("wall.feed_down_sub", n=n) if n else text("wall.feed_down_none")
    title = text("wall.feed_down", name=f"{name[:1].lower()}{name[1:]}")
    return Item(service=source.service, title=title, sub=sub, level=0, since=source.since, place=place)


def head(found: Sequence[Item], text: Text) -> str:
    """The line beside the title: how many, how bad."""
    worst = max((item.level for item in found), default=0)
    if not found:
        return text("wall.todo_none")
    return text("wall.todo_head", n=len(found), level=worst) if worst else text("wall.todo_feeds", n=len(found))


def content(found: Sequence[Item], timezone: str, text: Text, most: int = MOST) -> dict[str, Any]:
    """The list of the overview; at most five items, the head says how many there are."""
    return {
        "timezone": timezone,
        "title": text("wall.todo"),
        "head": head(found, text),
        "calm": text("wall.calm"),
        "items": [item.row(i) for i, item in enumerate(found[:most], 1)],
    }
