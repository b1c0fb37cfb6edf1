"""An OpenStreetMap extract as collections: roads, bridges, waterways, water, place_names.

GDAL's OSM driver reads ``.osm.pbf`` and ``.osm``; tags that are no column of its own come as one text
(``"bridge"=>"yes","name:vi"=>"…"``). Ids are the issuer's: ``osm:n1``, ``osm:w1``, ``osm:r1``. Licence: ODbL.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from geodata.exchange.errors import Unreadable
from geodata.exchange.records import clean
from geodata.records import Feature

LICENSE = "ODbL-1.0"
ATTRIBUTION = "© những người đóng góp OpenStreetMap (ODbL)"

Tags = dict[str, str]
Box = tuple[float, float, float, float]

ROADS = frozenset(
    f"{name}{link}" for name in ("motorway", "trunk", "primary", "secondary", "tertiary") for link in ("", "_link")
) | {"unclassified", "residential", "living_street", "service", "pedestrian", "track", "road"}
WATERWAYS = frozenset(("river", "canal", "stream", "drain", "ditch"))
PLACES = frozenset(("city", "town", "village", "suburb", "quarter", "neighbourhood", "hamlet", "island", "islet"))
KEPT = ("ref", "oneway", "lanes", "maxspeed", "surface", "layer", "tunnel", "width", "intermittent", "population")

_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class _Rule:
    """What of a layer of the driver goes into a collection; ``category`` gives None for what stays out."""

    collection: str
    layer: str
    where: str
    category: Callable[[Tags], str | None]


def _one_of(key: str, values: frozenset[str]) -> Callable[[Tags], str | None]:
    return lambda tags: tags.get(key) if tags.get(key) in values else None


def _bridge(tags: Tags) -> str | None:
    return tags.get("highway") if tags.get("bridge", "no") != "no" and tags.get("highway") in ROADS else None


def _water(tags: Tags) -> str | None:
    if tags.get("waterway") == "riverbank" or (tags.get("natural") == "water" and tags.get("water") in WATERWAYS):
        return "river"
    if tags.get("natural") == "water":
        return tags.get("water", "water")
    return "reservoir" if tags.get("landuse") in {"reservoir", "basin"} else None


RULES = (
    _Rule("roads", "lines", "highway IS NOT NULL", _one_of("highway", ROADS)),
    _Rule("bridges", "lines", "highway IS NOT NULL", _bridge),
    _Rule("waterways", "lines", "waterway IS NOT NULL", _one_of("waterway", WATERWAYS)),
    _Rule("water", "multipolygons", "natural = 'water' OR landuse IN ('reservoir', 'basin') OR other_tags LIKE "
          "'%riverbank%'", _water),
    _Rule("place_names", "points", "place IS NOT NULL", _one_of("place", PLACES)),
)  # fmt: skip
"""Collections of an extract. Category: the value of highway, waterway, water or place."""


def collections(path: Path, box: Box | None) -> Iterator[tuple[str, list[Feature]]]:
    """(collection, its features) for each rule; ``box`` (west, south, east, north) leaves out what lies outside.

    Geometry is kept whole, not cut by the box. Each layer is one pass over the file. Raises Unreadable.
    """
    for layer in dict.fromkeys(rule.layer for rule in RULES):
        rules = [rule for rule in RULES if rule.layer == layer]
        frame = _layer(path, layer, " OR ".join(f"({where})" for where in {rule.where: None for rule in rules}), box)
        for rule in rules:
            yield rule.collection, list(_features(frame, rule))


def _layer(path: Path, layer: str, where: str, box: Box | None) -> gpd.GeoDataFrame:
    try:
        return gpd.read_file(path, layer=layer, where=where, bbox=box, engine="pyogrio")
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise Unreadable(path=path, reason=" ".join(str(error).split())) from error


def _features(frame: gpd.GeoDataFrame, rule: _Rule) -> Iterator[Feature]:
    columns = [column for column in frame.columns if column != frame.geometry.name]
    for shape, row in zip(frame.geometry.to_numpy(), frame[columns].to_dict("records"), strict=True):
        tags = tags_of(row)
        category = rule.category(tags)
        if category is None or shape is None or shape.is_empty:
            continue
        yield Feature(
            collection=rule.collection,
            id=_id(tags, rule.layer),
            geometry=shape if shape.is_valid else shapely.make_valid(shape),
            name=tags.get("name:vi") or tags.get("name"),
            category=category,
            properties={key: tags[key] for key in KEPT if key in tags}
            | ({"bridge": tags["bridge"]} if tags.get("bridge", "no") != "no" else {}),
        )


def tags_of(row: dict[str, Any]) -> Tags:
    """Columns and the text of the other tags as one mapping; text in NFC."""
    tags = {str(key): str(text) for key, value in row.items() if (text := clean(value)) is not None}
    for key, value in _PAIR.findall(tags.pop("other_tags", "")):
        tags.setdefault(_ESCAPE.sub(r"\1", key), _ESCAPE.sub(r"\1", value))
    return tags


def _id(tags: Tags, layer: str) -> str:
    if layer == "multipolygons" and "osm_way_id" in tags:
        return f"osm:w{tags['osm_way_id']}"
    return f"osm:{ {'points': 'n', 'lines': 'w', 'multipolygons': 'r'}[layer] }{tags['osm_id']}"
