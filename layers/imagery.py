"""Radar, satellite and other images under all layers, each with its time; what cannot be shown says why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.records import Coverage
from geodata.view import View, mercator
from layers import badges, elements, palette, states, words
from layers._pictures import NoPicture, Picture, Pictures, Wanted
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

ORDER = ("orthophoto", "satellite", "other", "flood_extent", "radar_3d", "radar_rain")
"""From below."""

BASE_ALPHA = {"satellite": 0.32, "orthophoto": 0.75, "other": 0.6}
"""A map stays a map under its clouds; rain and water bring their own opacity (look.md 2.6)."""

LATE_ALPHA, OLD_ALPHA = 0.75, 0.45
"""Shares of it for an image that is late, that is too old or whose feed is down."""

COVERED = 0.5
"""An older image that a newer one of its kind covers by this share is not shown."""

LEAST_ALPHA = 0.2
MARK = "image"
STAMP_PX, STAMP_TOP_PX = 17.0, 20.0
COLUMNS = ("picture", "reason", "kind", "state", "level", "alpha", "age_s", "mark", "stamp")


class Imagery(Layer):
    """``load``: one row an image that is shown, newest of its kind, index id; ``picture`` or the ``reason`` for none.

    Pictures are kept in this object, at most ``layers._pictures.KEPT``, and read again when their file changes.
    """

    service = "imagery"
    z_order = 5
    noun = ("ảnh đang hiển thị", "images shown")

    def __init__(self) -> None:
        self.pictures = Pictures()

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        found = newest(reader.latest(self.service, Coverage, view))
        return self.classify(found, [self.picture(row, view) for _, row in found.iterrows()], view)

    def picture(self, row: pd.Series[Any], view: View) -> Picture | NoPicture:
        """The image of a row, or why there is none."""
        try:
            return self.pictures.get(wanted(row), view)
        except NoPicture as reason:
            return reason

    def classify(
        self, frame: gpd.GeoDataFrame, pictures: Sequence[Picture | NoPicture], view: View
    ) -> gpd.GeoDataFrame:
        """The images with ``COLUMNS``, the lowest first. Pure."""
        if frame.empty:
            return frame.assign(**{name: pd.Series(dtype=object) for name in COLUMNS})
        out = gpd.GeoDataFrame(states.classify(frame, view.end), crs=frame.crs)
        shown = [one if isinstance(one, Picture) else None for one in pictures]
        why = [one.words if isinstance(one, NoPicture) else None for one in pictures]
        out["picture"] = pd.Series(shown, out.index, dtype=object)
        out["reason"] = pd.Series(why, out.index, dtype=object)
        known = out["category"].where(out["category"].isin(ORDER), "other")
        out["kind"] = known
        missing = out["picture"].isna() & (out["state"] != "unknown")
        out.loc[missing, "state"] = "silent"
        out["level"] = np.where(out["state"] == "silent", 2, 0)
        faded = {"late": LATE_ALPHA, "silent": OLD_ALPHA, "unknown": OLD_ALPHA}
        base = [BASE_ALPHA.get(kind, 1.0) for kind in known]
        share = [faded.get(state, 1.0) for state in out["state"]]
        out["alpha"] = np.maximum(np.multiply(base, share), LEAST_ALPHA)
        out["mark"] = MARK
        out["stamp"] = [stamp(row) for _, row in out.iterrows()]
        rank = known.map({name: i for i, name in enumerate(ORDER)})
        return gpd.GeoDataFrame(out.loc[rank.sort_values(kind="stable").index], crs=frame.crs)

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
        parts: list[Any] = []
        for _, row in frame.iterrows():
            if row["picture"] is not None:
                one: Picture = row["picture"]
                image = hv.RGB(one.rgba, bounds=one.box, vdims=["R", "G", "B", "A"])
                parts.append(image.opts(alpha=float(row["alpha"]), backend="bokeh"))
        return hv.Overlay([*parts, stamps(frame, view), missing(frame)])

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        if frame.empty:
            return [LegendItem(mark=MARK, title_vi="chưa có ảnh", title_en="no image", count=0)]
        items = []
        for state, at in (("fresh", 0), ("late", 0), ("silent", 2), ("unknown", 0)):
            rows = frame[frame["state"] == state]
            for kind in dict.fromkeys(rows["kind"]):
                same = rows[rows["kind"] == kind]
                vi, en = (
                    f"{title(kind, tongue)}{said}" for tongue, said in zip(("vi", "en"), SAID[state], strict=True)
                )
                items.append(LegendItem(mark=MARK, title_vi=vi, title_en=en, state=state, level=at, count=len(same)))
        return items

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Images that can be shown."""
        return int(frame["picture"].notna().sum()) if len(frame) else 0

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        facts = {("Ảnh" if vi else "Image"): title(row["kind"], language)}
        if row["reason"] is not None:
            facts["Không hiển thị được" if vi else "Not shown"] = row["reason"][not vi]
        else:
            facts["Màu" if vi else "Colours"] = row["picture"].scale[not vi]
            facts["Độ rõ" if vi else "Opacity"] = words.percent(float(row["alpha"]), 0, language)
        own = row["properties"] if isinstance(row["properties"], Mapping) else {}
        width, height = own.get("width"), own.get("height")
        if isinstance(width, int) and isinstance(height, int):
            size = f"{words.number(width, 0, language)} × {words.number(height, 0, language)}"
            facts["Kích thước" if vi else "Size"] = f"{size} {'điểm ảnh' if vi else 'pixels'}"
        facts["Trạng thái" if vi else "State"] = states.said(row["state"], language)
        facts["Chụp lúc" if vi else "Taken"] = words.moment(row["time"])
        facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
        return facts


SAID = {
    "fresh": ("", ""),
    "late": (", trễ", ", late"),
    "silent": (", quá cũ hoặc thiếu tệp", ", too old or file missing"),
    "unknown": (", chưa rõ, mất nguồn", ", unknown, feed down"),
}


def title(kind: str, language: str) -> str:
    """The category's title in the catalogue."""
    known = catalogue.service("imagery").category(kind)
    if known is None:
        return "Ảnh khác" if language == "vi" else "Other image"
    return known.title_vi if language == "vi" else known.title_en


def wanted(row: pd.Series[Any]) -> Wanted:
    """What is asked of the row's file. The unit stands in the properties or the tags of the file."""
    own = row["properties"] if isinstance(row["properties"], Mapping) else {}
    told = own.get("tags")
    tags = told if isinstance(told, Mapping) else {}
    units = [own.get("unit"), *(tags.get(name) for name in ("DON_VI", "UNIT", "UNITS", "units"))]
    srid = own.get("srid")
    return Wanted(
        href=str(row["href"] or ""),
        category=str(row["category"] or ""),
        media_type=str(row["media_type"] or ""),
        unit=next((unit for unit in units if isinstance(unit, str) and unit), ""),
        srid=srid if isinstance(srid, int) else None,
        footprint=row.geometry,
    )


def newest(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Of each category the newest image, and older ones only where no newer one lies: sheets side by side all stay."""
    kept: list[Any] = []
    covered: dict[str, shapely.Geometry] = {}
    for key, row in frame.sort_values("time", ascending=False, kind="stable").iterrows():
        kind, shape = str(row["category"]), row.geometry
        under = covered.get(kind)
        if under is not None:
            if shape is None or shape.area == 0 or shapely.intersection(shape, under).area >= COVERED * shape.area:
                continue
            covered[kind] = shapely.union(under, shape)
        else:
            covered[kind] = shape if shape is not None else shapely.Polygon()
        kept.append(key)
    return gpd.GeoDataFrame(frame.loc[kept], crs=frame.crs)


def stamp(row: pd.Series[Any]) -> str:
    """What stands on the map: the kind, its time, and its age when it is not fresh."""
    said = (
        f"{title(row['kind'], 'vi')} {words.clock(row['time'])}"
        if not pd.isna(row["time"])
        else title(row["kind"], "vi")
    )
    if row["state"] == "unknown":
        return f"{said}, mất nguồn"
    return said if row["state"] == "fresh" else f"{said}, {words.age(row['age_s'], 'vi', at=row['time'])} trước"


def stamps(frame: gpd.GeoDataFrame, view: View) -> elements.Marks:
    """The times of the images that are shown, at the middle of their upper edge in the view, one under another."""
    k = palette.WALL_FACTOR if view.width_px > badges.WALL_FROM_PX else 1.0
    shown = frame[frame["picture"].notna()] if len(frame) else frame
    x0, y0, x1, y1 = view.bounds.mercator
    rows: list[dict[str, Any]] = []
    for key, row in shown.iloc[::-1].iterrows():
        west, south, east, north = row["picture"].box
        left, right, top = max(west, x0), min(east, x1), min(north, y1)
        if left >= right or max(south, y0) >= top:
            continue
        tint = palette.UNKNOWN if row["state"] == "unknown" else palette.TEXT2
        place = {"x": (left + right) / 2, "y": top - STAMP_TOP_PX * k * view.resolution_m, "dy": STAMP_PX * len(rows)}
        rows.append(place | {"mark": "label", "text": row["stamp"], "kind": "place", "tint": tint, "id": str(key)})
    names = ("x", "y", "mark", "text", "kind", "tint", "dy", "id")
    return elements.of(pd.DataFrame(rows, columns=list(names)))


def missing(frame: gpd.GeoDataFrame) -> elements.Marks:
    """A hollow mark in the middle of the footprint of each image that cannot be shown."""
    lost = frame[frame["picture"].isna()] if len(frame) else frame
    rows = []
    for key, row in lost.iterrows():
        if row.geometry is None or row.geometry.is_empty:
            continue
        middle = row.geometry.centroid
        x, y = mercator(middle.x, max(min(middle.y, 85.0), -85.0))
        rows.append({"x": x, "y": y, "mark": MARK, "state": row["state"], "level": int(row["level"]), "id": str(key)})
    return elements.of(pd.DataFrame(rows, columns=["x", "y", "mark", "state", "level", "id"]))
