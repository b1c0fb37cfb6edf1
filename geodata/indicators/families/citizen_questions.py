"""Questions to the switchboard: what waits, what is overdue, how many were answered in time."""

from __future__ import annotations

from geodata.indicators import cases
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.watch.frames import Frames

SERVICE = "citizen_questions"


@indicator
def overdue(frames: Frames) -> Figure:
    return cases.of_running(frames, SERVICE, "overdue")


@indicator
def waiting(frames: Frames) -> Figure:
    return cases.open_(frames, SERVICE)


@indicator
def on_time(frames: Frames) -> Figure:
    return cases.on_time(frames, SERVICE)


@indicator
def received(frames: Frames) -> Figure:
    return cases.received(frames, SERVICE)
