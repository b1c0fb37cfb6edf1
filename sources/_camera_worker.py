"""A process of its own for libav, so that a stream that crashes or hangs it takes nothing else with it.

``python -m sources._camera_worker``: requests on standard input, each one line of JSON and ``size`` bytes after it;
answers on standard output in the same form, in any order. A request is ``{id, url, limit_s}`` (RTSP) or
``{id, size, form}`` (a segment: mpegts or mp4); an answer ``{id, size}`` with a JPEG, or ``{id, size: 0, error}``.
Addresses come in over the pipe, never as arguments, and never go out again: errors are words of our own.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

import av
import av.logging
from av.container import InputContainer, OutputContainer
from av.video.frame import VideoFrame

from sources._camera_frame import MAX_PIXELS, encoded

THREADS = 24
MAX_MEMORY_B = 3 << 30
SMALL_PX = 640
MAX_PACKETS = 3000


def main() -> None:
    """Answers until its input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_B, MAX_MEMORY_B))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    av.logging.set_level(None)  # libav would print addresses
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    lock = threading.Lock()
    with ThreadPoolExecutor(THREADS) as pool:
        while line := sys.stdin.buffer.readline():
            request = json.loads(line)
            data = sys.stdin.buffer.read(request.get("size", 0))
            pool.submit(_answer, request, data, out, lock)
    os._exit(0)  # threads that wait in libav for a camera do not hold us


def _answer(request: dict[str, Any], data: bytes, out: IO[bytes], lock: threading.Lock) -> None:
    head: dict[str, Any] = {"id": request["id"]}
    jpeg = b""
    try:
        jpeg = still(data, request["form"]) if data else first_picture(request["url"], request["limit_s"])
    except Undecodable as error:
        head["error"], head["blind"] = str(error), True
    except Exception as error:  # noqa: BLE001 (whatever libav says is this camera's failure, and holds its address)
        head["error"] = _words(error)
    with lock:
        out.write(json.dumps({**head, "size": len(jpeg)}).encode() + b"\n" + jpeg)
        out.flush()


class Undecodable(Exception):
    """A stream that is well and that we cannot read."""


def first_picture(url: str, limit_s: float) -> bytes:
    """The first whole picture of an RTSP stream over TCP, as a small JPEG: PLAY and RTP packets are the proof."""
    options = {
        "rtsp_transport": "tcp",
        "protocol_whitelist": "rtsp,rtsps,rtp,tcp,tls,crypto",
        "allowed_media_types": "video",
        "analyzeduration": "500000",
        "probesize": "500000",
        "fpsprobesize": "0",  # else a stream of few frames a second is watched for ten seconds to learn its rate
    }
    end = time.monotonic() + limit_s
    with av.open(url, format="rtsp", options=options, timeout=(limit_s, limit_s)) as container:
        return _first(container, end)


def still(data: bytes, form: str) -> bytes:
    """The first whole picture of a segment held in memory."""
    with av.open(io.BytesIO(data), format=form) as container:
        return _first(container, time.monotonic() + 5)


def _first(container: InputContainer | OutputContainer, end: float) -> bytes:
    if not isinstance(container, InputContainer) or not container.streams.video:
        raise Undecodable("no video in the stream")
    stream = container.streams.video[0]
    try:
        context = stream.codec_context
        context.thread_count = 1
    except (AttributeError, ValueError) as error:
        raise Undecodable("a codec that cannot be read") from error
    if context.width * context.height > MAX_PIXELS:
        raise Undecodable("a picture too large")
    for n, packet in enumerate(container.demux(stream)):
        if n > MAX_PACKETS or time.monotonic() > end:
            break
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            continue  # before the first key frame
        for frame in frames:
            if isinstance(frame, VideoFrame) and not frame.is_corrupt:
                return _small(frame)
    raise TimeoutError("no whole picture")


def _small(frame: VideoFrame) -> bytes:
    if frame.width * frame.height > MAX_PIXELS:
        raise Undecodable("a picture too large")
    scale = min(1.0, SMALL_PX / max(frame.width, frame.height))
    size = (max(1, round(frame.width * scale)), max(1, round(frame.height * scale)))
    picture = frame.to_image(width=size[0], height=size[1])  # type: ignore[no-untyped-call]
    return encoded(picture, SMALL_PX)


def _words(error: Exception) -> str:
    """What went wrong, never in libav's words, which hold the address."""
    known = (
        (av.error.HTTPUnauthorizedError, "refused: 401"),
        (av.error.HTTPForbiddenError, "refused: 403"),
        (av.error.HTTPNotFoundError, "404 not found"),
        (av.error.HTTPError, "an error of the server"),
        (av.error.ConnectionRefusedError, "connection refused"),
        (av.error.TimeoutError, "nothing came in time"),
        (av.error.ExitError, "nothing came in time"),
        (av.error.EOFError, "the stream ended"),
        (av.error.InvalidDataError, "not a stream that can be read"),
        (TimeoutError, "no picture in time"),
        (MemoryError, "too large"),
        (OSError, "connection lost"),
    )
    return next((words for kind, words in known if isinstance(error, kind)), "unreadable")


if __name__ == "__main__":
    main()
