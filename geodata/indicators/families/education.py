"""Schools: open, closed, open where it is dangerous; how many pupils came."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.rules import school
from geodata.watch.frames import Frames
from geodata.watch.rules.education import warned_over

SERVICE = "education"


@indicator
def open_in_danger(frames: Frames) -> Figure:
    """Of the schools that report of today: as the watch tells it."""
    found, zone = measure.now(frames, SERVICE), ZoneInfo(frames.city.timezone)
    if found.rows.empty:
        return found.count()
    today = found.rows["time"].dt.tz_convert(zone).dt.date == frames.at.astimezone(zone).date()
    told = found.only(today)
    open_ = told.words("status") == "open"
    warned = warned_over(frames, told.rows)
    level = [school.level("open", warned=int(at)) for at in warned]
    return told.count(open_.to_numpy() & (np.asarray(level, int) >= school.LEVEL_OPEN_IN_DANGER))


@indicator
def closed(frames: Frames) -> Figure:
    found = measure.now(frames, SERVICE)
    return found.count(found.words("status") == "closed")


@indicator
def schools(frames: Frames) -> Figure:
    return measure.now(frames, SERVICE).count()


@indicator
def attendance(frames: Frames) -> Figure:
    """Weighted by the pupils of each school; schools that tell no number of pupils are left out."""
    found = measure.now(frames, SERVICE)
    told = found.only(found.numbers("attendance").notna() & (found.numbers("pupils") > 0), "no_value")
    pupils = told.numbers("pupils")
    came = float((told.numbers("attendance") * pupils).sum()) / 100
    return measure.share(told.rows, came, float(pupils.sum()), told.left_out, sampled=False)


@indicator
def silent(frames: Frames) -> Figure:
    return measure.silent(frames, SERVICE)
