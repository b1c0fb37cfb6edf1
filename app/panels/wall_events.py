"""What is open of one service, one line each: incidents, closed roads, whatever its events are."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.panels.detail import moment, word
from app.panels.wall_have import Have, Shown
from app.panels.wall_rail import Item, listed
from geodata import catalogue
from geodata.records import Event
from geodata.rules import incident

if TYPE_CHECKING:
    import geopandas as gpd

    from app.text import Text
    from geodata.scenes import Block
    from geodata.view import View

READ_S = 10.0


def open_at(frame: gpd.GeoDataFrame, now: pd.Timestamp, categories: tuple[str, ...] = ()) -> gpd.GeoDataFrame:
    """Events that go on, with ``level`` and ``unknown``: the worst first, then the newest.

    Last come those of a lost feed, which may be over by now.
    """
    kept = frame[incident.courses(frame, now) == "open"]
    if categories:
        kept = kept[kept["category"].isin(categories)]
    level = pd.Series([incident.level(s) for s in pd.to_numeric(kept["severity"])], kept.index, dtype=int)
    kept = kept.assign(level=level, unknown=kept["feed"] == "down")
    return kept.sort_values(["unknown", "level", "time"], ascending=[True, False, False], kind="stable")


def block(part: Block, have: Have, first: int) -> Shown:
    """The open events of the block's service and categories in the whole city; one outside the scene has its number
    at the edge of the map.
    """
    assert part.service is not None
    service = catalogue.service(part.service)
    if "Event" not in service.kinds or not have.ready(part.service):
        return Shown()
    name = part.service
    frame = have.memory.keep(
        ("events", name, have.wide.bounds), READ_S, lambda: have.reader.latest(name, Event, have.wide)
    )
    found = open_at(frame, pd.Timestamp(have.now), part.categories)
    items = [_item(part.service, row, have.text) for _, row in found.head(part.most).iterrows()]
    text = have.text
    if part.categories:
        known = [service.category(code) for code in part.categories]
        titles = [c.title_vi if text.language == "vi" else c.title_en for c in known if c is not None]
        title = titles[0] if titles else service.short(text.language)
        title = ", ".join([title, *(t[:1].lower() + t[1:] for t in titles[1:])])
    else:
        title = text("wall.open_events", name=service.short(text.language))
    lost = int(found["unknown"].sum())
    head = text("wall.open_lost", n=len(found) - lost, lost=lost) if lost else text("wall.open_n", n=len(found))
    return Shown([listed(items, title, head, text("wall.open_none"), first)], items)


def _item(service: str, row: pd.Series[Any], text: Text) -> Item:
    known = catalogue.service(service).category(word(row, "category"))
    what = "" if known is None else known.title_vi if text.language == "vi" else known.title_en
    title = word(row, "title") or what
    shape = row.get("geometry")
    place = None
    if shape is not None and not shape.is_empty:
        point = shape.representative_point()
        place = (point.x, point.y)
    return Item(
        service=service,
        title=title,
        sub=what if what and not title.lower().startswith(what.lower()) else word(row, "description"),
        level=int(row["level"]) or 1,
        unknown=bool(row["unknown"]),
        since=moment(row.get("time")),
        place=place,
        shorter=(title.split(text("wall.place_word"))[0], ""),
        least=what or title,
    )


def recent(have: Have, service: str, most: int) -> list[str]:
    """Titles of the newest events of a service, for the foot of the wall."""
    view: View = have.wide
    frame = have.memory.keep(("recent", service), 60.0, lambda: have.reader.latest(service, Event, view))
    if frame.empty:
        return []
    fresh = frame[frame["time"] > pd.Timestamp(have.now - timedelta(hours=24))].sort_values("time", ascending=False)
    titles = [str(title) for title in fresh["title"].dropna()]
    return list(dict.fromkeys(titles))[:most]
