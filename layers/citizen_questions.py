"""Questions to the switchboard: how many wait in each ward and how many are overdue; near, each with its deadline.

A question stands at its ward, never where the citizen is, and its words are not shown (``layers._cases``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd

from geodata.records import ServiceRequest
from geodata.rules import deadline
from geodata.view import View, mercator_xy
from layers import _agencies, _cases, _houses, _wards, elements, states, words
from layers.base import Layer, LegendItem
from layers.labels import Box, Boxes
from layers.lettering import width

if TYPE_CHECKING:
    from geodata.store.reader import Reader

NEAR = 12.5
"""View zoom from which every question is a mark of its own, under the count of its ward."""

CHIP_SCALE, DOT_SCALE = 0.85, 0.6
CHIPS_MOST, DOTS_MOST, DOTS_A_ROW = 6, 40, 8
CHIP_STEP_PX, DOT_STEP_PX = 19.0, 9.0
HEIGHT_PX, LEAST_PX, PADDING_PX = 18.0, 24.0, 12.0  # of the mark ``ward_count``
COLUMNS = ("state", "level", "alpha", "age_s", "due", "remaining_s", "expected", "by_rule", "ward", "mark")


class CitizenQuestions(Layer):
    """``load``: the questions that wait, index id, at the point of their ward; ``ward_open``, ``ward_overdue`` count
    those of the same ward.
    """

    service = "citizen_questions"
    z_order = 46
    noun = ("đang chờ trả lời", "waiting")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        return self.classify(reader.latest(self.service, ServiceRequest, _wards.wide(view)), view)

    def classify(self, frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """The waiting questions of the frame with ``COLUMNS``. Pure."""
        waiting = frame[[_cases.is_open(s) for s in frame["status"]]] if len(frame) else frame
        if waiting.empty:
            names = (*COLUMNS, "ward_open", "ward_overdue")
            return waiting.assign(**{name: pd.Series(dtype=object) for name in names})
        # read wider than the view, so that a ward at its edge is counted whole; those placed outside go again
        titles = [_cases.category_words(self.service, row, "vi") for _, row in waiting.iterrows()]
        out = _cases.timed(_cases.masked(waiting, titles), self.service, view.end)
        # a question does not age as a signal does: it waits, or its feed is down and it may have been answered
        out["state"] = np.where(out["feed"] == "down", "unknown", "fresh")
        out["level"] = np.where(out["state"] == "unknown", 0, out["level"]).astype(int)
        out["alpha"] = np.where(out["duplicate_of"].notna(), 0.5, 1.0)
        out["mark"] = "ward_count"
        out = out[[inside(g, view) for g in out.geometry]]
        key = place_keys(out)
        out["ward_open"] = key.map(key.value_counts()).astype(int)
        over = (out["level"] >= deadline.LEVEL_OVERDUE).groupby(key).sum()
        out["ward_overdue"] = key.map(over).astype(int)
        return gpd.GeoDataFrame(states.ordered(out), crs=frame.crs)

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        placed = frame[~(frame.geometry.isna() | frame.geometry.is_empty)] if len(frame) else frame
        if placed.empty:
            return elements.of({"x": [], "y": [], "mark": [], "id": []})
        near, boxes, rows = view.zoom >= NEAR, Boxes(), []
        groups = [group for _, group in placed.groupby(place_keys(placed), sort=True)]
        groups.sort(key=lambda group: (-int((group["level"] > 0).sum()), -len(group)))
        px = _houses.px_m(view)
        for group in groups:
            point = group.geometry.iloc[0]
            x, y = (float(v) for v in mercator_xy(point.x, point.y))
            rows += counted(group, x, y, px, boxes, near=near)
            rows += singles(group, x, y, px) if near else []
        return elements.of(pd.DataFrame(rows).sort_values("level", kind="stable"))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        known = frame[frame["state"] != "unknown"] if len(frame) else frame
        level = known["level"].astype(int) if len(known) else pd.Series(dtype=int)
        due = pd.to_numeric(known["due"]) if len(known) else pd.Series(dtype=float)
        placed = known.geometry.notna() if len(known) else pd.Series(dtype=bool)
        pressing = (due >= deadline.DUE_SOON) & (level == 0) & placed
        soon, lost, nowhere = int(pressing.sum()), len(frame) - len(known), int((~placed & (level == 0)).sum())
        rows = [
            ("đang chờ, còn hạn", "waiting, in time", "fresh", 0, int(((level == 0) & placed).sum()) - soon),
            ("sắp đến hạn", "due soon", "fresh", 0, soon),
            ("quá hạn", "overdue", "fresh", 2, int((level == deadline.LEVEL_OVERDUE).sum())),
        ]
        if nowhere:
            rows.insert(
                2, ("chưa rõ phường, xã, chỉ trong bảng", "ward unknown, in the table only", "fresh", 0, nowhere)
            )
        if urgent := int((level == deadline.LEVEL_OVERDUE_URGENT).sum()):
            rows.append(("quá hạn, khẩn", "overdue, urgent", "fresh", 3, urgent))
        if lost:
            rows.append(("chưa rõ, mất nguồn", "unknown, feed down", "unknown", 0, lost))
        return [
            LegendItem(mark="ward_count", title_vi=v, title_en=e, state=s, level=a, count=n) for v, e, s, a, n in rows
        ]

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        of_ward = f"{row['ward_open']} đang chờ, {row['ward_overdue']} quá hạn"
        of_ward_en = f"{row['ward_open']} waiting, {row['ward_overdue']} overdue"
        return {
            ("Mã" if vi else "Id"): str(row.name).partition(":")[2] or str(row.name),
            ("Lĩnh vực" if vi else "Subject"): _cases.category_words(self.service, row, language),
            ("Phường, xã" if vi else "Ward"): ward_words(row, language),
            ("Thời hạn" if vi else "Time left"): _cases.left_words(row, language),
            ("Hạn trả lời" if vi else "Deadline"): _cases.deadline_words(row, language),
            ("Xử lý" if vi else "Progress"): _cases.status_words(row["status"], language),
            ("Cơ quan trả lời" if vi else "Agency"): _agencies.title(row["agency"], language) or words.NOTHING,
            ("Kênh" if vi else "Channel"): _houses.text_of(row, "channel") or words.NOTHING,
            ("Cả phường, xã" if vi else "Whole ward"): of_ward if vi else of_ward_en,
            ("Trạng thái" if vi else "State"): states.said(row["state"], language),
            ("Tuổi" if vi else "Age"): words.age(row["age_s"], language, at=row["requested_datetime"]),
        }


def inside(place: Any, view: View) -> bool:
    """Whether a place is in the view; what has none is."""
    b = view.bounds
    return place is None or place.is_empty or (b.west <= place.x <= b.east and b.south <= place.y <= b.north)


def place_keys(frame: gpd.GeoDataFrame) -> pd.Series[str]:
    """What questions are counted by: the ward, else the coarse place; of those with neither one of their own."""
    keys = [
        ward if isinstance(ward, str) else "" if g is None or g.is_empty else g.wkt
        for ward, g in zip(frame["ward"], frame.geometry, strict=True)
    ]
    return pd.Series(keys, index=frame.index)


def box_px(text: str) -> float:
    """How wide the mark ``ward_count`` is."""
    return max(LEAST_PX, width(text, 12, 700) + PADDING_PX)


def counted(
    group: gpd.GeoDataFrame, x: float, y: float, px: float, boxes: Boxes, *, near: bool
) -> list[Mapping[str, Any]]:
    """The count of a ward and, beside it, that of its overdue ones. From afar a count without room is a dot."""
    late = group[group["level"] > 0]
    lost = bool((group["state"] == "unknown").all())
    text, state = str(len(group)), "unknown" if lost else "fresh"
    wide, over = box_px(text), box_px(str(len(late))) if len(late) and not lost else 0.0
    cx, cy = x / px, -y / px
    room: Box = (cx - wide / 2, cy - HEIGHT_PX / 2, cx + wide / 2 + over, cy + HEIGHT_PX / 2)
    first = str(group["remaining_s"].astype(float).fillna(np.inf).idxmin())
    whole = {"x": x, "y": y, "mark": "ward_count", "text": text, "state": state, "level": 0, "scale": 1.0, "id": first}
    if not near and not over and not boxes.free(room, gap=1):
        return [whole | {"mark": "dot", "text": "", "scale": DOT_SCALE}]
    boxes.take(room)
    if not over:
        return [whole]
    worst = {"x": x + (wide + over) / 2 * px, "text": str(len(late)), "level": int(late["level"].max())}
    return [whole, whole | worst]


def singles(group: gpd.GeoDataFrame, x: float, y: float, px: float) -> list[Mapping[str, Any]]:
    """Under the count: a deadline for each question that presses, a dot for each other, the nearest deadline first."""
    ordered = group.assign(left=group["remaining_s"].astype(float).fillna(np.inf)).sort_values("left", kind="stable")
    pressing = ordered[(ordered["due"].astype(float) >= deadline.DUE_SOON) & (ordered["state"] != "unknown")]
    rows: list[Mapping[str, Any]] = []
    down = HEIGHT_PX / 2 + 3
    for key, row in pressing.head(CHIPS_MOST).iterrows():
        at = {"x": x, "y": y - (down + CHIP_STEP_PX / 2) * px, "mark": "ward_count", "scale": CHIP_SCALE}
        rows.append(at | {"text": clock(row["expected"]), "state": "fresh", "level": int(row["level"]), "id": str(key)})
        down += CHIP_STEP_PX
    rest = ordered.drop(index=pressing.index[:CHIPS_MOST]).head(DOTS_MOST)
    down += DOT_STEP_PX / 2 + 2
    for i, (key, row) in enumerate(rest.iterrows()):
        across = (i % DOTS_A_ROW - (min(len(rest), DOTS_A_ROW) - 1) / 2) * DOT_STEP_PX
        place = {"x": x + across * px, "y": y - (down + i // DOTS_A_ROW * DOT_STEP_PX) * px}
        look = {"mark": "dot", "scale": DOT_SCALE, "text": "", "state": row["state"], "level": int(row["level"])}
        rows.append(place | look | {"id": str(key)})
    return rows


def clock(when: pd.Timestamp) -> str:
    """A deadline as short as both languages write it: 20/11 17:00."""
    said = words.moment(when)
    return said if pd.isna(when) else f"{said[:5]} {said[-5:]}"


def ward_words(row: pd.Series[Any], language: str) -> str:
    """The ward's name, or why there is none."""
    if isinstance(row["ward"], str):
        return row["ward"]
    place = row.get("geometry")
    if place is None or place.is_empty:
        return "chưa rõ" if language == "vi" else "unknown"
    return "khu vực khoảng 2 km" if language == "vi" else "an area of about 2 km"
