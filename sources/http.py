"""The HTTP client of every adapter: time-outs, a limit on size and redirects, and failures in the sources' words."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import httpx

from geodata.http_ending import closing
from sources.base import Garbled, Refused, Unreachable

MAX_BODY_B = 64 << 20
USER_AGENT = "VongLau/0.1 (city operations map)"


def client(**options: object) -> httpx.AsyncClient:
    """The client that goes into a Context. ``options`` are httpx.AsyncClient's own."""
    settings: dict[str, object] = {
        "timeout": httpx.Timeout(30, connect=10),
        "limits": httpx.Limits(max_connections=20),
        "follow_redirects": True,
        "max_redirects": 5,
        "headers": {"User-Agent": USER_AGENT},
    }
    made = httpx.AsyncClient(**{**settings, **options})  # type: ignore[arg-type]  # a mapping of keyword arguments
    return closing(made)


def endpoint(url: str | httpx.URL) -> str:
    """A URL fit for a log: without query, user and password, where keys stand."""
    parsed = httpx.URL(url)
    port = f":{parsed.port}" if parsed.port else ""
    return f"{parsed.scheme}://{parsed.host}{port}{parsed.path}"


async def fetch(
    http: httpx.AsyncClient,
    url: str | httpx.URL,
    *,
    protocol: str,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    allowed: frozenset[int] = frozenset(),
    method: str = "GET",
    content: bytes | None = None,
) -> httpx.Response:
    """GET, read whole, at most ``MAX_BODY_B`` after decompression. ``allowed`` are error statuses to hand back.

    Another ``method`` may send ``content``. Raises Unreachable (no connection, 429, 5xx), Refused (401, 403), Garbled
    (other statuses, too large).
    """
    where = endpoint(url)
    query = dict(params) if params else None
    request = http.build_request(method, url, params=query, headers=dict(headers or {}), content=content)
    try:
        response = await http.send(request, stream=True)
        try:
            body = await _read(response, where, protocol)
        finally:
            await response.aclose()
    except httpx.DecodingError as error:
        raise Garbled(endpoint=where, protocol=protocol, reason="the body's compression is broken") from error
    except httpx.HTTPError as error:
        raise Unreachable(endpoint=where, reason=str(error) or type(error).__name__) from error
    except httpx.InvalidURL as error:
        raise Garbled(endpoint=where, protocol=protocol, reason="a link that is no URL") from error
    status = response.status_code
    if status >= HTTPStatus.BAD_REQUEST and status not in allowed:
        _fail(status, where, protocol)
    return httpx.Response(status, headers=_plain(response.headers), content=body, request=response.request)


async def _read(response: httpx.Response, where: str, protocol: str) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY_B:
            raise Garbled(endpoint=where, protocol=protocol, reason=f"a body of more than {MAX_BODY_B >> 20} MB")
    return bytes(body)


def _plain(headers: httpx.Headers) -> list[tuple[str, str]]:
    """The body is already decompressed."""
    return [(name, value) for name, value in headers.items() if name not in {"content-encoding", "content-length"}]


def _fail(status: int, where: str, protocol: str) -> None:
    words = f"{status} {httpx.codes.get_reason_phrase(status)}".strip()
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        raise Refused(endpoint=where, reason=words)
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Unreachable(endpoint=where, reason=words)
    raise Garbled(endpoint=where, protocol=protocol, reason=words)
