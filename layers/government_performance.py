"""Targets of wards and agencies: wards shaded by the share they met, in five fixed classes; a missed target stands out.

A body without an area (an agency, the province) is listed, never drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd

from geodata import catalogue
from geodata.records import Observation, Thing
from geodata.rules import small_numbers, target
from geodata.view import View
from layers import _agencies, _houses, _shading, _wards, elements, states, words
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

MAIN, PLAN = "targets_met", "targets_met_plan"
PLANS = {"targets_met": PLAN, "disbursement": "disbursement_plan"}
"""A rate to the property that holds what was planned for it."""

SCALE = _shading.Scale(target.BOUNDS, "cat", "%", "%")
NUMBERED_FROM, GLYPH_SCALE_FAR, GLYPH_SCALE, ASIDE_PX = 11.0, 0.6, 0.75, 30.0
"""View zoom from which a ward says its rate; the size of the level's glyph before and after it; px beside the rate."""

COLUMNS = ("rate", "plan", "n", "missing", "class_", "area", "ward", "approximate", "tint", "values")


class GovernmentPerformance(Layer):
    """``load``: one row a body, index id: ``rate`` and ``plan`` in %, ``n`` targets, ``missing`` of them to the plan.

    ``rate`` is NaN when unknown or of fewer than ``small_numbers.LEAST_N`` targets.
    """

    service = "government_performance"
    z_order = 12
    noun = ("đơn vị", "bodies")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        around = _wards.wide(view)
        latest = reader.latest(self.service, Observation, around)
        return self.classify(latest, reader.latest(self.service, Thing, around), view)

    def classify(self, latest: gpd.GeoDataFrame, things: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """One row a body with ``COLUMNS``, those without any number too. Pure."""
        rows = _shading.wide_rows(latest, (MAIN,))
        silent = things[~things.index.isin(rows.index)] if len(things) else things
        if len(silent):
            empty = silent.assign(id=silent.index.astype(str), phenomenon_end=pd.NaT)
            empty["values"] = [{} for _ in range(len(empty))]
            rows = gpd.GeoDataFrame(pd.concat([rows, empty]) if len(rows) else empty, crs=things.crs)
        if rows.empty:
            return rows.assign(**{name: pd.Series(dtype=object) for name in (*COLUMNS, "mark", "state", "level")})
        out = _shading.classify(_wards.shaped(rows, view), view.end)
        facts = [_measured(row) for _, row in out.iterrows()]
        out["rate"], out["plan"], out["n"], out["missing"], out["level"] = (
            zip(*facts, strict=True) if facts else [[]] * 5
        )
        out["level"] = np.where(out["state"] == "unknown", 0, out["level"]).astype(int)
        classes = [target.class_of(v) for v in out["rate"]]
        out["class_"] = [_shading.NO_CLASS if c is None else c for c in classes]
        out["tint"] = [SCALE.color(c) for c in out["class_"]]
        out["mark"] = "shade"
        out["alpha"] = out["state"].map(_shading.ALPHA).fillna(1.0)
        return gpd.GeoDataFrame(states.ordered(out), crs=latest.crs)

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
        near = view.zoom >= NUMBERED_FROM
        parts = _shading.draw(frame, SCALE, edges=near)
        if near:
            told = [f"{words.number(v, 1)}%" if np.isfinite(v) else "" for v in frame["rate"]] if len(frame) else []
            parts.append(_shading.written(frame, told, view))
        missed = frame[frame["area"].astype(bool) & (frame["level"].astype(int) > 0)] if len(frame) else frame
        glyphs = {"mark": "level", "level": missed["level"], "scale": GLYPH_SCALE if near else GLYPH_SCALE_FAR}
        if len(missed) and near:  # beside the number
            x, y = _shading.above_names(missed, view, -ASIDE_PX)
            parts.append(elements.of(pd.DataFrame({"x": x, "y": y, **glyphs}).rename_axis("id")))
        elif len(missed):
            shown = missed[[missed.geometry.name]].assign(**glyphs).rename_axis("id")
            parts.append(elements.of(gpd.GeoDataFrame(shown, crs=frame.crs)))
        return hv.Overlay(parts)

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        items = _shading.legend(frame, SCALE)
        if frame.empty:
            return items
        level, area = frame["level"].astype(int), frame["area"].astype(bool)
        if n := int((~area & (level == 0)).sum()):
            vi, en = "không có địa bàn, chỉ trong bảng", "without an area, in the table only"
            lost = (~area & (frame["state"] == "unknown")).any()
            look = "unknown" if lost else "fresh"
            items.append(LegendItem(mark="dot", title_vi=vi, title_en=en, state=look, count=n))
        if n := int((level > 0).sum()):
            items.append(
                LegendItem(mark="level", title_vi="không đạt mục tiêu", title_en="target missed", level=2, count=n)
            )
        return items

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        facts = {
            ("Đơn vị" if vi else "Body"): _houses.text_of(row, "name") or _houses.text_of(row, "ward") or str(row.name),
            ("Chỉ tiêu đạt" if vi else "Targets met"): rate_words(row, MAIN, language),
            ("Mục tiêu" if vi else "Planned"): plan_words(row, language),
        }
        for one in catalogue.service(self.service).observed_properties:
            if one.id in {MAIN, *PLANS.values()} or not np.isfinite(_shading.number(row, one.id)):
                continue
            facts[one.title_vi if vi else one.title_en] = rate_words(row, one.id, language)
        if group := _agencies.class_words(row.get("agency"), language):
            facts["Nhóm cơ quan" if vi else "Class"] = group
        facts["Kỳ số liệu" if vi else "Period"] = _shading.period(row, language)
        facts["Ranh giới" if vi else "Boundary"] = _shading.boundary_words(row, language)
        facts["Mã" if vi else "Id"] = _houses.short_id(row)
        facts["Trạng thái" if vi else "State"] = states.said(row["state"], language)
        facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
        return facts


def _measured(row: pd.Series[Any]) -> tuple[float, float, float, float, int]:
    """Rate, plan (%), n, how many are missing, level of one body."""
    result, plan = _shading.number(row, MAIN), _shading.number(row, PLAN)
    top, of = _shading.number(row, MAIN, "numerator"), _shading.number(row, MAIN, "denominator")
    few = np.isfinite(of) and of < small_numbers.LEAST_N
    missing = target.missing(top, of, plan)
    level = target.level(result, plan, top if np.isfinite(top) else None, of if np.isfinite(of) else None)
    return np.nan if few else result, plan, of, np.nan if missing is None else missing, 0 if few else level


def rate_words(row: pd.Series[Any], name: str, language: str) -> str:
    """A number of the body as its kind asks: 88,9% (16/18), 74,2% (43,5/58) of money; why not, when of too few."""
    vi = language == "vi"
    one = catalogue.service(GovernmentPerformance.service).observed_property(name)
    value, top, of = (_shading.number(row, name, field) for field in ("result", "numerator", "denominator"))
    if one is None or not np.isfinite(value):
        return "chưa có số liệu" if vi else "no figures yet"
    plan = _shading.number(row, PLANS.get(name, ""))
    against = f", {'mục tiêu' if vi else 'planned'} {words.number(plan, 1, language)}%"
    after = against if name != MAIN and np.isfinite(plan) else ""
    if not (np.isfinite(top) and np.isfinite(of)):
        return words.quantity(value, one.unit, one.decimals, language) + after
    money = name == "disbursement"
    unit = (" tỷ đồng" if vi else " bn VND") if money else ""
    n = f"{words.number(top, int(money), language)}/{words.number(of, 0, language)}{unit}"
    if of < small_numbers.LEAST_N and not money:
        least = small_numbers.LEAST_N
        return f"{n}, dưới {least} nên không tính tỷ lệ" if vi else f"{n}, no rate of fewer than {least}"
    return f"{words.quantity(value, one.unit, one.decimals, language)} ({n}){after}"


def plan_words(row: pd.Series[Any], language: str) -> str:
    """The plan, and how many targets are missing to it."""
    vi = language == "vi"
    if not np.isfinite(row["plan"]):
        return "chưa có mục tiêu" if vi else "no plan told"
    plan = f"{words.number(row['plan'], 1, language)}%"
    missing = row["missing"]
    if row["level"]:
        if not np.isfinite(missing):
            return f"{plan}, không đạt" if vi else f"{plan}, missed"
        whole = words.number(np.ceil(missing), 0, language)
        return f"{plan}, thiếu {whole} chỉ tiêu" if vi else f"{plan}, {whole} targets missing"
    if np.isfinite(missing) and missing > 0 and np.isfinite(row["rate"]):
        return f"{plan}, thiếu chưa tới một chỉ tiêu" if vi else f"{plan}, less than one target missing"
    if np.isfinite(row["rate"]) and row["rate"] >= row["plan"]:
        return f"{plan}, đạt" if vi else f"{plan}, met"
    return plan
