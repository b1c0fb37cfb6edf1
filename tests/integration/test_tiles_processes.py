"""The processes that draw the basemap: same pixels, mended when they die, never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence

import psutil
import pytest

from layers import basemap
from layers.tiling.drawers import Drawers

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


def gone(pids: Sequence[int]) -> bool:
    for _ in range(500):
        if not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_a_process_draws_what_we_would_draw_and_is_mended(drawers: Drawers) -> None:
    assert drawers.tile(*ISLANDS) == basemap.tile(*ISLANDS, city="hue")
    (first,) = drawers.pids
    assert os.getpriority(os.PRIO_PROCESS, first) > os.getpriority(os.PRIO_PROCESS, 0)
    with pytest.raises(RuntimeError, match="KeyError"):
        drawers.tile(*ISLANDS[:3], "no such style")
    assert drawers.pids == [first], "a tile that cannot be drawn costs no process"
    os.kill(first, signal.SIGKILL)
    assert drawers.tile(*ISLANDS) == basemap.tile(*ISLANDS, city="hue")
    (second,) = drawers.pids
    assert second != first
    drawers.close()
    assert gone([first, second])


@pytest.mark.parametrize("command", [("/nowhere/python",), (sys.executable, "-c", "raise SystemExit(3)")])
def test_without_processes_the_thread_draws(command: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    drawers = Drawers("hue", command)
    expected = basemap.tile(*ISLANDS, city="hue")
    assert drawers.tile(*ISLANDS) == expected
    said = len(caplog.records)
    assert drawers.tile(*ISLANDS) == expected
    assert len(caplog.records) == said, "said once, tried no more"
    assert any("by the web server itself" in record.getMessage() for record in caplog.records)
    assert drawers.pids == []
    drawers.close()


def test_a_parent_that_is_killed_leaves_no_process_behind() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert pids
    assert all(psutil.pid_exists(pid) for pid in pids)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(pids)
