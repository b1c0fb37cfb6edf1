"""One message: what happened to one finding, in words and in numbers, whatever way it goes out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geodata.citation import cited
from geodata.records import JSON
from geodata.words import age, percent
from outlets._words import at, mark, say

SPEC = "vonglau.finding/1"
LATE = timedelta(minutes=5)
"""A message that comes later than this after its cause says so."""

MOST_POINTS = 500
SIMPLER_DEG = 0.002


class Sendable(Protocol):
    """What an outlet can hand over: a message of one finding, or a digest of many."""

    @property
    def key(self) -> str:
        """The same however often it is sent: the receiver may forget what it has already."""
        ...

    @property
    def finding(self) -> int | None: ...

    @property
    def change(self) -> str: ...

    @property
    def level(self) -> int: ...

    @property
    def simulated(self) -> bool: ...

    @property
    def languages(self) -> Sequence[str]: ...

    @property
    def link(self) -> str | None: ...

    def headline(self, language: str) -> str:
        """One line, what is simulated first."""
        ...

    def lines(self, language: str) -> list[str]:
        """All of it in words."""
        ...

    def as_json(self) -> dict[str, JSON]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Of one language. ``facts``: (label, value) as the rule's file orders them."""

    title: str
    subject: str
    facts: Sequence[tuple[str, str]]
    definition: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Times aware UTC: ``since`` the condition began, ``noted`` it was written into the journal, ``now`` it is said.

    ``closed``: word of the reason why it is over. ``geometry`` in EPSG:4326. ``values``: the facts as the rule's file
    has them. ``rows``: what fired it, by id. Without persons: see ``_words.hidden``.
    """

    key: str
    change: str
    city: str
    timezone: str
    finding: int
    rule: str
    rule_version: int
    service: str
    level: int
    languages: Sequence[str]
    words: Mapping[str, Words]
    since: datetime
    noted: datetime
    created: datetime
    now: datetime
    simulated: bool
    closed: str | None = None
    closed_at: datetime | None = None
    close_reason: str | None = None
    confidence: float | None = None
    geometry: BaseGeometry | None = None
    place: Mapping[str, str] | None = None
    values: Mapping[str, JSON]
    legal: Sequence[Mapping[str, JSON]] = ()
    rows: Sequence[Mapping[str, JSON]] = ()
    agency: str | None = None
    agency_title: Mapping[str, str] | None = None
    who: str | None = None
    note: str | None = None
    link: str | None = None

    @property
    def late_s(self) -> float:
        """Seconds between what happened and these words."""
        return max((self.now - self.noted).total_seconds(), 0.0)

    def headline(self, language: str) -> str:
        own = self.words[language]
        level = say("line", "short_level", language, level=self.level)
        about = f"{own.title}: {own.subject}" if own.subject else own.title
        told = f"{mark(self.simulated, language)}[{level}] {say('change', self.change, language)}: {about}"
        return " ".join(told.split())

    def lines(self, language: str) -> list[str]:
        word = say("level", f"l{self.level}", language)
        told = [
            self.headline(language),
            say("line", "level", language, level=self.level, word=word),
            *self._times(language),
            *self._people(language),
            *(f"{label}: {value}" for label, value in self.words[language].facts),
            *self._sources(language),
        ]
        if self.link:
            told.append(say("line", "link", language, link=self.link))
        if self.simulated:
            told.append(say("line", "drill", language))
        return told

    def _times(self, language: str) -> list[str]:
        old = age((self.now - self.since).total_seconds(), language)
        told = [say("line", "since", language, at=at(self.since, self.timezone), age=old)]
        if self.closed is not None:
            ended = at(self.closed_at, self.timezone) if self.closed_at else ""
            told.append(say("closed", self.closed, language, at=ended, reason=self.close_reason or "–"))
        if self.late_s > LATE.total_seconds():
            told.append(say("line", "late", language, age=age(self.late_s, language), at=at(self.noted, self.timezone)))
        return told

    def _people(self, language: str) -> list[str]:
        told = []
        if self.place:
            told.append(say("line", "place", language, place=self.place[language]))
        if self.agency_title:
            told.append(say("line", "agency", language, agency=self.agency_title[language]))
        if self.who:
            told.append(say("line", "by", language, who=self.who, at=at(self.noted, self.timezone)))
        if self.note:
            told.append(say("line", "note", language, note=self.note))
        return told

    def _sources(self, language: str) -> list[str]:
        told = []
        if self.confidence is not None:
            told.append(say("line", "confidence", language, share=percent(self.confidence, 0, language)))
        legal = {cited(str(limit["law"]), language): bool(limit["confirmed"]) for limit in self.legal}
        for law, sure in legal.items():
            named = law if sure else say("line", "unconfirmed", language, law=law)
            told.append(say("line", "law", language, law=named))
        told.append(say("line", "rule", language, rule=self.rule, version=self.rule_version, id=self.finding))
        return told

    def as_json(self) -> dict[str, JSON]:
        """What webhooks and MQTT carry. Times in ISO 8601 with their zone, geometry as GeoJSON."""
        return {
            "spec": SPEC,
            "key": self.key,
            "simulated": self.simulated,
            "headline": self.headline(self.languages[0]),
            "change": self.change,
            "city": self.city,
            "finding": self.finding,
            "rule": self.rule,
            "rule_version": self.rule_version,
            "service": self.service,
            "level": self.level,
            "since": self.since.isoformat(),
            "noted": self.noted.isoformat(),
            "sent": self.now.isoformat(),
            "late_s": round(self.late_s),
            "open": self.closed is None,
            "closed": self.closed,
            "closed_at": self.closed_at.isoformat() if self.closed_at else None,
            "close_reason": self.close_reason,
            "confidence": self.confidence,
            "geometry": geojson(self.geometry),
            "agency": self.agency,
            "who": self.who,
            "note": self.note,
            "facts": dict(self.values),
            "legal": [dict(limit) for limit in self.legal],
            "rows": [dict(row) for row in self.rows],
            "link": self.link,
            "words": {language: self._words(language) for language in self.languages},
        }

    def _words(self, language: str) -> dict[str, JSON]:
        own = self.words[language]
        return {
            "headline": self.headline(language),
            "title": mark(self.simulated, language) + own.title,
            "subject": own.subject,
            "definition": own.definition,
            "change": say("change", self.change, language),
            "level": say("level", f"l{self.level}", language),
            "place": self.place[language] if self.place else None,
            "agency": self.agency_title[language] if self.agency_title else None,
            "facts": [{"name": label, "value": value} for label, value in own.facts],
            "text": "\n".join(self.lines(language)),
        }


def geojson(geometry: BaseGeometry | None) -> JSON:
    """A geometry as GeoJSON, a very long outline simplified by some 200 m; None of none."""
    if geometry is None or geometry.is_empty:
        return None
    if shapely.get_num_coordinates(geometry) > MOST_POINTS:
        geometry = geometry.simplify(SIMPLER_DEG)
    found: Any = json.loads(shapely.to_geojson(shapely.transform(geometry, lambda places: np.round(places, 6))))
    return found
