"""Health: beds and facilities. Counts only, no person."""

from __future__ import annotations

import numpy as np

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.rules import hospital
from geodata.watch.frames import Frames
from geodata.watch.rules.health import beds_level

SERVICE = "health"


@indicator
def full(frames: Frames) -> Figure:
    """Every bed in use, or no free ambulance: as the watch tells it."""
    found = measure.now(frames, SERVICE)
    level = np.array([beds_level(found.results.get(str(key), {})) for key in found.rows.index], int)
    none = (found.numbers("ambulances_free") == 0).to_numpy()
    bad = (level >= hospital.LEVEL_NO_AMBULANCE) | none
    worst = max(hospital.LEVEL_NO_AMBULANCE, int(level.max())) if bad.any() else None
    return found.count(bad, worst)


@indicator
def facilities(frames: Frames) -> Figure:
    return measure.now(frames, SERVICE).count()


@indicator
def bed_occupancy(frames: Frames) -> Figure:
    """All beds in use of all beds, of the facilities that tell both; not a mean of their rates."""
    found = measure.now(frames, SERVICE)
    told = found.only(found.numbers("beds").notna() & found.numbers("beds_occupied").notna(), "no_value")
    used, beds = (float(told.numbers(name).sum()) for name in ("beds_occupied", "beds"))
    return measure.share(told.rows, used, beds, told.left_out, sampled=False)


@indicator
def emergencies(frames: Frames) -> Figure:
    found = measure.now(frames, SERVICE)
    told = found.only(found.numbers("emergencies").notna())
    return measure.total(told.rows, list(told.numbers("emergencies")), told.left_out)


@indicator
def silent(frames: Frames) -> Figure:
    return measure.silent(frames, SERVICE)
