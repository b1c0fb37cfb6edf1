"""Label points of the map: cities, provinces, wards, seas, lagoons, rivers, islands."""

from __future__ import annotations

import unicodedata
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from tools.geodata_build.nature import Names, frame, length_km


def plain(name: str) -> str:
    """The name in ASCII letters, as English text writes it."""
    folded = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in folded if not unicodedata.combining(c))


def label(
    kind: str, rank: int, zooms: tuple[int, int], name: str, at: Any, english: str | None = None, **more: Any
) -> dict[str, Any]:
    return {
        "name_vi": name,
        "name_en": english or plain(name),
        "kind": kind,
        "rank": rank,
        "min_zoom": zooms[0],
        "max_zoom": zooms[1],
        "province_code": None,
        "geometry": shapely.Point(at),
    } | more


def places(names: Names, new: pd.DataFrame, wards: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Columns id, name_vi, name_en, kind, rank (0 first), min_zoom, max_zoom, province_code, geometry (Point)."""
    rows = [
        label(group["kind"], group["rank"], (group["min_zoom"], group["max_zoom"]), name, (x, y), *english)
        for group in names["label"]
        for name, x, y, *english in group["points"]
    ]
    rows += [
        label("island", 0, (0, 22), group["name_vi"], group["at"], group["name_en"]) for group in names["archipelago"]
    ]
    rows += [
        label("island", 3, (9, 22), name, (x, y)) for group in names["archipelago"] for name, x, y in group["islands"]
    ]
    cities = {row["name_vi"].removeprefix("TP. ") for row in rows if row["kind"] == "city"}
    rows += _provinces(new, wards, cities) + _wards(wards) + _rivers(names, rivers)
    for n, row in enumerate(rows):
        row["id"] = f"place:{n}"
    return frame(rows)


def _provinces(new: pd.DataFrame, wards: gpd.GeoDataFrame, cities: set[str]) -> list[dict[str, Any]]:
    """The median of a province's ward points: nearer its people than the middle of its area.

    A province with the name of its city is labelled by the city alone.
    """
    ours = set(wards["province_code"])
    rows = []
    for code, units in new.groupby("province_code"):
        name = units["province"].iloc[0]
        at = (units["lon"].median(), units["lat"].median())
        if name.removeprefix("TP. ") not in cities:
            rows.append(label("province", 1 if code in ours else 2, (7, 10), name, at, province_code=code))
    return rows


def _wards(wards: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    return [
        label(
            "ward",
            4 if ward.kind == "ward" else 5,
            (12 if ward.kind == "ward" else 11, 22),
            ward.name,
            (ward.lon, ward.lat),
            province_code=ward.province_code,
        )
        for ward in wards.itertuples(index=False)
    ]


def _rivers(names: Names, rivers: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """On the line that bears the name, nearest to the wished place."""
    rows = []
    for entry in names["river"]:
        lines = rivers[rivers["name_vi"] == entry["name_vi"]]
        for x, y in entry["labels"]:
            wished = shapely.Point(x, y)
            line = min(lines.geometry, key=wished.distance)
            on = line.interpolate(line.project(wished))
            moved = length_km(shapely.LineString([wished, on]))
            if moved > 5:
                raise ValueError(f"{entry['name_vi']}: no line of that name within 5 km of {x}, {y} ({moved:.1f} km)")
            zooms = (8 + entry["rank"], 22)
            rows.append(label("river", 2 + entry["rank"], zooms, entry["name_vi"], on, entry["name_en"]))
    return rows
