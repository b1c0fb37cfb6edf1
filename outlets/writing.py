"""From what waits in the outbox to what is said: the one place where a finding becomes a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from shapely.geometry.base import BaseGeometry

from geodata.city import City
from geodata.outlet import OutletBinding
from geodata.records import JSON
from geodata.store.deliveries import Delivery
from geodata.watch.course import Finding
from geodata.watch.rule import rules
from geodata.watch.spoken import spoken
from geodata.words import coordinates
from outlets._words import hidden, scrubbed
from outlets.digest import Digest
from outlets.message import Message, Words

LANGUAGES: Mapping[str, Sequence[str]] = {"vi": ("vi",), "en": ("en",), "both": ("vi", "en")}


class Writer:
    """Writes the messages of one city. ``simulated``: all of it is, whatever a finding says of itself."""

    def __init__(self, city: City, *, simulated: bool = False) -> None:
        self._city, self._simulated = city, simulated

    def message(self, one: Delivery, binding: OutletBinding, now: datetime, *, change: str | None = None) -> Message:
        """``change``: in place of the delivery's own news, where several became one."""
        finding = one.finding
        assert finding is not None
        assert finding.id is not None
        said = change or one.news
        level = one.level if one.level is not None and said != "closed" else finding.level
        facts = _facts(one, finding)
        closed, why = _ending(one, finding)
        written = str if binding.notes_as_written else hidden
        note = one.detail.get("note")
        return Message(
            key=one.key,
            change=said,
            city=self._city.id,
            timezone=self._city.timezone,
            finding=finding.id,
            rule=finding.rule,
            rule_version=finding.rule_version,
            service=finding.service,
            level=min(max(level, 1), 5),
            languages=LANGUAGES[binding.language],
            words={language: self._words(finding, facts, language, now) for language in ("vi", "en")},
            since=finding.opened_at,
            noted=one.time or one.created_at,
            created=one.created_at,
            now=now,
            simulated=finding.simulated or self._simulated,
            closed=closed,
            closed_at=finding.closed_at,
            close_reason=written(why) if why is not None else None,
            confidence=finding.confidence,
            geometry=finding.geometry,
            place=_place(finding.geometry),
            values={name: scrubbed(value) for name, value in facts.items()},
            legal=[{str(k): v for k, v in limit.items()} for limit in finding.limits],
            rows=[row.as_json() for row in finding.rows],
            agency=one.agency,
            agency_title=self._agency(one.agency),
            who=one.who if said in {"assigned", "withdrawn", "acknowledged"} else None,
            note=written(note) if isinstance(note, str) and note else None,
            link=self.link(binding, finding.id),
        )

    def digest(self, key: str, members: Sequence[Delivery], binding: OutletBinding, now: datetime) -> Digest:
        """One message that stands for these."""
        return Digest(key=key, messages=[self.message(one, binding, now) for one in members], page=self.link(binding))

    def link(self, binding: OutletBinding, finding: int | None = None) -> str | None:
        """The desk with this finding before it; None where nobody said what the pages' address is."""
        base = binding.public_url or self._city.public_url
        if base is None:
            return None
        query = [] if finding is None else [f"f={finding}"]
        query += ["lang=en"] if binding.language == "en" else []
        return f"{base.rstrip('/')}/desk" + (f"?{'&'.join(query)}" if query else "")

    def _words(self, finding: Finding, facts: Mapping[str, JSON], language: str, now: datetime) -> Words:
        told = spoken(finding.rule, facts, language, self._city.timezone, now)
        known = rules().get(finding.rule)
        return Words(
            title=hidden(told.title),
            subject=hidden(told.subject),
            facts=[(label, hidden(value)) for label, value in told.facts],
            definition=known.words.definition.text(language) if known else "",
        )

    def _agency(self, agency: str | None) -> Mapping[str, str] | None:
        found = next((one for one in self._city.agencies if one.id == agency), None)
        return {"vi": found.title_vi, "en": found.title_en} if found else None


def _facts(one: Delivery, finding: Finding) -> Mapping[str, JSON]:
    """As they were when it happened; of what people did, as they are."""
    then = one.detail.get("facts")
    return then if isinstance(then, dict) else finding.facts


def _ending(one: Delivery, finding: Finding) -> tuple[str | None, str | None]:
    """How it ended, None while it has not, and the desk's reason."""
    if not finding.open:
        return finding.close_reason, None
    if one.desk_close_reason is not None:
        return "desk", one.desk_close_reason
    return None, None


def _place(geometry: BaseGeometry | None) -> Mapping[str, str] | None:
    """Ward and coordinates of a point; of an area its words stand in the facts."""
    if geometry is None or geometry.geom_type != "Point" or geometry.is_empty:
        return None
    return _point(round(geometry.x, 5), round(geometry.y, 5))  # type: ignore[attr-defined]  # a point


@lru_cache(maxsize=4096)
def _point(lon: float, lat: float) -> Mapping[str, str]:
    from geodata.gazetteer import ward_at

    ward = ward_at(lon, lat)
    return {
        language: ", ".join(part for part in (ward.full_name if ward else "", coordinates(lon, lat, language)) if part)
        for language in ("vi", "en")
    }
