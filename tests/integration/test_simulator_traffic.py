"""Simulated traffic: believable streets, read by the project's own adapter over a real socket."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import LineString

from geodata.catalogue import service
from geodata.city import SourceBinding, cities, city
from geodata.records import Observation, Record, Rejected, Thing
from geodata.store.types import Cursor
from sources.base import Context, protocol
from sources.http import client
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feeds.traffic import FEED, TRAFFIC, stations
from sources.simulator.host import Host
from sources.simulator.scenario import scenario
from sources.simulator.things import Station
from sources.simulator.town import Town
from sources.simulator.traffic import CADENCE_S
from tests.support.patience import HANG_S
from tests.support.polls import STALLED_S, fails, works

MORNING = 1795222800.0  # 2026-11-21T08:00 in Huế, a Saturday
FRIDAY = MORNING - 86400
BEGUN = MORNING - 14 * 3600


@asynccontextmanager
async def serving(town: Town, folder: Path, at: list[float]) -> AsyncIterator[tuple[Host, SourceBinding]]:
    """The feed alone, at the clock ``at[0]``."""
    host = Host(SimulatedClock(real=lambda: at[0]), Faults([TRAFFIC]), folder)
    (binding,) = await FEED.open(town, host)
    host.start()
    try:
        yield host, binding
    finally:
        await host.close()


def values(station: Station, name: str, t: np.ndarray) -> np.ndarray:
    stream = next(stream for stream in station.datastreams if stream.measured.id == name)
    return np.asarray(stream.values(np.asarray(t, dtype=np.float64)))


def test_rush_hours_are_slower_and_weekends_quieter() -> None:
    found = Town(city("hue"), 1).part(stations)
    streets = [one for one in found if one.path]
    assert (len(streets), len(found) - len(streets)) == (30, 6)
    midnight = FRIDAY - 8 * 3600
    at = {hour: np.array([midnight + hour * 3600]) for hour in (2.5, 7.2, 10, 17.2)}
    free = [values(one, "speed", at[2.5]) for one in streets]
    mean = {
        hour: np.mean([values(one, "speed", t) / best for one, best in zip(streets, free, strict=True)])
        for hour, t in at.items()
    }
    assert mean[7.2] < 0.85 * mean[2.5]
    assert mean[7.2] < mean[10] < mean[2.5]
    day = midnight + np.arange(0, 86400, CADENCE_S)
    friday, saturday = (np.mean([values(one, "flow", day + shift) for one in streets]) for shift in (0, 86400))
    assert saturday < friday
    levels = Counter(np.concatenate([values(one, "level_of_service", day) for one in streets]).astype(int).tolist())
    assert set(levels) >= {0, 1, 2, 3}
    assert levels[0] > levels[3] > 0


def test_low_streets_are_closed_in_a_flood_and_opened_again() -> None:
    found = Town(city("hue"), 1, scenario("flood"), BEGUN).part(stations)
    hours = np.array([-1.0, 15.0, 40.0])
    streets = [one for one in found if one.path]
    shut = np.sum([values(one, "flow", BEGUN + hours * 3600) == 0 for one in streets], axis=0)
    assert shut.tolist() == [0, 12, 0]
    closed = next(one for one in streets if values(one, "flow", np.array([BEGUN + 15 * 3600]))[0] == 0)
    assert values(closed, "level_of_service", np.array([BEGUN + 15 * 3600])).tolist() == [5]
    dark = [values(one, "signal_state", np.array([BEGUN + 15 * 3600]))[0] == 2 for one in found if not one.path]
    assert 0 < sum(dark) < len(dark)


@pytest.mark.parametrize("name", sorted(name for name in cities() if "traffic" in city(name).services))
def test_every_city_that_watches_traffic_has_streets_within_it(name: str) -> None:
    found = Town(city(name), 1).part(stations)
    assert len(found) >= 10
    west, south, east, north = city(name).bounds
    for one in found:
        for lon, lat in one.path or ((one.lon, one.lat),):
            assert west - 0.5 < lon < east + 0.5, one.name
            assert south - 0.5 < lat < north + 0.5, one.name
    t = MORNING + np.arange(0, 86400, CADENCE_S)
    for one in found:
        for stream in one.datastreams:
            known = service("traffic").observed_property(stream.measured.id)
            assert known is not None
            if known.words:
                assert known.words == stream.measured.words
            elif known.maximum is not None and known.minimum is not None:
                result = stream.values(t)
                assert known.minimum <= result.min() <= result.max() <= known.maximum


async def test_read_by_the_adapter_well_and_under_faults(tmp_path: Path) -> None:
    at = [MORNING]
    town = Town(city("hue"), 1)
    source = protocol("sensorthings")
    async with serving(town, tmp_path, at) as (host, binding), client(timeout=HANG_S) as http:
        options = source.options.model_validate({**binding.options, "service": "traffic"})
        context = Context(http=http, clock=lambda: datetime.fromtimestamp(at[0], UTC), service="traffic")
        cursor: Cursor | None = None

        async def poll() -> tuple[list[Record], list[Rejected]]:
            nonlocal cursor
            rows: list[Record] = []
            wrong: list[Rejected] = []
            async for batch in source.batches(options, context, cursor):
                cursor = batch.cursor or cursor
                rows += batch.records
                wrong += batch.rejected
            return rows, wrong

        rows, wrong = await poll()
        assert not wrong
        things = [row for row in rows if isinstance(row, Thing)]
        assert Counter(row.category for row in things) == {"segment": 30, "junction": 6}
        assert sum(isinstance(row.geometry, LineString) for row in things) == 30
        seen = [row for row in rows if isinstance(row, Observation)]
        assert len(seen) == 36 * 3 * 72
        words = {row.result for row in seen if row.observed_property == "level_of_service"}
        assert words <= set("ABCDEF")
        assert {row.unit for row in seen if row.observed_property == "speed"} == {"km/h"}
        for kind in ("outage", "stall", "garbage"):
            host.faults.switch_on(f"{TRAFFIC}={kind}", at[0])
            http.timeout = STALLED_S if kind == "stall" else HANG_S
            await fails(poll)  # the last look before an outage reads what there is
            at[0] += 300
            host.faults.switch_off("all")
        http.timeout = HANG_S
        rows, wrong = await works(poll)
        assert len([row for row in rows if isinstance(row, Observation)]) == 36 * 3 * 3
        host.faults.switch_on(f"{TRAFFIC}=late", at[0])
        at[0] += 600
        assert await poll() == ([], [])
        host.faults.switch_off("all")
        rows, _ = await poll()
        assert len(rows) == 36 * 3 * 2


def test_fourteen_days_of_recordings_stay_small(tmp_path: Path) -> None:
    town = Town(city("hue"), 1)
    name, lines = FEED.history(town, tmp_path, MORNING - 14 * 86400, MORNING)[TRAFFIC]
    source = protocol("sensorthings")
    options = source.options.model_validate({"url": "recording", "service": "traffic", "issuer": "traffic"})
    found: Counter[type] = Counter()
    with gzip.open(tmp_path / name, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            for record in source.parse(row["body"].encode(), options, datetime.fromisoformat(row["t"])):
                found[type(record)] += 1
    assert lines == 14 * 24 + 1
    assert found == {Thing: 36, Observation: 36 * 3 * 14 * 24}
