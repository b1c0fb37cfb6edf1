"""What the indicators of every service of cases share: open, overdue, due soon, on time with open cases censored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.records import RequestStatus, ServiceRequest
from geodata.rules import caseload, deadline, dossier
from geodata.watch import things
from geodata.watch.frames import Frames

WINDOW = timedelta(days=28)
"""Four whole weeks: every weekday four times."""

BACK = WINDOW + timedelta(days=28)
"""A case whose deadline fell into the window may have been closed so long before."""

DAY = timedelta(hours=24)
NEVER = frozenset({RequestStatus.REJECTED.value, RequestStatus.DUPLICATE.value})
OVER = frozenset({*NEVER, RequestStatus.CLOSED.value})


def known(frames: Frames, service: str) -> tuple[Any, dict[str, int]]:
    """The cases of feeds that are up, and how many open ones are left out."""
    return things.once(frames, f"cases {service}", lambda: _known(frames, service))


def _known(frames: Frames, service: str) -> tuple[Any, dict[str, int]]:
    rows = frames.latest(service, ServiceRequest, BACK)
    if rows.empty:
        return rows, {}
    lost = (rows["feed"] == "down") & ~rows["status"].isin(OVER)
    return rows[rows["feed"] != "down"], {"unknown": int(lost.sum())}


def open_(frames: Frames, service: str) -> Figure:
    """Cases that are not closed, refused or found to be duplicates."""
    rows, left = known(frames, service)
    if rows.empty:
        return measure.figure(rows, 0, left_out=left)
    own = rows[~rows["status"].isin(OVER)]
    return measure.figure(rows, len(own), len(own), left_out=left)


def running(frames: Frames, service: str) -> tuple[Any, dict[str, int]]:
    """The open cases whose clock runs (``geodata.rules.caseload``); the others are left out as ``no_clock``."""
    rows, left = known(frames, service)
    if rows.empty:
        return rows, left
    return things.once(frames, f"running {service}", lambda: _running(frames, service, rows, left))


def _running(frames: Frames, service: str, rows: Any, left: dict[str, int]) -> tuple[Any, dict[str, int]]:
    now = rows[~rows["status"].isin(OVER)]
    found = caseload.running(now, frames.city, service, frames.at)
    return found, left | {"no_clock": len(now) - len(found), "no_deadline": int(found["expected"].isna().sum())}


def of_running(frames: Frames, service: str, column: str, *, urgent: bool | None = None) -> Figure:
    """How many of the cases whose clock runs are ``overdue`` or due ``soon``; ``urgent``: only such, or none such.

    An urgent one among the overdue makes them level 3.
    """
    rows, left = running(frames, service)
    if rows.empty:
        came, _ = known(frames, service)
        return measure.figure(came, 0, 0, left_out=left)
    mask, pressing = rows[column].astype(bool), rows["urgent"].astype(bool)
    if urgent is not None:
        mask &= pressing == urgent
    grave = column == "overdue" and bool((mask & pressing).any())
    return measure.count(rows, mask, left, deadline.LEVEL_OVERDUE_URGENT if grave else None)


def received(frames: Frames, service: str) -> Figure:
    """Cases requested in the last 24 hours."""
    rows = frames.between(service, ServiceRequest, DAY)
    if rows.empty:
        return measure.figure(rows, 0)
    kept, left = measure.parted(rows)
    return measure.count(kept, None, left)


def on_time(frames: Frames, service: str) -> Figure:
    """Of the cases whose deadline fell into the window, those that had their result by then, in per cent.

    Chosen by the deadline and not by the close, so that a slow office cannot look better by leaving cases open: past
    its deadline an open case is late already, before it nobody can say (``not_due``: censored).
    """
    rows, left = known(frames, service)
    if rows.empty:
        return measure.figure(rows, None, left_out=left)
    counted = ~rows["status"].isin(NEVER)
    if "duplicate_of" in rows:
        counted &= rows["duplicate_of"].isna()
    if "category" in rows and service == "public_services":
        counted &= ~rows["category"].isin(dossier.PAUSED | dossier.UNCOUNTED)
    own = rows[counted]
    due = caseload.expected(own, frames.city, service, frames.at)
    at = pd.Timestamp(frames.at)
    decided = (due > at - WINDOW) & (due <= at)
    closed = pd.to_datetime(own["closed_datetime"], utc=True)
    result = closed.fillna(own["time"].where(own["status"] == RequestStatus.RESOLVED.value))
    good = decided & (result <= due)
    why = {"not_counted": int((~counted).sum()), "not_due": int((due > at).sum()), "no_deadline": int(due.isna().sum())}
    told = measure.share(own[decided], int(good.sum()), int(decided.sum()), left | why)
    # its age is that of the newest word on any case: that none became due lately does not make it old
    return replace(told, newest=measure.figure(rows, None).newest)
