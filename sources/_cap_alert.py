"""One CAP message as an Alert. Lenient in reading; what was mended stands in ``properties.faults``."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from shapely.geometry.base import BaseGeometry

from geodata.records import JSON, Alert, Record, Rejected
from sources import _cap_info as blocks
from sources._cap_area import Shape, circle, polygon, united
from sources._cap_units import places
from sources._cap_words import hazard, risk_level
from sources._cap_xml import children, one, raw, texts
from sources._values import instant

STATUSES = ("Actual", "Exercise", "System", "Test", "Draft")
TYPES = ("Alert", "Update", "Cancel", "Ack", "Error")
SCOPES = ("Public", "Restricted", "Private")
_SENT = re.compile(r"(?:^|,)\d{4}-\d\d-\d\d[Tt][^\s]*$")
"""The end of a reference: its sent."""

_COMMA_ZONE = re.compile(r"(T\d\d:\d\d:\d\d),(\d\d:\d\d)$")
MAX_AREAS, MAX_SHAPES, MAX_MENDED, MAX_REFERENCES = 2000, 2000, 20, 1000
MAX_SHAPE_TEXT = 4 << 20
"""Of one message: what is more is left out and said."""


class AlertOptions(Protocol):
    """What reading a message needs of the options of CAP."""

    @property
    def service(self) -> str: ...
    @property
    def language(self) -> str: ...
    @property
    def timezone(self) -> str: ...
    @property
    def expires_h(self) -> float: ...


@dataclass(slots=True)
class Reading:
    """A message on the way: what was mended in it, and what could not be."""

    options: AlertOptions
    zone: ZoneInfo
    signature: str | None = None
    faults: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    shapes: int = 0
    shape_text: int = 0
    repaired: int = 0

    def mended(self, *faults: str) -> None:
        self.faults += [fault for fault in faults if fault not in self.faults]

    def moment(self, text: str | None) -> datetime | None:
        """A time, also one with Z, fractions, without a zone, or with the comma that the schema lets through."""
        if text is None:
            return None
        plain = _COMMA_ZONE.sub(r"\1+\2", text)
        try:
            return instant(plain, self.zone)
        except ValueError:
            self.mended("bad_time")
            return None


def read(
    element: Element, options: AlertOptions, arrival: datetime, *, verified: bool = False
) -> Iterator[Record | Rejected]:
    """The Alert of an ``alert`` element; a Rejected as well when an area of it could not be read.

    ``verified``: its signature was verified, and taken out, before.
    """
    signature = (
        "verified" if verified else "not_verified" if any(True for _ in children(element, "Signature")) else None
    )
    reading = Reading(options, ZoneInfo(options.timezone), signature)
    try:
        yield _alert(element, reading, arrival)
    except ValueError as error:
        yield Rejected(reason="malformed", detail=str(error)[:200], payload=raw(element), received_at=arrival)
        return
    if reading.lost:
        detail = "; ".join(reading.lost)[:200]
        yield Rejected(reason="bad_area", detail=detail, payload=raw(element), received_at=arrival)


def _alert(element: Element, reading: Reading, arrival: datetime) -> Alert:
    sender, identifier, sent = one(element, "sender"), one(element, "identifier"), one(element, "sent")
    if not sender or not identifier or not sent:
        raise ValueError("a message without identifier, sender or sent")
    when = reading.moment(sent)
    if when is None:
        raise ValueError(f"sent is not a time: {sent[:40]!r}")
    msg_type = _word(element, "msgType", TYPES, "Alert")
    groups = blocks.by_language(element)
    language = blocks.chosen(groups, reading.options.language)
    infos = list(groups[language]) if language else []
    lead = blocks.leading(infos) if infos else Element("info")
    references = _references(one(element, "references"), (sender, identifier, when), msg_type, reading)
    geometry, geocodes = _geometry(infos, groups, when, reading)
    parameters = blocks.named(infos, "parameter")
    told = [blocks.joined(infos, name, "\n\n") for name in ("headline", "description", "instruction", "event")]
    effective = _extreme(infos, "effective", min, reading)
    expires = _expires(infos, msg_type, effective or when, reading)
    codes = blocks.named(infos, "eventCode")
    properties: dict[str, JSON] = {
        "hazard": hazard(reading.options.service, [told[3], told[0], *map(str, codes.values()), told[1]]),
        "language": language,
        "languages": blocks.other_languages(groups, language),
        "untranslated": blocks.untranslated(groups),
        "expires_assumed": expires is not None and not any(texts(info, "expires") for info in infos),
        "infos": blocks.apart(infos) if len(infos) > 1 else [],
        "parameters": parameters,
        "event_codes": codes,
        "geocodes": [{"name": name, "value": value} for name, value in geocodes],
        "resources": blocks.resources(infos),
        "response_types": sorted({entry for info in infos for entry in texts(info, "responseType")}),
        "signed": reading.signature is not None,
        "signature": reading.signature,
        **{name: one(element, name) for name in ("source", "restriction", "addresses", "note", "incidents")},
        **{name: blocks.joined(infos, name, "; ") for name in ("audience", "contact")},
        "codes": texts(element, "code"),
        "faults": sorted(reading.faults),
    }
    return Alert(
        sender=sender,
        identifier=identifier,
        sent=when,
        status=_word(element, "status", STATUSES, None),
        msg_type=msg_type,
        scope=_word(element, "scope", SCOPES, "Public"),
        references=references,
        event=blocks.joined(infos, "event", "; "),
        category=tuple(dict.fromkeys(entry for info in infos for entry in texts(info, "category"))),
        urgency=blocks.word(lead, "urgency", blocks.URGENCIES),
        severity=blocks.word(lead, "severity", blocks.SEVERITIES),
        certainty=blocks.word(lead, "certainty", blocks.CERTAINTIES),
        level=risk_level(parameters, told),
        effective=effective,
        onset=_extreme(infos, "onset", min, reading),
        expires=expires,
        headline=blocks.joined(infos, "headline", " · "),
        description=told[1],
        instruction=told[2],
        sender_name=blocks.joined(infos, "senderName", "; "),
        web=next((link for info in infos for link in texts(info, "web")), None),
        area_desc=_area_desc(infos),
        geometry=geometry,
        properties={key: value for key, value in properties.items() if value not in (None, [], {}, False)},
        received_at=arrival,
    )


def _word(element: Element, name: str, known: Sequence[str], default: str | None) -> str:
    """A word of an enumeration whatever its case. Raises ValueError for another, and for none without a default."""
    given = one(element, name)
    if given is None and default is not None:
        return default
    for entry in known:
        if given is not None and given.casefold() == entry.casefold():
            return entry
    raise ValueError(f"{name} is {given[:40]!r}" if given else f"no {name}")


def _references(
    text: str | None, own: tuple[str, str, datetime], msg_type: str, reading: Reading
) -> tuple[tuple[str, str, datetime], ...]:
    """The triples; one that names the message itself or a later one, or is none, is a fault and left out."""
    found: dict[tuple[str, str, datetime], None] = {}
    for sender, identifier, sent in _triples(text or "", own[0], reading):
        when = reading.moment(sent)
        triple = (sender, identifier, when) if when else None
        if triple is None or triple == own or triple[2] > own[2]:
            reading.mended("bad_reference")
        else:
            found[triple] = None
    if msg_type in {"Update", "Cancel"} and not found:
        reading.mended("no_references")
    return tuple(found)


def _triples(text: str, own: str, reading: Reading) -> Iterator[tuple[str, str, str]]:
    """Sender, identifier and sent of each reference. A sender that writes blanks into its name writes them here too."""
    words: list[str] = []
    for n, word in enumerate(text.split()):
        words.append(word)
        if n >= 10 * MAX_REFERENCES:
            break
        if _SENT.search(word):
            sender, _, rest = " ".join(words).partition(",")
            identifier, _, sent = rest.partition(",")
            words = []
            if " " in sender and " " not in own:
                reading.mended("bad_reference")
                sender = sender.rpartition(" ")[2]
            if sender.strip() and identifier.strip() and sent.strip():
                yield sender.strip(), identifier.strip(), sent.strip()
            else:
                reading.mended("bad_reference")
    if words:
        reading.mended("bad_reference")


def _extreme(
    infos: Sequence[Element], name: str, pick: Callable[[list[datetime]], datetime], reading: Reading
) -> datetime | None:
    times = [when for info in infos for entry in texts(info, name) if (when := reading.moment(entry))]
    return pick(times) if times else None


def _expires(infos: Sequence[Element], msg_type: str, start: datetime, reading: Reading) -> datetime | None:
    """The latest end; when none is told, so many hours after the start: no warning stands for ever."""
    told = _extreme(infos, "expires", max, reading)
    if told is None and msg_type in {"Alert", "Update"}:
        return start + timedelta(hours=reading.options.expires_h)
    if told is not None and told < start:
        reading.mended("expires_before_start")
    return told


def _geometry(
    infos: Sequence[Element], groups: blocks.Groups, sent: datetime, reading: Reading
) -> tuple[BaseGeometry | None, list[tuple[str, str]]]:
    """The union of all areas of the shown language, else of all languages, and the geocodes."""
    areas = [area for info in infos for area in children(info, "area")]
    areas = areas or [area for others in groups.values() for info in others for area in children(info, "area")]
    if len(areas) > MAX_AREAS:
        reading.lost.append(f"{len(areas)} areas, the first {MAX_AREAS} are read")
    shapes: list[BaseGeometry] = []
    geocodes: list[tuple[str, str]] = []
    for area in areas[:MAX_AREAS]:
        shapes += _drawn(texts(area, "polygon"), polygon, reading)
        shapes += _drawn(texts(area, "circle"), circle, reading)
        pairs = ((one(entry, "valueName"), one(entry, "value")) for entry in children(area, "geocode"))
        geocodes += [(name, value) for name, value in pairs if name and value]
    geocodes = list(dict.fromkeys(geocodes))
    units, unknown = places(geocodes, (sent + timedelta(hours=7)).date())
    if unknown:
        reading.mended("unit_without_area")
    return united([*shapes, *units]), geocodes


def _drawn(found: Sequence[str], draw: Callable[[str], Shape], reading: Reading) -> Iterator[BaseGeometry]:
    for entry in found:
        reading.shapes += 1
        reading.shape_text += len(entry)
        if reading.shapes > MAX_SHAPES or reading.repaired > MAX_MENDED or reading.shape_text > MAX_SHAPE_TEXT:
            reading.lost.append("more shapes than a warning has")
            return
        try:
            shape, faults = draw(entry)
        except ValueError as error:
            reading.lost.append(str(error))
        else:
            reading.mended(*faults)
            reading.repaired += "polygon_repaired" in faults
            yield shape


def _area_desc(infos: Sequence[Element]) -> str | None:
    found = dict.fromkeys(
        entry for info in infos for area in children(info, "area") for entry in texts(area, "areaDesc")
    )
    return "; ".join(found) or None
