"""Tiles of a real store: single flight, kept, bounded, current, and never an error."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import floor

import numpy as np
import pytest
from PIL import Image

from geodata.records import Position, Record, ServiceRequest
from geodata.store.reader import Reader
from geodata.view import WORLD_M, Bounds, View, mercator
from layers import tiles
from layers.raster import ColumnCache
from layers.tiles import TileRequest, TileService
from layers.tiling import worker
from layers.tiling.drawers import Drawers
from layers.tiling.memory import Kept
from tests.support import scene
from tests.support.sync_store import SyncStore

NOW = datetime.now(UTC).replace(microsecond=0)
ZOOM = 9


def tile_of(lon: float, lat: float, z: int) -> tuple[int, int]:
    x, y = mercator(lon, lat)
    side = WORLD_M / 2**z
    return floor((x + WORLD_M / 2) / side), floor((WORLD_M / 2 - y) / side)


def request(layer: str = "fishing_vessels", version: str = "1", z: int = ZOOM, **more: int) -> TileRequest:
    x, y = tile_of(108.0, 16.8, z)
    end = int(NOW.timestamp()) + 60
    fields = {"start": end - 86400, "end": end, "known": 0, "x": x, "y": y} | more
    return TileRequest(layer=layer, style="desk", version=version, z=z, **fields)


def voyage(mmsi: int, lat: float, fixes: int = 60) -> list[Record]:
    """Eastwards, a fix every two minutes until now."""
    return [
        scene.fix(mmsi, NOW - timedelta(minutes=2 * (fixes - i)), 107.95 + i * 0.003, lat, sog_kn=8, cog_deg=90)
        for i in range(fixes)
    ]


def picture(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    """As the server does: no visitor waits for the compiler."""
    tiles.warm_up()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tile is waited for until it is there: what happens when it takes too long is tested without a store."""
    monkeypatch.setattr(tiles, "WAIT_S", 600.0)


@pytest.fixture
def service(reader: Reader) -> Iterator[TileService]:
    opened = TileService(reader, workers=2, city="hue")
    yield opened
    opened.close()


@pytest.fixture
def sailed(store: SyncStore) -> SyncStore:
    store.write(scene.BINDINGS["fishing_vessels"], voyage(574000100, 16.80))
    return store


@pytest.mark.usefixtures("sailed")
def test_a_density_tile(service: TileService) -> None:
    tile = service.png(request())
    shown = picture(tile.png)
    assert not tile.stale
    assert shown.shape == (512, 512, 4)
    assert 50 < np.count_nonzero(shown[..., 3]) < 20_000


@pytest.mark.usefixtures("sailed")
def test_a_process_of_its_own_draws_the_same_density(
    service: TileService, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All but the process: what goes through its pipes is JSON, and it reads the rows by itself."""
    monkeypatch.setattr(worker, "settle", lambda: None)
    monkeypatch.setattr(Drawers, "_asked", lambda _self, asked, _alone: worker.answer(json.loads(json.dumps(asked))))
    apart = TileService(reader, city="hue", apart=True)
    try:
        apart.prepare().result(600)
        drawn = apart.png(request())
        assert not drawn.stale
        assert drawn.png == service.png(request()).png != tiles.clear()
        assert apart.png(request("air_quality")).png == tiles.clear()
    finally:
        apart.close()
        worker.rows(reader.dsn)[0].close()
        worker.rows.cache_clear()


def test_a_basemap_tile_is_opaque(service: TileService) -> None:
    tile = service.png(request("basemap", start=0, end=0))
    assert not tile.stale
    assert picture(tile.png)[..., 3].min() == 255


def test_a_layer_without_density_is_clear(service: TileService) -> None:
    assert service.png(request("air_quality")).png == tiles.clear()


@pytest.mark.usefixtures("sailed")
def test_one_flight_for_all_who_ask(service: TileService, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[TileRequest] = []
    draw = service._density

    def counted(wanted: TileRequest) -> bytes:
        drawn.append(wanted)
        return draw(wanted)

    monkeypatch.setattr(service, "_density", counted)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda _: service.png(request()), range(48)))
    assert len(drawn) == 1
    assert len({tile.png for tile in found}) == 1
    assert service.pending == 0


def test_a_new_version_shows_the_new_rows(sailed: SyncStore, service: TileService) -> None:
    before = picture(service.png(request(version="1")).png)
    south_lat = Bounds.from_tile(ZOOM, *tile_of(108.0, 16.8, ZOOM)).south + 0.1
    sailed.write(scene.BINDINGS["fishing_vessels"], voyage(574000101, south_lat, fixes=7))
    later = int(NOW.timestamp()) + 120
    after = picture(service.png(request(version="2", start=later - 86400, end=later)).png)
    assert np.count_nonzero(after[..., 3]) > np.count_nonzero(before[..., 3])


@pytest.mark.usefixtures("sailed")
def test_without_the_store_the_last_picture_is_shown_as_stale(service: TileService, reader: Reader) -> None:
    good = service.png(request(version="1"))
    broken = Reader("host=127.0.0.1 port=1 dbname=nowhere connect_timeout=1")
    service._reader = broken
    service._columns = ColumnCache(broken)
    stale = service.png(request(version="2"))
    assert stale.stale
    assert stale.png == good.png
    elsewhere = service.png(request(version="2", z=8))
    assert elsewhere.stale
    assert elsewhere.png == tiles.nothing(), "a page knows it by its size and asks again"
    service._reader, service._columns = reader, ColumnCache(reader)
    assert not service.png(request(version="2")).stale, "a failure is not kept"
    broken.close()


@pytest.mark.usefixtures("sailed")
def test_a_full_queue_answers_at_once(service: TileService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "QUEUE", 0)
    tile = service.png(request())
    assert tile.stale
    assert tile.png == tiles.nothing()


def test_the_memory_of_pictures_is_bounded() -> None:
    kept: Kept[TileRequest] = Kept(1000)
    for i in range(20):
        kept.put(request(x=i), b"x" * 100)
    assert kept.size <= 1000
    assert kept.get(request(x=19)) is not None
    assert kept.get(request(x=0)) is None


def test_covering_tiles_cover_the_view() -> None:
    seen = View(Bounds(107.3, 16.2, 108.1, 16.8), 1196, 728, NOW, NOW)
    boxes = [Bounds.from_tile(*tile) for tile in tiles.covering(seen)]
    assert min(b.west for b in boxes) <= seen.bounds.west
    assert max(b.east for b in boxes) >= seen.bounds.east
    assert min(b.south for b in boxes) <= seen.bounds.south
    assert max(b.north for b in boxes) >= seen.bounds.north


class Clock:
    """Seconds that the test moves on."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("kind", [Position, ServiceRequest], ids=lambda k: k.__name__)
def test_increments_give_what_a_full_read_gives(store: SyncStore, reader: Reader, kind: type[Record]) -> None:
    service = "fishing_vessels" if kind is Position else "field_reports"
    batches: list[list[Record]] = (
        [voyage(574000200, 16.7), voyage(574000201, 16.6)]
        if kind is Position
        else [scene.reports(NOW)[:3], scene.reports(NOW)[3:]]
    )
    clock = Clock()
    cache = ColumnCache(reader, clock)
    seen = View(Bounds(107, 16, 109, 17), 512, 512, NOW - timedelta(days=2), NOW)
    store.write(scene.BINDINGS[service], batches[0])
    first = cache.window(service, kind, seen)
    store.write(scene.BINDINGS[service], batches[1])
    clock.now += 1000  # later than AFRESH_S: rows older than the increment's overlap are read too
    grown = cache.window(service, kind, replace(seen, end=NOW + timedelta(minutes=1)))
    full = ColumnCache(reader).window(service, kind, replace(seen, end=NOW + timedelta(minutes=1)))
    assert first.total < grown.total == full.total
    np.testing.assert_array_equal(grown.x, full.x)
    np.testing.assert_array_equal(grown.y1, full.y1)


def test_a_late_row_inside_the_overlap_is_drawn_after_the_hold(store: SyncStore, reader: Reader) -> None:
    clock = Clock()
    cache = ColumnCache(reader, clock)
    seen = View(Bounds(107, 16, 109, 17), 512, 512, NOW - timedelta(days=1), NOW)
    store.write(scene.BINDINGS["fishing_vessels"], voyage(574000300, 16.7, fixes=4))
    assert cache.window("fishing_vessels", Position, seen).total == 3
    store.write(scene.BINDINGS["fishing_vessels"], voyage(574000301, 16.6, fixes=4))
    assert cache.window("fishing_vessels", Position, seen).total == 3, "held for twenty seconds"
    clock.now += 21
    assert cache.window("fishing_vessels", Position, seen).total == 6
