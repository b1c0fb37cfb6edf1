"""Field reports: a pin a case with the share of its time as a ring; overdue stands out, density from afar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import xarray as xr

from geodata import catalogue
from geodata.records import RequestStatus, ServiceRequest
from geodata.rules import deadline
from geodata.view import View
from layers import density, elements, states, words
from layers.base import LegendItem, RasterLayer

if TYPE_CHECKING:
    from geodata.store.reader import Reader
    from layers.raster import ColumnCache

FAR, PINS = 9.0, 12.5
"""Under ``FAR`` only overdue cases are single marks; from ``PINS`` on a case is a pin, before it a dot."""

DOT_SCALE = 0.6
STATUS_VI = {
    "submitted": "Mới gửi",
    "screening": "Kiểm duyệt",
    "dispatched": "Phân phối",
    "in_progress": "Đang xử lý",
    "extension": "Xin gia hạn",
    "resolved": "Đã xử lý, chờ duyệt",
    "closed": "Đã đóng",
    "rejected": "Từ chối",
    "duplicate": "Trùng",
    "reopened": "Mở lại",
    "open": "Đang mở",
}
STATUS_EN = {
    "submitted": "Submitted",
    "screening": "Screening",
    "dispatched": "Dispatched",
    "in_progress": "In progress",
    "extension": "Extension asked",
    "resolved": "Resolved, in review",
    "closed": "Closed",
    "rejected": "Rejected",
    "duplicate": "Duplicate",
    "reopened": "Reopened",
    "open": "Open",
}
COLUMNS = ("state", "level", "alpha", "age_s", "due", "mark", "remaining_s")


def status_words(status: str, language: str) -> str:
    """The state of a case in words."""
    return (STATUS_VI if language == "vi" else STATUS_EN).get(status, status)


class FieldReports(RasterLayer):
    """``load``: the open cases, index id; ``due`` is the share of the time used, ``remaining_s`` until the deadline."""

    service = "field_reports"
    z_order = 50
    noun = ("đang mở", "open")
    density_below = 9.5

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        return self.classify(reader.latest(self.service, ServiceRequest, view), view)

    def classify(self, frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """The open cases of the frame with ``COLUMNS``. Pure."""
        if frame.empty:
            return frame.assign(**{name: pd.Series(dtype=object) for name in COLUMNS})
        out = frame[[RequestStatus(s).is_open for s in frame["status"]]].copy()
        now = pd.Timestamp(view.end)
        spans = zip(out["requested_datetime"], out["expected_datetime"], strict=True)
        shares = [deadline.share_used(a, None if pd.isna(b) else b, now) for a, b in spans]
        done = out["status"] == RequestStatus.RESOLVED  # answered: its clock has stopped
        out["due"] = np.where(done, np.nan, [np.nan if s is None else s for s in shares])
        urgency = out["urgency"].where(out["urgency"].notna(), None)
        out["level"] = [deadline.level(None if pd.isna(s) else s, u) for s, u in zip(out["due"], urgency, strict=True)]
        out["remaining_s"] = (out["expected_datetime"] - now).dt.total_seconds()
        out["age_s"] = (now - out["requested_datetime"]).dt.total_seconds()
        # a case does not age as a signal does: it is known, or its feed is down and its state may have changed
        out["state"] = np.where(out["feed"] == "down", "unknown", "fresh")
        out.loc[out["state"] == "unknown", "level"] = 0
        out["alpha"] = np.where(out["duplicate_of"].notna(), 0.5, 1.0)
        out["mark"] = "pin"
        return gpd.GeoDataFrame(states.ordered(out))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        level = frame["level"].astype(int)
        shown = frame[level >= 2] if view.zoom < FAR else frame
        level = shown["level"].astype(int)
        dots = (level < 2) & (view.zoom < PINS)
        ring = shown["due"].where(pd.to_numeric(shown["due"]) >= deadline.DUE_SOON) if len(shown) else shown["due"]
        marks = shown.assign(
            mark=np.where(dots, "dot", "pin"),
            scale=np.where(dots, DOT_SCALE, 1.0 if view.zoom >= PINS else 0.8),
            due=ring,
        )
        return elements.of(marks.drop(columns=["name"], errors="ignore"))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        level = frame["level"].astype(int) if len(frame) else pd.Series(dtype=int)
        due = pd.to_numeric(frame["due"]) if len(frame) else pd.Series(dtype=float)
        lost = frame["state"] == "unknown" if len(frame) else pd.Series(dtype=bool)
        unknown, soon = int(lost.sum()), int(((due >= deadline.DUE_SOON) & (level == 0) & ~lost).sum())
        late, urgent = int((level == 2).sum()), int((level == 3).sum())
        items = [
            LegendItem(
                mark="pin",
                title_vi="đang xử lý",
                title_en="in progress",
                count=len(frame) - soon - late - urgent - unknown,
            ),
            LegendItem(mark="pin", title_vi="sắp đến hạn", title_en="due soon", due=0.8, count=soon),
            LegendItem(mark="pin", title_vi="quá hạn", title_en="overdue", level=2, count=late),
        ]
        if urgent:
            items.append(
                LegendItem(mark="pin", title_vi="quá hạn, khẩn", title_en="overdue, urgent", level=3, count=urgent)
            )
        if unknown:
            items.append(
                LegendItem(
                    mark="pin", title_vi="chưa rõ, mất nguồn", title_en="unknown", state="unknown", count=unknown
                )
            )
        return items

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        return {
            ("Mã" if vi else "Id"): str(row.name).partition(":")[2] or str(row.name),
            ("Loại" if vi else "Category"): category_words(row, language),
            ("Địa điểm" if vi else "Place"): str(row["address"] or words.NOTHING),
            ("Trạng thái" if vi else "State"): status_words(row["status"], language),
            ("Hạn" if vi else "Due"): due_words(row, language),
            ("Cơ quan xử lý" if vi else "Agency"): str(row["agency"] or words.NOTHING),
            ("Tuổi" if vi else "Age"): words.age(row["age_s"], language, at=row["requested_datetime"]),
        }

    def aggregate(self, reader: Reader, view: View, columns: ColumnCache | None = None) -> xr.DataArray:
        from layers.raster import ColumnCache

        cache = columns or ColumnCache(reader)
        return density.spots(cache.window(self.service, ServiceRequest, view), view)

    def shade(self, aggregate: xr.DataArray, view: View) -> np.ndarray:
        return density.colored(aggregate, "cat")


def due_words(row: pd.Series[Any], language: str) -> str:
    """As "còn 1 giờ 16", "quá 1 ngày", or that the clock has stopped or never ran."""
    vi = language == "vi"
    if row["status"] == RequestStatus.RESOLVED:
        return "đã xử lý" if vi else "resolved"
    left = row["remaining_s"]
    if pd.isna(left):
        return "chờ kiểm duyệt" if vi else "not set yet"
    return words.remaining(left, language)


def category_words(row: pd.Series[Any], language: str) -> str:
    """The catalogue's title of the category, else what the source calls it."""
    known = {c.id: c for c in catalogue.service("field_reports").categories}.get(row["category"] or "")
    if known is None:
        return str(row["service_name"] or row["service_code"] or words.NOTHING)
    return known.title_vi if language == "vi" else known.title_en
