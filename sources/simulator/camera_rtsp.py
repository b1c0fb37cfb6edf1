"""RTSP 1.0 (RFC 2326) over TCP with interleaved RTP, JPEG payload (RFC 2435): a few simulated cameras speak it."""

from __future__ import annotations

import asyncio
import struct

from PIL import Image

from geodata.ending import ended, shut
from sources.simulator.camera_cast import Fate, SimulatedCamera
from sources.simulator.camera_pictures import HEIGHT, WIDTH, picture
from sources.simulator.camera_show import Show
from sources.simulator.door import LOOK_S, follow
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.listening import listen
from sources.simulator.rtp_jpeg import packets, prepared

FRAME_S = 0.5
MAX_REQUEST_B = 8192
ROWS = HEIGHT // 16 * 16
"""RFC 2435 counts in blocks of eight pixels; whole macro blocks are simplest."""


class RtspServer:
    """One port for the RTSP cameras of a system. ``run`` follows the source's faults until cancelled."""

    def __init__(self, show: Show, port: int = 0) -> None:
        self.show, self.port = show, port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def _faults(self) -> Faults:
        return self.show.faults

    def _on(self, kind: Kind) -> bool:
        return self._faults.is_on(self.show.system.id, kind)

    async def _unstalled(self) -> None:
        while self._on(Kind.STALL):  # noqa: ASYNC110 (faults are looked at, they call nobody)
            await asyncio.sleep(LOOK_S)

    @property
    def is_open(self) -> bool:
        return self._server is not None

    async def open(self) -> None:
        """Raises SimulatorPortTaken."""
        name = self.show.system.id
        self._server, self.port = await listen(self._client, self.port, name, limit=MAX_REQUEST_B)

    async def run(self) -> None:
        await follow(self, lambda: self._on(Kind.OUTAGE))

    async def close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            await shut(server)
            for writer in list(self._writers):
                writer.transport.abort()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        playing: asyncio.Task[None] | None = None
        try:
            while (request := await _request(reader)) is not None:
                await self._unstalled()
                method, url, headers = request
                camera = self.show.cast.cameras.get(
                    url.split("?")[0].rstrip("/").removesuffix("/video").rpartition("/")[2]
                )
                if camera is None or self.show.fate(camera) is Fate.DEAD:
                    writer.write(_reply(headers, 404, "Not Found"))
                    continue
                writer.write(_answer(method, url, headers))
                await writer.drain()
                if method == "PLAY" and playing is None:
                    playing = asyncio.create_task(self._play(camera, writer))
                elif method == "TEARDOWN":
                    break
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a client that leaves, or speaks nonsense
        finally:
            if playing is not None:
                await ended(playing)
            self._writers.discard(writer)
            writer.close()

    async def _play(self, camera: SimulatedCamera, writer: asyncio.StreamWriter) -> None:
        sequence = camera.number & 0xFFFF
        while True:
            t = self.show.t()
            await self._unstalled()
            for packet in packets(self._jpeg(camera, t), sequence, int(t * 90_000) & 0xFFFFFFFF):
                sequence = (sequence + 1) & 0xFFFF
                data = b"\0" * len(packet) if self._on(Kind.GARBAGE) else packet
                writer.write(struct.pack("!cBH", b"$", 0, len(data)) + data)
            await writer.drain()
            await asyncio.sleep(FRAME_S)

    def _jpeg(self, camera: SimulatedCamera, t: float) -> bytes:
        image: Image.Image = picture(camera, t, self.show.severity(t), self.show.fate(camera))
        return prepared(image.crop((0, 0, WIDTH, ROWS)))


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]] | None:
    """Method, URL and headers of the next request; interleaved packets (the client's RTCP) are passed over."""
    while (first := await reader.read(1)) == b"$":
        _, length = struct.unpack("!BH", await reader.readexactly(3))
        await reader.readexactly(length)
    if not first:
        return None
    head = (first + await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace")
    line, *lines = head.split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (entry.partition(":") for entry in lines)}
    method, url, _ = line.split(" ", 2)
    if int(headers.get("content-length", "0")) > MAX_REQUEST_B:
        raise ValueError("a body too long")
    await reader.readexactly(int(headers.get("content-length", "0")))
    return method, url, headers


def _answer(method: str, url: str, headers: dict[str, str]) -> bytes:
    if method == "OPTIONS":
        return _reply(headers, 200, "OK", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER")
    if method == "DESCRIBE":
        sdp = (
            f"v=0\r\no=- 0 0 IN IP4 {LOOPBACK}\r\ns=simulated\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
            "m=video 0 RTP/AVP 26\r\na=control:video\r\n"
        )
        return _reply(headers, 200, "OK", "Content-Type: application/sdp", f"Content-Base: {url}/", body=sdp)
    if method == "SETUP":
        if "interleaved" not in headers.get("transport", ""):
            return _reply(headers, 461, "Unsupported transport")
        transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
        return _reply(headers, 200, "OK", transport, "Session: 42;timeout=60")
    if method in {"PLAY", "TEARDOWN", "GET_PARAMETER"}:
        return _reply(headers, 200, "OK", "Session: 42")
    return _reply(headers, 501, "Not Implemented")


def _reply(asked: dict[str, str], status: int, words: str, *headers: str, body: str = "") -> bytes:
    lines = [f"RTSP/1.0 {status} {words}", f"CSeq: {asked.get('cseq', '0')}", *headers]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
