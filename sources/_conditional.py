"""Conditional GET: a document is read again only when its server, or its bytes, say that it is another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from http import HTTPStatus

import httpx

from sources.base import Context
from sources.http import fetch

KEYS = ("of", "etag", "modified", "digest")


@dataclass(frozen=True, slots=True)
class Document:
    """A body that is new to us; ``url`` after redirects. ``marks`` go into the cursor once the body is worked off."""

    body: bytes
    url: str
    marks: Mapping[str, str]


async def get(
    context: Context, url: str, protocol: str, known: Mapping[str, object], headers: Mapping[str, str]
) -> Document | None:
    """None when it is as ``known`` (the marks of the last time) says. Raises SourceError."""
    of = digest(url.encode())
    same = known.get("of") == of
    asked = dict(headers)
    if same and isinstance(etag := known.get("etag"), str):
        asked["If-None-Match"] = etag
    if same and isinstance(modified := known.get("modified"), str):
        asked["If-Modified-Since"] = modified
    reply = await fetch(context.http, url, protocol=protocol, headers=asked)
    if reply.status_code == HTTPStatus.NOT_MODIFIED:
        return None
    now = digest(reply.content)
    if same and known.get("digest") == now:
        return None
    marks = {"of": of, "digest": now}
    for key, name in (("etag", "etag"), ("modified", "last-modified")):
        if (value := reply.headers.get(name)) and value.isprintable():
            marks[key] = value[:500]
    return Document(reply.content, str(reply.url), marks)


def bearer(context: Context, token_env: str | None) -> dict[str, str]:
    """The header for a token, when one is named and set."""
    token = context.secret(token_env) if token_env else None
    return {"Authorization": f"Bearer {token}"} if token else {}


def origin(url: str | httpx.URL) -> tuple[str, str, int | None]:
    """Scheme, host and port: a token is shown to no other."""
    parsed = httpx.URL(url)
    return parsed.scheme, parsed.host, parsed.port


def digest(body: bytes) -> str:
    """A short name of these bytes."""
    return blake2b(body, digest_size=12).hexdigest()
