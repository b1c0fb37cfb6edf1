"""From the wire to the page: a position sent on a socket becomes a mark without a hand on anything."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.support.feed import ais_into
from tests.support.machine import Machine, wait_for
from tests.support.pages import HAS_ID, watched
from tests.support.patience import SHOWN_MS

MMSI = 574990001
SHIP = f"mmsi:{MMSI}"


def test_a_position_on_the_socket_is_a_mark_on_both_pages(running: Machine, chromium: Browser, tmp_path: Path) -> None:
    pages = [watched(chromium).open(running.url + path).page for path in ("/explore?lang=vi#", "/wall/overview")]
    with ais_into(running, tmp_path) as feed:
        wait_for(lambda: feed.connected, "the ingest to connect")
        assert not [page.url for page in pages if page.evaluate(HAS_ID, SHIP)]
        feed.fix(MMSI, 107.6, 16.47)
        for page in pages:
            page.wait_for_function(HAS_ID, arg=SHIP, timeout=SHOWN_MS)
    for page in pages:
        page.context.close()
