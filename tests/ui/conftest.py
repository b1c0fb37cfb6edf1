"""One simulated Huế for all page tests of a worker, and a browser that can reach nothing but this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.support.machine import Machine, machine, wait_for
from tests.support.patience import SHOWN_MS

expect.set_options(timeout=SHOWN_MS)


@pytest.fixture(scope="session")
def running() -> Iterator[Machine]:
    """`vonglau up` with one day of history, loaded. Tests that stop or kill parts of it make their own."""
    with machine() as one:
        one.start("--history", "1")
        wait_for((one.data / "run" / "history-hue.loaded").exists, f"history\n{one.words()}")
        yield one
