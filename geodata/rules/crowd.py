"""Visitors against what a place can take. The capacity is the place's own figure; the levels are this program's.

The Law on Tourism 2017 asks sites to keep to their capacity and names no number, so no capacity is ever assumed.
"""

from __future__ import annotations

FULL, OVER = 1.0, 1.2
"""Share of the capacity: level 2, 3."""


def share(visitors: float | None, capacity: float | None) -> float | None:
    """Visitors by capacity; None when either is unknown."""
    return visitors / capacity if visitors is not None and capacity is not None and capacity > 0 else None


def level(used: float | None) -> int:
    """0 below the capacity or without one."""
    if used is None or used < FULL:
        return 0
    return 3 if used >= OVER else 2
