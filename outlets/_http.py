"""One POST of ours: whole, soon or never, followed nowhere, and told in plain words."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from geodata.http_ending import closing
from outlets.base import Away, Refused

TIMEOUT = httpx.Timeout(15, connect=10)
AGAIN = frozenset((HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS))
"""Of the 4xx those that say: later."""

USER_AGENT = "VongLau/0.1 (notify)"


async def post(http: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """2xx is taken. Raises Away (no connection, 408, 425, 429, 5xx), Refused (3xx, other 4xx). Never tells the URL."""
    try:
        async with http.stream("POST", url, content=body, headers=dict(headers)) as answer:
            status, told = answer.status_code, answer.headers
    except httpx.HTTPError as error:
        raise Away(_words(error)) from None
    except httpx.InvalidURL:
        raise Refused("the address is no URL") from None
    if HTTPStatus(200) <= status < HTTPStatus.MULTIPLE_CHOICES:
        return
    words = f"HTTP {status} {httpx.codes.get_reason_phrase(status)}".strip()
    if status in AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise Away(words, retry_s=retry_s(told.get("Retry-After"), datetime.now(UTC)))
    raise Refused(f"{words}: not followed" if status < HTTPStatus.BAD_REQUEST else words)


def client(verify: ssl.SSLContext, proxy: str | None = None) -> httpx.AsyncClient:
    """Follows no redirect and asks no proxy but the one it is given. Raises Away for a proxy that is none."""
    try:
        http = httpx.AsyncClient(
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=False,
            verify=verify,
            proxy=proxy,
            headers={"User-Agent": USER_AGENT},
        )
    except (ValueError, httpx.InvalidURL):
        raise Away("the proxy is no URL") from None
    return closing(http)


def retry_s(value: str | None, now: datetime) -> float | None:
    """Of ``Retry-After``: seconds or a date; None of neither."""
    if not value:
        return None
    if value.strip().isdigit():
        return float(value)
    try:
        return max((parsedate_to_datetime(value) - now).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None


def _words(error: httpx.HTTPError) -> str:
    """What went wrong, without the address."""
    known: Mapping[type[Exception], str] = {
        httpx.ConnectTimeout: "no connection in time",
        httpx.TimeoutException: "no answer in time",
        httpx.ConnectError: "no connection",
        httpx.RemoteProtocolError: "an answer that is no HTTP",
        httpx.NetworkError: "the connection broke",
    }
    word = next((words for kind, words in known.items() if isinstance(error, kind)), type(error).__name__)
    return f"{word}: certificate not trusted" if "CERTIFICATE" in str(error).upper() else word
