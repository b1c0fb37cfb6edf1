"""What a row of the inbox says (contracts.md 15): whether it stands, who has it. Desk and wall ask the same."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from geodata.city import City

Row = Mapping[str, Any]


def is_open(row: Row, at: datetime) -> bool:
    """Whether it stands in the queue: neither closed by the desk nor asleep."""
    return is_left(row) and not asleep(row, at)


def is_left(row: Row) -> bool:
    """Whether the desk has not closed it."""
    return bool(pd.isna(row["desk_closed_at"]))


def asleep(row: Row, at: datetime) -> bool:
    until: Any = row["snoozed_until"]
    return not bool(pd.isna(until)) and bool(until > pd.Timestamp(at))


def is_new(row: Row) -> bool:
    """Whether nobody acknowledged it."""
    return bool(pd.isna(row["acknowledged_at"]))


def waits(row: Row) -> bool:
    """Whether nobody has it: neither acknowledged nor given to an agency."""
    return is_new(row) and not isinstance(row["agency"], str)


def agency_title(agency_id: str, city: City, language: str) -> str:
    return next((a.title(language) for a in city.agencies if a.id == agency_id), agency_id)
