"""The eight record kinds that carry every service.

Each kind is the noun of one standard and one table of the store. All are frozen values: times are
aware and in UTC, coordinates are EPSG:4326 with longitude before latitude, geometries are shapely
geometries in that same CRS, units stand in the field's name or beside the value as a UCUM code.

``id`` is unique within a service and carries its issuer: ``mmsi:574123456``, ``open311:18432``.

``received_at`` is the moment the row first reached us. Adapters leave it ``None`` on a live feed
(the writer stamps the transaction's clock); recordings that know it set it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from shapely.geometry.base import BaseGeometry

JSON = object  # a JSON value: None, bool, int, float, str, list, dict


class Quality(StrEnum):
    """Device state of an observation (Circular 10/2021/TT-BTNMT: 00, 01, 02; 03 is one maker's own)."""

    MEASURING = "measuring"
    CALIBRATING = "calibrating"
    FAULT = "fault"
    MAINTENANCE = "maintenance"


class RequestStatus(StrEnum):
    """Open311 has open and closed only; these are the states of the case inside them."""

    SUBMITTED = "submitted"  # mới gửi
    SCREENING = "screening"  # kiểm duyệt
    DISPATCHED = "dispatched"  # phân phối
    IN_PROGRESS = "in_progress"  # đang xử lý
    EXTENSION = "extension"  # xin gia hạn
    RESOLVED = "resolved"  # đã xử lý, chờ duyệt kết quả
    CLOSED = "closed"  # đã đóng, đã công khai
    REJECTED = "rejected"  # từ chối
    DUPLICATE = "duplicate"  # trùng
    REOPENED = "reopened"  # mở lại
    OPEN = "open"  # the source says no more than "open"

    @property
    def is_open(self) -> bool:
        return self not in {RequestStatus.CLOSED, RequestStatus.REJECTED, RequestStatus.DUPLICATE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """Anything that stands somewhere or is accountable (OGC SensorThings Thing).

    A Thing record is a merge: fields left ``None`` keep what is stored, and ``properties`` are merged key by
    key, so that a name (AIS 24 A) and a call sign (AIS 24 B) may come in separate messages. Things have no own
    event time; ``time`` is when the source last changed it, when the source says so.
    """

    id: str
    name: str | None = None
    category: str | None = None  # of the service's own vocabulary: "air_station", "ship_30", "agency"
    geometry: BaseGeometry | None = None  # a moving thing has none: see Position
    agency: str | None = None  # id of the agency that answers for it
    azimuth_deg: float | None = None  # cameras: clockwise from true north
    fov_deg: float | None = None
    range_m: float | None = None
    mast_height_m: float | None = None
    time: datetime | None = None
    properties: Mapping[str, JSON] = field(default_factory=dict)
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One result of one observed property of a Thing, at an instant or over an interval (SensorThings).

    ``result`` is a number in ``unit`` (UCUM), or a word. For a rate, keep ``numerator`` and ``denominator``.
    Identity: (thing_id, observed_property, phenomenon_time). The same identity with another result is a
    revision: both are kept, the newer received wins.
    """

    thing_id: str
    observed_property: str
    phenomenon_time: datetime
    result: float | str | None
    unit: str | None = None
    phenomenon_end: datetime | None = None  # set for an interval; phenomenon_time is its start
    quality: Quality = Quality.MEASURING
    numerator: float | None = None
    denominator: float | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """One fix of one moving Thing. Identity: (thing_id, time). Rows are never edited.

    Not-available sentinels of the wire never get here: a field that was not sent is ``None``.
    """

    thing_id: str
    time: datetime
    lon: float
    lat: float
    sog_kn: float | None = None  # speed over ground, knots
    cog_deg: float | None = None  # course over ground, clockwise from true north
    heading_deg: float | None = None
    status: int | None = None  # AIS navigational status code, else None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """A case with a life (Open311 GeoReport v2, extended). Identity: id.

    A record is the state as of ``updated_datetime``; the store keeps every change of status, agency and due time.
    An older ``updated_datetime`` than the stored one adds to the history and changes no state.
    ``person`` holds personal data (name, phone, e-mail): the store keeps it apart, masked by default.
    """

    id: str
    requested_datetime: datetime
    updated_datetime: datetime
    status: RequestStatus
    service_code: str | None = None
    service_name: str | None = None
    title: str | None = None
    description: str | None = None
    status_notes: str | None = None
    agency: str | None = None  # agency_responsible, as the source names it
    address: str | None = None
    geometry: BaseGeometry | None = None
    expected_datetime: datetime | None = None  # due
    closed_datetime: datetime | None = None
    urgency: str | None = None  # normal, urgent, complex: of the service's vocabulary
    channel: str | None = None
    rating: str | None = None
    media_url: str | None = None
    duplicate_of: str | None = None
    source_status: str | None = None  # the source's own word, kept without loss
    properties: Mapping[str, JSON] = field(default_factory=dict)
    person: Mapping[str, str] = field(default_factory=dict)
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A warning with area, severity and life cycle (CAP 1.2). Identity: (sender, identifier, sent)."""

    sender: str
    identifier: str
    sent: datetime
    status: str  # Actual, Exercise, System, Test, Draft
    msg_type: str  # Alert, Update, Cancel, Ack, Error
    scope: str = "Public"
    references: tuple[tuple[str, str, datetime], ...] = ()
    event: str | None = None
    category: tuple[str, ...] = ()
    urgency: str = "Unknown"
    severity: str = "Unknown"
    certainty: str = "Unknown"
    level: int | None = None  # official risk level 1..5 (Decision 18/2021/QĐ-TTg) when the text says it
    effective: datetime | None = None
    onset: datetime | None = None
    expires: datetime | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    sender_name: str | None = None
    web: str | None = None
    area_desc: str | None = None
    geometry: BaseGeometry | None = None
    properties: Mapping[str, JSON] = field(default_factory=dict)  # other languages, parameters, geocodes
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened. Identity: id; a later record of the same id updates it (Frigate, press)."""

    id: str
    time: datetime
    end_time: datetime | None = None
    category: str | None = None
    title: str | None = None
    description: str | None = None
    thing_id: str | None = None
    geometry: BaseGeometry | None = None
    place_confidence: float | None = None  # 0..1; None where the place is given, not guessed
    place_level: str | None = None  # point, ward, province
    severity: int | None = None  # 1..5 of the one ramp
    status: str | None = None
    url: str | None = None
    properties: Mapping[str, JSON] = field(default_factory=dict)
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Static or slow geography in a named collection (OGC API Features). Identity: (collection, id, valid_from)."""

    collection: str
    id: str
    geometry: BaseGeometry
    name: str | None = None
    category: str | None = None
    valid_from: datetime | None = None  # None: since ever
    valid_to: datetime | None = None  # None: until further notice
    approximate: bool = False  # drawn, and said, as approximate
    properties: Mapping[str, JSON] = field(default_factory=dict)
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """An image with bounds and a time (OGC Coverages). The file stays where it is; ``href`` names it."""

    id: str
    time: datetime
    href: str
    geometry: BaseGeometry  # footprint
    category: str | None = None
    media_type: str = "image/tiff"
    properties: Mapping[str, JSON] = field(default_factory=dict)
    received_at: datetime | None = None


Record = Thing | Observation | Position | ServiceRequest | Alert | Event | Feature | Coverage

KINDS: Mapping[str, type[Record]] = {
    kind.__name__: kind for kind in (Thing, Observation, Position, ServiceRequest, Alert, Event, Feature, Coverage)
}
"""Kind name, as catalogue files write it, to its class."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A piece of input that became no record. Counted by ``reason``; the payload is kept to look at and replay.

    ``reason`` is a short machine word ("checksum", "no_position", "bad_time"). Input that is fine but not for
    us (an AIS base station report) is rejected with ``payload=None``: counted, not kept.
    """

    reason: str
    detail: str = ""
    payload: bytes | None = None
    received_at: datetime | None = None
