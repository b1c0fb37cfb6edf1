"""The feed strip at the foot of the wall: one cell a feed in fixed order, then the worst one in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from app.panels.block import Block
from app.panels.detail import clock_text

if TYPE_CHECKING:
    from app.text import Text
    from geodata.store.types import ServiceState


class WallFooter(Block):
    """``data``: language, timezone, up, total, feeds [{state, label}], words, worst, updated (epoch s)."""


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
