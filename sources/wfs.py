"""WFS 2.0 and 1.1 (OGC 09-025, 04-094): pages of features as GeoJSON where the server has it, else as GML.

Each type is read whole at every poll and compared with the reading before: what changed is handed on, what the server
no longer has gets its ``valid_to``. A recording's body is one reply of GetFeature as sent.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from fnmatch import fnmatch
from typing import Any, Literal

from pydantic import Field

from geodata.records import Event, Feature, Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._feature_place import CRS84, Axes, System, system
from sources._feature_poll import Differences, Whole
from sources._feature_rules import EVENTS, Reading, Row, Rule, Wrong
from sources._values import loads, text
from sources._wfs_client import PROTOCOL, Client, FeatureType
from sources._wfs_gml import Member, reply
from sources.base import Context, Options, Source
from sources.http import endpoint

WIDEST_DEGREES = 360.0


class WFSOptions(Options):
    """``url`` is the service without its query. ``collections`` are read by their rules, by type name with or without
    its prefix; when none is named, all that ``only`` matches are. ``crs`` declares the system of data that names none
    or a wrong one (``EPSG:9212`` for VN-2000 of Quảng Trị); ``axes`` the order of what is sent.
    """

    url: str
    token_env: str | None = None  # bearer token
    user: str | None = None
    password_env: str | None = None
    version: Literal["2.0.0", "2.0.2", "1.1.0"] | None = None
    issuer: str = Field(default="wfs", pattern=r"^[a-z0-9_.-]+$")
    collections: Mapping[str, Rule] = Field(default_factory=dict)
    only: tuple[str, ...] = ("*",)
    events: tuple[str, ...] = EVENTS
    output: Literal["auto", "gml"] = "auto"
    bbox: tuple[float, float, float, float] | None = None  # west, south, east, north in degrees
    cql_filter: str | None = None  # of GeoServer
    crs: str | None = None
    axes: Axes = "auto"
    timezone: str = "Asia/Ho_Chi_Minh"
    page_size: int = Field(default=1000, ge=1, le=100_000)
    poll_s: float = Field(default=3600, gt=0)


def parse(payload: bytes, options: WFSOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The features of one reply of GetFeature. A body that is none is one Rejected."""
    try:
        page = _Page.of(payload, None, None, options, arrival)
    except (ValueError, RecursionError) as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    yield from page.rows


class _Page:
    """The rows of one reply, how many features it held, and how many there are in all."""

    def __init__(self, rows: Iterator[Row], count: int, matched: int | None) -> None:
        self.rows, self.count, self.matched = rows, count, matched

    @classmethod
    def of(
        cls,
        payload: bytes,
        asked: FeatureType | None,
        default: System | None,
        options: WFSOptions,
        arrival: datetime | None,
    ) -> _Page:
        """Raises ValueError."""
        declared = system(options.crs) if options.crs else None
        if payload.lstrip()[:1] in {b"{", b"["}:
            body = loads(payload)
            items = body.get("features") if isinstance(body, Mapping) else None
            if not isinstance(body, Mapping) or not isinstance(items, list):
                raise ValueError("no FeatureCollection")
            name = asked.plain if asked else _type_of(body, items)
            spoken = declared or _told(body) or (default if _is_wide(items) else None) or CRS84
            told = body.get("numberMatched", body.get("totalFeatures"))
            matched = told if isinstance(told, int) and not isinstance(told, bool) else None
            return cls(_reading(name, spoken, options, arrival).geojson(items), len(items), matched)
        found = reply(payload)
        rows = _gml(found.members, asked, declared, default, options, arrival)
        return cls(rows, len(found.members), found.matched)


def _reading(name: str, spoken: System, options: WFSOptions, arrival: datetime | None) -> Reading:
    return Reading(_rule_name(name, options), options, spoken, arrival)


def _rule_name(name: str, options: WFSOptions) -> str:
    """The type as the options call it: with its prefix or without."""
    plain = name.rpartition(":")[2]
    return next((key for key in options.collections if key.rpartition(":")[2] == plain), plain)


def _type_of(body: Mapping[str, Any], items: list[Any]) -> str:
    if named := text(body.get("collection")):
        return named
    first = items[0].get("id") if items and isinstance(items[0], Mapping) else None
    return first.rpartition(".")[0] or "features" if isinstance(first, str) else "features"


def _told(body: Mapping[str, Any]) -> System | None:
    """Of GeoJSON's old member ``crs``, where x always comes first."""
    told = body.get("crs")
    inner = told.get("properties") if isinstance(told, Mapping) else None
    name = text(inner.get("name")) if isinstance(inner, Mapping) else text(told)
    if not name:
        return None
    spoken = system(name)
    return spoken if isinstance(told, str) else System(spoken.srid, strict=False)


def _is_wide(items: list[Any]) -> bool:
    """Whether the first geometry's numbers are metres, although GeoJSON should be in degrees."""
    for item in items[:20]:
        value = item.get("geometry") if isinstance(item, Mapping) else None
        value = value.get("coordinates") if isinstance(value, Mapping) else None
        while isinstance(value, list) and value:
            value = value[0]
        if isinstance(value, int | float):
            return abs(value) > WIDEST_DEGREES
    return False


def _gml(
    members: list[Member],
    asked: FeatureType | None,
    declared: System | None,
    default: System | None,
    options: WFSOptions,
    arrival: datetime | None,
) -> Iterator[Row]:
    for member in members:
        name = asked.plain if asked else member.type
        reading = _reading(name, declared or member.system or default or CRS84, options, arrival)
        try:
            if isinstance(member.found, Wrong):
                raise member.found
            yield reading.record(member.found)
        except (ValueError, RecursionError) as error:
            yield reading.rejected(member.raw, error)


async def batches(options: WFSOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: every type read whole. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    client = Client(context.http, options.url, _headers(options, context))
    known = await client.capabilities(options.version)
    if missing := [name for name in options.collections if not any(_is(name, entry) for entry in known.types)]:
        raise client.garbled(f"it has no type {', '.join(missing)}")
    differences = Differences(context, cursor, endpoint(options.url), PROTOCOL)
    more = {"outputFormat": known.format} if known.format and options.output == "auto" else {}
    more |= {"bbox": _bbox(options.bbox)} if options.bbox else {}
    more |= {"cql_filter": options.cql_filter} if options.cql_filter else {}
    for entry in known.types:
        wanted = any(_is(name, entry) for name in options.collections)
        if wanted or (not options.collections and any(fnmatch(entry.plain, pattern) for pattern in options.only)):
            async with aclosing(differences.of(await _whole(client, entry, known.version, more, options))) as flow:
                async for batch in flow:
                    yield batch


def _is(name: str, entry: FeatureType) -> bool:
    return name in {entry.name, entry.plain}


def _headers(options: WFSOptions, context: Context) -> dict[str, str]:
    token = context.secret(options.token_env) if options.token_env else None
    if token:
        return {"Authorization": f"Bearer {token}"}
    password = context.secret(options.password_env) if options.password_env else None
    if options.user and password is not None:
        pair = base64.b64encode(f"{options.user}:{password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}


def _bbox(bounds: tuple[float, float, float, float]) -> str:
    """In the order of axes that the system's name promises: latitude first."""
    west, south, east, north = bounds
    return f"{south:.6f},{west:.6f},{north:.6f},{east:.6f},urn:ogc:def:crs:EPSG::4326"


async def _whole(
    client: Client, entry: FeatureType, version: str, more: Mapping[str, str], options: WFSOptions
) -> Whole:
    name = _rule_name(entry.name, options)
    whole = Whole(options.collections.get(name, Rule()).name or name)
    where = endpoint(options.url)
    try:
        default = system(entry.crs) if entry.crs else None
    except ValueError:
        default = None
    filters = {key: value for key, value in more.items() if key != "outputFormat"}
    matched = await client.hits(version, entry.name, filters)
    count = 0
    async with aclosing(client.pages(version, entry.name, options.page_size, more)) as flow:
        async for body in flow:
            try:
                page = _Page.of(body, entry, default, options, None)
            except (ValueError, RecursionError) as error:
                raise client.garbled(str(error)) from error
            whole.add(page.rows, where, PROTOCOL)
            count += page.count
            matched = page.matched if matched is None else matched
            if page.count < options.page_size or (matched is not None and count >= matched):
                break
    whole.complete = matched is None or count >= matched
    return whole


SOURCE = Source(
    protocol="wfs",
    title="WFS 2.0 and 1.1",
    kinds=frozenset({Feature, Event}),
    options=WFSOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".gml", ".xml", ".json"),
    libraries=("httpx", "defusedxml", "shapely", "pyproj"),
    limits="whole types of at most 300,000 features at every poll; no arcs and solids of GML",
)
