"""The simulated history of public order as TAK events, and what a storm makes of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time

import pytest

from geodata.city import city
from geodata.records import Event
from geodata.store.reader import Reader
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from sources.recording import replay
from sources.simulator.feeds.order_tak import FEED, SOURCE
from sources.simulator.patrols import order
from sources.simulator.scenario import scenario
from sources.simulator.town import Town


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(city("hue"), 1)


async def test_the_recording_loads(town: Town, writer: Writer, reader: Reader, tmp_path: Path) -> None:
    end = time()
    files = FEED.history(town, tmp_path, end - 14 * 86400, end)
    (bound,) = FEED.sources(town)
    await writer.register([bound])
    done = await replay(writer, bound, [tmp_path / files[SOURCE][0]])
    assert 1000 < done.received < 20_000
    assert done.closes
    assert not done.rejected
    now = datetime.fromtimestamp(end, UTC)
    view = View(Bounds(107, 15.9, 108.3, 16.8), 800, 600, now - timedelta(days=14), now)
    events = reader.between("public_order", Event, view)
    assert 30 < len(events) < 150
    assert set(events["category"]) >= {"theft", "public_disorder"}
    assert events["title"].notna().all()
    assert set(events["status"]) <= {"active", "ended", "cancelled"}


def test_a_storm_brings_boats_and_calls(town: Town) -> None:
    wet = Town(town.city, 1, scenario("flood"), begun=0.0)
    calm, flooded, height = town.part(order), wet.part(order), 15 * 3600.0
    assert len(flooded.on_duty(height)) == len(calm.on_duty(height)) + 6
    calm_calls, calls = list(calm.incidents(0, 86400.0)), list(flooded.incidents(0, 86400.0))
    assert len(calls) > 1.5 * len(calm_calls)
    assert sum(one.type == "b-l-r" for one in calls) > sum(one.type == "b-l-r" for one in calm_calls)
