"""OGC API Features 1.0 with part 2, coordinate reference systems (OGC 17-069, 18-058): GeoJSON, whole collections.

Each collection is read whole at every poll and compared with the reading before: what changed is handed on, what the
server no longer has gets its ``valid_to``. A recording's body is one reply of items as sent.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from fnmatch import fnmatch
from typing import Any

from pydantic import Field

from geodata.records import Event, Feature, Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._feature_place import CRS84, Axes, System, system
from sources._feature_poll import Differences, Whole
from sources._feature_rules import EVENTS, Reading, Rule
from sources._ogc_client import PROTOCOL, Client, Collection
from sources._values import loads, text
from sources.base import Context, Garbled, Options, Source
from sources.http import endpoint

_HREF = re.compile(r"/collections/([^/?#]+)")


class OGCFeaturesOptions(Options):
    """``url`` is the landing page. ``collections`` are read by their rules; when none is named, all that ``only``
    matches are. ``bbox`` is west, south, east, north in degrees.
    """

    url: str
    token_env: str | None = None  # bearer token
    api_key_env: str | None = None
    api_header: str = "X-API-Key"  # that carries the key
    issuer: str = Field(default="ogc", pattern=r"^[a-z0-9_.-]+$")
    collections: Mapping[str, Rule] = Field(default_factory=dict)
    only: tuple[str, ...] = ("*",)
    events: tuple[str, ...] = EVENTS
    bbox: tuple[float, float, float, float] | None = None
    datetime: str | None = None
    crs: str | None = None  # asked for and believed instead of what the server offers
    axes: Axes = "auto"
    timezone: str = "Asia/Ho_Chi_Minh"
    page_size: int = Field(default=1000, ge=1, le=10_000)
    poll_s: float = Field(default=3600, gt=0)


def parse(payload: bytes, options: OGCFeaturesOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The features of one reply of items. A body that is none is one Rejected."""
    try:
        body = loads(payload)
        items = body.get("features") if isinstance(body, Mapping) else None
        if not isinstance(body, Mapping) or not isinstance(items, list):
            raise ValueError("no FeatureCollection")  # noqa: TRY004, TRY301 (what is wrong is the payload)
        reading = Reading(collection_of(body, items), options, told_system(body), arrival)
    except ValueError as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    yield from reading.geojson(items)


def collection_of(body: Mapping[str, Any], items: list[Any]) -> str:
    """Which collection a reply is of: its own word, its links, the ids of its features; ``features`` else."""
    if named := text(body.get("collection")):
        return named
    links = body.get("links")
    for entry in links if isinstance(links, list) else []:
        found = _HREF.search(str(entry.get("href"))) if isinstance(entry, Mapping) else None
        if found:
            return found[1]
    first = items[0].get("id") if items and isinstance(items[0], Mapping) else None
    prefix, dot, rest = first.rpartition(".") if isinstance(first, str) else ("", "", "")
    return prefix if dot and prefix and rest else "features"


def told_system(body: Mapping[str, Any]) -> System:
    """Of the old member ``crs`` of GeoJSON; without it longitude and latitude. Raises ValueError."""
    told = body.get("crs")
    if isinstance(told, Mapping):
        inner = told.get("properties")
        name = text(inner.get("name")) if isinstance(inner, Mapping) else None
        return System(system(name).srid, strict=False) if name else CRS84  # there x always comes first
    return system(told) if isinstance(told, str) and told else CRS84


async def batches(options: OGCFeaturesOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: every collection read whole. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    client = Client(context.http, options.url, _headers(options, context))
    differences = Differences(context, cursor, endpoint(options.url), PROTOCOL)
    for collection in _chosen(await client.collections(), options):
        async with aclosing(differences.of(await _whole(client, collection, options))) as flow:
            async for batch in flow:
                yield batch


def _headers(options: OGCFeaturesOptions, context: Context) -> dict[str, str]:
    token = context.secret(options.token_env) if options.token_env else None
    key = context.secret(options.api_key_env) if options.api_key_env else None
    found = {"Authorization": f"Bearer {token}"} if token else {}
    return found | ({options.api_header: key} if key else {})


def _chosen(offered: list[Collection], options: OGCFeaturesOptions) -> list[Collection]:
    """Those of the options. Raises Garbled when one of them is not there."""
    names = {collection.id for collection in offered}
    if missing := [name for name in options.collections if name not in names]:
        reason = f"it has no collection {', '.join(missing)}"
        raise Garbled(endpoint=endpoint(options.url), protocol=PROTOCOL, reason=reason)
    if options.collections:
        return [collection for collection in offered if collection.id in options.collections]
    return [collection for collection in offered if any(fnmatch(collection.id, pattern) for pattern in options.only)]


async def _whole(client: Client, collection: Collection, options: OGCFeaturesOptions) -> Whole:
    rule = options.collections.get(collection.id, Rule())
    whole = Whole(rule.name or collection.id)
    params = {"limit": str(options.page_size)}
    if options.bbox:
        params["bbox"] = ",".join(f"{degrees:.6f}" for degrees in options.bbox)
    if options.datetime:
        params["datetime"] = options.datetime
    if options.crs:
        collection = Collection(collection.id, collection.items, options.crs)
    count, matched = 0, None
    async with aclosing(client.pages(collection, params)) as flow:
        async for page in flow:
            reading = Reading(collection.id, options, page.system)
            count += whole.add(reading.geojson(page.body["features"]), endpoint(collection.items), PROTOCOL)
            told = page.body.get("numberMatched")
            matched = told if isinstance(told, int) and not isinstance(told, bool) else matched
    whole.complete = matched is None or count >= matched
    return whole


SOURCE = Source(
    protocol="ogc_features",
    title="OGC API Features 1.0",
    kinds=frozenset({Feature, Event}),
    options=OGCFeaturesOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json", ".geojson"),
    libraries=("httpx", "shapely", "pyproj"),
    limits="whole collections of at most 300,000 features at every poll; geometries in two dimensions",
)
