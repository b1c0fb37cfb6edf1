"""A tile for every service of the city: the abnormal number is the big number (look.md 1, rule 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app.panels.detail import age_text, clock_text
from app.panels.wall_have import Have, Shown
from app.panels.wall_rail import first_words
from geodata import catalogue
from geodata.catalogue import Service
from layers import marks, palette, words
from layers.base import layers

if TYPE_CHECKING:
    from datetime import datetime

    from app.pages.pictures import Picture
    from app.text import Text
    from geodata.scenes import Block
    from geodata.store.types import ServiceState

COUNTED = frozenset({"ServiceRequest", "Event", "Alert"})
"""Kinds of which a new row is something that happened; a new reading or fix is only a sign of life."""

TREND_S = 300.0
HOURS = 25
STRIP = {"columns": 5, "rows": 2}
OWN = "platform"
"""The ledger's own service has no layer: its tile counts the feeds."""


def block(part: Block, have: Have, first: int) -> Shown:
    """Tiles in the order of the city's file, those with data before those ready to connect.

    Below the map two rows of five; beside it a grid that suits their number, with trend and age.
    """
    del first
    big = part in have.scene.rail
    scale = have.city.wall.scale
    names = order(part.services or tuple(have.city.services), have.services, own=big or bool(part.services))
    if big:
        shown = names[: part.most]
        columns = part.columns or max(2, ceil(sqrt(len(shown)) - 1e-9))
        columns = max(2, int(columns / max(1.0, scale)))
        rows = max(1, ceil(len(shown) / columns))
    else:
        # fewer tiles, never smaller type, where the viewers stand far away (look.md 3.3)
        columns = max(2, int((part.columns or STRIP["columns"]) / max(1.0, scale)))
        rows = 1 if scale >= FAR else STRIP["rows"]
        shown = names[: min(part.most, columns * rows)]
    tiles = [_whole(name, have, big=big) for name in shown]
    return Shown([{"kind": "tiles", "columns": columns, "rows": rows, "big": big, "tiles": tiles}])


FAR = 1.4


def order(names: Sequence[str], services: Mapping[str, ServiceState], *, own: bool) -> list[str]:
    """The services with data first, else as the file has them."""
    kept = [name for name in names if own or name != OWN]
    return sorted(kept, key=lambda name: name not in services or services[name].state == "ready")


def _whole(name: str, have: Have, *, big: bool) -> dict[str, Any]:
    service, state = catalogue.service(name), have.services.get(name)
    if name == OWN:
        return _feeds(service, have)
    found = tile(service, state, have.far.get(name), have.now, have.city.timezone, have.text)
    if big and state is not None and state.state not in {"ready", "down"}:
        found["t"] = None if state.last_received is None else state.last_received.timestamp()
        found["trend"] = trend(service, have)
        found["sources"] = have.text("wall.sources_n", n=len(state.sources))
    return found


def trend(service: Service, have: Have) -> str:
    """New cases of the last hour against the same hour yesterday, where rows are cases and yesterday is known."""
    kinds = frozenset(service.kinds) - {"Thing"}
    if not kinds or not kinds <= COUNTED:
        return ""
    rows = have.memory.keep(
        ("trend", service.id),
        TREND_S,
        lambda: have.reader.query(
            "counts_by_time",
            service=service.id,
            start=have.now - timedelta(hours=HOURS),
            end=have.now,
            buckets=HOURS,
            known_at=None,
        ),
    )
    n = [int(v) for v in rows["n"]]
    if len(n) < HOURS or not any(n[:12]):
        return ""
    lang = have.text.language
    return have.text("wall.trend", now=words.number(n[-1], 0, lang), then=words.number(n[0], 0, lang))


def _feeds(service: Service, have: Have) -> dict[str, Any]:
    """The feeds of the whole city: those that are lost, else those that speak."""
    sources = [source for state in have.services.values() for source in state.sources if source.state != "ready"]
    down = sum(source.state == "down" for source in sources)
    lang = have.text.language
    told = f"{words.number(len(sources) - down, 0, lang)}/{words.number(len(sources), 0, lang)}"
    base = {"id": service.id, "icon": service.icon, "title": service.short(lang), "level": 0}
    if not sources:
        return base | {"state": "ready", "value": None, "label": [have.text("wall.ready")]}
    arrivals = [source.last_received for source in sources if source.last_received is not None]
    base["t"] = max(arrivals).timestamp() if arrivals else None
    if down:
        receiving = f"{told} {have.text('wall.receiving_short')}"
        label = [have.text("wall.feeds_lost")]
        svg = marks.svg("dot", "unknown", 0, 58)
        return base | {
            "state": "down",
            "value": words.number(down, 0, lang),
            "label": label,
            "second": receiving,
            "svg": svg,
        }
    return base | {"state": "receiving", "value": told, "label": [have.text("wall.receiving")], "second": ""}


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
        return base | {"state": "loading", "label": []} if picture is None else base | _unread(text)
    return base | _figures(service, picture, text) | _age(state, now, text)


def _unread(text: Text) -> dict[str, Any]:
    """The layer could not be read: no number is said."""
    return {"value": words.NOTHING, "label": [text("wall.unknown")]}


def _figures(service: Service, picture: Picture, text: Text) -> dict[str, Any]:
    layer = layers()[service.id]
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
