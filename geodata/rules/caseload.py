"""Open cases against their deadlines, all at once: what is due soon, what is overdue, whose it is.

A deadline that the source sends wins; else that of the city or the catalogue, in the city's working time. The clock
stands while papers are awaited, and a case with a result has none.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from geodata.city import City
from geodata.records import RequestStatus
from geodata.rules import deadline, dossier, working_time

NO_CLOCK = frozenset({*(s.value for s in RequestStatus if not s.is_open), RequestStatus.RESOLVED.value})


def running(cases: pd.DataFrame, city: City, service: str, now: datetime) -> pd.DataFrame:
    """The open cases whose clock runs, with ``expected``, ``used`` (share of the time, NaN without a deadline),
    ``overdue``, ``soon``, ``urgent``.
    """
    stands = cases["status"].isin(NO_CLOCK)
    if "category" in cases and service == "public_services":
        stands |= cases["category"].isin(dossier.PAUSED | dossier.UNCOUNTED)
    if "duplicate_of" in cases:
        stands |= cases["duplicate_of"].notna()
    out = pd.DataFrame(cases[~stands])
    out["urgent"] = out["urgency"].eq("urgent")
    out["expected"] = expected(out, city, service, now)
    requested, due = (pd.to_datetime(out[name], utc=True) for name in ("requested_datetime", "expected"))
    span = (due - requested).dt.total_seconds()
    out["used"] = ((pd.Timestamp(now) - requested).dt.total_seconds() / span).where(span > 0)
    out["overdue"] = out["used"] >= 1
    out["soon"] = out["used"].between(deadline.DUE_SOON, 1, inclusive="left")
    return out


def expected(cases: pd.DataFrame, city: City, service: str, now: datetime) -> Any:
    """The deadline of each case, open or not: the source's own, else by the hours of its urgency; NaT without one."""
    told = pd.to_datetime(cases["expected_datetime"], utc=True)
    missing = told.isna()
    if not missing.any():
        return told
    hours = cases.loc[missing, "urgency"].map(_hours(city, service, cases.loc[missing, "urgency"]))
    if hours.isna().all():
        return told
    requested = pd.to_datetime(cases.loc[missing, "requested_datetime"], utc=True)
    table = working_time.table_for(city.calendar(), requested, now)
    due = table.add(working_time.seconds(requested), hours.to_numpy(float) * 3600)
    return told.fillna(working_time.instants(due, requested.index).astype(told.dtype))


def _hours(city: City, service: str, urgencies: pd.Series[Any]) -> dict[Any, float]:
    """Deadline in working hours by urgency: the city's own, else the catalogue's."""
    own = city.services[service].due_h if service in city.services else {}
    found = {}
    for name in urgencies.dropna().unique():
        known = city.catalogue()[service].urgency(name) if service in city.catalogue() else None
        code = known.id if known is not None else str(name)
        hours = own.get(code, known.due_h if known is not None else None)
        found[name] = np.nan if hours is None else float(hours)
    return found
