"""Water beside the map: hydrographs with their alarm levels, gauges over an alarm, sums of rain."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from app.panels import river
from app.panels.detail import clock_text, moment, word
from app.panels.wall_have import Have, Shown, shortened, wordings
from geodata.rules import alarm
from layers import marks, palette, words

if TYPE_CHECKING:
    import geopandas as gpd

    from geodata.scenes import Block

SERIES_S = 60.0
RAIN = ("rain_24h", "rain_1h")


def rivers(part: Block, have: Have, first: int) -> Shown:
    """The gauges that matter most now, each with its last hours on its own axis."""
    del first
    assert part.service is not None
    name = part.service
    out = []
    for key, station, row in chosen(part, have):
        points = have.memory.keep(
            ("series", name, key), SERIES_S, partial(river.series, have.reader, name, key, have.wide)
        )
        found = river.River(name=word(row, "name"), station=station, row=row, points=points)
        told = river.content(found, have.wide, have.text, have.city.timezone)
        out.append({"kind": "river", "alone": part.most == 1} | told)
    for section in out:
        section["axis"] = section is out[-1]  # they have one time axis, under the last
    return Shown(out)


def chosen(part: Block, have: Have) -> list[river.Choice]:
    """The first gauges of ``river.ranked``: those in the warned area before all others."""
    frame = _frame(part, have)
    if frame is None:
        return []
    found = river.ranked(frame, have.city)
    if have.area is not None:
        area = have.area
        found.sort(key=lambda one: not area.intersects(one[2]["geometry"]))
    return found[: part.most]


def worst(part: Block, have: Have) -> str:
    """As "Kim Long trên BĐ3 1,12 m, lên 0,12 m/giờ": the first gauge; empty when none is over an alarm."""
    for _, station, row in chosen(part, have)[:1]:
        told: Any = row.to_dict()
        value, levels = told.get("value"), told.get("alarms")
        if station is None or value is None or pd.isna(value) or not levels:
            return ""
        found = alarm.alarm(float(value), levels)
        if found.name is None:
            return ""
        over = words.number(found.over_m, 2, have.text.language)
        said = have.text("wall.over_alarm", name=found.name.replace("bd", "BĐ"), value=over)
        rate = told.get("rate")
        trend = "" if rate is None or pd.isna(rate) else f", {river.trend_words(float(rate), have.text)}"
        return f"{station.name} {said}{trend}"
    return ""


def stations(part: Block, have: Have, first: int) -> Shown:
    """Gauges over an alarm level that have no hydrograph in this scene: value, how far over, rate of rise."""
    del first
    frame = _frame(part, have)
    if frame is None or "alarms" not in frame:
        return Shown()
    drawn = {key for block in have.scene.rail if block.kind == "rivers" for key, _, _ in chosen(block, have)}
    over = frame[(pd.to_numeric(frame["level"]) >= 1) & frame["value"].notna()]
    over = over[[alarm.alarm(v, a).level >= 1 for v, a in zip(over["value"], over["alarms"], strict=True)]]
    rest = over[~over.index.astype(str).isin(drawn)].sort_values(["level", "value"], ascending=[False, False])
    rows = [_gauge(row, have) for _, row in rest.head(part.most).iterrows()]
    text = have.text
    if not rows:
        return Shown()
    head = text("wall.stations_head", n=len(over), time=_at(over, have))
    return Shown([{"kind": "table", "title": text("wall.stations"), "head": head, "rows": rows}])


def _gauge(row: pd.Series[Any], have: Have) -> dict[str, Any]:
    found = alarm.alarm(float(row["value"]), row["alarms"])
    lang, level = have.text.language, int(row["level"])
    over = have.text(
        "wall.over_alarm", name=(found.name or "").replace("bd", "BĐ"), value=words.number(found.over_m, 2, lang)
    )
    rate = row.get("rate")
    trend = "" if rate is None or pd.isna(rate) else river.trend_words(float(rate), have.text)
    svg = marks.svg(palette.LEVEL_SHAPE[level], "fresh", level, 58, text=str(level), tint=palette.SEVERITY[level])
    name = shortened(word(row, "name"))
    water = word(row, "river")
    return {
        "name": [f"{name}, {water}" if water else name, name],
        "value": words.quantity(float(row["value"]), "m", 2, lang),
        "note": over,
        "trend": trend,
        "level": level,
        "svg": svg,
    }


def rain(part: Block, have: Have, first: int) -> Shown:
    """The largest sums of rain in a day, with the last hour's beside them; of lost gauges alone, that it is unknown."""
    del first
    frame = _frame(part, have)
    if frame is None or "values" not in frame:
        return Shown()
    heard = frame[frame["state"].isin(["fresh", "late"])]
    told = [
        (v.get(RAIN[0]), v.get(RAIN[1]), word(row, "name"))
        for v, (_, row) in zip(heard["values"], heard.iterrows(), strict=True)
    ]
    wet = sorted((one for one in told if one[0] is not None), key=lambda one: -float(one[0] or 0))
    lang, text = have.text.language, have.text
    if not wet:
        return _no_rain_told(frame, have)
    rows = [
        {
            "label": wordings(shortened(name)),
            "value": words.quantity(day, "mm", 0, lang),
            "note": "" if hour is None else text("wall.rain_hour", n=words.number(hour, 0, lang)),
        }
        for day, hour, name in wet[: part.most]
    ]
    head = text("wall.rain_head", time=_at(heard, have))
    return Shown([{"kind": "shares", "title": text("wall.rain"), "head": head, "rows": rows}])


def _no_rain_told(frame: gpd.GeoDataFrame, have: Have) -> Shown:
    """Of lost or silent gauges alone: a list that only goes would be read as a dry day."""
    told = np.array([value.get(RAIN[0]) is not None for value in frame["values"]], bool)
    lost = frame[frame["state"].isin(["unknown", "silent"]) & told]
    if lost.empty:
        return Shown()
    feed = bool((lost["state"] == "unknown").any())
    label = have.text("wall.rain_unknown" if feed else "wall.rain_silent")
    row = {"label": [label], "value": "?", "note": "", **({"state": "unknown"} if feed else {})}
    head = have.text("wall.last_at", time=_at(lost, have))
    return Shown([{"kind": "shares", "title": have.text("wall.rain"), "head": head, "rows": [row]}])


def _frame(part: Block, have: Have) -> gpd.GeoDataFrame | None:
    picture = have.far.get(part.service or "")
    return None if picture is None or picture.frame is None or picture.frame.empty else picture.frame


def _at(frame: gpd.GeoDataFrame, have: Have) -> str:
    """The time of the newest value of a group: its age stands in the group's head."""
    return clock_text(moment(frame["time"].max()), have.zone, have.now)
