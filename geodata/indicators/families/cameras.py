"""Cameras: how many show a live picture, how many show none."""

from __future__ import annotations

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.watch.frames import Frames
from geodata.watch.rules.cameras import BAD

SERVICE = "cameras"


@indicator
def no_picture(frames: Frames) -> Figure:
    found = measure.now(frames, SERVICE)
    return found.count(found.words("status").isin(BAD))


@indicator
def live(frames: Frames) -> Figure:
    found = measure.now(frames, SERVICE)
    return found.count(found.words("status") == "live")


@indicator
def live_share(frames: Frames) -> Figure:
    found = measure.now(frames, SERVICE)
    known = found.only(found.words("status").notna(), "no_value")
    return known.share(known.words("status") == "live")


@indicator
def silent(frames: Frames) -> Figure:
    return measure.silent(frames, SERVICE)
