"""Dossiers of administrative procedures against their deadlines."""

from __future__ import annotations

from collections.abc import Iterable

from geodata.watch import cases
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "public_services"


@rule(SERVICE)
def deadlines(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Overdue, and urgent due soon: the service's cases together."""
    return cases.deadlines(frames, SERVICE)
