"""The simulated buses, read by the project's own adapter over a real socket, well and under every fault."""

from __future__ import annotations

import gzip
import json
from base64 import b64decode
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geodata.city import SourceBinding, city
from geodata.records import Event, Observation, Position, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources.base import Context, Unreachable, protocol
from sources.http import client
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feeds.buses import BUSES, FEED, fleet
from sources.simulator.host import Host
from sources.simulator.scenario import scenario
from sources.simulator.town import Town
from tests.support.patience import HANG_S
from tests.support.polls import STALLED_S, fails, works

MORNING = 1795222800.0  # 2026-11-21T08:00 in Huế
BEGUN = MORNING - 14 * 3600


@dataclass
class Reading:
    host: Host
    binding: SourceBinding
    at: list[float]
    cursor: Cursor | None = None
    memory: dict[str, Any] = field(default_factory=dict)
    timeout_s: float = HANG_S

    async def poll(self) -> list[Batch]:
        source = protocol(self.binding.protocol)
        options = source.options.model_validate({**self.binding.options, "service": "buses"})
        found = []
        async with client(timeout=self.timeout_s) as http:
            context = Context(
                http=http, clock=lambda: datetime.fromtimestamp(self.at[0], UTC), service="buses", memory=self.memory
            )
            async for batch in source.batches(options, context, self.cursor):
                self.cursor = batch.cursor or self.cursor
                found.append(batch)
        return found

    def switch(self, kind: str) -> None:
        self.host.faults.switch_on(f"{BUSES}={kind}", self.at[0])


@asynccontextmanager
async def reading(town: Town, folder: Path, at: float = MORNING) -> AsyncIterator[Reading]:
    now = [at]
    host = Host(SimulatedClock(real=lambda: now[0]), Faults([BUSES]), folder)
    (binding,) = await FEED.open(town, host)
    host.start()
    try:
        yield Reading(host, binding, now)
    finally:
        await host.close()


def hue(name: str = "calm") -> Town:
    return Town(city("hue"), 1, scenario(name), BEGUN)


async def test_ninety_buses_on_eleven_lines_with_names(tmp_path: Path) -> None:
    async with reading(hue(), tmp_path) as read:
        vehicles, notices = await read.poll()
        assert not [*vehicles.rejected, *notices.rejected]
        things = [row for row in vehicles.records if isinstance(row, Thing)]
        fixes = [row for row in vehicles.records if isinstance(row, Position)]
        assert len(things) == len(fixes) == 90
        assert len({row.properties["route"] for row in things}) == 11
        assert all(row.properties["route_name"] and row.properties["headsign"] for row in things)
        old = [row for row in fixes if (datetime.fromtimestamp(MORNING, UTC) - row.time).total_seconds() > 120]
        assert 0 < len(old) < 10, "some sets are silent: they stay in the dataset with their old time"
        assert Counter(row.observed_property for row in vehicles.records if isinstance(row, Observation)) == {
            "delay": 90, "occupancy_status": 90, "occupancy": 90,
        }  # fmt: skip
        (moved,) = notices.records
        assert isinstance(moved, Event)
        assert (moved.category, moved.severity) == ("stop_moved", 1)
        assert moved.geometry is not None
        read.at[0] += 20
        vehicles, _ = await read.poll()
        assert len([row for row in vehicles.records if isinstance(row, Thing)]) < 10, "those that began a trip"
        assert len([row for row in vehicles.records if isinstance(row, Observation)]) < 60


async def test_at_night_they_are_gone_not_silent(tmp_path: Path) -> None:
    async with reading(hue(), tmp_path, MORNING + 12.5 * 3600) as read:
        assert len([row for batch in await read.poll() for row in batch.records if isinstance(row, Position)]) > 50
        read.at[0] += 4 * 3600
        vehicles, _ = await read.poll()
        left = [row for row in vehicles.records if isinstance(row, Thing)]
        assert len(left) > 50
        assert not any(row.properties["in_service"] for row in left)


async def test_a_flood_leaves_fewer_buses_and_says_why(tmp_path: Path) -> None:
    async with reading(hue("flood"), tmp_path) as read:
        vehicles, notices = await read.poll()
        assert 20 < len([row for row in vehicles.records if isinstance(row, Position)]) < 50
        kinds = Counter(row.category for row in notices.records if isinstance(row, Event))
        assert kinds == {"stop_moved": 1, "detour": 3, "no_service": 2, "reduced_service": 1}
        assert all(
            "lũ" in str(row.title) or "ngập" in str(row.title) or "dời" in str(row.title)
            for row in notices.records
            if isinstance(row, Event)
        )
        read.at[0] = BEGUN + 36 * 3600
        _, notices = await read.poll()
        over = {row.id for row in notices.records if isinstance(row, Event) and row.status == "ended"}
        assert len([name for name in over if ":lu-" in name]) == 6


@pytest.mark.parametrize("kind", ["outage", "stall", "garbage", "huge_line"])
async def test_faults_that_take_the_feed_down(kind: str, tmp_path: Path) -> None:
    async with reading(hue(), tmp_path) as read:
        await read.poll()
        read.switch(kind)
        read.timeout_s = STALLED_S if kind == "stall" else HANG_S
        read.at[0] += 20
        await fails(read.poll)
        read.host.faults.switch_off("all")
        read.timeout_s = HANG_S
        read.at[0] += 20
        assert (await works(read.poll))[0].records


async def test_duplicates_are_the_same_rows_twice_and_skew_shifts_every_time(tmp_path: Path) -> None:
    async with reading(hue(), tmp_path) as read:
        read.switch("duplicates")
        vehicles, _ = await read.poll()
        fixes = Counter((row.thing_id, row.time) for row in vehicles.records if isinstance(row, Position))
        assert set(fixes.values()) == {2}
        read.switch("skew:3600")
        vehicles, _ = await read.poll()
        ahead = max(row.time for row in vehicles.records if isinstance(row, Position))
        assert ahead.timestamp() == MORNING + 3600


async def test_a_late_feed_stands_still_and_that_is_told(tmp_path: Path) -> None:
    async with reading(hue(), tmp_path) as read:
        read.switch("late")
        await read.poll()
        read.at[0] += 600
        with pytest.raises(Unreachable, match="stand still"):
            await read.poll()


def test_buses_do_not_jump_and_keep_to_their_ways() -> None:
    buses = hue().part(fleet)
    assert buses is not None
    last: dict[str, tuple[float, float]] = {}
    for t in np.arange(MORNING, MORNING + 3600, 30.0).tolist():
        for one in buses.seen(t):
            if one.t != t:
                last.pop(one.bus.id, None)  # silent: heard again elsewhere
                continue
            if one.bus.id in last:
                x, y = last[one.bus.id]
                assert np.hypot((one.lon - x) * 0.959, one.lat - y) * 111_195 < 6 * 30 * 16, one
            last[one.bus.id] = (one.lon, one.lat)


def test_the_recording_is_small_and_says_who_left(tmp_path: Path) -> None:
    town = hue()
    name, lines = FEED.history(town, tmp_path, MORNING - 14 * 86400, MORNING)[BUSES]
    source = protocol("gtfs_rt")
    options = source.options.model_validate({"url": "recording", "service": "buses"})
    found: Counter[str] = Counter()
    with gzip.open(tmp_path / name, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            arrival = datetime.fromisoformat(row["t"])
            for record in source.parse(b64decode(row["body_b64"]), options, arrival):
                assert not isinstance(record, Rejected)
                found[type(record).__name__] += 1
                found["gone"] += isinstance(record, Thing) and record.properties["in_service"] is False
    assert lines > 90
    assert found["Position"] > 7000
    assert sum(found.values()) < 35_000
    assert found["gone"] >= 90
