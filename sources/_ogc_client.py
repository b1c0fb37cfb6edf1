"""The wire of OGC API Features: landing page, collections, items by their next links."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from sources._feature_place import CRS84, System, system
from sources._values import loads, text
from sources.base import Garbled
from sources.http import endpoint, fetch

PROTOCOL = "OGC API Features"
ACCEPT = "application/geo+json, application/json;q=0.9"
MAX_PAGES = 5_000
_CRS84 = re.compile(r"CRS84h?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Collection:
    """``crs`` is what to ask for; None: the default, longitude and latitude of WGS 84."""

    id: str
    items: str
    crs: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A reply of items with the system in which it was sent."""

    body: Mapping[str, Any]
    system: System


@dataclass(slots=True)
class Client:
    """Reads one service. Raises SourceError in the words of ``sources.http``."""

    http: httpx.AsyncClient
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    asks: bool = False  # the server must be asked for JSON by ``f=json`` too

    async def get(self, url: str, params: Mapping[str, str] | None = None) -> tuple[Mapping[str, Any], httpx.Headers]:
        """A reply as a JSON object; a server that answers in HTML is asked again with ``f=json``."""
        ours = httpx.URL(url).host == httpx.URL(self.url).host  # a link to elsewhere never sees our key
        headers = {"Accept": ACCEPT, **(self.headers if ours else {})}
        chosen = {**dict(httpx.URL(url).params), **(params or {})}
        if self.asks:
            chosen.setdefault("f", "json")
        plain = httpx.URL(url).copy_with(query=None)
        response = await fetch(self.http, plain, protocol=PROTOCOL, params=chosen, headers=headers)
        if "html" in response.headers.get("content-type", "") and not self.asks:
            self.asks = True
            return await self.get(url, params)
        try:
            body = loads(response.content)
        except ValueError as error:
            raise self._garbled(url, str(error)[:200]) from error
        if not isinstance(body, Mapping):
            raise self._garbled(url, "not a JSON object")
        return body, response.headers

    async def collections(self) -> list[Collection]:
        """Those of features. ``url`` is a landing page, or the list of collections itself."""
        body, _ = await self.get(self.url)
        where = self.url
        if not isinstance(body.get("collections"), list):
            where = self._link(where, body, "data") or f"{self.url.rstrip('/')}/collections"
            body, _ = await self.get(where)
        listed = body.get("collections")
        if not isinstance(listed, list):
            raise self._garbled(where, "no list of collections")
        return [found for entry in listed if (found := self._collection(where, entry)) is not None]

    def _collection(self, where: str, entry: Any) -> Collection | None:
        number = text(entry.get("id")) if isinstance(entry, Mapping) else None
        if number is None or entry.get("itemType", "feature") != "feature":
            return None
        base = str(httpx.URL(where).copy_with(query=None)).rstrip("/")
        items = self._link(where, entry, "items") or f"{base}/{number}/items"
        offered = [name for name in entry.get("crs") or () if isinstance(name, str)] if _is_list(entry, "crs") else []
        if not offered or any(_CRS84.search(name) for name in offered):
            return Collection(number, items)
        return Collection(number, items, text(entry.get("storageCrs")) or offered[0])

    async def pages(self, collection: Collection, params: Mapping[str, str]) -> AsyncGenerator[Page, None]:
        """Each reply of the items. Next links are opaque; without one the set ends."""
        asked = {**params, **({"crs": collection.crs} if collection.crs else {})}
        url: str | None = collection.items
        first: Mapping[str, str] | None = asked
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            if url is None:
                return
            body, headers = await self.get(url, first)
            if not isinstance(body.get("features"), list):
                raise self._garbled(url, "no FeatureCollection")
            yield Page(body, self._system(url, headers, collection))
            here, url, first = url, self._link(url, body, "next"), None
            if url is not None and (url in seen or url == here):
                raise self._garbled(url, "a next link that leads back")
            seen.add(here)
        raise self._garbled(collection.items, "pages without end")

    def _system(self, url: str, headers: httpx.Headers, collection: Collection) -> System:
        """``Content-Crs`` tells; a server that says nothing sends what was asked for, or the default."""
        name = headers.get("content-crs") or collection.crs
        try:
            return system(name) if name else CRS84
        except ValueError as error:
            raise self._garbled(url, str(error)[:200]) from error

    def _link(self, where: str, body: Mapping[str, Any], relation: str) -> str | None:
        """The link of that relation, JSON before others. Raises Garbled for one that is no URL."""
        links = (
            [entry for entry in body.get("links") or () if isinstance(entry, Mapping)]
            if _is_list(body, "links")
            else []
        )
        wanted = [entry for entry in links if str(entry.get("rel")).rpartition("/")[2] == relation]
        wanted.sort(key=lambda entry: "json" not in str(entry.get("type")))
        href = text(wanted[0].get("href")) if wanted else None
        if href is None:
            return None
        try:
            found = httpx.URL(where).join(href)
        except httpx.InvalidURL as error:
            raise self._garbled(where, "a link that is no URL") from error
        if found.scheme not in {"http", "https"}:
            raise self._garbled(where, "a link that is not HTTP")
        return str(found)

    def _garbled(self, url: str, reason: str) -> Garbled:
        return Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason=reason)


def _is_list(body: Mapping[str, Any], key: str) -> bool:
    return isinstance(body.get(key), list)
