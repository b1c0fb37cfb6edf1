"""Rain in the words of the national bulletins, and sums over hours.

Classes by 24 hours: mưa nhỏ under 6 mm, mưa 6–15, mưa vừa 16–50, mưa to 51–100, mưa rất to over 100 (published with
bulletins; the gaps between whole millimetres are closed downwards). Over 80 mm in 3 hours bulletins warn of rain that
is intense.
"""

from __future__ import annotations

import pandas as pd

HOUR, DAY = "rain_1h", "rain_24h"
BOUNDS: tuple[tuple[float, str], ...] = (
    (100, "very_heavy"),
    (50, "heavy"),
    (15, "moderate"),
    (6, "rain"),
    (0, "light"),
)
LEAST_HOURS = 3


def word(mm_24h: float) -> str | None:
    """The class of a day's rain; None for none at all."""
    return next((name for above, name in BOUNDS if mm_24h > above), None)


def sums(hours: pd.DataFrame) -> pd.Series[float]:
    """Rain of the last three hours by station, mm, from its hourly sums: the newest of each of three hours.

    A station that tells a sliding sum every few minutes is taken at its newest value and those 1 and 2 hours before.
    """
    if hours.empty:
        return pd.Series(dtype=float)
    newest = hours.groupby("id")["time"].transform("max")
    back = ((newest - hours["time"]).dt.total_seconds() / 3600).round(6)
    step = back.apply(int)
    first = hours.assign(step=step, result=hours["result"].astype(float)).sort_values("time", ascending=False)
    one = first.drop_duplicates(["id", "step"])
    whole = one.groupby("id").agg(n=("step", "size"), mm=("result", "sum"))
    found: pd.Series[float] = whole.loc[whole["n"] >= LEAST_HOURS, "mm"]
    return found
