"""Wide tables: several observed properties in one row, each in its own column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from geodata.catalogue import services
from geodata.records import Observation, Quality
from sources._table_header import plain
from sources._table_kinds import Making, Wrong, span
from sources._table_options import Name, Result, TableOptions
from sources._table_typed import Typed
from sources._table_values import is_nothing, text
from sources.units import ucum

Cell = Callable[[Any], Any]
Told = tuple[str, str]
"""Why a cell became no observation: the reason and its detail."""


class Results:
    """The declared observations of a table, compiled for one header."""

    def __init__(self, options: TableOptions, cell: Callable[[Name], Cell | None], typed: Typed) -> None:
        self._typed = typed
        entry = services().get(options.service)
        self._compiled = []
        for result in options.observations:
            known = entry.observed_property(result.observed_property) if entry else None
            unit = unit_of(result.unit, options.units) if result.unit else known.unit if known else None
            is_word = known is not None and known.unit is None
            names = (result.column, result.numerator, result.denominator, result.time)
            cells = [None if name is None else cell(name) for name in names]
            words = {plain(word): ours for word, ours in result.values.items()}
            self._compiled.append((result, unit, is_word, cells, words))

    def of(self, row: Any, made: Making) -> Iterator[Observation | Told]:
        """An observation for each column that holds one; why not for each that cannot be read."""
        if not self._compiled:
            return
        try:
            start, end = span(made)
            quality = made.quality()
        except Wrong as error:
            yield error.reason, str(error)
            return
        for result, unit, is_word, cells, words in self._compiled:
            try:
                found = self._read(row, cells, words, is_word=is_word, percent=unit == "%")
                if found is None:
                    continue
                own = cells[3](row) if cells[3] else None
                time = start if is_nothing(own) else self._time(own)
            except Wrong as error:
                yield error.reason, f"{result.observed_property}: {error}"
            except ValueError as error:
                yield "bad_number", f"{result.observed_property}: {error}"
            else:
                yield _observation(made, result, found, unit, time, end if time == start else None, quality)

    def _time(self, value: Any) -> Any:
        try:
            return self._typed.time(value)
        except ValueError as error:
            raise Wrong("bad_time", str(error)) from error

    def _read(
        self, row: Any, cells: list[Cell | None], words: Mapping[str, Any], *, is_word: bool, percent: bool
    ) -> tuple[float | str, float | None, float | None] | None:
        """Result, numerator and denominator; None for an empty cell."""
        value, *told = [cell(row) if cell else None for cell in cells[:3]]
        derived = cells[0] is None
        if is_nothing(value) and (not derived or any(is_nothing(part) for part in told)):
            return None
        parts = [None if is_nothing(part) else self._typed.number(part) for part in told]
        if derived:
            top, under = parts
            return None if top is None or not under else (top / under * (100 if percent else 1), top, under)
        value = words.get(plain(text(value) or ""), words.get("*", value)) if words else value
        if is_word:
            word = text(value)
            return None if word is None else (word, parts[0], parts[1])
        return self._typed.number(value), parts[0], parts[1]


def unit_of(word: str, more: Mapping[str, str]) -> str:
    """UCUM for the source's way of writing a unit; the word itself, which the store rejects, when it is not known."""
    return ucum(word, more=more) or word


def _observation(
    made: Making,
    result: Result,
    found: tuple[float | str, float | None, float | None],
    unit: str | None,
    time: Any,
    end: Any,
    quality: Quality,
) -> Observation:
    value, numerator, denominator = found
    return Observation(
        thing_id=made.id,
        observed_property=result.observed_property,
        phenomenon_time=time,
        phenomenon_end=end,
        result=value,
        unit=unit if not isinstance(value, str) else None,
        quality=quality,
        numerator=numerator,
        denominator=denominator,
        received_at=made.received_at,
    )
