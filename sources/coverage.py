"""Images with a place and a time (OGC Coverage): GeoTIFF files of a folder, or pictures of a WMS layer.

With ``path`` the files stay where they are and ``href`` names them; with ``url`` pictures of the WMS are kept in the
source's folder. A recording's body is JSON: one image or a list of them, each with ``href``, ``time``, ``bounds``
(west, south, east, north in degrees) and as they are known ``id``, ``category``, ``media_type``, ``properties``.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any

from pydantic import Field, model_validator
from shapely.geometry import box

from geodata.records import Coverage, Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._coverage_folder import FolderPoll
from sources._coverage_wms import WMSPoll
from sources._values import dumped, instant, loads, number, text
from sources._vocabulary import category
from sources.base import Context, Options, Source, Unreachable


class CoverageOptions(Options):
    """``path`` is a folder of GeoTIFFs or ``url`` a WMS. ``categories`` maps patterns of paths below the folder to
    categories; ``crs`` declares the system of files that name none; ``bounds`` is west, south, east, north.
    """

    path: str | None = None
    url: str | None = None
    issuer: str = Field(default="coverage", pattern=r"^[a-z0-9_.-]+$")
    category: str | None = None
    categories: Mapping[str, str] = Field(default_factory=dict)
    timezone: str = "UTC"  # of times in names and tags
    history_days: float = Field(default=14, gt=0)
    poll_s: float = Field(default=60, gt=0)

    patterns: tuple[str, ...] = ("*.tif", "*.tiff")
    time_pattern: str | None = None  # of strptime, for the whole name
    crs: str | None = None
    settle_s: float = Field(default=5, ge=0)

    layer: str | None = None  # the first with a name
    style: str = ""
    format: str = "image/png"
    bounds: tuple[float, float, float, float] | None = None
    width: int = Field(default=1024, ge=16, le=4096)
    at_once: int = Field(default=12, ge=1, le=500)  # pictures asked for in one poll
    keep_days: float = Field(default=30, gt=0)
    token_env: str | None = None  # bearer token

    @model_validator(mode="after")
    def _bounds_in_order(self) -> CoverageOptions:
        if self.bounds and not (self.bounds[0] < self.bounds[2] and self.bounds[1] < self.bounds[3]):
            raise ValueError("bounds are west, south, east, north")
        return self


def parse(payload: bytes, options: CoverageOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The images that a recording tells."""
    try:
        body = loads(payload)
    except ValueError as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    for item in body if isinstance(body, list) else [body]:
        try:
            yield _coverage(item, options, arrival)
        except (ValueError, TypeError, RecursionError) as error:
            yield Rejected(reason="malformed", detail=str(error)[:200], payload=_kept(item), received_at=arrival)


def _coverage(item: Any, options: CoverageOptions, arrival: datetime) -> Coverage:
    if not isinstance(item, Mapping):
        raise ValueError("not an image")  # noqa: TRY004 (what is wrong is the payload)
    dumped(dict(item))
    href, bounds, own = text(item.get("href")), item.get("bounds"), item.get("properties")
    if href is None or not isinstance(bounds, list) or len(bounds) != 4:
        raise ValueError("an image without href or bounds")
    west, south, east, north = map(number, bounds)
    if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
        raise ValueError(f"not on the globe: {bounds}")
    word = text(item.get("category")) or options.category
    return Coverage(
        id=f"{options.issuer}:{text(item.get('id')) or href}",
        time=instant(item.get("time")),
        href=href,
        geometry=box(west, south, east, north),
        category=category(options.service, word) or word if word else None,
        media_type=text(item.get("media_type")) or "image/tiff",
        properties=dict(own) if isinstance(own, Mapping) else {},
        received_at=arrival,
    )


def _kept(item: Any) -> bytes:
    try:
        return dumped(item).encode()[:65536]
    except (ValueError, TypeError):
        return repr(item)[:65536].encode("utf-8", "backslashreplace")[:65536]


async def batches(options: CoverageOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    logging.getLogger("rasterio").setLevel(logging.CRITICAL)  # broken images are told by the ledger, once
    if options.url:
        token = context.secret(options.token_env) if options.token_env else None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        poll: FolderPoll | WMSPoll = WMSPoll(options, context, cursor, headers)
    elif options.path:
        poll = FolderPoll(options, context, cursor)
    else:
        raise Unreachable(endpoint="coverage", reason="neither path nor url is set")
    async with aclosing(poll.run()) as flow:
        async for batch in flow:
            yield batch


SOURCE = Source(
    protocol="coverage",
    title="GeoTIFF folder and WMS",
    kinds=frozenset({Coverage}),
    options=CoverageOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json",),
    libraries=("rasterio", "httpx", "defusedxml"),
    limits="images of at most 2^30 pixels and 64 bands; WMS pictures of at most 4096 pixels across",
)
