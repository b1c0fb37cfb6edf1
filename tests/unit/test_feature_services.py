"""OGC API Features and WFS: order of axes, rules, pages, and what becomes of features that are gone."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import pytest
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from geodata.crs import to_vn2000
from geodata.records import Event, Feature, Record, Rejected
from sources._feature_place import placed, system
from sources._wfs_gml import reply
from sources.ogc_features import OGCFeaturesOptions
from sources.ogc_features import parse as ogc_parse
from sources.wfs import WFSOptions
from sources.wfs import parse as wfs_parse

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[1] / "payloads"
LON, LAT = 107.1, 16.81
EAST, NORTH = to_vn2000(LON, LAT, 9212)


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("http://www.opengis.net/def/crs/OGC/1.3/CRS84", LON, LAT),
        ("http://www.opengis.net/def/crs/EPSG/0/4326", LAT, LON),
        ("urn:ogc:def:crs:EPSG::4326", LAT, LON),
        ("urn:ogc:def:crs:EPSG:6.9:4326", LAT, LON),
        ("urn:ogc:def:crs:EPSG::4326", LON, LAT),  # a server that lies
        ("EPSG:4326", LON, LAT),
        ("EPSG:4326", LAT, LON),
        ("http://www.opengis.net/gml/srs/epsg.xml#4326", LON, LAT),
        ("EPSG:9212", EAST, NORTH),
        ("urn:ogc:def:crs:EPSG::9212", NORTH, EAST),  # X is north in Viet Nam's surveys
    ],
)
def test_orders_of_axes(name: str, x: float, y: float) -> None:
    found = placed(Point(x, y), system(name), "auto")
    assert found.distance(Point(LON, LAT)) < 2e-5


def test_an_order_that_the_options_know_is_not_guessed() -> None:
    assert placed(Point(17, 12), system("EPSG:4326"), "xy").equals(Point(17, 12))
    assert placed(Point(17, 12), system("EPSG:4326"), "yx").equals(Point(12, 17))
    with pytest.raises(ValueError, match="not on the globe"):
        placed(Point(17, 107), system("EPSG:4326"), "xy")
    with pytest.raises(ValueError, match="swapped"):
        system("EPSG:6956")
    with pytest.raises(ValueError, match="unknown coordinate"):
        system("local grid")


def test_rules_say_what_a_collection_is() -> None:
    options = OGCFeaturesOptions.model_validate(
        {
            "url": "x",
            "service": "planning",
            "collections": {
                "vi_pham_xay_dung": {"kind": "event", "name": "violations", "severity": 2, "id_property": "ten"},
                "quy_hoach_phan_khu": {"name": "zones", "category": "zoning", "approximate": True},
            },
        }
    )
    zone, plain = ogc_parse((PAYLOADS / "ogc_features/good_zones.json").read_bytes(), options, NOW)
    assert isinstance(zone, Feature)
    assert (zone.collection, zone.id, zone.category, zone.approximate) == ("zones", "ogc:PK-01", "zoning", True)
    assert zone.valid_from == datetime(2023, 5, 9, 17, tzinfo=UTC)
    assert isinstance(plain, Feature)
    assert (plain.valid_from, plain.properties["ma"]) == (None, "00123")
    first, second = ogc_parse((PAYLOADS / "ogc_features/good_violations.json").read_bytes(), options, NOW)
    assert isinstance(first, Event)
    assert (first.category, first.severity, first.status) == ("construction_violation", 3, "đang xử lý")
    assert isinstance(second, Event)
    assert (second.severity, second.geometry) == (2, None)
    assert second.end_time == datetime(2026, 11, 19, 17, tzinfo=UTC)


def test_each_wrong_feature_can_be_read_again() -> None:
    options = OGCFeaturesOptions(url="x", service="planning")
    rows = list(ogc_parse((PAYLOADS / "ogc_features/partial.json").read_bytes(), options, NOW))
    wrong = [row for row in rows if isinstance(row, Rejected)]
    assert [row.reason for row in wrong] == ["no_id", "bad_position", "bad_position", "malformed", "bad_time"]
    for row in wrong:
        assert row.payload is not None
        (again,) = ogc_parse(row.payload, options, NOW)
        assert isinstance(again, Rejected)
        assert (again.reason, again.payload) == (row.reason, row.payload)


def wfs_rows(name: str, **options: Any) -> list[Record | Rejected]:
    chosen = WFSOptions.model_validate({"url": "x", "service": "planning", **options})
    return list(wfs_parse((PAYLOADS / "wfs" / name).read_bytes(), chosen, NOW))


def test_gml_in_its_three_ages() -> None:
    project, violation = wfs_rows("good_wfs20.gml")
    assert isinstance(project, Feature)
    assert project.geometry.equals(box(107.10, 16.80, 107.11, 16.81))
    assert (project.id, project.category, project.properties["ma_du_an"]) == ("wfs:du_an.7", "project", "00123")
    assert isinstance(violation, Event)
    assert violation.geometry is not None
    assert violation.geometry.distance(Point(107.10104, 16.80929)) < 1e-4
    first, second = wfs_rows("good_wfs11.gml")
    assert isinstance(first, Feature)
    assert isinstance(second, Feature)
    assert first.geometry.bounds == (107.09, 16.8, 107.11, 16.815)
    assert second.geometry.equals(LineString([(107.09, 16.80), (107.10, 16.82)]))
    (parcel,) = wfs_rows("good_gml2.gml")
    assert isinstance(parcel, Feature)
    assert parcel.geometry.is_valid
    (permit,) = wfs_rows("good_geoserver.json")
    assert isinstance(permit, Feature)
    assert permit.geometry.distance(Point(107.10104, 16.80929)) < 1e-4


def test_a_declared_system_wins_over_the_told_one() -> None:
    (permit,) = wfs_rows("good_geoserver.json", crs="EPSG:9211")
    assert isinstance(permit, Feature)
    assert 0.2 < Point(107.10104, 16.80929).x - permit.geometry.bounds[0] < 0.3  # a zone of 15′ beside


@pytest.mark.parametrize("form", ["GML2", "GML3", "GML3.2"])
@pytest.mark.parametrize("srid", [4326, 9212])
def test_gml_as_gdal_writes_it(tmp_path: Path, form: str, srid: int) -> None:
    hole = Polygon(box(107.1, 16.8, 107.2, 16.9).exterior, [box(107.12, 16.82, 107.14, 16.84).exterior])
    shapes = [hole, MultiPolygon([box(107.1, 16.8, 107.11, 16.81), box(107.2, 16.8, 107.21, 16.81)])]
    shapes += [LineString([(107.1, 16.8), (107.2, 16.9)]), Point(107.15, 16.85)]
    frame = gpd.GeoDataFrame({"ten": ["Ô phố", "b", "c", "d"]}, geometry=shapes, crs=4326)
    path = tmp_path / "out.gml"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL has remarks on mixed geometries
        frame.to_crs(srid).to_file(path, driver="GML", engine="pyogrio", FORMAT=form)
    options = WFSOptions(url="x", service="planning")
    rows = list(wfs_parse(path.read_bytes(), options, NOW))
    assert [type(row) for row in rows] == [Feature] * 4
    for row, shape in zip(rows, shapes, strict=True):
        assert isinstance(row, Feature)
        assert row.geometry.hausdorff_distance(shape) < 3e-5
    assert isinstance(rows[0], Feature)
    assert rows[0].name == "Ô phố"


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        b"<FeatureCollection><member>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b"<html/>",
    ],
)
def test_what_is_no_collection(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"XML|FeatureCollection"):
        reply(body)
