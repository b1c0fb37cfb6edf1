"""Official warnings in force. A drill, a test and a message between machines are none."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geodata.records import Alert
from geodata.rules import warning
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Row, Sign
from geodata.watch.words import Limits

SERVICE = "warnings"
ACTUAL = "Actual"


@rule(SERVICE)
def in_force(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """One finding a warning from its first message to cancel or expiry, whatever updates it had."""
    found = frames.latest(SERVICE, Alert)
    if found.empty:
        return
    for key, row in found[found["status"] == ACTUAL].iterrows():
        official = pd.to_numeric(row["level"], errors="coerce")
        level = warning.level(row["severity"], None if pd.isna(official) else float(official))
        start = row["onset"] if pd.notna(row["onset"]) else row["effective"]
        sent = row["sent"].to_pydatetime()
        yield Fires(
            key=str(row["root"]),
            since=row["first_sent"].to_pydatetime(),
            level=level,
            geometry=row["geometry"],
            facts={
                "name": str(row["headline"] or row["event"] or row["identifier"]),
                "area": None if row["area_desc"] is None else str(row["area_desc"]),
                "issued_by": None if row["sender_name"] is None else str(row["sender_name"]),
                "sent": sent.isoformat(),
                "start": None if pd.isna(start) else start.isoformat(),
                "expires": None if pd.isna(row["expires"]) else row["expires"].isoformat(),
                "official": None if pd.isna(official) else int(official),
            },
            rows=[Row(SERVICE, "Alert", str(key), sent, str(row["source"]))],
            simulated=bool(row["simulated"]),
        )
