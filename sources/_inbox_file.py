"""The file of the intake's spool: SQLite in WAL mode, every commit flushed to the disk.

Ids begin at the microsecond at which the file was made, so that a file made anew never gives out an id that a cursor in
the store has passed already.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from geodata.errors import VongLauError
from sources.base import Received

log = logging.getLogger("vonglau.ingest")

OVERHEAD = 256
"""What a message costs beside its payload, roughly, in bytes."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ORPHAN_S = 7 * 86400
"""A message of a source that the city no longer has is kept so long."""

SCHEMA = """
create table if not exists message (
  id integer primary key autoincrement,
  source text not null,
  arrival_us integer not null,
  headers text not null,
  payload blob not null
);
create index if not exists message_of on message (source, id);
"""


class SpoolTaken(VongLauError):
    """another `vonglau ingest` holds the intake's file {path}; stop it first"""


def hold(path: Path) -> tuple[IO[str], sqlite3.Connection]:
    """The lock and the open file; a broken one is moved aside. Raises SpoolTaken, OSError, sqlite3.Error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise SpoolTaken(path=path) from None
    try:
        return lock, _whole(path)
    except BaseException:
        lock.close()
        raise


def _whole(path: Path) -> sqlite3.Connection:
    """The file, or a new one where it is broken."""
    try:
        return _opened(path)
    except sqlite3.OperationalError as error:
        if "no such" not in str(error):  # a full disk or a lock: the file itself is well
            raise
        return anew(path, str(error))
    except sqlite3.DatabaseError as error:
        return anew(path, str(error))


def _opened(path: Path) -> sqlite3.Connection:
    """For our own eyes only. Raises OSError, sqlite3.Error for a file that is none, or that is damaged."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite gives its other files the same mode
    file = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        file.execute("pragma journal_mode = wal")
        file.execute("pragma synchronous = full")
        if file.execute("pragma quick_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("database disk image is malformed")  # noqa: TRY301 (as a read would say)
        file.executescript(SCHEMA)
        file.execute("select id, source, arrival_us, headers, payload from message limit 1").fetchone()
        if file.execute("select count(*) from sqlite_sequence").fetchone() == (0,):
            file.execute("insert into sqlite_sequence values ('message', ?)", (time.time_ns() // 1000,))
        if file.execute("select not exists (select 1 from message)").fetchone() == (1,):
            file.execute("vacuum")  # a spool that once was large
    except BaseException:
        file.close()
        raise
    return file


def anew(path: Path, reason: str) -> sqlite3.Connection:
    """An empty file in the place of a broken one, which stays beside it for a person to look at."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.name}.broken-{stamp}")
    path.rename(aside)
    for tail in ("-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + tail).rename(aside.with_name(aside.name + tail))
    log.error(
        "the intake's file is broken (%s): moved to %s; what it held is missing until polls fetch it", reason, aside
    )
    return _opened(path)


@contextmanager
def transaction(file: sqlite3.Connection) -> Iterator[None]:
    """Begin, and commit or roll back."""
    file.execute("begin immediate")
    try:
        yield
        file.execute("commit")
    except BaseException:
        with suppress(sqlite3.Error):
            file.execute("rollback")
        raise


def held(file: sqlite3.Connection, sources: Iterable[str]) -> dict[str, int]:
    """Bytes that wait, by source; messages of sources that are gone for a week are dropped with one line."""
    known = json.dumps(sorted(sources))
    before = (time.time_ns() // 1000) - ORPHAN_S * 1_000_000
    dropped = file.execute(
        "delete from message where arrival_us < ? and source not in (select value from json_each(?))", (before, known)
    ).rowcount
    if dropped:
        log.warning("the intake dropped %d messages of sources that the city no longer has", dropped)
    rows = file.execute("select source, sum(length(payload) + ?) from message group by source", (OVERHEAD,))
    return {str(source): int(size) for source, size in rows}


def insert(file: sqlite3.Connection, source: str, arrival: datetime, headers: Mapping[str, str], payload: bytes) -> int:
    """The new message's id."""
    moment = (arrival - EPOCH) // timedelta(microseconds=1)
    row = (source, moment, json.dumps(dict(headers)), payload)
    found = file.execute("insert into message (source, arrival_us, headers, payload) values (?, ?, ?, ?)", row)
    return int(found.lastrowid or 0)


def select(file: sqlite3.Connection, source: str, after: int, rows: int, size: int) -> Sequence[Received]:
    """Messages with a greater id, in order, so many and so many bytes at most, but one at least."""
    found: list[Received] = []
    cursor = file.execute(
        "select id, arrival_us, headers, payload from message where source = ? and id > ? order by id limit ?",
        (source, after, rows),
    )
    for number, moment, headers, payload in cursor:
        arrival = EPOCH + timedelta(microseconds=moment)
        found.append(Received(id=number, arrival=arrival, payload=payload, headers=json.loads(headers)))
        size -= len(payload)
        if size <= 0:
            break
    cursor.close()
    return found


def delete(file: sqlite3.Connection, source: str, number: int) -> int:
    """Bytes that became free."""
    old = (source, number)
    row = file.execute(
        "select coalesce(sum(length(payload) + ?), 0) from message where source = ? and id <= ?", (OVERHEAD, *old)
    ).fetchone()
    file.execute("delete from message where source = ? and id <= ?", old)
    return int(row[0])
