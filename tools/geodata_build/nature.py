"""Land, water, border and islands from GSHHG, with the traced rivers and lagoons of ``names.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Geod
from shapely.affinity import scale
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from tools.geodata_build import gshhg

FINE: gshhg.Box = (101.8, 7.8, 113.2, 23.6)
COARSE: gshhg.Box = (92.0, -2.0, 128.0, 30.0)
NEAR_ISLAND_DEG = 0.03  # a GSHHG polygon this near to a named point is that island
NEAR_RIVER_DEG = 0.05
NEAR_JOIN_DEG = 0.03  # a traced river ending this near to another flows into it
GEOD = Geod(ellps="WGS84")
Names = Mapping[str, Any]


def frame(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=4326)


def land(resolution: str, box: gshhg.Box) -> gpd.GeoDataFrame:
    """Columns id (GSHHG), geometry (Polygon). Lakes are not cut out; an inlet open to the sea is sea."""
    return frame(
        [
            {"id": shape_id, "geometry": part}
            for shape_id, area in gshhg.areas(resolution, box, 1).items()
            for part in shapely.get_parts(area)
            if part.geom_type == "Polygon"
        ]
    )


def lakes(shore: BaseGeometry, names: Names) -> gpd.GeoDataFrame:
    """Columns id, kind (lake, lagoon), name_vi, name_en, geometry. Islands in lakes are holes."""
    islands = shapely.union_all(list(gshhg.areas("f", FINE, 3).values()))
    rows = [
        {"id": shape_id, "kind": "lake", "name_vi": None, "name_en": None, "geometry": area.difference(islands)}
        for shape_id, area in gshhg.areas("f", FINE, 2).items()
    ]
    for lagoon in names["lagoon"]:
        water = shapely.Polygon(lagoon["hull"]).difference(shore)
        keep = [part for part in shapely.get_parts(water) if part.area > 1e-5]  # 0.1 km²: no slivers of open sea
        rows.append(
            {
                "id": lagoon["id"],
                "kind": "lagoon",
                "name_vi": lagoon["name_vi"],
                "name_en": lagoon["name_en"],
                "geometry": shapely.MultiPolygon(keep),
            }
        )
    return frame(rows)


def rivers(names: Names) -> gpd.GeoDataFrame:
    """Columns id, name_vi, name_en, rank (0 main … 3 small), traced, geometry (LineString)."""
    traced = names["traced"]
    rows = [_river(smooth(np.array(t["line"])), t["name_vi"], t["rank"], True) for t in traced]
    for line in _world_rivers(traced):
        km = length_km(line)
        rows.append(_river(line, None, 1 if km > 150 else 2 if km > 50 else 3, False))
    for entry in names["river"]:
        for x, y in entry["labels"]:
            at = shapely.Point(x, y)
            free = [row for row in rows if row["name_vi"] in {None, entry["name_vi"]}]
            near = min(free, key=lambda row: row["geometry"].distance(at))
            if near["geometry"].distance(at) < NEAR_RIVER_DEG:
                near.update(name_vi=entry["name_vi"], rank=entry["rank"])
    english = {entry["name_vi"]: entry["name_en"] for entry in names["river"]}
    for n, row in enumerate(rows):
        row.update(id=f"river:{n}", name_en=english.get(row["name_vi"]))
    return frame(rows)


def _world_rivers(traced: list[dict[str, Any]]) -> list[BaseGeometry]:
    """GSHHG's rivers without the reaches that are traced better, parted where a traced river joins them."""
    holes = shapely.union_all([shapely.box(*t["instead_of"]) for t in traced if "instead_of" in t])
    lines = [part for line in gshhg.lines("rivers", "f", FINE) for part in shapely.get_parts(line.difference(holes))]
    for mouth in (shapely.Point(t["line"][end]) for t in traced for end in (0, -1)):
        near = min(range(len(lines)), key=lambda n: lines[n].distance(mouth))
        if lines[near].distance(mouth) < NEAR_JOIN_DEG:
            lines += parted(lines.pop(near), mouth)
    return [line for line in lines if line.length > 0]


def parted(line: BaseGeometry, at: shapely.Point) -> list[BaseGeometry]:
    """The line cut in two where it passes nearest to the point."""
    assert isinstance(line, shapely.LineString)
    where = line.project(at)
    return [substring(line, 0, where), substring(line, where, line.length)]


def _river(line: BaseGeometry, name: str | None, rank: int, traced: bool) -> dict[str, Any]:
    return {"id": "", "name_vi": name, "name_en": None, "rank": rank, "traced": traced, "geometry": line}


def smooth(points: np.ndarray, rounds: int = 3) -> shapely.LineString:
    """Chaikin corner cutting that keeps both ends."""
    for _ in range(rounds):
        a, b = points[:-1], points[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1).reshape(-1, 2)
        points = np.vstack([points[:1], cut[1:-1], points[-1:]])
    return shapely.LineString(points.round(6))


def length_km(line: BaseGeometry) -> float:
    return float(GEOD.geometry_length(line)) / 1000


def border(shore: BaseGeometry) -> gpd.GeoDataFrame:
    """Columns id, geometry (LineString): borders between nations where they run on land; lines at sea are left out."""
    whole = shapely.union_all(gshhg.lines("countries", "f", FINE)).intersection(shore)
    parts = [part for part in shapely.get_parts(shapely.line_merge(whole)) if part.geom_type == "LineString"]
    return frame([{"id": f"border:{n}", "geometry": line} for n, line in enumerate(parts)])


def joined(lines: list[BaseGeometry], shore: BaseGeometry) -> list[BaseGeometry]:
    """The lines, and links from their loose ends to another line (up to 0.5 km) or to the coast (up to 8 km)."""
    coast = shore.boundary
    links = []
    for line in lines:
        others = shapely.union_all([other for other in lines if other is not line])
        for end in (shapely.Point(line.coords[0]), shapely.Point(line.coords[-1])):
            for target, reach in ((others, 0.005), (coast, 0.07)):
                if 0 < end.distance(target) < reach:
                    link = shapely.shortest_line(end, target)
                    # a little beyond its end, so that noding finds the crossing
                    links.append(scale(link, 1.1, 1.1, origin=end))
                    break
    return [*lines, *links]


def viet_nam(shore: BaseGeometry, lines: list[BaseGeometry], points: np.ndarray) -> BaseGeometry:
    """The parts of the land, split by the borders, on which the ward points (n, 2) stand, and the islets."""
    edges = shapely.union_all([shore.boundary, *joined(lines, shore)])
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(edges)))
    tree = shapely.STRtree([shapely.Point(xy) for xy in points])
    count = np.bincount(tree.query(faces, predicate="contains")[0], minlength=len(faces))
    shapely.prepare(shore)
    on_land = shapely.contains(shore, shapely.point_on_surface(faces))
    islet = shapely.area(faces) < 0.1  # square degrees: no ward point of its own, it belongs to the cell around it
    print("faces with ward points:", sorted(count[count > 0].tolist(), reverse=True)[:12])
    return shapely.union_all(faces[on_land & ((count > 20) | islet)])


def islands(names: Names) -> gpd.GeoDataFrame:
    """Hoàng Sa and Trường Sa. Columns id, name_vi, name_en, archipelago, kind (archipelago, island, shore), geometry.

    ``shore`` rows are GSHHG polygons; ``island`` rows are points with a name; ``archipelago`` rows are the two labels.
    """
    rows = []
    for group in names["archipelago"]:
        common = {"archipelago": group["id"]}
        rows.append(
            common
            | {"id": group["id"], "kind": "archipelago", "geometry": shapely.Point(group["at"])}
            | {key: group[key] for key in ("name_vi", "name_en")}
        )
        named = [(name, shapely.Point(x, y)) for name, x, y in group["islands"]]
        for n, (name, point) in enumerate(named):
            row = {"id": f"{group['id']}:{n}", "name_vi": name, "name_en": None, "kind": "island", "geometry": point}
            rows.append(common | row)
        for shape_id, area in gshhg.areas("f", tuple(group["box"]), 1).items():
            name, point = min(named, key=lambda pair: area.distance(pair[1]))
            near = area.distance(point) < NEAR_ISLAND_DEG
            row = {"id": f"gshhg:{shape_id}", "name_vi": name if near else None, "name_en": None, "kind": "shore"}
            rows.append(common | row | {"geometry": area})
    return frame(rows)


def landings(shore: BaseGeometry, names: Names) -> gpd.GeoDataFrame:
    """Columns id, name_vi, city, approximate, moved_m, geometry (Point, on water)."""
    rows = []
    for entry in names["landing"]:
        at = shapely.Point(entry["at"])
        afloat = into_water(at, shore)
        moved = GEOD.inv(at.x, at.y, afloat.x, afloat.y)[2]
        rows.append(
            {key: entry[key] for key in ("id", "name_vi", "city")}
            | {"approximate": True, "moved_m": round(moved), "geometry": afloat}
        )
    return frame(rows)


def into_water(point: shapely.Point, shore: BaseGeometry, reach_deg: float = 0.05) -> shapely.Point:
    """The point, or the nearest one about 50 m off the shore when it lies on land."""
    water = point.buffer(reach_deg).difference(shore).buffer(-0.0005)
    return water.boundary.interpolate(water.boundary.project(point)) if not water.contains(point) else point
