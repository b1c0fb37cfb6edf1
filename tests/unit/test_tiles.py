"""The tile service: one drawing for all who ask, never a hole, bounded in number, bytes and time."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from PIL import Image

from geodata.errors import VongLauError
from geodata.store.reader import Reader
from geodata.view import Bounds, View
from layers import base, tiles
from layers.tiles import Style, Tile, TileRequest, TileService, clear, covering, nothing
from layers.tiling.disk import DiskCache
from layers.tiling.memory import Kept
from layers.tiling.worker import Imported

NOW = datetime(2026, 11, 21, 7, tzinfo=UTC)
SEA = {"z": 6, "x": 52, "y": 29}


def request(layer: str = "basemap", version: str = "1", **more: Any) -> TileRequest:
    given: dict[str, Any] = {"style": "desk", "start": 0, "end": 0, "known": 0, **SEA, **more}
    return TileRequest(layer=layer, version=version, **given)


class Easel:
    """Stands where the drawing stands: counts, may wait, may fail."""

    def __init__(self) -> None:
        self.drawn: list[tuple[int, int, int, str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.imported: Imported | None = None
        self.whole = True

    def tile(self, z: int, x: int, y: int, style: str, imported: Imported | None = None) -> tuple[bytes, bool]:
        self.drawn.append((z, x, y, style))
        self.imported = imported
        assert self.gate.wait(20)
        if self.error is not None:
            raise self.error
        return f"{z}/{x}/{y}/{style}".encode(), self.whole

    def close(self) -> None:
        self.gate.set()


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first density of a machine is compiled: on a busy one that is longer than a browser waits."""
    monkeypatch.setattr(tiles, "WAIT_S", 600.0)


@pytest.fixture
def easel() -> Easel:
    return Easel()


@pytest.fixture
def service(easel: Easel) -> Iterator[TileService]:
    with_easel = TileService(None, 2, city="hue")
    with_easel._drawers = easel  # type: ignore[assignment]
    yield with_easel
    with_easel.close()


def until(true: Callable[[], bool]) -> None:
    for _ in range(2000):
        if true():
            return
        time.sleep(0.01)
    raise AssertionError("did not become true")


@contextmanager
def browser(service: TileService, view: View, style: Style = "desk") -> Iterator[list[Future[Tile]]]:
    """Asks for every basemap tile of a view at once, as a page does; waits for the answers at the end."""
    places = list(covering(view))
    with ThreadPoolExecutor(len(places)) as pool:
        yield [pool.submit(service.png, request(style=style, z=z, x=x, y=y)) for z, x, y in places]


def test_many_who_ask_at_once_wait_for_one_drawing(service: TileService, easel: Easel) -> None:
    easel.gate.clear()
    with ThreadPoolExecutor(12) as pool:
        asked = [pool.submit(service.png, request()) for _ in range(12)]
        until(lambda: len(easel.drawn) == 1 and service.pending == 1)
        easel.gate.set()
        found = {future.result() for future in asked}
    assert found == {Tile(b"6/52/29/desk")}
    assert len(easel.drawn) == 1
    assert service.pending == 0


def test_the_basemap_has_one_picture_for_every_version_and_time(service: TileService, easel: Easel) -> None:
    for version, end in (("1", 0), ("2", 0), ("2", 1_700_000_000)):
        assert not service.png(request(version=version, end=end)).stale
    assert len(easel.drawn) == 1
    service.png(request(style="wall"))
    assert len(easel.drawn) == 2


def test_a_failure_is_a_stale_tile_and_is_tried_again(service: TileService, easel: Easel) -> None:
    easel.error = RuntimeError("no ink")
    assert service.png(request()) == Tile(nothing(), stale=True)  # one pixel, by which a browser knows to ask again
    easel.error = None
    assert service.png(request()) == Tile(b"6/52/29/desk")


def test_too_many_waiting_are_answered_at_once(
    service: TileService, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "QUEUE", 3)
    easel.gate.clear()
    view = View(Bounds(106, 15, 109, 18), 1200, 900, NOW, NOW)
    with browser(service, view) as asked:
        until(lambda: sum(one.done() for one in asked) == len(asked) - 3 > 0)
        assert service.pending == 3
        assert service.png(request(x=1, y=1)).stale, "no place in the queue, so no waiting"
        easel.gate.set()
    until(lambda: service.pending == 0)
    assert len(easel.drawn) == 3


def test_nobody_waits_for_ever(service: TileService, easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "WAIT_S", 0.05)
    easel.gate.clear()
    assert service.png(request()).stale
    easel.gate.set()
    until(lambda: service.pending == 0)
    assert not service.png(request()).stale, "the drawing went on for those who come later"


def test_what_views_will_ask_for_is_drawn_ahead_and_once(service: TileService, easel: Easel) -> None:
    view = View(Bounds(107, 16, 108, 17), 1000, 1000, NOW, NOW)
    for _ in range(2):
        service.draw_ahead([(view, "wall")], lambda: False)
        until(lambda: service.pending == 0)
        assert sorted(easel.drawn) == sorted((*place, "wall") for place in covering(view))


def test_one_tile_is_drawn_before_the_other_processes_begin(
    service: TileService, easel: Easel, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = View(Bounds(107, 16, 108, 17), 1000, 1000, NOW, NOW)
    begun: list[int] = []
    monkeypatch.setattr(service, "prepare", lambda: begun.append(len(easel.drawn)))
    easel.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        waking = pool.submit(service.wake, [(view, "wall")])
        until(lambda: service.pending == 1)
        assert not begun, "the first tile is not there yet"
        easel.gate.set()
        waking.result(60)
    assert begun == [1]
    assert easel.drawn == [(*next(iter(covering(view))), "wall")]


def test_what_nobody_asked_for_waits_for_what_somebody_does(service: TileService, easel: Easel) -> None:
    view = View(Bounds(107, 16, 108, 17), 1000, 1000, NOW, NOW)
    stop = threading.Event()
    easel.gate.clear()
    with ThreadPoolExecutor(1) as pool:
        ahead = pool.submit(service.draw_ahead, [(view, "wall")], stop.is_set)
        until(lambda: service.pending == service._workers)
        with browser(service, View(Bounds(100, 10, 101, 11), 100, 100, NOW, NOW)) as asked:
            until(lambda: service.pending >= service._workers + len(asked))
            stop.set()
            ahead.result(60)
            assert service.pending == len(asked) + service._workers, "no more is begun than can be drawn at once"
            easel.gate.set()
    until(lambda: service.pending == 0)
    service.draw_ahead([(view, "wall")], lambda: False)
    until(lambda: service.pending == 0)
    walls = sorted(place for place in easel.drawn if place[3] == "wall")
    assert walls == sorted((*place, "wall") for place in covering(view)), "each once"


def test_after_the_end_there_is_still_a_tile(service: TileService) -> None:
    service.close()
    assert service.png(request()).stale
    assert service.pending == 0


@pytest.mark.parametrize("size", [(300, 200), (1200, 800), (2632, 1536)])
def test_covering_tiles_cover_the_view_and_no_more(size: tuple[int, int]) -> None:
    view = View(Bounds(107.2, 16.1, 108.1, 16.7), *size, NOW, NOW)
    boxes = [Bounds.from_tile(*place).mercator for place in covering(view)]
    x0, y0, x1, y1 = view.bounds.mercator
    assert min(b[0] for b in boxes) <= x0
    assert max(b[2] for b in boxes) >= x1
    assert min(b[1] for b in boxes) <= y0
    assert max(b[3] for b in boxes) >= y1
    assert all(b[0] < x1 and b[2] > x0 and b[1] < y1 and b[3] > y0 for b in boxes)
    side = boxes[0][2] - boxes[0][0]
    assert 256 <= side / view.resolution_m < 512 + 1e-6, "a 256 px tile is shown at 256 to 512 px"


def test_memory_keeps_to_its_bytes_and_forgets_the_least_used() -> None:
    kept: Kept[str] = Kept(10)
    for key in "abc":
        kept.put(key, b"xxx")
    assert kept.get("a") == b"xxx"
    kept.put("d", b"xx")
    assert (kept.get("b"), kept.get("a"), kept.size) == (None, b"xxx", 8)
    kept.put("a", b"yyyy")
    assert (kept.get("a"), kept.size) == (b"yyyy", 9)
    kept.put("huge", b"z" * 11)
    assert (len(kept), kept.size) == (0, 0)


# -- on disk ---------------------------------------------------------------------------------------

PLACE = ("desk", "hue", 0, 6, 52, 29)


def test_a_tile_outlives_the_program(tmp_path: Path, easel: Easel) -> None:
    for _ in range(2):
        one = TileService(None, 1, city="hue", cache=tmp_path)
        one._drawers = easel  # type: ignore[assignment]
        assert one.png(request()) == Tile(b"6/52/29/desk")
        one.close()
    assert len(easel.drawn) == 1


def test_cities_and_styles_have_their_own_tiles(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path)
    disk.put(PLACE, b"hue")
    assert [disk.get((s, c, 0, 6, 52, 29)) for s, c in (("desk", "hue"), ("desk", "vinh"), ("wall", "hue"))] == [
        b"hue",
        None,
        None,
    ]


@pytest.mark.parametrize("damage", [b"", b"short", None])
def test_a_damaged_file_is_no_tile(tmp_path: Path, damage: bytes | None) -> None:
    disk = DiskCache(tmp_path)
    disk.put(PLACE, b"picture")
    path = disk.path(PLACE)
    path.write_bytes(path.read_bytes()[:-1] + b"!" if damage is None else damage)
    assert disk.get(PLACE) is None
    assert not path.exists()
    assert disk.size == 0
    disk.put(PLACE, b"picture")
    assert disk.get(PLACE) == b"picture"


def test_a_new_edition_never_shows_old_tiles_and_old_editions_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    DiskCache(tmp_path, of="old").put(PLACE, b"old")
    assert DiskCache(tmp_path, of="new").get(PLACE) is None
    assert DiskCache(tmp_path, of="old").get(PLACE) == b"old", "another version may be running beside this one"
    monkeypatch.setattr("layers.tiling.disk.GRACE_S", -1.0)
    DiskCache(tmp_path, of="new")
    assert not (tmp_path / "old").exists()


def test_the_disk_keeps_to_its_bytes_over_restarts(tmp_path: Path) -> None:
    disk = DiskCache(tmp_path, limit=100)
    for x in range(10):
        disk.put(("desk", "hue", 0, 6, x, 0), b"p" * 14)  # 30 bytes with the digest
    held = [x for x in range(10) if disk.get(("desk", "hue", 0, 6, x, 0))]
    assert (held, disk.size) == ([7, 8, 9], 90)
    again = DiskCache(tmp_path, limit=100)
    assert again.size == 90
    again.put(("desk", "hue", 0, 6, 11, 0), b"p" * 14)
    assert len(list(tmp_path.rglob("*.tile"))) == 3


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path: Path, easel: Easel) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    one = TileService(None, 1, city="hue", cache=blocked)
    one._drawers = easel  # type: ignore[assignment]
    assert not one.png(request()).stale
    one.close()


class Imports:
    """Stands in for a reader: the version of the imported streets."""

    dsn = "dbname=city"

    def __init__(self) -> None:
        self.version = 3
        self.away = False

    def versions(self) -> dict[str, int]:
        if self.away:
            raise VongLauError(reason="the store is away")
        return {"geography": self.version}


def test_imported_streets_are_a_new_map(tmp_path: Path, easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "IMPORTED_S", -1.0)
    imports = Imports()
    one = TileService(cast(Reader, imports), 1, city="hue", cache=tmp_path)
    one._drawers = easel  # type: ignore[assignment]
    assert not one.png(request()).stale
    assert easel.imported == ("dbname=city", 3)
    imports.away = True
    assert not one.png(request()).stale, "the last version known"
    assert len(easel.drawn) == 1
    imports.away, imports.version = False, 4
    easel.whole = False
    assert one.png(request()).stale, "without its streets a picture is shown, not kept"
    easel.whole = True
    assert not one.png(request()).stale
    assert len(easel.drawn) == 3
    one.close()


# -- densities -------------------------------------------------------------------------------------


class Sea:
    """Stands in for ``Reader.columns``: one vessel along a parallel."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.reads = 0

    def columns(self, service: str, kind: type, view: View) -> dict[str, np.ndarray]:
        self.reads += 1
        if self.error is not None:
            raise self.error
        n = 200
        (x0, y0, x1, _) = Bounds(107.5, 17.2, 109.5, 17.3).mercator
        return {
            "x": np.linspace(x0, x1, n, dtype="f4"),
            "y": np.full(n, y0, "f4"),
            "t": view.end.timestamp() - 60.0 * np.arange(n, 0, -1),
            "thing": np.zeros(n, "i4"),
        }


def density(version: str = "1", z: int = 7, x: int = 102, y: int = 57, **more: Any) -> TileRequest:
    times = {"start": int((NOW - timedelta(days=1)).timestamp()), "end": int(NOW.timestamp())}
    return request("fishing_vessels", version, z=z, x=x, y=y, **{**times, **more})


@pytest.fixture
def at_sea() -> Iterator[tuple[Sea, TileService]]:
    sea = Sea()
    service = TileService(cast(Reader, sea), 2, city="hue")
    yield sea, service
    service.close()


def rgba(tile: Tile) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(tile.png)))


def test_a_density_is_drawn_from_the_columns(at_sea: tuple[Sea, TileService]) -> None:
    sea, service = at_sea
    tile = service.png(density())
    assert not tile.stale
    picture = rgba(tile)
    assert picture.shape == (512, 512, 4)
    assert picture[..., 3].any()
    assert service.png(density()) is not None
    assert sea.reads == 1


def test_a_density_that_fails_shows_the_last_good_one(at_sea: tuple[Sea, TileService]) -> None:
    sea, service = at_sea
    good = service.png(density())
    sea.error = OSError("database is gone")
    later = density("2", start=1, known=int(NOW.timestamp()))  # another known_at is read anew
    assert service.png(later) == Tile(good.png, stale=True)
    sea.error = None
    assert not service.png(later).stale


def test_beyond_its_zooms_a_density_is_clear(at_sea: tuple[Sea, TileService]) -> None:
    sea, service = at_sea
    layer = base.get("fishing_vessels")
    assert isinstance(layer, base.RasterLayer)
    z = int(layer.density_below)
    assert service.png(density(z=z, x=0, y=0)) == Tile(clear())
    assert service.png(request("hydrology")) == Tile(clear())
    assert sea.reads == 0


def test_a_layer_that_is_none_is_a_clear_stale_tile(at_sea: tuple[Sea, TileService]) -> None:
    assert at_sea[1].png(request("astrology")) == Tile(nothing(), stale=True)
