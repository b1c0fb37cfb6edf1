"""Cursor-on-Target events as Events (b-*) and as units with their positions (a-*)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Protocol

from shapely.geometry import Point

from geodata.records import JSON, Event, Position, Record, Rejected, Thing
from sources._cot_event import CotEvent, decode
from sources._values import dumped, point, text
from sources._vocabulary import category

KNOTS = 3600 / 1852
"""Of one metre a second."""

AFFILIATION = {
    "f": "friend", "a": "friend", "h": "hostile", "s": "suspect", "j": "suspect", "k": "hostile",
    "n": "neutral", "u": "unknown", "p": "unknown", "o": "unknown",
}  # fmt: skip
UNUSED = ("b-t-", "t-", "u-", "y-", "c-", "r-", "i-")
"""Chat is nobody's business here; pings, protocol talk, drawings, replies, requests are not for a map of incidents."""

DELETE = "t-x-d-d"
CANCEL = "b-a-o-can"
EMERGENCY = 4
STALE_STEP_S = 300
"""An event's end is its ``stale`` rounded up to this: it is sent again every half minute with another one."""


class RecordOptions(Protocol):
    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def categories(self) -> Mapping[str, str]: ...


def read(message: bytes, options: RecordOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The records of one message. Never raises."""
    try:
        event = decode(message)
        dumped({"uid": event.uid, "type": event.type, "how": event.how, "details": dict(event.details)})
        rows = list(_records(event, options, arrival, message))
    except (ValueError, RecursionError) as error:
        yield _rejected("malformed" if message.lstrip()[:1] in {b"<", b"\xbf"} else "garbled", error, message, arrival)
        return
    yield from rows


def _rejected(reason: str, error: object, message: bytes, arrival: datetime) -> Rejected:
    return Rejected(reason=reason, detail=str(error)[:200], payload=message[:65536], received_at=arrival)


def _records(event: CotEvent, options: RecordOptions, arrival: datetime, message: bytes) -> Iterator[Record | Rejected]:
    if event.type == DELETE:
        yield _deleted(event, options, arrival)
    elif event.type.startswith("a-"):
        yield from _unit(event, options, arrival, message)
    elif event.type.startswith("b-") and not event.type.startswith(UNUSED):
        yield from _event(event, options, arrival, message)
    else:
        yield Rejected(reason="unused_type", detail=event.type[:40], received_at=arrival)


def _unit(event: CotEvent, options: RecordOptions, arrival: datetime, message: bytes) -> Iterator[Record | Rejected]:
    properties: dict[str, JSON] = {"cot_type": event.type, "deleted": False}
    properties["affiliation"] = AFFILIATION.get(event.type[2:3].lower(), "unknown")
    told = {"group": event.detail("__group", "name"), "role": event.detail("__group", "role"), "how": event.how}
    properties |= {name: value for name, value in told.items() if value}
    if (battery := event.measure("status", "battery")) is not None:
        properties["battery_percent"] = round(battery, -1)  # to the ten: each change is a version of the unit
    yield Thing(
        id=_id(event.uid, options),
        name=event.detail("contact", "callsign"),
        category=_category(event, options) or category(options.service, "unit"),
        time=event.time,
        properties=properties,
        received_at=arrival,
    )
    yield _position(event, options, arrival, message)


def _position(event: CotEvent, options: RecordOptions, arrival: datetime, message: bytes) -> Position | Rejected:
    """0,0 without an error is what clients send that have no fix."""
    if event.lat is None or event.lon is None or (event.lat == 0 == event.lon and event.ce_m is None):
        return Rejected(reason="no_position", detail=event.uid[:100], received_at=arrival)
    try:
        place = point(event.lon, event.lat)
    except ValueError as error:
        return _rejected("bad_position", error, message, arrival)
    speed, course = event.measure("track", "speed"), event.measure("track", "course")
    return Position(
        thing_id=_id(event.uid, options),
        time=event.time,
        lon=place.x,
        lat=place.y,
        sog_kn=round(speed * KNOTS, 2) if speed is not None and 0 <= speed < 1000 else None,
        cog_deg=course % 360 if course is not None else None,
        received_at=arrival,
    )


def _event(event: CotEvent, options: RecordOptions, arrival: datetime, message: bytes) -> Iterator[Event | Rejected]:
    is_emergency = event.type.startswith("b-a-o")
    cancelled = event.type == CANCEL or (event.detail("emergency", "cancel") or "").lower() == "true"
    geometry: Point | None = None
    if event.lat is not None and event.lon is not None and not (event.lat == 0 == event.lon and event.ce_m is None):
        try:
            geometry = point(event.lon, event.lat)
        except ValueError as error:
            yield _rejected("bad_position", error, message, arrival)
    kind = event.detail("emergency", "type")
    callsign = event.detail("contact", "callsign") or event.detail("emergency")
    title = ": ".join(word for word in (kind, callsign) if word) or None
    own = {"cot_type": event.type, "how": event.how, "hae_m": event.hae_m, "ce_m": event.ce_m}
    properties: dict[str, JSON] = {name: value for name, value in own.items() if value is not None}
    yield Event(
        id=_id(event.uid, options),
        time=event.start,
        end_time=_end(event, cancelled=cancelled, is_emergency=is_emergency),
        category=_category(event, options) or category(options.service, "other"),
        title=title,
        description=event.detail("remarks"),
        thing_id=_parent(event, options),
        geometry=geometry,
        place_level="point" if geometry else None,
        severity=EMERGENCY if is_emergency and not cancelled else None,
        status="cancelled" if cancelled else "ended" if event.stale <= event.time else "active",
        properties=properties,
        received_at=arrival,
    )


def _end(event: CotEvent, *, cancelled: bool, is_emergency: bool) -> datetime | None:
    """An emergency lasts until it is cancelled; anything else until it is stale, at once when it is sent stale."""
    if cancelled:
        return max(event.time, event.start)
    if event.stale <= event.time:
        return max(event.stale, event.start)
    if is_emergency:
        return None
    steps = ceil(event.stale.timestamp() / STALE_STEP_S)
    found = datetime.fromtimestamp(0, UTC) + timedelta(seconds=steps * STALE_STEP_S)
    return max(found, event.start) if found.year < 2200 else None  # a century of validity is none


def _parent(event: CotEvent, options: RecordOptions) -> str | None:
    """The unit that sent it, where it says so."""
    uids = [uid for link in event.links if link.get("relation", "p-p") == "p-p" and (uid := text(link.get("uid")))]
    return _id(uids[0], options) if uids else None


def _category(event: CotEvent, options: RecordOptions) -> str | None:
    """By the longest beginning of the type, or by the emergency's type, that the options name."""
    kind = event.detail("emergency", "type")
    if kind and (found := options.categories.get(kind)):
        return found
    named = [prefix for prefix in options.categories if event.type.startswith(prefix)]
    return options.categories[max(named, key=len)] if named else None


def _deleted(event: CotEvent, options: RecordOptions, arrival: datetime) -> Record:
    """The unit or event that the link names, or the one of the message's own uid."""
    link = event.links[0] if event.links else {}
    uid, kind = text(link.get("uid")) or event.uid, text(link.get("type")) or "a-"
    if kind.startswith("b-"):
        return Event(id=_id(uid, options), time=event.time, end_time=event.time, status="deleted", received_at=arrival)
    return Thing(id=_id(uid, options), time=event.time, properties={"deleted": True}, received_at=arrival)


def _id(uid: str, options: RecordOptions) -> str:
    return f"{options.issuer}:{uid}"


def completed(row: Event, before: Event | None) -> Event:
    """An end (cancelled, deleted) with what was known of the event that it ends."""
    if row.status not in {"cancelled", "deleted"} or before is None:
        return row
    return replace(
        before,
        end_time=row.end_time,
        status=row.status,
        severity=None,
        received_at=row.received_at,
    )
