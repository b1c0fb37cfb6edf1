"""How a project stands against its own plan, and how much an open violation matters.

Both are this program's own rules. Work is taken to go evenly from the planned begin to the planned finish, so a project
is behind when it has done ``BEHIND`` less than that; late when the finish has passed. A violation has the level its
office gave it, one more inside a protected monument zone (Law on Cultural Heritage 45/2024/QH15; believed, not read),
3 at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

BEHIND = 0.15
"""Of the whole work."""

VIOLATION_USUAL, VIOLATION_MOST = 2, 3
LEVELS = {"done": 0, "unsaid": 0, "on_time": 0, "behind": 1, "late": 2}


@dataclass(frozen=True, slots=True)
class Standing:
    """``name`` of ``LEVELS``; ``planned`` share of the time used, 0–1; ``over_d`` days past the finish."""

    name: str
    planned: float | None = None
    over_d: int = 0

    @property
    def level(self) -> int:
        return LEVELS[self.name]


def standing(begin: date | None, finish: date | None, done: float | None, today: date) -> Standing:
    """Of a project with ``done`` of its work (share 0–1, None when nobody said)."""
    planned = None
    if begin is not None and finish is not None and finish > begin:
        planned = min(1.0, max(0.0, (today - begin) / (finish - begin)))
    if done is not None and done >= 1:
        return Standing("done", planned)
    if finish is not None and today > finish:
        return Standing("late", planned, (today - finish).days)
    if done is None or planned is None:
        return Standing("unsaid", planned)
    return Standing("behind" if done < planned - BEHIND else "on_time", planned)


def violation(severity: float | None, *, closed: bool, protected: bool = False) -> int:
    """The level of a violation: 0 once it is settled."""
    if closed:
        return 0
    own = VIOLATION_USUAL if severity is None else max(1, int(severity))
    return min(VIOLATION_MOST, own + int(protected))
