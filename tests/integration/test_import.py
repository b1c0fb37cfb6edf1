"""``vonglau import`` into a real store: what came in is there, twice is once, a wrong file leaves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from click.testing import CliRunner
from PIL import Image
from psycopg.conninfo import conninfo_to_dict

from geodata import crs
from geodata.commands.import_ import command
from geodata.exchange import errors
from geodata.geography import collection
from geodata.records import Coverage, Feature
from geodata.store.reader import Reader
from geodata.store.types import Role
from geodata.view import Bounds, View
from tests.support.cluster import TestCluster

PAYLOADS = Path(__file__).parents[1] / "payloads" / "osm"
Run = Callable[..., str]


@pytest.fixture
def run(cluster: TestCluster, dsn: Callable[[Role], str], tmp_path: Path) -> Run:
    """``run("osm", path)``: the command's output, on this test's database."""
    database = str(conninfo_to_dict(dsn("read"))["dbname"])
    env = {"VONGLAU_DSN": cluster.admin_dsn(database), "VONGLAU_DATA": str(tmp_path), "VONGLAU_CITY": "hue"}

    def invoke(*arguments: object) -> str:
        result = CliRunner().invoke(command, [str(a) for a in arguments], env=env, catch_exceptions=False)
        return result.output

    return invoke


def stored(reader: Reader, name: str, service: str = "geography") -> gpd.GeoDataFrame:
    end = datetime.now(UTC) + timedelta(minutes=1)
    rows = reader.latest(service, Feature, View(Bounds(100, 5, 120, 25), 100, 100, end - timedelta(days=1), end))
    return gpd.GeoDataFrame(rows[rows["collection"] == name])


def test_features_from_a_shapefile_in_vn2000(run: Run, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "quy_hoạch.shp"
    squares = [shapely.box(562000, 1820000, 563000, 1821000), shapely.box(564000, 1820000, 565000, 1821000)]
    frame = gpd.GeoDataFrame({"ma": ["QH1", "QH2"], "ten": ["Vỹ Dạ", "An Vân Dương"]}, geometry=squares, crs=9214)
    frame.to_file(path, engine="pyogrio", encoding="utf-8")
    arguments = ("features", path, "--collection", "planning", "--id-field", "ma", "--category", "zone", "--json")
    assert json.loads(run(*arguments))["planning"] == {"received": 2, "stored": 2, "duplicate": 0, "rejected": {}}
    assert json.loads(run(*arguments))["planning"]["duplicate"] == 2
    rows = stored(reader, "planning", "planning")  # the catalogue's service of that name shows it
    assert sorted(rows["name"]) == ["An Vân Dương", "Vỹ Dạ"]
    assert set(rows["category"]) == {"zone"}
    exact = crs.reproject(squares[0], 9214, 4326)
    found = rows[rows["name"] == "Vỹ Dạ"].geometry.iloc[0]
    assert found.hausdorff_distance(exact) < 1e-8


def test_a_changed_shape_supersedes_the_old_one(run: Run, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "zones.geojson"
    for east in (107.60, 107.61):
        frame = gpd.GeoDataFrame({"ma": ["QH1"]}, geometry=[shapely.box(107.58, 16.45, east, 16.46)], crs=4326)
        frame.to_file(path, engine="pyogrio")
        output = run("features", path, "--collection", "zones", "--id-field", "ma")
        assert "stored 1" in output
    rows = stored(reader, "zones")
    assert rows.geometry.iloc[0].bounds[2] == pytest.approx(107.61)
    assert len(rows) == 1


def test_boundaries_are_areas(run: Run, reader: Reader, tmp_path: Path) -> None:
    wards = collection("wards")
    path = tmp_path / "wards.gpkg"
    wards[wards["city"] == "hue"].to_file(path, engine="pyogrio")
    fields = ("--id-field", "id", "--category-field", "kind", "--valid-from", "2025-07-01")
    run("boundaries", path, *fields, "--approximate", "--collection", "wards")
    rows = stored(reader, "wards")
    assert len(rows) == 40
    assert rows["approximate"].all()
    assert rows["valid_from"].iloc[0] == datetime(2025, 6, 30, 17, tzinfo=UTC)  # midnight in Viet Nam
    end = datetime.now(UTC)
    here = reader.query("features_at", collection="wards", lon=107.584, lat=16.4556, time=end)
    assert here["name"].tolist() == ["Thuận Hóa"]
    points = tmp_path / "points.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(107.5, 16.4)], crs=4326).to_file(points, engine="pyogrio")
    with pytest.raises(errors.NotPolygons, match="Point"):
        run("boundaries", points)


def test_an_osm_extract(run: Run, reader: Reader) -> None:
    sums = json.loads(run("osm", PAYLOADS / "hue.osm.pbf", "--json"))
    assert {name: each["stored"] for name, each in sums.items()} == {
        "roads": 3,
        "bridges": 1,
        "waterways": 1,
        "water": 2,
        "place_names": 2,  # Hà Nội lies outside the city's box
    }
    roads = stored(reader, "roads")
    assert roads.loc["osm:w101", "properties"]["ref"] == "QL.49"
    assert roads.loc["osm:w102", "name"] == "Cầu Trường Tiền"
    again = json.loads(run("osm", PAYLOADS / "hue.osm.pbf", "--everywhere", "--json"))
    assert (again["roads"]["stored"], again["place_names"]["stored"]) == (0, 1)


def test_a_wrong_system_leaves_nothing_behind(run: Run, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "points.shp"
    gpd.GeoDataFrame({"ten": ["Cầu"]}, geometry=[shapely.Point(1820977, 562235)], crs=9214).to_file(
        path, engine="pyogrio"
    )
    with pytest.raises(crs.OutsideVietNam, match="northing stands before easting; swap them with --swap"):
        run("features", path, "--collection", "bridges")
    assert stored(reader, "bridges").empty
    run("features", path, "--collection", "bridges", "--swap")
    assert stored(reader, "bridges")["name"].tolist() == ["Cầu"]


def test_a_picture_with_bounds(run: Run, reader: Reader, tmp_path: Path) -> None:
    path = tmp_path / "radar.png"
    Image.new("L", (100, 100)).save(path)
    path.with_suffix(".pgw").write_text("0.01\n0\n0\n-0.01\n107.005\n16.995\n", encoding="ascii")
    output = run("coverage", path, "--time", "2026-11-20T14:00+07:00", "--srid", 4326, "--category", "radar")
    assert "stored 1" in output
    end = datetime(2026, 11, 20, 8, tzinfo=UTC)
    view = View(Bounds(100, 5, 120, 25), 100, 100, end - timedelta(days=1), end)
    rows = reader.latest("imagery", Coverage, view)
    assert rows["href"].tolist() == [path.as_uri()]
    assert rows["time"].iloc[0] == datetime(2026, 11, 20, 7, tzinfo=UTC)
