"""Advertising boards: content that nobody approved, licences, faults."""

from __future__ import annotations

import numpy as np
import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.watch.frames import Frames
from geodata.watch.rules import advertising_screens as rules

SERVICE = "advertising_screens"


def boards(frames: Frames) -> tuple[measure.Now, pd.Series[str]]:
    """The boards that are heard of, and what each is in (``geodata.rules.screen``)."""
    found, condition = measure.now(frames, SERVICE), rules.boards(frames)[1]
    return found, condition.reindex(found.rows.index)


def _in(frames: Frames, *names: str) -> Figure:
    found, condition = boards(frames)
    return found.count(np.asarray(condition.isin(names), bool))


@indicator
def unapproved(frames: Frames) -> Figure:
    return _in(frames, "unapproved")


@indicator
def without_licence(frames: Frames) -> Figure:
    return _in(frames, "licence_over")


@indicator
def faults(frames: Frames) -> Figure:
    return _in(frames, "fault")


@indicator
def licence_soon(frames: Frames) -> Figure:
    return _in(frames, "licence_soon")


@indicator
def heard(frames: Frames) -> Figure:
    return measure.now(frames, SERVICE).count()


@indicator
def approved(frames: Frames) -> Figure:
    """Of the boards that are on and tell what they show."""
    found = measure.now(frames, SERVICE)
    told = found.only((found.words("status") == "on") & found.words("content").notna(), "no_value")
    return told.share(told.words("content") == "approved")


@indicator
def reporting(frames: Frames) -> Figure:
    return measure.reporting(frames, SERVICE)


@indicator
def silent(frames: Frames) -> Figure:
    return measure.silent(frames, SERVICE)
