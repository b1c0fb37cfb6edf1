"""A tile for every service of the city: the abnormal number is the big number (look.md 1, rule 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app.panels.detail import age_text, clock_text
from app.panels.wall_have import Have, Shown
from app.panels.wall_rail import first_words
from geodata import catalogue
from geodata.catalogue import Service
from geodata.indicators.indicator import get, of_service
from layers import marks, palette, words
from layers.base import layers

if TYPE_CHECKING:
    from datetime import datetime

    from app.pages.pictures import Picture
    from app.text import Text
    from geodata.indicators.figure import Value
    from geodata.scenes import Block
    from geodata.store.types import ServiceState

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
        told = names[: part.most]
        columns = part.columns or max(2, ceil(sqrt(len(told)) - 1e-9))
        columns = max(2, int(columns / max(1.0, scale)))
        rows = max(1, ceil(len(told) / columns))
    else:
        # fewer tiles, never smaller type, where the viewers stand far away (look.md 3.3)
        columns = max(2, int((part.columns or STRIP["columns"]) / max(1.0, scale)))
        rows = 1 if scale >= FAR else STRIP["rows"]
        told = names[: min(part.most, columns * rows)]
    tiles = [_whole(name, have, big=big) for name in told]
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
    chosen = shown(have.figures.get(name, ()))
    found = tile(service, state, have.far.get(name), have.now, have.city.timezone, have.text, chosen)
    if big and state is not None and state.state not in {"ready", "down"}:
        found["t"] = None if state.last_received is None else state.last_received.timestamp()
        found["trend"] = "" if chosen is None else trend(chosen[0], have.before, have.text)
        found["sources"] = have.text("wall.sources_n", n=len(state.sources))
        if found.get("second") and (also := alarms(have.figures.get(name, ()))[1:]):
            found["seconds"] = [f"{found['second']} · {_counted(also[0], have.text)}", found["second"]]
    return found


def shown(figures: Sequence[Value]) -> tuple[Value, Value | None] | None:
    """What a tile says first and second: the worst alarm above 0 and the calm number; else that and what it has beside.

    None while nothing is counted, or for a service of which nobody has made an indicator.
    """
    by = {get(value.id).words.tile: value for value in reversed(figures)}
    calm = by.get("total")
    if worst := alarms(figures):
        return worst[0], calm
    return None if calm is None else (calm, by.get("beside"))


def alarms(figures: Sequence[Value]) -> list[Value]:
    """Those above 0, the highest level first, of one level the most: one fault must not hide 18 silent boards."""
    found = [value for value in figures if get(value.id).words.tile == "alarm" and value.value]
    return sorted(found, key=lambda value: (-value.level, -(value.value or 0)))


SPANS = {86400.0: "day", 604800.0: "week"}


def trend(value: Value, before: Mapping[str, Value], text: Text) -> str:
    """The same number one period ago, as "hôm qua giờ này 12"; nothing where it is not known."""
    then = before.get(value.id)
    if then is None or then.value is None:
        return ""
    words_ = get(value.id).words
    span = SPANS.get(words_.compare_s, "month")
    return text(f"wall.before_{span}", then=number(then, text))


def number(value: Value, text: Text) -> str:
    """A figure in words: its decimals, a share with its sign; what some lost feeds make a part of, with "≈"."""
    words_ = get(value.id).words
    said = words.number(value.value, words_.decimals, text.language) + ("%" if words_.unit == "%" else "")
    return f"≈{said}" if value.state == "partial" else said


def _feeds(service: Service, have: Have) -> dict[str, Any]:
    """The feeds of the whole city: those that are lost, else those that speak."""
    lang, up, lost = have.text.language, have.figure("platform.feeds_up"), have.figure("platform.feeds_down")
    base = {"id": service.id, "icon": service.icon, "title": service.short(lang), "level": 0}
    if up is None or lost is None:
        return base | {"state": "loading", "value": None, "label": []}
    if up.value is None:
        return base | {"state": "ready", "value": None, "label": [have.text("wall.ready")]}
    good, all_ = (words.number(n, 0, lang) for n in (up.figure.numerator, up.figure.denominator))
    told = f"{good}/{all_}"
    arrivals = [one.last_received for state in have.services.values() for one in state.sources if one.last_received]
    base["t"] = max(arrivals).timestamp() if arrivals else None
    if lost.value:
        receiving = f"{told} {have.text('wall.receiving_short')}"
        label = [have.text("wall.feeds_lost")]
        svg = marks.svg("dot", "unknown", 0, 58)
        return base | {
            "state": "down",
            "value": words.number(lost.value, 0, lang),
            "label": label,
            "second": receiving,
            "svg": svg,
            "trend": trend(lost, have.before, have.text),
        }
    return base | {"state": "receiving", "value": told, "label": [have.text("wall.receiving")], "second": ""}


def tile(
    service: Service,
    state: ServiceState | None,
    picture: Picture | None,
    now: datetime,
    timezone: str,
    text: Text,
    chosen: tuple[Value, Value | None] | None = None,
) -> dict[str, Any]:
    """One tile. ``chosen`` as ``shown`` gives it; without indicators the number of the layer's frame is told."""
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
    if state.state == "down" or (chosen is not None and chosen[0].state == "unknown"):
        zone = ZoneInfo(timezone)
        last = (
            "" if state.last_received is None else text("wall.last_at", time=clock_text(state.last_received, zone, now))
        )
        return base | {
            "state": "down",
            "value": "?",
            "label": [text("wall.unknown")],
            "second": last,
            "svg": marks.svg("dot", "unknown", 0, 58),
        }
    if chosen is not None:
        return base | _told(chosen, text) | _age(state, now, text)
    if of_service(service.id):
        return base | {"state": "loading", "label": []}
    if picture is None or picture.frame is None:
        return base | {"state": "loading", "label": []} if picture is None else base | _unread(text)
    return base | _figures(service, picture, text) | _age(state, now, text)


def _told(chosen: tuple[Value, Value | None], text: Text) -> dict[str, Any]:
    """The tile of indicators: number and noun, the calm number second; the level's sign where a hand is needed."""
    first, second = chosen
    if first.value is None:
        return _unread(text)
    found = {"value": number(first, text), "label": [_noun(first, text)], "second": "", "level": first.level}
    if second is not None and second.value is not None:
        found["second"] = _counted(second, text)
    if first.level:
        shape = palette.LEVEL_SHAPE[first.level]
        found["svg"] = marks.svg(shape, "fresh", first.level, 58, tint=palette.SEVERITY[first.level])
    return found


def _counted(value: Value, text: Text) -> str:
    """Number and noun; a share with what it is a share of."""
    noun, said = _noun(value, text), number(value, text)
    told = noun.replace("{n}", said) if "{n}" in noun else f"{said} {noun}"
    if get(value.id).words.unit != "%":
        return told
    return f"{told}, n = {words.number(value.figure.n, 0, text.language)}"


def _noun(value: Value, text: Text) -> str:
    noun = get(value.id).words.noun
    return "" if noun is None else noun.text(text.language)


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
