"""A message as a CAP 1.2 document (OASIS, urn:oasis:names:tc:emergency:cap:1.2), elements in the schema's order."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring
from zoneinfo import ZoneInfo

from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from geodata.citation import cited
from geodata.store.deliveries import Earlier
from outlets._words import say
from outlets.message import Message

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
MOST_POINTS = 300
MOST_SHAPES = 50
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""

register_namespace("", CAP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Who says it, and to whom."""

    sender: str
    sender_name: str
    scope: str
    restriction: str | None
    city: Mapping[str, str]  # title by language, where there is no better word for the area
    holds: timedelta = timedelta(hours=24)  # how long a message is good for


@cache
def table() -> Mapping[str, Any]:
    """From levels and services to CAP's words."""
    found: Mapping[str, Any] = tomllib.loads(files("outlets").joinpath("cap.toml").read_text(encoding="utf-8"))
    return found


def chain(earlier: Sequence[Earlier]) -> list[Earlier]:
    """The messages of the life that still holds: those since the last Cancel."""
    found: list[Earlier] = []
    for one in earlier:
        found = [] if one.news == "closed" else [*found, one]
    return found


def document(message: Message, earlier: Sequence[Earlier], issuer: Issuer) -> bytes:
    """Alert, Update or Cancel. What is simulated is an Exercise, whatever else it is."""
    before = chain(earlier)
    kind = "Cancel" if message.closed is not None else "Update" if before else "Alert"
    zone = ZoneInfo(message.timezone)
    alert = Element(f"{{{CAP}}}alert")
    _add(alert, "identifier", message.key)
    _add(alert, "sender", issuer.sender)
    _add(alert, "sent", stamp(message.created, zone))
    _add(alert, "status", "Exercise" if message.simulated else "Actual")
    _add(alert, "msgType", kind)
    _add(alert, "scope", issuer.scope)
    if issuer.scope == "Restricted":
        _add(alert, "restriction", issuer.restriction)
    _add(alert, "note", say("line", "drill", message.languages[0]) if message.simulated else None)
    references = [f"{issuer.sender},{one.key},{stamp(one.created_at, zone)}" for one in before]
    _add(alert, "references", " ".join(references))
    _add(alert, "incidents", f"{message.city}-finding-{message.finding}")
    for language in message.languages:
        _info(alert, message, language, issuer, zone)
    written: bytes = tostring(alert, encoding="utf-8", xml_declaration=True)
    return written


def stamp(moment: datetime, zone: ZoneInfo) -> str:
    """A time as CAP has it: whole seconds, the zone as an offset."""
    return moment.astimezone(zone).replace(microsecond=0).isoformat()


def _info(alert: Element, message: Message, language: str, issuer: Issuer, zone: ZoneInfo) -> None:
    own, words = message.words[language], table()
    level = words["levels"][f"l{message.level}"]
    info = SubElement(alert, f"{{{CAP}}}info")
    _add(info, "language", {"vi": "vi-VN", "en": "en-GB"}[language])
    _add(info, "category", words["category"].get(message.service, "Other"))
    _add(info, "event", own.title)
    _add(info, "urgency", "Past" if message.closed is not None else level["urgency"])
    _add(info, "severity", level["severity"])
    _add(info, "certainty", certainty(message.confidence))
    _add(info, "effective", stamp(message.created, zone))
    _add(info, "onset", stamp(message.since, zone))
    _add(info, "expires", stamp(message.created + issuer.holds, zone))
    _add(info, "senderName", issuer.sender_name)
    _add(info, "headline", message.headline(language))
    _add(info, "description", "\n".join(message.lines(language)))
    _add(info, "web", message.link)
    laws = dict.fromkeys(cited(str(limit["law"]), language) for limit in message.legal)
    for name, value in (
        ("vonglau:rule", message.rule), ("vonglau:ruleVersion", str(message.rule_version)),
        ("vonglau:level", str(message.level)), ("vonglau:finding", str(message.finding)),
        *(("vonglau:law", law) for law in laws),
    ):  # fmt: skip
        parameter = SubElement(info, f"{{{CAP}}}parameter")
        _add(parameter, "valueName", name)
        _add(parameter, "value", value)
    area = SubElement(info, f"{{{CAP}}}area")
    _add(area, "areaDesc", message.place[language] if message.place else issuer.city[language])
    for name, text in shapes(message.geometry):
        _add(area, name, text)


def certainty(confidence: float | None) -> str:
    """CAP's word for how sure it is."""
    found: Mapping[str, Any] = table()["certainty"]
    if confidence is None:
        return str(found["none"])
    return next(str(word) for least, word in found["least"] if confidence >= least)


def shapes(geometry: BaseGeometry | None) -> list[tuple[str, str]]:
    """Polygons, then circles; a point is a circle of radius 0, what has no area and is no point has its box."""
    found = list(_shapes(geometry))[:MOST_SHAPES] if geometry is not None and not geometry.is_empty else []
    return sorted(found, key=lambda shape: shape[0], reverse=True)


def _shapes(geometry: BaseGeometry) -> Iterator[tuple[str, str]]:
    if hasattr(geometry, "geoms"):
        for part in geometry.geoms:
            yield from _shapes(part)
    elif geometry.geom_type == "Point":
        yield "circle", f"{geometry.y:.5f},{geometry.x:.5f} 0"  # type: ignore[attr-defined]  # a point
    elif isinstance(geometry, Polygon):
        yield "polygon", _ring(geometry)
    elif isinstance(box := geometry.envelope, Polygon) and box.area > 0:
        yield "polygon", _ring(box)


def _ring(area: Polygon) -> str:
    """The outline, latitude first, simplified where it is very long."""
    if len(area.exterior.coords) > MOST_POINTS:
        simpler = area.simplify(0.002)
        area = simpler if isinstance(simpler, Polygon) and len(simpler.exterior.coords) >= 4 else area
    return " ".join(f"{lat:.5f},{lon:.5f}" for lon, lat, *_ in area.exterior.coords)


def _add(parent: Element, name: str, text: str | None) -> None:
    """An element with its text; none of none."""
    if text:
        SubElement(parent, f"{{{CAP}}}{name}").text = _ILLEGAL.sub("", text)
