"""A probe's report: what one round over the sites found, as JSON and as records.

``{"probe": 1, "results": [{"site", "name", "agency", "lon", "lat", "parent", "time", "up", "answered", "status", "ms",
"content", "dns", "tls": {"state", "not_after", "version", "issuer", "names"}, "error"}]}``; what is not known is
left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from geodata.records import JSON, Observation
from sources._sites import Row, Site, SiteOptions, garbled, kept, thing
from sources._values import instant, loads, number, text

VERSION = 1
WORDS = ("content", "dns")


def whole(results: list[Any]) -> dict[str, JSON]:
    return {"probe": VERSION, "results": results}


def read(payload: bytes, issuer: str, received: datetime | None) -> Iterator[Row]:
    """The rows of a report. Never raises."""
    try:
        body = loads(payload)
        results = body.get("results") if isinstance(body, Mapping) and body.get("probe") == VERSION else None
        if not isinstance(results, list):
            raise ValueError("not the report of a probe")  # noqa: TRY004, TRY301 (what is wrong is the payload)
    except ValueError as error:
        yield garbled(payload, error, received)
        return
    for result in results:
        yield from rows(result, issuer, received)


def rows(result: Any, issuer: str, received: datetime | None) -> Iterator[Row]:
    """The Thing of one site and what was found of it."""
    try:
        yield from list(_rows(result, issuer, received))
    except (ValueError, OverflowError, RecursionError) as error:
        yield garbled(kept(whole([result])), error, received, "malformed")


def _rows(result: Any, issuer: str, received: datetime | None) -> Iterator[Row]:
    name = text(result.get("site")) if isinstance(result, Mapping) else None
    if name is None:
        raise ValueError("a result without site")
    if result.get("up") not in (True, False):
        raise ValueError("a result that is neither up nor down")
    when = instant(result.get("time"))
    tls = result.get("tls")
    tls = tls if isinstance(tls, Mapping) else {}
    known = Site(
        name=text(result.get("name")),
        agency=text(result.get("agency")),
        parent=text(result.get("parent")),
        lon=None if result.get("lon") is None else number(result["lon"]),
        lat=None if result.get("lat") is None else number(result["lat"]),
    )
    options = SiteOptions(issuer=issuer, sites={name: known})
    shown = {key: tls[key] for key in ("issuer", "not_after", "names") if tls.get(key)}
    about = thing(name, options, received, properties={"certificate": shown} if shown else None)
    if about is None:
        raise ValueError("a result without site")
    yield about
    for measured, value, unit in _measured(result, tls, when):
        yield Observation(
            thing_id=about.id,
            observed_property=measured,
            phenomenon_time=when,
            result=value,
            unit=unit,
            received_at=received,
        )


def _measured(
    result: Mapping[str, Any], tls: Mapping[str, Any], when: datetime
) -> Iterator[tuple[str, float | str, str | None]]:
    yield "up", "up" if result["up"] else "down", None
    if result.get("ms") is not None:
        yield "response_time", number(result["ms"]), "ms"
    if result.get("status") is not None:
        yield "http_status", f"{number(result['status']):.0f}", None
    for name in WORDS:
        if word := text(result.get(name)):
            yield name, word, None
    if word := text(tls.get("state")):
        yield "certificate", word, None
    if word := text(tls.get("version")):
        yield "tls_version", word, None
    if tls.get("not_after") is not None:
        yield "certificate_days", (instant(tls["not_after"]) - when).total_seconds() / 86400, "d"
