"""The map in a browser: first picture, pan to the last new tile, and what a session costs.

    python tests/benchmarks/bench_map.py [--quick]

A machine of its own with 10⁵, 10⁶ and 10⁷ positions in its store (``--quick``: 10⁵). Beside each, over the same rows
and the same view, in the same minute:

* plain: ``holoviews.operation.datashader.rasterize`` of all points of the view, which is what
  ``hvplot(rasterize=True)`` does at every pan, with the reading of the rows from the store left out;
* MVT: ``ST_AsMVT`` of the rows of one of the tiles, asked of the same table.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import holoviews as hv
import numpy as np
import psycopg
from bokeh.client import pull_session
from holoviews.operation.datashader import rasterize
from playwright.sync_api import Browser, sync_playwright
from psycopg.conninfo import conninfo_to_dict

from geodata.city import SourceBinding
from geodata.embedded import Cluster
from geodata.records import Position
from geodata.store.reader import Reader
from geodata.store.types import Batch
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from tests.support.machine import Machine, machine
from tests.support.pages import watched

CHROMIUM = {"executable_path": "/usr/bin/chromium", "args": ["--no-sandbox", "--disable-gpu"]}
VESSELS = 2_000
PAGES = ("/explore", "/wall")
PLACE = "?v=16.7,107.9,9"
MVT = """
with box as (select place, st_transform(place, 4326) as ll from st_tileenvelope(%(z)s, %(x)s, %(y)s) as place)
select st_asmvt(tile, 'fixes') from (
  select st_asmvtgeom(st_transform(st_setsrid(st_makepoint(lon_e7 / 1e7, lat_e7 / 1e7), 4326), 3857), box.place) as geom
  from position, box
  where time > %(start)s
    and lon_e7 between st_xmin(ll) * 1e7 and st_xmax(ll) * 1e7
    and lat_e7 between st_ymin(ll) * 1e7 and st_ymax(ll) * 1e7
) tile where geom is not null"""
"""A fix is stored narrow, without a geometry, so the box is asked in its columns."""


def timed(action: Callable[[], Any]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def row(name: str, seconds: list[float]) -> str:
    p50, p95 = np.percentile(seconds, [50, 95])
    return f"  {name:<34} p50 {p50 * 1000:8.0f} ms   p95 {p95 * 1000:8.0f} ms   n {len(seconds)}"


def opened(browser: Browser, url: str) -> float:
    """Seconds from the address to the last tile of the first picture."""

    def load() -> None:
        page = watched(browser).open(url)
        page.tiles_loaded(120_000)
        page.page.context.close()

    return timed(load)


def pans(browser: Browser, url: str, count: int) -> list[float]:
    """Seconds from letting the map go to the last new tile."""
    page = watched(browser).open(url)
    page.tiles_loaded(120_000)
    found = []
    for number in range(count):
        x, y = 900, 450
        page.page.mouse.move(x, y)
        page.page.mouse.down()
        page.page.mouse.move(x + (-1) ** number * 380, y + (-1) ** (number // 2) * 160, steps=4)
        page.page.mouse.up()
        found.append(timed(lambda: page.tiles_loaded(120_000)))
    page.page.context.close()
    return found


def dsn(here: Machine, role: str) -> str:
    cluster = Cluster(here.data)
    endpoint = cluster.running()
    assert endpoint is not None
    return cluster.dsn(endpoint, role, "vonglau_hue")


async def fill(address: str, fixes: int) -> None:
    """So many positions of the fleet, by the writer."""
    binding = SourceBinding(id="bench", protocol="ais", title_vi="đo", title_en="bench", service="fishing_vessels")
    roll = np.random.default_rng(7)
    now = datetime.now(UTC)
    async with Writer.open(address) as writer:
        await writer.register([binding])
        each = max(1, fixes // VESSELS)
        for vessel in range(VESSELS):
            course = roll.uniform(0, 6.3) + roll.normal(0, 0.05, each).cumsum()
            lon = 107.9 + (0.002 * np.cos(course)).cumsum()
            lat = 16.7 + (0.002 * np.sin(course)).cumsum()
            records = [
                Position(
                    thing_id=f"mmsi:{574100000 + vessel}",
                    time=now - timedelta(days=13) * (1 - (i + 1) / (each + 1)),
                    lon=float(np.clip(lon[i], 100, 120)),
                    lat=float(np.clip(lat[i], 5, 25)),
                )
                for i in range(each)
            ]
            for first in range(0, each, 20_000):
                await writer.write(binding.id, Batch(records[first : first + 20_000]))


def baselines(here: Machine, count: int) -> Iterator[str]:
    """What others do with the same rows."""
    now = datetime.now(UTC)
    view = View(Bounds(107.2, 16.2, 108.6, 17.1), 1196, 728, now - timedelta(days=14), now)
    with Reader(dsn(here, "vonglau_read")) as reader:
        columns = reader.columns("fishing_vessels", Position, view)
    points = hv.Points((columns["x"], columns["y"]))
    x0, y0, x1, y1 = view.bounds.mercator
    whole = {"x_range": (x0, x1), "y_range": (y0, y1), "width": 1196, "height": 728, "dynamic": False}
    hv.extension("bokeh")
    yield row(
        "plain rasterize, rows at hand", [timed(lambda: hv.render(rasterize(points, **whole))) for _ in range(count)]
    )
    with psycopg.connect(dsn(here, "vonglau_read")) as database:
        tile = {"z": 9, "x": 409, "y": 231, "start": now - timedelta(days=14)}
        yield row("ST_AsMVT of one tile", [timed(lambda: database.execute(MVT, tile).fetchone()) for _ in range(count)])


def sessions(here: Machine, browser: Browser) -> Iterator[str]:
    """Resident memory of the server with so many sessions open. Browsers for the first ten, bare sessions beyond."""
    with contextlib.ExitStack() as stack:
        bare = here.child("serve").memory_info().rss / 2**20
        yield f"  0 sessions: {bare:.0f} MiB"
        open_ = 0
        for wanted in (1, 10, 50):
            while open_ < wanted:
                if open_ < 10:
                    page = watched(browser).open(here.url + PAGES[open_ % 2])
                    stack.callback(page.page.context.close)
                else:
                    stack.callback(pull_session(url=f"{here.url}{PAGES[open_ % 2]}").close)
                open_ += 1
            size = here.child("serve").memory_info().rss / 2**20
            yield f"  {wanted} sessions: {size:.0f} MiB, {(size - bare) / wanted:.1f} MiB each"


def main() -> None:
    quick = "--quick" in sys.argv
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        for fixes in (10**5,) if quick else (10**5, 10**6, 10**7):
            with machine() as here:
                here.start("--history", "0", "--feeds", "ais")
                asyncio.run(fill(dsn(here, "vonglau_ingest"), fixes))
                print(f"{fixes:,} positions in the store, {conninfo_to_dict(dsn(here, 'vonglau_read'))['dbname']}")
                for path in PAGES:
                    print(row(f"first picture {path}", [opened(browser, here.url + path) for _ in range(5)]))
                print(row("pan to the last new tile", pans(browser, here.url + "/explore" + PLACE, 20)))
                for line in baselines(here, 5):
                    print(line)
                if fixes == 10**5:
                    for line in sessions(here, browser):
                        print(line)
        browser.close()


if __name__ == "__main__":
    main()
