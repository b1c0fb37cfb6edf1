"""Dossiers of administrative procedures: whose clock runs, what counts as on time, when an office stands out.

States are those of the national portal: groups 5, 6 and 8 stop the clock, 3 and 7 count neither as on time nor as late
(the catalogue's ``public_services`` has it, not confirmed by a text). The two limits are this program's own: no text
read by us sets them (Decree 118/2025/NĐ-CP has the offices, Decision 766/QĐ-TTg the points).
"""

from __future__ import annotations

from datetime import datetime

from geodata.rules.small_numbers import LEAST_N, share

PAUSED = frozenset({"more_papers", "payment_due", "stopped"})
UNCOUNTED = frozenset({"not_accepted", "withdrawn"})

ON_TIME_LEAST = 0.95
"""Share of dossiers solved on time under which an office is late."""

OVERDUE_MOST = 0.05
"""Share of the dossiers in progress that may be overdue before an office is late."""

LEVEL_LATE = 2


def runs(category: str | None) -> bool:
    """Whether the deadline of a dossier in that state counts on."""
    return category not in PAUSED | UNCOUNTED


def on_time(category: str | None, expected: datetime | None, closed: datetime | None, now: datetime) -> bool | None:
    """True solved by its deadline, False late or still open after it; None while nobody can say.

    An open dossier that is past its deadline is late already: leaving it out until it is solved would make the rate
    of a slow office the better, the longer it waits.
    """
    if expected is None or not runs(category):
        return None
    if closed is not None:
        return closed <= expected
    return False if now > expected else None


def level(
    solved: tuple[float, float], overdue: float | None, in_progress: float | None, *, least: int = LEAST_N
) -> int:
    """0, or 2 when too few of ``solved`` (on time, all) or too many of those in progress are late."""
    rate, late = share(*solved, least=least), share(overdue, in_progress, least=least)
    if rate is not None and rate < ON_TIME_LEAST:
        return LEVEL_LATE
    return LEVEL_LATE if late is not None and late > OVERDUE_MOST else 0
