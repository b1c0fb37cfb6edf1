"""People by ward: areas shaded by density in five fixed classes; a cell of too few people is not told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
from pyproj import Geod

from geodata import catalogue
from geodata.records import Feature, Observation
from geodata.rules import small_numbers, target
from geodata.view import View
from layers import _houses, _shading, _wards, states, words
from layers.base import Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

SCALE = _shading.Scale((100, 300, 1000, 3000), "reu", "người/km²", "people/km²")
"""People per km², fixed: mountain communes, plains, edges of towns, towns, their centres. Classes of this program."""

NAMED_FROM = 12.0
"""View zoom from which a ward says its density."""

COLUMNS = ("density", "people", "class_", "hidden", "area", "ward", "area_km2", "approximate", "tint", "values")


class Population(Layer):
    """``load``: one row a ward or cell, index id: ``people``, ``density`` per km², NaN where not told (``hidden``)."""

    service = "population"
    z_order = 10
    noun = ("người", "people")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        around = _wards.wide(view)
        return self.classify(
            reader.latest(self.service, Observation, around), reader.latest(self.service, Feature, around), view
        )

    def classify(self, latest: gpd.GeoDataFrame, features: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """One row a ward or cell with ``COLUMNS``, from the newest numbers and from features that carry them. Pure."""
        rows = _shading.wide_rows(latest, ("population", "density"))
        rows = rows if features.empty else gpd.GeoDataFrame(pd.concat([rows, told_by(features)]), crs=latest.crs)
        if rows.empty:
            return rows.assign(**{name: pd.Series(dtype=object) for name in (*COLUMNS, "mark", "state", "level")})
        out = _shading.classify(_wards.shaped(rows, view), view.end)
        out["people"] = [_shading.number(row, "population") for _, row in out.iterrows()]
        told = [_shading.number(row, "density") for _, row in out.iterrows()]
        km2 = out["area_km2"].where(out["approximate"], area_km2(out))
        out["density"] = np.where(np.isfinite(told), told, out["people"] / km2.where(km2 > 0))
        least = catalogue.service(self.service).minimum_cell
        few = [np.isfinite(n) and not small_numbers.told(n, least) for n in out["people"]]
        out.loc[few, ["people", "density"]] = np.nan
        out["hidden"] = few
        classes = [target.class_of(v, SCALE.bounds) for v in out["density"]]
        out["class_"] = [_shading.NO_CLASS if c is None else c for c in classes]
        out["tint"] = [SCALE.color(c) for c in out["class_"]]
        out["mark"], out["level"] = "shade", 0
        out["alpha"] = out["state"].map(_shading.ALPHA).fillna(1.0)
        return gpd.GeoDataFrame(states.ordered(out), crs=latest.crs)

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
        text = [f"{words.number(n)}/km²" if np.isfinite(n) else "" for n in frame["density"]] if len(frame) else []
        numbers = [_shading.written(frame, text, view)] if view.zoom >= NAMED_FROM else []
        return hv.Overlay([*_shading.draw(frame, SCALE), *numbers])

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        items = _shading.legend(frame, SCALE)
        if n := int((~frame["area"].astype(bool)).sum()) if len(frame) else 0:
            look = "unknown" if (frame.loc[~frame["area"].astype(bool), "state"] == "unknown").any() else "fresh"
            vi, en = "không có địa bàn, chỉ trong bảng", "without an area, in the table only"
            items.append(LegendItem(mark="dot", title_vi=vi, title_en=en, state=look, count=n))
        return items

    def count(self, frame: gpd.GeoDataFrame) -> int:
        return int(pd.to_numeric(frame["people"]).sum()) if len(frame) else 0

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        facts = {
            ("Phường, xã" if vi else "Ward"): _houses.text_of(row, "ward")
            or _houses.text_of(row, "name")
            or str(row.name),
            ("Dân số" if vi else "People"): people_words(row, language),
            ("Mật độ" if vi else "Density"): words.quantity(row["density"], "{person}/km2", 0, language),
        }
        hidden = bool(row["hidden"])
        for one in catalogue.service(self.service).observed_properties:
            value = _shading.number(row, one.id)
            if one.id not in {"population", "density"} and np.isfinite(value) and not hidden:
                title = one.title_vi if vi else one.title_en
                facts[title] = with_n(row, one.id, words.quantity(value, one.unit, one.decimals, language), language)
        facts["Kỳ số liệu" if vi else "Period"] = _shading.period(row, language)
        facts["Nguồn" if vi else "Source"] = _houses.text_of(row, "source") or words.NOTHING
        facts["Ranh giới" if vi else "Boundary"] = _shading.boundary_words(row, language)
        facts["Mã" if vi else "Id"] = _houses.short_id(row)
        facts["Trạng thái" if vi else "State"] = states.said(row["state"], language)
        facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
        return facts


def told_by(features: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Features as rows of numbers: properties named as the catalogue names them. A feature without any stays, empty."""
    names = [one.id for one in catalogue.service(Population.service).observed_properties]
    out = features.assign(id=features.index.astype(str))
    told = []
    for properties in features["properties"]:
        known = properties if isinstance(properties, Mapping) else {}
        numbers = pd.to_numeric(pd.Series([known.get(name) for name in names], dtype=object), errors="coerce")
        told.append({name: {"result": v} for name, v in zip(names, numbers, strict=True) if pd.notna(v)})
    out["values"] = told
    if "valid_from" in out:
        begun = pd.to_datetime(out["valid_from"], utc=True)
        out["time"] = begun.where(begun.notna(), out["time"])
    return gpd.GeoDataFrame(out.assign(phenomenon_end=pd.NaT))


def area_km2(frame: gpd.GeoDataFrame) -> pd.Series[float]:
    """Areas on the ellipsoid; NaN for what is no area."""
    geod = Geod(ellps="WGS84")
    sizes = [
        abs(geod.geometry_area_perimeter(g)[0]) / 1e6 if area and g is not None else np.nan
        for g, area in zip(frame.geometry, frame["area"], strict=True)
    ]
    return pd.Series(sizes, index=frame.index, dtype=float)


def people_words(row: pd.Series[Any], language: str) -> str:
    """As 38.430 người; why not, when it is not told."""
    vi = language == "vi"
    if row["hidden"]:
        least = catalogue.service(Population.service).minimum_cell
        return f"dưới ngưỡng công bố ({least} người)" if vi else f"under the limit of publishing ({least} people)"
    if not np.isfinite(row["people"]):
        return "chưa có số liệu" if vi else "no figures yet"
    return words.quantity(row["people"], "{person}", 0, language)


def with_n(row: pd.Series[Any], name: str, text: str, language: str) -> str:
    """A rate with how many of how many: 24,1% (9.012/37.400)."""
    top, of = _shading.number(row, name, "numerator"), _shading.number(row, name, "denominator")
    if not (np.isfinite(top) and np.isfinite(of)):
        return text
    return f"{text} ({words.number(top, 0, language)}/{words.number(of, 0, language)})"
