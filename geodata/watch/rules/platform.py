"""One cause, one alert: a feed that is down, or that is up and brings too little, is one finding, never one a thing."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from geodata.watch.frames import Frames
from geodata.watch.rule import rule
from geodata.watch.signs import Fires, Row, Sign
from geodata.watch.words import Limits


@rule()
def source_down(frames: Frames, limits: Limits) -> Iterable[Sign]:
    """Feeds that are down, those of one operator together. A source that was never connected is no loss."""
    found = frames.sources()
    if found.empty:
        return
    down = found[found["up"].eq(False) & found["since"].notna()]
    for name, group in down.groupby(_operator(down)):
        services = sorted(set(group["service"]))
        yield Fires(
            key=str(name),
            since=group["since"].min().to_pydatetime(),
            facts={
                "name": str(group["operator"].iloc[0] or group["title_vi"].iloc[0]),
                "n": len(group),
                "of": int((_operator(found) == name).sum()),
                "services": services,
                "sources": sorted(group["title_vi"]),
                "error": next((str(e) for e in group["error"] if e), None),
            },
            rows=[Row(str(r["service"]), "Source", str(i), r["since"].to_pydatetime()) for i, r in group.iterrows()],
            simulated=bool(group["simulated"].any()),
        )


def _operator(sources: pd.DataFrame) -> pd.Series[str]:
    """Who keeps it, else the source itself: a key that does not change when a second one of the same falls."""
    own = pd.Series(sources.index.astype(str), sources.index)
    named = sources["operator"].map(lambda o: f"operator:{o}" if o else None)
    return named.fillna(own)
