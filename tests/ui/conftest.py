"""One simulated Huế for all page tests of a worker, and a browser that can reach nothing but this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.machine import PATIENCE_S, Machine, machine, wait_for
from tests.support.patience import SHOWN_MS

expect.set_options(timeout=SHOWN_MS)
LONGEST_S = 900
"""A test, and for the first of them the start of the city and the loading of its history too."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(LONGEST_S), append=False)


@pytest.fixture(scope="session")
def running() -> Iterator[Machine]:
    """`vonglau up` with one day of history, loaded. Tests that stop or kill parts of it make their own."""
    with machine() as one:
        one.start("--history", "1")
        wait_for((one.data / "run" / "history-hue.loaded").exists, f"history\n{one.words()}", 2 * PATIENCE_S)
        yield one
