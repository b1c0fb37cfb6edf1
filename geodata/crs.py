"""Coordinate reference systems: EPSG:4326, EPSG:3857 and the VN-2000 zones; checks that tell a wrong one.

Longitude and easting always come first (``always_xy``), also for EPSG:4756, whose official axis order is lat, lon.
The datum shift is EPSG:6960 "VN-2000 to WGS 84 (2)", which carries the parameters of Decision 05/2007/QĐ-BTNMT
(accuracy 1 m, no grid); leaving it out is an error of 225 m. The meridian belongs to the data set, never to the
province: the new Quảng Trị has data in 106°00' and in 106°15'.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError
from pyproj.transformer import TransformerGroup
from shapely.geometry.base import BaseGeometry

from geodata.errors import UsageError

Floats = float | npt.NDArray[np.float64]

DOMAIN = (102.0, 6.0, 118.0, 23.6)
"""West, south, east, north in degrees: the land of Viet Nam with Hoàng Sa, Trường Sa and the waters between."""


class UnknownCRS(UsageError):
    """EPSG:{srid} is not a coordinate reference system that PROJ knows; give its EPSG code with --srid"""


class RefusedCRS(UsageError):
    """EPSG:{srid} is refused: {reason}"""


class OutsideVietNam(UsageError):
    """in EPSG:{srid} the data lies at {lon:.2f} E, {lat:.2f} N, outside Viet Nam: {cause}"""


@dataclass(frozen=True, slots=True)
class Zone:
    """A VN-2000 plane: Transverse Mercator, easting 500 000 m on the meridian, northing 0 on the equator."""

    srid: int
    meridian_deg: float
    scale: float  # on the meridian: 0.9999 in 3° zones, 0.9996 in 6° zones
    used_for: str  # provinces until 30 June 2025, as EPSG lists them

    @property
    def meridian(self) -> str:
        """For the page: 106°15'."""
        degrees, minutes = divmod(round(self.meridian_deg * 60), 60)
        return f"{degrees}°{minutes:02d}'"

    @property
    def title(self) -> str:
        kind = "múi 3°" if self.scale == 0.9999 else "múi 6°"
        return f"VN-2000 {kind}, kinh tuyến trục {self.meridian}"


_ZONES = (
    Zone(3405, 105.0, 0.9996, "UTM 48N, west of 108°"),
    Zone(3406, 111.0, 0.9996, "UTM 49N, east of 108°"),
    Zone(5896, 102.0, 0.9999, "zone 481"),
    Zone(5897, 105.0, 0.9999, "zone 482; Hà Nội, Thanh Hóa, Cần Thơ"),
    Zone(5898, 108.0, 0.9999, "zone 491; Quảng Ngãi"),
    Zone(5899, 107.75, 0.9999, "Đà Nẵng, Quảng Nam, Quảng Ninh, Đồng Nai, Bà Rịa – Vũng Tàu, Lâm Đồng"),
    Zone(9205, 103.0, 0.9999, "Điện Biên, Lai Châu"),
    Zone(9206, 104.0, 0.9999, "Sơn La"),
    Zone(9207, 104.5, 0.9999, "Cà Mau, Kiên Giang"),
    Zone(9208, 104.75, 0.9999, "Nghệ An, An Giang, Lào Cai, Phú Thọ, Yên Bái"),
    Zone(9209, 105.5, 0.9999, "Hà Tĩnh, Bắc Ninh, Hà Giang, Hải Dương, Hưng Yên, Nam Định"),
    Zone(9210, 105.75, 0.9999, "Hải Phòng, TP. Hồ Chí Minh, Bến Tre, Bình Dương, Cao Bằng, Long An, Tiền Giang"),
    Zone(9211, 106.0, 0.9999, "Hòa Bình, Quảng Bình, Tuyên Quang"),
    Zone(9212, 106.25, 0.9999, "Bình Phước, Quảng Trị"),
    Zone(9213, 106.5, 0.9999, "Bắc Kạn, Thái Nguyên"),
    Zone(9214, 107.0, 0.9999, "Bắc Giang, Thừa Thiên Huế"),
    Zone(9215, 107.25, 0.9999, "Lạng Sơn"),
    Zone(9216, 107.5, 0.9999, "Kon Tum"),
    Zone(9217, 108.25, 0.9999, "Bình Định, Khánh Hòa, Ninh Thuận"),
    Zone(9218, 108.5, 0.9999, "Đắk Lắk, Phú Yên, Gia Lai, Đắk Nông, Bình Thuận"),
)

ZONES: Mapping[int, Zone] = MappingProxyType({zone.srid: zone for zone in _ZONES})
"""VN-2000 planes by EPSG code (EPSG v11.022)."""

REFUSED: Mapping[int, str] = MappingProxyType(
    dict.fromkeys((6956, 6957, 6958, 6959), "deprecated by EPSG, its false easting and northing are swapped")
    | dict.fromkeys((4147, 2044, 2045, 2093), "Hanoi 1972; have the data brought to VN-2000 by the survey office first")
)


def check(srid: int) -> int:
    """The code itself when it may be used. Raises UnknownCRS, RefusedCRS."""
    if srid in REFUSED:
        raise RefusedCRS(srid=srid, reason=REFUSED[srid])
    try:
        CRS.from_epsg(srid)
    except CRSError:
        raise UnknownCRS(srid=srid) from None
    return srid


OFFICIAL_SHIFT = "VN-2000 to WGS 84 (2)"
"""EPSG:6960. Left alone, PROJ takes EPSG:5194 "(1)" instead for points around the Mekong delta: 0.8 m to the side."""


@cache
def transformer(source: int, target: int) -> Transformer:
    """From one EPSG code to another, x before y; always with the official shift. Raises UnknownCRS, RefusedCRS."""
    usual = Transformer.from_crs(check(source), check(target), always_xy=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of grids that other countries' shifts would need
        ways = TransformerGroup(source, target, always_xy=True).transformers
    official = next((way for way in ways if OFFICIAL_SHIFT in way.description), None)
    # made anew from its definition: pyproj's group members may not be shared by threads
    return Transformer.from_pipeline(official.definition) if official else usual


def to_vn2000(lon: Floats, lat: Floats, srid: int) -> tuple[Any, Any]:
    """WGS 84 degrees to (easting, northing) in metres of a VN-2000 plane. Raises RefusedCRS for another code."""
    return transformer(4326, _plane(srid)).transform(lon, lat)


def from_vn2000(easting: Floats, northing: Floats, srid: int) -> tuple[Any, Any]:
    """Metres of a VN-2000 plane to (lon, lat) in WGS 84 degrees. Raises RefusedCRS for another code."""
    return transformer(_plane(srid), 4326).transform(easting, northing)


def _plane(srid: int) -> int:
    if srid not in ZONES and check(srid):
        known = ", ".join(map(str, ZONES))
        raise RefusedCRS(srid=srid, reason=f"not a VN-2000 plane; these are: {known}")
    return srid


def reproject(geometry: BaseGeometry, source: int, target: int) -> BaseGeometry:
    """The geometry in another system; heights are kept as they are."""
    if source == target:
        return geometry
    convert = transformer(source, target).transform

    def each(points: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        x, y = convert(points[:, 0], points[:, 1])
        return np.column_stack([x, y, *points[:, 2:].T])

    moved: BaseGeometry = shapely.transform(geometry, each, include_z=bool(shapely.has_z(geometry)))
    return moved


def reproject_all(shapes: npt.NDArray[np.object_], source: int, target: int) -> npt.NDArray[np.object_]:
    """Many geometries at once, None among them; heights are dropped."""
    flat: npt.NDArray[np.object_] = shapely.force_2d(shapes)
    if source == target:
        return flat
    convert = transformer(source, target).transform
    moved: npt.NDArray[np.object_] = shapely.transform(flat, lambda xy: np.column_stack(convert(xy[:, 0], xy[:, 1])))
    return moved


def require_viet_nam(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], srid: int) -> None:
    """Every point (x, y in that system) must lie in ``DOMAIN``. Raises OutsideVietNam, naming the likely cause."""
    lon, lat = transformer(srid, 4326).transform(x, y)
    wrong = ~in_domain(np.asarray(lon), np.asarray(lat))
    if wrong.any():
        first = int(np.argmax(wrong))
        cause = likely_cause(float(x[first]), float(y[first]), srid)
        raise OutsideVietNam(srid=srid, lon=float(lon[first]), lat=float(lat[first]), cause=cause)


def in_domain(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    west, south, east, north = DOMAIN
    inside: npt.NDArray[np.bool_] = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
    return inside


def likely_cause(x: float, y: float, srid: int) -> str:
    """Why a point read in that system is not in Viet Nam, and what to say instead."""
    geographic = bool(CRS.from_epsg(srid).is_geographic)
    degrees = abs(x) <= 180 and abs(y) <= 180
    prefix = int(x // 1e6)
    swapped = _lies(y, x, srid)
    plane = 3405 if geographic else srid
    causes = (
        (x == 0 and y == 0, "a coordinate is 0, 0 (null island); mend or leave out the empty coordinates"),
        (geographic and swapped, "latitude stands before longitude; swap them with --swap"),
        (not geographic and degrees, "the values are degrees; give --srid 4326 (WGS 84) or --srid 4756 (VN-2000)"),
        (not geographic and swapped, "northing stands before easting; swap them with --swap"),
        (prefix == 18, f"easting {x:.0f} begins with zone 18 of Hanoi 1972; have it brought to VN-2000 first"),
        (
            prefix > 0 and _lies(x - prefix * 1e6, y, plane),
            f"easting {x:.0f} begins with the number of zone {prefix}; take it off and name the zone with --srid",
        ),
        (geographic and not degrees, "the values are metres; name the VN-2000 zone with --srid, such as 9214 for Huế"),
    )
    return next((cause for applies, cause in causes if applies), "it is of another system; name it with --srid")


def _lies(x: float, y: float, srid: int) -> bool:
    lon, lat = transformer(srid, 4326).transform(x, y)
    return bool(in_domain(np.array([lon]), np.array([lat]))[0])


def zones_near(easting: float, northing: float, box: tuple[float, float, float, float]) -> list[int]:
    """Zones in which a point of a plane would lie in the box (west, south, east, north in degrees).

    A wrong zone cannot be seen from the numbers, only from the place it leads to: neighbours lie 26 km apart.
    """
    west, south, east, north = box
    found = []
    for srid in ZONES:
        lon, lat = from_vn2000(easting, northing, srid)
        if west <= lon <= east and south <= lat <= north:
            found.append(srid)
    return found


def vn2000_text(lon: float, lat: float, srid: int) -> str:
    """For the page, easting then northing in whole metres: ``VN-2000 562 236 1 820 977``."""
    easting, northing = to_vn2000(lon, lat, srid)
    return f"VN-2000 {_grouped(easting)} {_grouped(northing)}"


def _grouped(metres: float) -> str:
    return f"{round(metres):,}".replace(",", " ")
