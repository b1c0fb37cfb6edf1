"""What the map shows of simulated assets needs places and ids of their own, and reports within their cadence."""

from __future__ import annotations

import pytest

from geodata.city import city
from geodata.rules import project
from layers import _features
from sources.simulator.cabinets import lighting
from sources.simulator.feeds.utilities_ngsi import CADENCE_S
from sources.simulator.gis_cast import NETWORKS, Office
from sources.simulator.town import Town
from sources.simulator.utilities import STEP_S


@pytest.fixture(scope="module")
def town() -> Town:
    return Town(city("dak_lak"), 1)


def test_no_feeder_stands_on_its_substation(town: Town) -> None:
    found = lighting(town)
    assert found is not None
    assert len({(asset.lon, asset.lat) for asset in found.grid}) == len(found.grid)


def test_ids_of_networks_are_unique_over_all_of_them(town: Town) -> None:
    items = [item for name in NETWORKS for item in town.part(Office.of).network(name)]
    assert len({item["id"] for item in items}) == len(items)
    assert 0 < sum(item["properties"].get("trang_thai") == "quy hoạch" for item in items) < len(items) / 4


def test_projects_tell_what_their_standing_needs(town: Town) -> None:
    for item in town.part(Office.of).projects():
        begin, finish = (_features.day_of(_features.field(item["properties"], name)) for name in ("begin", "finish"))
        assert begin is not None
        assert finish is not None
        done = float(_features.field(item["properties"], "progress")) / 100
        assert project.standing(begin, finish, done, begin).name in {"on_time", "done"}


def test_no_device_is_silent_between_two_of_its_reports() -> None:
    assert max(STEP_S.values()) < 3 * CADENCE_S
