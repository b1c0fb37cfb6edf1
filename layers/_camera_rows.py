"""Rows of the camera layer: the state of each picture, when it was taken, and what a detector reports there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.view import View
from layers import _rows, states
from layers._rows import text

LEVEL_LOST, LEVEL_UNHEARD = 2, 1
"""A camera without picture (look.md 2.3: camera dark); one of which nobody says anything although its feed is up."""

PICTURE: Mapping[str, tuple[str, str]] = {
    "live": ("đang có hình", "live picture"),
    "frozen": ("hình đứng", "picture frozen"),
    "dark": ("hình tối hoặc bị che", "picture dark or covered"),
    "unreachable": ("không kết nối được", "cannot be reached"),
}
LOOK = {"frozen": ("late", LEVEL_LOST), "dark": ("silent", LEVEL_LOST), "unreachable": ("silent", LEVEL_LOST)}
"""State and level of a picture that is none: hollow when it stands still, struck through when there is nothing."""

COLUMNS = (
    *("what", "picture", "picture_time", "values", "state", "level", "fault", "alpha", "age_s", "mark", "az", "kind"),
    *("seen", "seen_level", "seen_s", "fov_deg", "range_m", "azimuth_deg", "name", "agency"),
)


def cameras_of(things: gpd.GeoDataFrame, observations: gpd.GeoDataFrame, view: View) -> gpd.GeoDataFrame:
    """One row a camera with the state of its picture; ``time`` is that of the newest word of it."""
    if things.empty:
        return things.assign(**{name: pd.Series(dtype=object) for name in COLUMNS})
    values = _rows.results(observations)
    out = things.assign(time=_rows.heard(things, observations))
    out = gpd.GeoDataFrame(states.classify(out, view.end), crs=things.crs)
    out["what"], out["mark"] = "camera", "camera"
    out["values"] = [values.get(str(key), {}) for key in out.index]
    picture = pd.Series([one.get("status") for one in out["values"]], out.index, dtype=object)
    out["picture"] = picture.where(picture.isin(list(PICTURE)), None)
    lost, unheard = out["state"] == "unknown", out["state"] == "silent"
    bad = out["picture"].isin(list(LOOK)) & ~lost
    looks = [LOOK.get(str(one), ("fresh", 0)) for one in out["picture"]]
    out["state"] = np.where(bad, [state for state, _ in looks], out["state"])
    out["fault"] = np.where(bad, [level for _, level in looks], np.where(unheard & ~lost, LEVEL_UNHEARD, 0))
    out["level"] = out["fault"]
    out["alpha"] = np.where(bad, 1.0, out["alpha"].clip(lower=0.75))  # a camera does not move: age says little of it
    out["kind"] = out["picture"].where(bad & out["picture"].isin(["frozen", "unreachable"]), None)
    out["az"] = pd.to_numeric(out["azimuth_deg"], errors="coerce")
    out["picture_time"] = picture_times(out, observations, view)
    return out


def picture_times(cameras: pd.DataFrame, observations: pd.DataFrame, view: View) -> pd.Series[Any]:
    """When the newest picture of each camera was taken: by the age of its frame when last told, or by the one kept."""
    kept = pd.to_datetime(
        pd.Series([text(told.get("snapshot_time")) for told in _told(cameras)], cameras.index, dtype=object),
        utc=True,
        errors="coerce",
        format="ISO8601",
    )
    ages = observations[observations["observed_property"] == "frame_age"].set_index("id") if len(observations) else None
    if ages is not None and len(ages):
        aged = ages["time"] - pd.to_timedelta(pd.to_numeric(ages["result"], errors="coerce").fillna(0), unit="s")
        framed = aged[~aged.index.duplicated(keep="last")].reindex(cameras.index)
        kept = pd.concat([kept, framed.astype(kept.dtype)], axis=1).max(axis=1)
    return kept.where(kept <= pd.Timestamp(view.end))


def _told(cameras: pd.DataFrame) -> list[Mapping[str, Any]]:
    """The properties of each camera; the column alone, for making a row of every camera costs ten times as much."""
    cells = cameras["properties"] if "properties" in cameras else [None] * len(cameras)
    return [cell if isinstance(cell, Mapping) else {} for cell in cells]


def seen_by(cameras: gpd.GeoDataFrame, detections: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The cameras with the worst, then the newest detection that goes on at each; of a lost feed nothing is said."""
    out = cameras.assign(seen=pd.Series(None, cameras.index, dtype=object), seen_level=0, seen_s=np.nan)
    if detections.empty or out.empty:
        return gpd.GeoDataFrame(out)
    worst = detections.sort_values(["level", "time"]).groupby("thing_id").tail(1).set_index("thing_id")
    here = out.index.isin(worst.index) & (out["state"] != "unknown").to_numpy()
    found = worst.reindex(out.index[here])
    out.loc[here, "seen"] = found["category"].fillna("other").to_numpy()
    out.loc[here, "seen_level"] = found["level"].astype(int).to_numpy()
    out.loc[here, "seen_s"] = found["age_s"].astype(float).to_numpy()
    # what is worse gives the row its level, and its mark in lists: what was seen there, or that nothing is seen
    out["mark"] = np.where(out["seen_level"].astype(int) > out["level"].astype(int), "incident", out["mark"])
    out["level"] = np.maximum(out["level"].astype(int), out["seen_level"].astype(int))
    return gpd.GeoDataFrame(out)
