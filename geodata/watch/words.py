"""What a rule's file says: its words in both languages, its level, its dwell, its limits with their law.

``geodata/watch/rules/FAMILY.toml`` stands beside ``FAMILY.py``: a limit is changed there, with its date and its source,
and never in code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from string import Formatter
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from geodata import family_tables
from geodata.errors import ConfigInvalid

FactKind = Literal["number", "time", "duration", "word", "count", "service"]
"""``service``: the id of one, read as its short name."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """One text in both languages; names in braces are facts of the finding."""

    vi: str
    en: str

    def text(self, language: str) -> str:
        return self.vi if language == "vi" else self.en

    def names(self) -> set[str]:
        return {name for text in (self.vi, self.en) for _, name, _, _ in Formatter().parse(text) if name}


class Fact(Words):
    """How one fact of a finding is named and written. ``unit`` is printed after a number."""

    kind: FactKind = "word"
    unit: str = ""
    decimals: int = 0
    words: Mapping[str, Words] = Field(default_factory=dict)  # of a word: how each value reads


class Limit(_Strict):
    """One threshold. In force ``from_`` that local day until the next of the same name; ``law`` names its source.

    ``confirmed`` is False for what is only believed; such a limit says so on the page. ``fixed``: it stands in a
    function of ``geodata.rules`` that layers share; it is shown here, and another value is refused, not passed over.
    """

    name: str
    value: float
    unit: str = ""
    from_: date = Field(alias="from", default=date(1900, 1, 1))
    law: str
    confirmed: bool = True
    fixed: bool = False


class RuleWords(_Strict):
    """One rule's table. ``dwell_s``: so long the condition lasts before it is told; ``hold_s``: so long it is gone
    before the finding closes; ``reopen_s``: sooner than this after a close the same finding opens again.
    """

    version: int = Field(ge=1)
    level: int = Field(ge=1, le=5)
    dwell_s: float = 0
    hold_s: float = 0
    reopen_s: float = 3600
    takes_wall: bool = False
    icon: str = "notifications"
    title: Words
    subject: Words
    definition: Words
    limits: Sequence[Limit] = ()
    facts: Mapping[str, Fact] = Field(default_factory=dict)
    procedure: str | None = None

    @model_validator(mode="after")
    def _spoken(self) -> RuleWords:
        if unknown := (self.title.names() | self.subject.names()) - self.facts.keys():
            raise ValueError(f"words speak of facts that the rule does not name: {', '.join(sorted(unknown))}")
        names = {*self.facts, *(limit.name for limit in self.limits)}
        bad = [name for name in names if not re.fullmatch(r"[a-z][a-z0-9_]*", name)]
        if bad:
            raise ValueError(f"not a name: {', '.join(bad)}")
        return self

    def in_force(self, at: datetime, overrides: Mapping[str, float] | None = None) -> Limits:
        """The limits of that instant; ``overrides``: values of a city's own rule, or of a back-test."""
        day = at.astimezone(UTC).date()
        found: dict[str, Limit] = {}
        for limit in sorted(self.limits, key=lambda li: li.from_):
            if limit.from_ <= day or limit.name not in found:
                found[limit.name] = limit
        own = dict(overrides or {})
        if unknown := own.keys() - found.keys():
            raise ConfigInvalid(path="limits", reason=f"no limit is named {', '.join(sorted(unknown))}")
        if fixed := [name for name in own if found[name].fixed]:
            raise ConfigInvalid(
                path="limits", reason=f"{', '.join(sorted(fixed))}: fixed, map and rule share the value"
            )
        return Limits(found, own)


class Limits:
    """The thresholds of one instant: ``limits["lost_s"]``."""

    def __init__(self, found: Mapping[str, Limit], own: Mapping[str, float] | None = None) -> None:
        self._found, self._own = found, own or {}

    def __getitem__(self, name: str) -> float:
        return self._own.get(name, self._found[name].value)

    def as_json(self) -> list[dict[str, object]]:
        """What a finding keeps: the value that was used, its unit and its source."""
        return [
            {
                "name": limit.name,
                "value": self[limit.name],
                "unit": limit.unit,
                "law": limit.law,
                "from": limit.from_.isoformat(),
                "confirmed": limit.confirmed and limit.name not in self._own,
            }
            for limit in self._found.values()
        ]


def in_language(value: object, language: str) -> object:
    """A fact's value as that language has it: ``{"vi": …, "en": …}`` is one word in both; lists item by item.

    >>> in_language([{"vi": "lũ", "en": "flood"}, "Kim Long"], "en")
    ['flood', 'Kim Long']
    """
    if isinstance(value, list):
        return [in_language(item, language) for item in value]
    if isinstance(value, Mapping):
        return value.get(language) or value.get("vi")
    return value


def read(package: str, family: str) -> Mapping[str, RuleWords]:
    """The tables of ``FAMILY.toml`` in ``package``, by the rule's name. Raises ConfigInvalid, in one line."""
    return family_tables.read(
        package, family, RuleWords, "the rules of a family need their words and limits beside them"
    )
