"""Many messages as one: a storm is counted by rule, the highest named first, and every one of them is listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from geodata.catalogue import services
from geodata.records import JSON
from outlets._words import mark, say
from outlets.message import Message

SPEC = "vonglau.digest/1"
WRITTEN = 20
"""Lines that are written out for people; the values name all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """Messages of one outlet in one; all of them simulated, or none."""

    key: str
    messages: Sequence[Message]
    page: str | None = None

    @property
    def finding(self) -> int | None:
        return None

    @property
    def change(self) -> str:
        return "digest"

    @property
    def level(self) -> int:
        return max((one.level for one in self.messages), default=1)

    @property
    def simulated(self) -> bool:
        return any(one.simulated for one in self.messages)

    @property
    def languages(self) -> Sequence[str]:
        return self.messages[0].languages

    @property
    def link(self) -> str | None:
        return self.page

    def headline(self, language: str) -> str:
        words = say("digest", "headline", language, n=len(self.messages), level=self.level)
        return mark(self.simulated, language) + words

    def lines(self, language: str) -> list[str]:
        highest = sorted(self.messages, key=lambda one: (-one.level, one.since, one.finding))
        more = len(highest) - WRITTEN
        told = [self.headline(language), say("digest", "why", language)]
        told += [
            say("digest", "rule", language, title=title, n=sum(changes.values()), changes=_told(changes, language))
            for title, changes in self._by_rule(language)
        ]
        told += [one.headline(language) for one in highest[:WRITTEN]] + ([f"+{more}"] if more > 0 else [])
        if self.link:
            told.append(say("line", "link", language, link=self.link))
        if self.simulated:
            told.append(say("line", "drill", language))
        return told

    def _by_rule(self, language: str) -> list[tuple[str, Counter[str]]]:
        """Title of each rule with how often what happened, the most frequent first. A rule whose title differs from
        finding to finding goes by its service.
        """
        found: dict[str, Counter[str]] = {}
        titles: dict[str, dict[str, None]] = {}
        for one in self.messages:
            found.setdefault(one.rule, Counter())[one.change] += 1
            titles.setdefault(one.rule, {})[one.words[language].title] = None
        services_of = {one.rule: one.service for one in self.messages}
        ordered = sorted(found.items(), key=lambda item: (-item[1].total(), item[0]))
        return [
            (next(iter(titles[rule])) if len(titles[rule]) == 1 else _title(services_of[rule], language), changes)
            for rule, changes in ordered
        ]

    def as_json(self) -> dict[str, JSON]:
        counts: Counter[str] = Counter(one.rule for one in self.messages)
        return {
            "spec": SPEC,
            "key": self.key,
            "simulated": self.simulated,
            "headline": self.headline(self.languages[0]),
            "change": self.change,
            "level": self.level,
            "count": len(self.messages),
            "rules": dict(counts),
            "messages": [
                {
                    "key": one.key, "finding": one.finding, "change": one.change, "rule": one.rule, "level": one.level,
                    "since": one.since.isoformat(), "noted": one.noted.isoformat(), "open": one.closed is None,
                    "headline": one.headline(self.languages[0]), "link": one.link,
                }
                for one in self.messages
            ],
            "link": self.link,
            "words": {
                language: {"headline": self.headline(language), "text": "\n".join(self.lines(language))}
                for language in self.languages
            },
        }  # fmt: skip


def _title(service: str, language: str) -> str:
    known = services().get(service)
    return service if known is None else known.title_vi if language == "vi" else known.title_en


def _told(changes: Counter[str], language: str) -> str:
    """What happened how often: mới 18, đã kết thúc 2."""
    return ", ".join(f"{say('change', name, language).lower()} {n}" for name, n in sorted(changes.items()))
