"""Rows a second of Writer.write and of Reader.columns, against bare COPY into the same indexed table.

    python tests/benchmarks/bench_writer.py [--rows 400000] [--batch 10000] [--things 1000]

One run measures both on a cluster with the real settings (fsync on), in alternating order. A batch of 10⁴ fixes of
1 000 vessels moves 1 000 marks of position_latest and its spatial index; with --things 4000 that index is the larger
part of the work.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from geodata.city import SourceBinding
from geodata.embedded import Cluster
from geodata.embedded.secrets import ADMIN
from geodata.records import Position
from geodata.settings import Settings
from geodata.store.connect import database, session
from geodata.store.reader import Reader
from geodata.store.types import Batch
from geodata.store.writer import Writer
from geodata.view import Bounds, View

START = datetime(2026, 11, 1, tzinfo=UTC)
BINDING = SourceBinding(id="bench", protocol="ais", title_vi="đo", title_en="bench", service="fishing_vessels")
COLUMNS = "time, received_at, thing_id, lon_e7, lat_e7, sog_kn, cog_deg, heading_deg, source_id, status"


def batches(rows: int, size: int, things: int) -> Iterator[list[Position]]:
    """Vessels that report in turn, as a fleet does."""
    for first in range(0, rows, size):
        yield [
            Position(
                thing_id=f"mmsi:{574000000 + i % things}",
                time=START + timedelta(seconds=i // things * 30, microseconds=i % things * 7000),
                lon=107 + (i % things) / 1000 + i / rows,
                lat=16 + (i % 977) / 1000,
                sog_kn=7.5,
                cog_deg=float(i % 360),
                heading_deg=float(i % 360),
                status=i % 8,
            )
            for i in range(first, min(first + size, rows))
        ]


async def ours(dsn: str, rows: int, size: int, things: int) -> float:
    """Seconds in Writer.write for all batches; making the records is not counted."""
    spent = 0.0
    async with Writer.open(dsn) as writer:
        await writer.register([BINDING])
        for records in batches(rows, size, things):
            begun = time.perf_counter()
            written = await writer.write(BINDING.id, Batch(records))
            spent += time.perf_counter() - begun
            assert written.stored == len(records), written
    return spent


def bare(dsn: str, rows: int, size: int, things: int) -> float:
    """Seconds of COPY of the same rows, ready as text, into an empty copy of the table, one transaction a batch."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table bare (like position including indexes including defaults) partition by range (time)"
        )
        connection.execute("create table bare_month partition of bare for values from ('2026-11-01') to ('2026-12-01')")
        spent = 0.0
        for records in batches(rows, size, things):
            text = "".join(
                f"{r.time.isoformat()}\t{r.time.isoformat()}\t{int(r.thing_id[5:]) % things}\t{round(r.lon * 1e7)}\t"
                f"{round(r.lat * 1e7)}\t{r.sog_kn}\t{r.cog_deg}\t{r.heading_deg}\t1\t{r.status}\n"
                for r in records
            )
            begun = time.perf_counter()
            with connection.transaction(), connection.cursor().copy(f"copy bare ({COLUMNS}) from stdin") as copy:
                copy.write(text)
            spent += time.perf_counter() - begun
        connection.execute("drop table bare")
    return spent


def read(dsn: str, rows: int) -> float:
    """Seconds of Reader.columns over everything."""
    view = View(Bounds(100, 5, 125, 25), 1000, 1000, START - timedelta(days=1), START + timedelta(days=29))
    with Reader(dsn) as reader:
        begun = time.perf_counter()
        columns = reader.columns(BINDING.service, Position, view)
        spent = time.perf_counter() - begun
    assert len(columns["x"]) == rows
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--batch", type=int, default=10_000)
    parser.add_argument("--things", type=int, default=1_000)
    parser.add_argument("--quick", action="store_true", help="a quarter of the rows")
    args = parser.parse_args()
    if args.quick:
        args.rows //= 4
    with tempfile.TemporaryDirectory(prefix="vonglau-bench-") as folder:
        data = Path(folder)
        data.chmod(0o755)
        with database(Settings(data=data, city="bench"), "ingest", create=True) as db:
            cluster = Cluster(data)
            with cluster.start() as lease:
                admin = session(cluster.dsn(lease.endpoint, ADMIN, "vonglau_bench"))
                reading = session(cluster.dsn(lease.endpoint, "vonglau_read", "vonglau_bench"))
                copy = [bare(admin, args.rows, args.batch, args.things)]
                write = asyncio.run(ours(db.dsn, args.rows, args.batch, args.things))
                copy.append(bare(admin, args.rows, args.batch, args.things))
                columns = read(reading, args.rows)
    baseline = args.rows * 2 / sum(copy)
    print(f"bare COPY      {baseline:10,.0f} rows/s")
    print(f"Writer.write   {args.rows / write:10,.0f} rows/s   ratio {args.rows / write / baseline:.2f}")
    print(f"Reader.columns {args.rows / columns:10,.0f} rows/s")


if __name__ == "__main__":
    main()
