"""The wire of OpenAQ v3: pages, and the rest that its rate limits ask for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx

from sources._values import loads
from sources.base import Context, Garbled, Unreachable
from sources.http import endpoint, fetch

PROTOCOL = "OpenAQ v3"
MAX_PAGES = 1000
LONGEST_REST_S = 65.0
"""The limits count by the minute; a longer rest belongs to the next polls."""

SPARE = 1


@dataclass(slots=True)
class Client:
    """``memory`` of the context keeps until when the server wants to be left alone."""

    context: Context
    url: str
    page_size: int
    key: str | None = field(default=None, repr=False)

    async def get(self, path: str, params: Mapping[str, str]) -> Mapping[str, Any]:
        """One reply. Raises Unreachable (also while the limit holds), Refused, Garbled."""
        url = f"{self.url.rstrip('/')}/v3/{path}"
        quiet: datetime | None = self.context.memory.get("quiet_until")
        if quiet is not None and self.context.clock() < quiet:
            raise self._too_many(url, quiet)
        headers = {"X-API-Key": self.key} if self.key else {}
        limit = frozenset({429})
        response = await fetch(self.context.http, url, protocol=PROTOCOL, params=params, headers=headers, allowed=limit)
        rest_s = _rest_s(response)
        if response.status_code == httpx.codes.TOO_MANY_REQUESTS:
            quiet = self.context.clock() + timedelta(seconds=max(rest_s, 1))
            self.context.memory["quiet_until"] = quiet
            raise self._too_many(url, quiet)
        try:
            body = loads(response.content)
        except ValueError as error:
            raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason=str(error)[:200]) from error
        if not isinstance(body, Mapping) or not isinstance(body.get("results"), list):
            raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason="no list of results")
        await self._rest(response, rest_s)
        return body

    async def pages(self, path: str, params: Mapping[str, str]) -> AsyncGenerator[list[Any], None]:
        """The results page by page until one is not full. ``found`` may be a text (">1000"): it does not count."""
        for page in range(1, MAX_PAGES + 1):
            body = await self.get(path, {**params, "limit": str(self.page_size), "page": str(page)})
            results: list[Any] = body["results"]
            if results:
                yield results
            if len(results) < self.page_size:
                return
        raise Garbled(endpoint=endpoint(f"{self.url}/v3/{path}"), protocol=PROTOCOL, reason="pages without end")

    async def _rest(self, response: httpx.Response, rest_s: float) -> None:
        """When the last request of the period is used up, wait for the next period."""
        remaining = response.headers.get("x-ratelimit-remaining", "")
        if not remaining.isdigit() or int(remaining) >= SPARE:
            return
        if rest_s > LONGEST_REST_S:
            self.context.memory["quiet_until"] = self.context.clock() + timedelta(seconds=rest_s)
        else:
            await asyncio.sleep(rest_s)

    def _too_many(self, url: str, until: datetime) -> Unreachable:
        return Unreachable(
            endpoint=endpoint(url), reason=f"too many requests, it is left alone until {until:%H:%M:%S} UTC"
        )


def _rest_s(response: httpx.Response) -> float:
    """Seconds until the limit's period begins anew."""
    for name in ("x-ratelimit-reset", "retry-after"):
        value = response.headers.get(name, "")
        if value.isdigit() and len(value) < 6:
            return float(value)
    return 60.0
