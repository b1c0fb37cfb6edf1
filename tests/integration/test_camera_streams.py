"""One look at one camera, over real sockets: every kind of stream, good and as bad as they come."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from sources._camera_libav import Libav
from sources._camera_options import CameraOptions
from sources._camera_state import Blind, Failed, Look, Seen, Stale
from sources._camera_streams import Address, Past, Streams
from sources._served import closed
from sources.http import client
from tests.support.cameras import H264_LAUNCH, JPEG_LAUNCH, closed_port, gstreamer, hls_by_libav, http, jpeg, server
from tests.support.patience import HANG_S, NEVER_S, in_time

OPTIONS = CameraOptions(timeout_s=HANG_S, connect_s=HANG_S, max_frame_b=1 << 20)
"""Patient: tests of what takes too long say their own time."""


class Looking:
    def __init__(self, http_: httpx.AsyncClient, libav: Libav) -> None:
        self.http, self.libav = http_, libav

    async def look(self, kind: Any, url: str, *login: str, past: Past | None = None, **options: Any) -> Look:
        streams = Streams(OPTIONS.model_copy(update=options), self.http, self.libav)
        target = Address(kind, url, (login[0], login[1]) if login else None)
        return await streams.look(target, past or Past(), datetime.now(UTC))


@pytest.fixture
async def looking() -> AsyncIterator[Looking]:
    libav = Libav()
    async with client(trust_env=False, timeout=httpx.Timeout(HANG_S)) as http_:
        yield Looking(http_, libav)
    await libav.close()


async def test_a_snapshot(looking: Looking) -> None:
    async def answer(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(http(jpeg(1)))

    async with server(answer) as port:
        look = await looking.look("jpeg", f"http://127.0.0.1:{port}/snap.jpg?secret=1")
        assert isinstance(look, Seen)
        assert 90 < look.frame.mean < 150


def bad(name: str, part: bytes = jpeg(2)) -> Any:  # noqa: C901 (a list of cases)
    """What a camera may do instead of giving a picture."""

    async def answer(_head: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: C901, PLR0912 (a list of cases)
        if name == "html":
            writer.write(http(b"<html><h1>Login</h1></html>", "text/html"))
        elif name == "gigabyte":
            writer.write(http(b"\xff\xd8\xff\xe0", length=1 << 30))
            for _ in range(1 << 14):
                writer.write(b"\0" * (1 << 16))
                await writer.drain()
        elif name == "stalls_mid_frame":
            writer.write(http(part[: len(part) // 2], length=len(part)))
            await writer.drain()
            await asyncio.sleep(NEVER_S)
        elif name == "says_nothing":
            await asyncio.sleep(NEVER_S)
        elif name == "closes":
            writer.write(http(part[: len(part) // 2], length=len(part)))
        elif name == "closes_at_once":
            writer.close()
        elif name == "drips":
            writer.write(http(b"", length=1 << 20))
            for byte in part * 100:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        elif name == "redirects_for_ever":
            writer.write(http(b"", "text/plain", "302 Found", "Location: /again"))
        elif name == "redirects_to_a_file":
            writer.write(http(b"", "text/plain", "302 Found", "Location: file:///etc/passwd"))
        elif name == "bomb":
            writer.write(http(part[:-2].replace(b"\x00\xb4\x01\x40", b"\xff\xff\xff\xff", 1) + b"\xff\xd9"))
        elif name.isdigit():
            writer.write(http(b"no", "text/plain", f"{name} Some words"))
        elif name == "not_http":
            writer.write(b"SSH-2.0-dropbear\r\n" * 4)
        elif name == "header_without_end":
            writer.write(b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * (1 << 20))

    return answer


@pytest.mark.parametrize("kind", ["jpeg", "mjpeg", "hls"])
@pytest.mark.parametrize(
    "name",
    [
        *("html", "gigabyte", "stalls_mid_frame", "says_nothing", "closes", "closes_at_once", "drips", "bomb"),
        *("redirects_for_ever", "redirects_to_a_file", "404", "500", "503", "not_http", "header_without_end"),
    ],
)
async def test_a_bad_camera_is_a_failure_in_time(looking: Looking, kind: str, name: str) -> None:
    async with server(bad(name)) as port:
        async with in_time():
            look = await looking.look(kind, f"http://127.0.0.1:{port}/s3cret", timeout_s=0.4)
        assert isinstance(look, Failed)
        assert "s3cret" not in repr(look)


@pytest.mark.parametrize("kind", ["jpeg", "mjpeg", "hls"])
@pytest.mark.parametrize("status", ["401", "403", "429"])
async def test_a_refusal_says_nothing_of_the_camera(looking: Looking, kind: str, status: str) -> None:
    async with server(bad(status)) as port:
        assert isinstance(await looking.look(kind, f"http://127.0.0.1:{port}/"), Blind)


@pytest.mark.parametrize("kind", ["jpeg", "mjpeg", "hls", "rtsp"])
async def test_nobody_there(looking: Looking, kind: str) -> None:
    scheme = "rtsp" if kind == "rtsp" else "http"
    assert isinstance(await looking.look(kind, f"{scheme}://127.0.0.1:{closed_port()}/x"), Failed)


async def test_motion_jpeg_with_and_without_lengths(looking: Looking) -> None:
    """The first whole picture, whatever the boundary says, also when it comes in small pieces and never ends."""
    for length in (True, False):

        async def answer(_head: bytes, writer: asyncio.StreamWriter, *, length: bool = length) -> None:
            writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=--x\r\n\r\n")
            for n in range(50):
                part = jpeg(n)
                size = f"Content-Length: {len(part)}\r\n" if length else ""
                data = f"--x\r\nContent-Type: image/jpeg\r\n{size}\r\n".encode() + part + b"\r\n"
                for at in range(0, len(data), 997):
                    writer.write(data[at : at + 997])
                    await writer.drain()
                await asyncio.sleep(0.2)

        async with server(answer) as port:
            looks = [await looking.look("mjpeg", f"http://127.0.0.1:{port}/") for _ in range(2)]
            digests = [look.frame.digest for look in looks if isinstance(look, Seen)]
            assert len(digests) == 2


async def test_digest_and_basic_login(looking: Looking) -> None:
    """The scheme is the camera's; a wrong password is a refusal; the second look asks once."""
    asked: list[str] = []

    class Snapshot(tornado.web.RequestHandler):
        def get(self) -> None:
            asked.append(self.request.headers.get("Authorization", ""))
            scheme = asked[-1].split(" ")[0]
            if scheme == "Digest" and 'username="op"' in asked[-1]:
                self.finish(jpeg(3))
                return
            self.set_status(401)
            self.set_header("WWW-Authenticate", 'Digest realm="cam", nonce="abc", qop="auth", algorithm=MD5')

    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    application = tornado.web.Application([("/.*", Snapshot)], log_function=lambda handler: None)
    digest = tornado.httpserver.HTTPServer(application)
    digest.add_sockets([sock])
    url, past = f"http://127.0.0.1:{sock.getsockname()[1]}/", Past()
    try:
        assert isinstance(await looking.look("jpeg", url, "op", "s3cret", past=past), Seen)
        before = len(asked)
        assert isinstance(await looking.look("jpeg", url, "op", "s3cret", past=past), Seen)
        assert len(asked) == before + 1
        assert isinstance(await looking.look("jpeg", url, "other", "wrong"), Blind)
    finally:
        await closed(digest)

    async def basic(head: bytes, writer: asyncio.StreamWriter) -> None:
        good = b"Basic " + base64.b64encode(b"op:s3cret") in head
        challenge = 'WWW-Authenticate: Basic realm="cam"'
        writer.write(http(jpeg(4)) if good else http(b"", "text/plain", "401 No", challenge))

    async with server(basic) as port:
        assert isinstance(await looking.look("jpeg", f"http://127.0.0.1:{port}/", "op", "s3cret"), Seen)


async def test_a_login_is_not_carried_to_another_host(looking: Looking) -> None:
    heads: list[bytes] = []

    async def thief(head: bytes, writer: asyncio.StreamWriter) -> None:
        heads.append(head)
        writer.write(http(b"", "text/plain", "401 No", 'WWW-Authenticate: Basic realm="x"'))

    async with server(thief) as other:

        async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
            if b"Authorization" not in head:
                writer.write(http(b"", "text/plain", "401 No", 'WWW-Authenticate: Basic realm="x"'))
            else:
                writer.write(http(b"", "text/plain", "302 Found", f"Location: http://localhost:{other}/"))

        async with server(answer) as port:
            assert isinstance(await looking.look("jpeg", f"http://127.0.0.1:{port}/", "op", "s3cret"), Blind)
    assert heads
    assert not [head for head in heads if b"uthorization" in head]


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[str]:
    """The folder over HTTP."""
    routes = [(r"/(.*)", tornado.web.StaticFileHandler, {"path": str(folder)})]
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    files = tornado.httpserver.HTTPServer(tornado.web.Application(routes, log_function=lambda handler: None))
    files.add_sockets([sock])
    try:
        yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    finally:
        await closed(files)


@pytest.mark.parametrize("segments", ["mpegts", "fmp4"])
async def test_hls_as_libav_writes_it(looking: Looking, tmp_path: Path, segments: str) -> None:
    """An independent writer; when it stops, the playlist stands, and after three target durations so do we say."""
    past = Past()
    async with served(tmp_path) as root:
        url = f"{root}/index.m3u8"
        async with hls_by_libav(tmp_path, segments), in_time():
            while not isinstance(look := await looking.look("hls", url, past=past), Seen):  # noqa: ASYNC110 (it writes)
                await asyncio.sleep(0.1)
            assert 0 <= look.age_s < HANG_S
        assert isinstance(await looking.look("hls", url, past=past), Seen), "it has only just stopped"
        assert past.playlist is not None
        past.playlist = (past.playlist[0], past.playlist[1] - 30)
        assert isinstance(await looking.look("hls", url, past=past), Stale)
        (tmp_path / "master.m3u8").write_text("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=9\nindex.m3u8\n")
        assert isinstance(await looking.look("hls", f"{root}/master.m3u8"), Seen)


@pytest.mark.parametrize("launch", [JPEG_LAUNCH, H264_LAUNCH], ids=["jpeg", "h264"])
async def test_rtsp_of_gstreamer(looking: Looking, launch: str) -> None:
    async with gstreamer(launch) as port:
        look = await looking.look("rtsp", f"rtsp://127.0.0.1:{port}/live", timeout_s=10)
        assert isinstance(look, Seen), look
        assert look.frame.deviation > 20
        missing = await looking.look("rtsp", f"rtsp://127.0.0.1:{port}/nothing", timeout_s=10)
        assert isinstance(missing, Failed)


@pytest.mark.parametrize("scheme", ["BASIC", "DIGEST"])
async def test_rtsp_of_gstreamer_with_login(looking: Looking, scheme: str) -> None:
    async with gstreamer(
        "( videotestsrc is-live=true ! jpegenc ! rtpjpegpay name=pay0 )", "op", "p@ss:w", scheme
    ) as port:
        url = f"rtsp://127.0.0.1:{port}/live"
        assert isinstance(await looking.look("rtsp", url, "op", "p@ss:w", timeout_s=10), Seen)
        for wrong in (("op", "s3cret"), ()):
            refused = await looking.look("rtsp", url, *wrong, timeout_s=10)
            assert isinstance(refused, Blind)
            assert "s3cret" not in repr(refused)


async def test_an_rtsp_server_that_says_nothing_is_given_up(looking: Looking) -> None:
    async def answer(_head: bytes, _writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(NEVER_S)

    async def nonsense(_head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n" + b"\0" * (1 << 20))

    for behaviour in (answer, nonsense, bad("html"), bad("closes_at_once")):
        async with server(behaviour) as port, in_time():
            assert isinstance(await looking.look("rtsp", f"rtsp://127.0.0.1:{port}/x", timeout_s=1), Failed)


async def test_a_decoder_that_dies_blames_no_camera_and_comes_back(looking: Looking) -> None:
    async with gstreamer() as port:
        url = f"rtsp://127.0.0.1:{port}/live"
        assert isinstance(await looking.look("rtsp", url, timeout_s=10), Seen)
        assert looking.libav.pid is not None

        async def hanging(_head: bytes, _writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(NEVER_S)

        async with server(hanging) as silent:
            waiting = asyncio.create_task(looking.look("rtsp", f"rtsp://127.0.0.1:{silent}/x", timeout_s=8))
            await asyncio.sleep(0.3)
            os.kill(looking.libav.pid, signal.SIGSEGV)
            assert isinstance(await waiting, Blind)
        assert isinstance(await looking.look("rtsp", url, timeout_s=10), Seen)


async def test_a_decoder_that_hangs_is_killed(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sources._camera_libav.GRACE_S", 0.3)
    async with gstreamer() as port:
        url = f"rtsp://127.0.0.1:{port}/live"
        assert isinstance(await looking.look("rtsp", url, timeout_s=10), Seen)
        first = looking.libav.pid
        assert first is not None
        os.kill(first, signal.SIGSTOP)
        assert isinstance(await looking.look("rtsp", url, timeout_s=0.5), Failed)
        assert isinstance(await looking.look("rtsp", url, timeout_s=10), Seen)
        assert looking.libav.pid != first


async def test_the_decoder_knows_no_secret_of_ours(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMERA_LOGIN", "op:s3cret")
    await looking.look("rtsp", f"rtsp://127.0.0.1:{closed_port()}/x")
    await looking.libav.segment(b"\x47" + b"\0" * 187, HANG_S)  # a slow machine must not make it be killed
    folder = Path(f"/proc/{looking.libav.pid}")
    assert b"s3cret" not in (folder / "environ").read_bytes() + (folder / "cmdline").read_bytes()


@pytest.mark.parametrize("data", [b"", b"#EXTM3U\nfile:///etc/passwd", b"\x47" * 100_000, b"\0\0\0\x18ftypisom" * 99])
async def test_a_segment_that_is_none(looking: Looking, data: bytes) -> None:
    assert isinstance(await looking.libav.segment(data, 5), Failed | Blind)
