"""Images of folders and of a WMS: whole ones, broken ones, and bombs."""

from __future__ import annotations

import os
import struct
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile
from shapely.geometry import Point, box

from geodata.crs import to_vn2000
from geodata.records import Coverage, Rejected
from geodata.store.types import Batch, Cursor
from sources._coverage_image import BadImage, describe, named_time
from sources._coverage_wms import _grid, _seconds
from sources.base import Context, Garbled, Unreachable
from sources.coverage import CoverageOptions, batches

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
BOUNDS = (107.5, 12.2, 109.0, 13.4)


def tiff(path: Path, *, srid: int | None = 4326, bounds: Any = BOUNDS, age_s: float = 60, **more: Any) -> Path:
    tags = more.pop("tags", {})
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = {"width": 64, "height": 48, "count": 1, "dtype": "uint8", **more}
    crs = {"crs": f"EPSG:{srid}"} if srid else {}
    place = {"transform": _grid(bounds, shape["width"], shape["height"])} if bounds else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of images without a place
        with rasterio.open(path, "w", driver="GTiff", **shape, **crs, **place) as image:
            pixels = np.random.default_rng(1).integers(0, 255, (1, shape["height"], shape["width"]))
            image.write(pixels.astype(shape["dtype"]))
            image.update_tags(**tags)
    os.utime(path, (NOW.timestamp() - age_s,) * 2)
    return path


class Reader:
    def __init__(
        self, transport: httpx.MockTransport | None = None, folder: Path | None = None, **options: Any
    ) -> None:
        self.options = CoverageOptions.model_validate({"service": "imagery", **options})
        self.transport, self.folder = transport, folder
        self.now = NOW
        self.memory: dict[str, Any] = {}
        self.cursor: Cursor | None = None
        self.rejected: list[Rejected] = []

    async def poll(self) -> list[Coverage]:
        found: list[Batch] = []
        self.rejected = []
        async with httpx.AsyncClient(transport=self.transport) as http:
            context = Context(
                http=http,
                clock=lambda: self.now,
                memory=self.memory,
                folder=self.folder,
                secret=lambda _: "t0ken",
            )
            async for batch in batches(self.options, context, self.cursor):
                found.append(batch)
                self.cursor = batch.cursor or self.cursor
                self.rejected += batch.rejected
        return [row for batch in found for row in batch.records if isinstance(row, Coverage)]


def test_the_place_of_an_image_in_any_system(tmp_path: Path) -> None:
    assert describe(tiff(tmp_path / "a.tif"), None).footprint.equals(box(*BOUNDS))
    west, south = to_vn2000(108.0, 12.6, 9218)
    plane = (west, south, west + 20_000, south + 15_000)
    found = describe(tiff(tmp_path / "b.tif", srid=9218, bounds=plane), None)
    assert found.footprint.distance(Point(108.0, 12.6)) < 1e-6
    assert found.properties["srid"] == 9218
    declared = describe(tiff(tmp_path / "c.tif", srid=None, bounds=plane), 9218)
    assert declared.footprint.equals(found.footprint)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"srid": None}, "no_crs"),
        ({"bounds": None}, "no_place"),
        ({"srid": 9218, "bounds": (5e8, 5e8, 6e8, 6e8)}, "no_place"),
        ({"bounds": (200, 12, 201, 13)}, "no_place"),
    ],
)
def test_images_without_a_place(tmp_path: Path, more: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadImage) as caught:
        describe(tiff(tmp_path / "a.tif", **more), None)
    assert caught.value.reason == reason


def test_broken_images_and_bombs(tmp_path: Path) -> None:
    whole = tiff(tmp_path / "whole.tif", width=512, height=512).read_bytes()
    cut = tmp_path / "cut.tif"
    cut.write_bytes(whole[: len(whole) // 2])
    empty = tmp_path / "empty.tif"
    empty.write_bytes(b"")
    vrt = tmp_path / "vrt.tif"
    vrt.write_text(f'<VRTDataset rasterXSize="1" rasterYSize="1"><SRS>{tmp_path}</SRS></VRTDataset>')
    for path in (cut, empty, vrt):
        with pytest.raises(BadImage) as caught:
            describe(path, None)
        assert caught.value.reason == "garbled"
        assert str(tmp_path) not in str(caught.value)
    huge = tmp_path / "huge.tif"
    huge.write_bytes(header(60_000, 60_000))
    with pytest.raises(BadImage) as caught:
        describe(huge, None)
    assert caught.value.reason == "too_large"
    block = tmp_path / "block.tif"
    block.write_bytes(header(30_000, 30_000, rows=30_000))
    with pytest.raises(BadImage) as caught:
        describe(block, None)
    assert caught.value.reason in {"too_large", "garbled"}  # GDAL has limits of its own


def header(width: int, height: int, rows: int = 1) -> bytes:
    """A TIFF of some hundred bytes that claims so many pixels, in strips of so many rows."""
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1)]
    tags += [(278, 4, rows), (279, 4, 100)]
    body = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + body + struct.pack("<I", 0) + bytes(200)


@pytest.mark.parametrize(
    ("name", "pattern", "expected"),
    [
        ("radar_20261121_0830.tif", None, (2026, 11, 21, 8, 30)),
        ("CAPPI-20261121T083015Z.tif", None, (2026, 11, 21, 8, 30, 15)),
        ("202611210830.tif", None, (2026, 11, 21, 8, 30)),
        ("21112026-0830.tif", "%d%m%Y-%H%M.tif", (2026, 11, 21, 8, 30)),
        ("ortho.tif", None, None),
        ("20261399_9999.tif", None, None),
    ],
)
def test_times_in_names(name: str, pattern: str | None, expected: tuple[int, ...] | None) -> None:
    assert named_time(name, pattern) == (datetime(*expected) if expected else None)  # type: ignore[arg-type] # noqa: DTZ001


async def test_a_folder_gives_each_whole_image_once(tmp_path: Path) -> None:
    reader = Reader(
        path=str(tmp_path), categories={"radar/*": "ra_da_mua", "*": "ve_tinh"}, timezone="Asia/Ho_Chi_Minh"
    )
    first = tiff(tmp_path / "radar" / "r_20261121_1530.tif")
    tiff(tmp_path / "s2.tif", tags={"TIFFTAG_DATETIME": "2026:11:20 10:20:00"})
    tiff(tmp_path / "ortho.tif", age_s=3600)
    tiff(tmp_path / "radar" / "r_20250101_0000.tif")
    (tmp_path / "radar" / "half.tif").write_bytes(b"II*\0")
    (tmp_path / "radar" / "r_20261121_1540.tif.tmp").write_bytes(b"II*\0")
    os.utime(tmp_path / "radar" / "half.tif", (NOW.timestamp() - 60,) * 2)
    found = {Path(row.href).name: row for row in await reader.poll()}
    assert set(found) == {first.name, "s2.tif", "ortho.tif"}
    radar = found[first.name]
    assert (radar.time, radar.category) == (datetime(2026, 11, 21, 8, 30, tzinfo=UTC), "radar_rain")
    assert (radar.id, radar.href) == ("coverage:radar/r_20261121_1530.tif", first.as_posix())
    assert found["s2.tif"].time == datetime(2026, 11, 20, 3, 20, tzinfo=UTC)
    assert [found[name].properties["time_from"] for name in (first.name, "s2.tif", "ortho.tif")] == [
        "name",
        "tag",
        "file",
    ]
    assert [row.reason for row in reader.rejected] == ["garbled"]
    assert await reader.poll() == []
    reader.memory.clear()
    assert await reader.poll() == []
    (tmp_path / "radar" / "half.tif").unlink()
    tiff(tmp_path / "radar" / "half.tif")
    assert len(await reader.poll()) == 1


async def test_an_image_still_being_written_waits(tmp_path: Path) -> None:
    reader = Reader(path=str(tmp_path), settle_s=30)
    tiff(tmp_path / "r_20261121_0830.tif", age_s=1)
    assert await reader.poll() == []
    reader.now += timedelta(seconds=40)
    assert len(await reader.poll()) == 1


async def test_a_folder_of_nonsense_or_none_is_a_lost_source(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match="no such folder"):
        await Reader(path=str(tmp_path / "away")).poll()
    with pytest.raises(Unreachable, match="neither"):
        await Reader().poll()
    reader = Reader(path=str(tmp_path), settle_s=0)
    (tmp_path / "a.tif").write_bytes(b"no image")
    os.utime(tmp_path / "a.tif", (NOW.timestamp() - 60,) * 2)
    for _ in range(2):
        with pytest.raises(Garbled):
            await reader.poll()
    tiff(tmp_path / "b.tif")
    assert len(await reader.poll()) == 1


CAPABILITIES = """<WMS_Capabilities version="{version}" xmlns="http://www.opengis.net/wms"><Capability><Layer>
<CRS>EPSG:4326</CRS>{crs}<Layer><Name>radar</Name><EX_GeographicBoundingBox><westBoundLongitude>107.5</westBoundLongitude>
<eastBoundLongitude>109.0</eastBoundLongitude><southBoundLatitude>12.2</southBoundLatitude>
<northBoundLatitude>13.4</northBoundLatitude></EX_GeographicBoundingBox>{dimension}</Layer></Layer></Capability></WMS_Capabilities>"""
DIMENSION = '<Dimension name="time" units="ISO8601">2026-11-21T08:00:00Z/2026-11-21T12:00:00Z/PT10M</Dimension>'


def picture(width: int, height: int, form: str = "PNG") -> bytes:
    pixels = np.full((4 if form == "PNG" else 3, height, width), 90, dtype=np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with MemoryFile() as file:
            with file.open(driver=form, width=width, height=height, count=len(pixels), dtype="uint8") as image:
                image.write(pixels)
            return bytes(file.read())


class Server:
    """A WMS with one layer."""

    def __init__(self, **facts: str) -> None:
        self.facts = {"version": "1.3.0", "crs": "<CRS>CRS:84</CRS>", "dimension": DIMENSION, **facts}
        self.asked: list[httpx.QueryParams] = []
        self.body: bytes | None = None
        self.kind = "image/png"

    def __call__(self, request: httpx.Request) -> httpx.Response:
        params = request.url.params
        assert params["map"] == "/city.map"
        assert request.headers["authorization"] == "Bearer t0ken"
        if params["request"] == "GetCapabilities":
            return httpx.Response(200, text=CAPABILITIES.format(**self.facts))
        self.asked.append(params)
        body = self.body or picture(int(params["width"]), int(params["height"]))
        return httpx.Response(200, content=body, headers={"content-type": self.kind})

    def reader(self, folder: Path | None, **options: Any) -> Reader:
        given = {"url": "http://wms.test/?map=/city.map", "token_env": "T", "width": 150, **options}
        return Reader(httpx.MockTransport(self), folder, **given)


async def test_pictures_of_a_wms_are_kept_with_their_place(tmp_path: Path) -> None:
    server = Server()
    reader = server.reader(tmp_path / "own", category="ra_da_mua", at_once=4)
    found = await reader.poll()
    assert [row.time.strftime("%H:%M") for row in found] == ["08:30", "08:40", "08:50", "09:00"]  # never ahead of now
    assert server.asked[0]["bbox"] == "107.50000000,12.20000000,109.00000000,13.40000000"
    assert server.asked[0]["time"] == "2026-11-21T08:30:00Z"
    for row in found:
        assert row.category == "radar_rain"
        image = describe(Path(row.href), None)
        assert image.footprint.equals(row.geometry)
        assert (image.properties["width"], image.properties["height"], image.properties["bands"]) == (150, 120, 4)
    assert await reader.poll() == []
    reader.now += timedelta(minutes=20)
    reader.memory.clear()
    assert [row.time.strftime("%H:%M") for row in await reader.poll()] == ["09:10", "09:20"]


@pytest.mark.parametrize(
    ("facts", "key", "bbox"),
    [
        ({"crs": ""}, "crs", "12.20000000,107.50000000,13.40000000,109.00000000"),
        ({"version": "1.1.1"}, "srs", "107.50000000,12.20000000,109.00000000,13.40000000"),
    ],
)
async def test_orders_of_axes_of_a_wms(tmp_path: Path, facts: dict[str, str], key: str, bbox: str) -> None:
    server = Server(**facts)
    await server.reader(tmp_path, at_once=1).poll()
    assert (server.asked[0][key], server.asked[0]["bbox"]) == ("EPSG:4326", bbox)


async def test_a_layer_without_times_is_kept_when_it_changed(tmp_path: Path) -> None:
    server = Server(dimension="")
    reader = server.reader(tmp_path)
    assert len(await reader.poll()) == 1
    assert await reader.poll() == []
    server.body = picture(150, 120, "JPEG")
    server.kind = "image/jpeg"
    reader.options = reader.options.model_copy(update={"format": "image/jpeg"})
    reader.now += timedelta(minutes=10)
    assert len(await reader.poll()) == 1


@pytest.mark.parametrize(
    ("body", "kind", "match"),
    [
        (
            b"<ServiceExceptionReport><ServiceException>no time</ServiceException></ServiceExceptionReport>",
            "text/xml",
            "no time",
        ),
        (b"\x89PNG\r\n", "image/png", "cannot be read"),
        (picture(3000, 10), "image/png", "3000 × 10"),
        (b"hello", "text/plain", "no picture"),
    ],
)
async def test_what_is_no_picture(tmp_path: Path, body: bytes, kind: str, match: str) -> None:
    server = Server()
    server.body, server.kind = body, kind
    for folder in (tmp_path, None):
        with pytest.raises(Garbled, match=match):
            await server.reader(folder).poll()
    assert not os.listdir(tmp_path)  # noqa: PTH208 (pathlib is not for coroutines)


async def test_old_pictures_are_swept(tmp_path: Path) -> None:
    old = tiff(tmp_path / "old.tif", age_s=40 * 86400)
    server = Server()
    await server.reader(tmp_path, at_once=1).poll()
    assert not old.exists()


def test_periods() -> None:
    assert [_seconds(text) for text in ("PT10M", "P1D", "PT1H30M", "PT5S")] == [600, 86400, 5400, 5]
    for text in ("", "10M", "P1Y", "PT0S", "PTxM"):
        with pytest.raises(ValueError, match=r"period|float"):
            _seconds(text)
