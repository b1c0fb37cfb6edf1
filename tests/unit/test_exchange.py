"""Files of every format, made here and read back: the system is told, never guessed; the text stays Vietnamese."""

from __future__ import annotations

import json
import math
import unicodedata
from datetime import UTC, date, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image, TiffImagePlugin
from pyproj import CRS

from geodata import crs
from geodata.exchange import coverage, errors, export, osm, read, records, times
from geodata.records import Feature, Rejected

PAYLOADS = Path(__file__).parents[1] / "payloads" / "osm"
HUE = (562235.863, 1820977.006)  # EPSG:9214
SQUARE = shapely.box(562000, 1820000, 563000, 1821000)
FORMATS = ["zones.shp", "zones.geojson", "zones.gpkg", "zones.fgb"]


def zones(srid: int | None = 9214) -> gpd.GeoDataFrame:
    """Two zones near Huế with Vietnamese names, one of them in NFD."""
    names = ["Khu quy hoạch Vỹ Dạ", unicodedata.normalize("NFD", "Khu đô thị An Vân Dương")]
    shapes = [SQUARE, shapely.affinity.translate(SQUARE, 2000, 0)]
    return gpd.GeoDataFrame({"ma": ["QH1", "QH2"], "ten": names, "dt_ha": [100.0, np.nan]}, geometry=shapes, crs=srid)


def fields(**more: object) -> records.Fields:
    return records.Fields(collection="planning", **more)  # type: ignore[arg-type]  # keywords of the one class


@pytest.mark.parametrize("name", FORMATS)
def test_every_vector_format_comes_back_in_wgs84(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    frame = zones()
    if name.endswith(".geojson"):
        frame = export.moved(frame.to_crs(4326), 4326)
    frame.to_file(path, engine="pyogrio", encoding="utf-8")
    found = read.read(path).sort_values("ma")  # FlatGeobuf sorts by place
    assert found.crs.to_epsg() == 4326
    corner = crs.from_vn2000(562000, 1820000, 9214)
    west, south, *_ = found.total_bounds
    assert (west, south) == pytest.approx(corner, abs=2e-4)  # a square in the plane is a little turned on the globe
    first, second = records.features(found, fields(id_field="ma"), path)
    assert isinstance(first, Feature)
    assert isinstance(second, Feature)
    assert (first.id, first.name) == ("QH1", "Khu quy hoạch Vỹ Dạ")
    assert second.name == unicodedata.normalize("NFC", "Khu đô thị An Vân Dương")
    assert first.properties["dt_ha"] == 100.0
    assert "dt_ha" not in second.properties  # NaN says nothing


def test_a_shapefile_without_prj_must_be_told(tmp_path: Path) -> None:
    path = tmp_path / "zones.shp"
    zones().to_file(path, engine="pyogrio", encoding="utf-8")
    path.with_suffix(".prj").unlink()
    with pytest.raises(errors.NoCRS, match="--srid"):
        read.read(path)
    told = read.read(path, srid=9214)
    assert told.total_bounds[:2] == pytest.approx(crs.from_vn2000(562000, 1820000, 9214), abs=2e-4)


def test_a_zone_under_another_name_brings_its_datum_shift(tmp_path: Path) -> None:
    """As QGIS users define it: towgs84 of nothing, which would put Huế 225 m away."""
    wkt = CRS.from_epsg(9214).to_wkt("WKT1_ESRI")
    path = tmp_path / "zones.shp"
    zones().to_file(path, engine="pyogrio", encoding="utf-8")
    path.with_suffix(".prj").write_text(wkt.replace("TM-3_107-00", "HUE_107"), encoding="ascii")
    assert read.epsg(CRS.from_wkt(path.with_suffix(".prj").read_text(encoding="ascii"))) == 9214
    exact = crs.from_vn2000(562000, 1820000, 9214)
    assert read.read(path).total_bounds[:2] == pytest.approx(exact, abs=2e-4)


def test_a_foreign_system_without_code_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "zones.gpkg"
    own = CRS.from_proj4("+proj=tmerc +lon_0=107 +k=0.9999 +x_0=500000 +ellps=krass +units=m +no_defs")
    zones(None).set_crs(own).to_file(path, engine="pyogrio")
    with pytest.raises(errors.ForeignCRS, match="--srid"):
        read.read(path)
    assert len(read.read(path, srid=9214)) == 2


def test_file_and_option_may_not_disagree(tmp_path: Path) -> None:
    path = tmp_path / "zones.gpkg"
    zones().to_file(path, engine="pyogrio")
    with pytest.raises(errors.CRSConflict, match=r"EPSG:9214.*EPSG:9212"):
        read.read(path, srid=9212)


@pytest.mark.parametrize(
    ("points", "srid", "swap", "cause"),
    [
        ([(16.46, 107.58)], 4326, False, "latitude stands before longitude"),
        ([HUE[::-1]], 9214, False, "northing stands before easting"),
        ([HUE], 4326, False, "metres"),
        ([HUE], 9214, True, "northing stands before easting"),
        ([(18_562_235.0, 1_820_977.0)], 9214, False, "Hanoi 1972"),
    ],
)
def test_a_wrong_place_is_refused_with_its_cause(
    tmp_path: Path, points: list[tuple[float, float]], srid: int, swap: bool, cause: str
) -> None:
    path = tmp_path / "points.gpkg"
    gpd.GeoDataFrame(geometry=gpd.points_from_xy(*zip(*points, strict=True)), crs=srid).to_file(path, engine="pyogrio")
    with pytest.raises(crs.OutsideVietNam, match=cause):
        read.read(path, swap=swap)


def test_a_wrong_zone_is_seen_from_where_it_leads(tmp_path: Path) -> None:
    """Đông Hà's own data read in the zone of the old Quảng Bình, 26.6 km off."""
    path = tmp_path / "points.shp"
    point = shapely.Point(590430.599, 1860097.170)
    gpd.GeoDataFrame({"ten": ["Đông Hà"]}, geometry=[point], crs=9211).to_file(path, engine="pyogrio", encoding="utf-8")
    box = (107.05, 16.78, 107.15, 16.86)
    warning = read.elsewhere(read.read(path), box)
    assert warning is not None
    assert "EPSG:9211" in warning
    assert "9212" in warning
    path.with_suffix(".prj").unlink()
    assert read.elsewhere(read.read(path, srid=9212), box) is None


def test_swapped_axes_are_put_right_when_told(tmp_path: Path) -> None:
    path = tmp_path / "points.gpkg"
    gpd.GeoDataFrame(geometry=[shapely.Point(16.46, 107.58)], crs=4326).to_file(path, engine="pyogrio")
    assert read.read(path, swap=True).geometry.iloc[0].equals(shapely.Point(107.58, 16.46))


def test_files_that_are_none_and_layers_to_choose(tmp_path: Path) -> None:
    with pytest.raises(errors.Unreadable, match="no such file"):
        read.read(tmp_path / "none.shp")
    broken = tmp_path / "broken.gpkg"
    broken.write_bytes(b"not a database")
    with pytest.raises(errors.Unreadable, match="broken"):
        read.read(broken)
    two = tmp_path / "two.gpkg"
    zones().to_file(two, layer="a", engine="pyogrio")
    zones().to_file(two, layer="b", engine="pyogrio")
    with pytest.raises(errors.NoLayer, match="a, b"):
        read.read(two)
    assert len(read.read(two, layer="b")) == 2


def test_rows_that_cannot_be_used_are_counted_not_lost(tmp_path: Path) -> None:
    frame = zones().to_crs(4326)
    frame = pd.concat([frame, frame.iloc[:1], frame.iloc[:1].assign(geometry=None, ma="QH3")], ignore_index=True)
    found = records.features(gpd.GeoDataFrame(frame, crs=4326), fields(id_field="ma"), tmp_path)
    assert [row.reason for row in found if isinstance(row, Rejected)] == ["same_id", "no_geometry"]
    kept = json.loads(next(row.payload or b"" for row in found if isinstance(row, Rejected)))
    assert kept["ten"] == "Khu quy hoạch Vỹ Dạ"


def test_ids_made_of_the_shape_stay_the_same(tmp_path: Path) -> None:
    frame = zones().to_crs(4326)
    once, again = (
        [row.id for row in records.features(f, fields(), tmp_path) if isinstance(row, Feature)]
        for f in (frame, frame.iloc[::-1])
    )
    assert sorted(once) == sorted(again)
    assert len(set(once)) == 2


def test_heights_and_broken_areas_are_mended(tmp_path: Path) -> None:
    bow = shapely.Polygon([(107.5, 16.4, 5), (107.6, 16.5, 5), (107.6, 16.4, 5), (107.5, 16.5, 5)])
    (found,) = records.features(gpd.GeoDataFrame({"name": ["Nơ"]}, geometry=[bow], crs=4326), fields(), tmp_path)
    assert isinstance(found, Feature)
    assert found.geometry.is_valid
    assert not found.geometry.has_z


def test_an_unknown_field_is_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(errors.NoField, match="ma, ten, dt_ha"):
        records.features(zones().to_crs(4326), fields(name_field="tên"), tmp_path)


def test_cells_become_json() -> None:
    values = [np.int64(3), np.float64("nan"), math.inf, date(2026, 11, 20), pd.NaT, " a\0 ", "", b"x", {"k": [1, None]}]
    assert [records.clean(v) for v in values] == [3, None, None, "2026-11-20", None, "a", None, None, {"k": [1, None]}]


@pytest.mark.parametrize("name", ["hue.osm.pbf", "hue.osm"])
def test_an_osm_extract_becomes_collections(name: str) -> None:
    found = {collection: {f.id: f for f in rows} for collection, rows in osm.collections(PAYLOADS / name, None)}
    assert {key: sorted(rows) for key, rows in found.items()} == {
        "roads": ["osm:w101", "osm:w102", "osm:w103"],
        "bridges": ["osm:w102"],
        "waterways": ["osm:w105"],
        "water": ["osm:r201", "osm:w108"],
        "place_names": ["osm:n20", "osm:n21", "osm:n23"],
    }
    assert (found["roads"]["osm:w101"].category, found["roads"]["osm:w101"].properties["ref"]) == ("trunk", "QL.49")
    assert found["bridges"]["osm:w102"].name == "Cầu Trường Tiền"
    assert found["place_names"]["osm:n21"].name == "Vỹ Dạ"  # name:vi before name
    assert shapely.get_num_interior_rings(shapely.get_parts(found["water"]["osm:r201"].geometry)).tolist() == [1]


def test_an_osm_extract_may_be_cut_to_the_city() -> None:
    rows = dict(osm.collections(PAYLOADS / "hue.osm.pbf", (107.0, 15.95, 108.9, 17.2)))
    assert [f.name for f in rows["place_names"]] == ["Huế", "Vỹ Dạ"]
    with pytest.raises(errors.Unreadable):
        dict(osm.collections(PAYLOADS / "none.osm.pbf", None))


def test_other_tags_may_hold_quotes() -> None:
    tags = osm.tags_of({"osm_id": "1", "other_tags": r'"note"=>"says \"six\"","bridge"=>"yes"'})
    assert tags == {"osm_id": "1", "note": 'says "six"', "bridge": "yes"}


def geotiff(path: Path, srid: int) -> None:
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags.tagtype |= {33550: 12, 33922: 12, 34735: 3}
    tags[33550] = (100.0, 100.0, 0.0)
    tags[33922] = (0.0, 0.0, 0.0, 560000.0, 1825000.0, 0.0)
    tags[34735] = (1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, srid)
    Image.new("L", (80, 40)).save(path, tiffinfo=tags)


def test_a_geotiff_says_where_it_lies(tmp_path: Path) -> None:
    path = tmp_path / "ảnh.tif"
    geotiff(path, 9214)
    found = coverage.read(path, time=datetime(2026, 11, 20, tzinfo=UTC), category="orthophoto")
    assert found.media_type.startswith("image/tiff")
    assert found.href.startswith("file:///")
    assert found.geometry.covers(shapely.Point(*crs.from_vn2000(564000, 1823000, 9214)))
    area = crs.reproject(found.geometry, 4326, 9214).area
    assert area == pytest.approx(8000 * 4000, rel=1e-6)
    with pytest.raises(errors.CRSConflict):
        coverage.read(path, time=datetime(2026, 11, 20, tzinfo=UTC), srid=9212)


def test_a_picture_with_a_world_file(tmp_path: Path) -> None:
    path = tmp_path / "radar.png"
    Image.new("L", (100, 100)).save(path)
    moment = datetime(2026, 11, 20, tzinfo=UTC)
    with pytest.raises(errors.NoBounds):
        coverage.read(path, time=moment, srid=4326)
    path.with_suffix(".pgw").write_text("0.01\n0\n0\n-0.01\n107.005\n16.995\n", encoding="ascii")
    with pytest.raises(errors.NoCRS):
        coverage.read(path, time=moment)
    found = coverage.read(path, time=moment, srid=4326)
    assert found.geometry.bounds == pytest.approx((107, 16, 108, 17))
    with pytest.raises(errors.Unreadable):
        coverage.read(tmp_path / "none.png", time=moment)


def test_times_are_of_viet_nam_unless_they_say() -> None:
    assert times.instant("2026-11-20T14:05") == datetime(2026, 11, 20, 7, 5, tzinfo=UTC)
    assert times.instant("2026-11-20T14:05Z") == datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
    with pytest.raises(errors.NotATime, match="hôm qua"):
        times.instant("hôm qua")
