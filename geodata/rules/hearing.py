"""The state of a thing from the age of its last word, and how much of that age its feed was there to hear.

Silence knows its cause: a thing is silent only when its feed was up for as long as its word was due in. What was not
heard because the feed was away is unknown, and stays so after the feed's return until the word would have come again.
This program's own rule (look.md 2.4).
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

State = Literal["fresh", "late", "silent", "unknown"]


def unheard_s(rows: pd.DataFrame) -> pd.Series[float]:
    """Seconds after each row's ``time`` in which its feed was away: of the last loss from which it came back.

    Of a feed that was never lost, before its first connection, for what it did not tell itself (a loaded past). Columns
    time, received_at, feed_since, feed_lost (contracts 4.1); 0 for a source that was never connected.
    """
    if "feed_lost" not in rows or rows.empty:
        return pd.Series(0.0, rows.index)
    back, lost = (pd.to_datetime(rows[name], utc=True) for name in ("feed_since", "feed_lost"))
    from_ = lost.where(lost > rows["time"], rows["time"])
    told_itself = lost.isna() & (rows.get("received_at", rows["time"]) >= back)
    away: pd.Series[float] = (back - from_).dt.total_seconds().mask(told_itself, 0.0)
    return away.clip(lower=0.0).fillna(0.0)


def states(age_s: Any, unheard_s: Any, cadence_s: Any, due_s: Any, feed: Any) -> NDArray[np.object_]:
    """``State`` of each: fresh up to its cadence, late up to what is due, then silent if its feed was there to hear it.

    Arrays or series of one length; ``due_s``: cadence × the source's factor; ``feed``: ``up`` or ``down``.
    """
    age = np.asarray(age_s, float)
    heard_for = age - np.asarray(unheard_s, float)
    told = np.select([age <= cadence_s, age <= due_s, heard_for <= due_s], ["fresh", "late", "unknown"], "silent")
    return np.where(np.asarray(feed) == "down", "unknown", told).astype(object)
