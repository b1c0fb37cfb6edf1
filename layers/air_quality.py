"""Air stations: VN_AQI of the hour as a number with its official colour; only devices that measure count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from math import cos, pi, sin
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import holoviews as hv
import numpy as np
import pandas as pd
import shapely

from geodata import catalogue
from geodata.records import Observation, Quality
from geodata.rules import air_station, vn_aqi
from geodata.rules.air_station import POLLUTANTS
from geodata.view import View, mercator_xy
from layers import _limits, elements, palette, states, words
from layers.base import Among, Layer, LegendItem, Limit
from layers.labels import Boxes, touched
from layers.numbers import WALL_NUMBERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from geodata.store.reader import Reader

NAMES = {"pm25": "PM2,5", "pm10": "PM10", "o3": "O₃", "no2": "NO₂", "so2": "SO₂", "co": "CO"}
BANDS_VI = ("Tốt", "Trung bình", "Kém", "Xấu", "Rất xấu", "Nguy hại")
BANDS_EN = ("Good", "Moderate", "Poor", "Bad", "Very bad", "Hazardous")
WINDOW = timedelta(hours=vn_aqi.NOWCAST_HOURS + 1)
FAR = 9.0
PILL_PX = (20, 12)  # half the width and height of a number
FOOT_PX = 5
WALL_SCALE = WALL_NUMBERS["aqi"]

REACHES_PX = (24.0, 36.0, 50.0, 66.0)
STEPS = np.array(
    [(0.0, 0.0), *((r * cos(a), r * sin(a) * 0.8) for r in REACHES_PX for a in np.arange(0, 2 * pi, pi / 6))]
)
"""Where a number may stand beside its place, px of the desk, nearest first."""
COLUMNS = ("aqi", "leading", "parts", "text", "tint", "state", "level", "alpha", "age_s", "mark", "values")


class AirQuality(Layer):
    """``load``: one row a station, index id; ``aqi`` (NaN without a value), ``leading``, ``values`` by pollutant."""

    service = "air_quality"
    z_order = 64
    noun = ("trạm đo", "stations")

    def load(self, reader: Reader, view: View) -> gpd.GeoDataFrame:
        latest = reader.latest(self.service, Observation, view)
        recent = reader.between(self.service, Observation, replace(view, start=view.end - WINDOW))
        return self.classify(latest, recent, view)

    def classify(self, latest: gpd.GeoDataFrame, recent: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
        """One row a station with ``COLUMNS``, from its newest results and those of the last 13 hours. Pure."""
        if latest.empty:
            return latest.assign(**{name: pd.Series(dtype=object) for name in COLUMNS})
        newest = latest.sort_values("time").groupby("id").tail(1).set_index("id", drop=False)
        newest.index.name = None
        indexes = {key: air_station.index_of(table) for key, table in air_station.by_station(recent).items()}
        out = gpd.GeoDataFrame(states.classify(newest, view.end), crs=latest.crs)
        found = [indexes.get(station) for station in out.index]
        out["aqi"] = [np.nan if one is None else float(one.value) for one in found]
        out["leading"] = [None if one is None else one.leading for one in found]
        out["parts"] = [{} if one is None else dict(one.parts) for one in found]
        good = latest[(latest["quality"] == Quality.MEASURING) & latest["result"].notna()]
        by = {station: dict(zip(r["observed_property"], r["result"], strict=True)) for station, r in good.groupby("id")}
        out["values"] = [by.get(station, {}) for station in out.index]
        out["text"] = [words.NOTHING if one is None else str(one.value) for one in found]
        out["tint"] = [palette.TEXT3 if one is None else palette.AQI[vn_aqi.band(one.value)] for one in found]
        out["level"] = [0 if one is None else vn_aqi.level(one.value) for one in found]
        # an hourly mean is current until the next one is due, so its number does not fade inside the cadence
        out["alpha"] = np.where(out["state"] == "late", palette.STATE_ALPHA["late"], 1.0)
        out["level"] = np.where(
            out["state"].isin(["unknown", "silent"]), np.where(out["state"] == "silent", 2, 0), out["level"]
        )
        idle = ~out.index.isin(list(measuring(latest))) & (out["state"].isin(["fresh", "late"]))
        out.loc[idle, ["state", "level"]] = ["maintenance", 0]
        gone = out["state"] == "silent"  # an index is of its hour: the last one stays in the panel, with its time
        out.loc[gone, ["text", "tint"]] = [words.NOTHING, palette.TEXT3]
        out["mark"] = "aqi"
        return gpd.GeoDataFrame(states.ordered(out))

    def draw(self, frame: gpd.GeoDataFrame, view: View) -> hv.Element:
        return _drawn(apart(_shown(frame, view), view))

    def settle(self, frame: gpd.GeoDataFrame, view: View, among: Among) -> hv.Element:
        """The same, each number beside its place where another number or an abnormal mark would cover it."""
        return _drawn(clear(apart(_shown(frame, view), view), view, among))

    def legend(self, frame: gpd.GeoDataFrame) -> Sequence[LegendItem]:
        state = frame["state"] if len(frame) else pd.Series(dtype=object)
        level = frame["level"].astype(int) if len(frame) else pd.Series(dtype=int)
        heard = state.isin(["fresh", "late"])
        rows = [
            ("đang nhận", "receiving", "fresh", 0, int((heard & (level == 0)).sum())),
            ("kém trở lên", "poor or worse", "fresh", 2, int((heard & (level > 0)).sum())),
        ]
        if (state == "maintenance").any():
            n = int((state == "maintenance").sum())
            rows.append(("thiết bị không đo", "device not measuring", "maintenance", 0, n))
        if (state == "silent").any():
            rows.append(("mất tín hiệu", "silent", "silent", 2, int((state == "silent").sum())))
        if (state == "unknown").any():
            rows.append(("chưa rõ, mất nguồn", "unknown, feed down", "unknown", 0, int((state == "unknown").sum())))
        return [LegendItem(mark="aqi", title_vi=v, title_en=e, state=s, level=a, count=n) for v, e, s, a, n in rows]

    def limits(self, row: pd.Series[Any], observed_property: str, at: datetime) -> Sequence[Limit]:
        """QCVN 05:2023. No limit for temperature and humidity."""
        del row
        return _limits.air(observed_property, at)

    def inspect(self, row: pd.Series[Any], language: str) -> Mapping[str, str]:
        vi = language == "vi"
        known = not pd.isna(row["aqi"])
        said, leading = "chưa đủ số liệu" if vi else "not enough data", words.NOTHING
        if known:  # of a silent station too: what the mark no longer says stands here, with its time
            band = (BANDS_VI if vi else BANDS_EN)[vn_aqi.band(row["aqi"])]
            said, leading = f"{words.number(row['aqi'], 0, language)} · {band}", NAMES[row["leading"]]
        facts = {
            ("Trạm" if vi else "Station"): str(row["name"] or row.name),
            ("VN_AQI giờ" if vi else "VN_AQI, hour"): said,
            ("Chất chính" if vi else "Leading"): leading,
        }
        known_as = {one.id: one for one in catalogue.service("air_quality").observed_properties}
        for name in POLLUTANTS:
            if name in row["values"]:
                one = known_as[name]
                facts[NAMES[name]] = words.quantity(row["values"][name], one.unit, one.decimals, language)
        facts["Trạng thái" if vi else "State"] = states.said(row["state"], language)
        facts["Số đo lúc" if vi else "Measured"] = words.moment(row["time"])
        facts["Tuổi" if vi else "Age"] = words.age(row["age_s"], language, at=row["time"])
        return facts


def _shown(frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    return frame[frame["level"].astype(int) >= 2] if view.zoom < FAR else frame


def _drawn(shown: gpd.GeoDataFrame) -> hv.Element:
    return elements.of(shown.drop(columns=["name", "id", "unit"], errors="ignore").rename_axis("id"))


def apart(frame: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """The same stations: of two numbers that would touch, the less abnormal one, then the smaller, becomes a dot."""
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    if len(frame) < 2:
        return frame
    points = shapely.get_coordinates(shapely.point_on_surface(frame.geometry.to_numpy()))
    xs, ys = mercator_xy(points[:, 0], points[:, 1])
    boxes, dots = Boxes(), []
    for i in np.lexsort((-frame["aqi"].fillna(-1), -frame["level"].astype(int))):
        x, y = xs[i] / view.resolution_m, -ys[i] / view.resolution_m
        box = (x - PILL_PX[0], y - PILL_PX[1], x + PILL_PX[0], y + PILL_PX[1])
        if frame["level"].iloc[i] < 2 and not boxes.free(box, gap=2):
            dots.append(frame.index[i])
        else:
            boxes.take(box)
    out = frame.copy()
    out.loc[dots, ["mark", "text", "tint"]] = ["dot", None, palette.TINT["environment"]]
    return out


def clear(frame: gpd.GeoDataFrame, view: View, among: Among) -> gpd.GeoDataFrame:
    """The same stations with ``dx, dy``, px of the desk: the nearest step aside at which a number touches nothing of
    ``among``, no other number and no station; none where there is no such step. On a wall numbers are larger.
    """
    out = frame.copy()
    scale = WALL_SCALE if among.wall else 1.0
    if among.wall:
        out["scale"] = np.where(out["mark"] == "aqi", WALL_SCALE, 1.0)
    points = shapely.get_coordinates(shapely.point_on_surface(out.geometry.to_numpy()))
    x0, _, _, y1 = view.bounds.mercator
    xs, ys = mercator_xy(points[:, 0], points[:, 1])
    at = np.column_stack([(xs - x0) / view.resolution_m, (y1 - ys) / view.resolution_m]).reshape(-1, 2)
    taken = np.concatenate([np.asarray(among.hard, float).reshape(-1, 4), np.hstack([at - FOOT_PX, at + FOOT_PX])])
    half = np.array(PILL_PX) * scale
    steps = np.zeros((len(out), 2))
    for i in np.flatnonzero((out["mark"] == "aqi").to_numpy()):
        others = np.delete(taken, len(among.hard) + i, axis=0)  # its own place is no obstacle
        free = (step for step in STEPS * scale if not touched(others, _box(at[i] + step, half), 1.0))
        steps[i] = next(free, np.zeros(2))
        taken = np.concatenate([taken, [_box(at[i] + steps[i], half)]])
    out["dx"], out["dy"] = (steps / scale).T
    return out


def _box(middle: NDArray[np.float64], half: NDArray[np.float64]) -> tuple[float, float, float, float]:
    (x, y), (across, up) = middle, half
    return float(x - across), float(y - up), float(x + across), float(y + up)


def measuring(latest: pd.DataFrame) -> set[str]:
    """Stations with at least one device whose newest result was measured, not calibrating, broken or in repair."""
    good = latest[(latest["quality"] == Quality.MEASURING) & latest["observed_property"].isin(POLLUTANTS)]
    return set(good["id"])
