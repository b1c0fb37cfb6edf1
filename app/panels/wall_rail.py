"""Lists of the wall: what needs a person, worst first; every line has the number that its mark has on the map."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.panels import nearest
from app.panels.detail import moment, word
from app.panels.wall_have import ward_of, wordings
from geodata.catalogue import service as service_of
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
ACT = 2
"""From this level on somebody has to act; level 1 is watched (look.md 2.3) and stands on map and tile only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the list. ``place`` is (lon, lat) of its worst mark or None; level 0 is a lost feed.

    ``shorter`` are words for ``title`` and ``sub`` where the line is too narrow, ``least`` the shortest title; it does
    not say the service, so ``named`` then goes before ``sub``. ``holder``: who has it, in words; ``unknown``: its feed
    is lost.
    """

    service: str
    title: str
    sub: str
    level: int
    since: datetime | None
    place: tuple[float, float] | None
    shorter: tuple[str, str] = ("", "")
    least: str = ""
    named: str = ""
    holder: str = ""
    unknown: bool = False

    def row(self, n: int) -> dict[str, Any]:
        shape = None if self.unknown else palette.LEVEL_SHAPE.get(self.level)
        svg = (
            marks.svg("dot", "unknown", 0, 88)
            if shape is None
            else marks.svg(shape, "fresh", self.level, 88, text=str(self.level), tint=palette.SEVERITY[self.level])
        )
        since = None if self.since is None else self.since.timestamp()
        titles = wordings(self.title, self.shorter[0], cut=False)
        subs = wordings(self.sub, self.shorter[1])
        titles = list(dict.fromkeys([*titles, *filter(None, [self.least])]))
        under = [f"{self.named}: {sub}" for sub in subs] if self.named and subs else []
        if self.holder:
            subs, under = [self.holder], []
        told = {"title": titles, "sub": subs, "least": self.least, "under": under, "seen": bool(self.holder)}
        return {"n": n, **told, "level": 0 if self.unknown else self.level, "svg": svg, "t": since}


def items(pictures: Iterable[Picture], services: Mapping[str, ServiceState], text: Text) -> list[Item]:
    """What needs a person: the highest level first, one line of every service, the longest; lost feeds last."""
    found: list[tuple[int, Item]] = []
    pictures = list(pictures)
    for picture in pictures:
        mine = sorted(_of_layer(picture, text), key=lambda item: -item.level)
        found += list(enumerate(item for item in mine if item.level >= ACT))
    found.sort(key=_urgency)
    by_service = {picture.service: picture for picture in pictures}
    lost = [
        _lost(source, by_service.get(state.id), text)
        for state in services.values()
        for source in state.sources
        if source.state == "down"
    ]
    return [item for _, item in found] + lost


def _urgency(one: tuple[int, Item]) -> tuple[int, int, bool, float]:
    """Level, place in its service's own list, warnings before what they warn of, age."""
    rank, item = one
    alert = "Alert" in service_of(item.service).kinds
    return -item.level, rank, not alert, item.since.timestamp() if item.since else 0


def _of_layer(picture: Picture, text: Text) -> list[Item]:
    rows = picture.abnormal
    if rows is None or rows.empty:
        return []
    known = rows[rows["state"] != "unknown"]
    out = []
    # things of one level may be of several kinds (a jammed road, an accident): their marks part them
    keys = ["level", "state", *(["mark"] if "mark" in known else [])]
    for (level, state, *_), group in known.groupby(keys, sort=False, dropna=False):
        out.append(_item(picture, group, int(level), str(state), text))
    return out


def _item(picture: Picture, group: gpd.GeoDataFrame, level: int, state: str, text: Text) -> Item:
    service = service_of(picture.service)
    what = _what(picture.legend, level, state, word(group.iloc[0], "mark"), text)
    short = service.short(text.language)
    n = len(group)
    first = group.iloc[0]
    sub, brief = _where(group, text)
    titles = [text("wall.item", name=short, n=n, what=said) for said in (what, first_words(what, text))]
    titles.append(f"{n} {first_words(what, text)}")
    if "Alert" in service.kinds:
        titles = [text("wall.alerts", n=n)] * 3 if n > 1 else [name_of(first), word(first, "event"), ""]
        short = ""
    times = [when for value in group["time"] if (when := moment(value)) is not None]
    return Item(
        service=picture.service,
        title=titles[0],
        sub=sub,
        level=level,
        since=min(times) if times else None,
        place=_place(first),
        shorter=(titles[1], brief),
        least=titles[2],
        named=short,
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


def name_of(row: pd.Series[Any]) -> str:
    for name in ("title", "event", "headline", "name"):
        if isinstance(row.get(name), str) and (found := word(row, name)):
            return found
    kind, _, number = str(row.name).partition(":")
    return f"{kind.upper()} {number}" if kind == "mmsi" else number or kind


def _what(legend: Sequence[LegendItem], level: int, state: str, mark: str | None, text: Text) -> str:
    """The legend's own words for marks of that level, shape and state."""
    fits = [item for item in legend if item.level == level]
    fits = [item for item in fits if item.mark == mark] or fits
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


def listed(found: Sequence[Item], title: str, heading: str, calm: str, first: int = 1) -> dict[str, Any]:
    """A list as the page draws it; its numbers begin with ``first``."""
    rows = [item.row(n) for n, item in enumerate(found, first)]
    return {"kind": "list", "title": title, "head": heading, "calm": calm, "items": rows}
