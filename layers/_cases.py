"""Cases with a deadline that come with personal data: their one clock, and what of them may be shown.

What a citizen wrote may name people, so text, address and pictures of a case never leave ``load``; it is shown at its
ward, not where the citizen is (catalogue: "chỉ hiện theo phường, xã").
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.calendar import NoWorkingTime, WorkCalendar
from geodata.records import RequestStatus
from geodata.rules import deadline
from layers import _wards, words

PRIVATE = ("description", "address", "status_notes", "media_url", "service_name", "source_status")
GRID_DEG = 0.02
"""A place outside all known wards is shown to about 2 km."""

STATUS: Mapping[str, tuple[str, str]] = {
    "submitted": ("Mới tiếp nhận", "New"),
    "screening": ("Kiểm duyệt", "Screening"),
    "dispatched": ("Đã chuyển cơ quan", "Passed on"),
    "in_progress": ("Đang xử lý", "In progress"),
    "extension": ("Tạm dừng, chờ bổ sung", "Waiting for papers"),
    "resolved": ("Đã có kết quả", "Result is there"),
    "closed": ("Đã đóng", "Closed"),
    "rejected": ("Từ chối", "Rejected"),
    "duplicate": ("Trùng", "Duplicate"),
    "reopened": ("Mở lại", "Reopened"),
    "open": ("Đang mở", "Open"),
}


def is_open(status: object) -> bool:
    """Whether a case in that state is under way; a state that nobody knows is not over."""
    try:
        return RequestStatus(str(status)).is_open
    except ValueError:
        return True


def status_words(status: object, language: str) -> str:
    """The state of a case in words; one that is not known as the source has it."""
    vi, en = STATUS.get(str(status), (str(status or words.NOTHING), str(status or words.NOTHING)))
    return vi if language == "vi" else en


@cache
def _calendar() -> WorkCalendar:
    return WorkCalendar()


def due_by_rule(service: str, urgency: object, requested: datetime) -> datetime | None:
    """The deadline by the catalogue, in the country's working time; for a source that sends none."""
    known = catalogue.service(service).urgency(urgency if isinstance(urgency, str) else None)
    if known is None or known.due_h is None or pd.isna(requested):
        return None
    try:
        return _calendar().add(requested, known.due_h)
    except NoWorkingTime:
        return None


def timed(frame: gpd.GeoDataFrame, service: str, end: datetime) -> gpd.GeoDataFrame:
    """The cases with ``expected`` (own deadline, else by rule: ``by_rule``), ``due`` (share of the time used),
    ``remaining_s``, ``age_s`` and ``level``. A case with a result has no clock any more.
    """
    now = pd.Timestamp(end)
    out = frame.copy()
    for name in ("requested_datetime", "expected_datetime"):
        out[name] = pd.to_datetime(out[name], utc=True)
    urgency = [u if isinstance(u, str) else None for u in out["urgency"]]
    own = out["expected_datetime"].notna()
    asked = zip(out["expected_datetime"], urgency, out["requested_datetime"], strict=True)
    due = [e if pd.notna(e) else due_by_rule(service, u, r) for e, u, r in asked]
    out["expected"] = pd.to_datetime(pd.Series(due, index=out.index, dtype=object), utc=True)
    out["by_rule"] = ~own & out["expected"].notna()
    done = (out["status"] == RequestStatus.RESOLVED).to_numpy()
    spans = zip(out["requested_datetime"], out["expected"], done, strict=True)
    shares = [None if d or pd.isna(a) else deadline.share_used(a, None if pd.isna(b) else b, now) for a, b, d in spans]
    out["due"] = [np.nan if s is None else s for s in shares]
    out["level"] = [deadline.level(s, u) for s, u in zip(shares, urgency, strict=True)]
    out["remaining_s"] = np.where(done, np.nan, (out["expected"] - now).dt.total_seconds())
    out["age_s"] = (now - out["requested_datetime"]).dt.total_seconds()
    return out


def masked(frame: gpd.GeoDataFrame, titles: list[str]) -> gpd.GeoDataFrame:
    """The cases with ``titles`` for what citizens wrote, each at the point of its ``ward``, which may be None."""
    out = frame.assign(title=titles, **{name: None for name in PRIVATE if name in frame})
    found = _wards.of(frame, by_place=True)
    places = [ward.point if ward is not None else coarse(g) for ward, g in zip(found, frame.geometry, strict=True)]
    out = out.set_geometry(gpd.GeoSeries(places, index=out.index, crs=4326))
    out["ward"] = [None if ward is None else ward.name for ward in found]
    if "properties" in out:  # what else the source sends may be anything
        out["properties"] = [{} if ward is None else {"ward_code": ward.code} for ward in found]
    return gpd.GeoDataFrame(out)


def coarse(place: Any) -> shapely.Point | None:
    """The middle of the grid cell that holds a place."""
    if place is None or place.is_empty:
        return None
    point: shapely.Point = place.representative_point()
    return shapely.Point(*((np.floor(v / GRID_DEG) + 0.5) * GRID_DEG for v in (point.x, point.y)))


def left_words(row: pd.Series[Any], language: str) -> str:
    """As "còn 1 giờ 16", "quá 1 ngày"; or that the clock has stopped, or never ran."""
    vi = language == "vi"
    if row["status"] == RequestStatus.RESOLVED:
        return "đã có kết quả" if vi else "result is there"
    left = row["remaining_s"]
    if pd.isna(left):
        return "chưa có hạn" if vi else "no deadline"
    return words.remaining(left, language)


def deadline_words(row: pd.Series[Any], language: str) -> str:
    """The deadline and whose it is."""
    if pd.isna(row["expected"]):
        return words.NOTHING
    said = words.moment(row["expected"])
    if not row["by_rule"]:
        return said
    return f"{said}, theo quy trình" if language == "vi" else f"{said}, by the rule"


def category_words(service: str, row: Mapping[str, Any] | pd.Series[Any], language: str) -> str:
    """The catalogue's title of the category, else that there is none: the source's own words may be a citizen's."""
    category = row.get("category")
    known = catalogue.service(service).category(category) if isinstance(category, str) else None
    if known is None:
        return "Chưa phân loại" if language == "vi" else "Not sorted yet"
    return known.title_vi if language == "vi" else known.title_en
