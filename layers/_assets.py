"""What the layers of assets share: one row a thing with all that it measures, conditions, legends, words beside marks.

A *condition* is the one word for what an asset is in; marks, legend and panel all say it from the same table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.view import Bounds, View, mercator_xy
from layers import states, words
from layers.badges import WALL_FROM_PX
from layers.base import LegendItem
from layers.labels import Boxes
from layers.lettering import width

OF_THE_NEWEST = (
    *("time", "received_at", "source", "simulated"),
    *("feed", "feed_since", "feed_lost", "cadence_s", "late_factor"),
)
"""What a thing takes over from the newest thing it measured."""

WORDS_MOST = 400
"""Marks of one picture that may have words beside them; the most abnormal first."""

WORDS_PX, MARK_PX = 12, 8


@dataclass(frozen=True, slots=True)
class Condition:
    """``state`` None leaves the row's own state; ``always`` has its row in the legend when nothing is in it;
    ``mark`` where it is not the layer's own.
    """

    vi: str
    en: str
    level: int = 0
    state: str | None = None
    kind: str | None = None
    always: bool = False
    mark: str | None = None

    def words(self, language: str) -> str:
        return self.vi if language == "vi" else self.en


SILENT = Condition("mất tín hiệu", "silent", 2, "silent")
UNKNOWN = Condition("chưa rõ, mất nguồn", "unknown, feed down", 0, "unknown")
Conditions = Mapping[str, Condition]


@dataclass(frozen=True, slots=True)
class Value:
    """The newest result of one observed property: a finite number or a word, and when it was so."""

    result: float | str
    time: pd.Timestamp


Values = Mapping[str, Value]


def empty(frame: gpd.GeoDataFrame, columns: Iterable[str]) -> gpd.GeoDataFrame:
    """The empty frame with those columns."""
    return frame.assign(**{name: pd.Series(dtype=object) for name in columns})


def values_of(latest: pd.DataFrame) -> dict[str, dict[str, Value]]:
    """Newest results by thing and observed property; a result that is neither a number nor a word says nothing."""
    out: dict[str, dict[str, Value]] = {}
    if latest.empty:
        return out
    rows = zip(
        latest["id"], latest["observed_property"], latest["result"], latest["result_text"], latest["time"], strict=True
    )
    for thing, name, result, text, time in rows:
        value = text_of(text) if (found := number_of(result)) is None else found
        if value is not None:
            out.setdefault(str(thing), {})[str(name)] = Value(value, time)
    return out


def joined(things: gpd.GeoDataFrame, latest: pd.DataFrame) -> gpd.GeoDataFrame:
    """One row a thing, index id, with ``results`` and ``measures``; time and feed are those of its newest result.

    A thing that was never described is there too, without a name and a place.
    """
    out = things.copy()
    newest = latest.sort_values("time", kind="stable").groupby("id").tail(1).set_index("id") if len(latest) else latest
    if len(latest):
        strange = newest.index.difference(out.index)
        if len(strange):
            out = out.reindex(out.index.append(strange))
        for name in OF_THE_NEWEST:
            newer = newest[name].to_dict()
            merged = [newer.get(key, value) for key, value in zip(out.index, out[name], strict=True)]
            out[name] = pd.Series(merged, out.index, dtype=newest[name].dtype)
    by = values_of(latest)
    out["results"] = pd.Series([by.get(str(key), {}) for key in out.index], out.index, dtype=object)
    out["measures"] = pd.Series([key in newest.index for key in out.index], out.index, dtype=bool)
    out["properties"] = pd.Series([own(p) for p in out["properties"]], out.index, dtype=object)
    return out


def aged(frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """States by age; of a thing that measures nothing no signal is due, so only its feed can be lost."""
    out = gpd.GeoDataFrame(states.classify(frame, view.end), crs=frame.crs)
    quiet = ~out["measures"].astype(bool) & (out["state"] != "unknown")
    out.loc[quiet, "state"] = "fresh"
    out["alpha"] = 1.0  # these stand still: a fade over minutes says nothing that ``late`` does not say
    return out


def conditioned(frame: gpd.GeoDataFrame, found: Sequence[str], conditions: Conditions) -> gpd.GeoDataFrame:
    """The frame with ``condition``, and level and state as it has them; a lost feed goes before everything."""
    out = frame.copy()
    down = (out["state"] == "unknown").to_numpy()
    out["condition"] = np.where(down, "unknown", np.asarray(found, dtype=object))
    table = [conditions[name] for name in out["condition"]]
    out["level"] = np.array([one.level for one in table], dtype=int)
    before = out["state"].to_numpy()
    out["state"] = [one.state or state for one, state in zip(table, before, strict=True)]
    out["kind"] = pd.Series([one.kind for one in table], out.index, dtype=object)
    return out


def legend_of(frame: pd.DataFrame, conditions: Conditions, mark: str) -> list[LegendItem]:
    """A row a condition, in the order of the table, with how many are in it."""
    counts = frame["condition"].value_counts().to_dict() if len(frame) else {}
    return [
        LegendItem(
            mark=one.mark or mark,
            title_vi=one.vi,
            title_en=one.en,
            state=one.state or "fresh",
            level=one.level,
            count=int(counts.get(name, 0)),
        )
        for name, one in conditions.items()
        if counts.get(name) or one.always
    ]


def wider(view: View, reach_deg: float) -> View:
    """The view with so many degrees more on every side: a parent and all its children must be seen together."""
    box = view.bounds
    west, east = max(-180.0, box.west - reach_deg), min(180.0, box.east + reach_deg)
    south, north = max(-85.0, box.south - reach_deg), min(85.0, box.north + reach_deg)
    return replace(view, bounds=Bounds(west, south, east, north))


def within(frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """The rows in the view's bounds, and those without a place."""
    box = view.bounds
    inside = shapely.intersects(frame.geometry.to_numpy(), shapely.box(box.west, box.south, box.east, box.north))
    return frame[inside | (frame.geometry.isna() | frame.geometry.is_empty).to_numpy()]


def own(value: Any) -> Mapping[str, Any]:
    """Properties of a row, whatever it holds."""
    return value if isinstance(value, Mapping) else {}


def text_of(value: Any) -> str | None:
    """Words of a cell; None for nothing, NaN and blanks."""
    if value is None or (isinstance(value, float) and not isfinite(value)) or value is pd.NaT or value is pd.NA:
        return None
    return str(value).strip() or None


def number_of(value: Any) -> float | None:
    """A finite number of a cell or of a word that is one ("12,5" too); None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(str(value).replace(",", ".")) if isinstance(value, str) else float(value)
    except (TypeError, ValueError):
        return None
    return found if isfinite(found) else None


def first(properties: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The first of those properties that says something; sources name the same thing differently."""
    return next((properties[name] for name in names if text_of(properties.get(name)) is not None), None)


def category_words(service: str, code: Any, language: str) -> str:
    """The catalogue's title of a category, else the source's own word."""
    told = text_of(code)
    known = catalogue.service(service).category(told)
    return known.title(language) if known else told or words.NOTHING


def measured(service: str, values: Values, language: str, without: Iterable[str] = ()) -> dict[str, str]:
    """Every number that the thing measures, by the catalogue's title and in its order."""
    aside, facts = set(without), {}
    for prop in catalogue.service(service).observed_properties:
        value = values.get(prop.id)
        if value is None or prop.id in aside or isinstance(value.result, str):
            continue
        facts[prop.title(language)] = words.quantity(value.result, prop.unit, prop.decimals, language)
    return facts


def ending(row: pd.Series[Any], language: str, state: str, *, time: str = "time") -> dict[str, str]:
    """The last facts of every panel: the state in words, the time of the value (column ``time``), its age."""
    vi, at = language == "vi", row[time]
    age = words.age(number_of(row.get("age_s")), language, at=None if pd.isna(at) else at)
    return {
        ("Trạng thái" if vi else "State"): state,
        ("Cập nhật lúc" if vi else "Updated"): words.moment(at),
        ("Tuổi" if vi else "Age"): age,
    }


def placed(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The rows that have a place."""
    return frame[~(frame.geometry.isna() | frame.geometry.is_empty)]


def beside(frame: gpd.GeoDataFrame, texts: Sequence[str | None], view: View) -> list[str | None]:
    """Which of the words fit at the right of their marks: none lies on another word or mark. The last rows go first.

    Rows have places (EPSG:4326); the answer has one entry a row, None where there is no room. A wall has none: twelve
    px times 2.2 could not be read from six metres (look.md 3.3).
    """
    out: list[str | None] = [None] * len(frame)
    if view.width_px > WALL_FROM_PX or not any(texts):
        return out
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    x0, _, _, y1 = view.bounds.mercator
    xs, ys = mercator_xy(shapely.get_x(points), shapely.get_y(points))
    scale = view.resolution_m
    at = [((x - x0) / scale, (y1 - y) / scale) for x, y in zip(xs, ys, strict=True)]
    wide, high = view.width_px, view.height_px
    seen = [i for i in range(len(at) - 1, -1, -1) if 0 <= at[i][0] <= wide and 0 <= at[i][1] <= high][:WORDS_MOST]
    boxes = Boxes([(at[i][0] - MARK_PX, at[i][1] - MARK_PX, at[i][0] + MARK_PX, at[i][1] + MARK_PX) for i in seen])
    for i in seen:
        text, (x, y) = texts[i], at[i]
        if not text:
            continue
        room = (x + MARK_PX + 2, y - MARK_PX, x + WORDS_PX + 2 + width(text, WORDS_PX), y + MARK_PX)
        if boxes.free(room, gap=1):
            boxes.take(room)
            out[i] = text
    return out


def inside(frame: gpd.GeoDataFrame, texts: Sequence[str], view: View) -> list[bool]:
    """Which of the words fit centred on their areas, whole and clear of each other; the first row goes first."""
    points = shapely.point_on_surface(frame.geometry.to_numpy())
    x0, _, _, y1 = view.bounds.mercator
    xs, ys = mercator_xy(shapely.get_x(points), shapely.get_y(points))
    scale, boxes, out = view.resolution_m, Boxes(), []
    for x, y, text in zip((xs - x0) / scale, (y1 - ys) / scale, texts, strict=True):
        half = width(text, WORDS_PX) / 2
        room = (x - half, y - MARK_PX, x + half, y + MARK_PX)
        whole = room[0] >= 0 and room[1] >= 0 and room[2] <= view.width_px and room[3] <= view.height_px
        out.append(bool(whole and boxes.free(room, gap=4)))
        if out[-1]:
            boxes.take(room)
    return out
