"""The rail of the sea scene: how the fleet stands, the longest silences, and who still reports, by provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.panels import nearest
from app.panels.rows import moment
from app.panels.wall_have import Have, Shown, wordings
from app.panels.wall_rail import MOST, Item, listed, name_of
from app.panels.wall_tiles import number
from geodata.indicators.indicator import of_service
from geodata.rules import vessel_identity
from layers import words

if TYPE_CHECKING:
    from app.pages.pictures import Picture
    from app.text import Text
    from geodata.scenes import Block
    from geodata.store.types import ServiceState

FLEET = ("at_sea", "late", "lost_6h", "lost_10d", "over_line")
"""Indicators of the service, and their words on the wall."""


def silent(picture: Picture, now: datetime) -> list[tuple[timedelta, pd.Series[Any]]]:
    """Vessels that fell silent while their feed is up, the longest first."""
    frame = picture.frame
    if frame is None or frame.empty:
        return []
    rows = []
    vessels = once_each(frame)
    for _, row in vessels[vessels["state"] == "silent"].iterrows():
        when = moment(row.get("time"))
        if when is not None:
            rows.append((now - when, row))
    return sorted(rows, key=lambda pair: -pair[0])


def once_each(frame: pd.DataFrame) -> pd.DataFrame:
    """Of two devices on one vessel the one heard of last, as the indicators count them."""
    named = frame.assign(registration=vessel_identity.registrations(frame))
    return named[vessel_identity.counted(named).to_numpy()]


def items(picture: Picture, now: datetime, text: Text) -> list[Item]:
    """The longest silences as list items, numbered as on the map."""
    out = []
    for _, row in silent(picture, now)[:MOST]:
        shape = row.get("geometry")
        place = None if shape is None or shape.is_empty else (shape.x, shape.y)
        where = "" if place is None else nearest.said(*place, text("wall.offing"), text.language)
        out.append(
            Item(
                service=picture.service,
                title=name_of(row),
                sub=where,
                level=int(row.get("level") or 0) or 1,
                since=moment(row.get("time")),
                place=place,
            )
        )
    return out


def block(part: Block, have: Have, first: int) -> Shown:
    """Figures first: the abnormal ones carry their level's colour when they are not zero."""
    text = have.text
    picture, state = have.far.get(part.service or ""), have.services.get(part.service or "")
    frame = None if picture is None else picture.frame
    if picture is None or frame is None or frame.empty:
        return Shown([listed([], text("wall.rail_sea"), "", text("wall.nothing_seen"), first)])
    quiet = silent(picture, have.now)
    own = {one.id for one in of_service(picture.service)}
    rows = [_figure(name, picture.service, have) for name in FLEET if f"{picture.service}.{name}" in own]
    found = items(picture, have.now, text)[: part.most]
    head, none = longest_words(frame, len(quiet), text)
    sections = [
        *([{"kind": "facts", "title": "", "head": "", "rows": rows}] if rows else []),
        listed(found, text("wall.rail_sea"), head, none, first),
    ]
    if shares := _shares(frame, state, text):
        sections.append({"kind": "shares", "title": text("wall.providers"), "head": "", "rows": shares})
    return Shown(sections, found)


def longest_words(frame: pd.DataFrame, quiet: int, text: Text) -> tuple[str, str]:
    """What stands beside the longest silences, and in their place: of vessels of a lost feed nothing can be said."""
    lost = int((once_each(frame)["state"] == "unknown").sum())
    n, unknown = (words.number(count, 0, text.language) for count in (quiet, lost))
    if lost:
        return text("wall.rail_sea_unknown", n=n, unknown=unknown), text("wall.none_silent_heard")
    return text("wall.rail_sea_head", n=n), text("wall.none_silent")


def _figure(name: str, service: str, have: Have) -> dict[str, Any]:
    """An indicator as a row; before it is counted nothing stands there, of a lost feed "?"."""
    value, text = have.figure(f"{service}.{name}"), have.text
    told = "?" if value is not None and value.state == "unknown" else "–"
    if value is not None and value.value is not None:
        told = number(value, text)
    level = 0 if value is None else value.level
    return {"label": [text(f"wall.{name}")], "value": told, "level": level, "unit": "", "note": ""}


def _shares(frame: pd.DataFrame, state: ServiceState | None, text: Text) -> Sequence[Mapping[str, Any]]:
    if state is None or "source" not in frame:
        return []
    out = []
    for source in state.sources:
        mine = frame[frame["source"] == source.id]
        if mine.empty:
            continue
        heard = int(mine["state"].isin(["fresh", "late"]).sum())
        share = words.percent(heard / len(mine), 1, text.language)
        note = text(
            "wall.of_vessels", n=words.number(heard, 0, text.language), total=words.number(len(mine), 0, text.language)
        )
        name = source.title_vi if text.language == "vi" else source.title_en
        out.append({"label": wordings(name), "value": share, "note": note})
    return out[:MOST]
