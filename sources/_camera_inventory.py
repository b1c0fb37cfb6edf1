"""Which cameras there are: from the binding, a table, or a gateway's list of streams, joined with a table."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from geodata.records import Rejected
from sources._camera_gateways import Flow, Page, go2rtc, mediamtx
from sources._camera_options import CameraOptions, Kind
from sources._camera_registry import Camera, guessed, read
from sources._camera_words import redacted_bytes
from sources.base import Context, Garbled, Unreachable
from sources.http import endpoint, fetch

PROTOCOL = "camera inventory"
PAGE = 500
MAX_TABLE_B = 32 << 20


@dataclass(frozen=True, slots=True)
class Inventory:
    """Cameras by their own id, and what of the tables was no camera."""

    cameras: Mapping[str, Camera] = field(default_factory=dict)
    rejected: Sequence[Rejected] = ()


async def inventory(options: CameraOptions, context: Context, flows: Mapping[str, Flow] | None) -> Inventory:
    """The cameras as the inventory has them now; ``flows`` are the gateway's streams. Raises SourceError."""
    arrival = context.clock()
    found: dict[str, Camera] = {}
    rejected: list[Rejected] = []
    table = options.registry or (options.url if options.inventory == "registry" else "")
    own = json.dumps([entry.model_dump(exclude_none=True) for entry in options.cameras]).encode()
    rows = list(read(own, options.model_copy(update={"columns": {}}), arrival))
    if table:
        rows += read(await _table(table, context), options, arrival)
    for row in rows:
        if isinstance(row, Rejected):
            rejected.append(row)
        else:
            found.setdefault(row.key, row)
    if table and not found:
        raise Garbled(endpoint=told(table), protocol=PROTOCOL, reason=_why(rejected))
    if flows is not None:
        found = joined(found, flows, options)
    return Inventory(found, rejected)


def _why(rejected: Sequence[Rejected]) -> str:
    return f"{rejected[0].reason} {rejected[0].detail}".strip() if rejected else "no camera in it"


def told(place: str) -> str:
    """A URL or file fit for a log."""
    return endpoint(place) if urlsplit(place).scheme in {"http", "https"} else Path(place).name


async def _table(place: str, context: Context) -> bytes:
    parts = urlsplit(place)
    if parts.scheme in {"http", "https"}:
        return (await fetch(context.http, place, protocol=PROTOCOL)).content
    return await asyncio.to_thread(_file, Path(unquote(parts.path) if parts.scheme == "file" else place))


def _file(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_TABLE_B:
            raise Garbled(endpoint=path.name, protocol=PROTOCOL, reason="a table of more than 32 MB")
        return path.read_bytes()
    except OSError as error:
        raise Unreachable(endpoint=path.name, reason=error.strerror or "cannot be read") from error


async def flows(options: CameraOptions, context: Context) -> dict[str, Flow]:
    """The gateway's streams by name. Raises SourceError: of none of its cameras anything can be said then."""
    root = options.url.rstrip("/")
    found: dict[str, Flow] = {}
    page, pages = 0, 1
    while page < pages:
        url = f"{root}/api/streams"
        if options.inventory == "mediamtx":
            url = f"{root}/v3/paths/list?page={page}&itemsPerPage={PAGE}"
        reply = await fetch(context.http, url, protocol=options.inventory)
        try:
            read_: Page = go2rtc(reply.content) if options.inventory == "go2rtc" else mediamtx(reply.content)
        except ValueError as error:
            raise Garbled(endpoint=endpoint(url), protocol=options.inventory, reason=str(error)[:200]) from error
        found |= {flow.name: flow for flow in read_.flows}
        page, pages = page + 1, read_.pages
    return found


def joined(table: Mapping[str, Camera], found: Mapping[str, Flow], options: CameraOptions) -> dict[str, Camera]:
    """The table's cameras with the addresses of their streams; a stream that no row names is a camera of its own.

    A camera of the table whose stream the gateway lacks keeps its own address, or none.
    """
    named = {entry.stream or entry.key for entry in table.values()}
    cameras = dict(table)
    for name in found:
        if name not in named and name not in cameras:
            cameras[name] = Camera(key=name, owner=options.owner, project=options.project, stream=name)
    for key, entry in cameras.items():
        if entry.url is None and (stream := entry.stream or key) in found:
            kind, url = stream_address(stream, entry.kind or options.kind, options)
            cameras[key] = replace(entry, kind=kind, url=url)
    return cameras


def stream_address(name: str, kind: Kind | None, options: CameraOptions) -> tuple[Kind, str]:
    """Where a gateway serves a stream: go2rtc by query, MediaMTX by path on the port of its kind."""
    if options.inventory == "go2rtc" and kind != "rtsp":
        kind = kind or "jpeg"
        path = {"jpeg": "frame.jpeg", "mjpeg": "stream.mjpeg", "hls": "stream.m3u8"}[kind]
        return kind, f"{options.url.rstrip('/')}/api/{path}?src={quote(name, safe='')}"
    media = (options.media_url or "").rstrip("/")
    kind = kind or ("rtsp" if guessed(media) == "rtsp" else "hls")
    if not media or (guessed(media) == "rtsp") != (kind == "rtsp"):
        parts = urlsplit(media or options.url)
        media = (
            f"rtsp://{parts.hostname}:8554"
            if kind == "rtsp"
            else f"{urlsplit(options.url).scheme or 'http'}://{parts.hostname}:8888"
        )
    path = quote(name, safe="/")
    return kind, f"{media}/{path}" if kind == "rtsp" else f"{media}/{path}/index.m3u8"


def streams_of(payload: bytes, body: object, options: CameraOptions, arrival: datetime) -> Iterator[Camera | Rejected]:
    """The streams of a gateway's recorded answer, as cameras without a place."""
    try:
        page = go2rtc(payload) if options.inventory == "go2rtc" or not _has_items(body) else mediamtx(payload)
    except ValueError as error:
        kept = redacted_bytes(payload)
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=kept, received_at=arrival)
        return
    for flow in page.flows:
        yield Camera(key=flow.name, owner=options.owner, project=options.project, kind=options.kind, stream=flow.name)
    for entry in _wrong(body):
        yield Rejected(reason="malformed", detail="not a stream", payload=entry, received_at=arrival)


def _has_items(body: object) -> bool:
    return isinstance(body, Mapping) and "items" in body


def _wrong(body: object) -> Iterator[bytes]:
    """The entries that are no streams, each as an answer of one entry."""
    if not isinstance(body, Mapping):
        return
    if not _has_items(body):
        entries: list[object] = [{key: value} for key, value in body.items()]
        reader = go2rtc
    else:
        items = body["items"]
        entries = [{"items": [item]} for item in items] if isinstance(items, list) else []
        reader = mediamtx
    for entry in entries:
        payload = json.dumps(entry).encode()
        try:
            good = bool(reader(payload).flows)
        except ValueError:
            good = False
        if not good:
            yield redacted_bytes(payload)
