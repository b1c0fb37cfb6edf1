"""Cameras without a picture, by the system that they belong to."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Holds, Sign, Unknown
from geodata.watch.words import Limits

SERVICE = "cameras"

BAD = ("frozen", "dark", "unreachable")
LEAST = 3
LEVEL_MANY = 3


@rule(SERVICE)
def no_picture(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """A system many of whose cameras show nothing: one finding a system, its cause is seldom in each camera."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    if found.empty:
        return
    status = pd.Series([told.get(str(key), {}).get("status") for key in found.index], found.index, dtype=object)
    for source, group in found.groupby("source"):
        key = str(source)
        if (group["state"] == "unknown").any():
            yield Unknown(key)
            continue
        heard = status[group.index[group["state"] != "silent"]]
        bad = heard[heard.isin(BAD)]
        share = len(bad) / len(heard) if len(heard) else 0.0
        if len(bad) >= LEAST and share >= limits["open_share"]:
            yield _fires(frames, key, found.loc[bad.index], bad, len(heard), share, limits)
        elif len(bad) >= LEAST and share >= limits["close_share"]:
            yield Holds(key)


def _fires(
    frames: Frames, key: str, group: pd.DataFrame, bad: pd.Series[str], of: int, share: float, limits: Limits
) -> Fires:
    known = frames.sources()
    facts = {
        "name": things.both(*map(str, known.loc[key, ["title_vi", "title_en"]])) if key in known.index else key,
        "owner": things.text(known.loc[key, "owner"]) if key in known.index else None,
        "n": len(bad),
        "of": of,
        **{word: int((bad == word).sum()) for word in BAD},
        "names": things.names(group),
    }
    since = things.began(frames, "cameras.no_picture", key, group["time"].max())
    level = LEVEL_MANY if share >= limits["many_share"] else None
    return things.together(SERVICE, key, group, since, facts, level=level)
