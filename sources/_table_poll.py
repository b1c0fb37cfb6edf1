"""One reading of a table, whatever it came through: rows in steps, in a thread; what is new; what is gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any

from geodata.records import Observation, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._table_options import TableOptions
from sources._table_records import MISTAKES, Builder
from sources._table_rows import Row, Table

STEP = 1000
"""Rows read at once, in a thread of their own: the loop is free between them."""

REMEMBERED = 200_000
WATCHED = 20_000


class TooMany(ValueError):
    """A snapshot of more rows than can be watched for missing ones."""


def rows_of(
    found: Table, options: TableOptions, as_of: datetime, received_at: datetime | None
) -> Iterator[Record | Rejected]:
    """Everything that a table holds, in order."""
    builder = Builder(options, found.header)
    for row in found.rows:
        if isinstance(row, Rejected):
            yield replace(row, received_at=received_at)
        else:
            yield from builder.build(row, as_of, received_at)


def dated(options: TableOptions) -> bool:
    """Whether every observation carries its own time: then a row that is as it was says nothing new."""
    if "Observation" not in options.kinds and options.kinds:
        return True
    timed = {"time", "period"} & {*options.columns, *options.constants}
    return bool(timed) or (bool(options.observations) and all(result.time for result in options.observations))


@dataclass(slots=True)
class Reading:
    """What one poll found. ``before`` are marks of the rows of the last poll, None when they are too many to keep."""

    options: TableOptions
    before: frozenset[int]
    marks: set[int] | None = field(default_factory=set)
    ids: set[str] = field(default_factory=set)
    rows: int = 0
    known: int = 0
    made: int = 0
    wrong: str = ""
    newest: datetime | None = None

    @classmethod
    def begun(cls, options: TableOptions, memory: Mapping[str, Any]) -> Reading:
        return cls(options, memory.get("marks", frozenset()) if dated(options) else frozenset())

    def finished(self, memory: dict[str, Any]) -> None:
        """Keeps the marks for the next poll."""
        memory["marks"] = frozenset(self.marks) if self.marks is not None and dated(self.options) else frozenset()

    def some(self, rows: list[Row | Rejected], builder: Builder, as_of: datetime) -> list[Record | Rejected]:
        """The records of rows that are not as they were."""
        found: list[Record | Rejected] = []
        for row in rows:
            self.rows += 1
            if isinstance(row, Rejected):
                found.append(row)
                continue
            if self.options.snapshot == "close":
                self._seen(row, builder)
            mark = _mark(row)
            if self.marks is not None:
                self.marks.add(mark)
                if len(self.marks) > REMEMBERED:
                    self.marks = None
            if mark in self.before:
                self.known += 1
                continue
            found.extend(builder.build(row, as_of, None))
        self._count(found)
        return found

    def _seen(self, row: Row, builder: Builder) -> None:
        try:
            self.ids.add(builder.id(row))
        except MISTAKES:
            return
        if len(self.ids) > WATCHED:
            raise TooMany(f'snapshot = "close" watches {WATCHED} rows at most')

    def _count(self, found: list[Record | Rejected]) -> None:
        since = self.options.since
        for row in found:
            if isinstance(row, Rejected):
                self.wrong = self.wrong or (f"{row.reason}: {row.detail}" if row.payload else "")
                continue
            self.made += 1
            if since is not None:
                name = "phenomenon_time" if since.field == "time" and isinstance(row, Observation) else since.field
                time = getattr(row, name, None)
                if isinstance(time, datetime) and (self.newest is None or time > self.newest):
                    self.newest = time

    @property
    def nonsense(self) -> str | None:
        """Why the table as a whole cannot be read: not one row of it gave a record."""
        if self.wrong and not self.made and not self.known:
            return f"none of {self.rows} rows can be read, {self.wrong}"
        return None

    def gone(self, cursor: Cursor | None) -> list[Record | Rejected]:
        """Things that the last snapshot had and this one has not. When most are gone, the snapshot is what is wrong."""
        before = (cursor or {}).get("things")
        missing = sorted(set(map(str, before)) - self.ids) if isinstance(before, list) else []
        if not missing or not isinstance(before, list):
            return []
        if len(missing) * 2 > len(before):
            detail = f"{len(missing)} of {len(before)} rows are gone at once: none was closed"
            self.ids |= set(map(str, before))
            return [Rejected(reason="snapshot_shrunk", detail=detail)]
        return [Thing(id=name, properties={"retired": True}) for name in missing]


def _mark(row: Row) -> int:
    try:
        return hash(tuple(row.items()) if isinstance(row, Mapping) else tuple(row))
    except TypeError:
        pass
    try:
        return hash(repr(row))
    except RecursionError:
        return id(row)


async def steps(
    reading: Reading, opened: Callable[[], Table], as_of: datetime, pool: Executor, skip: int = 0
) -> AsyncGenerator[list[Record | Rejected], None]:
    """The table's records, ``STEP`` rows at a time; opened and read in ``pool``, which has one thread.

    Raises what ``opened`` and its rows raise.
    """
    loop = asyncio.get_running_loop()
    found = await loop.run_in_executor(pool, opened)
    builder = Builder(reading.options, found.header)

    def step() -> tuple[int, list[Record | Rejected]]:
        rows = list(islice(found.rows, STEP))
        return len(rows), reading.some(rows, builder, as_of)

    if skip:
        await loop.run_in_executor(pool, lambda: sum(1 for _ in islice(found.rows, skip)))
    try:
        while True:
            count, some = await loop.run_in_executor(pool, step)
            if not count:
                return
            yield some
    finally:
        if (close := getattr(found.rows, "close", None)) is not None:
            pool.submit(close)  # a cursor on a server, in the thread that opened it


def batch(some: list[Record | Rejected], cursor: Cursor | None = None) -> Batch:
    """Rows as one batch."""
    rejected = [row for row in some if isinstance(row, Rejected)]
    return Batch([row for row in some if not isinstance(row, Rejected)], cursor, rejected)
