"""A tile for every service of the city: the abnormal number is the big number (look.md 1, rule 6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app.panels.block import Block
from app.panels.detail import age_text, clock_text
from app.panels.wall_rail import first_words
from geodata.catalogue import Service
from layers import marks, palette, words
from layers.base import get

if TYPE_CHECKING:
    from datetime import datetime

    from app.pages.pictures import Picture
    from app.text import Text
    from geodata.city import City
    from geodata.store.types import ServiceState

__all__ = ["WallTiles", "content"]


class WallTiles(Block):
    """``data``: timezone, columns, rows, tiles [{id, icon, title, state, level, value, label, second, t, svg}].

    ``label`` is a list of words, the longest first: the tile takes the first that fits whole.
    """


def content(
    city: City,
    services: Mapping[str, ServiceState],
    pictures: Mapping[str, Picture],
    now: datetime,
    text: Text,
    columns: int = 5,
    rows: int = 2,
) -> dict[str, Any]:
    """Tiles in the order of the city's file, as many as fit; those with data before those ready to connect."""
    names = [name for name in city.services if name != "platform"]
    names.sort(key=lambda name: name not in services or services[name].state == "ready")
    catalogue = city.catalogue()
    shown = [tile(catalogue[n], services.get(n), pictures.get(n), now, city.timezone, text) for n in names]
    return {"timezone": city.timezone, "columns": columns, "rows": rows, "tiles": shown[: columns * rows]}


def tile(
    service: Service,
    state: ServiceState | None,
    picture: Picture | None,
    now: datetime,
    timezone: str,
    text: Text,
) -> dict[str, Any]:
    base: dict[str, Any] = {
        "id": service.id,
        "icon": service.icon,
        "title": service.short(text.language),
        "state": "ready" if state is None else state.state,
        "level": 0,
        "value": None,
        "label": [text("wall.ready")],
    }
    if state is None or state.state == "ready":
        return base
    if state.state == "down":
        zone = ZoneInfo(timezone)
        last = (
            "" if state.last_received is None else text("wall.last_at", time=clock_text(state.last_received, zone, now))
        )
        return base | {
            "value": "?",
            "label": [text("wall.unknown")],
            "second": last,
            "svg": marks.svg("dot", "unknown", 0, 58),
        }
    if picture is None or picture.frame is None:
        return base | {"value": "–", "label": [text("wall.unknown")]}
    return base | _figures(service, picture, text) | _age(state, now, text)


def _figures(service: Service, picture: Picture, text: Text) -> dict[str, Any]:
    layer = get(service.id)
    total = 0 if picture.frame is None else layer.count(picture.frame)
    noun = layer.noun[text.language != "vi"]
    bad = picture.abnormal
    if bad is None or bad.empty:
        return {"value": words.number(total, 0, text.language), "label": [noun], "second": ""}
    worst = int(bad["level"].max())
    said = {
        item.level: first_words(item.title_vi if text.language == "vi" else item.title_en, text)
        for item in picture.legend
        if item.count != 0
    }
    what = said.get(worst, "")
    n = int(bad["level"].map(lambda level: said.get(int(level), "")).eq(what).sum())
    svg = marks.svg(palette.LEVEL_SHAPE[worst], "fresh", worst, 58, tint=palette.SEVERITY[worst])
    return {
        "value": words.number(n, 0, text.language),
        "label": [what],
        "second": f"{words.number(total, 0, text.language)} {noun}",
        "level": worst,
        "svg": svg,
    }


def _age(state: ServiceState, now: datetime, text: Text) -> dict[str, Any]:
    """The age stands in the tile once the newest value is older than its cadence."""
    if state.state != "late" or state.last_received is None:
        return {}
    return {"second": f"{text('wall.late')} {age_text(now - state.last_received, text)}"}
