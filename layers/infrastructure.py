"""Networks under and along the streets: thin quiet lines by kind, dotted while they are only planned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.records import Feature
from geodata.rules import network
from geodata.view import View
from layers import _assets as assets
from layers import _features as features
from layers import elements, palette, words
from layers._assets import UNKNOWN, Condition
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

FAR, POINTS, NAMES = 12.0, 13.0, 16.0
"""Under ``FAR`` only what is long on the picture; from ``POINTS`` on the points of a network, from ``NAMES`` their
names."""

LEAST_FAR_PX, LEAST_PX = 6.0, 2.0
MOST_LINES = 4000
"""Of one style: beyond it a picture gets slower and no clearer; the longest stay."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """How the lines of a kind look: tint of the palette, px, dash in px, px aside of what shares its street."""

    tint: str
    width: float
    dash: tuple[int, ...] = ()
    lane: float = 0.0


STROKES: Mapping[str, Stroke] = {
    "roads": Stroke(palette.TEXT_OFF, 1.6),
    "water_supply": Stroke(palette.TINT["sea"], 1.4, lane=2.5),
    "drainage": Stroke(palette.TINT["environment"], 1.4, (7, 3), -2.5),
    "power_grid": Stroke(palette.TINT["infrastructure"], 1.6, lane=5),
    "lighting": Stroke(palette.TINT["people"], 1.2, (3, 3), -5),
    "telecom": Stroke(palette.TINT["infrastructure"], 1.2, (8, 3, 2, 3), 7.5),
}
OTHER = Stroke(palette.TEXT3, 1.2)
OPACITY, OPACITY_FAR = 0.85, 0.55
LANES_FROM, LANES_UNTIL = 13.0, 17.0
"""Networks often share a street, in a register one line: between these zooms each keeps its lane, a few px aside, so
that all can be seen; nearer, and in every number, they lie where they are filed."""

REPAIR = ("bao tri", "sua chua", "dang sua", "maintenance", "repair")
"""Beginnings of a status, without marks: in repair; the others in ``geodata.rules.network``."""

COLUMNS = ("category_id", "condition", "state", "level", "alpha", "age_s", "mark", "length_m", "kind")


class Infrastructure(Layer):
    """``load``: one row a feature, index id; ``length_m`` of its lines; ``condition`` a category or what it is in."""

    service = "infrastructure"
    z_order = 22
    noun = ("km mạng lưới", "km of networks")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        return self.classify(reader.latest(self.service, Feature, view), view)

    def classify(self, frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """The frame with ``COLUMNS``. Pure."""
        if frame.empty:
            return assets.empty(frame, COLUMNS)
        out = features.unique(frame).copy()
        out["age_s"] = (pd.Timestamp(view.end) - out["received_at"]).dt.total_seconds()
        out["state"] = np.where(out["feed"] == "down", "unknown", "fresh")  # a map does not age as a signal does
        found = [condition_of(c, p) for c, p in zip(out["category"], out["properties"], strict=True)]
        out = assets.conditioned(out, found, conditions())
        out["category_id"] = [category_of(c) for c in out["category"]]
        out["length_m"] = network.lengths_m(out.geometry)
        out["alpha"] = 1.0
        out["mark"] = np.where(shapely.get_dimensions(out.geometry.to_numpy()) == 0, "dot", "network")
        return gpd.GeoDataFrame(out.sort_values("level", kind="stable"))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element | hv.Overlay:
        shown = assets.placed(frame)
        if shown.empty:
            return elements.of(shown)
        kind = shapely.get_dimensions(shown.geometry.to_numpy())
        parts: list[Any] = []
        least = LEAST_FAR_PX if view.zoom < FAR else LEAST_PX
        for (code, state, level), rows in shown[kind == 1].groupby(["category_id", "state", "level"], sort=False):
            lane = STROKES.get(str(code), OTHER).lane if LANES_FROM <= view.zoom < LANES_UNTIL else 0.0
            lines, ids = features.drawn_lines(rows, view, least_px=least, most=MOST_LINES, aside_px=lane)
            style = stroke_style(str(code), str(state), int(level))
            parts.append(features.path(lines, ids, **style, alpha=OPACITY_FAR if view.zoom < FAR else OPACITY))
        for (code, state, level), rows in shown[kind == 2].groupby(["category_id", "state", "level"], sort=False):
            parts.append(outlined(rows, str(code), str(state), int(level)))
        overlay: hv.Overlay = hv.Overlay([*parts, points(shown[kind == 0], view)])
        return overlay

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        items = assets.legend_of(frame, conditions(), "network")
        tints = {one.vi: STROKES.get(name, OTHER).tint for name, one in conditions().items()}
        return [replace(i, tint=tints[i.title_vi]) if i.state == "fresh" and not i.level else i for i in items]

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Kilometres of lines in service."""
        if frame.empty:
            return 0
        return round(float(frame.loc[frame["state"] != "planned", "length_m"].sum()) / 1000)

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi, more = language == "vi", row["properties"]
        facts = {
            ("Tên" if vi else "Name"): assets.text_of(row["name"]) or str(row.name),
            ("Loại" if vi else "Type"): assets.category_words(self.service, row["category"], language),
        }
        if row["length_m"] > 0:
            facts["Chiều dài" if vi else "Length"] = length_words(row["length_m"], language)
        hectares = features.area_ha(row["geometry"])
        if hectares is not None:
            facts["Diện tích" if vi else "Area"] = words.quantity(hectares, "ha", 1, language)
        named = (("Đơn vị quản lý", "Managed by", "manager"), ("Năm xây dựng", "Built in", "built"))
        for title_vi, title_en, meaning in named:
            if (told := assets.text_of(features.field(more, meaning))) is not None:
                facts[title_vi if vi else title_en] = told
        if valid := features.validity(row, language):
            facts["Hiệu lực" if vi else "Valid"] = valid
        facts["Vị trí" if vi else "Place"] = features.place_words(row, language)
        return facts | assets.ending(row, language, state_words(row, language), time="received_at")


def conditions() -> assets.Conditions:
    """A category each, as the catalogue has them, then what is not in service."""
    kinds = {c.id: Condition(c.title_vi, c.title_en) for c in catalogue.service("infrastructure").categories}
    return {
        **kinds,
        "planned": Condition("quy hoạch, chưa khai thác", "planned, not in service", 0, "planned"),
        "maintenance": Condition("đang sửa chữa", "in repair", 0, "maintenance"),
        "out": Condition("ngừng khai thác", "out of service", 2),
        "unknown": UNKNOWN,
    }


def category_of(code: Any) -> str:
    """The catalogue's category; "other" for what it does not know."""
    known = catalogue.service("infrastructure").category(assets.text_of(code))
    return known.id if known else "other"


def condition_of(code: Any, more: Any) -> str:
    """Planned, in repair or out of service when the source says so, else the category."""
    status = features.folded(features.field(more, "status"))
    found = (("planned", network.PLANNED), ("maintenance", REPAIR), ("out", network.OUT))
    return next((name for name, begins in found if status.startswith(begins)), category_of(code))


def stroke_style(code: str, state: str, level: int) -> dict[str, Any]:
    """Options of the lines of one kind, state and level."""
    stroke = STROKES.get(code, OTHER)
    color, width, dash = stroke.tint, stroke.width, stroke.dash
    if state == "unknown":
        color, dash = palette.UNKNOWN, (4, 3)
    elif state == "maintenance":
        color = palette.MAINTENANCE
    elif state == "planned":
        dash = features.DOTTED
    elif level:
        color, width = palette.SEVERITY[level], width + 1.2
    return {"line_color": color, "line_width": width, "line_dash": list(dash) or "solid"}


def outlined(rows: gpd.GeoDataFrame, code: str, state: str, level: int) -> elements.Areas:
    """Areas of a network (a reservoir, a plant): the line of its kind around a breath of fill."""
    style = stroke_style(code, state, level)
    return elements.areas(
        rows.geometry.to_numpy(),
        style["line_color"],
        ids=[str(key) for key in rows.index],
        hatch=None,
        fill_alpha=0.0 if state == "unknown" else 0.10,
        line_width=style["line_width"],
        line_dash=style["line_dash"],
    )


def points(rows: gpd.GeoDataFrame, view: View) -> elements.Marks:
    """The points of the networks, near enough; before, only those out of service."""
    shown = rows if view.zoom >= POINTS else rows[rows["level"].astype(int) >= 2]
    names = [assets.text_of(name) if view.zoom >= NAMES else None for name in shown["name"]]
    shown = shown.assign(
        mark="dot",
        scale=0.8,
        tint=[STROKES.get(code, OTHER).tint for code in shown["category_id"]],
        name=pd.Series(assets.beside(shown, names, view), shown.index, dtype=object),
    )
    return elements.of(gpd.GeoDataFrame(shown, crs=rows.crs).rename_axis("id"))


def length_words(metres: float, language: str) -> str:
    """As "840 m" or "12,4 km"."""
    if metres < 1000:
        return words.quantity(metres, "m", 0, language)
    return words.quantity(metres / 1000, "km", 1, language)


def state_words(row: pd.Series[Any], language: str) -> str:
    """What it is in; of what is in service the words for that."""
    name, told = row["condition"], features.field(row["properties"], "status")
    if name in {"planned", "maintenance", "out"} and (text := assets.text_of(told)) is not None and language == "vi":
        return text
    if name in {"planned", "maintenance", "out", "unknown"}:
        return conditions()[name].words(language)
    return "đang khai thác" if language == "vi" else "in service"
