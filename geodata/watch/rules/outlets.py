"""What goes out of the house: an outlet that does not take its messages, messages given up, nobody who sends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pandas as pd

from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Sign
from geodata.watch.words import Limits

SENDER = things.both("bộ gửi (vonglau notify)", "the sender (vonglau notify)")


MEANS_TO_SEND = timedelta(days=7)
"""A city of whose outlets only the sender knows (``--outlets FILE``) means to send so long after it last did."""


def unsent(frames: Frames, back: timedelta) -> pd.DataFrame | None:
    """``Frames.outlets``; None for a city without outlets whose news nobody reads: it sends nothing, and means to."""
    found = frames.outlets(back)
    if frames.city.outlets or (len(found) and found["outlet"].notna().all()):
        return found
    sent = found["sent_at"].max() if "sent_at" in found and len(found) else None
    return found if sent is not None and pd.notna(sent) and frames.at - sent <= MEANS_TO_SEND else None


@rule()
def not_sent(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Outlets with messages that wait too long or were given up; news that nobody has read for sending."""
    late = timedelta(seconds=limits["late_s"])
    found = unsent(frames, timedelta(seconds=limits["given_up_s"]))
    for row in [] if found is None else found.to_dict("records"):
        waits = row["waits_since"]
        overdue = pd.notna(waits) and frames.at - waits >= late
        if overdue or row["given_up"]:
            sender = pd.isna(row["outlet"])
            yield Fires(
                key="sender" if sender else f"outlet:{row['outlet']}",
                since=_since(waits if overdue else None, row["given_up_since"]),
                facts={
                    "name": SENDER if sender else str(row["outlet"]),
                    "waiting": int(row["waiting"]),
                    "given_up": int(row["given_up"]),
                    "error": things.text(row["error"]),
                },
            )


def _since(*times: datetime | None) -> datetime:
    return min(pd.Timestamp(time).to_pydatetime() for time in times if pd.notna(time))
