"""Where CAP comes from: an index whose entries link messages, a folder of files, the inbox of what is pushed.

Each way yields ``(cursor entries, payloads to parse)``; the cursor holds what has been read, never more than the index
or the folder shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

import httpx

from geodata.records import Rejected
from sources._cap_xml import Entry, raw, read, whole
from sources._conditional import bearer, digest, get, origin
from sources.base import Context, Garbled, Refused, Unreachable
from sources.http import endpoint, fetch

PROTOCOL = "CAP 1.2"
MAX_ENTRIES = 5000
MAX_FILE_B = 8 << 20
AT_ONCE, TOGETHER = 4, 20
SUFFIXES = (".xml", ".cap")
WRITING_S = 60.0
"""A file that does not end as XML ends and is younger than this waits for the next look."""


@dataclass(frozen=True, slots=True)
class Step:
    """Payloads with their arrival, what was missing, and the cursor's entries that follow from them."""

    payloads: Sequence[tuple[bytes, datetime]] = ()
    missing: Sequence[Rejected] = ()
    marks: Mapping[str, Any] = field(default_factory=dict)


async def index(
    context: Context, url: str, token_env: str | None, known: Mapping[str, Any]
) -> AsyncGenerator[Step, None]:
    """The messages of the entries that are new or changed, some at a time. Raises SourceError."""
    headers = bearer(context, token_env)
    document = await get(context, url, PROTOCOL, known.get("index") or {}, headers)
    if document is None:
        return
    try:
        found = await asyncio.to_thread(read, document.body)
    except ValueError as error:
        raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason=str(error)[:200]) from error
    now = context.clock()
    if found.alerts:  # no index but messages
        yield Step([(document.body, now)], marks={"index": document.marks})
        return
    seen: dict[str, str] = dict(known.get("seen") or {})
    shown = {digest(entry.key.encode()): entry for entry in found.entries[:MAX_ENTRIES]}
    seen = {key: stamp for key, stamp in seen.items() if key in shown}
    fresh = [(key, entry) for key, entry in shown.items() if seen.get(key, "").removeprefix("!") != _stamp(entry)]
    again = [(key, entry) for key, entry in shown.items() if seen.get(key) == "!" + _stamp(entry)]
    for start in range(0, len(fresh), TOGETHER):
        some = fresh[start : start + TOGETHER]
        step = await _read_some(context, document.url, headers, some)
        seen.update(step.marks)
        yield Step(step.payloads, step.missing, {"seen": dict(seen)})
    if again:  # what was missing is asked for once more, without a word when it still is
        step = await _read_some(context, document.url, headers, again)
        seen.update(step.marks)
        yield Step(step.payloads, (), {"seen": dict(seen)})
    yield Step(marks={"seen": seen, "index": document.marks})


def _stamp(entry: Entry) -> str:
    return digest(f"{entry.stamp}\n{entry.link}".encode()) if entry.stamp else digest(raw(entry.element))


async def _read_some(
    context: Context, base: str, headers: Mapping[str, str], some: Sequence[tuple[str, Entry]]
) -> Step:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(entry: Entry) -> bytes | Rejected:
        if entry.alerts:
            return whole(entry.element if len(entry.alerts) != 1 else entry.alerts[0])
        async with gate:
            return await _linked(context, base, headers, entry)

    found = await asyncio.gather(*(one(entry) for _, entry in some))
    now = context.clock()
    return Step(
        [(body, now) for body in found if isinstance(body, bytes)],
        [row for row in found if isinstance(row, Rejected)],
        {key: ("!" if isinstance(body, Rejected) else "") + _stamp(entry)
         for (key, entry), body in zip(some, found, strict=True)},
    )  # fmt: skip


async def _linked(context: Context, base: str, headers: Mapping[str, str], entry: Entry) -> bytes | Rejected:
    """The linked message; a Rejected with the entry when it is not there. Raises Unreachable: it is tried again."""
    try:
        url = httpx.URL(base).join(entry.link or "")
        if not entry.link or url.scheme not in {"http", "https"}:
            return Rejected(
                reason="no_link", detail="an entry without a message or a link to one", payload=raw(entry.element)
            )
        shown = headers if origin(url) == origin(base) else {}
        return (await fetch(context.http, url, protocol=PROTOCOL, headers=shown)).content
    except (Garbled, Refused) as error:
        return Rejected(reason="missing_message", detail=str(error)[:200], payload=raw(entry.element))
    except httpx.InvalidURL:
        return Rejected(reason="no_link", detail="a link that is no URL", payload=raw(entry.element))


async def folder(context: Context, path: Path, known: Mapping[str, Any]) -> AsyncGenerator[Step, None]:
    """The files of a folder that are new or changed, oldest first. Raises Unreachable without the folder."""
    files: dict[str, str] = dict(known.get("files") or {})
    shown = await asyncio.to_thread(_listing, path)
    files = {name: stamp for name, stamp in files.items() if name in shown}
    fresh = [name for name, stamp in shown.items() if files.get(name) != stamp]
    for start in range(0, len(fresh), TOGETHER):
        some = fresh[start : start + TOGETHER]
        bodies = await asyncio.to_thread(_whole, path, some)
        files.update({name: shown[name] for name in bodies})
        now = context.clock()
        yield Step([(body, now) for body in bodies.values()], marks={"files": dict(files)})
    yield Step(marks={"files": files})


def _listing(path: Path) -> dict[str, str]:
    """Names to stamps that change with the file, oldest first."""
    try:
        found = [
            (stat.st_mtime_ns, entry.name, stat.st_size)
            for entry in path.iterdir()
            if entry.suffix.casefold() in SUFFIXES and entry.is_file() and (stat := entry.stat())
        ]
    except OSError as error:
        raise Unreachable(endpoint=path.name, reason=error.strerror or str(error)) from error
    return {name: f"{changed}:{size}" for changed, name, size in sorted(found)[-MAX_ENTRIES:]}


def _whole(path: Path, names: Sequence[str]) -> dict[str, bytes]:
    """The files by name but those that are gone, and those that look as if somebody were still writing them."""
    found = {}
    for name in names:
        try:
            with (path / name).open("rb") as file:
                body = file.read(MAX_FILE_B)
            young = time() - (path / name).stat().st_mtime < WRITING_S
        except OSError:
            continue
        if body.rstrip().endswith(b">") or not young:
            found[name] = body
    return found


async def inbox(context: Context, known: Mapping[str, Any], wait_s: float) -> AsyncGenerator[Step, None]:
    """What was pushed, until there is no more. Raises Unreachable where no intake runs."""
    if context.inbox is None:
        raise Unreachable(endpoint="CAP push", reason="no intake runs; start the ingest with --intake")
    after = known.get("inbox")
    after = after if isinstance(after, int) else 0
    while messages := await context.inbox.read(after, wait_s=wait_s):
        after, wait_s = messages[-1].id, 0
        yield Step([(message.payload, message.arrival) for message in messages], marks={"inbox": after})
