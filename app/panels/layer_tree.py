"""The layers of a city by group: on or off, how many are in view, how old; the one in focus unfolds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, get_args

from app.panels.block import Block
from geodata.catalogue import Group, Service
from layers import marks, palette
from layers.base import layers

if TYPE_CHECKING:
    from app.pages.pictures import Picture
    from app.state import PageState
    from app.text import Text
    from geodata.city import City
    from geodata.store.types import ServiceState


class LayerTree(Block):
    """``data``: language, timezone, focus, foot, groups [{title, rows}], selected {legend, opacity, by, chosen, note}.

    Messages: ``eye`` {id}, ``focus`` {id}, ``opacity`` {value}, ``by`` {by}; ``say({"type": "focus"})`` takes the keys.
    """


@cache
def icon(mark: str, state: str, tint: str) -> str:
    """The service's mark as on the map."""
    return marks.svg(mark, state, 0, 24, tint=palette.TINT[tint])


def row(
    service: Service, state: ServiceState | None, picture: Picture | None, visible: bool, text: Text
) -> dict[str, Any]:
    """One row. Without a source, or without a layer to draw it, a service is listed and cannot be shown."""
    planned = state is None or state.state == "ready"
    missing = service.id not in layers()
    word = None
    if planned:
        word = text("tree.no_source")
    elif missing:
        word = text("tree.no_layer")
    elif state is not None and state.state in {"down", "late"}:
        word = text(f"tree.{state.state}")
    look = "unknown" if state is not None and state.state == "down" else "fresh"
    return {
        "id": service.id,
        "title": service.short(text.language),
        "icon": service.icon,
        "svg": icon(service.mark, look, service.tint),
        "visible": visible,
        "planned": planned or missing,
        "state": "ready" if state is None else state.state,
        "word": word,
        "t": None if state is None or state.last_received is None else state.last_received.timestamp(),
        "count": None if picture is None or not visible else picture.count,
    }


def groups(
    city: City,
    states: Mapping[str, ServiceState],
    pictures: Mapping[str, Picture],
    shown: frozenset[str],
    text: Text,
) -> Sequence[dict[str, Any]]:
    """The groups in the catalogue's order; what has no source yet comes last, in a group of its own."""
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in (*get_args(Group), "ready")}
    for name, service in city.catalogue().items():
        if name == "platform":  # the feeds themselves: a page of its own
            continue
        one = row(service, states.get(name), pictures.get(name), name in shown, text)
        rows["ready" if one["planned"] else service.group].append(one)
    return [{"title": text(f"group.{name}"), "rows": found} for name, found in rows.items() if found]


def unfolded(picture: Picture | None, state: PageState, text: Text) -> dict[str, Any] | None:
    """What the focused row shows below it: legend with counts, opacity, how to colour."""
    if picture is None:
        return None
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
        "note": None if picture.error is None else text("tree.unreadable", reason=picture.error),
        "opacity": state.opacity.get(picture.service, 1.0),
        "by": [{"id": "state", "title": text("tree.by_state")}],
        "chosen": "state",
    }
