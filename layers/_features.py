"""What layers of slow geography share: usual names of properties, validity in words, lengths and areas, simplifying."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from geodata.rules import network
from geodata.view import View, mercator_xy
from layers import _assets as assets
from layers import words

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
SIMPLIFY_PX = 0.6
"""What a line may move aside when it is drawn: less than a pixel."""

DOTTED = (2, 4)
"""Of what is planned, px (Bokeh takes whole ones)."""

FIELDS: Mapping[str, tuple[str, ...]] = {
    "manager": ("don_vi", "don_vi_quan_ly", "chu_quan", "operator", "owner", "manager"),
    "decision": ("so_qd", "so_quyet_dinh", "quyet_dinh", "decision", "decision_number"),
    "decided": ("ngay_qd", "ngay_quyet_dinh", "decided", "decision_date"),
    "status": network.STATUS,
    "built": ("nam", "nam_xay_dung", "nam_hoan_thanh", "year", "built"),
    "begin": ("khoi_cong", "ngay_khoi_cong", "start", "begin"),
    "finish": ("hoan_thanh", "ngay_hoan_thanh", "du_kien_hoan_thanh", "finish", "due"),
    "progress": ("tien_do", "tien_do_pt", "progress", "percent"),
    "capital": ("von_ty_dong", "tong_muc_dau_tu_ty", "capital_bn"),
    "permit": ("so", "so_gp", "giay_phep", "permit"),
    "floors": ("tang", "so_tang", "floors"),
    "land": ("loai_dat", "chuc_nang", "land_use"),
}
"""Meaning to the names that offices give it, the usual first."""


def field(more: Any, meaning: str) -> Any:
    """What the properties say of that meaning; None for nothing."""
    return assets.first(assets.own(more), FIELDS[meaning])


def folded(value: Any) -> str:
    """Words of a status without marks, in small letters: "Đang thi công" is dang thi cong."""
    text = (assets.text_of(value) or "").casefold().replace("đ", "d").replace("_", " ")
    plain = unicodedata.normalize("NFD", text)
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def day_of(value: Any) -> date | None:
    """A day of a property: ISO 8601, dd/MM/yyyy or a time; None for anything else."""
    text = assets.text_of(value)
    if text is None:
        return None
    if written := DAY.fullmatch(text):
        text = f"{written[3]}-{int(written[2]):02d}-{int(written[1]):02d}"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found.astimezone(HANOI) if found.tzinfo else found).date()


def day_words(value: Any) -> str | None:
    """dd/MM/yyyy, or the words of the source when they are no day."""
    if isinstance(value, pd.Timestamp | datetime) and not pd.isna(value):
        return words.moment(value, day_only=True)
    day = day_of(value)
    return f"{day:%d/%m/%Y}" if day else assets.text_of(value)


def validity(row: pd.Series[Any], language: str) -> str | None:
    """As "từ 27/06/2024", "đến 31/12/2030" or both; None when the source says neither."""
    vi, parts = language == "vi", []
    if (begin := day_words(row.get("valid_from"))) and not pd.isna(row.get("valid_from")):
        parts.append(f"{'từ' if vi else 'from'} {begin}")
    if (end := day_words(row.get("valid_to"))) and not pd.isna(row.get("valid_to")):
        parts.append(f"{'đến' if vi else 'until'} {end}")
    return " ".join(parts) or None


def place_words(row: pd.Series[Any], language: str) -> str:
    """Whether the place is exact."""
    rough = row.get("approximate") is True or row.get("approximate") is np.True_
    if language == "vi":
        return "vị trí xấp xỉ" if rough else "theo hồ sơ"
    return "approximate" if rough else "as filed"


def unique(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The frame with an index that is unique: an id is one of its collection only (OGC API Features)."""
    if frame.index.is_unique or frame.empty:
        return frame
    twice = frame.index.duplicated(keep=False)
    kinds = frame["collection"] if "collection" in frame else pd.Series("", frame.index)
    keys = [f"{kind}/{key}" if d else str(key) for key, kind, d in zip(frame.index, kinds, twice, strict=True)]
    out = frame.set_index(pd.Index(keys, name=frame.index.name))
    return out[~out.index.duplicated(keep="last")]


def area_ha(shape: shapely.Geometry | None) -> float | None:
    """Hectares of an area (EPSG:4326) on the ellipsoid of WGS 84; None for what is no area."""
    if shape is None or shapely.get_dimensions(shape) != 2 or shapely.is_empty(shape):
        return None
    return abs(float(Geod(ellps="WGS84").geometry_area_perimeter(shape)[0])) / 1e4


def projected(geometries: Sequence[shapely.Geometry] | np.ndarray) -> NDArray[np.object_]:
    """EPSG:4326 to EPSG:3857."""
    return np.asarray(
        shapely.transform(np.asarray(geometries, object), lambda xy: np.column_stack(mercator_xy(xy[:, 0], xy[:, 1]))),
        object,
    )


def drawn_lines(
    frame: gpd.GeoDataFrame, view: View, *, least_px: float, most: int, aside_px: float = 0.0
) -> tuple[list[Any], list[str]]:
    """Lines of the frame as (n, 2) arrays in EPSG:3857 with their ids: simplified to the pixel, short ones dropped.

    At most ``most`` lines, the longest: a picture of more is no more than a grey area. ``aside_px`` shifts them, to the
    left of their own direction when positive.
    """
    if frame.empty:
        return [], []
    shapes = shapely.simplify(projected(frame.geometry.to_numpy()), SIMPLIFY_PX * view.resolution_m)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    length = shapely.length(parts)
    kept = np.flatnonzero(np.isin(shapely.get_type_id(parts), (1, 2)) & (length >= least_px * view.resolution_m))
    kept = kept[np.argsort(-length[kept], kind="stable")][:most]
    ids = [str(key) for key in frame.index]
    if aside_px:
        parts = eastward(parts)
        moved = shapely.offset_curve(parts[kept], aside_px * view.resolution_m, join_style="mitre", mitre_limit=2)
        whole = np.isin(shapely.get_type_id(moved), (1, 2)) & ~shapely.is_empty(moved)  # a sharp bend may tear it
        parts[kept] = np.where(whole, moved, parts[kept])
    return [shapely.get_coordinates(parts[i]) for i in kept], [ids[owner[i]] for i in kept]


def eastward(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """The lines, each from its western end to its eastern: so one side means the same side for all of a street."""
    out = lines.copy()
    simple = np.flatnonzero(np.isin(shapely.get_type_id(lines), (1, 2)))
    ends = (
        shapely.get_coordinates(shapely.get_point(lines[simple], 0)),
        shapely.get_coordinates(shapely.get_point(lines[simple], -1)),
    )
    back = (ends[0][:, 0] > ends[1][:, 0]) | ((ends[0][:, 0] == ends[1][:, 0]) & (ends[0][:, 1] > ends[1][:, 1]))
    out[simple[back]] = shapely.reverse(lines[simple[back]])
    return out


def path(lines: Sequence[Any], ids: Sequence[str], **style: Any) -> hv.Path:
    """Lines that a tap picks, in one style; without a casing, for networks are thin and many."""
    rows = [{"x": xy[:, 0], "y": xy[:, 1], "id": key} for xy, key in zip(lines, ids, strict=True)]
    found: hv.Path = hv.Path(rows, ["x", "y"], ["id"]).opts(backend="bokeh", **({"casing": False} | style))
    return found
