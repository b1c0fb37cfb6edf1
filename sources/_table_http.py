"""Tables over HTTP: one file or reply asked for by condition, or page after page; only what changed where the server
can be asked.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from hashlib import blake2b
from http import HTTPStatus
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, cast
from zoneinfo import ZoneInfo

import httpx

from geodata.store.types import Batch, Cursor
from sources._table_header import NoColumns, descend
from sources._table_options import Since, TableOptions
from sources._table_poll import Reading, TooMany, batch, dated, steps
from sources._table_rows import form_of, json_body, table
from sources._table_sheet import MAX_FILE_B
from sources._table_text import Unreadable
from sources._table_values import instant, strptime_form
from sources.base import Context, Garbled, Refused, Unreachable
from sources.http import endpoint

PROTOCOL = "table"
IN_MEMORY_B = 8 << 20
HEAD_B = 1 << 18


@dataclass(frozen=True, slots=True)
class Reply:
    """A body on disk (small ones in memory) with its digest; ``status`` is 200, 304, or 404 of a page past the end."""

    status: int
    headers: httpx.Headers
    body: BinaryIO
    digest: str
    size: int


async def batches(options: TableOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll. Raises Unreachable, Refused, Garbled."""
    assert options.url is not None
    where = endpoint(options.url)
    reading = Reading.begun(options, context.memory)
    state: dict[str, Any] = dict(cursor or {})
    pool = ThreadPoolExecutor(1, "table")
    try:
        async with aclosing(_pages(options, context, state, reading, pool)) as flow:
            async for some in flow:
                yield some
    except (Unreadable, NoColumns, TooMany) as error:
        raise Garbled(endpoint=where, protocol=PROTOCOL, reason=str(error)[:250]) from error
    finally:
        pool.shutdown(wait=False)
    if not reading.rows and state == dict(cursor or {}):
        return  # nothing new
    last = reading.gone(cursor) if options.snapshot == "close" else []
    if options.snapshot == "close":
        state["things"] = sorted(reading.ids)
    if reading.newest is not None:
        state["since"] = min(reading.newest, context.clock()).isoformat()
    reading.finished(context.memory)
    if last or state != dict(cursor or {}):
        yield batch(last, state)
    if reason := reading.nonsense:
        raise Garbled(endpoint=where, protocol=PROTOCOL, reason=reason[:250])


async def _pages(
    options: TableOptions, context: Context, state: dict[str, Any], reading: Reading, pool: ThreadPoolExecutor
) -> AsyncGenerator[Batch, None]:
    """The batches of every page; what the next poll asks by goes into ``state``."""
    paging, url = options.paging, httpx.URL(options.url or "")
    params = {**options.params, **_since(options, options.since, state, context.clock())}
    number, offset, seen = paging.first if paging else 0, 0, set[str]()
    for count in range(paging.most if paging else 1):
        asked = dict(params)
        if paging and paging.by != "next":
            asked[paging.parameter or paging.by] = str(number if paging.by == "page" else offset)
        if paging and paging.size_parameter:
            asked[paging.size_parameter] = str(paging.size)
        reply = await fetch(options, context, url, asked if count == 0 or paging.by != "next" else {}, state)  # type: ignore[union-attr]
        with closing(reply.body):
            if reply.status != HTTPStatus.OK or reply.digest in seen:
                return
            if not paging and not options.since and dated(options) and state.get("digest") == reply.digest:
                return
            before = reading.rows
            made = steps(reading, partial(table, reply.body, options), _as_of(reply, context), pool)
            async with aclosing(made) as flow:
                async for some in flow:
                    yield batch(some)
            link = _next(options, reply) if paging and paging.by == "next" else None
        seen.add(reply.digest)
        if not paging and not options.since:
            state.update(
                digest=reply.digest, etag=reply.headers.get("etag"), modified=reply.headers.get("last-modified")
            )
        if not paging or reading.rows == before or (paging.by == "next" and link is None):
            return
        number, offset = number + 1, offset + reading.rows - before
        url = url.join(link) if link else url
        if str(url.host) != httpx.URL(options.url or "").host:
            raise Unreadable(f"the next page is on another host, {url.host}")


def _as_of(reply: Reply, context: Context) -> datetime:
    """When the server says that the table was written, else now."""
    now = context.clock()
    try:
        return min(parsedate_to_datetime(reply.headers["last-modified"]).astimezone(UTC), now)
    except (KeyError, ValueError, TypeError, OverflowError):
        return now


def _next(options: TableOptions, reply: Reply) -> str | None:
    """The link to the next page: in the Link header, or at its path in the body."""
    assert options.paging is not None
    for link in _links(reply.headers.get("link")):
        if "next" in str(link.get("rel", "")).split() and link.get("url"):
            return str(link["url"])
    reply.body.seek(0)
    try:
        found, _ = descend(json_body(reply.body.read()), options.paging.next)
    except Unreadable:
        return None
    return found if isinstance(found, str) and found else None


def _links(header: str | None) -> list[dict[str, str]]:
    return list(httpx.Response(200, headers={"link": header}).links.values()) if header else []


def _since(options: TableOptions, since: Since | None, state: Mapping[str, Any], now: datetime) -> dict[str, str]:
    if since is None:
        return {}
    known = state.get("since")
    try:
        start = instant(known, UTC) - timedelta(seconds=since.overlap_s) if isinstance(known, str) else None
    except ValueError:
        start = None
    start = min(start, now) if start else now - timedelta(days=since.history_days)
    if since.form == "iso":
        told = start.strftime("%Y-%m-%dT%H:%M:%SZ")
    elif since.form in {"epoch_s", "epoch_ms"}:
        told = str(int(start.timestamp() * (1 if since.form == "epoch_s" else 1000)))
    else:
        told = start.astimezone(ZoneInfo(options.timezone)).strftime(strptime_form(since.form))
    return {since.parameter: told}


def _headers(options: TableOptions, context: Context, url: httpx.URL, state: Mapping[str, Any]) -> dict[str, str]:
    found = dict(options.headers)
    token = context.secret(options.token_env) if options.token_env else None
    if options.token_env and token is None:
        raise Refused(endpoint=endpoint(url), reason=f"the variable {options.token_env} is not set")
    if token:
        found[options.auth_header] = f"Bearer {token}" if options.auth_header == "Authorization" else token
    if not options.paging and not options.since:
        for name, key in (("If-None-Match", "etag"), ("If-Modified-Since", "modified")):
            if isinstance(value := state.get(key), str):
                found[name] = value
    return found


async def fetch(
    options: TableOptions, context: Context, url: httpx.URL, params: Mapping[str, str], state: Mapping[str, Any]
) -> Reply:
    """GET into a file of at most ``max_mb``. A header that another host may not see is dropped by httpx on redirects.

    Raises Unreachable, Refused, Garbled.
    """
    body = cast("BinaryIO", SpooledTemporaryFile(IN_MEMORY_B))  # noqa: SIM115 (closed by whoever reads it)
    try:
        reply = await _get(options, context, url, params, _headers(options, context, url, state), body)
    except BaseException:
        body.close()
        raise
    body.seek(0)
    return reply


async def _get(
    options: TableOptions,
    context: Context,
    url: httpx.URL,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    body: BinaryIO,
) -> Reply:
    where, digest, size = endpoint(url), "", 0
    try:
        asked = url.copy_merge_params(dict(params)) if params else url
        async with context.http.stream("GET", asked, headers=headers) as response:
            status = response.status_code
            if status == HTTPStatus.OK:
                digest, size = await _kept(response, options, body, where)
    except httpx.DecodingError as error:
        raise Garbled(endpoint=where, protocol=PROTOCOL, reason="the body's compression is broken") from error
    except httpx.HTTPError as error:
        raise Unreachable(endpoint=where, reason=str(error) or type(error).__name__) from error
    except httpx.InvalidURL as error:
        raise Garbled(endpoint=where, protocol=PROTOCOL, reason="a link that is no URL") from error
    first = not options.paging or params.get(options.paging.parameter or options.paging.by) in {
        None, "0", str(options.paging.first)
    }  # fmt: skip
    if status not in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED} and (first or status != HTTPStatus.NOT_FOUND):
        _fail(status, where)
    return Reply(status, response.headers, body, digest, size)


async def _kept(response: httpx.Response, options: TableOptions, body: BinaryIO, where: str) -> tuple[str, int]:
    """Writes the body away; its digest and size. What cannot be read as a stream may be ``MAX_FILE_B`` long.

    Raises Garbled for one that is too long, Unreadable for what is no table by its first bytes.
    """
    digest, size, head, most = blake2b(digest_size=16), 0, b"", options.max_mb * 1e6
    async for chunk in response.aiter_bytes():
        if size < HEAD_B:
            head += chunk[: HEAD_B - size]
        size += len(chunk)
        if size - len(chunk) < HEAD_B <= size:
            if form_of(head, options) in {"json", "excel"}:
                most = min(most, MAX_FILE_B)
            elif not set(head) & {10, 13}:
                raise Garbled(endpoint=where, protocol=PROTOCOL, reason=f"no end of line in {HEAD_B >> 10} KB")
        if size > most:
            raise Garbled(endpoint=where, protocol=PROTOCOL, reason=f"a body of more than {most / 1e6:.0f} MB")
        digest.update(chunk)
        body.write(chunk)
    return digest.hexdigest(), size


def _fail(status: int, where: str) -> None:
    words = f"{status} {httpx.codes.get_reason_phrase(status)}".strip()
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise Refused(endpoint=where, reason=words)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable(endpoint=where, reason=words)
    raise Garbled(endpoint=where, protocol=PROTOCOL, reason=words)
