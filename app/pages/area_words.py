"""An area report in words: the one content that the planner's panel, the page and the PDF all show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from app.pages.area_ask import name_of
from app.pages.pictures import ids
from geodata import crs
from geodata.catalogue import Service
from geodata.rules.small_numbers import told
from layers import marks, palette, states, words
from layers.base import get

if TYPE_CHECKING:
    from app.text import Text
    from geodata.city import City
    from geodata.store.types import SourceState
    from layers.report import Part, Report, Trend

MOST_ROWS = 12
"""Abnormal rows told of one layer; how many more there are is said."""

MOST_CAMERAS = 12
MOST_COLUMNS = 5
MOST_CATEGORIES = 8
HECTARE_M2 = 10_000
KM2_M2 = 1_000_000
NEW = {"ServiceRequest", "Event", "Alert", "Coverage"}
TELLING = {"Position", "Observation"}


def content(report: Report, city: City, text: Text, *, made: datetime | None = None) -> dict[str, Any]:
    """``title, lead, facts, clock, known, window, made, simulated, parts, quiet, cameras, people``: JSON.

    ``parts`` are the layers with something inside or that could not be read, ``quiet`` the names of the others.
    """
    zone, language, view = city.timezone, text.language, report.view
    parts = [_part(part, view.end, zone, text) for part in report.parts]
    full = [one for one in parts if one["count"] or one["error"] or one["trend"]["n"] or one["trend"]["before"]]
    empty = [one["name"] for one in parts if one not in full]
    window = view.end - view.start
    return {
        "title": report.area.title(language),
        "lead": size_words(report.extent.area_m2, language),
        "facts": _facts(report, text),
        "clock": text("report.at", time=words.moment(view.end, zone, seconds=True)),
        "known": text("report.known", time=words.moment(view.known_at, zone)) if view.known_at else "",
        "window": text(
            "report.window",
            span=words.age(window.total_seconds(), language),
            start=words.moment(view.start, zone),
            end=words.moment(view.end, zone),
        ),
        "made": text("report.made", time=words.moment(made, zone)) if made else "",
        "simulated": text("simulated") if report.simulated else "",
        "parts": sorted(full, key=lambda one: (-one["level"], one["error"] == "", one["count"] == 0)),
        "quiet": text("report.quiet", names=", ".join(empty)) if empty else "",
        "cameras": _cameras(report, text),
        "people": _people(report, text),
    }


def size_words(square_m: float, language: str) -> str:
    """As "16,74 km² (1.674,5 ha)"; small areas in square metres first."""
    hectares = f"{words.number(square_m / HECTARE_M2, 2 if square_m < KM2_M2 else 1, language)}{words.THIN}ha"
    if square_m < HECTARE_M2:
        return f"{words.number(square_m, 0, language)}{words.THIN}m² ({hectares})"
    digits = 3 if square_m < KM2_M2 else 2
    return f"{words.number(square_m / KM2_M2, digits, language)}{words.THIN}km² ({hectares})"


def _facts(report: Report, text: Text) -> Sequence[Mapping[str, str]]:
    language, extent = text.language, report.extent
    west, south, east, north = (round(v) for v in extent.vn2000)
    corners = [(extent.bounds.west, extent.bounds.south), (extent.bounds.east, extent.bounds.north)]
    zone = crs.ZONES[extent.srid]
    rows = [
        ("area", size_words(extent.area_m2, language)),
        ("perimeter", f"{words.number(extent.perimeter_m / 1000, 2, language)}{words.THIN}km"),
        ("wgs84", " – ".join(words.coordinates(lon, lat, language) for lon, lat in corners)),
        ("east", f"{grouped(west)} – {grouped(east)}{words.THIN}m"),
        ("north", f"{grouped(south)} – {grouped(north)}{words.THIN}m"),
        ("plane", f"VN-2000, {text('report.meridian', meridian=zone.meridian)}, EPSG:{extent.srid}"),
    ]
    facts = [{"label": text(f"report.{name}"), "value": value} for name, value in rows]
    if report.area.approximate:
        facts.append({"label": text("report.lines"), "value": text("report.approximate")})
    return facts


def grouped(metres: float) -> str:
    """Metres of a plane as surveyors write them: 562 236."""
    return f"{round(metres):,}".replace(",", " ")


def _part(part: Part, end: datetime, zone: str, text: Text) -> dict[str, Any]:
    language, service = text.language, part.service
    one = {
        "id": service.id,
        "icon": service.icon,
        "name": service.short(language),
        "count": part.count or 0,
        "count_text": words.number(part.count, 0, language),
        "level": 0,
        "abnormal": 0,
        "error": "" if part.error is None else text("report.unreadable", reason=part.error),
        "hidden": "",
        "states": [],
        "categories": [],
        "table": {"columns": [], "rows": [], "more": ""},
        "trend": _trend(part.trend, service, text),
        "sources": [_source(part, source, end, zone, text) for source in part.sources],
    }
    if part.hidden:
        return one | {"count_text": text("report.small"), "hidden": text("report.small_why", n=service.minimum_cell)}
    if part.rows is None or part.rows.empty:
        return one
    levels = part.levels
    return one | {
        "level": max(levels, default=0),
        "abnormal": sum(levels.values()),
        "states": _states(part, language),
        "categories": _categories(part, text),
        "table": _table(part, text),
    }


def _states(part: Part, language: str) -> Sequence[Mapping[str, Any]]:
    """The layer's own legend over what is inside: the same words and marks as in the tree."""
    return [
        {
            "label": item.title_vi if language == "vi" else item.title_en,
            "n": words.number(item.count, 0, language),
            "level": item.level,
            "state": item.state,
            "svg": marks.svg(item.mark, item.state, item.level, 22, due=item.due, tint=item.tint),
        }
        for item in part.legend
        if item.count
    ]


def _categories(part: Part, text: Text) -> Sequence[Mapping[str, Any]]:
    """The largest categories; one under the service's minimum cell does not tell its number."""
    known = {one.id: one.title(text.language) for one in part.service.categories}
    counts = list(part.categories.items())
    if len(counts) < 2:
        return []
    named = [(known.get(name) or name.replace("_", " ") or text("report.none"), n) for name, n in counts]
    rest = sum(n for _, n in named[MOST_CATEGORIES:])
    shown = [*named[:MOST_CATEGORIES], *([(text("report.others"), rest)] if rest else [])]
    least = part.service.minimum_cell
    return [
        {"label": name, "n": words.number(n, 0, text.language) if told(n, least) else text("report.under", n=least)}
        for name, n in shown
    ]


def _table(part: Part, text: Text) -> dict[str, Any]:
    """The abnormal rows, highest level first, in the words of the layer."""
    bad = part.abnormal
    if bad.empty:
        return {"columns": [], "rows": [], "more": ""}
    layer, names = get(part.service.id), ids(bad)
    rows: list[dict[str, Any]] = []
    for position in range(min(len(bad), MOST_ROWS)):
        row = bad.iloc[position]
        facts = layer.inspect(row, text.language)
        level = int(row["level"])
        key = str(names.iloc[position])
        rows.append({"id": key, "title": name_of(row, key), "level": level, "svg": glyph(level), "facts": dict(facts)})
    columns = columns_of([row["facts"] for row in rows])
    for row in rows:
        facts = row.pop("facts")
        row["cells"] = cells_of(facts, columns)
        row["sub"] = " · ".join(str(value) for value in list(facts.values())[1:3] if str(value) != row["title"])
    more = len(bad) - len(rows)
    return {"columns": columns, "rows": rows, "more": text("report.more", n=more) if more > 0 else ""}


def columns_of(told: Sequence[Mapping[str, Any]]) -> list[str]:
    """The facts that most rows have, in the order in which they are told: a layer may have rows of several kinds."""
    order = list(dict.fromkeys(name for facts in told for name in facts))
    often = sorted(order, key=lambda name: -sum(name in facts for facts in told))[:MOST_COLUMNS]
    return [name for name in order if name in often]


def cells_of(facts: Mapping[str, Any], columns: Sequence[str]) -> list[str]:
    """A row under those heads; one of another kind, with next to nothing under them, is told whole in two cells."""
    if sum(name in facts for name in columns) >= min(2, len(facts), len(columns)) or len(columns) < 2:
        return [str(facts.get(name, words.NOTHING)) for name in columns]
    (_, first), *rest = list(facts.items())
    more = " · ".join(f"{name}: {value}" for name, value in rest[:MOST_COLUMNS])
    return [str(first), more, *[""] * (len(columns) - 2)]


def glyph(level: int, px: float = 18) -> str:
    return marks.svg(palette.LEVEL_SHAPE[level], "fresh", level, px, tint=palette.SEVERITY[level]) if level else ""


def _trend(trend: Trend | None, service: Service, text: Text) -> dict[str, Any]:
    if trend is None:
        return {"n": 0, "before": 0, "bins": [], "text": ""}
    kinds = set(service.kinds)
    what = "new" if kinds & NEW and not kinds & TELLING else "telling" if not kinds & NEW else "mixed"
    n, before = (words.number(v, 0, text.language) for v in (trend.n, trend.before))
    told_ = text(f"report.{what}", n=n, before=before)
    if max(trend.n, trend.before) and not all(told(v, service.minimum_cell) for v in (trend.n, trend.before)):
        return {"n": 0, "before": 0, "bins": [], "text": ""}  # a count of people too small to be told
    return {"n": trend.n, "before": trend.before, "bins": list(trend.bins), "text": told_}


def _source(part: Part, source: SourceState, end: datetime, zone: str, text: Text) -> dict[str, str]:
    """Name, age of the newest row inside the clock, whose it is."""
    card = part.attribution.get(source.id, {})
    name = source.title_vi if text.language == "vi" else source.title_en
    if source.simulated and text("detail.simulated") not in name:
        name = f"{name} ({text('detail.simulated')})"
    last = None
    if part.rows is not None and "source" in part.rows and "received_at" in part.rows:
        last = part.rows.loc[part.rows["source"] == source.id, "received_at"].max()
    if last is None or pd.isna(last):
        last = source.last_received if source.last_received and source.last_received <= end else None
    state = text("report.down") if source.state == "down" else ""
    age = text("report.never") if last is None else text("report.received", time=words.moment(last, zone))
    whose = " · ".join(str(card[key]) for key in ("attribution", "owner", "license") if card.get(key))
    return {"name": name, "age": state or age, "down": state, "whose": whose}


def _cameras(report: Report, text: Text) -> dict[str, Any] | None:
    found = report.cameras
    if found is None:
        return None
    rows = []
    for key, row in found.head(MOST_CAMERAS).iterrows():
        metres = float(row["distance_m"])
        where = text("report.in_area") if metres == 0 else f"{words.number(metres, 0, text.language)}{words.THIN}m"
        state = str(row.get("state") or "")
        level = row.get("level")
        rows.append(
            {
                "title": name_of(row, str(key)),
                "where": where,
                "state": states.said(state, text.language) if state else "",
                "level": 0 if level is None or pd.isna(level) else int(level),
                "note": text("report.assumed") if bool(row["assumed"]) else "",
            }
        )
    more = len(found) - len(rows)
    return {
        "title": text("report.cameras", n=words.number(len(found), 0, text.language)),
        "rows": rows,
        "more": text("report.more", n=words.number(more, 0, text.language)) if more > 0 else "",
        "note": text("report.sight"),
    }


def _people(report: Report, text: Text) -> dict[str, Any] | None:
    people = report.population
    if people is None:
        return None
    rows = [
        {"label": name, "n": words.number(n * share, 0, text.language), "share": words.percent(share, 0, text.language)}
        for name, n, share in people.wards
    ]
    total = words.number(people.people, 0, text.language)
    return {"title": text("report.people", n=total), "rows": rows, "note": text("report.people_note")}
