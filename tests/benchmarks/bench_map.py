"""The map in a browser: first picture, pan to the last new tile, tiles a second, and what sessions cost.

    python tests/benchmarks/bench_map.py [--quick | --large]

A machine of its own with 10⁵ and 10⁶ positions in its store (``--quick``: 10⁵ only; ``--large``: 10⁷ too).
The load of the machine is printed with each, for other work spoils a time. Beside each, over the same rows and the same
view, in the same minute:

* plain: ``holoviews.operation.datashader.rasterize`` of all points of the view, which is what
  ``hvplot(rasterize=True)`` does at every pan, with the reading of the rows from the store left out;
* MVT: ``ST_AsMVT`` of the rows of one of the tiles, asked of the same table.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import holoviews as hv
import httpx
import numpy as np
import psycopg
from holoviews.operation.datashader import rasterize
from playwright.sync_api import Browser, Request, sync_playwright
from psycopg.conninfo import conninfo_to_dict
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from geodata.city import SourceBinding
from geodata.embedded import Cluster
from geodata.records import Position
from geodata.store.connect import session
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
SIDE = 8
"""Tiles of one zoom that are asked for: so many in a row, so many rows."""

AT_ONCE = 6
"""What a browser asks of one host at a time."""

REST_S = 20.0
QUIET_S = 0.8
"""So long after the last tile nothing more is awaited."""
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


def spiral(count: int) -> Iterator[tuple[int, int]]:
    """Ways in px that never come back to where they have been: outwards, a step longer after every second turn."""
    turns, leg = ((-1, 0), (0, -1), (1, 0), (0, 1)), 0
    while True:
        across, down = turns[leg % 4]
        for _ in range(leg // 2 + 1):
            if count == 0:
                return
            count -= 1
            yield 420 * across, 260 * down
        leg += 1


def pans(browser: Browser, url: str, count: int) -> list[float]:
    """Seconds from letting the map go to the last new tile; a map asks for them a moment after it came to rest."""
    page = watched(browser).open(url)
    page.tiles_loaded(120_000)
    heard: list[tuple[float, bool]] = []  # when a tile was asked for (False) or came (True)

    def hear(came: bool) -> Callable[[Request], None]:
        return lambda request: heard.append((time.perf_counter(), came)) if "/t/" in request.url else None

    page.page.on("request", hear(came=False))
    page.page.on("requestfinished", hear(came=True))
    found = []
    for across, down in spiral(count):
        page.page.mouse.move(900, 450)
        page.page.mouse.down()
        page.page.mouse.move(900 + across, 450 + down, steps=4)
        heard.clear()
        begun = time.perf_counter()
        page.page.mouse.up()
        while time.perf_counter() - max([begun, *(at for at, _ in heard)]) < QUIET_S or not settled(heard):
            page.page.wait_for_timeout(50)
        found += [max(at for at, came in heard if came) - begun] if heard else []
    page.page.context.close()
    return found


def settled(heard: Sequence[tuple[float, bool]]) -> bool:
    """Whether as many tiles came as were asked for."""
    return sum(came for _, came in heard) >= sum(not came for _, came in heard)


def dsn(here: Machine, role: str) -> str:
    cluster = Cluster(here.data)
    endpoint = cluster.running()
    assert endpoint is not None
    return session(cluster.dsn(endpoint, role, "vonglau_hue"))


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


def tiles(here: Machine) -> Iterator[str]:
    """Tiles a second over HTTP, asked as browsers ask; cold ones are drawn for the asking, warm ones were drawn."""
    end = int(time.time()) // 60 * 60
    span = f"{end - 14 * 86400}-{end}"
    for name, address in (
        ("density z 9", f"/t/fishing_vessels/desk/1/{span}/0/9/{{x}}/{{y}}.png"),
        ("basemap z 13", "/t/basemap/desk/1/0-0/0/13/{x}/{y}.png"),
    ):
        west, north = (406, 228) if "z 9" in name else (6531, 3712)
        wanted = [address.format(x=west + i % SIDE, y=north + i // SIDE) for i in range(SIDE**2)]
        cold, warm = (fetched(here.url, wanted) for _ in range(2))
        yield f"  {name}, {len(wanted)} tiles: {len(wanted) / cold:.1f} a second cold, {len(wanted) / warm:.0f} warm"


def fetched(url: str, paths: Sequence[str]) -> float:
    """Seconds for all of them; a tile that is stale was not drawn and is an error here."""

    def one(path: str) -> None:
        answer = client.get(url + path)
        assert answer.status_code == httpx.codes.OK
        assert "X-Stale" not in answer.headers, path

    with httpx.Client(trust_env=False, timeout=120) as client, ThreadPoolExecutor(AT_ONCE) as pool:
        return timed(lambda: list(pool.map(one, paths)))


class Sessions:
    """Pages that are open in no browser: built, connected, told everything, but never told the size of a map."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self.open_: list[WebSocketClientConnection] = []

    def add(self, url: str) -> None:
        self.open_.append(asyncio.run_coroutine_threadsafe(self._open(url), self.loop).result(120))

    async def _open(self, url: str) -> WebSocketClientConnection:
        async with httpx.AsyncClient(trust_env=False, timeout=120) as client:
            page = await client.get(url)
        token = re.search(r'"token":"([^"]+)"', page.text)
        assert token is not None
        address = HTTPRequest(f"{url.replace('http', 'ws', 1)}/ws", headers={"Origin": url.rsplit("/", 1)[0]})
        return await websocket_connect(
            address, subprotocols=["bokeh", token[1]], on_message_callback=lambda _message: None
        )

    def close(self) -> None:
        async def end() -> None:
            for one in self.open_:
                one.close()

        asyncio.run_coroutine_threadsafe(end(), self.loop).result(60)
        self.loop.call_soon_threadsafe(self.loop.stop)


def sessions(here: Machine, browser: Browser) -> Iterator[str]:
    """Memory and time of the server with so many sessions open: the first two in browsers, those beyond bare."""
    server = here.child("serve")

    def rest() -> tuple[float, float]:
        before = sum(server.cpu_times()[:2])
        time.sleep(REST_S)
        return server.memory_info().rss / 2**20, (sum(server.cpu_times()[:2]) - before) / REST_S

    with contextlib.ExitStack() as stack:
        bare, busy = rest()
        yield f"  0 sessions: {bare:.0f} MiB, {busy:.1%} of a core"
        more = Sessions()
        stack.callback(more.close)
        open_ = 0
        for wanted in (1, 2, 10, 50):
            while open_ < wanted:
                url = here.url + PAGES[open_ % 2]
                if open_ < len(PAGES):
                    page = watched(browser).open(url)
                    page.tiles_loaded(120_000)
                    stack.callback(page.page.context.close)
                else:
                    more.add(url)
                open_ += 1
            size, busy = rest()
            yield f"  {wanted} sessions: {size:.0f} MiB, {(size - bare) / wanted:.1f} MiB each, {busy:.1%} of a core"


def apart(work: Callable[[], None]) -> None:
    """In a thread of its own: Playwright keeps an event loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(work).result()


def measured(browser: Browser, fixes: int) -> None:
    with machine(ahead=True) as here:
        here.start("--history", "0", "--feeds", "ais")
        spent = timed(lambda: apart(lambda: asyncio.run(fill(dsn(here, "vonglau_ingest"), fixes))))
        name = conninfo_to_dict(dsn(here, "vonglau_read"))["dbname"]
        load = os.getloadavg()[0]
        print(f"{fixes:,} positions in {name}, written in {spent:.0f} s; load of the machine {load:.1f}", flush=True)
        for path in PAGES:
            print(row(f"first picture {path}", [opened(browser, here.url + path) for _ in range(5)]), flush=True)
        print(row("pan to the last new tile", pans(browser, here.url + "/explore" + PLACE, 20)), flush=True)
        lines = [*baselines(here, 5), *tiles(here)]
        if fixes == 10**5:
            lines += sessions(here, browser)
        print("\n".join(lines), flush=True)


def main() -> None:
    counts = [10**5] if "--quick" in sys.argv else [10**5, 10**6]
    if "--large" in sys.argv:
        counts.append(10**7)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**CHROMIUM)  # type: ignore[arg-type]
        for fixes in counts:
            measured(browser, fixes)
        browser.close()


if __name__ == "__main__":
    main()
