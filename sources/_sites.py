"""Sites of agencies as the adapters of information security share them: options, ids, Things, masked addresses."""

from __future__ import annotations

import base64
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from geodata.records import JSON, Event, Observation, Record, Rejected, Thing
from sources._values import dumped, point, text
from sources.base import Context, Options

Row = Record | Rejected

MAX_TOLD = 10_000

MASK = "[địa chỉ mạng]"
_IPV4 = r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])"
_IPV6 = r"(?<![\w:.])[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![\w:.])"
_ADDRESS = re.compile(rf"\[(?P<bare>{_IPV6})\](?::\d{{1,5}})?|(?P<six>{_IPV6})|{_IPV4}(?::\d{{1,5}})?")
_URL = re.compile(r"^[a-z][a-z0-9+.-]*://(?:[^@/]*@)?([^/?#]+)([^?#]*)", re.IGNORECASE)


class Site(BaseModel):
    """What the city knows of a site that the source does not tell. ``parent`` is the site it hangs on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str | None = None  # as the other sources of the service call it; default: the source's own name
    name: str | None = None
    agency: str | None = None  # id of the city's file
    lon: float | None = Field(default=None, ge=-180, le=180)
    lat: float | None = Field(default=None, ge=-90, le=90)
    parent: str | None = None


class SiteOptions(Options):
    """``sites`` maps the source's name of a site to what the city knows of it."""

    issuer: str = Field(default="site", pattern=r"^[a-z0-9_.-]+$")
    sites: Mapping[str, Site] = Field(default_factory=dict)


def masked(words: str) -> str:
    """The text without network addresses: the service shows agencies, never addresses.

    >>> masked("máy 10.20.30.40:9100 không trả lời lúc 08:15:00")
    'máy [địa chỉ mạng] không trả lời lúc 08:15:00'
    """
    return _ADDRESS.sub(_hidden, words)


def _hidden(found: re.Match[str]) -> str:
    """A time of day looks like an address of IPv6, and is none."""
    six = found["bare"] or found["six"]
    try:
        return MASK if six is None or ipaddress.ip_address(six) else ""
    except ValueError:
        return found[0]


def key(word: object) -> str | None:
    """A site's name fit for an id: no user, password or query of a URL, no network address."""
    plain = text(word)
    if plain is None:
        return None
    if url := _URL.match(plain):
        plain = (url[1] + url[2]).rstrip("/")
    if masked(plain) != plain:
        return "address-" + blake2b(plain.encode(), digest_size=6).hexdigest()
    return plain[:200]


def site_id(word: object, options: SiteOptions) -> str | None:
    """The Thing's id of a site as its source names it; None for nothing."""
    known = options.sites.get(str(word))
    name = (known.id if known else None) or key(word)
    return f"{options.issuer}:{name}" if name else None


def thing(
    word: object,
    options: SiteOptions,
    arrival: datetime | None,
    *,
    name: str | None = None,
    agency: str | None = None,
    properties: Mapping[str, JSON] | None = None,
) -> Thing | None:
    """The site as a Thing; what the city says of it goes before what the source says."""
    found = site_id(word, options)
    if found is None:
        return None
    known = options.sites.get(str(word), Site())
    own = {name: value for name, value in {"parent": known.parent, **(properties or {})}.items() if value is not None}
    dumped([found, name, agency, own])
    placed = known.lon is not None and known.lat is not None
    return Thing(
        id=found,
        name=known.name or (masked(name) if name else None),
        category="site",
        agency=known.agency or agency,
        geometry=point(known.lon, known.lat) if placed else None,
        properties=own,
        received_at=arrival,
    )


def kept(piece: Any) -> bytes:
    """A piece of JSON as it is kept when it is rejected."""
    try:
        return dumped(piece).encode()[:65536]
    except (ValueError, TypeError):
        return repr(piece)[:65536].encode("utf-8", "backslashreplace")[:65536]


def garbled(payload: bytes, why: object, arrival: datetime | None, reason: str = "garbled") -> Rejected:
    return Rejected(reason=reason, detail=str(why)[:200], payload=payload[:65536], received_at=arrival)


def unused(reason: str, arrival: datetime | None, detail: str = "") -> Rejected:
    """What is fine but not for us: counted, not kept."""
    return Rejected(reason=reason, detail=detail[:200], received_at=arrival)


def merged(rows: Iterable[Row]) -> list[Row]:
    """One Thing for each site, first, with what all of its pieces tell; the other rows as they came.

    The samples of one site carry different labels: one names it, another does not.
    """
    things: dict[str, Thing] = {}
    others: list[Row] = []
    for row in rows:
        if not isinstance(row, Thing):
            others.append(row)
        elif (known := things.get(row.id)) is None:
            things[row.id] = row
        elif known != row:
            things[row.id] = replace(
                known,
                name=known.name or row.name,
                agency=known.agency or row.agency,
                properties={**row.properties, **known.properties},
            )
    return [*things.values(), *others]


def news(rows: Iterable[Row], memory: dict[str, Any]) -> Iterator[Row]:
    """The rows without the Things and Events that were told before as they are."""
    told: dict[object, int] = memory.setdefault("told", {})
    for row in rows:
        if isinstance(row, Thing | Event):
            name: object = (type(row).__name__, row.id)
            seen = hash(repr(replace(row, received_at=None)))
            if told.get(name) == seen:
                continue
            told.pop(name, None)
            told[name] = seen
            while len(told) > MAX_TOLD:
                del told[next(iter(told))]
        yield row


def changed(rows: Iterable[Row], memory: dict[str, Any], slow: frozenset[str], every_s: float = 3600) -> Iterator[Row]:
    """The rows; of the observed properties ``slow`` only what changed, or is ``every_s`` older than the last told."""
    told: dict[tuple[str, str], tuple[object, datetime]] = memory.setdefault("slow", {})
    for row in rows:
        if isinstance(row, Observation) and row.observed_property in slow:
            name = (row.thing_id, row.observed_property)
            before = told.get(name)
            age = (row.phenomenon_time - before[1]).total_seconds() if before else 0.0
            if before and before[0] == row.result and 0 <= age < every_s:
                continue
            told[name] = (row.result, row.phenomenon_time)
        yield row


def once(rows: Iterable[Row], memory: dict[str, Any]) -> Iterator[Row]:
    """The rows of a server that repeats what it has at every poll: what is rejected is told once a run."""
    told: dict[int, None] = memory.setdefault("rejected", {})
    for row in rows:
        if isinstance(row, Rejected):
            seen = hash((row.reason, row.detail, row.payload))
            if seen in told:
                continue
            told[seen] = None
            while len(told) > MAX_TOLD:
                del told[next(iter(told))]
        yield row


def split(rows: Iterable[Row]) -> tuple[list[Record], list[Rejected]]:
    """Records and rejections, each in order."""
    records: list[Record] = []
    rejected: list[Rejected] = []
    for row in rows:
        if isinstance(row, Rejected):
            rejected.append(row)
        else:
            records.append(row)
    return records, rejected


def credentials(
    context: Context, *, token_env: str | None = None, username: str = "", password_env: str | None = None
) -> dict[str, str]:
    """The Authorization header of the named secrets; nothing when none is set."""
    if token_env and (token := context.secret(token_env)):
        return {"Authorization": f"Bearer {token}"}
    if password_env and (password := context.secret(password_env)):
        pair = base64.b64encode(f"{username}:{password}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}
    return {}
