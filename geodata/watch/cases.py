"""What the rules of every service of cases share: deadlines, duplicates and surges, one finding a service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pandas as pd

from geodata import gazetteer, geography
from geodata.records import Record, ServiceRequest
from geodata.rules import alike, baseline, caseload, deadline
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.signs import Fires, Row, Sign, Unknown
from geodata.watch.words import Limits

MOST_GROUPS = 20
PAST = baseline.WEEK * baseline.MOST_WEEKS + baseline.DAY + timedelta(hours=1)
"""An hour more than is compared: what is read of it is kept so long."""


def deadlines(frames: Frames, service: str) -> Iterable[Sign]:
    """Overdue cases, and urgent ones that are due soon: one finding, with whose they are."""
    found = frames.latest(service, ServiceRequest)
    if found.empty:
        return
    known = found[found["feed"] != "down"]
    if known.empty:
        yield Unknown(service)
        return
    open_ = caseload.running(known, frames.city, service, frames.at)
    over, soon = open_[open_["overdue"]], open_[open_["soon"]]
    pressing = soon[soon["urgent"]]
    if over.empty and pressing.empty:
        return
    urgent = int(over["urgent"].sum())
    level = (deadline.LEVEL_OVERDUE_URGENT if urgent else deadline.LEVEL_OVERDUE) if len(over) else 1
    first = over if len(over) else pressing
    since = over["expected"].min() if len(over) else pressing["requested_datetime"].max()
    ordered = first.sort_values(["urgent", "expected"], ascending=[False, True])
    yield Fires(
        key=service,
        since=things.began(frames, f"{service}.deadlines", service, since),
        level=level,
        geometry=things.where(first.geometry) if "geometry" in first else None,
        facts={
            "overdue": len(over),
            "urgent": urgent,
            "soon": len(soon),
            "soon_urgent": len(pressing),
            "open": len(open_),
            "oldest": first["expected"].min().isoformat(),
            "agencies": things.agencies(frames, first["agency"]),
        },
        rows=rows(service, ServiceRequest, ordered),
        simulated=bool(first["simulated"].any()),
    )


def duplicates(frames: Frames, service: str, limits: Limits) -> Iterable[Sign]:
    """Open cases that may be one: a proposal, all of the service together."""
    found = frames.latest(service, ServiceRequest)
    if found.empty:
        return
    age = (pd.Timestamp(frames.at) - found["requested_datetime"]).dt.total_seconds()
    marked = found["duplicate_of"].notna() if "duplicate_of" in found else pd.Series(False, found.index)
    recent = found[~found["status"].isin(caseload.NO_CLOCK) & (age <= 2 * limits["within_s"]) & ~marked]
    groups = alike.groups(recent, limits["apart_m"], limits["within_s"], limits["alike"])
    if not groups:
        return
    ids = [key for group in groups for key in group]
    own = recent.loc[ids]
    yield Fires(
        key=service,
        since=things.began(frames, f"{service}.duplicates", service, own["requested_datetime"].max()),
        geometry=things.where(own.geometry),
        facts={"groups": len(groups), "n": len(ids), "ids": [" = ".join(g) for g in groups[:MOST_GROUPS]]},
        rows=rows(service, ServiceRequest, own),
        simulated=bool(own["simulated"].any()),
    )


def surges(
    frames: Frames, service: str, kind: type[Record], limits: Limits, rule_id: str, time: str = "time"
) -> Iterable[Sign]:
    """More of a category than the same weekday of past weeks explains, in its wards: one finding a category."""
    border = things.hour(frames) - baseline.DAY
    today = _grouped(frames.between(service, kind, frames.at - border), time)
    today = today[today[time] >= border]
    if today.empty:
        return
    past = things.hourly(frames, f"past {service}", lambda: _grouped(frames.between(service, kind, PAST), time))
    past = past[past[time] < border]
    table = baseline.unusual(
        pd.concat([past[time], today[time]], ignore_index=True),
        pd.concat([past["group"], today["group"]], ignore_index=True),
        frames.at,
        least=int(limits["least_n"]),
        most_chance=limits["most_chance"],
    )
    for category, part in table.groupby(table.index.to_series().str.partition("|")[0]) if len(table) else ():
        own = today[today["group"].isin(part.index) & (pd.Timestamp(frames.at) - today[time] < baseline.DAY)]
        if (own["feed"] == "down").all():
            yield Unknown(str(category))
            continue
        yield _surge(frames, service, kind, rule_id, str(category), part, own)


def _grouped(found: Any, time: str) -> Any:
    """The rows with a category in a ward, with ``group``: ``CATEGORY|WARD``."""
    if found.empty:
        return found.assign(group="", **({} if time in found else {time: found["time"]}))
    placed = found[~(found.geometry.isna() | found.geometry.is_empty) & found["category"].notna()]
    points = placed.geometry.representative_point()
    wards = pd.Series(gazetteer.wards_of(points.x, points.y), placed.index, dtype=object)
    placed = placed[wards.notna()]
    return placed.assign(group=placed["category"].astype(str) + "|" + wards[wards.notna()].astype(str))


def _surge(
    frames: Frames, service: str, kind: type[Record], rule_id: str, category: str, part: pd.DataFrame, own: Any
) -> Fires:
    worst = part.sort_values("n", ascending=False)
    names = _ward_names()
    codes = [str(key).partition("|")[2] for key in worst.index]
    told = [f"{names.get(code, code)}: {int(n)}" for code, n in zip(codes, worst["n"], strict=True)]
    return Fires(
        key=category,
        since=things.began(frames, rule_id, category, own["time"].max()),
        geometry=things.where(own.geometry),
        facts={
            "category": things.category(frames, service, category),
            "n": int(part["n"].sum()),
            "usual": round(float(part["usual"].sum()), 1),
            "weeks": int(part["weeks"].max()),
            "wards": len(part),
            "names": told[: things.NAMES_MOST],
        },
        rows=rows(service, kind, own),
        simulated=bool(own["simulated"].any()),
    )


def _ward_names() -> dict[str, str]:
    frame = geography.collection("wards")
    return dict(zip(frame["id"].astype(str), frame["full_name"].astype(str), strict=True))


def rows(service: str, kind: type[Record], found: Any) -> list[Row]:
    """The first rows of a finding."""
    first = found.head(things.ROWS_MOST)
    table = zip(first.index, first["time"], first["source"], strict=True)
    return [Row(service, kind.__name__, str(k), t.to_pydatetime(), str(s)) for k, t, s in table]
