"""Working time of many instants at once: what ``WorkCalendar.add`` and ``between`` give, for whole columns of cases."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.calendar import ONE_DAY, WorkCalendar

Seconds = NDArray[np.float64]


class WorkTable:
    """The working spans of the days from ``first`` to ``last``, local dates. Instants are epoch seconds, NaN none."""

    def __init__(self, calendar: WorkCalendar, first: date, last: date) -> None:
        opens, closes, day = [], [], first
        while day <= last:
            if calendar.is_working_day(day):
                for span in calendar.hours.spans:
                    opens.append(datetime.combine(day, span.start, calendar.zone).timestamp())
                    closes.append(datetime.combine(day, span.end, calendar.zone).timestamp())
            day += ONE_DAY
        self._opens = np.array(opens, float)
        self._long = np.array(closes, float) - self._opens
        self._before = np.concatenate([[0.0], np.cumsum(self._long)])

    def worked(self, at: Seconds) -> Seconds:
        """Seconds of working time from the first day to each instant."""
        at = np.asarray(at, float)
        span = np.searchsorted(self._opens, at, side="right") - 1
        inside = np.clip(at - self._opens[np.maximum(span, 0)], 0, self._long[np.maximum(span, 0)])
        found = np.where(span < 0, 0.0, self._before[np.maximum(span, 0)] + inside)
        return np.where(np.isnan(at), np.nan, found)

    def add(self, at: Seconds, seconds: Seconds) -> Seconds:
        """The instants at which so much working time has passed; NaN past the last day."""
        due = self.worked(at) + seconds
        span = np.searchsorted(self._before, due, side="left") - 1
        span = np.where(due <= 0, 0, span)
        known = ~np.isnan(due) & (span < len(self._opens))
        kept = np.where(known, span, 0).astype(int)
        return np.where(known, self._opens[kept] + due - self._before[kept], np.nan)


def table_for(
    calendar: WorkCalendar, times: pd.Series[pd.Timestamp], end: datetime, ahead_days: int = 120
) -> WorkTable:
    """A table that holds these instants and so many days after ``end``."""
    known = times.dropna()
    first = min(known.min().to_pydatetime(), end) if len(known) else end
    return WorkTable(
        calendar,
        first.astimezone(calendar.zone).date() - ONE_DAY,
        end.astimezone(calendar.zone).date() + ahead_days * ONE_DAY,
    )


def seconds(times: pd.Series[pd.Timestamp]) -> Seconds:
    """Epoch seconds of a column of instants, NaN where there is none."""
    epoch = pd.Timestamp(0, tz=UTC)
    return np.asarray((pd.to_datetime(times, utc=True) - epoch) / pd.Timedelta("1s"), dtype=np.float64)


def instants(values: Seconds, index: pd.Index) -> pd.Series[pd.Timestamp]:
    """A column of instants of epoch seconds."""
    rounded = pd.Series(np.round(values, 3), index)
    return pd.to_datetime(rounded, unit="s", utc=True)
