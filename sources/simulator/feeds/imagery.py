"""Images of the sky: rain radar as GeoTIFF files in a folder, satellite cloud as pictures of a WMS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.clock import iso
from sources.simulator.faults import Faults, Kind
from sources.simulator.feed import Feed
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK, FaultyHandler
from sources.simulator.sky import Bounds, Sky, geotiff, png
from sources.simulator.town import Town

RADAR, SATELLITE = "simulated_radar", "simulated_satellite"
CYCLE_S = 600.0
BACKLOG = 6
KEPT = 300
LOOK_S = 0.5
POLL_S = 20.0
WIDTH, WMS_WIDTH, WIDEST = 320, 512, 2048
HORIZON_S = 86400.0
CITIES = frozenset({"dak_lak"})


def _bound(folder: str = "", port: int = 0) -> list[SourceBinding]:
    radar = ("Ra-đa mưa, thư mục GeoTIFF (mô phỏng)", "Rain radar, GeoTIFF folder (simulated)")
    satellite = ("Ảnh mây vệ tinh, WMS (mô phỏng)", "Satellite cloud, WMS (simulated)")
    files: dict[str, Any] = {"path": folder or None, "category": "radar_rain", "poll_s": POLL_S, "settle_s": 1}
    wms = {"url": f"http://{LOOPBACK}:{port}/wms", "layer": "may", "category": "satellite", "poll_s": POLL_S}
    wms |= {"width": WMS_WIDTH, "at_once": BACKLOG, "history_days": 2, "keep_days": 2}
    return [
        binding(RADAR, "coverage", "imagery", radar, options=files, cadence_s=2 * CYCLE_S),
        binding(SATELLITE, "coverage", "imagery", satellite, options=wms, cadence_s=2 * CYCLE_S),
    ]


def _runs(town: Town) -> bool:
    return town.city.id in CITIES and town.runs("imagery")


def sources(town: Town) -> list[SourceBinding]:
    return _bound() if _runs(town) else []


def _size(bounds: Bounds, width: int) -> tuple[int, int]:
    west, south, east, north = bounds
    return width, round(width * (north - south) / (east - west))


@dataclass(slots=True)
class Radar:
    """Writes an image every ten minutes of the city's clock; ``until`` (epoch s) is the last one."""

    sky: Sky
    severity: Callable[[float], float]
    folder: Path
    faults: Faults
    until: float
    count: int = 0

    async def run(self, host: Host) -> None:
        while True:
            await self.write(host.now())
            await asyncio.sleep(LOOK_S)

    async def write(self, now: float) -> None:
        """Everything up to ``now`` that is not there yet; a fast city leaves images out."""
        if not self._is_there() or self.faults.is_on(RADAR, Kind.STALL):
            return
        end = self.faults.held_at(RADAR, now) // CYCLE_S * CYCLE_S
        self.until = max(self.until, end - KEPT * CYCLE_S)
        while self.until < end:
            self.until += CYCLE_S
            self._put(self.until + self.faults.skew_s(RADAR), self.until)
            await asyncio.sleep(0)
        for old in sorted(self.folder.glob("*.tif"))[:-KEPT]:
            old.unlink()

    def _is_there(self) -> bool:
        """An outage of a folder is a network disk that is gone."""
        away = self.folder.with_name(self.folder.name + ".away")
        out = self.faults.is_on(RADAR, Kind.OUTAGE)
        if out and self.folder.exists():
            self.folder.rename(away)
        elif not out and away.exists():
            away.rename(self.folder)
        return not out

    def _put(self, told: float, t: float) -> None:
        self.count += 1
        pixels = self.sky.rain(t, self.severity(t), *_size(self.sky.bounds, WIDTH))
        data = geotiff(pixels, self.sky.bounds, {"DON_VI": "mm/h x 2", "TIFFTAG_SOFTWARE": "Vong Lau (simulated)"})
        if self.faults.is_on(RADAR, Kind.GARBAGE) or self.faults.is_on(RADAR, Kind.HUGE_LINE):
            data = data[: len(data) // 2]
        copies = 2 if self.faults.is_on(RADAR, Kind.DUPLICATES) else 1
        for n in range(copies):
            name = f"rada_{datetime.fromtimestamp(told, UTC):%Y%m%d_%H%M}{'_2' * n}.tif"
            beside = self.folder / f".{name}.tmp"
            beside.write_bytes(data)
            beside.replace(self.folder / name)


class WMSHandler(FaultyHandler):
    """WMS 1.3.0 with one layer and its times."""

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.sky: Sky = own["sky"]
        self.severity: Callable[[float], float] = own["severity"]
        self.clock: Callable[[], float] = own["clock"]

    async def get(self) -> None:
        params = {key.casefold(): self.get_query_argument(key) for key in self.request.query_arguments}
        if params.get("request", "").casefold() == "getcapabilities":
            await self.send(self.capabilities(), "text/xml")
            return
        try:
            body = self.picture(params)
        except (KeyError, ValueError):
            await self.send(_EXCEPTION, "text/xml")
            return
        if self.faults.is_on(self.source, Kind.GARBAGE):
            body = body[: len(body) // 2]
        self.set_header("Content-Type", "image/png")
        await self.finish(body)

    def capabilities(self) -> str:
        now = self.faults.held_at(self.source, self.clock())
        end = now // CYCLE_S * CYCLE_S + self.faults.skew_s(self.source)
        west, south, east, north = self.sky.bounds
        return _CAPABILITIES.format(
            west=west, south=south, east=east, north=north, start=iso(end - HORIZON_S), end=iso(end)
        )

    def picture(self, params: dict[str, str]) -> bytes:
        """Raises KeyError or ValueError for a request that is none."""
        west, south, east, north = map(float, params["bbox"].split(","))
        width, height = int(params["width"]), int(params["height"])
        if params["crs"] != "CRS:84" or not (0 < width <= WIDEST and 0 < height <= WIDEST):
            raise ValueError(params["crs"])
        t = datetime.fromisoformat(params["time"]).timestamp() - self.faults.skew_s(self.source)
        here = Sky(self.sky.seed, (west, south, east, north))
        return png(here.cloud(t, self.severity(t), width, height))


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if not _runs(town):
        return []
    west, south, east, north = town.city.bounds
    sky = Sky(town.seed, (west, south, east, north))

    def severity(t: float) -> float:
        return float(town.severity(t)[0])

    folder = host.folder / RADAR
    folder.mkdir(parents=True)
    radar = Radar(sky, severity, folder, host.faults, host.now() // CYCLE_S * CYCLE_S - BACKLOG * CYCLE_S)
    await radar.write(host.now())
    host.spawn(radar.run(host))
    own = {"source": SATELLITE, "faults": host.faults, "sky": sky, "severity": severity, "clock": host.now}
    return _bound(str(folder), await host.http(SATELLITE, [(r"/wms", WMSHandler, own)]))


_CAPABILITIES = (
    '<?xml version="1.0" encoding="UTF-8"?><WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/wms">'
    "<Service><Name>WMS</Name><Title>Ảnh mây (mô phỏng)</Title></Service><Capability><Request><GetMap>"
    "<Format>image/png</Format></GetMap></Request><Layer><Title>Bầu trời</Title><CRS>CRS:84</CRS>"
    "<Layer queryable='0'><Name>may</Name><Title>Mây</Title><EX_GeographicBoundingBox><westBoundLongitude>{west}"
    "</westBoundLongitude><eastBoundLongitude>{east}</eastBoundLongitude><southBoundLatitude>{south}"
    "</southBoundLatitude><northBoundLatitude>{north}</northBoundLatitude></EX_GeographicBoundingBox>"
    "<Dimension name='time' units='ISO8601' default='{end}'>{start}/{end}/PT10M</Dimension></Layer></Layer>"
    "</Capability></WMS_Capabilities>"
)
_EXCEPTION = (
    '<ServiceExceptionReport version="1.3.0" xmlns="http://www.opengis.net/ogc"><ServiceException>'
    "a request that is none</ServiceException></ServiceExceptionReport>"
)

FEED = Feed(sources=sources, open=open_, order=72)
