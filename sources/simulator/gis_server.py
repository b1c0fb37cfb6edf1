"""OGC API Features and a WFS over collections of a simulated city, with the faults of their source."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from shapely.geometry import mapping, shape

from geodata.crs import reproject
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import FaultyHandler

Item = dict[str, Any]
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMANCE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf"
LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Collections:
    """``items`` gives the features of a collection (GeoJSON, EPSG:4326) as they stand at an instant (epoch s)."""

    source: str
    titles: Mapping[str, str]
    items: Callable[[str, float], Sequence[Item]]
    faults: Faults
    clock: Callable[[], float]

    def read(self, name: str) -> list[Item]:
        """Raises LookupError for another collection."""
        if name not in self.titles:
            raise LookupError(name)
        found = self.items(name, self.faults.held_at(self.source, self.clock()))
        copies = 2 if self.faults.is_on(self.source, Kind.DUPLICATES) else 1
        return [item for item in found for _ in range(copies)]


class _Handler(FaultyHandler):
    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.own: Collections = own["collections"]
        self.srid: int = own.get("srid", 4326)

    async def reply(self, body: Item, kind: str, status: int = 200) -> None:
        await self.send(json.dumps(body, ensure_ascii=False), kind, status)

    def number(self, name: str, other: int) -> int:
        value = self.get_query_argument(name, str(other))
        return int(value) if value.isdigit() else other


class OGCHandler(_Handler):
    """Every path under ``/ogc``: landing page, conformance, collections, items with next links."""

    async def get(self, path: str = "") -> None:
        parts = [part for part in path.split("/") if part]
        self.root = f"{self.request.protocol}://{self.request.host}/ogc"
        try:
            body = self.answer(parts)
        except LookupError:
            await self.reply({"code": "NotFound", "description": path}, "application/json", 404)
            return
        if len(parts) == 3:
            self.set_header("Content-Crs", f"<{CRS84}>")
        await self.reply(body, "application/geo+json" if len(parts) == 3 else "application/json")

    def answer(self, parts: Sequence[str]) -> Item:
        """Raises LookupError."""
        own = self.own
        if not parts:
            links = [self.link("data", "/collections"), self.link("conformance", "/conformance")]
            return {"title": "GIS mô phỏng", "links": links}
        if parts == ["conformance"]:
            return {
                "conformsTo": [
                    f"http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/{c}" for c in ("core", "geojson")
                ]
            }
        if parts == ["collections"]:
            return {"collections": [self.collection(name) for name in own.titles], "links": []}
        if parts[0] != "collections" or len(parts) > 3 or (len(parts) == 3 and parts[2] != "items"):
            raise LookupError(parts)
        items = own.read(parts[1])
        return self.collection(parts[1]) if len(parts) == 2 else self.page(parts[1], items)

    def link(self, relation: str, path: str, kind: str = "application/json") -> Item:
        return {"rel": relation, "href": self.root + path, "type": kind}

    def collection(self, name: str) -> Item:
        links = [self.link("items", f"/collections/{name}/items", "application/geo+json")]
        return {
            "id": name,
            "title": self.own.titles[name],
            "itemType": "feature",
            "crs": [CRS84],
            "storageCrs": CRS84,
            "links": links,
        }

    def page(self, name: str, items: Sequence[Item]) -> Item:
        size, start = min(max(self.number("limit", 100), 1), LARGEST_PAGE), self.number("offset", 0)
        here = f"/collections/{name}/items"
        links = [self.link("self", here, "application/geo+json")]
        if start + size < len(items):
            onward = urlencode({"limit": size, "offset": start + size})
            links.append(self.link("next", f"{here}?{onward}", "application/geo+json"))
        rows = items[start : start + size]
        counts = {"numberMatched": len(items), "numberReturned": len(rows)}
        return {"type": "FeatureCollection", "features": rows, "links": links, **counts}


class WFSHandler(_Handler):
    """``/wfs``: WFS 2.0 whose data are in a VN-2000 plane, sent as GeoJSON with the old member ``crs``."""

    async def get(self) -> None:
        params = {key.casefold(): self.get_query_argument(key) for key in self.request.query_arguments}
        asked = params.get("request", "").casefold()
        name = params.get("typenames", "").rpartition(":")[2]
        try:
            if asked == "getcapabilities":
                await self.send(self.capabilities(), "application/xml")
            elif asked == "getfeature" and params.get("resulttype") == "hits":
                hits = _HITS.format(count=len(self.own.read(name)))
                await self.send(hits, "application/xml")
            elif asked == "getfeature":
                await self.reply(self.features(name), "application/json")
            else:
                raise LookupError(asked)  # noqa: TRY301 (one answer for all that is not there)
        except LookupError:
            await self.send(_EXCEPTION.format(text="unknown type or request"), "application/xml", 400)

    def capabilities(self) -> str:
        types = "".join(
            f"<FeatureType><Name>qh:{name}</Name><Title>{title}</Title><DefaultCRS>urn:ogc:def:crs:EPSG::{self.srid}"
            "</DefaultCRS></FeatureType>"
            for name, title in self.own.titles.items()
        )
        return _CAPABILITIES.format(types=types)

    def features(self, name: str) -> Item:
        items = self.own.read(name)
        start, size = self.number("startIndex", 0), self.number("count", LARGEST_PAGE)
        rows = [self.moved(item, name) for item in items[start : start + size]]
        crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{self.srid}"}}
        counts = {"numberMatched": len(items), "totalFeatures": len(items), "numberReturned": len(rows)}
        return {"type": "FeatureCollection", "features": rows, "crs": crs, **counts}

    def moved(self, item: Item, name: str) -> Item:
        place = mapping(reproject(shape(item["geometry"]), 4326, self.srid))
        return {**item, "id": f"{name}.{item['id']}", "geometry": place}


_CAPABILITIES = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<wfs:WFS_Capabilities version="2.0.0" xmlns:wfs="http://www.opengis.net/wfs/2.0" '
    'xmlns:ows="http://www.opengis.net/ows/1.1"><ows:OperationsMetadata><ows:Operation name="GetFeature">'
    '<ows:Parameter name="outputFormat"><ows:AllowedValues><ows:Value>application/json</ows:Value></ows:AllowedValues>'
    "</ows:Parameter></ows:Operation></ows:OperationsMetadata><FeatureTypeList>{types}</FeatureTypeList>"
    "</wfs:WFS_Capabilities>"
)
_HITS = '<wfs:FeatureCollection xmlns:wfs="http://www.opengis.net/wfs/2.0" numberMatched="{count}" numberReturned="0"/>'
_EXCEPTION = (
    '<ows:ExceptionReport version="2.0.0" xmlns:ows="http://www.opengis.net/ows/1.1"><ows:Exception '
    'exceptionCode="InvalidParameterValue"><ows:ExceptionText>{text}</ows:ExceptionText></ows:Exception></ows:ExceptionReport>'
)
