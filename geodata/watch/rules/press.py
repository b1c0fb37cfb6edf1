"""Rumours to verify, the articles of one story together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pandas as pd

from geodata.records import Event
from geodata.rules import story
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "press"

RUMOUR = "rumour"
DENIED = "denied"
"""Key of all articles that bring nothing but a denial: there is little left to verify."""
LOOKED_AT = timedelta(days=2)


@rule(SERVICE)
def rumours(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A story that an outlet or a desk calls a rumour, until somebody has verified or denied it, or it is old."""
    found = frames.latest(SERVICE, Event, LOOKED_AT)
    if found.empty:
        return
    found = found[(found["category"] == RUMOUR) & ~found["status"].isin(["verified", "denied", "closed"])]
    found = found[found["time"] > frames.at - timedelta(seconds=limits["old_s"])]
    articles = [
        story.Article(str(key), _place(row["properties"]), row["time"], (str(row["title"]), str(row["description"])))
        for key, row in found.iterrows()
    ]
    of = story.grouped(articles)
    told = zip(found["title"], found["description"], strict=True)
    denied = pd.Series([story.denied(map(things.text, texts)) for texts in told], found.index, dtype=bool)
    keys = pd.Series([of[str(key)] for key in found.index], found.index, dtype=object)
    keys = keys.where(~denied.groupby(keys).transform("all"), DENIED)
    for first, group in found.groupby(keys):
        yield _story(str(first), group.sort_values("time"), denied=bool(denied[group.index].any()))


def _story(key: str, ordered: pd.DataFrame, *, denied: bool) -> Sign:
    if (ordered["feed"] == "down").all():
        return Unknown(key)
    outlets = sorted({str(things.more(p).get("outlet") or "") for p in ordered["properties"]} - {""})
    sure = ordered["place_confidence"].max()
    facts = {
        "name": str(ordered["title"].iloc[0]),
        "n": len(ordered),
        "denied": "denied" if denied else None,
        "outlets": outlets,
        "place": round(float(sure), 2) if things.number(sure) is not None else None,
    }
    since = ordered["time"].iloc[0].to_pydatetime()
    return things.together(SERVICE, key, ordered, since, facts, level=1 if denied else None, kind="Event")


def _place(properties: object) -> tuple[str, ...]:
    """Codes of the units that the place was read as: another place is another story."""
    place = things.more(things.more(properties).get("place"))
    codes = place.get("codes")
    return tuple(sorted(str(code) for code in codes)) if isinstance(codes, list) else ()
