"""Simulated planning, infrastructure and imagery, read by the adapters, good and under faults."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from geodata.catalogue import service
from geodata.city import city
from geodata.geography import collection
from geodata.records import Coverage, Event, Feature, Record
from geodata.store.check import check
from geodata.store.types import Batch
from sources.base import SourceError
from sources.simulator.clock import SimulatedClock
from sources.simulator.feeds.imagery import RADAR, SATELLITE
from sources.simulator.feeds.infrastructure_files import SOURCE as NETWORKS
from sources.simulator.feeds.planning_ogc import CASES, PLANS
from sources.simulator.gis_cast import Office
from sources.simulator.scenario import scenario
from sources.simulator.sky import Sky
from sources.simulator.town import Town
from tests.support.city_feed import open_feed
from tests.support.patience import in_time, linear


@pytest.fixture(scope="module")
def dak_lak() -> Town:
    return Town(city("dak_lak"), 1)


def accepted(rows: list[Record], service_id: str) -> bool:
    return not check(Batch(rows), service(service_id), datetime.now(UTC)).rejected


async def fails(poll: Callable[[], Awaitable[list[Record]]]) -> bool:
    try:
        await poll()
    except SourceError:
        return True
    return False


async def until(wanted: bool, poll: Callable[[], Awaitable[list[Record]]]) -> None:
    async with in_time():
        while await fails(poll) is not wanted:  # noqa: ASYNC110 (a city tells nobody)
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("name", ["dong_ha", "dak_lak"])
async def test_plans_and_cases_of_the_planning_office(name: str, tmp_path: Path) -> None:
    town = Town(city(name), 1)
    async with open_feed("planning_ogc", town, tmp_path) as opened:
        plans = await opened.sources[PLANS].poll()
        cases = await opened.sources[CASES].poll()
        assert not opened.sources[PLANS].rejected
        assert not opened.sources[CASES].rejected
        assert accepted([*plans, *cases], "planning")
        zones = [row for row in plans if isinstance(row, Feature) and row.collection == "quy_hoach"]
        assert len(zones) == 12 * len(town.part(Office.of).wards)
        assert all(zone.valid_from and zone.approximate for zone in zones)
        assert {zone.category for zone in zones} == {"land_use", "zoning", "detailed_plan", "heritage_zone"}
        wards = collection("wards")
        cells = wards[wards["province_code"].isin(town.city.province_codes)].geometry.union_all().buffer(1e-4)
        permits = [row for row in cases if isinstance(row, Feature)]
        assert {row.category for row in permits} == {"permit"}
        assert all(cells.contains(row.geometry) for row in [*zones, *permits])  # VN-2000 and back
        violations = [row for row in cases if isinstance(row, Event)]
        assert 25 < len(violations) < 60
        assert {row.status for row in violations} > {"đã xử lý"}
        assert await opened.sources[PLANS].poll() == []
        assert await opened.sources[CASES].poll() == []


async def test_networks_of_seven_kinds(dak_lak: Town, tmp_path: Path) -> None:
    async with open_feed("infrastructure_files", dak_lak, tmp_path) as opened:
        polled = opened.sources[NETWORKS]
        rows = await polled.poll(page_size=50)
        assert not polled.rejected
        assert accepted(rows, "infrastructure")
        kinds = {row.category for row in rows if isinstance(row, Feature)}
        assert kinds == {"roads", "water_supply", "drainage", "power_grid", "solid_waste", "lighting", "warning"}
        assert await polled.poll() == []


@pytest.mark.parametrize("kind", ["outage", "garbage", "duplicates", "late", "skew"])
async def test_faults_of_the_planning_office(dak_lak: Town, tmp_path: Path, kind: str) -> None:
    async with open_feed("planning_ogc", dak_lak, tmp_path) as opened:
        polled = opened.sources[CASES]
        opened.switch(f"{CASES}={kind}")
        if kind in {"outage", "garbage"}:
            await until(True, polled.poll)
            opened.clear()
            await until(False, polled.poll)
        else:
            rows = await polled.poll()
            ids = [row.id for row in rows if isinstance(row, Event | Feature)]
            assert len(ids) > 60
            assert len(ids) == len(set(ids))


async def test_radar_files_and_satellite_pictures(dak_lak: Town, tmp_path: Path) -> None:
    async with open_feed("imagery", dak_lak, tmp_path) as opened:
        for source, category, bands in ((RADAR, "radar_rain", 1), (SATELLITE, "satellite", 4)):
            polled = opened.sources[source]
            rows = await polled.poll(**({"settle_s": 0} if source == RADAR else {}))
            assert not polled.rejected
            assert accepted(rows, "imagery")
            assert 5 <= len(rows) <= 7
            for row in rows:
                assert isinstance(row, Coverage)
                assert row.category == category
                west, south, east, north = dak_lak.city.bounds
                assert row.geometry.bounds == pytest.approx((west, south, east, north))
                with rasterio.open(row.href) as image:
                    assert image.count == bands
            assert 0 <= datetime.now(UTC).timestamp() - max(row.time.timestamp() for row in rows) < 600  # type: ignore[union-attr]
            assert await polled.poll() == []


@pytest.mark.parametrize("source", [RADAR, SATELLITE])
@pytest.mark.parametrize("kind", ["outage", "garbage"])
async def test_the_sky_goes_down_and_comes_back(dak_lak: Town, tmp_path: Path, source: str, kind: str) -> None:
    clock = SimulatedClock(speed=1200)
    async with open_feed("imagery", dak_lak, tmp_path, clock) as opened:
        polled = opened.sources[source]
        wide = {"settle_s": 0} if source == RADAR else {"at_once": 2}

        async def poll() -> list[Record]:
            return await polled.poll(**wide)

        assert await poll()
        opened.switch(f"{source}={kind}")
        await until(True, poll)
        opened.clear()
        await until(False, poll)


def test_a_storm_covers_the_province(dak_lak: Town) -> None:
    storm = Town(city("dak_lak"), 1, scenario("flood"), 0.0)
    peak = float(storm.severity(14 * 3600.0)[0])
    assert peak > 0.9
    sky = Sky(1, dak_lak.city.bounds)
    calm = np.mean([(sky.rain(day * 86400.0, 0, 160, 94) > 0).mean() for day in range(20)])
    wet = np.mean([(sky.rain(day * 86400.0, peak, 160, 94) > 0).mean() for day in range(20)])
    assert calm < 0.3
    assert wet > 0.6
    assert (sky.rain(1e9, 0.5, 160, 94) == Sky(1, dak_lak.city.bounds).rain(1e9, 0.5, 160, 94)).all()
    following = sky.rain(1e9 + 600, 0.5, 160, 94)
    assert np.corrcoef(sky.rain(1e9, 0.5, 160, 94).ravel(), following.ravel())[0, 1] > 0.8


def test_an_image_costs_no_more_than_its_pixels(dak_lak: Town) -> None:
    sky = Sky(1, dak_lak.city.bounds)
    assert linear(lambda height: sky.rain(600.0, 0.5, 320, height), 180)
