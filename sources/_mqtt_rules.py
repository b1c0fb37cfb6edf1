"""The topic map: which topics mean what, and where in topic and payload each field stands.

An expression is ``$`` (the whole payload), ``$.a.b[0]`` (a place in JSON), a text with ``{name}`` for a level of the
topic or ``{$.a}`` for a place in JSON, or a plain word that is always the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from geodata.records import JSON
from sources._values import text

Kind = Literal["thing", "observation", "heartbeat", "event", "position", "ignore"]

FIELDS: Mapping[str, frozenset[str]] = {
    "thing": frozenset(
        {"name", "category", "agency", "lon", "lat", "azimuth_deg", "fov_deg", "range_m", "mast_height_m"}
    ),
    "observation": frozenset({"quality"}),
    "heartbeat": frozenset({"status"}),
    "event": frozenset({"id", "end", "category", "title", "description", "lon", "lat", "severity", "status", "url"}),
    "position": frozenset({"lon", "lat", "speed", "course", "heading", "status"}),
    "ignore": frozenset(),
}

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_HOLE = re.compile(r"\{([^{}]+)\}")
_NAME = re.compile(r"^\{[a-z][a-z0-9_]*\}$")


def _expression(text_: str) -> str:
    if text_.startswith("$"):
        steps(text_)
    for hole in _HOLE.findall(text_) if not text_.startswith("$") else ():
        if hole.startswith("$"):
            steps(hole)
    return text_


def _unit(text_: str) -> str:
    """Only ``$.…`` is looked up: braces belong to UCUM."""
    return _expression(text_) if text_.startswith("$") else text_


Expression = Annotated[str, AfterValidator(_expression)]


@lru_cache(maxsize=4096)
def steps(path: str) -> tuple[str | int, ...]:
    """The keys and indices of ``$.a.b[0]``. Raises ValueError."""
    found: list[str | int] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            raise ValueError(f"not a place in JSON: {path[:60]!r}")
        found.append(match[1] if match[1] is not None else int(match[2]))
        at = match.end()
    return tuple(found)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Result(_Strict):
    """Of one observed property: where its value stands, in which unit; a number is ``scale × value + offset``."""

    value: Expression = "$"
    unit: Annotated[str, AfterValidator(_unit)] | None = None  # UCUM or the maker's word; or a place in JSON
    scale: float = 1.0
    offset: float = 0.0
    values: Mapping[str, str] = Field(default_factory=dict)  # the source's words to the catalogue's


class Rule(_Strict):
    """What messages of a topic are. ``topic`` is an MQTT filter in which a level may have a name: ``light/{thing}/+``.

    Keys of ``results`` are observed properties of the catalogue, or an expression that names one.
    ``each`` is a list in the payload whose members are read one by one; paths of other fields begin in the member.
    ``thing`` names the thing; ``time`` the moment, in ISO 8601 or epoch seconds or milliseconds; without either, and
    for a device without a clock (0, null), it is the arrival. ``gone`` are the states that a retained message may
    still tell: that of a last will.
    """

    topic: str = Field(min_length=1, max_length=1024)
    kind: Kind
    each: Expression | None = None
    thing: Expression = "{thing}"
    time: Expression | None = None
    fields: Mapping[str, Expression] = Field(default_factory=dict)
    properties: Mapping[str, Expression] = Field(default_factory=dict)
    results: Mapping[str, Result] = Field(default_factory=dict)
    values: Mapping[str, str] = Field(default_factory=dict)
    gone: frozenset[str] = frozenset({"off", "offline", "unreachable"})
    speed_unit: Literal["km/h", "m/s", "kn"] = "km/h"

    @model_validator(mode="after")
    def _whole(self) -> Rule:
        levels = self.topic.split("/")
        if "#" in levels[:-1] or any(set(level) & set("+#{}") and not _is_level(level) for level in levels):
            raise ValueError(f"not a topic filter: {self.topic[:80]!r}")
        if wrong := set(self.fields) - FIELDS[self.kind]:
            raise ValueError(f"a {self.kind} has no {', '.join(sorted(wrong))}")
        if self.kind == "observation" and not self.results:
            raise ValueError("an observation needs results")
        if self.kind == "event" and "id" not in self.fields:
            raise ValueError("an event needs an id")
        if self.kind == "position" and not {"lon", "lat"} <= set(self.fields):
            raise ValueError("a position needs lon and lat")
        named = {level[1:-1] for level in levels if _NAME.match(level)}
        used = self._expressions()
        holes = {hole for expression in used if expression[:1] != "$" for hole in _HOLE.findall(expression)}
        if missing := sorted(hole for hole in holes if not hole.startswith("$") and hole not in named):
            raise ValueError(f"no level {{{missing[0]}}} in the topic {self.topic[:80]!r}")
        return self

    def _expressions(self) -> list[str]:
        own = [self.time or "", *self.fields.values(), *self.properties.values()]
        if self.kind not in {"ignore", "event"}:
            own.append(self.thing)
        return [*own, *self.results, *(result.value for result in self.results.values())]

    @property
    def filter(self) -> str:
        """For the broker: named levels are +."""
        return "/".join("+" if _NAME.match(level) else level for level in self.topic.split("/"))

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = []
        for level in self.topic.split("/"):
            if _NAME.match(level):
                parts.append(f"(?P<{level[1:-1]}>[^/]+)")
            else:
                parts.append({"+": "[^/]*", "#": ".*"}.get(level) or re.escape(level))
        whole = "/".join(parts)
        return re.compile(whole[: -len("/.*")] + "(?:/.*)?" if whole.endswith("/.*") else whole, re.DOTALL)

    def match(self, topic: str) -> Mapping[str, str] | None:
        """The named levels of a topic of ours; None of another."""
        found = self._pattern.fullmatch(topic)
        return None if found is None else found.groupdict()


def _is_level(level: str) -> bool:
    return level in {"+", "#"} or bool(_NAME.match(level))


@dataclass(frozen=True, slots=True)
class Place:
    """Where expressions are looked up: the levels of a topic and a payload, or one member of it."""

    levels: Mapping[str, str]
    body: JSON

    def value(self, expression: str | None) -> Any:
        """What stands there; None for nothing."""
        if expression is None:
            return None
        if expression.startswith("$"):
            return _walk(self.body, expression)
        if "{" not in expression:
            return expression
        return _HOLE.sub(lambda hole: self._word(hole[1]), expression)

    def _word(self, name: str) -> str:
        found = text(_walk(self.body, name)) if name.startswith("$") else self.levels.get(name)
        if found is None:
            raise ValueError(f"nothing at {name[:60]}")
        return found


def _walk(body: JSON, path: str) -> Any:
    found: Any = body
    if path != "$" and not isinstance(body, Mapping | list):
        raise ValueError(f"a plain value, nothing at {path[:60]}")
    for step in steps(path):
        if isinstance(step, int):
            found = found[step] if isinstance(found, list) and step < len(found) else None
        else:
            found = found.get(step) if isinstance(found, Mapping) else None
    return found
