"""The processes that draw the basemap: same pixels, mended when they die, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from shapely import LineString

from geodata.city import SourceBinding
from geodata.records import Feature
from geodata.store.types import Role
from geodata.view import Bounds
from layers import basemap
from layers.tiling.drawers import Drawers
from tests.support.sync_store import SyncStore

ISLANDS = (8, 208, 116, "desk")  # Hoàng Sa: little to draw
PARENT = """
import os, sys, threading
from layers.tiling.drawers import Drawers
drawers = Drawers("hue")
drawers.tile(4, 13, 7, "desk")
print(*drawers.pids, flush=True)
threading.Event().wait()
"""


@pytest.fixture
def drawers() -> Iterator[Drawers]:
    opened = Drawers("hue")
    yield opened
    opened.close()


def alive(pid: int) -> bool:
    """Whether it runs: a zombie that nobody has waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pids: Sequence[int]) -> bool:
    for _ in range(500):
        if not any(alive(pid) for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_a_process_draws_what_we_would_draw_and_is_mended(drawers: Drawers) -> None:
    assert drawers.tile(*ISLANDS) == (basemap.tile(*ISLANDS, city="hue"), True)
    (first,) = drawers.pids
    assert os.getpriority(os.PRIO_PROCESS, first) > os.getpriority(os.PRIO_PROCESS, 0)
    with pytest.raises(RuntimeError, match="KeyError"):
        drawers.tile(*ISLANDS[:3], "no such style")
    assert drawers.pids == [first], "a tile that cannot be drawn costs no process"
    os.kill(first, signal.SIGKILL)
    assert drawers.tile(*ISLANDS) == (basemap.tile(*ISLANDS, city="hue"), True)
    (second,) = drawers.pids
    assert second != first
    drawers.close()
    assert gone([first, second])


@pytest.mark.parametrize("command", [("/nowhere/python",), (sys.executable, "-c", "raise SystemExit(3)")])
def test_without_processes_the_thread_draws(command: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    drawers = Drawers("hue", command)
    expected = basemap.tile(*ISLANDS, city="hue"), True
    assert drawers.tile(*ISLANDS) == expected
    said = len(caplog.records)
    assert drawers.tile(*ISLANDS) == expected
    assert len(caplog.records) == said, "said once, tried no more"
    assert any("by the web server itself" in record.getMessage() for record in caplog.records)
    assert drawers.pids == []
    drawers.close()


def test_a_process_that_hangs_is_ended_and_another_begun() -> None:
    """A thread that waits for it for ever would be one thread less, and its place on the map a hole."""
    drawers = Drawers("hue", (sys.executable, "-c", "import time; time.sleep(9e4)"), patience_s=0.5)
    seen: set[int] = set()
    for _ in range(2):
        asking = threading.Thread(target=lambda: seen.update(until_some(lambda: drawers.pids)))
        asking.start()
        with pytest.raises(RuntimeError, match=r"no picture within 0\.5 s"):
            drawers.tile(*ISLANDS)
        asking.join()
        assert drawers.pids == []
    assert len(seen) == 2
    assert gone([*seen])
    drawers.close()


def until_some(look: Callable[[], Sequence[int]]) -> Sequence[int]:
    while not (found := look()):
        time.sleep(0.01)
    return found


def test_without_processes_a_density_is_drawn_here(caplog: pytest.LogCaptureFixture) -> None:
    drawers = Drawers("hue", (sys.executable, "-c", "raise SystemExit(3)"))
    asked = {"layer": "fishing_vessels", "z": 9, "x": 1, "y": 2}
    assert drawers.density("host=here password=secret", asked, lambda: b"here") == b"here"
    drawers.prepare(lambda: None)
    said = " ".join(record.getMessage() for record in caplog.records)
    assert "fishing_vessels/9/1/2" in said
    assert "secret" not in said
    drawers.close()


def test_a_parent_that_is_killed_leaves_no_process_behind() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert pids
    assert all(alive(pid) for pid in pids)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pids)


def test_imported_streets_are_drawn_and_missed_when_the_store_is_away(
    drawers: Drawers, store: SyncStore, dsn: Callable[[Role], str]
) -> None:
    place = (13, 6544, 3718, "desk")
    box = Bounds.from_tile(*place[:3])
    middle = (box.south + box.north) / 2
    road = Feature(
        collection="roads",
        id="osm:1",
        category="primary",
        geometry=LineString([(box.west, middle), (box.east, middle)]),
    )
    binding = SourceBinding(id="osm", protocol="import", service="geography", title_vi="OSM", title_en="OSM")
    store.write(binding, [road])
    bare, whole = drawers.tile(*place)
    assert whole
    with_road, whole = drawers.tile(*place, (dsn("read"), 1))
    assert whole
    assert with_road != bare
    away = ("host=127.0.0.1 port=1 dbname=nowhere connect_timeout=1", 2)
    assert drawers.tile(*place, away) == (bare, False)
