"""State of sources and services, as the sources page and ``vonglau services`` show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from geodata.store.types import FeedState, ServiceState, SourceState

ORDER: tuple[FeedState, ...] = ("receiving", "late", "down", "ready")


def source_state(row: Mapping[str, Any]) -> SourceState:
    """From a row of ``sql/reader/sources.sql``."""
    return SourceState(
        id=row["name"],
        service=row["service"],
        protocol=row["protocol"],
        title_vi=row["title_vi"],
        title_en=row["title_en"],
        simulated=row["simulated"],
        state=_state(row),
        since=row["feed_since"],
        cadence_s=row["cadence_s"],
        last_received=row["received_at"],
        last_error="no heart-beat" if row["feed"] == "down" and row["up"] else row["error"],
        received=row["received"],
        stored=row["stored"],
        duplicate=row["duplicate"],
        rejected=row["rejected"],
    )


def _state(row: Mapping[str, Any]) -> FeedState:
    """Ready: never connected and nothing came. Late: nothing for k × cadence, though the feed says it is up."""
    if row["feed"] == "down":
        return "down"
    if row["up"] is None and row["received_at"] is None:
        return "ready"
    latest = row["received_at"] or row["feed_since"] or row["registered_at"]
    age_s = (row["clock"] - latest).total_seconds()
    return "late" if age_s > row["cadence_s"] * row["late_factor"] else "receiving"


LEDGER = "platform"
"""The service whose data is the ledger itself. No adapter feeds it: every batch and every heart-beat writes it, so it
is received while any source is, and lost when all are (then the reader of the sources is what is gone).
"""


def service_state(name: str, sources: Iterable[SourceState], version: int, clock: datetime) -> ServiceState:
    """The best of its sources, of all sources for the ledger's own service; ready without any."""
    known = tuple(sources)
    mine = tuple(s for s in known if s.service == name)
    writing = known if name == LEDGER and not mine else mine
    last = max((s.last_received for s in writing if s.last_received is not None), default=None)
    return ServiceState(
        id=name,
        state=min((s.state for s in writing), key=ORDER.index, default="ready"),
        last_received=last,
        age_s=None if last is None else max(0.0, (clock - last).total_seconds()),
        version=version,
        sources=mine,
    )
