"""The state of a mark (look.md 2.4): from its age against the cadence of its own source, and from that source's health.

Silence that knows its cause: a thing is ``silent`` only while its feed is up, and was for as long as its word was due
in; else it is ``unknown``.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from geodata.rules import hearing
from layers import palette

FADE_FROM = 1.0
WORDS = {
    "fresh": ("đang nhận", "receiving"),
    "late": ("trễ", "late"),
    "silent": ("mất tín hiệu", "silent"),
    "unknown": ("chưa rõ, mất nguồn", "unknown, feed down"),
    "maintenance": ("thiết bị không đo", "device not measuring"),
}
"""State to its words, Vietnamese and English (look.md 2.4)."""


def said(state: str, language: str) -> str:
    """The state of a thing in words."""
    vi, en = WORDS.get(state, (state, state))
    return vi if language == "vi" else en


def age_s(times: pd.Series[Any], end: datetime) -> pd.Series[float]:
    """Seconds from the row's own time to the view's clock; NaN where a row has no time."""
    age: pd.Series[float] = (pd.Timestamp(end) - times).dt.total_seconds()
    return age


def classify(frame: pd.DataFrame, end: datetime, *, cadence_s: float | None = None) -> pd.DataFrame:
    """The frame with ``age_s``, ``state`` and ``alpha``; needs time, feed, cadence_s, late_factor.

    fresh ≤ cadence < late ≤ k × cadence < silent; unknown when the feed is or was down (``rules.hearing``). ``alpha``
    falls from 1 to 0.45 over k × cadence; silent and unknown marks stand at 1, for they must be seen. ``cadence_s``
    overrides the sources'.
    """
    out = frame.copy()
    if out.empty:
        return out.assign(age_s=pd.Series(dtype=float), state=pd.Series(dtype=object), alpha=pd.Series(dtype=float))
    cadence = pd.Series(cadence_s, out.index) if cadence_s is not None else out["cadence_s"].astype(float)
    limit = cadence * out["late_factor"].astype(float)
    age = age_s(out["time"], end)
    state = hearing.states(age, hearing.unheard_s(out), cadence, limit, out["feed"])
    share = (age / limit).clip(0, 1).fillna(1.0).to_numpy()
    fading = FADE_FROM - (FADE_FROM - palette.FADE_TO) * share
    out["age_s"] = age
    out["state"] = state
    out["alpha"] = np.where(np.isin(state, ("silent", "unknown")), 1.0, fading)
    return out


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Abnormal last, so that it is drawn above; among equals the oldest first."""
    keys = [k for k in ("level", "time") if k in frame]
    return frame.sort_values(keys, kind="stable") if keys and len(frame) else frame
