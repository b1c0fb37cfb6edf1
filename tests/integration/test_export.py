"""``vonglau export`` from a real store: every format read back, true VN-2000 with its system in the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from click.testing import CliRunner
from psycopg.conninfo import conninfo_to_dict

from geodata import crs
from geodata.city import SourceBinding
from geodata.commands.export import command
from geodata.errors import UnknownName, UsageError
from geodata.exchange import errors
from geodata.records import Feature, Position, Record, RequestStatus, ServiceRequest, Thing
from geodata.store.types import Role
from tests.support.cluster import TestCluster
from tests.support.sync_store import SyncStore

Run = Callable[..., str]
NOW = datetime.now(UTC).replace(microsecond=0)
HUE = (107.5847, 16.4637)
HUE_9214 = (562235.863, 1820977.006)


@pytest.fixture
def run(cluster: TestCluster, dsn: Callable[[Role], str], tmp_path: Path) -> Run:
    database = str(conninfo_to_dict(dsn("read"))["dbname"])
    env = {"VONGLAU_DSN": cluster.admin_dsn(database), "VONGLAU_DATA": str(tmp_path), "VONGLAU_CITY": "hue"}

    def invoke(*arguments: object) -> str:
        result = CliRunner().invoke(command, [str(a) for a in arguments], env=env, catch_exceptions=False)
        return result.output

    return invoke


def write(store: SyncStore, service: str, records: list[Record]) -> None:
    source = SourceBinding(id=f"test:{service}", protocol="import", service=service, title_vi="Thử", title_en="Test")
    store.write(source, records)


@pytest.fixture
def reports(store: SyncStore) -> None:
    """Two field reports, one at Trường Tiền; one with a person, who must not leave the store."""
    write(
        store,
        "field_reports",
        [
            ServiceRequest(
                id=f"open311:{n}",
                requested_datetime=NOW - timedelta(hours=n),
                updated_datetime=NOW - timedelta(hours=n),
                status=RequestStatus.SUBMITTED,
                title="Ổ gà trên đường Lê Lợi",
                geometry=shapely.Point(HUE),
                person={"name": "Nguyễn Văn A", "phone": "0900000000"},
            )
            for n in (1, 2)
        ],
    )


@pytest.mark.usefixtures("reports")
@pytest.mark.parametrize("ending", ["gpkg", "geojson", "parquet"])
@pytest.mark.parametrize("srid", [4326, 9214])
def test_a_service_in_every_format(run: Run, tmp_path: Path, ending: str, srid: int) -> None:
    path = tmp_path / f"phản_ánh.{ending}"
    assert "2 rows" in run("field_reports", "-o", path, "--srid", srid)
    found = gpd.read_parquet(path) if ending == "parquet" else gpd.read_file(path, engine="pyogrio")
    assert found.crs.to_epsg() == srid
    place = (found.geometry.x.iloc[0], found.geometry.y.iloc[0])
    if srid == 9214:
        assert place == pytest.approx(HUE_9214, abs=2e-3)  # GeoJSON is written to the millimetre or better
    else:
        assert place == pytest.approx(HUE, abs=1e-7)
    assert set(found["title"]) == {"Ổ gà trên đường Lê Lợi"}
    assert set(found["id"]) == {"open311:1", "open311:2"}
    assert pd.to_datetime(found["requested_datetime"], utc=True).max() == NOW - timedelta(hours=1)
    assert "0900000000" not in found.to_csv()


@pytest.mark.usefixtures("reports")
def test_csv_opens_with_its_text_and_names_its_axes(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    run("field_reports", "-o", path, "--srid", 9214)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # so that spreadsheets read UTF-8
    found = pd.read_csv(path)
    assert found["title"].iloc[0] == "Ổ gà trên đường Lê Lợi"
    assert (found["easting"].iloc[0], found["northing"].iloc[0]) == pytest.approx(HUE_9214, abs=1e-3)
    assert set(found["srid"]) == {9214}
    run("field_reports", "-o", path)
    assert pd.read_csv(path)[["lon", "lat"]].iloc[0].tolist() == pytest.approx(HUE)


@pytest.mark.usefixtures("reports")
def test_a_span_of_time_and_an_instant(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "reports.csv"
    span = ("--start", (NOW - timedelta(minutes=90)).isoformat(), "--end", NOW.isoformat())
    assert "1 rows" in run("field_reports", "-o", path, *span)
    assert pd.read_csv(path)["id"].tolist() == ["open311:1"]
    with pytest.raises(errors.NothingToExport):
        run("field_reports", "-o", path, "--known-at", (NOW - timedelta(days=1)).isoformat())
    with pytest.raises(UsageError, match="--at"):
        run("field_reports", "-o", path, "--at", "2026-11-20", "--start", "2026-11-19")


def test_a_service_of_several_kinds(run: Run, store: SyncStore, tmp_path: Path) -> None:
    boat = Thing(id="mmsi:574000001", name="TTH 90001 TS", category="fishing")
    fix = Position(thing_id=boat.id, time=NOW - timedelta(minutes=5), lon=107.9, lat=16.7, sog_kn=4.0)
    write(store, "fishing_vessels", [boat, fix])
    path = tmp_path / "vessels.gpkg"
    run("fishing_vessels", "-o", path)
    assert "fishing_vessels_Position" in {str(name) for name, _ in pyogrio.list_layers(path)}
    with pytest.raises(errors.SeveralKinds, match="Position"):
        run("fishing_vessels", "-o", tmp_path / "vessels.csv")
    run("fishing_vessels", "-o", tmp_path / "vessels.csv", "--kind", "Position")
    assert pd.read_csv(tmp_path / "vessels.csv")["sog_kn"].tolist() == [4.0]


def test_an_imported_collection_with_areas(run: Run, store: SyncStore, tmp_path: Path) -> None:
    area = crs.reproject(shapely.box(562000, 1820000, 563000, 1821000), 9214, 4326)
    zone = Feature(collection="planning", id="QH1", geometry=area, name="Vỹ Dạ", properties={"ghi_chú": ["đã duyệt"]})
    write(store, "geography", [zone])
    path = tmp_path / "planning.geojson"
    run("planning", "-o", path, "--srid", 9214)
    raw = json.loads(path.read_text(encoding="utf-8"))
    assert raw["crs"]["properties"]["name"] == "urn:ogc:def:crs:EPSG::9214"
    found = gpd.read_file(path, engine="pyogrio")
    assert found.geometry.iloc[0].area == pytest.approx(1_000_000, abs=5)
    assert "đã duyệt" in str(found["properties"].iloc[0])
    run("planning", "-o", tmp_path / "planning.csv")
    assert pd.read_csv(tmp_path / "planning.csv")["wkt"].iloc[0].startswith("POLYGON")


def test_the_geography_that_comes_with_the_program(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "wards.gpkg"
    assert "350 rows" in run("wards", "-o", path, "--srid", 9214)
    found = gpd.read_file(path, engine="pyogrio")
    assert found.crs.to_epsg() == 9214
    assert found["approximate"].all()
    assert "Thuận Hóa" in set(found["name"])


def test_what_cannot_be_exported_is_told_and_leaves_no_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "none.gpkg"
    with pytest.raises(UnknownName, match="wards"):
        run("no_such_thing", "-o", path)
    with pytest.raises(crs.RefusedCRS, match="swapped"):
        run("wards", "-o", path, "--srid", 6956)
    with pytest.raises(UsageError, match="--format"):
        run("wards", "-o", tmp_path / "wards")
    assert list(tmp_path.iterdir()) == []
