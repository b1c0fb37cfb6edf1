"""Numbers beside the map: cases by ward, what stands in a warned area, classes of a layer, today and yesterday."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import shapely

from app.panels.detail import clock_text
from app.panels.wall_have import Have, Shown, ward_of, wordings
from geodata import catalogue
from geodata.indicators import measure
from geodata.indicators.indicator import indicators
from geodata.unit_words import unit_word
from geodata.watch.frames import StoreFrames
from layers import words
from layers.base import layers

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from geodata.indicators.figure import Figure, Value
    from geodata.scenes import Block


USUAL_S = 300.0
DAY = timedelta(hours=24)


def wards(part: Block, have: Have, first: int) -> Shown:
    """Open cases by ward, the most first; the head says of how many; of lost feeds, of when."""
    del first
    picture = have.far.get(part.service or "")
    if picture is None or picture.frame is None or "address" not in picture.frame:
        return Shown()
    frame = picture.frame
    named = frame["address"].dropna().astype(str).map(ward_of)
    counts = named[named != ""].value_counts()
    if counts.empty:
        return Shown()
    lang, text = have.text.language, have.text
    level = pd.to_numeric(frame["level"], errors="coerce").reindex(named.index).fillna(0)
    state, rows = have.services.get(picture.service), []
    lost = state is not None and state.state == "down"
    for ward, n in counts.head(part.most).items():
        late = int((level[named == ward] >= 2).sum())
        note = text("wall.overdue_n", n=words.number(late, 0, lang)) if late else ""
        told = {"value": words.number(int(n), 0, lang), "label": wordings(str(ward)), "note": note}
        rows.append(told | ({"state": "unknown"} if lost else {}))
    head = text("wall.of_n", n=words.number(len(frame), 0, lang))
    if lost and state is not None and state.last_received is not None:
        head = text("wall.last_at", time=clock_text(state.last_received, have.zone, have.now))
    else:
        head += _heard(picture.service, have)
    name = catalogue.service(picture.service).short(lang)
    title = text("wall.by_ward", name=name)
    return Shown([{"kind": "shares", "title": title, "head": head, "rows": rows}])


def _heard(service: str, have: Have) -> str:
    """The time of what was last received, after a count; empty of a service that was never heard."""
    state = have.services.get(service)
    if state is None or state.last_received is None:
        return ""
    return f", {clock_text(state.last_received, have.zone, have.now)}"


def inside(part: Block, have: Have, first: int) -> Shown:
    """What stands in the area of the highest warning in force: objects of each layer, how many of them abnormal."""
    del first
    area, title = _area(part, have)
    if area is None:
        return Shown()
    shapely.prepare(area)
    lang, text = have.text.language, have.text
    rows = []
    for name in part.services or [n for n in have.scene.layers if n != part.service]:
        picture = have.far.get(name)
        if picture is None or picture.frame is None or picture.frame.empty:
            continue
        points = picture.frame[~(picture.frame.geometry.isna() | picture.frame.geometry.is_empty)]
        held = points[shapely.intersects(area, points.geometry.to_numpy())]
        bad = int((pd.to_numeric(held["level"], errors="coerce") >= 2).sum()) if "level" in held else 0
        note = text("wall.abnormal_n", n=words.number(bad, 0, lang)) if bad else ""
        short = catalogue.service(name).short(lang)
        rows.append({"value": words.number(len(held), 0, lang), "unit": "", "label": [short], "note": note, "level": 0})
    if not rows:
        return Shown()
    return Shown([{"kind": "facts", "title": title, "head": "", "rows": rows[: part.most]}])


def _area(part: Block, have: Have) -> tuple[BaseGeometry | None, str]:
    text = have.text
    if have.area is not None:
        return have.area, text("wall.inside")
    mine = [w for w in have.warned if w.service == part.service and w.actual and w.in_force(have.now)]
    top = next((w for w in mine if w.geometry is not None), None)
    return (None, "") if top is None else (top.geometry, text("wall.inside_of", name=top.event))


def counts(part: Block, have: Have, first: int) -> Shown:
    """The classes of a layer in the whole city as its legend has them, those that hold something; the abnormal ones in
    their colour. Until the city is counted, those of the scene.
    """
    del first
    picture = have.far.get(part.service or "") or have.near.get(part.service or "")
    if picture is None or picture.frame is None:
        return Shown()
    lang = have.text.language
    told = [item for item in picture.legend if item.count]
    told = sorted(told, key=lambda item: (-item.level, -(item.count or 0)))[: part.most]
    rows = [
        {
            "value": words.number(item.count, 0, lang),
            "unit": "",
            "label": [item.title_vi if lang == "vi" else item.title_en],
            "note": "",
            "level": item.level if item.level >= 2 else 0,
            "state": item.state,
        }
        for item in told
    ]
    if not rows:
        return Shown()
    total = layers()[picture.service].count(picture.frame)
    noun = layers()[picture.service].noun[lang != "vi"]
    head = f"{words.number(total, 0, lang)} {noun}{_heard(picture.service, have)}"
    title = catalogue.service(picture.service).short(lang)
    return Shown([{"kind": "facts", "title": title, "head": head, "rows": rows}])


def usual(part: Block, have: Have, first: int) -> Shown:
    """A measured property now and at the same hour yesterday, each with the number it is made of: its indicator, else
    the mean over the things that tell it.
    """
    del first
    name = f"{part.service}.{part.property}"
    if name in indicators():
        words_ = indicators()[name].words
        title, unit, decimals = words_.title.text(have.text.language), words_.unit, words_.decimals
        now, then = _told(have.figure(name)), _told(have.before.get(name))
    else:
        known = next(p for p in catalogue.service(part.service or "").observed_properties if p.id == part.property)
        title = known.title_vi if have.text.language == "vi" else known.title_en
        unit, decimals = known.unit or "1", known.decimals
        now, then = have.memory.keep(("usual", name), USUAL_S, lambda: (_mean(part, have), _mean(part, have, DAY)))
    if now is None or now.value is None or now.newest is None:
        return Shown()
    lang, text = have.text.language, have.text
    when = clock_text(now.newest, have.zone, have.now)
    look = (unit_word(unit, lang), decimals, have)
    rows = [_fact(now, text("wall.now_at", time=when), *look)]
    if then is not None and then.value is not None:
        rows.append(_fact(then, text("wall.same_hour"), *look))
        share = words.percent(abs(now.value - then.value) / then.value, 0, lang) if then.value else ""
        if share:
            way = text("wall.more_than" if now.value > then.value else "wall.less_than")
            rows.append({"value": share, "unit": "", "label": [way], "note": "", "level": 0})
    return Shown([{"kind": "facts", "title": title, "head": "", "rows": rows}])


def _told(value: Value | None) -> Figure | None:
    return None if value is None else value.figure


def _mean(part: Block, have: Have, ago: timedelta = timedelta()) -> Figure | None:
    """Of a property that no indicator tells; None of a service that never spoke."""
    if not have.ready(part.service or ""):
        return None
    frames = StoreFrames(have.reader, have.city, have.now - ago)
    return measure.recent_mean(frames, part.service or "", part.property or "")


def _fact(figure: Figure, label: str, unit: str, decimals: int, have: Have) -> dict[str, Any]:
    lang = have.text.language
    note = have.text("wall.n", n=words.number(figure.n, 0, lang))
    about = "≈" if figure.left_out.get("unknown") else ""
    said = about + words.number(figure.value, decimals, lang)
    return {"value": said, "unit": unit, "label": [label], "note": note, "level": 0}
