"""The simulated cameras through the probe: every kind of stream, every fault, and their past."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from geodata.city import SourceBinding, city
from geodata.records import Thing
from geodata.store.reader import Reader
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from sources._binding import adapter
from sources._camera_options import CameraOptions
from sources.base import Context, SourceError
from sources.camera import SOURCE
from sources.recording import replay
from sources.simulator.camera_cast import Fate, SimulatedCamera
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feeds import cameras as feed
from sources.simulator.host import Host
from sources.simulator.town import Town
from tests.support.camera_probe import QUICK, Heard, context, listen
from tests.support.patience import in_time


@dataclass
class City:
    town: Town
    faults: Faults
    bindings: dict[str, SourceBinding]
    host: Host

    def switch(self, text: str) -> None:
        self.faults.switch_on(text, time.time())

    def options(self, source: str, **more: Any) -> CameraOptions:
        binding = self.bindings[source]
        found = adapter(binding.model_copy(update={"options": {**binding.options, **QUICK, "report_s": 0, **more}}))[1]
        assert isinstance(found, CameraOptions)
        return found


CITY_SAFETY, CITY, HIGH = "simulated_cameras_safety", "simulated_cameras_city", "simulated_cameras_high"


@pytest.fixture
async def dak_lak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[City]:
    """The cameras of Đắk Lắk by day, with a little of everything; Quảng Trị's system beside them."""
    odd = {"GS-0003": Fate.DARK, "GS-0005": Fate.DEAD, "TC-0004": Fate.DEAD, "TC-0006": Fate.FROZEN}
    plain = SimulatedCamera.fate

    def fate(camera: SimulatedCamera, t: Any, severity: Any) -> Any:
        found = plain(camera, t, severity)
        found[:] = odd.get(camera.key, Fate.LIVE)
        return found

    monkeypatch.setattr(SimulatedCamera, "fate", fate)
    monkeypatch.setattr("sources.simulator.camera_pictures.daylight", lambda t: 0.9)
    monkeypatch.setattr("sources._camera_rounds.sun_elevation_deg", lambda *place: 40.0)
    async with running("dak_lak", tmp_path) as found:
        yield found


@asynccontextmanager
async def running(name: str, folder: Path) -> AsyncIterator[City]:
    town = Town(city(name), 1)
    faults = Faults([binding.id for binding in feed.sources(town)])
    host = Host(SimulatedClock(), faults, folder)
    bindings = await feed.open_(town, host)
    host.start()
    try:
        yield City(town, faults, {binding.id: binding for binding in bindings}, host)
    finally:
        await host.close()


async def test_the_simulated_city_through_the_probe(dak_lak: City, tmp_path: Path) -> None:
    async with context(tmp_path / "pictures") as within:
        options = dak_lak.options(CITY, probe_s=1.5, timeout_s=3)
        expected = Counter(live=46, dark=1, unreachable=1)
        heard = await listen(options, within, lambda heard: Counter(heard.states.values()) == expected)
    assert heard.states["ioc_dak_lak:GS-0003"] == "dark"
    west, south, east, north = dak_lak.town.city.bounds
    for thing in heard.things.values():
        assert thing.geometry is not None
        assert west < thing.geometry.bounds[0] < east
        assert south < thing.geometry.bounds[1] < north
        assert thing.azimuth_deg is not None
        assert thing.range_m
        assert thing.properties["owner"]
        assert thing.properties["project"]
    assert {thing.category for thing in heard.things.values()} == {"traffic", "security"}
    assert not heard.rejected
    assert len(list((tmp_path / "pictures").iterdir())) == 47


async def test_high_cameras_over_hls_and_rtsp(dak_lak: City) -> None:
    async with context() as within:
        options = dak_lak.options(HIGH, probe_s=1, timeout_s=3, thresholds={"frozen_s": 4.5, "confirm_s": 0.1})
        expected = Counter(live=10, frozen=1, unreachable=1)
        heard = await listen(options, within, lambda heard: Counter(heard.states.values()) == expected)
    assert heard.states["tam_cao:TC-0004"] == "unreachable"
    assert heard.states["tam_cao:TC-0006"] == "frozen"
    assert {thing.properties["stream_kind"] for thing in heard.things.values()} == {"hls", "rtsp"}
    assert {thing.category for thing in heard.things.values()} == {"high_mounted"}


async def test_motion_jpeg_behind_go2rtc(tmp_path: Path) -> None:
    async with running("quang_tri", tmp_path) as quang_tri, context() as within:
        options = quang_tri.options(CITY_SAFETY, probe_s=2, timeout_s=4)
        await_live = lambda heard: len(heard.states) >= 70 and Counter(heard.states.values())["live"] > 60  # noqa: E731
        heard = await listen(options, within, await_live)
        assert len([thing for thing in heard.things.values() if thing.geometry is not None]) == 72


@pytest.mark.parametrize(
    ("source", "fault"),
    [(CITY, "outage"), (CITY, "stall"), (CITY, "garbage"), (HIGH, "huge_line")],
)
async def test_a_fault_is_a_feed_that_is_down_and_blames_no_camera(dak_lak: City, source: str, fault: str) -> None:
    whole = next(len(each.cameras) for each in feed.cast(dak_lak.town) if each.system.id == source)
    async with context() as within:
        options = dak_lak.options(source, probe_s=0.8, timeout_s=3.0, thresholds={"confirm_s": 8})
        batches, heard, switched = SOURCE.batches(options, within, None), Heard(), False
        with pytest.raises(SourceError):  # noqa: PT012 (it is read until it raises)
            async for batch in batches:
                heard.records += batch.records
                seen = Counter(heard.states.values())
                if len(heard.states) >= whole and seen["unreachable"] == 1 and not switched:
                    dak_lak.switch(f"{source}={fault}")
                    switched = True
        assert switched
        assert Counter(heard.states.values())["unreachable"] == 1
        dak_lak.faults.switch_off("all")
        async with in_time():
            while not await comes_back(options, within, whole - 3):  # noqa: ASYNC110 (a city tells nobody)
                await asyncio.sleep(0.05)


async def comes_back(options: CameraOptions, within: Context, live: int) -> bool:
    """Whether so many are seen again; False while the city still opens its doors."""
    try:
        await listen(options, within, lambda heard: Counter(heard.states.values())["live"] >= live)
    except SourceError:
        return False
    return True


async def test_a_table_that_lists_each_camera_twice(dak_lak: City) -> None:
    dak_lak.switch(f"{CITY}=duplicates")
    async with context() as within:
        heard = await listen(dak_lak.options(CITY), within, lambda heard: len(heard.things) == 48)
        assert Counter(row.reason for row in heard.rejected) == {"same_id": 48}


async def test_late_pictures_stand_still(dak_lak: City) -> None:
    dak_lak.switch(f"{CITY}=late")
    async with context() as within:
        options = dak_lak.options(CITY, probe_s=1, thresholds={"frozen_s": 1.5})
        await listen(options, within, lambda heard: Counter(heard.states.values())["frozen"] > 40)


async def test_the_past_is_replayed_into_the_store(tmp_path: Path, writer: Writer, reader: Reader) -> None:
    town = Town(city("hue"), 1)
    end = datetime(2026, 11, 20, 4, 0, tzinfo=UTC).timestamp()
    files = feed.history(town, tmp_path, end - 14 * 86400, end)
    total = 0
    for binding in feed.sources(town):
        await writer.register([binding])
        first = await replay(writer, binding, [tmp_path / files[binding.id][0]])
        again = await replay(writer, binding, [tmp_path / files[binding.id][0]])
        assert (first.rejected, again.stored) == ({}, 0)
        total += first.stored
    assert 640 * 15 < total < 13_000
    now = datetime.fromtimestamp(end, UTC)
    view = View(Bounds(*town.city.bounds), 800, 600, now - timedelta(days=1), now)
    frame = reader.latest("cameras", Thing, view)
    assert len(frame) == 640
    assert frame["fov_deg"].notna().all()
