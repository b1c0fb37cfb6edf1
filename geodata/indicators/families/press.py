"""Press: stories of a day (what three outlets tell is one) and rumours to verify."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from geodata.indicators import measure
from geodata.indicators.figure import Figure
from geodata.indicators.indicator import indicator
from geodata.records import Event
from geodata.rules import story
from geodata.watch import things
from geodata.watch.frames import Frames
from geodata.watch.rules import press as rules
from geodata.watch.signs import Fires

SERVICE = "press"
DAY = timedelta(hours=24)


def stories(rows: Any) -> int:
    """How many stories the articles tell."""
    if rows.empty:
        return 0
    texts = zip(rows["title"], rows["description"], strict=True)
    told = zip(rows.index, rows["properties"], rows["category"], rows["time"], texts, strict=True)
    articles = [
        story.Article(str(key), (*_codes(more), str(category)), time, tuple(things.text(t) or "" for t in both))
        for key, more, category, time, both in told
    ]
    return len(set(story.grouped(articles).values()))


def _codes(properties: object) -> tuple[str, ...]:
    codes = things.more(things.more(properties).get("place")).get("codes")
    return tuple(sorted(str(code) for code in codes)) if isinstance(codes, list) else ()


@indicator
def rumours(frames: Frames) -> Figure:
    """As the watch tells them; what the press itself denies is no longer to be verified."""
    found = frames.latest(SERVICE, Event, rules.LOOKED_AT)
    if found.empty:
        return measure.figure(found, 0)
    rows, left = measure.parted(found[found["category"] == rules.RUMOUR])
    signs = [sign for sign in rules.rumours.signs(frames) if isinstance(sign, Fires)]
    return measure.figure(rows, sum(sign.facts["denied"] is None for sign in signs), left_out=left)


@indicator
def told(frames: Frames) -> Figure:
    found = frames.between(SERVICE, Event, DAY)
    rows, left = measure.parted(found)
    return measure.figure(rows, stories(rows), left_out=left)


@indicator
def articles(frames: Frames) -> Figure:
    rows, left = measure.parted(frames.between(SERVICE, Event, DAY))
    return measure.count(rows, None, left)
