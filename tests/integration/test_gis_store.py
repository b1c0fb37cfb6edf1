"""Station files, features and images from the wire into PostGIS, twice: the second time stores nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from geodata.city import city
from geodata.records import Coverage, Event, Feature, Observation
from geodata.store.reader import Reader
from geodata.store.types import Batch
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from sources.simulator.feeds.imagery import RADAR
from sources.simulator.feeds.planning_ogc import CASES, PLANS
from sources.simulator.feeds.stations_ftp import AIR, WATER
from sources.simulator.town import Town
from tests.support.city_feed import Polled, open_feed


async def stored(writer: Writer, polled: Polled, **options: object) -> tuple[int, int]:
    """Rows stored and duplicates of one poll; nothing may be rejected by the store."""
    rows = await polled.poll(**options)
    await writer.register([polled.binding])
    await writer.state(polled.binding.id, up=True)
    written = await writer.write(polled.binding.id, Batch(rows, polled.cursor))
    assert written.closes
    assert written.rejected == {}
    return written.stored, written.duplicate


def view(city_id: str) -> View:
    now = datetime.now(UTC)
    return View(Bounds(*city(city_id).bounds), 800, 600, now - timedelta(hours=3), now + timedelta(seconds=10))


async def test_station_files_reach_the_store_once(writer: Writer, reader: Reader, tmp_path: Path) -> None:
    async with open_feed("stations_ftp", Town(city("hue"), 1), tmp_path) as opened:
        for source, service in ((AIR, "air_quality"), (WATER, "hydrology")):
            polled = opened.sources[source]
            first, _ = await stored(writer, polled, settle_s=0)
            assert first > 150
            # machines without our cursor; to one of them a logger may have handed a new file meanwhile, not to both
            again = [(await stored(writer, Polled(polled.binding), settle_s=0))[0] for _ in range(2)]
            assert 0 in again
            frame = reader.latest(service, Observation, view("hue"))
            assert len(frame["id"].unique()) == 2
            assert frame.geometry.notna().all()
        assert {"ph", "water_level"} <= set(frame["observed_property"])


async def test_plans_cases_and_images_reach_the_store_once(writer: Writer, reader: Reader, tmp_path: Path) -> None:
    town = Town(city("dak_lak"), 1)
    async with open_feed("planning_ogc", town, tmp_path / "a") as opened:
        for source in (PLANS, CASES):
            polled = opened.sources[source]
            assert (await stored(writer, polled))[0] > 50
            assert (await stored(writer, Polled(polled.binding)))[0] == 0
    features = reader.latest("planning", Feature, view("dak_lak"))
    assert {"quy_hoach", "du_an", "giay_phep"} == set(features["collection"])
    assert len(reader.between("planning", Event, view("dak_lak"))) <= 3
    async with open_feed("imagery", town, tmp_path / "b") as opened:
        assert (await stored(writer, opened.sources[RADAR], settle_s=0))[0] >= 6
        (newest,) = reader.latest("imagery", Coverage, view("dak_lak")).to_dict("records")
        assert str(newest["href"]).startswith(str(tmp_path))
        assert newest["category"] == "radar_rain"


async def test_a_feature_that_is_gone_is_no_longer_shown(writer: Writer, reader: Reader, tmp_path: Path) -> None:
    async with open_feed("planning_ogc", Town(city("dong_ha"), 1), tmp_path) as opened:
        polled = opened.sources[PLANS]
        await stored(writer, polled)
        now = view("dong_ha")
        before = reader.latest("planning", Feature, now)
        one = before.iloc[0]
        ended = Feature(
            collection=str(one["collection"]),
            id=str(one.name),
            geometry=one.geometry,
            name=str(one["name"]),
            valid_from=None if str(one["valid_from"]) == "NaT" else one["valid_from"].to_pydatetime(),
            valid_to=datetime.now(UTC),
        )
        await writer.write(polled.binding.id, Batch([ended]))
        assert len(reader.latest("planning", Feature, now)) == len(before) - 1
