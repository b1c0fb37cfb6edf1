"""Rebuild ``geodata/data/*.parquet`` from their origins: ``python -m tools.build_geodata``.

Needs the packages of the extra ``data`` (GSHHG shores, units). The result is committed; the program never reads the
packages. Origins and licences: ``geodata/data/LICENSES.md``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from tools.geodata_build import labels, nature, units

TARGET = Path(__file__).parents[1] / "geodata" / "data"


def build() -> dict[str, pd.DataFrame]:
    """Every collection and table by the name of its file."""
    names = tomllib.loads((TARGET / "names.toml").read_text(encoding="utf-8"))
    new, old = units.new_units(), units.old_units()
    land = nature.land("f", nature.FINE)
    shore = shapely.union_all(land.geometry.array)
    border = nature.border(shore)
    country = nature.viet_nam(shore, list(border.geometry), new[["lon", "lat"]].to_numpy())
    wards = units.cells(new, country)
    rivers = nature.rivers(names)
    return {
        "land": land,
        "land_coarse": nature.land("i", nature.COARSE),
        "lakes": nature.lakes(shore, names),
        "rivers": rivers,
        "border": border,
        "wards": wards,
        "provinces": units.provinces(wards, new),
        "islands": nature.islands(names),
        "places": labels.places(names, new, wards, rivers),
        "landings": nature.landings(shore, names),
        "units": new.drop(columns=["ward_key", "province_key"]),
        "units_legacy": old.drop(columns="key"),
        "conversion": units.conversion(old, new),
    }


def main() -> None:
    for name, table in build().items():
        path = TARGET / f"{name}.parquet"
        if isinstance(table, gpd.GeoDataFrame):
            table["geometry"] = shapely.set_precision(table.geometry.array, 1e-6)  # 0.1 m: finer than any origin
            if not table.is_valid.all():
                raise ValueError(f"{name}: {table[~table.is_valid].index.tolist()} not valid")
            table.to_parquet(path, index=False, compression="zstd")
        else:
            table.to_parquet(path, index=False, compression="zstd")
        print(f"{name:14} {len(table):6} rows {path.stat().st_size / 1e6:7.2f} MB")


if __name__ == "__main__":
    main()
