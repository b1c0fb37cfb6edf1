"""A finding in words: its rule's title and subject with its facts written out, in the reader's language."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from geodata import words
from geodata.catalogue import services
from geodata.watch.rule import Rule, rules
from geodata.watch.words import Fact, in_language

LISTED = 3
"""Names of a list that are written out before "+2"."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """``facts``: (label, value) of everything that is known, in the order of the rule's file."""

    title: str
    subject: str
    facts: Sequence[tuple[str, str]]
    icon: str


def spoken(rule_id: str, facts: Mapping[str, Any], language: str, timezone: str, now: datetime) -> Spoken:
    """The words of a finding of that rule; of a rule that this program no longer has, its id."""
    one = rules().get(rule_id)
    if one is None:
        return Spoken(rule_id, "", [(name, str(value)) for name, value in facts.items()], "notifications")
    told = {name: _fact(one, name, facts.get(name), language, timezone, now) for name in one.words.facts}
    listed = [(fact.text(language), told[name]) for name, fact in one.words.facts.items() if told[name]]
    return Spoken(
        filled(one.words.title.text(language), told),
        filled(one.words.subject.text(language), told),
        listed,
        one.words.icon,
    )


def filled(template: str, told: Mapping[str, str]) -> str:
    """The template with its facts; a part between commas or colons of which a fact is not known goes as a whole.

    >>> filled("{name}, {length}", {"name": "TTH-91234-TS", "length": ""})
    'TTH-91234-TS'
    """
    out = ""
    for part, mark in re.findall(r"([^,:]+)([,:]?\s*)", template):
        names = re.findall(r"\{(\w+)\}", part)
        if names and not all(told.get(name) for name in names):
            continue
        out += re.sub(r"\{(\w+)\}", lambda m: told[m[1]], part) + mark
    return out.rstrip(" ,:")


def _fact(one: Rule, name: str, value: Any, language: str, timezone: str, now: datetime) -> str:
    if value is None:
        return ""
    return written(one.words.facts[name], value, language, timezone, now)


def written(fact: Fact, value: Any, language: str, timezone: str, now: datetime) -> str:
    """One value as its kind says; "" for one that is not of that kind."""
    value = in_language(value, language)
    if isinstance(value, list):
        shown = [written(fact, item, language, timezone, now) for item in value[:LISTED]]
        more = f" +{len(value) - LISTED}" if len(value) > LISTED else ""
        return ", ".join(item for item in shown if item) + more
    if fact.kind in {"number", "count", "duration"}:
        return _quantity(fact, value, language)
    if fact.kind == "time":
        return _moment(value, timezone, now)
    return _word(fact, "" if value is None else str(value), language)


def _quantity(fact: Fact, value: Any, language: str) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    if fact.kind == "duration":
        return words.age(float(value), language)
    return words.quantity(float(value), fact.unit or None, fact.decimals, language)


def _word(fact: Fact, value: str, language: str) -> str:
    if fact.kind == "service" and value in services():
        return services()[value].short(language)
    known = fact.words.get(value)
    return known.text(language) if known else named(value)


def named(value: str) -> str:
    """An id that stands for a name as people say it: "mmsi:574123456" is MMSI 574123456."""
    found = re.fullmatch(r"([a-z]{2,6}):(\S+)", value)
    return f"{found[1].upper()} {found[2]}" if found else value


def _moment(value: Any, timezone: str, now: datetime) -> str:
    """``HH:mm`` of the same day, else with its date."""
    try:
        local = datetime.fromisoformat(str(value)).astimezone(ZoneInfo(timezone))
    except ValueError:
        return ""
    today = now.astimezone(ZoneInfo(timezone)).date()
    return local.strftime("%H:%M" if local.date() == today else "%H:%M %d/%m")
