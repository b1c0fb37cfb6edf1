"""The layers of a city by group: on or off, how many are in view, how bad, how old; the one in focus unfolds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

import pandas as pd

from app.pages import filters
from app.pages.filters import Facet
from app.panels.block import Block
from geodata.catalogue import Group, Service, services
from geodata.folding import fold
from layers import marks, palette, words
from layers.base import layers

if TYPE_CHECKING:
    from app.pages.pictures import Picture
    from app.state import PageState
    from app.text import Text
    from geodata.city import City
    from geodata.store.types import ServiceState

MOST_VALUES = 8
"""Values of one column offered in the tree, the most frequent first; those that are chosen are always among them."""


class LayerTree(Block):
    """``data``: language, timezone, focus, foot, groups [{id, title, on, of, rows}], selected {legend, swatches,
    opacity, by, chosen, note, facets} or {about, missing}.

    Messages: ``eye`` {id}, ``group`` {id, on}, ``focus`` {id}, ``opacity`` {value}, ``by`` {by}, ``filter`` {column,
    value}, ``unfilter``; ``say({"type": "focus"})`` takes the keys.
    """


@cache
def icon(mark: str, state: str, tint: str) -> str:
    """The service's mark as on the map."""
    return marks.svg(mark, state, 0, 24, tint=palette.TINT[tint])


@cache
def glyph(level: int) -> str:
    """The sign of a level, small."""
    return marks.svg(palette.LEVEL_SHAPE[level], "fresh", level, 16, tint=palette.SEVERITY[level])


def row(
    service: Service,
    state: ServiceState | None,
    picture: Picture | None,
    visible: bool,
    text: Text,
    *,
    live: bool = True,
) -> dict[str, Any]:
    """One row. Without a source, or without a layer to draw it, a service is listed and cannot be shown.

    Not ``live``, age and state are those of the rows at the map's clock, known only where the layer is on.
    """
    planned = state is None or state.state == "ready"
    missing = service.id not in layers()
    word = None
    if planned:
        word = text("tree.no_source")
    elif missing:
        word = text("tree.no_layer")
    elif state is not None and state.state in {"down", "late"}:
        word = text(f"tree.{state.state}")
    feed: str = "ready" if state is None else state.state
    newest = None if state is None or state.last_received is None else state.last_received.timestamp()
    if not live and not planned and not missing:
        feed, newest, word = _then(picture if visible else None, text)
    look = "unknown" if feed == "down" else "fresh"
    told = picture if visible else None
    abnormal = None if told is None else told.abnormal
    level = 0 if abnormal is None else int(abnormal["level"].iloc[0])
    worst = {"svg": glyph(level), "level": level, "n": len(abnormal)} if abnormal is not None and level else None
    return {
        "id": service.id,
        "title": service.short(text.language),
        "find": fold(f"{service.short_vi} {service.title_vi} {service.short_en} {service.title_en} {service.id}"),
        "icon": service.icon,
        "svg": icon(service.mark, look, service.tint),
        "visible": visible,
        "planned": planned or missing,
        "state": feed,
        "word": word,
        "t": newest,
        "count": None if told is None else told.count,
        "of": told.total if told is not None and told.filtered else None,
        "worst": worst,
    }


def _then(picture: Picture | None, text: Text) -> tuple[str, float | None, str | None]:
    """State, nothing, and age or state in words of a layer at a past moment."""
    frame = None if picture is None else picture.frame
    if picture is None or frame is None or frame.empty or "time" not in frame:
        return "receiving", None, ""
    if "feed" in frame and (frame["feed"] == "down").all():
        return "down", None, text("tree.down")
    newest = frame["time"].max()
    seconds = (picture.view.end - newest).total_seconds() if pd.notna(newest) else None
    return "receiving", None, "" if seconds is None else words.age(seconds, text.language, at=newest)


def groups(
    city: City,
    states: Mapping[str, ServiceState],
    pictures: Mapping[str, Picture],
    shown: frozenset[str],
    text: Text,
    *,
    live: bool = True,
) -> Sequence[dict[str, Any]]:
    """The groups in the catalogue's order; what has no source yet comes last, in a group of its own.

    A service that the city has not planned is among these: the catalogue knows it, one table connects it.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in (*get_args(Group), "ready")}
    for name, service in services().items():
        if name == "platform":  # the feeds themselves: a page of its own
            continue
        own = name in city.services
        one = row(
            service, states.get(name) if own else None, pictures.get(name), own and name in shown, text, live=live
        )
        rows["ready" if one["planned"] else service.group].append(one)
    return [
        {
            "id": name,
            "title": text(f"group.{name}"),
            "on": sum(one["visible"] and not one["planned"] for one in found),
            "of": 0 if name == "ready" else len(found),
            "rows": found,
        }
        for name, found in rows.items()
        if found
    ]


def unfolded(
    focus: str | None,
    picture: Picture | None,
    states: Mapping[str, ServiceState],
    city: City,
    state: PageState,
    text: Text,
) -> dict[str, Any] | None:
    """What the focused row shows below it: legend with counts, opacity, colours, filters; or what it lacks."""
    if focus is None or focus not in services():
        return None
    if picture is None:
        known = states.get(focus)
        lacking = focus not in layers() or focus not in city.services or (known is not None and known.state == "ready")
        return _about(services()[focus], city, text) if lacking else None
    vi = text.language == "vi"
    legend = [
        {
            "svg": marks.svg(item.mark, item.state, item.level, 24, due=item.due, tint=item.tint),
            "title": item.title_vi if vi else item.title_en,
            "count": item.count,
            "level": item.level,
            "state": item.state,
        }
        for item in picture.legend
    ]
    return {
        "legend": legend,
        "swatches": _swatches(picture, text),
        "note": _note(picture, text),
        "opacity": state.opacity.get(picture.service, 1.0),
        "by": _ways(picture, text),
        "chosen": "category" if picture.look.by_category else "state",
        "facets": [_facet(facet, picture, text) for facet in picture.facets],
        "filtered": picture.filtered,
    }


def value_text(service: str, column: str, value: str, text: Text) -> str:
    """A value to filter by, in words."""
    if value == filters.NONE:
        return text("filter.none")
    if column == "level":
        return text("filter.level_n", n=value) if value != "0" else text("filter.normal")
    if column == "status":
        return text(f"detail.{value}") if text.has(f"detail.{value}") else value
    return filters.title(service, column, value, text.language)


def _about(service: Service, city: City, text: Text) -> dict[str, Any]:
    """What a service is, and what it lacks to be shown."""
    own = city.services.get(service.id)
    file = f"geodata/cities/{city.id}.toml"
    table = f"[services.{service.id}]" if own is None else f"[[services.{service.id}.sources]]"
    key = "missing_layer" if service.id not in layers() else "missing_service" if own is None else "missing_source"
    about = service.description_vi if text.language == "vi" else service.description_en
    return {"about": about, "missing": text(f"tree.{key}", table=table, file=file, service=service.id)}


def _note(picture: Picture, text: Text) -> str | None:
    if picture.error is not None:
        return text("tree.unreadable", reason=picture.error)
    return text("tree.dotted") if picture.dotted else None


def _ways(picture: Picture, text: Text) -> list[dict[str, str]]:
    ways = ["state"]
    own = services()[picture.service].mark in filters.OFFICIAL
    if not own and (any(facet.column == "category" for facet in picture.facets) or picture.look.by_category):
        ways.append("category")
    return [{"id": way, "title": text(f"tree.by_{way}")} for way in ways]


def _swatches(picture: Picture, text: Text) -> list[dict[str, Any]]:
    if not picture.look.by_category or picture.frame is None:
        return []
    return [
        {
            "svg": marks.svg("dot", "fresh", 0, 24, tint=color),
            "title": text("filter.others")
            if value == filters.NONE
            else value_text(picture.service, "category", value, text),
            "count": count,
        }
        for value, color, count in filters.swatches(picture.frame)
    ]


def _facet(facet: Facet, picture: Picture, text: Text) -> dict[str, Any]:
    kept = picture.look.kept.get(facet.column, frozenset())
    first = [value for value, _ in facet.counts[:MOST_VALUES]]
    shown = [(value, n) for value, n in facet.counts if value in first or value in kept]
    return {
        "column": facet.column,
        "title": text(f"filter.{facet.column}"),
        "more": len(facet.counts) - len(shown),
        "values": [
            {"id": v, "title": value_text(picture.service, facet.column, v, text), "n": n, "on": v in kept}
            for v, n in shown
        ],
    }
