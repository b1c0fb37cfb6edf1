"""Citizens' questions: deadlines, and what is asked far more than usual."""

from __future__ import annotations

from collections.abc import Iterable

from geodata.records import ServiceRequest
from geodata.watch import cases
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "citizen_questions"


@rule(SERVICE)
def deadlines(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Overdue, and urgent due soon: the service's cases together."""
    return cases.deadlines(frames, SERVICE)


@rule(SERVICE)
def surge(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A category in its wards, far above the same weekday of past weeks."""
    return cases.surges(frames, SERVICE, ServiceRequest, limits, "citizen_questions.surge", "requested_datetime")
