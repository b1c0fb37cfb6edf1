"""Administrative units, old and new, from the package vietnamadminunits; ward cells from their points."""

from __future__ import annotations

import json
import sqlite3
from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

PROVINCES = {"46": "hue", "44": "quang_tri", "40": "nghe_an", "66": "dak_lak"}
KINDS = {"Phường": "ward", "Xã": "commune", "Đặc khu": "special_zone"}
METRIC = 9214  # VN-2000 TM-3 107°00': metres, within 1 % over the four provinces; cells are approximate anyway

NEW = """
SELECT wardCode AS code, wardShort AS name, ward AS full_name, wardType AS type, provinceCode AS province_code,
       provinceShort AS province, province AS province_full, wardLon AS lon, wardLat AS lat, wardAreaKm2 AS area_km2,
       wardKey AS ward_key, provinceKey AS province_key
FROM admin_units ORDER BY wardCode
"""
OLD = """
SELECT wardCode AS code, wardShort AS name, ward AS full_name, districtCode AS district_code,
       district AS district_full, districtShort AS district, provinceCode AS province_code, provinceShort AS province,
       province AS province_full, wardLon AS lon, wardLat AS lat,
       provinceKey || '_' || districtKey || '_' || coalesce(wardKey, '') AS key
FROM admin_units_legacy ORDER BY wardCode, districtCode
"""


def _folder() -> Path:
    """Found without importing the package, whose import asks for more packages."""
    spec = find_spec("vietnamadminunits")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name="vietnamadminunits")
    return Path(spec.origin).parent / "data"


def read(query: str) -> pd.DataFrame:
    with sqlite3.connect(f"file:{_folder() / 'dataset.db'}?mode=ro", uri=True) as base:
        return pd.read_sql_query(query, base)


def new_units() -> pd.DataFrame:
    """2025 units, 3321 rows: code, name, full_name, kind, province_code, province, province_full, lon, lat, area_km2
    and the package's keys.
    """
    units = read(NEW)
    return units.assign(kind=units.pop("type").map(KINDS))


def old_units() -> pd.DataFrame:
    """Units until 30 June 2025, 10 040 rows. An island district without wards has its district's code as ``code``."""
    units = read(OLD)
    whole = units["code"].isna()
    units.loc[whole, "code"] = units.loc[whole, "district_code"]
    units.loc[whole, "name"] = units.loc[whole, "district"]
    units.loc[whole, "full_name"] = units.loc[whole, "district_full"]
    for column in ("full_name", "district_full"):
        units[column] = units[column].str.replace(r"^Thị (Trấn|Xã) ", lambda m: f"Thị {m[1].lower()} ", regex=True)
    return units


def conversion(old: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Columns old_code, new_code, divided, main: where each old unit went; ``main`` is the default of a divided one."""
    data = json.loads((_folder() / "converter_2025.json").read_text(encoding="utf-8"))
    new_code = {(row.province_key, row.ward_key): row.code for row in new.itertuples()}
    rows = []
    for province, wards in data["DICT_PROVINCE_WARD_NO_DIVIDED"].items():
        for ward, keys in wards.items():
            rows += [(key, new_code.get((province, ward)), False, True) for key in keys]
    for province, keys in data["DICT_PROVINCE_WARD_DIVIDED"].items():
        for key, targets in keys.items():
            rows += [
                (key, new_code.get((province, t["newWardKey"])), True, bool(t["isDefaultNewWard"])) for t in targets
            ]
    table = pd.DataFrame(rows, columns=["key", "new_code", "divided", "main"])
    lost = table["new_code"].isna() | ~table["key"].isin(old["key"])
    print(f"conversion: {len(table)} rows, {int(lost.sum())} without a match")
    table = table[~lost].merge(old[["key", "code"]].rename(columns={"code": "old_code"}), on="key")
    return table[["old_code", "new_code", "divided", "main"]].drop_duplicates()


def cells(new: pd.DataFrame, country: BaseGeometry) -> gpd.GeoDataFrame:
    """Ward cells of the four provinces: Voronoi cells of all official points, cut by the land of the country.

    Columns id (code), name, full_name, kind, province_code, province, city, area_km2 (official, else of the cell),
    cell_km2, lon, lat (the official point), approximate (True), geometry.
    """
    points = gpd.GeoSeries.from_xy(new["lon"], new["lat"], crs=4326).to_crs(METRIC)
    near = points.intersects(points[new["province_code"].isin(PROVINCES)].union_all().envelope.buffer(60_000))
    use = new[near].reset_index(drop=True)
    at = points[near].reset_index(drop=True)
    ordered = shapely.voronoi_polygons(shapely.MultiPoint(list(at)), extend_to=at.union_all().buffer(9e4), ordered=True)
    ground = gpd.GeoSeries([country], crs=4326).to_crs(METRIC).make_valid().iloc[0]
    ours = use["province_code"].isin(PROVINCES)
    parts = gpd.GeoSeries(shapely.get_parts(ordered), crs=METRIC)[ours]
    cut = gpd.GeoSeries([clean(part.intersection(ground)) for part in parts], index=parts.index, crs=METRIC)
    wards = use[ours].drop(columns=["ward_key", "province_key", "province_full"]).rename(columns={"code": "id"})
    wards["cell_km2"] = (cut.area / 1e6).round(2)
    wards["area_km2"] = wards["area_km2"].fillna(wards["cell_km2"])
    wards["city"] = wards["province_code"].map(PROVINCES)
    wards["approximate"] = True
    return gpd.GeoDataFrame(wards, geometry=cut.to_crs(4326), crs=4326).reset_index(drop=True)


def clean(geometry: BaseGeometry) -> BaseGeometry:
    """Polygons only, without crumbs under 100 m²."""
    parts = [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon" and p.area > 100]
    return shapely.MultiPolygon(parts) if len(parts) != 1 else parts[0]


def provinces(wards: gpd.GeoDataFrame, new: pd.DataFrame) -> gpd.GeoDataFrame:
    """Outlines of the four provinces, unions of their cells: id, name, full_name, city, area_km2, approximate."""
    full = new.drop_duplicates("province_code").set_index("province_code")["province_full"]
    union = wards.to_crs(METRIC).dissolve(
        "province_code", aggfunc={"province": "first", "city": "first", "area_km2": "sum"}
    )
    union["geometry"] = union.buffer(2, join_style="mitre").buffer(-2, join_style="mitre")  # closes hairlines
    union["area_km2"] = union["area_km2"].round(1)
    union["full_name"] = full
    union["approximate"] = True
    return union.to_crs(4326).rename_axis("id").reset_index().rename(columns={"province": "name"})
