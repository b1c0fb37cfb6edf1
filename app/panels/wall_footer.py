"""The foot of the wall: one cell a feed in fixed order, what passes by in words, the worst feed, the newest arrival."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app.panels import wall_events, wall_warnings
from app.panels.block import Block
from app.panels.detail import clock_text
from geodata import catalogue

if TYPE_CHECKING:
    from app.panels.wall_have import Have
    from app.text import Text
    from geodata.store.types import ServiceState

MOST = 3
"""Lines of one service that pass by."""


class WallFooter(Block):
    """``data``: language, timezone, up, total, feeds [{state, label}], words, worst, updated (epoch s),
    ticker (lines, each a list of wordings), ends (how a warning gives the wall back).
    """


def ticker(have: Have) -> list[list[str]]:
    """Warnings in force, the highest first, and the newest events of the services that the city names."""
    out = []
    for name in have.city.wall.ticker:
        if not have.ready(name):
            continue
        if "Alert" in catalogue.service(name).kinds:
            mine = [w for w in have.warned if w.service == name and w.actual and w.in_force(have.now)]
            out += [wall_warnings.words_of(one, have.text, have) for one in mine[:MOST]]
        else:
            short = catalogue.service(name).short(have.text.language)
            out += [[f"{short}: {title}", title] for title in wall_events.recent(have, name, MOST)]
    return out


def content(services: Mapping[str, ServiceState], timezone: str, now: datetime, text: Text) -> dict[str, Any]:
    """Sums over every source of the city. ``updated`` is the newest arrival of any of them."""
    vi = text.language == "vi"
    sources = [source for state in services.values() for source in state.sources if source.state != "ready"]
    down = sorted((s for s in sources if s.state == "down"), key=lambda s: s.since or now)
    arrivals = [s.last_received for s in sources if s.last_received is not None]
    up = sum(s.state in {"receiving", "late"} for s in sources)
    late = sum(s.state == "late" for s in sources)
    worst = None
    if down:
        first = down[0]
        since = clock_text(first.since, ZoneInfo(timezone), now)
        worst = text("wall.down_since", name=first.title_vi if vi else first.title_en, time=since)
    return {
        "language": text.language,
        "timezone": timezone,
        "up": up,
        "total": len(sources),
        "feeds": [
            {"state": s.state, "label": f"{s.title_vi if vi else s.title_en}: {s.state}"}
            for s in sorted(sources, key=lambda s: (s.service, s.id))
        ],
        "words": text("wall.feeds_words", up=up - late, late=late, down=len(down)),
        "worst": worst,
        "updated": max(arrivals).timestamp() if arrivals else None,
    }
