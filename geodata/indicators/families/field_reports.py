"""Field reports: what is open, what is overdue, how many were in time."""

from __future__ import annotations

from geodata.indicators import cases, measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.watch import things
from geodata.watch.frames import Frames

SERVICE = "field_reports"
SATISFIED = frozenset({"satisfied", "very_satisfied", "hai_long", "hài lòng", "rất hài lòng", "good", "4", "5"})
UNSATISFIED = frozenset(
    {"unsatisfied", "very_unsatisfied", "khong_hai_long", "không hài lòng", "rất không hài lòng", "bad", "1", "2"}
)
BETWEEN = frozenset({"normal", "binh_thuong", "bình thường", "chấp nhận", "chấp nhận được", "neutral", "3"})
"""Words and grades of the rating as sources send it; what is none of these is not counted."""


@indicator
def overdue(frames: Frames) -> Figure:
    return cases.of_running(frames, SERVICE, "overdue")


@indicator
def overdue_urgent(frames: Frames) -> Figure:
    return cases.of_running(frames, SERVICE, "overdue", urgent=True)


@indicator
def open_now(frames: Frames) -> Figure:
    return cases.open_(frames, SERVICE)


@indicator
def due_soon(frames: Frames) -> Figure:
    return cases.of_running(frames, SERVICE, "soon")


@indicator
def on_time(frames: Frames) -> Figure:
    return cases.on_time(frames, SERVICE)


@indicator
def satisfied(frames: Frames) -> Figure:
    """Of the cases closed within the window that somebody rated."""
    rows, left = cases.known(frames, SERVICE)
    if rows.empty:
        return measure.figure(rows, None, left_out=left)
    closed = rows[rows["closed_datetime"] > frames.at - cases.WINDOW]
    word = closed["rating"].map(lambda told: (things.text(told) or "").lower())
    rated = closed[word.isin(SATISFIED | UNSATISFIED | BETWEEN)]
    good = int(word.isin(SATISFIED).sum())
    return measure.share(rated, good, len(rated), left | {"no_value": len(closed) - len(rated)})


@indicator
def received(frames: Frames) -> Figure:
    return cases.received(frames, SERVICE)
