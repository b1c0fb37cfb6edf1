"""Schools that report as open while their ground is officially warned of."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import shapely

from geodata.records import Alert
from geodata.rules import school, warning
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "education"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@rule(SERVICE)
def open_in_danger(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Schools open today inside a dangerous warning of level 3 or more: together."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    if found.empty:
        return
    today = found["time"].dt.tz_convert(ZONE).dt.date == frames.at.astimezone(ZONE).date()
    status = pd.Series([told.get(str(key), {}).get("status") for key in found.index], found.index, dtype=object)
    asked = found[(status == "open") & today & found["state"].isin(["fresh", "late"])]
    if asked.empty:
        return
    warned = warned_over(frames, asked)
    levels = [school.level("open", warned=int(at)) for at in warned]
    own = asked[[level >= school.LEVEL_OPEN_IN_DANGER for level in levels]]
    if len(own):
        since = things.began(frames, "education.open_in_danger", SERVICE, own["time"].max())
        facts = {"n": len(own), "warned": int(warned.max()), "names": things.names(own)}
        yield things.together(SERVICE, SERVICE, own, since, facts)


def warned_over(frames: Frames, places: pd.DataFrame) -> np.ndarray:
    """The highest level of a dangerous warning in force over each place."""
    level = np.zeros(len(places), int)
    alerts = frames.latest("warnings", Alert)
    if alerts.empty:
        return level
    points = places["geometry"].to_numpy()
    known = ~(shapely.is_missing(points) | shapely.is_empty(points))
    now = pd.Timestamp(frames.at)
    for _, row in alerts[alerts["status"] == "Actual"].iterrows():
        hazard = things.text(things.more(row["properties"]).get("hazard"))
        start = row["onset"] if pd.notna(row["onset"]) else row["effective"]
        over = pd.notna(row["expires"]) and row["expires"] <= now
        if row["geometry"] is None or hazard not in school.DANGEROUS or over or (pd.notna(start) and start > now):
            continue
        here = known & shapely.intersects(row["geometry"], points)
        level[here] = np.maximum(level[here], warning.level(row["severity"], things.number(row["level"])))
    return level
