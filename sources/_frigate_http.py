"""Frigate's HTTP interface: statistics, stored reviews and events, and the login of its authenticated port."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx

from sources._values import loads, number
from sources.base import Context, Garbled, Refused, Unreachable
from sources.http import endpoint, fetch

PROTOCOL = "Frigate"
PAGE = 200
MAX_PAGES = 100
_REFUSALS = frozenset({int(HTTPStatus.UNAUTHORIZED), int(HTTPStatus.FORBIDDEN)})


@dataclass(frozen=True, slots=True)
class Recorder:
    """``url`` is port 5000 (internal, no login) or 8971 (``user`` and ``password``)."""

    url: str
    context: Context = field(repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    async def stats(self) -> Mapping[str, Any]:
        """``/api/stats``. Raises SourceError."""
        found = await self._get("/api/stats", {})
        if not isinstance(found, Mapping) or not isinstance(found.get("cameras"), Mapping):
            raise Garbled(endpoint=endpoint(self.url), protocol=PROTOCOL, reason="no statistics of cameras")
        return found

    async def rows(self, feed: str, after: float, before: float) -> AsyncGenerator[list[Any], None]:
        """Stored reviews or events that began in this time (epoch s), newest first, a page at a time."""
        path = "/api/review" if feed == "reviews" else "/api/events"
        for _ in range(MAX_PAGES):
            found = await self._get(path, {"after": f"{after:.3f}", "before": f"{before:.3f}", "limit": str(PAGE)})
            if not isinstance(found, list):
                raise Garbled(endpoint=endpoint(self.url), protocol=PROTOCOL, reason=f"no list of {feed}")
            yield found
            starts = [start for row in found if (start := _start(row)) is not None]
            if len(found) < PAGE or not starts or min(starts) >= before:
                return
            before = min(starts)

    async def _get(self, path: str, params: Mapping[str, str]) -> Any:
        url = self.url.rstrip("/") + path
        for again in (False, True):
            cookie = self.context.memory.get("frigate_cookie")
            headers = {"Cookie": cookie} if cookie else {}
            reply = await fetch(
                self.context.http, url, protocol=PROTOCOL, params=params, headers=headers, allowed=_REFUSALS
            )
            if reply.status_code not in _REFUSALS:
                break
            if again or self.user is None:
                raise Refused(endpoint=endpoint(url), reason=f"{reply.status_code}")
            await self._login()
        try:
            return loads(reply.content)
        except ValueError as error:
            raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason=str(error)[:200]) from error

    async def _login(self) -> None:
        """The cookies of a login, whatever their name: it is a setting of the recorder."""
        url = self.url.rstrip("/") + "/api/login"
        body = {"user": self.user, "password": self.password or ""}
        try:
            request = self.context.http.build_request("POST", url, json=body)
            reply = await self.context.http.send(request, stream=True)
            await reply.aclose()
        except httpx.HTTPError as error:
            raise Unreachable(endpoint=endpoint(url), reason=str(error) or type(error).__name__) from error
        cookies = "; ".join(f"{name}={value}" for name, value in reply.cookies.items())
        if reply.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise Unreachable(endpoint=endpoint(url), reason=str(reply.status_code))
        if reply.status_code >= HTTPStatus.BAD_REQUEST or not cookies:
            raise Refused(endpoint=endpoint(url), reason=f"{reply.status_code} to the login")
        self.context.memory["frigate_cookie"] = cookies
        for cookie in reply.cookies.jar:  # all sources share the client: what is ours is nobody else's
            with suppress(KeyError):
                self.context.http.cookies.jar.clear(cookie.domain, cookie.path, cookie.name)


def _start(row: Any) -> float | None:
    try:
        return number(row.get("start_time")) if isinstance(row, Mapping) else None
    except ValueError:
        return None
