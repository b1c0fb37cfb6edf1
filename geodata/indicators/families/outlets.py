"""What goes out of the house: messages that wait, messages given up, by outlet. A city without outlets has none."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from geodata.indicators.figure import NOTHING, Figure
from geodata.indicators.indicator import indicator
from geodata.watch.frames import Frames
from geodata.watch.rules import outlets

DAY = timedelta(days=1)
SENDER = "sender"


def messages(frames: Frames, column: str) -> Figure:
    """The sum over the outlets, with what is of each; news that the sender has not read yet waits too."""
    found = outlets.unsent(frames, DAY)
    if found is None:
        return NOTHING
    sender = found["outlet"].isna() if len(found) else pd.Series(dtype=bool)
    counts: dict[str, int] = {SENDER if mute else str(row["outlet"]): int(row[column])
              for mute, row in zip(sender, found.to_dict("records"), strict=True)}  # fmt: skip
    known = {*frames.city.outlets, *(name for name in counts if name != SENDER)}
    return Figure(
        value=sum(counts.values()), n=len(known), newest=frames.at,
        parts={name: n for name, n in sorted(counts.items()) if n},
    )  # fmt: skip


@indicator
def waiting(frames: Frames) -> Figure:
    return messages(frames, "waiting")


@indicator
def given_up(frames: Frames) -> Figure:
    return messages(frames, "given_up")
