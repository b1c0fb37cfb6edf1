"""Incidents of public order: how many go on, how many began in a day. Counts only, never a person."""

from __future__ import annotations

from geodata.indicators import events
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.watch.frames import Frames

SERVICE = "public_order"
GRAVE = 3


@indicator
def grave(frames: Frames) -> Figure:
    return events.going(frames, SERVICE, GRAVE)


@indicator
def open_now(frames: Frames) -> Figure:
    return events.going(frames, SERVICE)


@indicator
def begun(frames: Frames) -> Figure:
    return events.begun(frames, SERVICE)
