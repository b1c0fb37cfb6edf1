"""Is this process fit to be looked at: database, listener, event loop, sessions; as /readyz and as /metrics."""

from __future__ import annotations

import gc
import resource
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from weakref import WeakSet

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from app.context import Services
from geodata.errors import VongLauError

PING_CACHE_S = 5.0
DEAF_S = 30.0
"""The listener says something at least every 5 s, if only that nothing changed."""


class LoopLag:
    """How late the event loop turns, in seconds: the drift of a callback due every second. Call ``tick`` from it."""

    def __init__(self, period_s: float = 1.0) -> None:
        self._period_s = period_s
        self._last = time.monotonic()
        self.lag_s = 0.0

    def tick(self) -> None:
        now = time.monotonic()
        self.lag_s = max(0.0, now - self._last - self._period_s)
        self._last = now


class Sweeper:
    """Collects the cycles that ended sessions leave: a Bokeh document is a web of them, and Python's own collector may
    not come by for hours in a quiet server. At most once in ``every_s``. Call ``sweep`` from the loop's ticker.
    """

    def __init__(self, documents: WeakSet[Any], sessions: Callable[[], int], every_s: float = 20.0) -> None:
        self._documents, self._sessions, self._every_s = documents, sessions, every_s
        self._last = time.monotonic()

    def sweep(self) -> None:
        """Collect when more documents are held than sessions live. Takes a few tenths of a second."""
        if time.monotonic() - self._last >= self._every_s and len(self._documents) > self._sessions():
            gc.collect()
            self._last = time.monotonic()


class Health:
    """``report`` is the body of /readyz; ``registry`` is what /metrics prints."""

    def __init__(self, services: Services, lag: LoopLag, documents: WeakSet[Any]) -> None:
        self.services = services
        self.documents = documents
        self.lag = lag
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self._lock = threading.Lock()
        self._asked = 0.0
        self._database: str | None = None

    def database(self) -> str | None:
        """None when it answers, else what is wrong; asked at most every 5 s."""
        with self._lock:
            if time.monotonic() - self._asked > PING_CACHE_S or self._asked == 0.0:
                try:
                    self.services.reader.versions()
                    self._database = None
                except VongLauError as error:
                    self._database = str(error)
                self._asked = time.monotonic()
            return self._database

    def report(self) -> dict[str, object]:
        """Says no more than a stranger may know: build, and which part is away."""
        database = self.database()
        listening = self.services.refresh.heard_s < DEAF_S
        return {
            "ready": database is None and listening,
            "build": self.services.build,
            "database": database is None,
            "listening": listening,
        }

    def collect(self) -> Iterator[Metric]:
        yield from (GaugeMetricFamily(f"vonglau_{name}", text, value=value()) for name, text, value in self._gauges())
        yield from self._sources()

    def _gauges(self) -> Iterator[tuple[str, str, Callable[[], float]]]:
        yield "database_up", "1 when the database answers", lambda: float(self.database() is None)
        yield "listener_age_seconds", "age of the last word from the database", lambda: self.services.refresh.heard_s
        yield "event_loop_lag_seconds", "how late the event loop turned last", lambda: self.lag.lag_s
        yield "sessions", "sessions that listen for changes", lambda: float(self.services.refresh.sessions)
        yield (
            "documents_alive",
            "documents that something still holds: more than sessions is a leak",
            (lambda: float(len(self.documents))),
        )
        yield "resident_memory_bytes", "resident memory of this process", resident_bytes
        yield "tile_queue", "tiles waiting or being drawn", lambda: float(self.services.tiles.pending)

    def _sources(self) -> Iterator[Metric]:
        rows = CounterMetricFamily("vonglau_rows", "rows by source and outcome", labels=["source", "outcome"])
        age = GaugeMetricFamily("vonglau_source_age_seconds", "age of the last received row", labels=["source"])
        up = GaugeMetricFamily("vonglau_source_up", "1 when the feed is received", labels=["source"])
        try:
            states = self.services.reader.services(self.services.city.id)
        except VongLauError:
            return
        for state in (source for service in states for source in service.sources):
            for outcome in ("received", "stored", "duplicate"):
                rows.add_metric([state.id, outcome], getattr(state, outcome))
            rows.add_metric([state.id, "rejected"], sum(state.rejected.values()))
            up.add_metric([state.id], float(state.state in {"receiving", "late"}))
            if state.last_received is not None:
                age.add_metric([state.id], time.time() - state.last_received.timestamp())
        yield from (rows, age, up)


def resident_bytes() -> float:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return float(pages * resource.getpagesize())
    except OSError:
        return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
