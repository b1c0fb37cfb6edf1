"""Warnings in force: as the wall lists them, and which one takes it over (look.md 4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from app.panels.detail import clock_text, moment, word
from app.panels.wall_have import Have, Shown
from geodata import catalogue
from geodata.records import Alert
from geodata.rules import warning as rule

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from app.text import Text
    from geodata.scenes import Block, Scene
    from geodata.store.reader import Reader
    from geodata.view import View

TAKES = 4
"""A warning of this level takes the wall (look.md 1, principle 9)."""

PAD = 0.18
"""Room around a warned area on the map, of its width and height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One warning in force. ``root``: its first message, whatever updates it had. ``actual``: not an exercise, a test
    or a draft. Times are aware; geometry EPSG:4326.
    """

    key: str
    root: str
    service: str
    level: int
    actual: bool
    event: str
    headline: str
    area: str
    hazard: str
    sender: str
    sent: datetime
    received: datetime
    until: datetime | None
    geometry: BaseGeometry | None

    def in_force(self, now: datetime) -> bool:
        return self.until is None or now < self.until


def of_frame(service: str, frame: gpd.GeoDataFrame) -> list[Warned]:
    """The warnings of ``Reader.latest(service, Alert, view)``, the highest first, then the newest."""
    found = [_of_row(service, str(key), row) for key, row in frame.iterrows()]
    return sorted(found, key=lambda one: (-one.level, -one.sent.timestamp(), one.key))


def _of_row(service: str, key: str, row: pd.Series[Any]) -> Warned:
    sent = moment(row.get("sent")) or moment(row.get("time")) or moment(row.get("received_at"))
    assert sent is not None, "an alert is sent at a time: it is part of its identity"
    properties = row.get("properties")
    hazard = properties.get("hazard") if isinstance(properties, dict) else None
    known = catalogue.service(service).category(str(hazard) if hazard else word(row, "event"))
    shape = row.get("geometry")
    return Warned(
        key=key,
        root=word(row, "root") or key,
        service=service,
        level=rule.level(word(row, "severity"), _number(row.get("level"))),
        actual=word(row, "status") == "Actual",
        event=word(row, "event") or word(row, "headline"),
        headline=word(row, "headline") or word(row, "event"),
        area=word(row, "area_desc"),
        hazard=known.id if known is not None else "",
        sender=word(row, "sender_name") or word(row, "sender"),
        sent=sent,
        received=moment(row.get("received_at")) or sent,
        until=moment(row.get("expires")),
        geometry=None if shape is None or shape.is_empty else shape,
    )


def _number(value: Any) -> float | None:
    found = pd.to_numeric(value, errors="coerce")
    return None if pd.isna(found) else float(found)


def read(reader: Reader, services: Iterable[str], view: View) -> list[Warned]:
    """Every warning in force of services that carry warnings. Raises what the reader raises."""
    found = [one for name in services for one in of_frame(name, reader.latest(name, Alert, view))]
    return sorted(found, key=lambda one: (-one.level, -one.sent.timestamp(), one.key))


def taking(warned: Iterable[Warned], now: datetime, keep: timedelta, turn: timedelta) -> Warned | None:
    """The warning that has the wall now, the same on every screen; None when none has.

    An actual warning of level 4 or 5 takes it when it is received and gives it back after ``keep``, or when it ends
    or is cancelled. The higher one wins; equal ones take turns of ``turn``.
    """
    found = [w for w in warned if w.actual and w.level >= TAKES and w.in_force(now) and now < w.received + keep]
    if not found:
        return None
    top = max(w.level for w in found)
    equal = sorted((w for w in found if w.level == top), key=lambda w: (w.received, w.key))
    return equal[int(now.timestamp() // max(1.0, turn.total_seconds())) % len(equal)]


def scene_for(warning: Warned, scenes: Sequence[Scene]) -> Scene:
    """The scene that says it takes such warnings, else the first."""
    return next((scene for scene in scenes if warning.hazard in scene.takes), scenes[0])


def framed(warning: Warned, scene: Scene) -> tuple[float, float, float, float]:
    """West, south, east, north of the warned area with room around it; the scene's own without an area."""
    if warning.geometry is None:
        return scene.bounds
    west, south, east, north = warning.geometry.bounds
    across, up = max(east - west, 0.02) * PAD, max(north - south, 0.02) * PAD
    return max(west - across, -180.0), max(south - up, -85.0), min(east + across, 180.0), min(north + up, 85.0)


def until_words(warning: Warned, have: Have) -> str:
    """As "đến 19:30", with the day when it is another one; that no end is said."""
    if warning.until is None:
        return have.text("wall.no_end")
    return have.text("wall.until", time=clock_text(warning.until, have.zone, have.now))


def block(part: Block, have: Have, first: int) -> Shown:
    """The warnings in force as a list, exercises left out."""
    from app.panels.wall_rail import Item, listed

    mine = [one for one in have.warned if one.service == part.service and one.actual and one.in_force(have.now)]
    mine.sort(key=lambda one: (-one.level, one.hazard not in have.scene.takes))  # the scene's own before others
    text = have.text
    items = [
        Item(
            service=one.service,
            title=one.event,
            sub=f"{one.area}, {until_words(one, have)}" if one.area else until_words(one, have),
            level=one.level,
            since=one.sent,
            place=_middle(one, have.view),
            shorter=(one.event, until_words(one, have)),
        )
        for one in mine[: part.most]
    ]
    head = text("wall.in_force", n=len(mine)) if mine else text("wall.none_in_force")
    return Shown([listed(items, text("wall.warnings"), head, "", first)], items)


def _middle(warning: Warned, view: View) -> tuple[float, float] | None:
    """A point of the warned area, of the part in view when there is one."""
    if warning.geometry is None:
        return None
    box = view.bounds
    part = shapely.intersection(warning.geometry, shapely.box(box.west, box.south, box.east, box.north))
    point = (warning.geometry if part.is_empty else part).representative_point()
    return point.x, point.y


def banner(warning: Warned, have: Have, fact: str) -> dict[str, Any]:
    """What the take-over says at the top: level, title, one sentence (long and shorter), where it comes from."""
    from layers import marks, palette

    text = have.text
    level = text("wall.level_words", level=warning.level, word=text(f"wall.level_{warning.level}"))
    until = until_words(warning, have)
    back = warning.received + timedelta(minutes=have.city.wall.takeover_min)
    back = back if warning.until is None else min(back, warning.until)
    sentences = [". ".join(x for x in (fact, warning.area, f"{level}, {until}") if x)]
    sentences += [f"{warning.area}. {level}, {until}" if warning.area else f"{level}, {until}", f"{level}, {until}"]
    shape = palette.LEVEL_SHAPE[warning.level]
    tint = palette.BG[0]
    return {
        "level": warning.level,
        "svg": marks.svg(shape, "fresh", 0, 200, tint=tint),
        "titles": [warning.headline, warning.event],
        "sentences": sentences,
        "source": text("wall.bulletin", sender=warning.sender, time=clock_text(warning.sent, have.zone, have.now)),
        "ends": text("wall.gives_back", time=clock_text(back, have.zone, have.now)),
    }


def fact(scene: Scene, have: Have) -> str:
    """The worst gauge of a scene with rivers, in the warned area: how far over its alarm, how fast it rises."""
    from app.panels import wall_water

    part = next((block for block in scene.rail if block.kind == "rivers"), None)
    return "" if part is None else wall_water.worst(part, have)


def words_of(warning: Warned, text: Text, have: Have) -> list[str]:
    """A warning as it passes by at the foot, long and shorter."""
    level = text("wall.level_short", level=warning.level)
    return [f"{level}: {warning.headline}, {until_words(warning, have)}", f"{level}: {warning.event}"]
