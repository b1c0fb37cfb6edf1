"""The wire of WFS 2.0 and 1.1: capabilities, counts, pages of features as GeoJSON or GML."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field

import httpx

from sources._values import text
from sources._wfs_gml import Element, exception, local, root
from sources.base import Garbled, Refused
from sources.http import endpoint, fetch

PROTOCOL = "WFS"
MAX_PAGES = 5_000
VERSIONS = ("2.0.0", "2.0.2", "1.1.0")
JSON_FORMATS = ("application/geo+json", "geojson", "application/json", "json")


@dataclass(frozen=True, slots=True)
class FeatureType:
    """``name`` as the server writes it, with its prefix; ``crs`` is the system it sends by itself."""

    name: str
    crs: str | None = None

    @property
    def plain(self) -> str:
        return self.name.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Capabilities:
    """``format`` is the way of asking for GeoJSON, None where the server has only GML."""

    version: str
    types: tuple[FeatureType, ...]
    format: str | None


@dataclass(slots=True)
class Client:
    """Reads one service. Raises SourceError in the words of ``sources.http``, with what an exception report says."""

    http: httpx.AsyncClient
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def get(self, **params: str) -> bytes:
        """A reply that is no exception report."""
        asked = {**dict(httpx.URL(self.url).params), "service": "WFS", **params}
        plain = httpx.URL(self.url).copy_with(query=None)
        allowed = frozenset({400, 403, 404})
        reply = await fetch(self.http, plain, protocol=PROTOCOL, params=asked, headers=self.headers, allowed=allowed)
        if reply.status_code >= 400 or b"ExceptionReport" in reply.content[:2000]:
            self._fail(reply)
        return reply.content

    def _fail(self, reply: httpx.Response) -> None:
        try:
            told = exception(root(reply.content))
        except ValueError:
            told = None
        if reply.status_code == httpx.codes.FORBIDDEN:
            raise Refused(endpoint=endpoint(self.url), reason=told or "403 Forbidden")
        if told or reply.status_code >= 400:
            raise self.garbled(told or f"{reply.status_code} {httpx.codes.get_reason_phrase(reply.status_code)}")

    def garbled(self, reason: str) -> Garbled:
        return Garbled(endpoint=endpoint(self.url), protocol=PROTOCOL, reason=reason[:200])

    async def capabilities(self, wanted: str | None) -> Capabilities:
        """``wanted`` is a version; None takes the newest that both know."""
        body = await self.get(request="GetCapabilities", acceptVersions=wanted or ",".join(VERSIONS))
        try:
            tree = root(body)
        except ValueError as error:
            raise self.garbled(str(error)) from error
        version = wanted or tree.attrib.get("version") or ""
        if local(tree) != "WFS_Capabilities" or not version.startswith(("2.0", "1.1")):
            raise self.garbled(f"no capabilities of WFS 2.0 or 1.1 but {local(tree)[:40]} {version[:10]}")
        formats = {plain.casefold(): plain for plain in _formats(tree)}
        chosen = next((formats[name] for name in JSON_FORMATS if name in formats), None)
        return Capabilities(version, tuple(_types(tree)), chosen)

    async def hits(self, version: str, name: str, more: Mapping[str, str]) -> int | None:
        """How many features there are; None when the server does not say."""
        try:
            body = await self.get(**feature_params(version, name), **more, resultType="hits")
            tree = root(body)
        except (ValueError, Garbled):
            return None
        count = tree.attrib.get("numberMatched") or tree.attrib.get("numberOfFeatures") or ""
        return int(count) if count.isascii() and count.isdigit() and len(count) < 12 else None

    async def pages(self, version: str, name: str, size: int, more: Mapping[str, str]) -> AsyncGenerator[bytes, None]:
        """Replies of at most ``size`` features from the first on; the caller ends the iteration. A server that
        gives the same page again does not know paging: then everything is asked for at once.
        """
        before: bytes | None = None
        limit = "count" if version.startswith("2") else "maxFeatures"
        for page in range(MAX_PAGES):
            start = {"startIndex": str(page * size)}
            body = await self.get(**feature_params(version, name), **more, **{limit: str(size)}, **start)
            if body == before:
                raise self.garbled(f"{name}: it does not know pages; set page_size to more than it has")
            yield body
            before = body
        raise self.garbled(f"{name}: pages without end")


def feature_params(version: str, name: str) -> dict[str, str]:
    key = "typeNames" if version.startswith("2") else "typeName"
    return {"version": version, "request": "GetFeature", key: name}


def _formats(tree: Element) -> Iterator[str]:
    """Output formats of GetFeature and of the feature types."""
    for element in tree.iter():
        name = local(element)
        if name == "Parameter" and element.attrib.get("name") == "outputFormat":
            yield from (plain for value in element.iter() if (plain := text(value.text)))
        elif name == "Format" and (plain := text(element.text)):
            yield plain


def _types(tree: Element) -> Iterator[FeatureType]:
    for element in tree.iter():
        if local(element) == "FeatureType":
            told = {local(child): plain for child in element if (plain := text(child.text))}
            if name := told.get("Name"):
                yield FeatureType(name, told.get("DefaultCRS") or told.get("DefaultSRS"))
