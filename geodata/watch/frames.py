"""What a rule may look at: frames of one instant, loaded when asked for and once for all rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import geopandas as gpd
import pandas as pd

from geodata.records import Observation, Record
from geodata.view import Bounds, View

if TYPE_CHECKING:
    from geodata.city import City
    from geodata.store.reader import Reader
    from geodata.watch.course import Finding

WORLD = Bounds(-180, -85, 180, 85)
NO_FRAME = gpd.GeoDataFrame({"time": pd.Series(dtype="datetime64[us, UTC]")}, geometry=gpd.GeoSeries(crs="EPSG:4326"))


class Watched(NamedTuple):
    """Whether somebody looks. ``began``: the first line of the watch's journal by then, None before any;
    ``looks``: whether a watch looked then, None where it is not written down; ``last``: its last look by then.
    """

    began: datetime | None = None
    looks: bool | None = None
    last: datetime | None = None


NOT_WATCHED = Watched()


def watched(reader: Reader, at: datetime, known_at: datetime | None = None) -> Watched:
    """From the store. Of the present a watch must also have its turn. Raises StoreGone."""
    found = reader.query("watched", end=at, known_at=known_at).iloc[0]
    began, last = (None if pd.isna(found[name]) else found[name].to_pydatetime() for name in ("began", "last_look"))
    return Watched(began, None if pd.isna(found["looking"]) else bool(found["looking"]), last)


class Frames(Protocol):
    """Frames have the columns of contracts.md 4.1; ``at`` is the instant looked at, nothing is younger."""

    @property
    def at(self) -> datetime: ...

    @property
    def city(self) -> City: ...

    def latest(self, service: str, kind: type[Record], back: timedelta = timedelta(days=1)) -> gpd.GeoDataFrame:
        """The newest row of each thing; of cases also those that closed within ``back``."""
        ...

    def between(self, service: str, kind: type[Record], back: timedelta) -> gpd.GeoDataFrame:
        """Every row of the time ``back`` before the instant."""
        ...

    def track(self, service: str, thing: str, start: datetime) -> pd.DataFrame:
        """The fixes of one thing from ``start`` to the instant, in order: time, lon, lat, sog_kn, cog_deg."""
        ...

    def series(self, service: str, thing: str, observed_property: str, start: datetime) -> pd.DataFrame:
        """The results of one property of one thing from ``start`` to the instant: time, result, quality."""
        ...

    @property
    def memory(self) -> dict[str, Any]:
        """What rules derived from these frames and share: it lives as long as the frames do, one pass."""
        ...

    @property
    def lasting(self) -> dict[str, tuple[datetime, Any]]:
        """What was derived of the past and changes little: kept from pass to pass, by name, with the hour of it."""
        ...

    def opened(self, rule: str) -> Mapping[str, datetime]:
        """The keys of the rule's open findings and since when: for a rule that can tell when one of them ended."""
        ...

    def sources(self) -> pd.DataFrame:
        """Index source; service, title_vi, title_en, operator, owner, protocol, simulated, cadence_s, up (None: never
        connected), since, error.
        """
        ...

    def outlets(self, back: timedelta) -> pd.DataFrame:
        """What was not sent out: outlet (None: the sender itself), waiting, waits_since, given_up (within ``back``),
        given_up_since, error, sent_at (when anything was sent last).
        """
        ...

    def ledger(self, back: timedelta) -> pd.DataFrame:
        """Index source, those that ever brought anything; received, stored, duplicate, rejected (reason → n) of the
        time ``back`` before the instant, newest (minute of its last line).
        """
        ...

    def lags(self, back: timedelta) -> pd.DataFrame:
        """Index source; p50_s, p95_s from the event to its arrival, n: a sample of what happened within ``back``."""
        ...

    def standings(self, back: timedelta) -> pd.DataFrame:
        """Each time that a finding stood on the desk, if it ended within ``back`` or stands: id, rule, service, level,
        simulated, began, ended (NaT while it stands), end_reason, acknowledged_at, acknowledged (whether it counts),
        desk_closed_at.
        """
        ...

    def watched(self) -> Watched:
        """Whether somebody looks, without which no finding is no news."""
        ...


class StoreFrames:
    """Frames of a store. ``known_at``: what was known then; None: what is known now. ``standing``: by rule, by key.

    ``lasting``: the same mapping for every pass of one watch.
    """

    def __init__(
        self,
        reader: Reader,
        city: City,
        at: datetime,
        known_at: datetime | None = None,
        standing: Mapping[str, Mapping[str, Finding]] | None = None,
        lasting: dict[str, tuple[datetime, Any]] | None = None,
    ) -> None:
        self._reader, self._city, self._at, self._known_at = reader, city, at, known_at
        self._standing = standing or {}
        self._kept: dict[tuple[str, str, str, timedelta], gpd.GeoDataFrame] = {}
        self._windows: dict[str, pd.DataFrame] = {}
        self._sources: pd.DataFrame | None = None
        self.memory: dict[str, Any] = {}
        self.lasting: dict[str, tuple[datetime, Any]] = {} if lasting is None else lasting

    @property
    def at(self) -> datetime:
        return self._at

    @property
    def city(self) -> City:
        return self._city

    def latest(self, service: str, kind: type[Record], back: timedelta = timedelta(days=1)) -> gpd.GeoDataFrame:
        return self._frame("latest", service, kind, back)

    def between(self, service: str, kind: type[Record], back: timedelta) -> gpd.GeoDataFrame:
        return self._frame("between", service, kind, back)

    def track(self, service: str, thing: str, start: datetime) -> pd.DataFrame:
        return self._reader.query(
            "track", service=service, thing_id=thing, start=start, end=self._at, known_at=self._known_at
        )

    def series(self, service: str, thing: str, observed_property: str, start: datetime) -> pd.DataFrame:
        return self._reader.query(
            "thing_series",
            service=service,
            thing_id=thing,
            observed_property=observed_property,
            start=start,
            end=self._at,
            known_at=self._known_at,
        )

    def opened(self, rule: str) -> Mapping[str, datetime]:
        return {key: f.opened_at for key, f in self._standing.get(rule, {}).items() if f.open}

    def sources(self) -> pd.DataFrame:
        if self._sources is None:
            found = self._reader.query("sources_at", end=self._at, known_at=self._known_at)
            self._sources = found.set_index("source")
        return self._sources

    def outlets(self, back: timedelta) -> pd.DataFrame:
        return self._reader.query("outlets_at", end=self._at, back=back)

    def ledger(self, back: timedelta) -> pd.DataFrame:
        return self._window("ledger_sums", back).set_index("source")

    def lags(self, back: timedelta) -> pd.DataFrame:
        return self._window("source_lag", back).set_index("source")

    def standings(self, back: timedelta) -> pd.DataFrame:
        return self._window("standings", back)

    def watched(self) -> Watched:
        return watched(self._reader, self._at, self._known_at)

    def _window(self, query: str, back: timedelta) -> pd.DataFrame:
        """A named query over the time ``back`` before the instant, read once."""
        key = f"{query} {back}"
        if key not in self._windows:
            at = {"start": self._at - back, "end": self._at, "known_at": self._known_at}
            self._windows[key] = self._reader.query(query, **at)
        return self._windows[key]

    def _frame(self, which: str, service: str, kind: type[Record], back: timedelta) -> gpd.GeoDataFrame:
        key = (which, service, kind.__name__, back)
        if key not in self._kept:
            view = View(WORLD, 1024, 1024, self._at - back, self._at, self._known_at)
            read = self._reader.latest if which == "latest" else self._reader.between
            self._kept[key] = read(service, kind, view)
        return self._kept[key]


@dataclass(frozen=True, slots=True)
class StillFrames:
    """Frames given by hand: for tests and notebooks. Keys of ``rows``: (service, record class); both ways read them."""

    at: datetime
    city: City
    rows: Mapping[tuple[str, type[Record]], gpd.GeoDataFrame] = field(default_factory=dict)
    feeds: pd.DataFrame = field(default_factory=pd.DataFrame)
    standing: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)
    tracks: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    lasting: dict[str, tuple[datetime, Any]] = field(default_factory=dict)
    unsent: pd.DataFrame = field(default_factory=pd.DataFrame)
    lines: pd.DataFrame = field(default_factory=pd.DataFrame)
    late: pd.DataFrame = field(default_factory=pd.DataFrame)
    stood: pd.DataFrame = field(default_factory=pd.DataFrame)
    eyes: Watched = NOT_WATCHED

    def latest(self, service: str, kind: type[Record], back: timedelta = timedelta(days=1)) -> gpd.GeoDataFrame:
        return self.rows.get((service, kind), NO_FRAME)

    def between(self, service: str, kind: type[Record], back: timedelta) -> gpd.GeoDataFrame:
        return self.rows.get((service, kind), NO_FRAME)

    def track(self, service: str, thing: str, start: datetime) -> pd.DataFrame:
        found = self.tracks.get(thing, pd.DataFrame({"time": pd.Series(dtype="datetime64[us, UTC]")}))
        return found[found["time"].between(pd.Timestamp(start), pd.Timestamp(self.at), inclusive="right")]

    def series(self, service: str, thing: str, observed_property: str, start: datetime) -> pd.DataFrame:
        found = self.between(service, Observation, self.at - start)
        if found.empty:
            return pd.DataFrame({"time": [], "result": [], "quality": []})
        own = found[(found["id"] == thing) & (found["observed_property"] == observed_property)]
        return pd.DataFrame(own[own["time"] > pd.Timestamp(start)][["time", "result", "quality"]])

    def opened(self, rule: str) -> Mapping[str, datetime]:
        return self.standing.get(rule, {})

    def sources(self) -> pd.DataFrame:
        return self.feeds

    def outlets(self, back: timedelta) -> pd.DataFrame:
        return self.unsent

    def ledger(self, back: timedelta) -> pd.DataFrame:
        return self.lines

    def lags(self, back: timedelta) -> pd.DataFrame:
        return self.late

    def standings(self, back: timedelta) -> pd.DataFrame:
        return self.stood

    def watched(self) -> Watched:
        return self.eyes
