"""One look at one camera: a picture out of a JPEG address, an MJPEG, HLS or RTSP stream, bounded in bytes and time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import httpx

from sources._camera_frame import Frame, cut, frame
from sources._camera_hls import MAX_PLAYLIST_B, Newest, newest, variant
from sources._camera_libav import Libav
from sources._camera_options import CameraOptions, Kind
from sources._camera_state import Blind, Failed, Look, Seen, Stale

AGAIN_B = 1 << 16
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED}
_DEFAULT_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a camera's picture is. ``url`` is without user and password, which stand in ``login``; none is printed."""

    kind: Kind
    url: str = field(repr=False)
    login: tuple[str, str] | None = field(default=None, repr=False)

    @property
    def host(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)


@dataclass(slots=True)
class Past:
    """What the looks at one camera leave for the next: the HTTP login, the playlist and since when it stands."""

    auth: httpx.Auth | None = field(default=None, repr=False)
    media: str | None = field(default=None, repr=False)
    playlist: tuple[tuple[int, str], float] | None = field(default=None, repr=False)


def logins(text: str | None) -> Mapping[str, tuple[str, str]]:
    """``user:password``, or a JSON object of these by camera id, host or ``*``. Raises a ValueError without them."""
    if not text:
        return {}
    if text.lstrip().startswith("{"):
        try:
            found = json.loads(text)
        except ValueError:
            raise ValueError("the credentials are not JSON") from None
        return {str(name): _login(entry) for name, entry in found.items()}
    return {"*": _login(text)}


def _login(entry: Any) -> tuple[str, str]:
    user, colon, password = entry.partition(":") if isinstance(entry, str) else ("", "", "")
    if not colon:
        raise ValueError("credentials are written user:password")
    return user, password


def address(key: str, url: str, kind: Kind, known: Mapping[str, tuple[str, str]]) -> Address:
    """Credentials of the camera, its host or all; else those in the URL. Raises ValueError for what is no address."""
    bare = url.replace("{user}", "").replace("{password}", "")
    parts = urlsplit(bare)
    if parts.scheme not in ({"rtsp", "rtsps"} if kind == "rtsp" else {"http", "https"}) or not parts.hostname:
        raise ValueError("no address that we read")
    _ = parts.port  # raises for a wrong one
    login = known.get(key) or known.get(parts.hostname) or known.get("*")
    user, password = (quote(word, safe="") for word in login or ("", ""))
    filled = url.replace("{user}", user).replace("{password}", password)
    parts = urlsplit(filled)
    if login is None and "@" in parts.netloc and parts.username:
        login = (unquote(parts.username), unquote(parts.password or ""))
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    try:
        httpx.URL(plain)
    except httpx.InvalidURL:
        raise ValueError("no address that we read") from None
    return Address(kind, plain, login)


class Streams:
    """``look`` may be called by any number of tasks and never raises but when cancelled; it is bounded in time."""

    def __init__(self, options: CameraOptions, http: httpx.AsyncClient, libav: Libav) -> None:
        self._options, self._http, self._libav = options, http, libav

    async def look(self, target: Address, past: Past, now: datetime) -> Look:
        """``now`` is the wall clock, for streams that say when a picture was taken."""
        try:
            async with asyncio.timeout(self._options.timeout_s):
                if target.kind == "hls":
                    return await self._hls(target, past, now)
                if target.kind != "rtsp":
                    return await self._measured(
                        await (self._jpeg if target.kind == "jpeg" else self._part)(target, past)
                    )
        except _Said as said:
            return said.look
        except ValueError as error:
            return Failed(str(error)[:80])
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
            return Failed(_words(error))
        return await self._rtsp(target)

    async def _measured(self, jpeg: bytes, age_s: float = 0.0) -> Seen:
        found: Frame = await asyncio.to_thread(frame, jpeg, self._options.snapshot_px)
        return Seen(found, age_s)

    async def _jpeg(self, target: Address, past: Past) -> bytes:
        return await self._body(target, past, target.url, self._options.max_frame_b)

    async def _part(self, target: Address, past: Past) -> bytes:
        """The first whole picture of a multipart stream, whatever its boundary and lengths say."""
        buffer = bytearray()
        tried = 0
        async with self._open(target, past, target.url) as response:
            async for chunk in response.aiter_raw():
                buffer += chunk
                if len(buffer) < tried and b"\xff\xd9" not in buffer[-len(chunk) - 1 :]:
                    continue  # a picture that comes in drops is not read again from its beginning at each of them
                tried = len(buffer) + AGAIN_B
                if (found := cut(buffer)) is not None:
                    return found[0]
                if len(buffer) > self._options.max_frame_b:
                    raise ValueError("a picture too large, or none")
        raise ValueError("the stream ended without a picture")

    async def _hls(self, target: Address, past: Past, now: datetime) -> Look:
        url = past.media or target.url
        try:
            text = await self._playlist(target, past, url)
            if (media := variant(text, url)) is not None:
                url = media
                text = await self._playlist(target, past, url)
            past.media = url
            last = newest(text, url)
        except (_Said, ValueError):
            past.media = None
            raise
        clock = asyncio.get_running_loop().time()
        if past.playlist is None or past.playlist[0] != last.state:
            past.playlist = (last.state, clock)
        still_s = clock - past.playlist[1]
        if last.ended or still_s > last.stale_s:
            return Stale(still_s)
        if last.sealed:
            return Blind("an encrypted stream")
        jpeg = await self._libav.segment(await self._segment(target, past, last), self._options.timeout_s)
        if not isinstance(jpeg, bytes):
            return jpeg
        age_s = last.duration_s if last.time is None else (now - last.time).total_seconds()
        return await self._measured(jpeg, still_s + min(max(age_s, 0.0), 3600.0))

    async def _playlist(self, target: Address, past: Past, url: str) -> str:
        body = await self._body(target, past, url, MAX_PLAYLIST_B)
        return body.decode("utf-8", "replace")

    async def _segment(self, target: Address, past: Past, last: Newest) -> bytes:
        most = self._options.max_frame_b
        begin = await self._body(target, past, last.begin, most) if last.begin else b""
        headers = {"Range": f"bytes={last.span[0]}-{last.span[0] + last.span[1] - 1}"} if last.span else {}
        return begin + await self._body(target, past, last.url, most, headers)

    async def _body(
        self, target: Address, past: Past, url: str, most: int, headers: Mapping[str, str] | None = None
    ) -> bytes:
        body = bytearray()
        async with self._open(target, past, url, headers or {}) as response:
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > most:
                    raise ValueError("more bytes than a picture has")
        return bytes(body)

    @asynccontextmanager
    async def _open(
        self, target: Address, past: Past, url: str, headers: Mapping[str, str] | None = None
    ) -> AsyncIterator[httpx.Response]:
        """The answer's head; the login is shown only to the camera's own host, in the way that it asks for."""
        own = Address(target.kind, url).host == target.host
        request = self._http.build_request("GET", url, headers=dict(headers or {}))
        response = await self._http.send(request, stream=True, auth=past.auth if own else None)
        try:
            if response.status_code == HTTPStatus.UNAUTHORIZED and own and target.login and past.auth is None:
                challenge = response.headers.get("www-authenticate", "").lower()
                past.auth = (httpx.DigestAuth if "digest" in challenge else httpx.BasicAuth)(*target.login)
                await response.aclose()
                again = self._http.build_request("GET", url, headers=dict(headers or {}))
                response = await self._http.send(again, stream=True, auth=past.auth)
            _judge(response.status_code)
            yield response
        finally:
            await response.aclose()

    async def _rtsp(self, target: Address) -> Look:
        """A dead host is found without libav, which would wait for it in one of few threads."""
        try:
            async with asyncio.timeout(self._options.connect_s):
                _, writer = await asyncio.open_connection(*target.host)
            writer.close()
        except OSError as error:
            return Failed(_words(error))
        url = target.url
        if target.login:
            user, password = (quote(word, safe="") for word in target.login)
            url = url.replace("://", f"://{user}:{password}@", 1)
        jpeg = await self._libav.picture(url, self._options.timeout_s)
        return await self._measured(jpeg) if isinstance(jpeg, bytes) else jpeg


class _Said(Exception):
    """The server said no, and this is what it means."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.look = look


def _judge(status: int) -> None:
    if status < HTTPStatus.BAD_REQUEST:
        return
    if status in _REFUSED:
        raise _Said(Blind(f"refused: {status}"))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise _Said(Blind("too many requests"))
    raise _Said(Failed(f"{status} {httpx.codes.get_reason_phrase(status)}".strip()))


def _words(error: Exception) -> str:
    """Never the library's own words, which may hold the address."""
    known: tuple[tuple[type[Exception], str], ...] = (
        (TimeoutError, "no picture in time"),
        (httpx.TimeoutException, "no answer in time"),
        (httpx.ConnectError, "no connection"),
        (httpx.TooManyRedirects, "too many redirects"),
        (httpx.DecodingError, "a broken body"),
        (httpx.ProtocolError, "the connection broke"),
        (ConnectionRefusedError, "connection refused"),
        (OSError, "no connection"),
    )
    return next((words for kind, words in known if isinstance(error, kind)), "the connection broke")
