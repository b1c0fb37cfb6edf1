"""Cameras for tests: raw TCP servers that answer as told, and GStreamer's RTSP server, which we did not write."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
from PIL import Image

from geodata.ending import shut
from tests.support.patience import HANG_S, in_time
from tests.support.ports import free_port

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]

GSTREAMER = """
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer, GLib
Gst.init(None)
server = GstRtspServer.RTSPServer(); server.set_address("127.0.0.1"); server.set_service("0")
if len(sys.argv) > 2:
    user, password = sys.argv[2:4]
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(getattr(__import__("gi").repository.GstRtsp.RTSPAuthMethod, sys.argv[4]))
    token = GstRtspServer.RTSPToken(); token.set_string("media.factory.role", "user")
    if sys.argv[4] == "BASIC":
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        auth.add_digest(user, password, token)
    server.set_auth(auth)
factory = GstRtspServer.RTSPMediaFactory(); factory.set_launch(sys.argv[1]); factory.set_shared(True)
if len(sys.argv) > 2:
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)
server.get_mount_points().add_factory("/live", factory); server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""

_RAW = "( videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=5/1 ! "
JPEG_LAUNCH = _RAW + "jpegenc ! rtpjpegpay name=pay0 )"
H264_LAUNCH = _RAW + "openh264enc gop-size=5 ! h264parse ! rtph264pay name=pay0 config-interval=1 )"


def jpeg(seed: int = 0, size: tuple[int, int] = (320, 180), level: int = 120) -> bytes:
    """A picture that no other seed gives."""
    noise = np.random.default_rng(seed).integers(-40, 40, (size[1] // 4, size[0] // 4, 3))
    image = Image.fromarray(np.clip(noise + level, 0, 255).astype(np.uint8)).resize(size)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()


def http(body: bytes, kind: str = "image/jpeg", status: str = "200 OK", *more: str, length: int | None = None) -> bytes:
    """One whole HTTP/1.1 answer; ``length`` is what it says of its length."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *more]
    head.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


@asynccontextmanager
async def server(answer: Answer) -> AsyncIterator[int]:
    """A port on which every request's head goes to ``answer``; connections are ended afterwards."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await answer(await reader.readuntil(b"\r\n\r\n"), writer)
                await writer.drain()
        finally:
            tasks.discard(task)
            writer.transport.abort()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        await shut(listening)
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def gstreamer(launch: str = JPEG_LAUNCH, *login: str) -> AsyncIterator[int]:
    """GStreamer's RTSP server at ``/live``; ``login`` is user, password and BASIC or DIGEST."""
    process = await asyncio.create_subprocess_exec(
        "/usr/bin/python3", "-c", GSTREAMER, launch, *login, stdout=asyncio.subprocess.PIPE, env={"PATH": "/usr/bin"}
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(HANG_S):
            said = await process.stdout.readline()
        yield int(said)
    finally:
        process.kill()
        await process.wait()


def closed_port() -> int:
    """A port where nobody listens."""
    return free_port()


@asynccontextmanager
async def hls_by_libav(folder: Path, segments: str = "mpegts") -> AsyncIterator[Path]:
    """The HLS muxer of libav, an independent writer, goes on writing a live playlist into the folder."""
    code = """
import av, sys, time, numpy as np
from fractions import Fraction
options = {"hls_time": "1", "hls_list_size": "3", "hls_flags": "delete_segments", "hls_segment_type": sys.argv[2]}
with av.open(sys.argv[1] + "/index.m3u8", "w", format="hls", options=options) as out:
    video = out.add_stream("libx264", rate=5, options={"preset": "ultrafast", "g": "5"})
    video.width, video.height, video.pix_fmt = 320, 180, "yuv420p"
    for n in range(600):
        frame = av.VideoFrame.from_ndarray(np.full((180, 320, 3), 60 + n * 7 % 120, np.uint8), format="rgb24")
        frame.pts, frame.time_base = n, Fraction(1, 5)
        out.mux(video.encode(frame))
        time.sleep(0.01 if n < 20 else 0.2)
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(folder), segments)
    try:
        async with in_time():
            while not (folder / "index.m3u8").exists():  # noqa: ASYNC110 (another process writes it)
                await asyncio.sleep(0.05)
        yield folder
    finally:
        process.kill()
        await process.wait()
