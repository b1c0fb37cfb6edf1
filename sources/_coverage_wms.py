"""Pictures of a WMS 1.3.0 or 1.1.1 layer over the city, kept as GeoTIFF in the source's folder."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncGenerator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import httpx
import numpy as np
import rasterio
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile
from shapely.geometry import box

from geodata.records import Coverage
from geodata.store.types import Batch, Cursor
from sources._values import instant, text
from sources._vocabulary import category
from sources._wfs_gml import Element, exception, local, root
from sources.base import Context, Garbled, Unreachable
from sources.http import endpoint, fetch

PROTOCOL = "WMS"
MAX_STEPS = 5_000
_PERIODS = {"D": 86400.0, "H": 3600.0, "M": 60.0, "S": 1.0}
Bounds = tuple[float, float, float, float]


class WMSOptions(Protocol):
    """What a WMS needs of the options."""

    @property
    def service(self) -> str: ...
    @property
    def issuer(self) -> str: ...
    @property
    def url(self) -> str | None: ...
    @property
    def layer(self) -> str | None: ...
    @property
    def style(self) -> str: ...
    @property
    def format(self) -> str: ...
    @property
    def bounds(self) -> Bounds | None: ...
    @property
    def width(self) -> int: ...
    @property
    def category(self) -> str | None: ...
    @property
    def history_days(self) -> float: ...
    @property
    def keep_days(self) -> float: ...
    @property
    def at_once(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Layer:
    """``times`` are those of its time dimension, oldest first; none for a layer without one."""

    name: str
    version: str
    bounds: Bounds | None
    times: tuple[datetime, ...]
    has_crs84: bool


@dataclass(slots=True)
class WMSPoll:
    """One poll: capabilities, then the pictures that came since the last one, at most ``at_once``, newest last."""

    options: WMSOptions
    context: Context
    cursor: Cursor | None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    async def run(self) -> AsyncGenerator[Batch, None]:
        """Raises SourceError."""
        now = self.context.clock()
        layer = await self._layer(now)
        bounds = self.options.bounds or layer.bounds
        if bounds is None:
            raise self._garbled("the layer tells no bounds; set the option bounds")
        last = _stored(self.cursor)
        for time in self._due(layer, last, now):
            body = await self._picture(layer, bounds, time)
            digest = blake2b(body, digest_size=8).hexdigest()
            moment = time or now
            if time is None and digest == (self.cursor or {}).get("digest"):
                continue
            href = await self._keep(body, bounds, layer, moment)
            yield Batch([self._coverage(layer, bounds, moment, href)], {"time": moment.isoformat(), "digest": digest})
        if self.context.folder is not None:
            limit = now - timedelta(days=self.options.keep_days)
            await asyncio.to_thread(_sweep, self.context.folder, limit.timestamp())

    def _due(self, layer: Layer, last: datetime | None, now: datetime) -> list[datetime | None]:
        if not layer.times:
            return [None]
        since = max(last, now - timedelta(days=self.options.history_days)) if last else None
        first = since or now - timedelta(days=self.options.history_days)
        due = [time for time in layer.times if (time > first if since else time >= first) and time <= now]
        return list(due[-self.options.at_once :]) if last is None else list(due[: self.options.at_once])

    async def _get(self, **params: str) -> httpx.Response:
        url = self.options.url or ""
        asked = {**dict(httpx.URL(url).params), "service": "WMS", **params}
        plain = httpx.URL(url).copy_with(query=None)
        return await fetch(self.context.http, plain, protocol=PROTOCOL, params=asked, headers=self.headers)

    async def _layer(self, now: datetime) -> Layer:
        reply = await self._get(request="GetCapabilities", version="1.3.0")
        try:
            tree = root(reply.content)
        except ValueError as error:
            raise self._garbled(str(error)) from error
        if told := exception(tree):
            raise self._garbled(told)
        version = tree.attrib.get("version", "")
        if local(tree) not in {"WMS_Capabilities", "WMT_MS_Capabilities"} or version not in {"1.3.0", "1.1.1"}:
            raise self._garbled(f"no capabilities of WMS 1.3.0 or 1.1.1 but {local(tree)[:40]} {version[:10]}")
        for element in tree.iter():
            name = next((text(child.text) for child in element if local(child) == "Name"), None)
            if local(element) == "Layer" and name and self.options.layer in {None, name}:
                systems = {text(child.text) for child in tree.iter() if local(child) == "CRS"}
                dimension = tuple(sorted(set(_times(element, now))))
                return Layer(name, version, _bounds(element), dimension, "CRS:84" in systems)
        raise self._garbled(f"it has no layer {self.options.layer}")

    async def _picture(self, layer: Layer, bounds: Bounds, time: datetime | None) -> bytes:
        """The bytes of GetMap. Longitude first in CRS:84 and in 1.1.1, latitude first in EPSG:4326 of 1.3.0."""
        west, south, east, north = bounds
        width, height = self._size(bounds)
        order = (west, south, east, north)
        if layer.version == "1.1.1":
            named = {"srs": "EPSG:4326"}
        elif layer.has_crs84:
            named = {"crs": "CRS:84"}
        else:
            named, order = {"crs": "EPSG:4326"}, (south, west, north, east)
        more = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ")} if time else {}
        reply = await self._get(
            request="GetMap",
            version=layer.version,
            layers=layer.name,
            styles=self.options.style,
            bbox=",".join(f"{degrees:.8f}" for degrees in order),
            width=str(width),
            height=str(height),
            format=self.options.format,
            transparent="TRUE",
            **named,
            **more,
        )
        if not reply.headers.get("content-type", "").startswith("image/"):
            raise self._no_picture(reply.content)
        return reply.content

    def _no_picture(self, body: bytes) -> Garbled:
        try:
            told = exception(root(body))
        except ValueError:
            told = None
        return self._garbled(told or "GetMap gave no picture")

    def _size(self, bounds: Bounds) -> tuple[int, int]:
        west, south, east, north = bounds
        height = round(self.options.width * (north - south) / (east - west))
        return self.options.width, max(1, min(height, 4 * self.options.width))

    async def _keep(self, body: bytes, bounds: Bounds, layer: Layer, time: datetime) -> str:
        """The path of the picture as GeoTIFF; the server's address where nothing may be kept."""
        folder, size = self.context.folder, self._size(bounds)
        if folder is None:
            await asyncio.to_thread(self._decoded, body, size)
            return endpoint(self.options.url or "")
        mark = blake2b(layer.name.encode(), digest_size=4).hexdigest()
        path = folder / f"{mark}-{time.astimezone(UTC):%Y%m%dT%H%M%SZ}.tif"
        pixels = await asyncio.to_thread(self._decoded, body, size)
        try:
            await asyncio.to_thread(_write, path, pixels, bounds)
        except (OSError, RasterioError) as error:
            raise Unreachable(endpoint=str(folder), reason=f"the picture cannot be kept: {error}") from error
        return path.as_posix()

    def _decoded(self, body: bytes, size: tuple[int, int]) -> np.ndarray:
        """Red, green, blue and alpha. Raises Garbled for a picture of another size: it may be a bomb."""
        try:
            with warnings.catch_warnings(), rasterio.Env(CPL_LOG_ERRORS="OFF"):
                warnings.simplefilter("ignore")  # a PNG has no place of its own
                with MemoryFile(body) as file, file.open(driver=_DRIVERS.get(self.options.format, "PNG")) as image:
                    if (image.width, image.height) != size or image.count not in {1, 3, 4}:
                        raise self._garbled(f"a picture of {image.width} × {image.height} in {image.count} bands")
                    if image.count == 1 and image.colorindexes:
                        return _coloured(image)
                    return np.asarray(image.read())
        except RasterioError as error:
            raise self._garbled("a picture that cannot be read") from error

    def _coverage(self, layer: Layer, bounds: Bounds, time: datetime, href: str) -> Coverage:
        word = self.options.category
        return Coverage(
            id=f"{self.options.issuer}:{layer.name}:{time.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            time=time,
            href=href,
            geometry=box(*bounds),
            category=category(self.options.service, word) or word if word else None,
            media_type="image/tiff",
            properties={"layer": layer.name, "style": self.options.style, "srid": 4326, "picture": True},
        )

    def _garbled(self, reason: str) -> Garbled:
        return Garbled(endpoint=endpoint(self.options.url or ""), protocol=PROTOCOL, reason=reason)


_DRIVERS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/tiff": "GTiff", "image/geotiff": "GTiff"}


def _coloured(image: rasterio.DatasetReader) -> np.ndarray:
    """A picture with a palette as red, green, blue and alpha."""
    table = np.zeros((256, 4), dtype=np.uint8)
    for index, colour in image.colormap(1).items():
        table[index] = colour
    return np.moveaxis(table[image.read(1)], 2, 0)


def _write(path: Path, pixels: np.ndarray, bounds: Bounds) -> None:
    """Beside the file, then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    bands, height, width = pixels.shape
    shape = {"width": width, "height": height, "count": bands, "dtype": pixels.dtype.name}
    place = {"crs": "EPSG:4326", "transform": _grid(bounds, width, height)}
    with rasterio.open(beside, "w", driver="GTiff", compress="deflate", tiled=True, **shape, **place) as file:
        file.write(pixels)
    beside.replace(path)


def _grid(bounds: Bounds, width: int, height: int) -> rasterio.Affine:
    """From pixels to degrees, north up."""
    west, south, east, north = bounds
    return rasterio.Affine((east - west) / width, 0, west, 0, (south - north) / height, north)


def _sweep(folder: Path, limit: float) -> None:
    """Pictures that were made before that time (epoch s)."""
    for path in folder.glob("*.tif"):
        if path.stat().st_mtime < limit:
            path.unlink(missing_ok=True)


def _stored(cursor: Cursor | None) -> datetime | None:
    value = (cursor or {}).get("time")
    try:
        return instant(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _bounds(layer: Element) -> Bounds | None:
    for child in layer:
        if local(child) == "EX_GeographicBoundingBox":
            told = {local(side): text(side.text) for side in child}
            names = ("westBoundLongitude", "southBoundLatitude", "eastBoundLongitude", "northBoundLatitude")
            values = [told.get(name) for name in names]
        elif local(child) == "LatLonBoundingBox":
            values = [child.attrib.get(name) for name in ("minx", "miny", "maxx", "maxy")]
        else:
            continue
        try:
            west, south, east, north = (float(value or "") for value in values)
        except ValueError:
            return None
        return (west, south, east, north) if west < east and south < north else None
    return None


def _times(layer: Element, now: datetime) -> Iterator[datetime]:
    """Of the time dimension: single instants, and intervals ``start/end/PT10M`` as far as ``now``."""
    for child in layer:
        if local(child) not in {"Dimension", "Extent"} or child.attrib.get("name", "").casefold() != "time":
            continue
        for piece in (text(child.text) or "").split(",")[:MAX_STEPS]:
            start, slash, rest = piece.strip().partition("/")
            try:
                if slash:
                    end, _, period = rest.partition("/")
                    yield from _steps(instant(start), min(instant(end), now), _seconds(period))
                else:
                    yield instant(start)
            except ValueError:
                continue


def _steps(start: datetime, end: datetime, step_s: float) -> Iterator[datetime]:
    """The last steps of an interval."""
    count = int((end - start).total_seconds() // step_s)
    for n in range(max(0, count - MAX_STEPS), count + 1):
        yield start + timedelta(seconds=n * step_s)


def _seconds(period: str) -> float:
    """Of an ISO 8601 period of days, hours, minutes, seconds. Raises ValueError."""
    plain = period.strip().upper()
    days, _, clock = plain.removeprefix("P").partition("T")
    total, digits = 0.0, ""
    for part, units in ((days, "D"), (clock, "HMS")):
        for letter in part:
            if letter in units:
                total, digits = total + float(digits) * _PERIODS[letter], ""
            else:
                digits += letter
    if not plain.startswith("P") or digits or total < 1:
        raise ValueError(f"not a period: {period[:20]!r}")
    return total
