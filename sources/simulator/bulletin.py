"""A bulletin as CAP 1.2, strictly: the order of the schema, times without Z and fractions, rings closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape

from sources.simulator.clock import LOCAL
from sources.simulator.water import LonLat

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
Triple = tuple[str, float]
"""Identifier and sent (epoch s) of an earlier bulletin of the same sender."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language of a bulletin."""

    event: str
    headline: str
    description: str
    instruction: str
    area: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Where it holds: rings of (lon, lat) not yet closed, a circle (lon, lat, km), codes of units."""

    rings: tuple[tuple[LonLat, ...], ...] = ()
    circle: tuple[float, float, float] | None = None
    units: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulletin:
    """Times in epoch s. ``level`` is the official risk level; ``kind`` the office's own code of the hazard."""

    identifier: str
    sent: float
    kind: str
    status: str = "Actual"
    msg_type: str = "Alert"
    references: tuple[Triple, ...] = ()
    urgency: str = "Expected"
    severity: str = "Minor"
    certainty: str = "Likely"
    response: str = "Prepare"
    level: int | None = None
    onset: float
    expires: float
    vi: Words
    en: Words
    zone: Zone
    note: str | None = None

    def shifted(self, seconds: float) -> Bulletin:
        """As a clock that is ahead would have stamped it."""
        return replace(self, sent=self.sent + seconds, onset=self.onset + seconds, expires=self.expires + seconds)


def stamp(t: float) -> str:
    """CAP's form of an instant: local time with its offset, whole seconds."""
    return datetime.fromtimestamp(int(t), LOCAL).isoformat()


def xml(bulletin: Bulletin, sender: str, names: tuple[str, str]) -> str:
    """The message. ``names`` are those of the sender in Vietnamese and English."""
    inner = "".join(_alert(bulletin, sender, names))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<alert xmlns="{NAMESPACE}">\n{inner}</alert>\n'


def _tag(name: str, value: str | None) -> str:
    return "" if value is None or not value else f"<{name}>{escape(value, quote=False)}</{name}>\n"


def _alert(b: Bulletin, sender: str, names: tuple[str, str]) -> Iterator[str]:
    yield _tag("identifier", b.identifier)
    yield _tag("sender", sender)
    yield _tag("sent", stamp(b.sent))
    yield _tag("status", b.status)
    yield _tag("msgType", b.msg_type)
    yield _tag("scope", "Public")
    yield _tag("note", b.note)
    yield _tag("references", " ".join(f"{sender},{name},{stamp(sent)}" for name, sent in b.references))
    yield from _info(b, "vi-VN", b.vi, names[0])
    yield from _info(b, "en-US", b.en, names[1])


def _info(b: Bulletin, language: str, words: Words, name: str) -> Iterator[str]:
    yield "<info>\n"
    yield _tag("language", language)
    yield _tag("category", "Geo" if b.kind == "landslide" else "Met")
    yield _tag("event", words.event)
    yield _tag("responseType", "AllClear" if b.msg_type == "Cancel" else b.response)
    yield _tag("urgency", "Past" if b.msg_type == "Cancel" else b.urgency)
    yield _tag("severity", b.severity)
    yield _tag("certainty", b.certainty)
    yield f"<eventCode><valueName>KTTV</valueName><value>{b.kind}</value></eventCode>\n"
    yield _tag("effective", stamp(b.sent))
    yield _tag("onset", stamp(b.onset))
    yield _tag("expires", stamp(b.expires))
    yield _tag("senderName", name)
    yield _tag("headline", words.headline)
    yield _tag("description", words.description)
    yield _tag("instruction", words.instruction)
    if b.level is not None:
        yield f"<parameter><valueName>Cấp độ rủi ro thiên tai</valueName><value>{b.level}</value></parameter>\n"
    yield "<area>\n"
    yield _tag("areaDesc", words.area)
    yield from (_tag("polygon", _ring(ring)) for ring in b.zone.rings)
    if b.zone.circle is not None:
        lon, lat, km = b.zone.circle
        yield _tag("circle", f"{lat:.4f},{lon:.4f} {km:g}")
    for code in b.zone.units:
        yield f"<geocode><valueName>GSO</valueName><value>{code}</value></geocode>\n"
    yield "</area>\n</info>\n"


def _ring(ring: Sequence[LonLat]) -> str:
    """Latitude first, closed."""
    return " ".join(f"{lat:.4f},{lon:.4f}" for lon, lat in (*ring, ring[0]))
