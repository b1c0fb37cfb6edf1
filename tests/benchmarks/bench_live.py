"""Wire to page: the time from a position on the AIS socket to its mark in Chromium's document, and memory.

What the numbers hold: batching of the adapter, one transaction, NOTIFY, coalescing (250 ms), one query, one patch.
Run by `make bench`; `--quick` sends fewer.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.support.feed import AisFeed, ais_into
from tests.support.machine import Machine, machine, wait_for
from tests.support.pages import HAS_ID, watched

CHROMIUM = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu"]}


def delays(page: Page, feed: AisFeed, count: int, first: int) -> list[float]:
    """Seconds from send to seen, one position at a time."""
    found = []
    for number in range(count):
        mmsi = first + number
        began = time.perf_counter()
        feed.fix(mmsi, 107.56 + number * 0.001, 16.47)  # inside the first view of both pages
        page.wait_for_function(HAS_ID, arg=f"mmsi:{mmsi}", timeout=30_000, polling=20)
        found.append(time.perf_counter() - began)
        time.sleep(0.3)
    return found


def row(name: str, values: list[float]) -> str:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    return f"{name:<28} p50 {statistics.median(values) * 1000:7.0f} ms   p95 {p95 * 1000:7.0f} ms   n {len(values)}"


def memory(here: Machine) -> str:
    parts = {name: here.child(name).memory_info().rss / 2**20 for name in ("serve", "ingest", "simulate")}
    return "   ".join(f"{name} {size:.0f} MiB" for name, size in parts.items())


def main() -> None:
    count = 10 if "--quick" in sys.argv else 60
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        with machine(ahead=True) as here:
            here.start("--history", "0")
            browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
            with ais_into(here, folder) as feed:
                wait_for(lambda: feed.connected, "the ingest to connect")
                print("wire to page, simulated Huế running beside it")
                for number, path in enumerate(("/explore?lang=vi#", "/wall/overview")):
                    page = watched(browser).open(here.url + path)
                    print(row(path, delays(page.page, feed, count, 574980000 + number * 1000)))
                    page.page.context.close()
            print("resident memory:", memory(here))
            browser.close()


if __name__ == "__main__":
    main()
