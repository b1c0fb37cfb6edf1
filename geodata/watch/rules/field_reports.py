"""Field reports: deadlines, what may be told twice, what is far above the usual."""

from __future__ import annotations

from collections.abc import Iterable

from geodata.records import ServiceRequest
from geodata.watch import cases
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "field_reports"


@rule(SERVICE)
def deadlines(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Overdue, and urgent due soon: the service's cases together."""
    return cases.deadlines(frames, SERVICE)


@rule(SERVICE)
def duplicates(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Open reports that may be one."""
    return cases.duplicates(frames, SERVICE, limits)


@rule(SERVICE)
def surge(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A category in its wards, far above the same weekday of past weeks."""
    return cases.surges(frames, SERVICE, ServiceRequest, limits, "field_reports.surge", "requested_datetime")
