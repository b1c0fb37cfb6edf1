"""From the wire to the page: a position sent on a socket becomes a mark without a hand on anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support.feed import ais_into
from tests.support.machine import Machine, wait_for
from tests.support.pages import HAS_ID, watched
from tests.support.patience import SHOWN_MS

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("path", ["/explore?lang=vi#", "/wall/overview"])
def test_a_position_on_the_socket_is_a_mark_on_the_page(
    running: Machine, chromium: Browser, tmp_path: Path, path: str
) -> None:
    mmsi = 574990001 if "wall" in path else 574990002
    page = watched(chromium).open(running.url + path)
    with ais_into(running, tmp_path) as feed:
        wait_for(lambda: feed.connected, "the ingest to connect")
        assert not page.page.evaluate(HAS_ID, f"mmsi:{mmsi}")
        feed.fix(mmsi, 107.6, 16.47)
        page.page.wait_for_function(HAS_ID, arg=f"mmsi:{mmsi}", timeout=SHOWN_MS)
    page.page.context.close()
