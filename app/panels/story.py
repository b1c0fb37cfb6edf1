"""What has to be read of one object beside its row: curves, life, track, what is near, which cameras see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from app.panels.rows import moment, word
from app.snapshots import Snapshot, newest
from geodata.catalogue import ObservedProperty, Service
from geodata.catalogue import service as service_of
from geodata.records import Event, Observation
from geodata.rules import sight
from geodata.store import pick
from geodata.view import View
from layers.base import layers

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry.base import BaseGeometry

    from app.text import Text
    from geodata.store.reader import Reader
    from geodata.store.types import SourceState

NEAR_M = 300
"""Radius of "around here" (look.md 4.2)."""

NEAR_MOST, EVENTS_MOST, CAMERAS_MOST = 6, 4, 4
SPAN = timedelta(hours=24)
SEEN_FROM_M = 3000.0
"""No camera of a city is asked about a place further away than this."""

OWN_M = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is looked at: a row of a layer's frame, its service, and the service's sources."""

    service: Service
    key: str
    row: pd.Series[Any]
    sources: Sequence[SourceState]

    @property
    def place(self) -> BaseGeometry | None:
        place: BaseGeometry | None = self.row.get("geometry")
        return None if place is None or place.is_empty else place


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who asks, and for what: ``frames`` are the layers on show, ``observed_property`` the one chosen for the chart.

    ``snapshots`` is the data folder whose newest pictures may be shown: None in the past, when they were not yet taken.
    """

    reader: Reader
    text: Text
    frames: Mapping[str, gpd.GeoDataFrame]
    observed_property: str | None = None
    snapshots: Path | None = None
    cameras: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seer:
    """A camera that looks at the object: ``metres`` away, its direction or reach told or ``assumed``."""

    key: str
    name: str
    metres: float
    state: str
    assumed: bool
    picture: Snapshot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What was read. ``latest`` are the newest values of the thing, one row an observed property.

    ``feed``: the changes of the state of the source that told the charted one (``feed_history``).
    """

    properties: Sequence[ObservedProperty] = ()
    life: pd.DataFrame | None = None
    latest: pd.DataFrame | None = None
    series: pd.DataFrame | None = None
    observed_property: ObservedProperty | None = None
    words: pd.DataFrame | None = None
    worded: ObservedProperty | None = None
    feed: pd.DataFrame | None = None
    events: pd.DataFrame | None = None
    track: pd.DataFrame | None = None
    picture: Snapshot | None = None
    seers: Sequence[Seer] | None = None
    around: Sequence[Mapping[str, str]] | None = None
    card: Mapping[str, Any] | None = None


def title_of(subject: Subject) -> str:
    """The best name a row has: title of a case or a story, name of a thing, headline of a warning, else its id."""
    for name in ("title", "headline", "name"):
        if found := word(subject.row, name):
            return found
    return subject.key


def read(ask: Asking, subject: Subject, view: View) -> Story:
    """Everything the panel needs from the store; called off the event loop."""
    reader, kinds, name = ask.reader, subject.service.kinds, subject.service.id
    span: dict[str, object] = {"start": view.end - SPAN, "end": view.end, "known_at": view.known_at}
    life = None
    if "ServiceRequest" in kinds and "status" in subject.row.index:
        life = reader.query("request_history", service=name, id=subject.key, known_at=view.known_at)
    latest = _latest(reader, subject, view) if "Observation" in kinds else None
    charted = main_property(subject, latest, ask.observed_property)
    worded = word_property(subject.service, latest)
    series, told = (
        None
        if prop is None
        else reader.query("thing_series", service=name, thing_id=subject.key, observed_property=prop.id, **span)
        for prop in (charted, worded)
    )
    return Story(
        properties=subject.service.observed_properties,
        life=life,
        latest=latest,
        series=series,
        observed_property=charted,
        words=told,
        worded=worded,
        feed=None if charted is None else _feed(reader, subject, latest, charted, span),
        events=_events(reader, subject, view) if "Event" in kinds else None,
        track=reader.query("track", service=name, thing_id=subject.key, **span) if "Position" in kinds else None,
        picture=_picture(ask, subject.row, view.end),
        seers=_seers(ask, subject, view),
        around=near(ask, subject),
        card=_card(reader, subject),
    )


def main_property(subject: Subject, latest: pd.DataFrame | None, asked: str | None) -> ObservedProperty | None:
    """The observed property to draw: the one asked for, the row's own, else the first number the thing has."""
    has = [] if latest is None else [str(name) for name in latest["observed_property"]]
    own = word(subject.row, "observed_property")
    numbers = [prop for prop in subject.service.observed_properties if prop.unit is not None]
    for prop in numbers:
        if prop.id == asked and (asked in has or asked == own):
            return prop
    return next((p for p in numbers if p.id == own), None) or next((p for p in numbers if p.id in has), None)


def word_property(service: Service, latest: pd.DataFrame | None) -> ObservedProperty | None:
    """The first state in words that the thing has told."""
    has = set() if latest is None else {str(name) for name in latest["observed_property"]}
    return next((p for p in service.observed_properties if p.unit is None and p.id in has), None)


def near(ask: Asking, subject: Subject) -> list[dict[str, str]]:
    """What else the layers on show have within ``NEAR_M``, nearest first; areas over the place are no neighbours."""
    if subject.place is None:
        return []
    point = subject.place.representative_point()
    east, north = pick.metres_a_degree(point.y)
    found: list[tuple[float, str, str, pd.Series[Any]]] = []
    for service, frame in ask.frames.items():
        own = frame[frame.geometry.notna() & frame.geometry.geom_type.isin(["Point", "MultiPoint"])]
        if own.empty:
            continue
        x, y = shapely.get_coordinates(shapely.centroid(own.geometry.to_numpy())).T
        metres = np.hypot((x - point.x) * east, (y - point.y) * north)
        for i in np.argsort(metres)[: NEAR_MOST + 2]:
            row = own.iloc[int(i)]
            key = word(row, "id") or str(own.index[int(i)])
            if metres[i] <= NEAR_M and (service, key) != (subject.service.id, subject.key):
                found.append((float(metres[i]), service, key, row))
    unique: dict[tuple[str, str], dict[str, str]] = {}
    for away, service, key, row in sorted(found, key=lambda one: one[0]):
        one = Subject(service=service_of(service), key=key, row=row, sources=())
        told = {"title": title_of(one), "value": f"{away:.0f} m", "note": one.service.short(ask.text.language)}
        unique.setdefault((service, key), {"service": service, "id": key, **told})
    return list(unique.values())[:NEAR_MOST]


def _latest(reader: Reader, subject: Subject, view: View) -> pd.DataFrame | None:
    """The newest value of each observed property of the thing."""
    box = view
    if subject.place is not None:
        point = subject.place.representative_point()
        box = pick.around(point.x, point.y, OWN_M, view)
    rows = reader.latest(subject.service.id, Observation, box)
    own = rows[rows["id"].astype(str) == subject.key] if len(rows) and "id" in rows else rows.iloc[:0]
    return pd.DataFrame(own) if len(own) else None


def _events(reader: Reader, subject: Subject, view: View) -> pd.DataFrame | None:
    """What happened at this thing, the newest first."""
    rows = reader.latest(subject.service.id, Event, view)
    if rows.empty or "thing_id" not in rows:
        return None
    own = rows[rows["thing_id"].astype(object).map(str) == subject.key]
    return pd.DataFrame(own.sort_values("time", ascending=False).head(EVENTS_MOST)) if len(own) else None


def _feed(
    reader: Reader,
    subject: Subject,
    latest: pd.DataFrame | None,
    charted: ObservedProperty,
    span: Mapping[str, object],
) -> pd.DataFrame | None:
    """The ups and downs of the source that told the charted property last; None when nobody did."""
    own = None if latest is None else latest[latest["observed_property"] == charted.id]
    source = word(subject.row, "source") if own is None or own.empty else word(own.iloc[0], "source")
    return reader.query("feed_history", source=source, **span) if source else None


def lost(feed: pd.DataFrame | None, end: datetime) -> list[tuple[float, float]]:
    """The spans (epoch s) in which the feed was down, until ``end``."""
    out: list[tuple[float, float]] = []
    since: float | None = None
    for _, row in (feed.sort_values("time") if feed is not None and len(feed) else pd.DataFrame()).iterrows():
        at = moment(row["time"])
        if at is None:
            continue
        if not bool(row["up"]):
            since = at.timestamp() if since is None else since
        elif since is not None:
            out.append((since, at.timestamp()))
            since = None
    return out if since is None else [*out, (since, end.timestamp())]


def _picture(ask: Asking, row: pd.Series[Any], now: datetime) -> Snapshot | None:
    properties = row.get("properties")
    if ask.snapshots is None or not isinstance(properties, Mapping):
        return None
    return newest(ask.snapshots, properties.get("snapshot"), now)


def _seers(ask: Asking, subject: Subject, view: View) -> list[Seer] | None:
    """Cameras whose sector meets the place, nearest first; None where that is no question."""
    if not ask.cameras or subject.place is None or subject.service.id == "cameras":
        return None
    if subject.place.geom_type not in {"Point", "MultiPoint"}:
        return None  # an area has its own report
    point = subject.place.representative_point()
    frame = layers()["cameras"].load(ask.reader, pick.around(point.x, point.y, SEEN_FROM_M, view))
    if frame.empty:
        return []
    found = sight.sees(frame, point)
    return [_seer(ask, str(key), row, view.end) for key, row in found.head(CAMERAS_MOST).iterrows()]


def _seer(ask: Asking, key: str, row: pd.Series[Any], now: datetime) -> Seer:
    return Seer(
        key=word(row, "id") or key,
        name=word(row, "name") or key,
        metres=float(row["distance_m"]),
        state=word(row, "state"),
        assumed=bool(row["assumed"]),
        picture=_picture(ask, row, now),
    )


def _card(reader: Reader, subject: Subject) -> Mapping[str, Any] | None:
    source = word(subject.row, "source")
    rows = reader.query("source_card", source=source) if source else None
    return None if rows is None or rows.empty else dict(rows.iloc[0])


def changes(rows: pd.DataFrame | None) -> list[tuple[datetime, str]]:
    """The moments at which a state in words became another one, oldest first."""
    out: list[tuple[datetime, str]] = []
    for _, row in (rows.sort_values("time") if rows is not None and len(rows) else pd.DataFrame()).iterrows():
        told, when = word(row, "result_text"), moment(row["time"])
        if told and when is not None and (not out or out[-1][1] != told):
            out.append((when, told))
    return out
