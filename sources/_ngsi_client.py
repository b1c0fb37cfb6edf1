"""The wire of NGSI-LD: entities by type, page by page, and one subscription of ours that is kept alive."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from http import HTTPStatus
from typing import Any, Protocol

import httpx

from sources._values import instant, loads, text
from sources.base import Garbled
from sources.http import endpoint, fetch

PROTOCOL = "NGSI-LD"
API = "/ngsi-ld/v1"
MAX_PAGES = 10_000
LD_CONTEXT = 'rel="http://www.w3.org/ns/json-ld#context"; type="application/ld+json"'
TRIGGERS = ["entityCreated", "entityUpdated", "entityDeleted", "attributeDeleted"]


class ClientOptions(Protocol):
    """What the wire needs of the options."""

    @property
    def url(self) -> str | None: ...
    @property
    def tenant(self) -> str | None: ...
    @property
    def context(self) -> str | None: ...
    @property
    def page_size(self) -> int: ...
    @property
    def subscription_h(self) -> float: ...
    @property
    def throttling_s(self) -> float: ...


@dataclass(frozen=True, slots=True)
class Client:
    """Speaks with one broker. Raises SourceError in the words of ``sources.http``."""

    http: httpx.AsyncClient
    options: ClientOptions
    token: str | None = field(default=None, repr=False)  # for the broker

    @property
    def root(self) -> str:
        url = (self.options.url or "").rstrip("/")
        return url if url.endswith(API) else url + API

    def headers(self, *, with_body: bool = False) -> dict[str, str]:
        found = {"Accept": "application/json"}
        if self.token:
            found["Authorization"] = f"Bearer {self.token}"
        if self.options.tenant:
            found |= {"NGSILD-Tenant": self.options.tenant, "Fiware-Service": self.options.tenant}
        if self.options.context:
            found["Link"] = f"<{self.options.context}>; {LD_CONTEXT}"
        if with_body:
            found["Content-Type"] = "application/json"
        return found

    async def types(self) -> list[str]:
        """Every entity type that the broker holds."""
        body = self._json(await fetch(self.http, f"{self.root}/types", protocol=PROTOCOL, headers=self.headers()))
        listed = body.get("typeList") if isinstance(body, Mapping) else None
        found = [word for entry in (listed if isinstance(listed, list) else []) if (word := text(entry))]
        if not found:
            raise Garbled(
                endpoint=endpoint(self.root), protocol=PROTOCOL, reason="no list of types; name them in types"
            )
        return found

    async def entities(self, kind: str) -> AsyncGenerator[list[Any], None]:
        """Every page of the entities of that type, with the broker's own times."""
        seen, url = 0, f"{self.root}/entities"
        for _ in range(MAX_PAGES):
            params = {
                "type": kind,
                "options": "sysAttrs",
                "count": "true",
                "limit": str(self.options.page_size),
                "offset": str(seen),
            }
            reply = await fetch(self.http, url, protocol=PROTOCOL, params=params, headers=self.headers())
            page = self._json(reply)
            if isinstance(page, Mapping) and page.get("type") == "FeatureCollection":
                page = page.get("features")
            if not isinstance(page, list):
                raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason="no list of entities")
            yield page
            seen += len(page)
            told = reply.headers.get("NGSILD-Results-Count", "")
            last = seen >= int(told) if told.isdigit() else len(page) < self.options.page_size
            if not page or last:
                return
        raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason="pages without end")

    def _json(self, reply: httpx.Response) -> Any:
        try:
            return loads(reply.content)
        except ValueError as error:
            raise Garbled(endpoint=endpoint(reply.request.url), protocol=PROTOCOL, reason=str(error)[:200]) from error


@dataclass(frozen=True, slots=True)
class Subscription:
    """What we ask the broker for. ``token`` is what its notifications must show us."""

    client: Client
    uri: str
    types: Sequence[str]
    token: str | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        """The same for the same door and types, so that a restart finds its own again."""
        digest = blake2b("\n".join((self.uri, *sorted(self.types))).encode(), digest_size=8).hexdigest()
        return f"urn:ngsi-ld:Subscription:vonglau:{digest}"

    def body(self, now: datetime, *, plain: bool = False) -> dict[str, Any]:
        """``plain`` leaves out what brokers before 1.6 of the specification refuse."""
        told = {"uri": self.uri, "accept": "application/json"}
        if self.token:
            told["receiverInfo"] = [{"key": "Authorization", "value": f"Bearer {self.token}"}]  # type: ignore[assignment]
        ends = now + timedelta(hours=self.client.options.subscription_h)
        notification: dict[str, Any] = {"format": "normalized", "endpoint": told}
        found: dict[str, Any] = {
            "type": "Subscription",
            "subscriptionName": "Vọng Lâu",
            "entities": [{"type": kind} for kind in self.types],
            "notification": notification,
            "expiresAt": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "isActive": True,
        }
        if self.client.options.throttling_s:
            found["throttling"] = self.client.options.throttling_s
        if not plain:
            notification["sysAttrs"] = True
            found["notificationTrigger"] = TRIGGERS
        return found

    async def keep(self, known: str | None, now: datetime) -> str:
        """The id under which the broker holds it: found, renewed before it ends, or made. Raises SourceError."""
        for number in dict.fromkeys([known or self.id, self.id]):
            reply = await self._send("GET", f"/subscriptions/{number}", None, HTTPStatus.NOT_FOUND)
            if reply.status_code != HTTPStatus.NOT_FOUND:
                if not self._is_well(reply, now):
                    await self._either("PATCH", f"/subscriptions/{number}", now, {})
                return number
        reply = await self._either("POST", "/subscriptions", now, {"id": self.id})
        if reply.status_code == HTTPStatus.CONFLICT:
            await self._either("PATCH", f"/subscriptions/{self.id}", now, {})
            return self.id
        made = reply.headers.get("Location", "").rstrip("/").rpartition("/")[2]
        return made or self.id

    def _is_well(self, reply: httpx.Response, now: datetime) -> bool:
        """Active, to our door, and with more than half of its time before it."""
        try:
            body = loads(reply.content)
        except ValueError:
            return False
        if not isinstance(body, Mapping) or body.get("isActive") is False:
            return False
        if body.get("status", "active") != "active":
            return False
        notification = body.get("notification")
        told = notification.get("endpoint") if isinstance(notification, Mapping) else None
        if not isinstance(told, Mapping) or told.get("uri") != self.uri:
            return False
        try:
            left = instant(body.get("expiresAt")) - now
        except ValueError:
            return "expiresAt" not in body
        return left > timedelta(hours=self.client.options.subscription_h / 2)

    async def _either(self, method: str, path: str, now: datetime, more: dict[str, Any]) -> httpx.Response:
        """With all that the specification has, else plainly."""
        allowed = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)
        reply = await self._send(method, path, {**more, **self.body(now)}, *allowed)
        if reply.status_code == HTTPStatus.BAD_REQUEST:
            reply = await self._send(method, path, {**more, **self.body(now, plain=True)}, HTTPStatus.CONFLICT)
        return reply

    async def _send(self, method: str, path: str, body: Any, *allowed: int) -> httpx.Response:
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        return await fetch(
            self.client.http,
            self.client.root + path,
            protocol=PROTOCOL,
            headers=self.client.headers(with_body=content is not None),
            allowed=frozenset(allowed),
            method=method,
            content=content,
        )
