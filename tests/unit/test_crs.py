"""Vectors of the zones to the millimetre, and the checks that tell a wrong system."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from geodata import crs

VECTORS = [
    (107.5847, 16.4637, 9214, 562235.863, 1820977.006),  # Huế
    (107.1003, 16.8163, 9212, 590430.599, 1860097.170),  # Đông Hà
    (105.6813, 18.6796, 9208, 598041.942, 2066361.038),  # Vinh
    (108.0378, 12.6667, 9218, 449602.100, 1400856.281),  # Buôn Ma Thuột
    (107.5847, 16.4637, 3405, 775776.772, 1822103.577),  # Huế in the 6° zone
]


@pytest.mark.parametrize(("lon", "lat", "srid", "easting", "northing"), VECTORS)
def test_vectors_hold_to_the_millimetre(lon: float, lat: float, srid: int, easting: float, northing: float) -> None:
    assert crs.to_vn2000(lon, lat, srid) == pytest.approx((easting, northing), abs=1e-3)
    assert crs.from_vn2000(easting, northing, srid) == pytest.approx((lon, lat), abs=2e-8)


def test_ly_son_pair_of_circular_37_2019() -> None:
    """LS1: VN-2000 15°22'32.7"N 109°06'00.5"E is WGS 84 15°22'29"N 109°06'07"E, printed to a tenth of a second."""
    lon, lat = crs.transformer(4756, 4326).transform(109 + 6 / 60 + 0.5 / 3600, 15 + 22 / 60 + 32.7 / 3600)
    printed = (109 + 6 / 60 + 7 / 3600, 15 + 22 / 60 + 29 / 3600)
    _, _, metres = Geod(ellps="WGS84").inv(lon, lat, *printed)
    assert metres < 1.0


@pytest.mark.parametrize("zone", crs.ZONES.values(), ids=lambda zone: str(zone.srid))
def test_registry_agrees_with_epsg(zone: crs.Zone) -> None:
    system = CRS.from_epsg(zone.srid)
    assert "VN-2000" in system.name
    epsg = system.to_cf()
    assert epsg["longitude_of_central_meridian"] == pytest.approx(zone.meridian_deg)
    assert epsg["scale_factor_at_central_meridian"] == zone.scale
    assert (epsg["false_easting"], epsg["false_northing"]) == (500000, 0)


@settings(deadline=None)
@given(st.floats(-3, 3), st.floats(8.5, 23), st.sampled_from(sorted(crs.ZONES)))
def test_round_trip_inside_a_zone(east: float, lat: float, srid: int) -> None:
    lon = crs.ZONES[srid].meridian_deg + east
    assert crs.from_vn2000(*crs.to_vn2000(lon, lat, srid), srid) == pytest.approx((lon, lat), abs=2e-8)


@pytest.mark.parametrize("srid", [6956, 6957, 6958, 6959])
def test_deprecated_codes_are_refused(srid: int) -> None:
    with pytest.raises(crs.RefusedCRS, match="swapped"):
        crs.to_vn2000(107.5, 16.4, srid)


def test_the_official_shift_holds_in_the_mekong_delta_too() -> None:
    """PROJ by itself takes EPSG:5194 there and moves data by 0.8 m between the way in and the way out."""
    lon, lat = crs.transformer(4756, 4326).transform(105.75, 9.35)
    pinned = Transformer.from_pipeline("urn:ogc:def:coordinateOperation:EPSG::6960").transform(9.35, 105.75)
    assert (lat, lon) == pytest.approx(pinned[:2], abs=1e-10)


def test_threads_share_a_transformer() -> None:
    def there_and_back(n: int) -> float:
        lon = 107 + n / 1000
        return float(crs.from_vn2000(*crs.to_vn2000(lon, 16.5, 9214), 9214)[0]) - lon

    with ThreadPoolExecutor(8) as pool:
        assert max(map(abs, pool.map(there_and_back, range(2000)))) < 1e-8


def test_other_systems_are_named_in_the_refusal() -> None:
    with pytest.raises(crs.RefusedCRS, match="Hanoi 1972"):
        crs.check(2045)
    with pytest.raises(crs.RefusedCRS, match="not a VN-2000 plane"):
        crs.to_vn2000(107.5, 16.4, 32648)
    with pytest.raises(crs.UnknownCRS, match="999999"):
        crs.check(999999)


def test_many_points_at_once() -> None:
    easting, northing = crs.to_vn2000(np.array([107.5847, 107.6]), np.array([16.4637, 16.5]), 9214)
    assert easting.shape == northing.shape == (2,)
    assert easting[0] == pytest.approx(562235.863, abs=1e-3)


def test_reproject_keeps_heights() -> None:
    moved = crs.reproject(shapely.Point(562235.863, 1820977.006, 12.5), 9214, 4326)
    assert shapely.get_coordinates(moved, include_z=True)[0] == pytest.approx((107.5847, 16.4637, 12.5), abs=2e-8)
    flat = crs.reproject(shapely.Point(107.5, 16.4), 4326, 9214)
    assert not flat.has_z


def test_text_for_the_page() -> None:
    assert crs.vn2000_text(107.5847, 16.4637, 9214) == "VN-2000 562 236 1 820 977"
    assert crs.ZONES[9212].meridian == "106°15'"
    assert crs.ZONES[9214].title == "VN-2000 múi 3°, kinh tuyến trục 107°00'"


@pytest.mark.parametrize(
    ("x", "y", "srid", "cause"),
    [
        (16.46, 107.58, 4326, "latitude stands before longitude"),
        (1820977.0, 562235.9, 9214, "northing stands before easting"),
        (18562235.9, 1820977.0, 9214, "Hanoi 1972"),
        (48775776.8, 1822103.6, 3405, "zone 48"),
        (562235.9, 1820977.0, 4326, "metres"),
        (107.58, 16.46, 9214, "degrees"),
        (562235.9, 4820977.0, 9214, "another system"),
        (0.0, 0.0, 4326, "null island"),
    ],
)
def test_likely_cause_of_a_wrong_place(x: float, y: float, srid: int, cause: str) -> None:
    with pytest.raises(crs.OutsideVietNam, match=cause):
        crs.require_viet_nam(np.array([x]), np.array([y]), srid)


def test_true_places_pass() -> None:
    crs.require_viet_nam(np.array([562235.9]), np.array([1820977.0]), 9214)
    crs.require_viet_nam(np.array([107.58, 111.6]), np.array([16.46, 16.53]), 4326)


def test_zones_that_put_a_point_near() -> None:
    """Đông Hà in its own zone, read as if it were in another: 26.6 km east."""
    lon, lat = crs.from_vn2000(590430.599, 1860097.170, 9211)
    _, _, metres = Geod(ellps="WGS84").inv(lon, lat, 107.1003, 16.8163)
    assert metres == pytest.approx(26_600, abs=100)
    assert 9212 in crs.zones_near(590430.599, 1860097.170, (107.05, 16.78, 107.15, 16.86))
    assert 9211 not in crs.zones_near(590430.599, 1860097.170, (107.05, 16.78, 107.15, 16.86))
