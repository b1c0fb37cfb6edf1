"""Places with more visitors than they can take, by their own figure."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geodata.rules import crowd
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Sign
from geodata.watch.words import Limits

SERVICE = "tourism"


@rule(SERVICE)
def crowded(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Sites above their own capacity, together. No capacity is ever assumed."""
    found, told = things.heard(frames, SERVICE), things.results(frames, SERVICE)
    if found.empty:
        return
    found = found[found["state"].isin(["fresh", "late"])]
    used = [
        crowd.share(
            things.number(told.get(str(key), {}).get("visitors")), things.number(things.more(p).get("capacity"))
        )
        for key, p in zip(found.index, found["properties"], strict=True)
    ]
    levels = pd.Series([crowd.level(share) for share in used], found.index, dtype=int)
    own = found[levels > 0]
    if len(own):
        since = things.began(frames, "tourism.crowded", SERVICE, own["time"].max())
        most = max(share for share in used if share is not None)
        facts = {"n": len(own), "most_percent": round(100 * most), "names": things.names(own)}
        yield things.together(SERVICE, SERVICE, own, since, facts, level=int(levels.max()))
