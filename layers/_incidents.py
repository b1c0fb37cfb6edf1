"""Events as rows of a layer: what goes on now, what is over, how bad, how old."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.rules import incident
from geodata.rules.masking import masked
from geodata.view import View
from layers import states, words
from layers._rows import more, text
from layers.base import LegendItem

FIELDS = ("open", "state", "level", "alpha", "age_s", "mark")
SHOULDER_PX = (9.0, -9.0)
"""Where an incident stands that a device reports from its own place: at the shoulder of the device's mark."""


def classify(events: gpd.GeoDataFrame, view: View, mark: str) -> gpd.GeoDataFrame:
    """The events that happened, with ``FIELDS``: open ones with their level, those over paler the longer ago.

    ``age_s`` counts from the beginning. An open event whose feed is down may be over by now: it is unknown.
    """
    if events.empty:
        return events.assign(**{name: pd.Series(dtype=object) for name in FIELDS})
    now = pd.Timestamp(view.end)
    courses = incident.courses(events, now)
    out = events[courses != "never"].copy()
    is_open = courses[courses != "never"] == "open"
    lost = is_open & (out["feed"].to_numpy() == "down")
    levels = np.array([incident.level(None if pd.isna(s) else float(s)) for s in out["severity"]], int)
    window_s = (view.end - view.start).total_seconds()
    since_end = (now - out["end_time"].fillna(out["time"])).dt.total_seconds()
    out["open"] = is_open
    out["state"] = np.where(lost, "unknown", "fresh")
    out["level"] = np.where(is_open & ~lost, levels, 0)
    out["alpha"] = np.where(is_open, 1.0, [incident.faded(s, window_s) for s in since_end])
    out["age_s"] = (now - out["time"]).dt.total_seconds()
    out["mark"] = mark
    return gpd.GeoDataFrame(states.ordered(out))


def of_window(events: gpd.GeoDataFrame, view: View) -> pd.Series[bool]:
    """Of classified events those that the window meets: over after its start, begun inside it, or going on."""
    ended = events["end_time"].fillna(events["time"]) > pd.Timestamp(view.start)
    found: pd.Series[bool] = ended | events["open"].astype(bool)
    return found


def beside(marks: pd.DataFrame, px_m: float, near: pd.Series[bool]) -> pd.DataFrame:
    """The rows of ``near`` moved to the shoulder of what stands at their place; x, y in EPSG:3857."""
    dx, dy = SHOULDER_PX
    return marks.assign(
        x=marks["x"] + np.where(near, dx * px_m, 0.0),
        y=marks["y"] - np.where(near, dy * px_m, 0.0),
    )


def one_a_place(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Without those that are over, of a device that reported something since or more than one: they lie on one spot."""
    if "thing_id" not in frame or "open" not in frame:
        return frame
    told = frame[frame["thing_id"].notna() & frame["open"].notna()]
    told = told.assign(open=told["open"].astype(bool)).sort_values(["open", "time"])
    repeated = told.index[told.duplicated("thing_id", keep="last") & ~told["open"]]
    return gpd.GeoDataFrame(frame[~frame.index.isin(repeated)])


def legend(
    frame: pd.DataFrame, mark: str, title: tuple[str, str], over: tuple[str, str], levels: Sequence[int] = (1, 2, 3, 4)
) -> list[LegendItem]:
    """Those that are over, then the open ones by level, then the unknown; only what there is."""
    if frame.empty:
        return []
    is_open, state, level = frame["open"].astype(bool), frame["state"], frame["level"].astype(int)
    rows = [(*over, "fresh", 0, int((~is_open & (state != "unknown")).sum()))]
    known = is_open & (state != "unknown")
    rows += [
        (f"{title[0]}, mức {at}", f"{title[1]}, level {at}", "fresh", at, int((known & (level == at)).sum()))
        for at in (0, *levels)
    ]
    rows.append((*UNKNOWN, "unknown", 0, int((state == "unknown").sum())))
    return [LegendItem(mark=mark, title_vi=v, title_en=e, state=s, level=a, count=n) for v, e, s, a, n in rows if n]


UNKNOWN = ("chưa rõ, mất nguồn", "unknown, feed down")


def lasting(row: pd.Series[Any], language: str) -> str:
    """As "đang diễn ra, 26 phút", "đã xong, kéo dài 2 giờ 05", or that it is not known whether it goes on."""
    vi, span = language == "vi", words.age(row.get("age_s"), language, at=row["time"])
    if row["state"] == "unknown":
        return "chưa rõ, mất nguồn" if vi else "unknown, feed down"
    if row["open"]:
        return f"đang diễn ra, {span}" if vi else f"going on, {span}"
    if pd.isna(row["end_time"]):
        return "đã xong" if vi else "over"
    lasted = words.age((row["end_time"] - row["time"]).total_seconds(), language)
    return f"đã xong, kéo dài {lasted}" if vi else f"over, lasted {lasted}"


def level_words(row: pd.Series[Any], language: str) -> str:
    """The source's own rating, or that there is none."""
    vi, told = language == "vi", row.get("severity")
    if told is None or pd.isna(told):
        return "nguồn không nêu" if vi else "not rated by the source"
    return f"mức {int(told)}" if vi else f"level {int(told)}"


def where(row: pd.Series[Any], language: str) -> str:
    """The ward that the source names, or how sure the place is."""
    vi, ward = language == "vi", text(more(row).get("ward"))
    if ward:
        return ward
    known: Mapping[str, tuple[str, str]] = {
        "point": ("tại điểm trên bản đồ", "at the point on the map"),
        "ward": ("trong phường, xã", "somewhere in the ward"),
        "province": ("trong thành phố", "somewhere in the city"),
    }
    level = text(row.get("place_level")) or ""
    if level in known:
        return known[level][0 if vi else 1]
    shape = row.get("geometry")
    if shape is None or shape.is_empty:
        return "không rõ điểm" if vi else "no place told"
    return known["point"][0 if vi else 1]


def mask(frame: gpd.GeoDataFrame, columns: Sequence[str] = ("title", "description")) -> gpd.GeoDataFrame:
    """The frame with telephone numbers, plates and identity numbers of its texts dotted out."""
    known = {
        name: [None if (told := text(value)) is None else masked(told) for value in frame[name]]
        for name in columns
        if name in frame
    }
    return frame.assign(**{name: pd.Series(values, frame.index, dtype=object) for name, values in known.items()})
