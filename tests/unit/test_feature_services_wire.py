"""OGC API Features and WFS over the wire: pages, changes, and what becomes of features that are gone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from shapely.geometry import Point

from geodata.crs import to_vn2000
from geodata.records import Event, Feature, Record
from geodata.store.types import Batch, Cursor
from sources.base import Context, Garbled, Refused, Unreachable
from sources.ogc_features import OGCFeaturesOptions
from sources.ogc_features import batches as ogc_batches
from sources.wfs import WFSOptions
from sources.wfs import batches as wfs_batches

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
PAYLOADS = Path(__file__).parents[1] / "payloads"
LON, LAT = 107.1, 16.81
EAST, NORTH = to_vn2000(LON, LAT, 9212)


class Server:
    """Serves ``features`` by collection over both protocols, in pages."""

    def __init__(self) -> None:
        self.now = NOW
        self.features: dict[str, list[dict[str, Any]]] = {"zones": [feature(n) for n in range(5)], "vi_pham": []}
        self.asked: list[httpx.URL] = []
        self.html = False
        self.content_crs = ""
        self.offered: list[str] = []
        self.crs: list[str] = []
        self.is_paging = True
        self.spoil: Callable[[dict[str, Any]], dict[str, Any]] = lambda body: body

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url)
        assert request.headers.get("authorization") == "Bearer t0ken"
        params = request.url.params
        if request.url.path == "/wfs":
            return self.wfs(params)
        if self.html and params.get("f") != "json":
            return httpx.Response(200, headers={"content-type": "text/html"}, text="<html/>")
        return self.ogc(request.url.path, params)

    def ogc(self, path: str, params: httpx.QueryParams) -> httpx.Response:
        links: list[dict[str, str]]
        if path == "/ogc":
            links = [{"rel": "data", "href": "/ogc/collections?x=1", "type": "application/json"}]
            return httpx.Response(200, json={"links": links})
        if path == "/ogc/collections":
            rows = [{"id": name, "itemType": "feature", "crs": self.offered} for name in self.features]
            rows.append({"id": "tiles", "itemType": "map"})
            return httpx.Response(200, json={"collections": rows, "links": []})
        name = path.split("/")[3]
        start, size = int(params.get("offset", 0)), int(params["limit"])
        rows = self.features[name][start : start + size]
        links = []
        if start + size < len(self.features[name]):
            links = [{"rel": "next", "href": f"{path}?limit={size}&offset={start + size}"}]
        body = {
            "type": "FeatureCollection",
            "features": rows,
            "links": links,
            "numberMatched": len(self.features[name]),
        }
        headers = {"content-crs": self.content_crs} if self.content_crs else {}
        return httpx.Response(200, json=self.spoil(body), headers=headers)

    def wfs(self, params: httpx.QueryParams) -> httpx.Response:
        if params["request"] == "GetCapabilities":
            types = "".join(f"<FeatureType><Name>qh:{name}</Name></FeatureType>" for name in self.features)
            formats = '<Parameter name="outputFormat"><Value>application/json</Value></Parameter>'
            return httpx.Response(200, text=f'<WFS_Capabilities version="2.0.0">{formats}{types}</WFS_Capabilities>')
        rows = self.features[params["typeNames"].partition(":")[2]]
        if params.get("resultType") == "hits":
            return httpx.Response(200, text=f'<FeatureCollection numberMatched="{len(rows)}"/>')
        start = int(params["startIndex"]) if self.is_paging else 0
        rows = rows[start : start + int(params["count"])]
        return httpx.Response(200, json=self.spoil({"type": "FeatureCollection", "features": rows}))


def feature(n: int, **properties: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [LON + n / 1000, LAT]}
    return {"type": "Feature", "id": f"f{n}", "geometry": place, "properties": {"ten": f"Ô {n}", **properties}}


class Reader:
    """Polls that share memory, cursor and folder."""

    def __init__(self, server: Server, protocol: str, folder: Path | None = None, **options: Any) -> None:
        self.server, self.folder, self.protocol = server, folder, protocol
        url = f"http://gis.test/{protocol}"
        self.given = {"url": url, "token_env": "TOKEN", "page_size": 2, "service": "planning", **options}
        self.memory: dict[str, Any] = {}
        self.cursor: Cursor | None = None

    async def poll(self) -> list[Record]:
        found: list[Batch] = []
        async with httpx.AsyncClient(transport=httpx.MockTransport(self.server)) as http:
            context = Context(
                http=http,
                clock=lambda: self.server.now,
                secret=lambda _: "t0ken",
                memory=self.memory,
                folder=self.folder,
            )
            if self.protocol == "ogc":
                stream = ogc_batches(OGCFeaturesOptions.model_validate(self.given), context, self.cursor)
            else:
                stream = wfs_batches(WFSOptions.model_validate(self.given), context, self.cursor)
            async for batch in stream:
                found.append(batch)
                self.cursor = batch.cursor or self.cursor
        self.rejected = [row.reason for batch in found for row in batch.rejected]
        return [row for batch in found for row in batch.records]


both = pytest.mark.parametrize("protocol", ["ogc", "wfs"])


@both
async def test_collections_are_read_whole_and_then_by_what_changed(protocol: str, tmp_path: Path) -> None:
    server = Server()
    reader = Reader(server, protocol, tmp_path / "own")
    rows = await reader.poll()
    assert [row.valid_from for row in rows if isinstance(row, Feature)] == [None] * 5
    assert await reader.poll() == []
    server.now += timedelta(hours=1)
    server.features["zones"][1]["properties"]["ten"] = "Ô mới"
    del server.features["zones"][4]
    server.features["zones"].append(feature(9))
    server.features["vi_pham"].append(feature(1, ngay="2026-11-20"))
    reader.memory.clear()  # another run, from cursor and folder
    rows = await reader.poll()
    changed, new, gone = sorted((row for row in rows if isinstance(row, Feature)), key=lambda row: row.id)
    (event,) = [row for row in rows if isinstance(row, Event)]
    assert (changed.name, changed.valid_from) == ("Ô mới", None)
    gone, new = (gone, new) if gone.valid_to else (new, gone)
    assert (gone.id.partition(":")[2], gone.valid_to) == ("f4", server.now)
    assert (new.id.partition(":")[2], new.valid_from, new.valid_to) == ("f9", server.now, None)
    assert event.id.endswith(":vi_pham.f1")
    assert await reader.poll() == []
    server.now += timedelta(hours=1)
    server.features["zones"].append(feature(4))
    (back,) = await reader.poll()
    assert isinstance(back, Feature)
    assert (back.valid_from, back.valid_to) == (server.now, None)


@both
async def test_what_never_reached_the_store_is_handed_on_again(protocol: str, tmp_path: Path) -> None:
    server = Server()
    reader = Reader(server, protocol, tmp_path)
    await reader.poll()
    stored = reader.cursor
    server.now += timedelta(hours=1)
    server.features["zones"].append(feature(9))
    del server.features["zones"][0]
    assert len(await reader.poll()) == 2
    reader.cursor, reader.memory = stored, {}  # killed before the store had it
    server.now += timedelta(minutes=1)
    again = await reader.poll()
    assert sorted(row.id.partition(":")[2] for row in again if isinstance(row, Feature)) == ["f0", "f9"]
    reader.cursor, reader.memory = None, {}  # another data base with the same folder
    assert len(await reader.poll()) == 5


@both
async def test_a_server_half_up_ends_nothing(protocol: str) -> None:
    server = Server()
    server.features["zones"] = [feature(n) for n in range(40)]
    reader = Reader(server, protocol)
    assert len(await reader.poll()) == 40
    whole = server.features["zones"]
    server.features["zones"] = whole[:3]
    with pytest.raises(Garbled, match="3 features of 40"):
        await reader.poll()
    server.features["zones"] = whole
    assert await reader.poll() == []
    server.features["zones"] = whole[:3]
    with pytest.raises(Garbled):
        await reader.poll()
    assert len(await reader.poll()) == 37  # it is true


@both
async def test_a_feature_that_cannot_be_read_is_not_gone(protocol: str) -> None:
    server = Server()
    reader = Reader(server, protocol)
    await reader.poll()
    server.features["zones"][2]["geometry"] = {"type": "Point", "coordinates": ["x", 2]}
    assert await reader.poll() == []
    assert reader.rejected == ["bad_position"]


async def test_a_source_with_its_own_dates_ends_the_version_before(tmp_path: Path) -> None:
    server = Server()
    server.features["zones"] = [feature(1, hieu_luc_tu="2020-01-01T00:00:00Z")]
    reader = Reader(server, "ogc", tmp_path)
    await reader.poll()
    server.features["zones"] = [feature(1, hieu_luc_tu="2026-01-01T00:00:00Z")]
    old, new = await reader.poll()
    assert isinstance(old, Feature)
    assert isinstance(new, Feature)
    assert old.valid_to == new.valid_from == datetime(2026, 1, 1, tzinfo=UTC)


async def test_html_servers_are_asked_for_json() -> None:
    server = Server()
    server.html = True
    assert len(await Reader(server, "ogc").poll()) == 5


async def test_a_server_without_crs84_is_asked_for_its_own() -> None:
    server = Server()
    server.offered = ["http://www.opengis.net/def/crs/EPSG/0/9212"]
    server.content_crs = "<http://www.opengis.net/def/crs/EPSG/0/9212>"
    for row in server.features["zones"]:
        lon, lat = row["geometry"]["coordinates"]
        east, north = to_vn2000(lon, lat, 9212)
        row["geometry"]["coordinates"] = [east, north]
    rows = await Reader(server, "ogc").poll()
    assert isinstance(rows[0], Feature)
    assert rows[0].geometry.distance(Point(LON, LAT)) < 2e-5
    assert {url.params.get("crs") for url in server.asked if "items" in url.path and "offset" not in url.params} == {
        server.offered[0]
    }


@both
async def test_boxes_and_chosen_collections(protocol: str) -> None:
    server = Server()
    reader = Reader(server, protocol, bbox=(107, 16, 108, 17), collections={"zones": {"name": "khu"}})
    rows = await reader.poll()
    assert {row.collection for row in rows if isinstance(row, Feature)} == {"khu"}
    boxes = {url.params["bbox"] for url in server.asked if "bbox" in url.params}
    assert boxes == {
        "107.000000,16.000000,108.000000,17.000000"
        if protocol == "ogc"
        else "16.000000,107.000000,17.000000,108.000000,urn:ogc:def:crs:EPSG::4326"
    }
    with pytest.raises(Garbled, match=r"no (collection|type) parcels"):
        await Reader(server, protocol, collections={"parcels": {}}).poll()


async def test_links_and_pages_that_lead_nowhere() -> None:
    server = Server()

    def back(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "links": [{"rel": "next", "href": "/ogc/collections/zones/items?limit=2&offset=2"}]}

    server.spoil = back
    with pytest.raises(Garbled, match="leads back"):
        await Reader(server, "ogc").poll()
    server.spoil = lambda body: {**body, "links": [{"rel": "next", "href": "file:///etc/passwd"}]}
    with pytest.raises(Garbled, match="not HTTP"):
        await Reader(server, "ogc").poll()
    server = Server()
    server.is_paging = False
    with pytest.raises(Garbled, match="does not know pages"):
        await Reader(server, "wfs").poll()


async def test_exceptions_of_a_wfs_are_told() -> None:
    report = (PAYLOADS / "wfs/broken_exception.xml").read_bytes()
    answers = {200: Garbled, 400: Garbled, 403: Refused, 503: Unreachable}
    for status, kind in answers.items():
        transport = httpx.MockTransport(lambda _, status=status: httpx.Response(status, content=report))
        async with httpx.AsyncClient(transport=transport) as http:
            with pytest.raises(kind):
                await anext(wfs_batches(WFSOptions(url="http://gis.test/wfs"), Context(http=http), None))
