"""POST of JSON to a URL, signed as Standard Webhooks (standardwebhooks.com) has it, or in Alertmanager's form."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from typing import Literal

import httpx
from pydantic import Field

from geodata.city import City
from geodata.records import JSON
from geodata.store.deliveries import Earlier
from outlets._http import client, post
from outlets._tls import context
from outlets.base import Away, Options, Outlet, Secret
from outlets.digest import Digest
from outlets.message import Message, Sendable


class WebhookOptions(Options):
    """``url`` of the receiver; left out where only agencies' own addresses are meant. ``url_env``: where the address
    itself is a secret. ``token_env``: bearer token. ``proxy_env``: the city's way out.

    ``secret_env``: signs every body (``webhook-signature: v1,…`` over ``id.timestamp.body``), as text or as
    ``whsec_`` with base64. ``form = "alertmanager"``: what receivers of Prometheus' Alertmanager read.
    """

    url: str | None = Field(default=None, pattern=r"^https?://[^\s]+$")
    url_env: str | None = None
    token_env: str | None = None
    secret_env: str | None = None
    ca_file: str | None = None
    proxy_env: str | None = None
    form: Literal["vonglau", "alertmanager"] = "vonglau"


class Webhook(Outlet[WebhookOptions]):
    """2xx is taken; 408, 425, 429, 5xx and silence are tried again; what else is refused for good."""

    kind = "webhook"
    options_of = WebhookOptions
    to_agencies = True

    def __init__(self, name: str, options: WebhookOptions, secret: Secret, city: City) -> None:
        super().__init__(name, options, secret, city)
        self._http: httpx.AsyncClient | None = None

    async def send(self, message: Sendable, to: str | None, earlier: Sequence[Earlier]) -> str | None:
        url = to or self.options.url or self.secret(self.options.url_env)
        if url is None:
            raise Away("its options name no url")
        told = alertmanager(message, self.name) if self.options.form == "alertmanager" else message.as_json()
        body = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": message.key,
            "webhook-id": message.key,
        }
        if token := self.secret(self.options.token_env):
            headers["Authorization"] = f"Bearer {token}"
        if secret := self.secret(self.options.secret_env):
            stamp = str(int(time.time()))
            headers |= {"webhook-timestamp": stamp, "webhook-signature": signature(secret, message.key, stamp, body)}
        if self._http is None:
            self._http = client(context(self.options.ca_file), self.secret(self.options.proxy_env))
        await post(self._http, url, body, headers)
        return None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()


def signature(secret: str, key: str, stamp: str, body: bytes) -> str:
    """``v1,`` and the base64 of HMAC-SHA256 over ``key.stamp.body``."""
    own = secret.encode()
    if secret.startswith("whsec_"):
        try:
            own = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise Away("the secret is no base64 after whsec_") from None
    digest = hmac.new(own, f"{key}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


def alertmanager(message: Sendable, receiver: str) -> dict[str, JSON]:
    """Alertmanager's webhook, version 4. A digest is an alert for each of its messages."""
    ones = message.messages if isinstance(message, Digest) else [message] if isinstance(message, Message) else []
    alerts: list[JSON] = [_alert(one) for one in ones]
    firing = any(one.closed is None for one in ones)
    return {
        "version": "4",
        "groupKey": f"finding:{message.finding}" if message.finding is not None else f"digest:{message.key}",
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": receiver,
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {"summary": message.headline(message.languages[0])},
        "externalURL": message.link or "",
        "alerts": alerts,
    }


def _alert(one: Message) -> dict[str, JSON]:
    language = one.languages[0]
    return {
        "status": "firing" if one.closed is None else "resolved",
        "labels": {
            "alertname": one.rule, "service": one.service, "city": one.city, "severity": f"level{one.level}",
            "finding": str(one.finding), "simulated": str(one.simulated).lower(),
        },
        "annotations": {"summary": one.headline(language), "description": "\n".join(one.lines(language))},
        "startsAt": one.since.isoformat(),
        "endsAt": one.closed_at.isoformat() if one.closed_at else "0001-01-01T00:00:00Z",
        "generatorURL": one.link or "",
        "fingerprint": f"{one.finding:016x}",
    }  # fmt: skip
