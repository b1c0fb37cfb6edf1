"""Density tiles of the tile service against brute-force Datashader over the same segments and the same view.

    python tests/benchmarks/bench_tiles.py [--quick]

10⁵, 10⁶ and 10⁷ synthetic positions of 5 000 vessels from six ports between Nghệ An and Phú Yên, handed over by a
reader in memory that gives what ``Reader.columns`` gives. Up to twenty tiles with something in them, around Thuận An,
at zooms 8, 9 and 12.

* brute: ``Canvas.line`` over every segment, shaded, land cut out, PNG: what a tile costs without the cache's order;
* drawn: the same tile by the service from warm columns;
* kept: the same tile asked for again.

Also: the first reading and sorting of all columns, one increment after it, and how much memory the columns take. At
the end one row through a real PostGIS store: ``Reader.columns`` over 10⁶ positions. ``--quick`` leaves out 10⁷ and the
store. Rows of one table are measured in turn in the same minute, so a busy machine spoils a time, not a ratio.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import datashader as ds
import numpy as np
import pandas as pd
import psutil

from geodata.city import SourceBinding
from geodata.records import Position, Record
from geodata.settings import Settings
from geodata.store.connect import database
from geodata.store.reader import Reader
from geodata.store.types import Batch
from geodata.store.writer import Writer
from geodata.view import Bounds, View, mercator
from layers import density, tiles
from layers.base import RasterLayer, get
from layers.raster import ColumnCache, Sorted

END = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
VIEWS = (8, 9, 12)
TILES = 20
VESSELS = 5_000
PORTS = [
    (107.632, 16.558),
    (107.9185, 16.3485),
    (107.186, 16.898),
    (106.48, 17.705),
    (105.768, 18.765),
    (109.329, 13.08),
]
"""Landing places from Nghệ An to Phú Yên."""

STEP_S = 120.0


class Fleet:
    """A reader in memory: random voyages, ordered by thing then time, as ``Reader.columns`` gives them."""

    def __init__(self, fixes: int) -> None:
        roll = np.random.default_rng(7)
        each = max(2, fixes // VESSELS)
        ports = np.array([mercator(*place) for place in PORTS])[roll.integers(0, len(PORTS), VESSELS)]
        course = roll.uniform(-0.2, 1.4, (VESSELS, 1)) + roll.normal(0, 0.02, (VESSELS, each)).cumsum(axis=1)
        leg_m = roll.uniform(150, 600, (VESSELS, 1))
        self.columns_: Mapping[str, np.ndarray] = {
            "x": (ports[:, :1] + (leg_m * np.cos(course)).cumsum(axis=1)).ravel().astype(np.float32),
            "y": (ports[:, 1:] + (leg_m * np.sin(course)).cumsum(axis=1)).ravel().astype(np.float32),
            "t": np.tile(END.timestamp() - STEP_S * np.arange(each)[::-1], VESSELS),
            "thing": np.repeat(np.arange(VESSELS, dtype=np.int32), each),
        }
        self.start = END - timedelta(seconds=STEP_S * (each + 1))

    def columns(self, service: str, kind: type[Record], view: View) -> Mapping[str, np.ndarray]:
        t = self.columns_["t"]
        inside = (t > view.start.timestamp()) & (t <= view.end.timestamp())
        return {name: column[inside] for name, column in self.columns_.items()}


def timed(action: Callable[[], Any]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    action()
    return (time.perf_counter() - began) * 1000


def resident() -> float:
    """MiB of this process in memory."""
    gc.collect()
    return float(psutil.Process().memory_info().rss / 2**20)


def requests(fleet: Fleet, zoom: int) -> Iterator[tiles.TileRequest]:
    """Tiles of a view off Thuận An."""
    lon, lat = 107.632 + 360 / 2**zoom, 16.558 + 180 / 2**zoom
    half = 360 / 2**zoom * 3
    seen = View(Bounds(lon - half * 1.25, lat - half, lon + half * 1.25, lat + half), 1216, 973, fleet.start, END)
    end = int(END.timestamp())
    for z, x, y in tiles.covering(seen):
        yield tiles.TileRequest(
            layer="fishing_vessels",
            style="desk",
            version="1",
            start=int(fleet.start.timestamp()),
            end=end,
            known=0,
            z=z,
            x=x,
            y=y,
        )


def brute(rows: Sorted, layer: RasterLayer, request: tiles.TileRequest) -> bytes:
    """One tile with every segment handed to Datashader."""
    view = request.view
    canvas, _ = density._canvas(view)
    x, y, x1, y1 = (np.concatenate(pair) for pair in zip((rows.x, rows.y, rows.x1, rows.y1), rows.far, strict=True))
    frame = pd.DataFrame({"x0": x, "x1": x1, "y0": y, "y1": y1})
    counts = canvas.line(frame, x=["x0", "x1"], y=["y0", "y1"], axis=1, agg=ds.count(), line_width=density.LINE_PX)
    return tiles.encoded(layer.shade(density._finish(counts.to_numpy(), rows.total, view), view))


def table(name: str, values: list[float], base: list[float] | None = None) -> str:
    p50, p95 = np.percentile(values, [50, 95])
    ratio = "" if base is None else f"   {np.percentile(base, 50) / max(p50, 1e-3):8.1f} times faster than brute"
    return f"  {name:<10} p50 {p50:9.2f} ms   p95 {p95:9.2f} ms   n {len(values):3d}{ratio}"


def measure(fixes: int) -> None:
    fleet, layer = Fleet(fixes), get("fishing_vessels")
    assert isinstance(layer, RasterLayer)
    whole = View(Bounds(105, 10, 115, 22), 512, 512, fleet.start, END)
    before = resident()
    cache = ColumnCache(fleet)  # type: ignore[arg-type]  # the only method that it calls
    first = timed(lambda: cache.window("fishing_vessels", Position, whole))
    rows = cache.window("fishing_vessels", Position, whole)
    later = View(whole.bounds, 512, 512, fleet.start, END + timedelta(minutes=1))
    step = timed(lambda: cache.window("fishing_vessels", Position, later))
    print(f"\n{len(fleet.columns_['x']):,} positions: sorted in {first:.0f} ms, one increment {step:.0f} ms")
    print(f" memory {resident() - before:,.0f} MiB, of the whole process {resident():,.0f} MiB")
    service = tiles.TileService(fleet, workers=2)  # type: ignore[arg-type]
    service._columns = cache  # columns are warm, as in a server that runs
    for zoom in VIEWS:
        every = requests(fleet, zoom)
        wanted = [r for r in every if layer.aggregate(fleet, r.view, cache).to_numpy().any()][:TILES]  # type: ignore[arg-type]
        brute(rows, layer, wanted[0])  # the land of a zoom is simplified once in a process
        slow, drawn, kept = [], [], []
        for request in wanted:
            slow.append(timed(lambda r=request: brute(rows, layer, r)))  # type: ignore[misc]
            drawn.append(timed(lambda r=request: draw(service, layer, r)))  # type: ignore[misc]
            service.png(request)
            kept.append(timed(lambda r=request: service.png(r)))  # type: ignore[misc]
        print(f" zoom {zoom}")
        print(table("brute", slow), table("drawn", drawn, slow), table("kept", kept, slow), sep="\n")
    service.close()


def draw(service: tiles.TileService, layer: RasterLayer, request: tiles.TileRequest) -> bytes:
    """A tile from warm columns, whatever zoom the layer ends its density at."""
    view = request.view
    assert service._reader is not None
    counts = layer.aggregate(service._reader, view, service._columns)
    return tiles.encoded(layer.shade(counts, view)) if counts.to_numpy().any() else tiles.clear()


def stored(fixes: int) -> None:
    """One reading of everything from a PostGIS store of its own."""
    with tempfile.TemporaryDirectory(prefix="vonglau-bench-") as folder:
        data = Path(folder)
        data.chmod(0o755)
        settings = Settings(data=data, city="bench")
        with database(settings, "ingest", create=True) as db:
            asyncio.run(fill(db.dsn, fixes))
            with database(settings, "read") as reading, Reader(reading.dsn) as reader:
                whole = View(Bounds(100, 5, 125, 25), 512, 512, END - timedelta(days=30), END)
                spent = [timed(lambda: reader.columns("fishing_vessels", Position, whole)) for _ in range(3)]
                rows = len(reader.columns("fishing_vessels", Position, whole)["x"])
    print(
        f"\nPostGIS, Reader.columns of {rows:,} positions: {min(spent):.0f} ms, {rows / min(spent) * 1000:,.0f} rows/s"
    )


async def fill(dsn: str, fixes: int) -> None:
    """``fixes`` positions of a thousand vessels, by the writer."""
    binding = SourceBinding(id="bench", protocol="ais", title_vi="đo", title_en="bench", service="fishing_vessels")
    async with Writer.open(dsn) as writer:
        await writer.register([binding])
        for first in range(0, fixes, 20_000):
            records = [
                Position(
                    thing_id=f"mmsi:{574000000 + i % 1000}",
                    time=END - timedelta(seconds=(fixes - i) // 1000 * 60),
                    lon=107.5 + (i % 1000) / 500 + i / fixes,
                    lat=16 + (i % 977) / 500,
                    sog_kn=7.5,
                )
                for i in range(first, min(first + 20_000, fixes))
            ]
            await writer.write(binding.id, Batch(records))


def main() -> None:
    parser = argparse.ArgumentParser(description="Density tiles against brute-force Datashader")
    parser.add_argument("--quick", action="store_true", help="10⁵ and 10⁶ positions only, no store")
    options, _ = parser.parse_known_args()
    tiles.warm_up()
    print("up to 20 tiles that are not empty, 512 px; positions from a reader in memory")
    for fixes in (10**5, 10**6) if options.quick else (10**5, 10**6, 10**7):
        measure(fixes)
    if not options.quick:
        stored(10**6)


if __name__ == "__main__":
    main()
