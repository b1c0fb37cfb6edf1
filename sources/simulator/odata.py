"""The part of OData that SensorThings 1.1 clients use: $filter, $orderby, $expand with nested options, $select.

Raises BadQuery for what the server does not know; it is answered with status 400.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

Entity = Mapping[str, object]
Value = float | str | None
Test = Callable[[Entity], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<time>\d{4}-\d\d-\d\dT[0-9:.]+(?:Z|[+-]\d\d:\d\d))|(?P<number>-?\d+(?:\.\d+)?)"
    r"|'(?P<text>(?:[^']|'')*)'|(?P<name>@?[A-Za-z_][\w./@]*)|(?P<mark>[()]))"
)
_COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}
_TIMES = ("phenomenonTime", "resultTime")


class BadQuery(ValueError):
    """A query option the server cannot read; the message goes back to the client."""


@dataclass(frozen=True, slots=True)
class Filter:
    """A predicate, and the span of phenomenonTime outside which it cannot hold (epoch s)."""

    test: Test
    start: float = -inf
    end: float = inf


@dataclass(frozen=True, slots=True)
class Query:
    """The options of one collection. ``expand`` maps a navigation link to the options of its own."""

    filter: Filter = field(default_factory=lambda: Filter(lambda _: True))
    orderby: tuple[tuple[str, bool], ...] = ()  # path, descending
    top: int | None = None
    skip: int = 0
    count: bool = False
    select: tuple[str, ...] = ()
    expand: Mapping[str, Query] = field(default_factory=dict)


def epoch(text: str) -> float:
    """ISO 8601 with a zone to epoch seconds; the start of an interval."""
    try:
        return datetime.fromisoformat(text.partition("/")[0]).timestamp()
    except ValueError:
        raise BadQuery(f"not a time: {text}") from None


def lookup(entity: Entity, path: str) -> Value:
    """The value at a path as a number or text; times as epoch seconds. ``id`` is ``@iot.id``."""
    value: object = entity
    for part in path.split("/"):
        value = value.get("@iot.id" if part == "id" else part) if isinstance(value, Mapping) else None
    if isinstance(value, str) and path in _TIMES:
        return epoch(value)
    return float(value) if isinstance(value, int | float) else value if isinstance(value, str) else None


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            match = _TOKEN.match(text, at)
            if match is None or match.lastgroup is None:
                raise BadQuery(f"cannot read $filter at {text[at : at + 20]!r}")
            self.tokens.append((match.lastgroup, match.group(match.lastgroup)))
            at = match.end()

    def take(self, *words: str) -> bool:
        if self.tokens and self.tokens[0][1] in words and self.tokens[0][0] in {"name", "mark"}:
            self.tokens.pop(0)
            return True
        return False

    def next(self) -> tuple[str, str]:
        if not self.tokens:
            raise BadQuery("$filter ends too early")
        return self.tokens.pop(0)

    def any(self) -> Filter:
        left = self.all()
        while self.take("or"):
            left = _either(left, self.all())
        return left

    def all(self) -> Filter:
        left = self.one()
        while self.take("and"):
            left = _both(left, self.one())
        return left

    def one(self) -> Filter:
        if self.take("not"):
            inner = self.one().test
            return Filter(lambda entity: not inner(entity))
        if self.take("("):
            inside = self.any()
            if not self.take(")"):
                raise BadQuery("$filter lacks a closing bracket")
            return inside
        return self.comparison()

    def comparison(self) -> Filter:
        (kind, path), (_, word), (value_kind, text) = self.next(), self.next(), self.next()
        if kind != "name" or word not in _COMPARE or value_kind in {"name", "mark"}:
            raise BadQuery(f"cannot read the comparison {path} {word} {text}")
        compare = _COMPARE[word]
        right: float | str = text.replace("''", "'")
        if value_kind != "text" or path in _TIMES:
            right = float(text) if value_kind == "number" else epoch(text)

        def test(entity: Entity) -> bool:
            left = lookup(entity, path)
            if isinstance(left, str) and isinstance(right, str):
                return bool(compare(left, right))  # type: ignore[arg-type]  # the operators order texts as well
            return isinstance(left, float) and isinstance(right, float) and compare(left, right)

        if path != "phenomenonTime" or not isinstance(right, float):
            return Filter(test)
        start = right if word in {"eq", "gt", "ge"} else -inf
        return Filter(test, start, right if word in {"eq", "lt", "le"} else inf)


def _both(a: Filter, b: Filter) -> Filter:
    return Filter(lambda e: a.test(e) and b.test(e), max(a.start, b.start), min(a.end, b.end))


def _either(a: Filter, b: Filter) -> Filter:
    return Filter(lambda e: a.test(e) or b.test(e), min(a.start, b.start), max(a.end, b.end))


def parse_filter(text: str) -> Filter:
    parser = _Parser(text)
    found = parser.any()
    if parser.tokens:
        raise BadQuery(f"cannot read $filter after {parser.tokens[0][1]!r}")
    return found


def split(text: str, separator: str) -> list[str]:
    """Split outside brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == separator and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts if part.strip()]


def parse_query(options: Mapping[str, str]) -> Query:
    """Options by name, ``$`` included. Unknown ``$`` options are refused as the standard asks."""
    unknown = [name for name in options if name.startswith("$") and name[1:] not in _OPTIONS]
    if unknown:
        raise BadQuery(f"unknown query option {unknown[0]}")
    get = options.get
    try:
        top, skip = get("$top"), int(get("$skip") or 0)
        limit = None if top is None else int(top)
    except ValueError:
        raise BadQuery("$top and $skip are whole numbers") from None
    text = get("$filter")
    return Query(
        filter=parse_filter(text) if text else Filter(lambda _: True),
        orderby=tuple(_order(part) for part in split(get("$orderby") or "", ",")),
        top=limit,
        skip=max(skip, 0),
        count=get("$count") == "true",
        select=tuple(split(get("$select") or "", ",")),
        expand=dict(_expand(part) for part in split(get("$expand") or "", ",")),
    )


_OPTIONS = ("filter", "orderby", "top", "skip", "count", "select", "expand", "resultFormat")


def _order(part: str) -> tuple[str, bool]:
    path, _, direction = part.partition(" ")
    if direction.strip() not in {"", "asc", "desc"}:
        raise BadQuery(f"cannot read $orderby {part!r}")
    return path, direction.strip() == "desc"


def _expand(part: str) -> tuple[str, Query]:
    name, bracket, inside = part.partition("(")
    if bracket:
        options = dict(option.partition("=")[::2] for option in split(inside.removesuffix(")"), ";"))
        return name.strip(), parse_query(options)
    first, _, rest = name.partition("/")
    return first, Query(expand=dict([_expand(rest)])) if rest else Query()
