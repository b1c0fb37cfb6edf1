"""The HTTP side of simulated cameras: snapshots with a table, go2rtc's API with MJPEG, MediaMTX's API with HLS."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import tornado.iostream

from sources.simulator.camera_cast import Fate, SimulatedCamera
from sources.simulator.camera_hls import Segments, playlist
from sources.simulator.camera_show import Show
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import FaultyHandler

PART_S = 0.5
BOUNDARY = "frame"
STALLING = 3
"""Every third dead camera takes the question and never answers."""


class CameraHandler(FaultyHandler):
    """Answers for one system. A dead camera says 404, 503 or nothing, each always the same."""

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.show: Show = own["show"]
        self.segments: Segments | None = own.get("segments")

    def camera(self, name: str) -> SimulatedCamera | None:
        return self.show.cast.cameras.get(name.upper().replace("_", "-"))

    async def dead(self, camera: SimulatedCamera | None) -> bool:
        """Whether there is no picture; answers then."""
        if camera is not None and self.show.fate(camera) is not Fate.DEAD:
            return False
        if camera is not None and camera.number % STALLING == 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(60):
                    await self.gone.wait()
        known = camera is not None and camera.number % STALLING == 1
        self.set_status(HTTPStatus.SERVICE_UNAVAILABLE if known else HTTPStatus.NOT_FOUND)
        if not self.gone.is_set():
            await self.finish("camera offline")
        return True

    async def send_bytes(self, data: bytes, content_type: str) -> None:
        self.set_header("Content-Type", content_type)
        if self.faults.is_on(self.source, Kind.HUGE_LINE):
            await self._huge()
            return
        await self.finish(self.garbled(data))

    def garbled(self, data: bytes) -> bytes:
        return data[: len(data) // 2] + b"\xff\xfe\x00{<" if self.faults.is_on(self.source, Kind.GARBAGE) else data


class TableHandler(CameraHandler):
    """The table of the system, and what its gateway says of its streams."""

    async def get(self, name: str) -> None:
        body = {
            "cameras.json": self.show.table_json,
            "cameras.csv": self.show.table_csv,
            "api/streams": self.show.streams,
            "v3/paths/list": self.show.paths,
        }[name]
        await self.send(body(), "text/csv" if name.endswith("csv") else "application/json")


class SnapshotHandler(CameraHandler):
    """``/snapshot/KEY.jpg`` and go2rtc's ``/api/frame.jpeg?src=``."""

    async def get(self, name: str = "") -> None:
        camera = self.camera(name or self.get_argument("src", ""))
        if not await self.dead(camera):
            assert camera is not None
            await self.send_bytes(self.show.jpeg(camera), "image/jpeg")


class MotionHandler(CameraHandler):
    """go2rtc's ``/api/stream.mjpeg?src=``: a part twice a second until the client leaves."""

    async def get(self) -> None:
        camera = self.camera(self.get_argument("src", ""))
        if await self.dead(camera):
            return
        assert camera is not None
        self.set_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
        if self.faults.is_on(self.source, Kind.HUGE_LINE):
            await self._huge()
            return
        with suppress(tornado.iostream.StreamClosedError):
            while not self.gone.is_set() and self.show.fate(camera) is not Fate.DEAD:
                data = self.garbled(self.show.jpeg(camera))
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                self.write(head.encode() + data + b"\r\n")
                await self.flush()
                with suppress(TimeoutError):
                    async with asyncio.timeout(PART_S):
                        await self.gone.wait()


class PlaylistHandler(CameraHandler):
    """``/PATH/index.m3u8``."""

    async def get(self, name: str) -> None:
        camera = self.camera(name)
        if not await self.dead(camera):
            assert camera is not None
            await self.send_bytes(playlist(self.show, camera).encode(), "application/vnd.apple.mpegurl")


class SegmentHandler(CameraHandler):
    """``/PATH/segmentN.ts``."""

    async def get(self, name: str, number: str) -> None:
        camera = self.camera(name)
        if not await self.dead(camera):
            assert camera is not None
            assert self.segments is not None
            data = await asyncio.to_thread(self.segments.segment, self.show, camera, int(number))
            await self.send_bytes(data, "video/mp2t")


def routes(show: Show) -> list[tuple[str, type[CameraHandler], dict[str, Any]]]:
    """Of the system's gateway; ``show.root`` must be set before anybody asks."""
    own: dict[str, Any] = {"source": show.system.id, "faults": show.faults, "show": show}
    tables = {"registry": r"cameras\.json", "go2rtc": r"cameras\.csv|api/streams"}
    table = tables.get(show.system.gateway, r"cameras\.json|v3/paths/list")
    found: list[tuple[str, type[CameraHandler], dict[str, Any]]] = [(rf"/({table})", TableHandler, own)]
    if show.system.gateway == "registry":
        found.append((r"/snapshot/([\w-]+)\.jpg", SnapshotHandler, own))
    elif show.system.gateway == "go2rtc":
        found += [(r"/api/frame\.jpeg", SnapshotHandler, own), (r"/api/stream\.mjpeg", MotionHandler, own)]
    else:
        more = {**own, "segments": Segments()}
        found += [
            (r"/(\w+)/index\.m3u8", PlaylistHandler, own),
            (r"/(\w+)/segment(\d{1,12})\.ts", SegmentHandler, more),
        ]
    return found
