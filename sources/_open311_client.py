"""The wire of Open311 GeoReport v2: discovery, services and definitions, windows of requests, status updates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import httpx

from sources._open311_body import Fields, decode, entries, error_text, listed
from sources._values import text
from sources.base import Garbled, Refused
from sources.http import endpoint, fetch

PROTOCOL = "Open311 GeoReport v2"
MIME = {"json": "application/json", "xml": "text/xml"}
SHORTEST = timedelta(minutes=1)
MAX_PAGES = 1000
MAX_DEFINITIONS = 300
IDS_AT_ONCE = 50


class ClientOptions(Protocol):
    """What the wire needs of the options of Open311."""

    @property
    def url(self) -> str: ...
    @property
    def endpoint_type(self) -> str: ...
    @property
    def format(self) -> str | None: ...
    @property
    def jurisdiction_id(self) -> str | None: ...
    @property
    def page_size(self) -> int | None: ...
    @property
    def max_requests(self) -> int: ...
    @property
    def extensions(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to ask: ``url`` without a slash at its end, ``format`` is json or xml."""

    url: str
    format: str
    changeset: str = ""


def choose(discovery: Any, endpoint_type: str, wanted: str | None) -> Endpoint:
    """The GeoReport v2 endpoint of a discovery file, by specification, type and formats. Raises ValueError.

    JSON is taken before XML, as it is shorter, unless ``wanted`` says otherwise or the server has only XML.
    """
    if isinstance(discovery, Mapping) and "discovery" in discovery:
        discovery = discovery["discovery"]
    found = listed(discovery.get("endpoints"), "endpoint") if isinstance(discovery, Mapping) else []
    for entry in found:
        if not isinstance(entry, Mapping) or (text(entry.get("type")) or "production") != endpoint_type:
            continue
        specification, url = text(entry.get("specification")) or "", text(entry.get("url"))
        if url is None or specification.rstrip("/").rpartition("/")[2].casefold() != "georeport_v2":
            continue
        offered = " ".join(str(name).casefold() for name in listed(entry.get("formats"), "format"))
        kinds = [kind for kind in ("json", "xml") if kind in offered] or ["xml"]  # XML is mandatory
        chosen = wanted if wanted in kinds else kinds[0]
        return Endpoint(url.rstrip("/"), chosen, text(entry.get("changeset")) or "")
    raise ValueError(f"the discovery file has no GeoReport v2 endpoint of type {endpoint_type}")


@dataclass(frozen=True, slots=True)
class Client:
    """Asks one endpoint. Raises SourceError in the words of ``sources.http``, with the server's own description."""

    http: httpx.AsyncClient
    options: ClientOptions
    server: Endpoint
    api_key: str | None = None

    async def get(self, path: str, **params: str) -> Any:
        """The decoded body of ``path`` in the endpoint's format; Garbled when it is not one."""
        if self.options.jurisdiction_id:
            params["jurisdiction_id"] = self.options.jurisdiction_id
        url = f"{self.server.url}/{path}.{self.server.format}"
        headers = {"Accept": MIME[self.server.format]}
        response = await fetch(
            self.http, url, protocol=PROTOCOL, params=params, headers=headers, allowed=frozenset({400, 403, 404})
        )
        if response.status_code >= 400:
            self._fail(response, url)
        try:
            return decode(response.content)
        except ValueError as error:
            raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason=str(error)[:200]) from error

    def _fail(self, response: httpx.Response, url: str) -> None:
        reason = f"{response.status_code} {error_text(response.content) or ''}".strip()
        if self.api_key:
            reason = reason.replace(self.api_key, "***")
        if response.status_code == 403:
            raise Refused(endpoint=endpoint(url), reason=reason)
        raise Garbled(endpoint=endpoint(url), protocol=PROTOCOL, reason=reason)

    async def window(self, start: datetime, end: datetime) -> list[Any]:
        """Every request of a span of requested_datetime, by pages or by halving the span when it comes back full."""
        span: dict[str, str] = {"start_date": stamp(start), "end_date": stamp(end)}
        if self.options.extensions:
            span["extensions"] = "true"
        if self.options.page_size:
            paged = await self._pages(span, self.options.page_size)
            if paged is not None:
                return paged
        found = entries(await self.get("requests", **span))
        if len(found) < self.options.max_requests or end - start <= SHORTEST:
            return found
        middle = start + (end - start) / 2
        first, second = await self.window(start, middle), await self.window(middle, end)
        return [*first, *second]

    async def _pages(self, span: Mapping[str, str], size: int) -> list[Any] | None:
        """All pages; None when the server does not know the extension and gives the same page again."""
        found: list[Any] = []
        before: list[Any] = []
        for page in range(1, MAX_PAGES + 1):
            rows = entries(await self.get("requests", **span, page=str(page), page_size=str(size)))
            if rows and rows == before:
                return None
            found += rows
            before = rows
            if len(rows) < size:
                break
        return found

    async def by_id(self, numbers: Sequence[str]) -> list[Any]:
        """Requests by number, some at a time: the specification's comma list."""
        found: list[Any] = []
        more = {"extensions": "true"} if self.options.extensions else {}
        for part in _parts(numbers, IDS_AT_ONCE):
            found += entries(await self.get("requests", service_request_id=",".join(part), **more))
        return found

    async def updates(self, start: datetime, end: datetime) -> list[Fields]:
        """FixMyStreet's status updates of a window; what lies outside of it is dropped, as its own client does."""
        params = {"start_date": stamp(start), "end_date": stamp(end)}
        if self.api_key:
            params["api_key"] = self.api_key
        return [
            dict(entry)
            for entry in entries(await self.get("servicerequestupdates", **params))
            if isinstance(entry, Mapping)
        ]

    async def services(self) -> dict[str, Fields]:
        """Service by code; one with metadata carries its definition's ``attributes`` as code to description."""
        found: dict[str, Fields] = {}
        for entry in listed(await self.get("services"), "service"):
            if isinstance(entry, Mapping) and (code := text(entry.get("service_code"))):
                found[code] = dict(entry)
        with_metadata = [code for code, entry in found.items() if str(entry.get("metadata")).casefold() == "true"]
        for code in with_metadata[:MAX_DEFINITIONS]:
            try:
                definition = await self.get(f"services/{httpx.URL(path='/' + code).raw_path.decode()[1:]}")
            except Garbled:  # a definition that is missing takes only its labels away
                continue
            found[code]["labels"] = dict(_labels(definition))
        return found


def _labels(definition: Any) -> Iterator[tuple[str, str]]:
    if isinstance(definition, Mapping) and "service_definition" in definition:
        definition = definition["service_definition"]
    attributes = definition.get("attributes") if isinstance(definition, Mapping) else None
    for entry in listed(attributes, "attribute"):
        if isinstance(entry, Mapping) and (code := text(entry.get("code"))):
            yield code, text(entry.get("description")) or code


def _parts(numbers: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(numbers), size):
        yield numbers[start : start + size]


def stamp(time: datetime) -> str:
    """W3C time with zone, in whole seconds."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


async def find(http: httpx.AsyncClient, options: ClientOptions) -> Endpoint:
    """The endpoint: read from the discovery file when the URL names one, else the URL itself in the wanted format."""
    if not options.url.partition("?")[0].endswith(("/discovery.xml", "/discovery.json")):
        return Endpoint(options.url.rstrip("/"), options.format or "json")
    response = await fetch(http, options.url, protocol=PROTOCOL)
    try:
        return choose(decode(response.content), options.endpoint_type, options.format)
    except ValueError as error:
        raise Garbled(endpoint=endpoint(options.url), protocol=PROTOCOL, reason=str(error)[:200]) from error
