"""Places that report by the day (schools, hospitals, sites): one row a place, simple dots from afar, words near by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.calendar import WorkCalendar
from geodata.records import Quality
from geodata.rules import office_days, small_numbers
from geodata.view import View, mercator_xy
from layers import badges, elements, palette, states, words
from layers.base import LegendItem
from layers.labels import Boxes
from layers.lettering import width

FAR, MIDDLE, CLOSE, NAMES = 9.0, 12.0, 13.5, 15.5
"""Under ``FAR`` only levels from 2 on; under ``MIDDLE`` dots; from ``CLOSE`` on each says its number, then its name."""

DOT_SCALE, MIDDLE_SCALE = 0.75, 0.85
WORDS_PX, GAP_PX, MARK_PX = 12.0, 12.0, 9.0
ADDED = ("as_of", "values", "said", "parts", "level", "mark", "short", "state", "alpha", "age_s")

REPORTS = {
    "fresh": ("có báo cáo", "reporting"),
    "late": ("báo cáo trễ", "report late"),
    "silent": ("không báo cáo", "no report"),
    "unknown": ("chưa rõ, mất nguồn", "unknown, feed down"),
    "maintenance": ("thiết bị không đo", "device not measuring"),
    "none": ("chưa có số liệu", "no figures yet"),
}
"""States of a place that writes reports: nobody loses a signal here."""


def gathered(
    things: gpd.GeoDataFrame,
    latest: gpd.GeoDataFrame,
    view: View,
    main: Sequence[str],
    *,
    calendar: WorkCalendar | None,
) -> gpd.GeoDataFrame:
    """One row a place, index id, from its Things and newest Observations.

    ``values`` are measured numbers by property, ``said`` words, ``parts`` (numerator, denominator). The state is
    that of the newest of ``main``, else of anything it reports; a place that never reported is ``late`` and says so
    (``reported`` False). With a ``calendar`` days off do not make a report older.
    """
    rank = (~latest["observed_property"].isin(main)).astype(int) if len(latest) else pd.Series(dtype=int)
    ordered = latest.assign(rank=rank).sort_values(["id", "rank", "time"], ascending=[True, True, False])
    reported = ordered.groupby("id").head(1).set_index("id", drop=False).drop(columns="rank")
    bare = things[~things.index.isin(reported.index)]
    out = pd.concat(
        [frame.assign(reported=at) for frame, at in ((reported, True), (bare, False)) if len(frame)] or [bare]
    )
    if out.empty:
        return bare.assign(reported=False, **{name: pd.Series(dtype=object) for name in ADDED})
    out.index = pd.Index([str(key) for key in out.index], name=None)
    out = gpd.GeoDataFrame(_classified(out, view, calendar), geometry="geometry", crs=things.crs or latest.crs)
    by = _told(latest)
    for name in ("values", "said", "parts"):
        out[name] = [by[name].get(key, {}) for key in out.index]
    return out.assign(level=0, mark="dot", short=None)


def _classified(rows: pd.DataFrame, view: View, calendar: WorkCalendar | None) -> pd.DataFrame:
    """With state, opacity and age; of a result over a span of time the end of the span is what ages."""
    ends = rows["phenomenon_end"] if "phenomenon_end" in rows else pd.Series(pd.NaT, rows.index)
    ends = pd.to_datetime(ends, utc=True)
    as_of = ends.where(ends <= pd.Timestamp(view.end)).fillna(pd.to_datetime(rows["time"], utc=True))
    asked = as_of
    if calendar is not None:
        dues = [view.end - office_days.age(t, view.end, calendar) if not pd.isna(t) else None for t in as_of]
        asked = pd.to_datetime(pd.Series(dues, rows.index, dtype=object), utc=True)
    out = states.classify(rows.assign(time=asked), view.end).assign(time=rows["time"], as_of=as_of)
    out["age_s"] = states.age_s(as_of, view.end)
    idle = (
        out["reported"] & (out["quality"].fillna(Quality.MEASURING) != Quality.MEASURING) if "quality" in out else False
    )
    out.loc[idle & out["state"].isin(["fresh", "late"]), "state"] = "maintenance"
    out.loc[~out["reported"] & (out["state"] != "unknown"), "state"] = "late"
    # a report of the day is current until the next is due: it does not fade by the hour
    out["alpha"] = np.where(out["state"] == "late", palette.STATE_ALPHA["late"], 1.0)
    return out


def _told(latest: pd.DataFrame) -> Mapping[str, dict[str, dict[str, Any]]]:
    """What devices and offices measured, by place and property."""
    found: dict[str, dict[str, dict[str, Any]]] = {"values": {}, "said": {}, "parts": {}}
    names = ("id", "observed_property", "result", "result_text", "numerator", "denominator", "quality")
    for key, prop, result, text, top, bottom, quality in zip(*(latest[n] for n in names), strict=True):
        if quality is not None and not pd.isna(quality) and quality != Quality.MEASURING:
            continue
        if not pd.isna(result):
            found["values"].setdefault(str(key), {})[prop] = float(result)
        if isinstance(text, str) and text:
            found["said"].setdefault(str(key), {})[prop] = text
        if not pd.isna(top) and not pd.isna(bottom):
            found["parts"].setdefault(str(key), {})[prop] = (float(top), float(bottom))
    return found


def graded(frame: gpd.GeoDataFrame, levels: Sequence[int], silent: int = 2) -> gpd.GeoDataFrame:
    """The frame in the order of drawing, with levels that only a current report may raise; no report is ``silent``."""
    state = frame["state"]
    level = np.where(state.isin(["fresh", "late"]), np.asarray(levels, int), np.where(state == "silent", silent, 0))
    return gpd.GeoDataFrame(states.ordered(frame.assign(level=level.astype(int))), crs=frame.crs)


def marks(frame: gpd.GeoDataFrame, view: View, mark: str) -> elements.Marks:
    """The places as ``mark``: dots from afar, full near by, with their words where there is room."""
    level = frame["level"].astype(int) if len(frame) else pd.Series(dtype=int)
    shown = frame[level >= 2] if view.zoom < FAR else frame
    shown = shown[~(shown.geometry.isna() | shown.geometry.is_empty)]
    level = shown["level"].astype(int) if len(shown) else pd.Series(dtype=int)
    far = view.zoom < MIDDLE
    dots = (level < 2) & far
    rows = pd.DataFrame({name: shown[name].to_numpy() for name in ("state", "level", "alpha")}, index=shown.index)
    rows["mark"], rows["scale"] = np.where(dots, "dot", mark), np.where(dots, DOT_SCALE, MIDDLE_SCALE if far else 1.0)
    points = shapely.get_coordinates(shapely.point_on_surface(shown.geometry.to_numpy()))
    rows["x"], rows["y"] = mercator_xy(points[:, 0], points[:, 1])
    rows["text"] = pd.Series([said_beside(row, view.zoom) for _, row in shown.iterrows()], rows.index, dtype=object)
    rows["name"] = pd.Series(beside(rows, view), rows.index, dtype=object)
    rows = rows.drop(columns="text").assign(id=rows.index)
    return elements.of(rows)


def said_beside(row: pd.Series[Any], zoom: float) -> str | None:
    """The words at the right of a mark: of the abnormal first, then the number, then the name and the number."""
    short = row["short"] if isinstance(row["short"], str) and row["state"] in {"fresh", "late"} else None
    if zoom < MIDDLE or (zoom < CLOSE and int(row["level"]) < 1):
        return None
    name = word(row.get("name")) if zoom >= NAMES else None
    return " · ".join(part for part in (name, short) if part) or None


def beside(rows: pd.DataFrame, view: View) -> list[str | None]:
    """The words that find room at the right of their marks, the most abnormal first; columns x, y, level, text."""
    k = palette.WALL_FACTOR if view.width_px > badges.WALL_FROM_PX else 1.0
    scale = view.resolution_m * k
    xs, ys = rows["x"].to_numpy(float) / scale, -rows["y"].to_numpy(float) / scale
    boxes = Boxes([(x - MARK_PX, y - MARK_PX, x + MARK_PX, y + MARK_PX) for x, y in zip(xs, ys, strict=True)])
    found: list[str | None] = [None] * len(rows)
    for i in np.argsort(-rows["level"].to_numpy(int), kind="stable"):
        text = rows["text"].iloc[i]
        if not isinstance(text, str):
            continue
        box = (xs[i] + GAP_PX, ys[i] - 7, xs[i] + GAP_PX + width(text, WORDS_PX), ys[i] + 7)
        if boxes.free(box, gap=1):
            boxes.take(box)
            found[i] = text
    return found


def last_rows(frame: gpd.GeoDataFrame, mark: str) -> list[LegendItem]:
    """The rows of a legend that every such layer ends with: late, never reported, in repair, no report, feed down."""
    if frame.empty:
        return []
    state, reported = frame["state"], frame["reported"].astype(bool)
    masks = {
        "late": (state == "late") & reported & (frame["level"].astype(int) == 0),
        "none": (state == "late") & ~reported,
        "maintenance": state == "maintenance",
        "silent": state == "silent",
        "unknown": state == "unknown",
    }
    drawn = {"none": "late"}
    return [
        LegendItem(
            mark=mark, title_vi=REPORTS[name][0], title_en=REPORTS[name][1], state=drawn.get(name, name),
            level=2 if name == "silent" else 0, count=int(mask.sum()),
        )
        for name, mask in masks.items()
        if mask.any()
    ]  # fmt: skip


def last_facts(row: pd.Series[Any], language: str) -> dict[str, str]:
    """State, time and age of the report: what every panel ends with."""
    vi = language == "vi"
    name = "none" if row["state"] == "late" and not row["reported"] else str(row["state"])
    said = REPORTS.get(name, (name, name))
    facts = {("Trạng thái" if vi else "State"): said[0 if vi else 1]}
    if row["reported"]:
        facts["Số liệu lúc" if vi else "Figures of"] = words.moment(row["as_of"])
        facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["as_of"])
    return facts


def numbers(row: pd.Series[Any], service: str, language: str, *, unsaid: Sequence[str] = ()) -> dict[str, str]:
    """Every measured property of the catalogue in words; a count of people under the minimum cell is not told."""
    vi, known = language == "vi", catalogue.service(service)
    facts = {}
    for prop in known.observed_properties:
        value = row["values"].get(prop.id)
        if value is None or prop.id in unsaid:
            continue
        counted = prop.unit in {"{person}", "{case}"}
        if counted and not small_numbers.told(value, known.minimum_cell or 0):
            facts[prop.title_vi if vi else prop.title_en] = "dưới ngưỡng công bố" if vi else "too few to publish"
        else:
            facts[prop.title_vi if vi else prop.title_en] = words.quantity(value, prop.unit, prop.decimals, language)
    return facts


def heading(row: pd.Series[Any], service: str, kind: tuple[str, str], language: str) -> dict[str, str]:
    """Name, category and agency of a place: what every panel begins with."""
    vi = language == "vi"
    facts = {kind[0 if vi else 1]: word(row.get("name")) or str(row.name)}
    category = word(row.get("category"))
    if category:
        known = catalogue.service(service).category(category)
        facts["Loại" if vi else "Category"] = category if known is None else known.title_vi if vi else known.title_en
    return facts


def word(value: object) -> str | None:
    """A text, None for nothing of it."""
    return value.strip() if isinstance(value, str) and value.strip() else None


def number_of(value: object) -> float | None:
    """A finite number that a source put among its properties, as number or text; None for anything else."""
    try:
        found = float(value)  # type: ignore[arg-type]  # whatever JSON holds
    except (TypeError, ValueError):
        return None
    return found if np.isfinite(found) else None
