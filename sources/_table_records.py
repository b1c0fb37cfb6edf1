"""Rows to records, by the declared mapping. Pure; whatever a row holds, the outcome is records and rejections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from shapely.errors import ShapelyError

from geodata.records import JSON, Observation, Record, Rejected
from sources import _table_kinds as kinds
from sources._table_fields import FIELDS, known
from sources._table_header import Header, lookup, plain
from sources._table_options import Column, Spec, TableOptions
from sources._table_places import Places, UnknownPlace, Where
from sources._table_results import Results
from sources._table_typed import Typed
from sources._table_values import is_nothing, text
from sources._values import dumped

Row = Sequence[Any] | Mapping[str, Any]
Cell = Callable[[Any], Any]
MISTAKES = (ValueError, TypeError, KeyError, IndexError, ArithmeticError, AttributeError, RecursionError, ShapelyError)


class NoId(ValueError):
    """The columns that name the row are empty."""


class NoKind(ValueError):
    """The row does not say which kind of record it is."""


@dataclass
class Builder:
    """The mapping compiled for one header; ``header`` is None for rows that are objects."""

    options: TableOptions
    header: Header | None
    _cells: dict[str, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        options = self.options
        self._plain = not options.kinds  # the table speaks our own words
        fields = known(options.kinds)
        specs: dict[str, Spec] = {name: f"{name}?" for name in fields} if self._plain else {}
        for name, spec in {**specs, **options.columns}.items():
            if (cell := self._cell(spec)) is not None:
                self._cells[name] = cell
        self._identity = [cell for name in options.identity if (cell := self._cell(name)) is not None]
        self._properties = self._named(options.properties, "properties.")
        self._person = self._named(options.person, "person.")
        words = {
            name: {plain(str(word)): ours for word, ours in table.items()} for name, table in options.values.items()
        }
        self.typed = Typed(options, ZoneInfo(options.timezone), words)
        self.places = Places(options.srid, options.inside, options.city, options.decimal)
        self._results = Results(options, self._cell, self.typed)

    def _cell(self, spec: Spec) -> Cell | None:
        """How to take the column out of a row; None when an optional one is not there."""
        names = spec.column if isinstance(spec, Column) else spec
        if isinstance(names, tuple):
            cells = [cell for name in names if (cell := self._cell(name)) is not None]
            return lambda row: " ".join(found for cell in cells if (found := text(cell(row)))) or None
        if self.header is None:
            return lambda row: lookup(row, names)
        places = self.header.places(names)
        if not places:
            return None
        if len(places) == 1:
            place = places[0]
            return lambda row: row[place] if place < len(row) else None
        return lambda row: next((row[n] for n in places if n < len(row) and not is_nothing(row[n])), None)

    def _named(self, specs: Mapping[str, Spec], prefix: str) -> list[tuple[str, Cell, str]]:
        """Properties or personal fields: their name, their cell, how to read it."""
        if self._plain and self.header is not None:
            own = {name.removeprefix(prefix): name for name in self.header.names if name.startswith(prefix)}
            specs = {**own, **specs}
        named = ((name, self._cell(spec), spec.as_ if isinstance(spec, Column) else "") for name, spec in specs.items())
        return [(name, cell, sort) for name, cell, sort in named if cell is not None]

    def get(self, row: Row, name: str) -> Any:
        """A field's cell, with its words put into ours; its constant where there is nothing."""
        cell = self._cells.get(name)
        value = None if cell is None else cell(row)
        if is_nothing(value):
            return self.options.constants.get(name)
        return self.typed.worded(name, value)

    def _raw(self, row: Row, name: str) -> str | None:
        cell = self._cells.get(name)
        value = None if cell is None else cell(row)
        return None if is_nothing(value) else text(value)

    def build(self, row: Row, as_of: datetime, received_at: datetime | None) -> Iterator[Record | Rejected]:
        """The records of one row in the order of writing. ``as_of`` is the time of what carries none. Never raises."""
        try:
            yield from self._build(row, as_of, received_at)
        except kinds.Wrong as error:
            yield self.rejected(row, error.reason, str(error), received_at)
        except NoId as error:
            yield self.rejected(row, "no_id", str(error), received_at)
        except NoKind as error:
            yield self.rejected(row, "no_kind", str(error), received_at)
        except MISTAKES as error:
            yield self.rejected(row, "malformed", str(error) or type(error).__name__, received_at)

    def _build(self, row: Row, as_of: datetime, received_at: datetime | None) -> Iterator[Record | Rejected]:
        options = self.options
        wanted = options.kinds or (self._kind(row),)
        made = kinds.Making(
            id=self.id(row, wanted),
            get=lambda name: self.get(row, name),
            raw=lambda name: self._raw(row, name),
            typed=self.typed,
            as_of=as_of,
            received_at=received_at,
            moving="Position" in wanted,
            service=options.service,
        )
        where, wrong = self._where(made.get, wanted)
        if wrong is not None:
            yield self.rejected(row, *wrong, received_at)
            if set(wanted) <= {"Position", "Feature"}:
                return
        properties = self._told(row, where)
        for kind in wanted:
            if wrong is not None and kind in {"Position", "Feature"}:
                continue
            if kind == "Observation" and options.observations:
                for found in self._results.of(row, made):
                    yield found if isinstance(found, Observation) else self.rejected(row, *found, received_at)
                continue
            try:
                person = self._people(row) if kind == "ServiceRequest" else {}
                made_record = kinds.MAKE[kind](made, where, properties, person)
            except kinds.Wrong as error:
                yield self.rejected(row, error.reason, str(error), received_at)
            else:
                if made_record is not None:
                    yield made_record

    def _kind(self, row: Row) -> str:
        word = text(self.get(row, "kind"))
        if word is None or word not in FIELDS:
            raise NoKind(f"a kind that is none: {word!r}" if word else "no kind")
        return word

    def id(self, row: Row, wanted: Sequence[str] = ()) -> str:
        """``issuer:key``. Raises NoId."""
        parts = [text(cell(row)) for cell in self._identity] or [text(self.get(row, "id"))]
        if any(part is None or is_nothing(part) for part in parts):
            raise NoId("the columns that name the row are empty")
        return f"{self.options.issuer}:{'/'.join(str(part) for part in parts)[:200]}"

    def _where(self, get: Callable[[str], Any], wanted: Sequence[str]) -> tuple[Where | None, tuple[str, str] | None]:
        """The place, or the reason why the one that is told cannot be."""
        try:
            found = self.places.of(get, area="Feature" in wanted)
            return found or kinds.at_agency(get, self.options.city), None
        except UnknownPlace as error:
            return None, ("unknown_place", str(error)[:200])
        except (*MISTAKES,) as error:
            return None, ("bad_position", str(error)[:200])

    def _told(self, row: Row, where: Where | None) -> dict[str, JSON]:
        """The properties, and the ward that a place stands for."""
        found: dict[str, JSON] = {}
        if self._plain and isinstance(row, Mapping) and isinstance(own := row.get("properties"), Mapping):
            found |= {str(name): value for name, value in own.items()}
        for name, cell, sort in self._properties:
            value = cell(row)
            if not is_nothing(value):
                try:
                    found[name] = self.typed.told(name, value, sort)
                except ValueError as error:
                    raise kinds.Wrong(
                        "bad_number" if sort in {"number", "integer"} else "malformed", str(error)
                    ) from error
        if where is not None and where.ward is not None:
            found |= {"place_level": "ward", "ward_code": where.ward.code}
        if any(isinstance(value, dict | list) or self._plain for value in found.values()):
            dumped(found)
        return found

    def _people(self, row: Row) -> dict[str, str]:
        found = {name: told for name, cell, _ in self._person if (told := text(cell(row))) and not is_nothing(told)}
        if self._plain and isinstance(row, Mapping) and isinstance(own := row.get("person"), Mapping):
            found |= {str(name): told for name, value in own.items() if (told := text(value))}
        return found

    @cached_property
    def _personal(self) -> frozenset[str]:
        """Keys that are never kept with a rejected row."""
        names = set()
        for spec in self.options.person.values():
            column = spec.column if isinstance(spec, Column) else spec
            for name in column if isinstance(column, tuple) else (column,):
                if self.header is not None:
                    place = self.header.index(name)
                    names |= set() if place is None else {self.header.keys[place]}
                elif isinstance(name, str):
                    names |= {part.removesuffix("?").strip() for part in name.split(" | ")}
        return frozenset(plain(name) for name in names)

    def rejected(self, row: Row, reason: str, detail: str, received_at: datetime | None) -> Rejected:
        """The row as an object that ``parse`` reads again, without its personal columns."""
        return Rejected(reason=reason, detail=detail[:200], payload=self.kept(row), received_at=received_at)

    def kept(self, row: Row) -> bytes:
        """At most 64 KiB of JSON; longer texts are cut."""
        if isinstance(row, Mapping):
            pairs = row
        else:
            keys = self.header.keys if self.header else ()
            pairs = dict(zip(keys, row, strict=False))
        own = self._personal
        body = {
            str(key): value
            for key, value in pairs.items()
            if plain(str(key)) not in own and not str(key).startswith("person") and "person" not in str(key).split(".")
        }
        try:
            found = json.dumps(body, ensure_ascii=False, default=_plainly)
            if len(found) > 30_000:
                cut = {key: value[:500] if isinstance(value, str) else value for key, value in body.items()}
                found = json.dumps(cut, ensure_ascii=False, default=_plainly)
        except (ValueError, RecursionError, TypeError):
            found = repr(body)[:60_000] if not _deep(body) else "nested too deeply"
        return found.encode("utf-8", "backslashreplace")[:65536]


def _plainly(value: Any) -> str:
    """What JSON has no word for, as text."""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)[:1000]


def _deep(body: object) -> bool:
    try:
        repr(body)
    except RecursionError:
        return True
    return False
