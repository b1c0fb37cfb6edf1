"""The map's own geography: coast, lagoons, rivers, border, islands, wards, labels. No network, no database.

Read from the GeoParquet files in ``geodata/data`` (origins and licences: ``LICENSES.md`` there). Every frame is
EPSG:4326, longitude before latitude, with a unique string column ``id``. The collections and their columns:

=============  ====================================================================================================
land           Polygon, GSHHG full resolution, about 101.8–113.2 E, 7.8–23.6 N. Lagoons and bays are sea here
land_coarse    Polygon, GSHHG intermediate, 92–128 E, 2 S–30 N: zooms under 7 and the inset
lakes          kind (lake, lagoon), name_vi, name_en; drawn over the land and the sea
rivers         LineString, name_vi, name_en, rank (0 main … 3 small), traced (by landmarks); good to 0.3–2 km
border         LineString, land borders between nations
wards          2025 units of the four provinces: name, full_name, kind (ward, commune, special_zone), province_code,
               province, city, area_km2 (official), cell_km2, lon, lat (official point), approximate (True)
provinces      outlines of the four provinces: name, full_name, city, area_km2, approximate (True)
islands        Hoàng Sa and Trường Sa: kind (archipelago and island: Point with a name; shore: polygon), name_vi,
               name_en, archipelago (hoang_sa, truong_sa); drawn at every zoom
places         Point labels: name_vi, name_en, kind (city, province, ward, place, sea, lagoon, river, island), rank
               (0 first), min_zoom, max_zoom, province_code
landings       Point on water, fishing landing places: name_vi, city, approximate (True)
=============  ====================================================================================================
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

import geopandas as gpd

from geodata.errors import UnknownName

COLLECTIONS = (
    "border",
    "islands",
    "lakes",
    "land",
    "land_coarse",
    "landings",
    "places",
    "provinces",
    "rivers",
    "wards",
)

APPROXIMATE = {"vi": "ranh giới xấp xỉ", "en": "approximate boundaries"}
"""Said wherever ward or province lines are drawn: they are cells of points, not surveyed boundaries."""


@cache
def collection(name: str) -> gpd.GeoDataFrame:
    """The collection of that name. The frame is shared: copy it before changing it. Raises UnknownName."""
    if name not in COLLECTIONS:
        raise UnknownName(kind="collection", name=name, known=", ".join(COLLECTIONS))
    with as_file(files("geodata").joinpath("data", f"{name}.parquet")) as path:
        return gpd.read_parquet(path)


def attribution(language: str) -> str:
    """One line for the corner of every map, with the warning that unit lines are approximate."""
    words = APPROXIMATE.get(language, APPROXIMATE["en"])
    return f"© GSHHG (LGPL), vietnamadminunits (MIT) · {words}"
