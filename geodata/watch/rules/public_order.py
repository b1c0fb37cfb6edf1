"""Grave incidents by kind, and wards with far more than usual. No free text, no person."""

from __future__ import annotations

from collections.abc import Iterable

from geodata.records import Event
from geodata.watch import cases, incidents
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "public_order"


@rule(SERVICE)
def grave(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Open incidents of a grave level, those of one kind together."""
    return incidents.by_kind(frames, SERVICE, int(limits["least_level"]), "public_order.grave")


@rule(SERVICE)
def hot_spots(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A kind of incident in its wards, far above the same weekday of past weeks."""
    return cases.surges(frames, SERVICE, Event, limits, "public_order.hot_spots")
