"""Boards that show what nobody approved, play without a licence, or are out."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geodata.rules import screen
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Holds, Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "advertising_screens"

LEAST = 3


@rule(SERVICE)
def unapproved(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A board that shows content which nobody approved."""
    found, condition = boards(frames)
    for (key, row), word in zip(found.iterrows(), condition, strict=True):
        if row["state"] == "unknown":
            yield Unknown(str(key))
        elif word == "unapproved" and row["state"] != "silent":
            since = things.began(frames, "advertising_screens.unapproved", str(key), row["time"])
            owner = things.text(things.more(row["properties"]).get("owner"))
            facts = {"name": things.text(row["name"]) or str(key), "owner": owner, "time": row["time"].isoformat()}
            yield things.together(SERVICE, str(key), found.loc[[key]], since, facts)


@rule(SERVICE)
def without_licence(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Boards that play after their licence has ended, together."""
    found, condition = boards(frames)
    if len(found) and (found["state"] == "unknown").all():
        yield Unknown(SERVICE)
        return
    own = found[(condition == "licence_over") & found["state"].isin(["fresh", "late"])] if len(found) else found
    if len(own):
        since = things.began(frames, "advertising_screens.without_licence", SERVICE, own["time"].max())
        yield things.together(SERVICE, SERVICE, own, since, {"n": len(own), "names": things.names(own)})


@rule(SERVICE)
def boards_out(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Many boards that report a fault or have left their last will: one cause, seldom each its own."""
    found, condition = boards(frames)
    if found.empty:
        return
    for source, group in found.groupby("source"):
        key, out = str(source), group[condition[group.index] == "fault"]
        if (group["state"] == "unknown").any():
            yield Unknown(key)
        elif len(out) >= LEAST and len(out) >= limits["open_share"] * len(group):
            since = things.began(frames, "advertising_screens.boards_out", key, out["time"].max())
            facts = {"n": len(out), "of": len(group), "names": things.names(out)}
            yield things.together(SERVICE, key, out, since, facts)
        elif len(out) >= LEAST and len(out) >= limits["close_share"] * len(group):
            yield Holds(key)


def boards(frames: Frames) -> tuple[pd.DataFrame, pd.Series[str]]:
    """The boards (``things.heard``) and what each is in (``geodata.rules.screen``)."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    words = []
    for key in found.index:
        own = told.get(str(key), {})
        status, content = (things.text(own.get(name)) for name in ("status", "content"))
        words.append(screen.condition(status, content, things.number(own.get("licence_days"))))
    return found, pd.Series(words, found.index, dtype=object)
