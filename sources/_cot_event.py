"""A Cursor-on-Target event out of XML (version 2.0) or out of a TAK protocol 1 message; unknown values are None."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from google.protobuf.message import DecodeError
from takproto.proto import TakMessage

from sources._cot_frames import MAGIC, MESH
from sources._values import instant, number, text

UNKNOWN = 999_999.0
"""From here on a height or an error is "not known": 9999999 in XML practice, 999999 in the TAK protocol files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CotEvent:
    """One event. Degrees EPSG:4326, metres, metres a second, degrees from true north; times aware UTC.

    ``details`` are the elements under detail by name, the last of a name; their text stands under ``""``.
    """

    uid: str
    type: str
    time: datetime
    start: datetime
    stale: datetime
    how: str | None = None
    lat: float | None = None
    lon: float | None = None
    hae_m: float | None = None
    ce_m: float | None = None
    details: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    links: tuple[Mapping[str, str], ...] = ()

    def detail(self, element: str, attribute: str = "") -> str | None:
        """An attribute of a detail element, or its text."""
        return text(self.details.get(element, {}).get(attribute))

    def measure(self, element: str, attribute: str) -> float | None:
        """A number in a detail element; None where there is none or none that can be read."""
        try:
            return number(self.detail(element, attribute))
        except ValueError:
            return None


def decode(message: bytes) -> CotEvent:
    """One message as sent. Raises ValueError, also for entities and for a body that is no event."""
    return _from_protobuf(message) if message[:1] == bytes([MAGIC]) else _from_xml(message)


def xml(body: bytes | str) -> Element:
    """An XML tree without document type, entities and outside references. Raises ValueError."""
    try:
        found: Element = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise ValueError(f"XML with a document type: {error}") from error
    except (ParseError, LookupError, UnicodeError, RecursionError) as error:
        raise ValueError(f"not XML: {error}") from error
    return found


def _from_xml(message: bytes) -> CotEvent:
    tree = xml(message)
    if tree.tag != "event":
        raise ValueError(f"not an event: {str(tree.tag)[:40]}")
    point = tree.find("point")
    place = dict(point.attrib) if point is not None else {}
    details, links = _details(tree.find("detail"))
    return CotEvent(
        uid=_needed(tree.get("uid"), "uid"),
        type=_needed(tree.get("type"), "type"),
        time=instant(_needed(tree.get("time"), "time")),
        start=instant(tree.get("start") or tree.get("time")),
        stale=instant(tree.get("stale") or tree.get("time")),
        how=text(tree.get("how")),
        lat=_known(place.get("lat")),
        lon=_known(place.get("lon")),
        hae_m=_known(place.get("hae")),
        ce_m=_known(place.get("ce")),
        details=details,
        links=links,
    )


def _needed(value: str | None, name: str) -> str:
    found = text(value)
    if found is None:
        raise ValueError(f"an event without {name}")
    return found


def _known(value: object) -> float | None:
    if value is None or value == "":
        return None
    found = number(value)
    return found if abs(found) < UNKNOWN else None


def _details(detail: Element | None) -> tuple[dict[str, dict[str, str]], tuple[Mapping[str, str], ...]]:
    found: dict[str, dict[str, str]] = {}
    links: list[Mapping[str, str]] = []
    for element in detail if detail is not None else ():
        own = {**element.attrib, "": element.text or ""}
        found[str(element.tag)] = own
        if element.tag == "link":
            links.append(own)
    return found, tuple(links)


def _from_protobuf(message: bytes) -> CotEvent:
    """A datagram (BF 01 BF) or a frame of a stream (BF, length)."""
    body = message[3:] if message[:3] == MESH else _unframed(message)
    tak = TakMessage()
    try:
        tak.ParseFromString(body)
    except DecodeError as error:
        raise ValueError(f"not a TAK message: {error}") from error
    if not tak.HasField("cotEvent"):
        return _control(tak)
    event = tak.cotEvent
    details = dict(_typed(event.detail))
    rest, links = _details(xml(f"<detail>{event.detail.xmlDetail}</detail>") if event.detail.xmlDetail else None)
    return CotEvent(
        uid=_needed(event.uid, "uid"),
        type=_needed(event.type, "type"),
        time=_epoch_ms(event.sendTime),
        start=_epoch_ms(event.startTime or event.sendTime),
        stale=_epoch_ms(event.staleTime or event.sendTime),
        how=text(event.how),
        lat=_known(event.lat),
        lon=_known(event.lon),
        hae_m=_known(event.hae),
        ce_m=_known(event.ce),
        details={**details, **rest},
        links=links,
    )


def _control(tak: TakMessage) -> CotEvent:
    """A message that only says which versions its sender speaks. Raises ValueError for an empty one."""
    if not tak.HasField("takControl"):
        raise ValueError("a TAK message without an event")
    never = datetime(1970, 1, 1, tzinfo=UTC)
    return CotEvent(uid="takControl", type="t-x-takp-v", time=never, start=never, stale=never)


def _unframed(message: bytes) -> bytes:
    at = 1
    while at < len(message) and message[at] >= 0x80:
        at += 1
    return message[at + 1 :]


def _epoch_ms(value: int) -> datetime:
    if not 0 < value < 7_258_118_400_000:  # 2200
        raise ValueError(f"no time of ours: {value} ms")
    return datetime.fromtimestamp(value / 1000, UTC)


def _typed(detail: object) -> Iterator[tuple[str, dict[str, str]]]:
    """The elements that the protobuf has fields for, as their XML attributes."""
    for name, element in (("contact", "contact"), ("group", "__group"), ("status", "status"), ("track", "track")):
        if detail.HasField(name):  # type: ignore[attr-defined]  # a protobuf message
            part = getattr(detail, name)
            yield element, {own.name: str(getattr(part, own.name)) for own in part.DESCRIPTOR.fields}
