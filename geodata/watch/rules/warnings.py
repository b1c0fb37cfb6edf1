"""Official warnings in force, with what lies inside. A drill, a test and a message between machines are none."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import pandas as pd
import shapely

from geodata.records import JSON, Alert, Position, Record, RequestStatus, ServiceRequest, Thing
from geodata.rules import warning
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Over, Row, Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "warnings"
ACTUAL = "Actual"
LIFE = timedelta(days=7)
"""The messages of a warning's life are looked for so far back."""

COUNTED: tuple[type[Record], ...] = (Position, Thing, ServiceRequest)
"""What of a service lies inside: where it is now, else where it stands, else where its open cases are."""


@rule(SERVICE)
def in_force(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """One finding a warning from its first message to cancel or expiry, whatever updates it had.

    A warning that is in force by its own words stays so when its feed is lost.
    """
    found = frames.latest(SERVICE, Alert)
    roots = set()
    if len(found):
        for key, row in found[found["status"] == ACTUAL].iterrows():
            if pd.notna(row["expires"]) and row["expires"] <= pd.Timestamp(frames.at):
                continue  # what has expired is over, whoever still lists it
            roots.add(str(row["root"]))
            yield _fires(frames, str(key), row)
    yield from _ended(frames, roots)


def _ended(frames: Frames, standing: set[str]) -> Iterable[Sign]:
    """Of open findings that stand no more: when, by the cancellation or by the last message's own expiry."""
    opened = {key: at for key, at in frames.opened("warnings.in_force").items() if key not in standing}
    if not opened:
        return
    life = frames.between(SERVICE, Alert, LIFE)
    for key in opened:
        own = life[life["root"] == key].sort_values("sent") if len(life) else life
        if own.empty:
            continue  # it closes now, for want of a better time
        last = own.iloc[-1]
        at, expires = last["sent"], last["expires"]
        if last["msg_type"] != "Cancel":
            if pd.isna(expires) or expires > pd.Timestamp(frames.at):
                yield Unknown(key)  # its newest message is neither shown nor over
                continue
            at = expires
        yield Over(key, at.to_pydatetime())


def _fires(frames: Frames, key: str, row: Any) -> Fires:
    official = pd.to_numeric(row["level"], errors="coerce")
    start = row["onset"] if pd.notna(row["onset"]) else row["effective"]
    sent = row["sent"].to_pydatetime()
    return Fires(
        key=str(row["root"]),
        since=row["first_sent"].to_pydatetime(),
        level=warning.level(row["severity"], None if pd.isna(official) else float(official)),
        geometry=row["geometry"],
        facts={
            "name": str(row["headline"] or row["event"] or row["identifier"]),
            "area": None if row["area_desc"] is None else str(row["area_desc"]),
            "issued_by": None if row["sender_name"] is None else str(row["sender_name"]),
            "sent": sent.isoformat(),
            "start": None if pd.isna(start) else start.isoformat(),
            "expires": None if pd.isna(row["expires"]) else row["expires"].isoformat(),
            "official": None if pd.isna(official) else int(official),
            "inside": things.hourly(frames, f"inside {key}", partial(inside, frames, row["geometry"])),
        },
        rows=[Row(SERVICE, "Alert", key, sent, str(row["source"]))],
        simulated=bool(row["simulated"]),
    )


def inside(frames: Frames, area: Any) -> list[JSON]:
    """What of each service lies in the area, as "Camera giám sát: 12" in both languages; only services that have
    something there.
    """
    if area is None or area.is_empty:
        return []
    shapely.prepare(area)
    told: list[JSON] = []
    for service, one in frames.city.catalogue().items():
        kinds = [kind for kind in COUNTED if kind.__name__ in one.kinds]
        n = next((n for kind in kinds if (n := _count(frames, service, kind, area))), 0)
        if n and service not in {SERVICE, "platform"}:
            told.append(things.both(f"{one.short('vi')}: {n}", f"{one.short('en')}: {n}"))
    return told


def _count(frames: Frames, service: str, kind: type[Record], area: Any) -> int:
    found = frames.latest(service, kind)
    if found.empty:
        return 0
    if kind is ServiceRequest:
        closed = [s.value for s in RequestStatus if not s.is_open]
        found = found[~found["status"].isin(closed)]
    places = found.geometry.to_numpy()
    known = ~(shapely.is_missing(places) | shapely.is_empty(places))
    return int(shapely.intersects(area, places[known]).sum())
