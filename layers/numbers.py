"""How large numbers in marks are on a wall."""

from __future__ import annotations

from collections.abc import Mapping

WALL_NUMBERS: Mapping[str, float] = {"badge": 1.4, "aqi": 1.5, "ward_count": 1.6, "label": 1.6}
"""How much larger numbers in marks and words of a layer are on a wall: 2.1 u, what six metres ask for (look.md 3.3)."""
