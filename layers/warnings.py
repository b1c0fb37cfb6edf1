"""Official warnings: hatched areas in the colour of their level, on top of all other areas; drills dashed and named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd

from geodata import catalogue
from geodata.records import Alert
from geodata.rules import warning
from geodata.view import View
from layers import _warning_places as places
from layers import _warning_words as told
from layers import elements, palette, states, words
from layers._named_areas import placed
from layers.base import Among, Layer, LegendItem

if TYPE_CHECKING:
    from geodata.store.reader import Reader

HATCH_ALPHA, HATCH_GAP_PX, HATCH_PX = 0.30, 14.0, 2.0
FILL_ALPHA = 0.07
COMING_SHARE = 0.4
"""Of the fill and the hatch of a warning whose hazard has not begun."""

COLUMNS = (
    "said", "is_official", "phase", "drill", "area_from", "area_km2",
    "state", "level", "alpha", "age_s", "mark", "left_s",
)  # fmt: skip
"""``said`` is the level of the text itself, of a drill too; ``level`` is what counts."""


class Warnings(Layer):
    """``load``: one row a warning in force, index id; ``level`` 1–5, 0 for a drill; ``phase`` coming or on."""

    service = "warnings"
    z_order = 95
    noun = ("đang hiệu lực", "in force")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        return self.classify(reader.latest(self.service, Alert, view), view)

    def classify(self, frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """The warnings of people for people with ``COLUMNS``, least first. Pure."""
        out = frame[frame["status"].isin(["Actual", *warning.DRILLS])] if len(frame) else frame
        if out.empty:
            return out.assign(**{name: pd.Series(dtype=object) for name in COLUMNS})
        out = placed(out)
        end = pd.Timestamp(view.end)
        start = out["onset"].fillna(out["effective"])
        out["drill"] = out["status"].isin(warning.DRILLS)
        official = pd.to_numeric(out["level"], errors="coerce")
        out["is_official"] = official.between(1, 5)
        graded = zip(out["severity"], official, strict=True)
        out["said"] = [warning.level(severity, risk) for severity, risk in graded]
        out["phase"] = [warning.phase(moment(a), moment(b), end) for a, b in zip(start, out["expires"], strict=True)]
        out["level"] = np.where(out["drill"], 0, out["said"]).astype(int)
        # a bulletin stays in force until it ends; when its feed is down nobody knows whether it was changed
        down = (out["feed"] == "down").to_numpy()
        out["state"] = np.where(out["drill"], "exercise", np.where(down, "unknown", "fresh"))
        out["alpha"] = np.where(out["drill"], palette.STATE_ALPHA["exercise"], 1.0)
        out["age_s"] = states.age_s(out["time"], view.end)
        out["left_s"] = (out["expires"] - end).dt.total_seconds()
        out["area_km2"] = places.area_km2(out.geometry)
        out["mark"] = "hatch"
        keys = out.assign(wide=-out["area_km2"].fillna(np.inf)).sort_values(["level", "said", "wide"], kind="stable")
        return gpd.GeoDataFrame(out.loc[keys.index], crs=frame.crs)

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Overlay:
        """Areas by level from below, the larger under the smaller; then their glyphs and words."""
        shown = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
        return hv.Overlay([*hatched(shown, view), elements.of(labels(shown, view))])

    def settle(self, frame: gpd.GeoDataFrame, view: View, among: Among) -> hv.Overlay:
        """The same, glyphs and words where they cover no number and no abnormal mark; on a wall larger, in one line."""
        shown = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
        return hv.Overlay([*hatched(shown, view), elements.of(labels(shown, view, among))])

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        state = frame["state"] if len(frame) else pd.Series(dtype=object)
        level = frame["level"].astype(int) if len(frame) else pd.Series(dtype=int)
        known = state == "fresh"
        items = []
        if (state == "exercise").any():
            n = int((state == "exercise").sum())
            items.append(LegendItem(mark="hatch", title_vi="diễn tập, thử", title_en="exercise, test",
                                    state="exercise", level=0, count=n))  # fmt: skip
        for at, (vi, en) in told.LEVELS.items():
            n = int((known & (level == at)).sum())
            if n:
                items.append(LegendItem(mark="hatch", title_vi=f"cấp {at}, {vi}", title_en=f"level {at}, {en}",
                                        level=at, count=n))  # fmt: skip
        if not (level > 0).any():
            items.insert(0, LegendItem(mark="hatch", title_vi="đang hiệu lực", title_en="in force", count=0))
        for at in sorted(set(level[state == "unknown"])):
            n = int(((state == "unknown") & (level == at)).sum())
            items.append(LegendItem(mark="hatch", title_vi=f"cấp {at}, chưa rõ, mất nguồn",
                                    title_en=f"level {at}, unknown, feed down", state="unknown", level=at,
                                    count=n))  # fmt: skip
        return items

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Warnings in force; drills never count."""
        return int((~frame["drill"].astype(bool)).sum()) if len(frame) else 0

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        facts = {("Cảnh báo" if vi else "Warning"): told.headline(row, language)}
        if row["drill"]:
            facts["Tính chất" if vi else "Kind"] = told.drill(row, language)
        facts["Cấp độ" if vi else "Level"] = told.level(row, language)
        hazard = catalogue.service(self.service).category(told.text(told.properties(row).get("hazard")) or "")
        if hazard is not None:
            facts["Loại hình" if vi else "Hazard"] = hazard.title_vi if vi else hazard.title_en
        facts["Vùng" if vi else "Area"] = told.text(row["area_desc"]) or told.NO_AREA[language == "vi"]
        facts |= places.inside(row, language)
        facts |= told.times(row, language)
        advice = told.translated(row, "instruction", language)
        if advice:
            facts["Cần làm" if vi else "What to do"] = advice
        more = told.translated(row, "description", language)
        if more:
            facts["Nội dung" if vi else "Text"] = more
        facts["Mức độ" if vi else "Urgency, certainty"] = told.urgency(row, language)
        facts["Nơi phát" if vi else "Issued by"] = told.sender(row, language)
        lost = row["state"] == "unknown"
        if lost:
            facts["Trạng thái" if vi else "State"] = told.LOST[vi]
        facts["Phát lúc" if vi else "Sent"] = words.moment(row["time"])
        facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
        return facts


def moment(value: pd.Timestamp) -> pd.Timestamp | None:
    """A time, None for NaT."""
    return None if pd.isna(value) else value


Style = tuple[str, str, bool, bool]
"""Colour, state, whether the hazard is still to come, whether the area was read from names."""


def style_of(row: pd.Series[Any]) -> Style:
    """What makes two areas look alike."""
    return (
        palette.SEVERITY[int(row["said"])],
        str(row["state"]),
        row["phase"] == "coming",
        row["area_from"] == "words",
    )


def look(color: str, state: str, coming: bool, named: bool) -> dict[str, Any]:
    """Options of ``elements.areas``: a drill dashed at 45 %, a lost feed dashed in pink, a guessed area dotted."""
    share = palette.STATE_ALPHA["exercise"] if state == "exercise" else COMING_SHARE if coming else 1.0
    edge = palette.UNKNOWN if state == "unknown" else color
    return {
        "hatch": (color, HATCH_ALPHA * share, HATCH_GAP_PX, HATCH_PX),
        "fill_alpha": FILL_ALPHA * share,
        "line_color": palette.translucent(edge, palette.STATE_ALPHA["exercise"]) if state == "exercise" else edge,
        "line_dash": "dashed" if state in {"exercise", "unknown"} else "dotted" if named else "solid",
    }


def hatched(shown: gpd.GeoDataFrame, view: View) -> list[Any]:
    """The areas, one element a look."""
    # several levels may share a style's look, never its place in the order
    style = [style_of(row) for _, row in shown.iterrows()]
    parts: list[Any] = []
    for key in dict.fromkeys(style):
        rows = shown[[one == key for one in style]]
        ids = [str(i) for i in rows.index]
        parts.append(elements.areas(places.outlines(rows, view), key[0], ids=ids, **look(*key)))
    return parts


def labels(shown: gpd.GeoDataFrame, view: View, among: Among | None = None) -> pd.DataFrame:
    """A glyph of the level in each area and beside it, where there is room, what it is and until when."""
    rows: list[dict[str, Any]] = []
    language = "vi" if among is None else among.language
    for spot in places.spots(shown, view, lambda row: told.lines(row, language), among):
        row = shown.loc[spot.key]
        at = {"x": spot.x, "y": spot.y, "alpha": 1.0, "id": str(spot.key)}
        if not row["drill"]:
            glyph = {"mark": "level", "state": row["state"], "level": int(row["level"]), "scale": places.GLYPH_SCALE}
            rows.append(at | glyph | {"text": None, "dy": 0.0, "kind": None})
        for line in spot.lines:
            words_ = {"mark": "label", "state": "fresh", "level": 0, "text": line.text, "dy": line.dy / line.scale}
            rows.append(at | words_ | {"scale": line.scale, "kind": line.kind})
    names = ("x", "y", "mark", "state", "level", "alpha", "text", "dy", "kind", "scale", "id")
    return pd.DataFrame(rows, columns=list(names))
