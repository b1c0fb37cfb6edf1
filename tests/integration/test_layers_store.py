"""Layers over a real store, held against plain computations: two clocks, the exact pick, the same picture always."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from PIL import Image
from psycopg.conninfo import conninfo_to_dict
from pyproj import Geod
from shapely import Point

from geodata.records import Observation, Position, Record, Thing
from geodata.store.reader import Reader
from geodata.store.types import Role
from geodata.view import Bounds, View
from layers import compose, elements
from layers.base import get
from layers.commands import render
from layers.elements import Marks
from layers.mapfigure import flat
from tests.support import scene
from tests.support.cluster import TestCluster
from tests.support.sync_store import SyncStore

NOW = datetime.now(UTC).replace(microsecond=0)
AROUND = Bounds(107.2, 16.2, 108.2, 16.9)
SERVICES = tuple(scene.BINDINGS)
LATE = timedelta(minutes=20)
"""How long before NOW the late rows came in; they tell of two hours before."""


def view(**more: object) -> View:
    return replace(View(AROUND, 600, 440, NOW - timedelta(days=1), NOW), **more)  # type: ignore[arg-type]


def known_since(records: Sequence[Record], at: datetime) -> list[Record]:
    return [replace(record, received_at=at) for record in records]


def vessel(name: int) -> list[Record]:
    return [scene.fix(name, NOW - timedelta(hours=2), 107.9, 16.7, sog_kn=6.0, cog_deg=10.0)]


def gauge(name: str) -> list[Record]:
    at = NOW - timedelta(hours=2)
    level = Observation(thing_id=name, observed_property="water_level", phenomenon_time=at, result=0.5, unit="m")
    return [Thing(id=name, name=name, category="water_station", geometry=Point(107.5, 16.5)), level]


def air(name: str) -> list[Record]:
    hours = [NOW - timedelta(hours=2 + i) for i in range(3)]
    values = [
        Observation(thing_id=name, observed_property="pm25", phenomenon_time=t, result=20.0, unit="ug/m3")
        for t in hours
    ]
    return [Thing(id=name, name=name, category="air_station", geometry=Point(107.5, 16.4)), *values]


def case(name: str) -> list[Record]:
    return [scene.request(name, NOW, 2, 5)]


ROWS: dict[str, Callable[[bool], tuple[str, list[Record]]]] = {
    "fishing_vessels": lambda late: (f"mmsi:{574000400 + late}", vessel(574000400 + late)),
    "hydrology": lambda late: (f"sta:{late}", gauge(f"sta:{late}")),
    "air_quality": lambda late: (f"sta:{late}", air(f"sta:{late}")),
    "field_reports": lambda late: (f"open311:{late}", case(str(late))),
}


@pytest.mark.parametrize("service", SERVICES)
def test_what_was_known_then_lacks_exactly_the_late_rows(store: SyncStore, reader: Reader, service: str) -> None:
    """Two things tell of the same hour; of one we heard at once, of the other twenty minutes ago."""
    (early, in_time), (late, delayed) = (ROWS[service](flag) for flag in (False, True))
    store.write(scene.BINDINGS[service], known_since(in_time, NOW - timedelta(hours=1, minutes=50)))
    store.write(scene.BINDINGS[service], known_since(delayed, NOW - LATE))
    layer = get(service)
    now = layer.load(reader, view())
    then = layer.load(reader, view(known_at=NOW - LATE - timedelta(seconds=1)))
    assert set(now.index) == {early, late}
    assert set(then.index) == {early}
    same = [name for name in ("level", "text", "due", "aqi", "value", "age_s") if name in now]
    pd.testing.assert_frame_equal(pd.DataFrame(now.loc[[early], same]), pd.DataFrame(then[same]), check_dtype=False)
    assert len(layer.load(reader, view(known_at=NOW - timedelta(hours=3)))) == 0


@pytest.mark.parametrize(
    ("after_s", "state"), [(0, "fresh"), (600, "fresh"), (601, "late"), (1800, "late"), (1801, "silent")]
)
def test_a_gauge_grows_old_by_the_cadence_of_its_source(
    store: SyncStore, reader: Reader, after_s: float, state: str
) -> None:
    store.write(scene.BINDINGS["hydrology"], gauge("sta:old"))
    measured = NOW - timedelta(hours=2)
    found = get("hydrology").load(reader, view(end=measured + timedelta(seconds=after_s)))
    assert found.loc["sta:old", "state"] == state
    assert found.loc["sta:old", "level"] == (2 if state == "silent" else 0)


def test_a_pick_is_what_plain_geodesy_finds(store: SyncStore, reader: Reader) -> None:
    """Random tracks around a point: of each vessel the fix nearest to it, in order, to the metre."""
    roll = np.random.default_rng(3)
    lon, lat, radius = 107.9, 16.7, 4000.0
    fixes: list[Record] = [
        Position(
            thing_id=f"mmsi:{574000500 + i % 40}",
            time=NOW - timedelta(minutes=float(i)),
            lon=float(lon + roll.normal(0, 0.04)),
            lat=float(lat + roll.normal(0, 0.04)),
        )
        for i in range(400)
    ]
    store.write(scene.BINDINGS["fishing_vessels"], fixes)
    found = reader.at("fishing_vessels", lon, lat, view(), radius_m=radius)
    picked = found[found["chosen"] == "nearest_fix"]
    geod, nearest = Geod(ellps="WGS84"), dict[str, float]()
    for fix in fixes:
        assert isinstance(fix, Position)
        distance = geod.inv(lon, lat, fix.lon, fix.lat)[2]
        if distance <= radius:
            nearest[fix.thing_id] = min(distance, nearest.get(fix.thing_id, distance))
    expected = sorted(nearest.items(), key=lambda item: item[1])
    assert len(expected) > 10
    assert list(picked.index) == [name for name, _ in expected]
    np.testing.assert_allclose(picked["distance_m"], [d for _, d in expected], atol=1.0)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("zoom_px", [600, 6000])
def test_drawn_marks_carry_the_columns_of_the_contract(
    store: SyncStore, reader: Reader, service: str, zoom_px: int
) -> None:
    scene.fill(store, NOW)
    at = view(width_px=zoom_px, height_px=zoom_px * 44 // 60)
    layer = get(service)
    for element in flat(layer.draw(layer.load(reader, at), at)):
        assert isinstance(element, Marks)
        names = {dimension.name for dimension in element.dimensions()}
        assert {"x", "y", "mark", "state", "level", "alpha", "id"} <= names
        assert names <= {"x", "y", *elements.COLUMNS}
        assert np.isfinite(element.dimension_values("x")).all()
        assert np.isfinite(element.dimension_values("y")).all()


def test_the_same_moment_is_the_same_picture_and_render_draws_it(
    store: SyncStore,
    reader: Reader,
    cluster: TestCluster,
    dsn: Callable[[Role], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    scene.fill(store, NOW)
    wanted = ["basemap", *SERVICES]
    at = render.fitted(AROUND, 600, 440, NOW, None)
    first, second = (compose.still(reader, wanted, at, city="hue").tobytes() for _ in range(2))
    assert first == second
    monkeypatch.setenv("VONGLAU_DSN", cluster.admin_dsn(str(conninfo_to_dict(dsn("read"))["dbname"])))
    bounds = f"{AROUND.west},{AROUND.south},{AROUND.east},{AROUND.north}"
    arguments = ["--city", "hue", "--data", str(tmp_path), "--layers", ",".join(wanted), "--bounds", bounds]
    arguments += ["--size", "600x440", "--at", NOW.isoformat(), "-o", str(tmp_path / "map.png")]
    result = CliRunner().invoke(render.command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert Image.open(tmp_path / "map.png").convert("RGB").tobytes() == first
