"""Reading a row of a frame: what may be missing is nothing, never "nan"."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd


def moment(value: Any) -> datetime | None:
    """A time of a frame as an aware datetime; None for nothing and NaT."""
    if value is None or pd.isna(value):
        return None
    stamp: datetime = pd.Timestamp(value).to_pydatetime()
    return stamp


def word(row: pd.Series[Any], name: str) -> str:
    """The text of a column; empty for nothing."""
    value = row.get(name)
    return "" if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)) else str(value)
