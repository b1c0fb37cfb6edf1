"""Tables in files: one, a folder of them, or a pattern; read when they change."""

from __future__ import annotations

import glob
import os
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from geodata.records import Rejected
from geodata.store.types import Batch, Cursor
from sources._table_header import NoColumns
from sources._table_options import TableOptions
from sources._table_poll import Reading, TooMany, batch, steps
from sources._table_rows import Table, table
from sources._table_text import Unreadable
from sources.base import Context, Garbled, Unreachable

PROTOCOL = "table"
SUFFIXES = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".ods", ".json", ".ndjson", ".jsonl", ".geojson")
MAX_FILES = 10_000
UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", "~")
STEPS_A_CURSOR = 20


@dataclass(frozen=True, slots=True)
class Found:
    """A file as it stood: a change of ``stamp`` is a change of the file."""

    path: Path
    stamp: tuple[int, int]  # bytes, mtime in ns

    @property
    def written(self) -> datetime:
        return datetime.fromtimestamp(self.stamp[1] / 1e9, UTC)


async def batches(options: TableOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One look: every file that is new or changed, oldest first. Raises Unreachable, Garbled."""
    assert options.path is not None
    found = _look(options, context.clock())
    known = (cursor or {}).get("files")
    files = {name: tuple(stamp) for name, stamp in known.items() if name in found} if isinstance(known, dict) else {}
    changed = [file for name, file in found.items() if files.get(name) != file.stamp]
    state: dict[str, Any] = {**(cursor or {}), "files": files}
    for file in sorted(changed, key=lambda one: one.stamp[1]):
        async with aclosing(_file(file, options, context, state)) as flow:
            async for some in flow:
                yield some
    if not changed and isinstance(known, dict) and len(files) != len(known):
        yield Batch((), state)


def _look(options: TableOptions, now: datetime) -> dict[str, Found]:
    """Files by name, without those that are being written. Raises Unreachable."""
    path = str(options.path)
    if not glob.has_magic(path):
        if not Path(path).exists():
            raise Unreachable(endpoint=path, reason="no such file or folder")
        single = Path(path).is_file()
        names = [path] if single else [entry.path for entry in os.scandir(path) if entry.is_file()]
        names = names if single else [name for name in names if name.casefold().endswith(SUFFIXES)]
    else:
        names = glob.glob(path, recursive=True)  # noqa: PTH207 (an absolute pattern, which Path.glob refuses)
    found = {}
    for name in sorted(names):
        file = Path(name)
        if file.name.startswith((".", "~$")) or name.casefold().endswith(UNFINISHED) or not file.is_file():
            continue
        if options.done and (name.endswith(options.done) or not Path(name + options.done).exists()):
            continue
        try:
            stat = file.stat()
        except OSError:
            continue
        if -60 < now.timestamp() - stat.st_mtime < options.settle_s:
            continue  # still being written
        found[name] = Found(file, (stat.st_size, stat.st_mtime_ns))
    if len(found) > MAX_FILES:
        raise Garbled(endpoint=path, protocol=PROTOCOL, reason=f"more than {MAX_FILES} files")
    return found


async def _file(
    file: Found, options: TableOptions, context: Context, state: dict[str, Any]
) -> AsyncGenerator[Batch, None]:
    """One file in steps; the cursor of a long one says how far it was read. A folder goes on after a broken file."""
    name, alone = str(file.path), str(file.path) == options.path
    reading = Reading.begun(options, context.memory if alone else {})
    as_of = min(file.written, context.clock())
    at = state.pop("at", None)
    skip = at[1] if isinstance(at, list) and at[0] == [name, *file.stamp] and isinstance(at[1], int) else 0
    pool = ThreadPoolExecutor(1, "table")
    try:
        with closing(_open(file, options, name)) as body:
            number = 0
            async with aclosing(steps(reading, partial(_table, body, options), as_of, pool, skip)) as flow:
                async for some in flow:
                    number += 1
                    here = number % STEPS_A_CURSOR == 0 and options.snapshot == "keep"
                    yield batch(some, {**state, "at": [[name, *file.stamp], skip + reading.rows]} if here else None)
    except (Unreadable, NoColumns, TooMany) as error:
        if alone:
            raise Garbled(endpoint=name, protocol=PROTOCOL, reason=str(error)) from error
        state["files"][name] = file.stamp
        yield Batch((), dict(state), [_broken(file, error)])
        return
    except OSError as error:
        raise Unreachable(endpoint=name, reason=error.strerror or str(error)) from error
    finally:
        pool.shutdown(wait=False)
    state["files"][name] = file.stamp
    last = reading.gone(state) if options.snapshot == "close" else []
    if options.snapshot == "close":
        state["things"] = sorted(reading.ids)
    if alone:
        reading.finished(context.memory)
    yield batch(last, {**state, "files": dict(state["files"])})
    if alone and (reason := reading.nonsense):
        raise Garbled(endpoint=name, protocol=PROTOCOL, reason=reason)


def _open(file: Found, options: TableOptions, name: str) -> BinaryIO:
    """Raises Unreachable, Garbled."""
    if file.stamp[0] > options.max_mb * 1e6:
        raise Garbled(endpoint=name, protocol=PROTOCOL, reason=f"a file of more than {options.max_mb:g} MB")
    try:
        return file.path.open("rb")
    except OSError as error:
        raise Unreachable(endpoint=name, reason=error.strerror or str(error)) from error


def _table(body: BinaryIO, options: TableOptions) -> Table:
    return table(body, options)


def _broken(file: Found, error: Exception) -> Rejected:
    with file.path.open("rb") as body:
        kept = body.read(65536)
    reason = "no_columns" if isinstance(error, NoColumns) else "garbled"
    return Rejected(reason=reason, detail=f"{file.path.name}: {error}"[:200], payload=kept)
