"""Fishing vessels: the last fix of each as a dart, and the tracks of the window as a density on the water."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import xarray as xr

from geodata.records import Position
from geodata.rules import hearing, port, vessel, vessel_identity
from geodata.view import View
from layers import density, elements, palette, states, words
from layers.base import LegendItem, RasterLayer

if TYPE_CHECKING:
    from geodata.store.reader import Reader
    from layers.raster import ColumnCache

FAR, NEAR = 9.0, 12.0
"""Under ``FAR`` only what needs acting on is a single mark; under ``NEAR`` marks are smaller (look.md 3.7)."""

ASIDE_SCALE = 0.6
"""In port, and ships that do not fish (look.md 3.6)."""

FORGOTTEN_S = 30 * 86400.0
"""A vessel not heard for a month is no mark any more; its rows stay."""

LOST: Mapping[tuple[bool, bool], tuple[str, str]] = {
    (True, False): ("AIS mất tín hiệu trên 6 giờ", "AIS lost over 6 h"),
    (False, False): ("mất tín hiệu trên 6 giờ", "lost over 6 h"),
    (True, True): ("AIS mất tín hiệu trên 10 ngày", "AIS lost over 10 days"),
    (False, True): ("mất tín hiệu trên 10 ngày", "lost over 10 days"),
}
"""By whether only AIS tells of it, and whether it is over ten days: in Vietnamese and English."""

COLUMNS = ("state", "level", "alpha", "age_s", "in_port", "fishing", "mark", "az", "scale", "tint")


class FishingVessels(RasterLayer):
    """``load``: one row a vessel, index id, with its state; ``in_port`` stops the clock."""

    service = "fishing_vessels"
    z_order = 60
    density_below = 15.0
    noun = ("trên biển", "at sea")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        return self.classify(reader.latest(self.service, Position, view), view)

    def classify(self, frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """The frame with ``COLUMNS``. Pure."""
        if frame.empty:
            return frame.assign(**{name: pd.Series(dtype=object) for name in COLUMNS})
        out = gpd.GeoDataFrame(states.classify(frame, view.end))
        out = out[out["age_s"] <= FORGOTTEN_S].copy()
        out["in_port"] = port.in_port(out)
        length = out["properties"].map(lambda p: p.get("length_m"))
        told = zip(out["age_s"], length, out["in_port"], map(str, out.index), strict=True)
        clocks = [vessel.signal(a, m, in_port=p, ais=vessel.by_ais(key)) for a, m, p, key in told]
        fishing, heard_for = vessel.fishing(out), out["age_s"] - hearing.unheard_s(out)
        lost = np.array([state == "silent" for state, _ in clocks], bool)
        known = (out["feed"] != "down") & ~(lost & (heard_for <= vessel.LOST_S))
        out["state"] = np.where(known, [state for state, _ in clocks], "unknown")
        out["level"] = np.where(known & fishing, [level for _, level in clocks], 0)
        out["alpha"] = np.where(out["in_port"] | ~fishing, np.minimum(out["alpha"], 0.7), out["alpha"])
        # neither a merchant ship that has sailed out of reach nor a vessel that is heard by another device is missing
        out = out[(fishing & _counted(out, fishing)) | (out["state"] != "silent")].copy()
        out["fishing"] = fishing
        out["tint"] = np.where(out["fishing"], palette.TINT["sea"], palette.TEXT3)
        out["mark"] = "vessel"
        heading = pd.to_numeric(out["heading_deg"], errors="coerce")
        moving = pd.to_numeric(out["sog_kn"], errors="coerce").fillna(0) >= port.STILL_KN
        out["az"] = heading.fillna(pd.to_numeric(out["cog_deg"], errors="coerce").where(moving))
        return gpd.GeoDataFrame(states.ordered(out))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        shown = frame[frame["level"].astype(int) >= 2] if view.zoom < FAR else frame
        aside = shown["in_port"].astype(bool) | ~shown["fishing"].astype(bool)
        small = np.where(aside, ASIDE_SCALE, 1.0)
        far = 0.8 if view.zoom < NEAR else 1.0
        scale = np.where(shown["level"].astype(int) >= 2, 1.0, small * far)
        return elements.of(shown.assign(scale=scale).drop(columns=["name", "properties"], errors="ignore"))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        state = frame["state"] if len(frame) else pd.Series(dtype=object)
        inside = frame["in_port"].astype(bool) if len(frame) else pd.Series(dtype=bool)
        fishing = frame["fishing"].astype(bool) if len(frame) else pd.Series(dtype=bool)
        rows = (
            ("đang ở biển", "at sea", "fresh", 0, int(((state == "fresh") & ~inside & fishing).sum())),
            ("trong cảng", "in port", "fresh", 0, int(((state == "fresh") & inside & fishing).sum())),
            ("trễ", "late", "late", 0, int(((state == "late") & fishing).sum())),
            ("tàu khác", "other ships", "fresh", 0, int((state.isin(["fresh", "late"]) & ~fishing).sum())),
            *((*LOST[name], "silent", at, n) for name, at, n in _lost(frame)),
            ("chưa rõ, mất nguồn", "unknown, feed down", "unknown", 0, int((state == "unknown").sum())),
        )
        return [
            LegendItem(mark="vessel", title_vi=vi, title_en=en, state=s, level=at, count=n)
            for vi, en, s, at, n in rows
            if n or s in {"fresh", "late"}
        ]

    def count(self, frame: gpd.GeoDataFrame) -> int:
        """Fishing vessels heard of that do not lie in port."""
        if frame.empty:
            return 0
        heard = frame["state"].isin(["fresh", "late"])
        return int((heard & ~frame["in_port"].astype(bool) & frame["fishing"].astype(bool)).sum())

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        more: Mapping[str, Any] = row["properties"] or {}
        speed, course = row.get("sog_kn"), row.get("cog_deg")
        return {
            ("Tên" if vi else "Name"): str(row["name"] or row.name),
            ("Trạng thái" if vi else "State"): state_words(row, language),
            ("Vị trí cuối" if vi else "Last fix"): words.moment(row["time"]),
            ("Tuổi" if vi else "Age"): words.age(row["age_s"], language, at=row["time"]),
            ("Tốc độ" if vi else "Speed"): words.quantity(speed, "[kn_i]", 1, language),
            ("Hướng" if vi else "Course"): words.NOTHING if pd.isna(course) else f"{round(course) % 360:03d}°",
            ("Chiều dài" if vi else "Length"): words.quantity(more.get("length_m"), "m", 0, language),
            ("Hô hiệu" if vi else "Call sign"): str(more.get("callsign") or words.NOTHING),
            ("Tọa độ" if vi else "Position"): words.coordinates(row.geometry.x, row.geometry.y, language),
        }

    def aggregate(self, reader: Reader, view: View, columns: ColumnCache | None = None) -> xr.DataArray:
        from layers.raster import ColumnCache

        cache_ = columns or ColumnCache(reader)
        return density.lines(cache_.window(self.service, Position, view), view)

    def shade(self, aggregate: xr.DataArray, view: View) -> np.ndarray:
        return density.off_land(density.colored(aggregate, "bien"), view)


def _lost(frame: gpd.GeoDataFrame) -> list[tuple[tuple[bool, bool], int, int]]:
    """Of each of ``LOST``: its level, and how many fishing vessels there are."""
    silent = frame[(frame["state"] == "silent") & (frame["level"].astype(int) > 0)] if len(frame) else frame
    kinds = [(vessel.by_ais(str(key)), bool(age > vessel.LONG_LOST_S)) for key, age in silent["age_s"].items()]
    ages = {False: vessel.LOST_S, True: 2 * vessel.LONG_LOST_S}
    return [(kind, vessel.level(ages[kind[1]], ais=kind[0]), kinds.count(kind)) for kind in LOST]


def _counted(ships: gpd.GeoDataFrame, fishing: pd.Series[bool]) -> pd.Series[bool]:
    """Whether it is the device of its vessel that was heard of last; the desk and the figures count the same."""
    fleet = ships[fishing]
    fleet = fleet.assign(registration=vessel_identity.registrations(fleet))
    return vessel_identity.counted(fleet).reindex(ships.index, fill_value=True)


def state_words(row: pd.Series[Any], language: str) -> str:
    """The state of a vessel in words, from the row's own columns."""
    vi = language == "vi"
    if row["state"] == "unknown":
        return "chưa rõ, mất nguồn" if vi else "unknown, feed down"
    if row["state"] == "silent" and row["level"]:
        return LOST[vessel.by_ais(str(row.name)), bool(row["age_s"] > vessel.LONG_LOST_S)][0 if vi else 1]
    if row["in_port"]:
        return "trong cảng" if vi else "in port"
    if row["state"] == "late":
        return "trễ" if vi else "late"
    return "đang nhận" if vi else "receiving"
