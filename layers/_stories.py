"""Articles on the map: areas of the places they name, by how many stories and how sure the place is; never a point.

A place read from words is the wards or the province named. Stories, not articles, are counted: what three outlets tell
is one. Only where the source itself gave an exact point does an article stand at it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.geography import APPROXIMATE
from geodata.rules import story
from geodata.view import View, mercator_xy
from layers import elements, palette, states, words
from layers._named_areas import wards
from layers.base import LegendItem

SURE, LIKELY = 0.85, 0.6
"""Confidence of the place from which it counts as sure, as likely; what the gazetteer reads from words."""

ALPHAS = (0.10, 0.20, 0.30, 0.40)
"""Fill by confidence and age (look.md 3.6: 10 to 40 %)."""

MANY = (1, 2, 4, 8)
"""Least stories of a step of the ramp; one step of ``cat`` each."""

PROVINCE_FILL, PROVINCE_UNDER = 0.05, 10.0
"""A province is only a breath of colour, and nearer than this zoom no more than its edge."""

COUNTS_FROM = 8.5
RUMOUR, LEVEL_RUMOUR = "rumour", 2
MARK = "area"
ADDED = ("story", "outlets", "sure", "state", "level", "alpha", "age_s", "mark", "text", "exact")


def classify(frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """One row an article with ``story`` (id of the first that told it), ``outlets`` telling it, ``sure`` 0–1. Pure."""
    if frame.empty:
        return frame.assign(**{name: pd.Series(dtype=object) for name in ADDED})
    out = frame.copy()
    first = story.grouped(_article(str(key), row) for key, row in out.iterrows())
    out["story"] = pd.Series([first[str(key)] for key in out.index], out.index, dtype=object)
    outlets = [_outlet(row) for _, row in out.iterrows()]
    of: dict[str, list[str]] = {}
    for name, key in zip(outlets, out["story"], strict=True):
        of.setdefault(key, [])
        if name and name not in of[key]:
            of[key].append(name)
    out["outlets"] = pd.Series([of[key] for key in out["story"]], out.index, dtype=object)
    given = out["place_confidence"].isna() & ~(out.geometry.isna() | out.geometry.is_empty)
    sure = pd.to_numeric(out["place_confidence"], errors="coerce").clip(0, 1)
    out["sure"] = np.where(given, 1.0, sure.fillna(0.0))
    out["exact"] = given & (out.geometry.geom_type == "Point")
    down = (out["feed"] == "down").to_numpy()
    out["state"] = np.where(down, "unknown", "fresh")
    graded = pd.to_numeric(out["severity"], errors="coerce").fillna(0).clip(0, 5)
    rumour = (out["category"] == RUMOUR).to_numpy()
    out["level"] = np.where(down, 0, np.maximum(graded, np.where(rumour, LEVEL_RUMOUR, 0))).astype(int)
    out["age_s"] = states.age_s(out["time"], view.end)
    span = max((view.end - view.start).total_seconds(), 1.0)
    faded = 1.0 - (1.0 - palette.FADE_TO) * (out["age_s"] / span).clip(0, 1).fillna(1.0)
    out["alpha"] = np.where(down, 1.0, faded)
    return gpd.GeoDataFrame(states.ordered(out.assign(mark=MARK, text=None)), crs=frame.crs)


def _own(row: pd.Series[Any]) -> Mapping[str, Any]:
    found = row.get("properties")
    return found if isinstance(found, Mapping) else {}


def _outlet(row: pd.Series[Any]) -> str | None:
    name = _own(row).get("outlet")
    return name.strip() or None if isinstance(name, str) else None


def codes(row: pd.Series[Any]) -> tuple[str, ...]:
    """Codes of the units that the place was read as."""
    place = _own(row).get("place")
    found = place.get("codes") if isinstance(place, Mapping) else None
    return tuple(sorted(str(code) for code in found)) if isinstance(found, list) else ()


def _article(key: str, row: pd.Series[Any]) -> story.Article:
    texts = tuple(row[name] if isinstance(row[name], str) else "" for name in ("title", "description"))
    time = row["time"] if not pd.isna(row["time"]) else pd.Timestamp(0, tz="UTC")
    return story.Article(key, (*codes(row), str(row["category"])), time, texts)


def spread(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """One row an area: wards as they are, else the article's own shape; index the newest article's id.

    Columns ``stories``, ``sure`` (of the surest), ``alpha`` (of the newest), ``level``, ``province``, geometry.
    """
    areal = frame[~(frame.geometry.isna() | frame.geometry.is_empty | frame["exact"].astype(bool))]
    parts: list[dict[str, Any]] = []
    for key, row in areal.iterrows():
        own = [(code, wards()[code]) for code in codes(row) if code in wards()]
        for name, shape in own or [(shapely.to_wkb(row.geometry, hex=True), row.geometry)]:
            province = row["place_level"] == "province" and not own
            parts.append({"where": name, "geometry": shape, "id": str(key), "story": row["story"], "sure": row["sure"],
                          "alpha": row["alpha"], "level": row["level"], "state": row["state"], "time": row["time"],
                          "province": province})  # fmt: skip
    rows: dict[str, dict[str, Any]] = {}
    for _, group in pd.DataFrame(parts).groupby("where") if parts else ():
        newest = group.sort_values("time").iloc[-1]
        known = group[group["state"] == "fresh"]
        rows[newest["id"] + newest["where"][:12]] = {
            "id": newest["id"],
            "geometry": newest["geometry"],
            "stories": group["story"].nunique(),
            "sure": float(group["sure"].max()),
            "alpha": float(group["alpha"].max()),
            "level": int(known["level"].max()) if len(known) else 0,
            "state": "fresh" if len(known) else "unknown",
            "province": bool(newest["province"]),
        }
    names = ["id", "geometry", "stories", "sure", "alpha", "level", "state", "province"]
    table = pd.DataFrame(list(rows.values()), columns=names)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=4326)


def shading(frame: gpd.GeoDataFrame, view: View) -> list[Any]:
    """The elements of articles: areas by count and confidence with dotted edges, counts in them, exact points."""
    if frame.empty:
        return []
    areas = spread(frame)
    parts: list[Any] = []
    style = [_style(row, view) for _, row in areas.iterrows()]
    for key in sorted(set(style), key=lambda s: (s[3], s[1])):
        rows = areas[[one == key for one in style]]
        color, alpha, edge, _ = key
        parts.append(
            elements.areas(
                rows.geometry.to_numpy(), color, ids=list(rows["id"]), hatch=None, fill_alpha=alpha,
                line_color=edge, line_width=1.2, line_dash="dotted",
            )
        )  # fmt: skip
    return [*parts, numbers(areas, view), points(frame)]


def _style(row: pd.Series[Any], view: View) -> tuple[str, float, str, int]:
    """Fill, its opacity, edge, order: provinces below, rumours above."""
    step = sum(row["stories"] >= least for least in MANY)
    color = palette.RAMPS["cat"][step]
    share = float(row["sure"]) * float(row["alpha"])
    alpha = next((a for a, limit in zip(ALPHAS, (0.35, 0.55, 0.75), strict=False) if share < limit), ALPHAS[-1])
    if row["province"]:
        alpha = PROVINCE_FILL if view.zoom < PROVINCE_UNDER else 0.0
    if row["state"] == "unknown":
        return color, alpha, palette.UNKNOWN, 3
    level = int(row["level"])
    return (
        color,
        alpha,
        palette.SEVERITY.get(level, palette.RAMPS["cat"][3]),
        0 if row["province"] else 2 if level else 1,
    )


def numbers(areas: gpd.GeoDataFrame, view: View) -> elements.Marks:
    """The count of stories in each area; a rumour's in its level's frame. From afar only what is abnormal."""
    shown = areas[areas["level"] >= 2] if view.zoom < COUNTS_FROM else areas
    shown = shown[~shown["province"].astype(bool) | (shown["level"] >= 2)]
    if shown.empty:
        return elements.of({"x": [], "y": [], "mark": []})
    points_ = shapely.get_coordinates([middle(shape) for shape in shown.geometry])
    x, y = mercator_xy(points_[:, 0], points_[:, 1])
    loud = (shown["level"].astype(int) >= 1) | (shown["state"] == "unknown")
    rows = pd.DataFrame({"x": x, "y": y, "id": shown["id"].to_numpy(), "level": shown["level"].to_numpy(int)})
    rows["mark"] = np.where(loud, "ward_count", "label")
    rows["kind"], rows["alpha"] = "warning", 1.0
    rows["state"] = shown["state"].to_numpy()
    rows["tint"] = palette.RAMPS["cat"][4]
    rows["dy"] = np.where(loud, 0.0, COUNT_DY)
    rows["text"] = [words.number(int(n)) for n in shown["stories"]]
    return elements.of(rows)


COUNT_DY = 15.0
"""Under the place where a map puts the name of the ward."""


def middle(shape: shapely.Geometry) -> shapely.Point:
    """The visual centre of the widest part."""
    parts = [p for p in shapely.get_parts(shape) if p.area > 0]
    if not parts:
        return shapely.point_on_surface(shape)
    widest = max(parts, key=lambda p: float(p.area))
    circle = shapely.maximum_inscribed_circle(widest, tolerance=max(float(widest.area) ** 0.5 / 40, 1e-6))
    return shapely.Point(circle.coords[0])


def points(frame: gpd.GeoDataFrame) -> elements.Marks:
    """Articles whose source gave the very place."""
    exact = frame[frame["exact"].astype(bool)] if len(frame) else frame
    if exact.empty:
        return elements.of({"x": [], "y": [], "mark": []})
    rows = exact[["geometry", "state", "level", "alpha"]].assign(mark="dot", tint=palette.RAMPS["cat"][3])
    return elements.of(gpd.GeoDataFrame(rows, crs=frame.crs).rename_axis("id"))


def legend(frame: gpd.GeoDataFrame) -> list[LegendItem]:
    """Articles by how sure their place is, those without one, rumours, feed down; each counted once."""
    if frame.empty:
        return [LegendItem(mark=MARK, title_vi="bài có nơi chắc chắn", title_en="articles, place sure", count=0)]
    known = (frame["state"] == "fresh") & (frame["level"].astype(int) < LEVEL_RUMOUR)
    placed = ~(frame.geometry.isna() | frame.geometry.is_empty)
    sure = frame["sure"].astype(float)
    rows = [
        ("bài có nơi chắc chắn", "articles, place sure", "fresh", 0, known & placed & (sure >= SURE)),
        ("nơi khá chắc", "place likely", "fresh", 0, known & placed & (sure < SURE) & (sure >= LIKELY)),
        ("nơi phỏng đoán", "place guessed", "fresh", 0, known & placed & (sure < LIKELY)),
        ("không rõ nơi, chỉ trong bảng", "no place, only in the table", "fresh", 0, known & ~placed),
    ]
    for at in range(LEVEL_RUMOUR, 6):
        mask = (frame["state"] == "fresh") & (frame["level"].astype(int) == at)
        rumours = bool((frame["category"][mask] == RUMOUR).any())
        said = (
            ("tin đồn cần xác minh", "rumours to verify") if rumours else (f"bài cấp {at}", f"articles of level {at}")
        )
        rows.append((*said, "fresh", at, mask))
    rows.append(("chưa rõ, mất nguồn", "unknown, feed down", "unknown", 0, frame["state"] == "unknown"))
    return [
        LegendItem(mark=MARK, title_vi=vi, title_en=en, state=state, level=at, count=int(mask.sum()))
        for i, (vi, en, state, at, mask) in enumerate(rows)
        if i == 0 or mask.any()
    ]


def inspect(row: pd.Series[Any], service: str, language: str) -> Mapping[str, str]:
    """An article in the order in which it is asked about: what, where and how sure, who tells it, when."""
    vi = language == "vi"
    facts = {("Tiêu đề" if vi else "Title"): _text(row["title"]) or words.NOTHING}
    category = row["category"] if isinstance(row["category"], str) else ""
    known = catalogue.service(service).category(category)
    if known is not None or category:
        facts["Chủ đề" if vi else "Topic"] = category if known is None else known.title_vi if vi else known.title_en
    if int(row["level"]) >= LEVEL_RUMOUR and category == RUMOUR:
        facts["Cần làm" if vi else "To do"] = "xác minh, trả lời" if vi else "verify and answer"
    facts["Nơi" if vi else "Place"] = where(row, language)
    if _text(row["description"]):
        facts["Tóm tắt" if vi else "Summary"] = str(_text(row["description"]))
    if row["outlets"]:
        n = words.number(len(row["outlets"]), 0, language)
        facts["Cơ quan đưa tin" if vi else "Told by"] = f"{n}: {', '.join(row['outlets'])}"
    if _text(row["url"]):
        facts["Liên kết" if vi else "Link"] = str(row["url"])
    state = "chưa rõ, mất nguồn" if vi else "unknown, feed down"
    facts["Trạng thái" if vi else "State"] = state if row["state"] == "unknown" else states.said("fresh", language)
    facts["Đăng lúc" if vi else "Published"] = words.moment(row["time"])
    facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
    return facts


def where(row: pd.Series[Any], language: str) -> str:
    """The place's names with the confidence, or that there is none."""
    vi = language == "vi"
    if row.geometry is None or row.geometry.is_empty:
        return "không rõ nơi" if vi else "unknown"
    place = _own(row).get("place")
    names = place.get("names") if isinstance(place, Mapping) else None
    told = ", ".join(str(name) for name in names) if isinstance(names, list) else ""
    if row["sure"] >= 1 and not told:
        return "theo nguồn tin" if vi else "as the source gives it"
    sure = words.percent(float(row["sure"]), 0, language)
    text = f"{told or words.NOTHING}, {'độ tin cậy' if vi else 'confidence'} {sure}"
    return f"{text}, {APPROXIMATE['vi' if vi else 'en']}"


def _text(value: object) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None


def stories(frame: gpd.GeoDataFrame) -> int:
    """How many stories the articles tell."""
    return int(frame["story"].nunique()) if len(frame) else 0
