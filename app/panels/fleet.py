"""The rail of the sea scene: how the fleet stands, the longest silences, and who still reports, by provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.panels import nearest
from app.panels.detail import clock_text
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
    from geodata.store.types import ServiceState, SourceState

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
    rows = [figure(name, picture.service, have) for name in FLEET if f"{picture.service}.{name}" in own]
    found = items(picture, have.now, text)[: part.most]
    head, none = longest_words(frame, len(quiet), text)
    sections = [
        *([{"kind": "facts", "title": "", "head": "", "rows": rows}] if rows else []),
        listed(found, text("wall.rail_sea"), head, none, first),
    ]
    if told := shares(frame, state, have):
        sections.append({"kind": "shares", "title": text("wall.providers"), "head": "", "rows": told})
    return Shown(sections, found)


def longest_words(frame: pd.DataFrame, quiet: int, text: Text) -> tuple[str, str]:
    """What stands beside the longest silences, and in their place: of vessels of a lost feed nothing can be said."""
    lost = int((once_each(frame)["state"] == "unknown").sum())
    n, unknown = (words.number(count, 0, text.language) for count in (quiet, lost))
    if lost:
        return text("wall.rail_sea_unknown", n=n, unknown=unknown), text("wall.none_silent_heard")
    return text("wall.rail_sea_head", n=n), text("wall.none_silent")


def figure(name: str, service: str, have: Have) -> dict[str, Any]:
    """An indicator as a row; before it is counted nothing stands there, of a lost feed "?"."""
    value, text = have.figure(f"{service}.{name}"), have.text
    found = {"label": [text(f"wall.{name}")], "value": "–", "level": 0, "unit": "", "note": ""}
    if value is None:
        return found
    if value.state == "unknown":
        return found | {"value": "?", "state": "unknown"}
    return found | {"level": value.level} | ({} if value.value is None else {"value": number(value, text)})


def shares(frame: pd.DataFrame, state: ServiceState | None, have: Have) -> Sequence[Mapping[str, Any]]:
    """Of each provider's vessels those heard of in time. Of what a lost feed told nothing is known: it is left out, and
    a provider of which nothing is known says "?" and since when.
    """
    if state is None or "source" not in frame:
        return []
    text, lang, out = have.text, have.text.language, []
    for source in state.sources:
        mine = frame[frame["source"] == source.id]
        if mine.empty:
            continue
        name = wordings(source.title_vi if lang == "vi" else source.title_en)
        known = mine[mine["state"] != "unknown"]
        if source.state == "down" or known.empty:
            out.append({"label": name, "value": "?", "note": _lost(source, have), "state": "unknown"})
            continue
        heard = int(known["state"].isin(["fresh", "late"]).sum())
        note = text("wall.of_vessels", n=words.number(heard, 0, lang), total=words.number(len(known), 0, lang))
        out.append({"label": name, "value": words.percent(heard / len(known), 1, lang), "note": note})
    return out[:MOST]


def _lost(source: SourceState, have: Have) -> str:
    """Since when a feed is lost; of one that is back and has told nothing yet, when it told its last."""
    down = source.state == "down"
    when = source.since if down else source.last_received
    said = "wall.lost_since" if down else "wall.last_at"
    return "" if when is None else have.text(said, time=clock_text(when, have.zone, have.now))
