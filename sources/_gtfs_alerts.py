"""Service alerts of GTFS-realtime as Events of the service, and how one that is no longer told comes to its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Literal

from google.transit import gtfs_realtime_pb2 as gtfs
from shapely.geometry import MultiPoint

from geodata.records import JSON, Event
from sources._gtfs_rows import Feed, instant, words
from sources._values import instant as instant_of
from sources._values import text
from sources._vocabulary import category

SEVERITY = {"INFO": 1, "WARNING": 2, "SEVERE": 4}
MOST = 1000


def alert_id(feed: Feed, entity: gtfs.FeedEntity) -> str:
    """Raises ValueError."""
    name = words(entity.id)
    if name is None:
        raise ValueError("an alert without id")
    return f"{feed.issuer}:alert:{name}"


def alert(feed: Feed, entity: gtfs.FeedEntity, known: Event | None) -> Event:
    """It lasts as long as its period; without one from when it was first seen. Raises ValueError."""
    found, name = entity.alert, alert_id(feed, entity)
    start, end = _period(found, feed.arrival)
    effect = gtfs.Alert.Effect.Name(found.effect) if found.HasField("effect") else None
    level = gtfs.Alert.SeverityLevel.Name(found.severity_level) if found.HasField("severity_level") else ""
    stops = _distinct(words(each.stop_id) for each in found.informed_entity)
    places = [feed.names.stops[stop][1:] for stop in stops if stop in feed.names.stops]
    return Event(
        id=name,
        time=start or (known.time if known else feed.time),
        end_time=end,
        category=category(feed.service, effect) if effect else None,
        title=translated(found.header_text, feed.language),
        description=translated(found.description_text, feed.language),
        geometry=MultiPoint(places) if places else None,
        place_level="point" if places else None,
        severity=SEVERITY.get(level),
        status="active",
        url=translated(found.url, feed.language),
        properties=_properties(feed, found, effect, stops),
        received_at=feed.received_at,
    )


def _properties(feed: Feed, found: gtfs.Alert, effect: str | None, stops: list[str]) -> dict[str, JSON]:
    routes = _distinct(words(each.route_id) or words(each.trip.route_id) for each in found.informed_entity)
    known = feed.names
    return {
        "effect": effect,
        "cause": gtfs.Alert.Cause.Name(found.cause) if found.HasField("cause") else None,
        "routes": [known.routes.get(route, (None, None))[0] or route for route in routes],
        "stops": [(known.stops[stop][0] if stop in known.stops else None) or stop for stop in stops],
        "periods": [[_told(each, "start"), _told(each, "end")] for each in found.active_period][:100],
    }


def ended(event: Event, now: datetime, received_at: datetime | None = None) -> Event:
    """The alert as it was, at its end: a later record of an event takes the earlier one's place whole."""
    end = min(event.end_time, now) if event.end_time else now
    return replace(event, end_time=max(end, event.time), status="ended", received_at=received_at)


def kept(event: Event) -> dict[str, JSON]:
    """What a cursor holds of an alert, to end it when it is no longer told."""
    return {
        "id": event.id,
        "time": event.time.isoformat(),
        "end_time": event.end_time.isoformat() if event.end_time else None,
        "category": event.category,
        "title": event.title,
        "description": event.description,
        "severity": event.severity,
        "url": event.url,
        "properties": dict(event.properties),
    }


def known_alert(row: Mapping[str, JSON]) -> Event:
    """From a cursor."""
    severity, properties = row.get("severity"), row.get("properties")
    return Event(
        id=str(row["id"]),
        time=instant_of(row["time"]),
        end_time=instant_of(row["end_time"]) if row.get("end_time") else None,
        category=text(row.get("category")),
        title=text(row.get("title")),
        description=text(row.get("description")),
        severity=severity if isinstance(severity, int) else None,
        url=text(row.get("url")),
        properties=properties if isinstance(properties, dict) else {},
    )


def _distinct(values: Iterator[str | None]) -> list[str]:
    return list(dict.fromkeys(value for value in values if value))[:MOST]


def _edge(period: gtfs.TimeRange, name: Literal["start", "end"]) -> datetime | None:
    """Start or end of a period; not sent, or 0, is open."""
    value = period.start if name == "start" else period.end
    return instant(value) if period.HasField(name) and value else None


def _told(period: gtfs.TimeRange, name: Literal["start", "end"]) -> str | None:
    found = _edge(period, name)
    return found.isoformat() if found else None


def _period(found: gtfs.Alert, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The period that holds ``now``, else the next, else the last; open where the alert has none."""
    periods = [(_edge(each, "start"), _edge(each, "end")) for each in found.active_period]
    current = [each for each in periods if (each[0] is None or each[0] <= now) and (each[1] is None or now < each[1])]
    coming = sorted((each for each in periods if each[0] is not None and each[0] > now), key=lambda each: str(each[0]))
    start, end = (current or coming or periods[-1:] or [(None, None)])[0]
    if start is not None and end is not None and end < start:
        raise ValueError("a period that ends before it begins")
    return start, end


def translated(found: gtfs.TranslatedString, language: str) -> str | None:
    """The text in that language (also a region's: vi-VN), else the one without a language, else the first."""
    texts = [
        ((words(each.language) or "").partition("-")[0].casefold(), words(each.text)) for each in found.translation
    ]
    for wanted in (language, "", *(told for told, _ in texts)):
        for told, value in texts:
            if told == wanted and value:
                return value
    return None
