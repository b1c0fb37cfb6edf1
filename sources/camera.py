"""The camera probe: looks at every camera of an inventory and says live, frozen, dark or unreachable, from pictures.

Inventories are tables (JSON, GeoJSON, CSV), the binding itself, go2rtc and MediaMTX; streams are JPEG, MJPEG, HLS and
RTSP. A camera that we could not look at (our network, the gateway or our login fails) gets no statement.

A recording's body is an inventory as sent (a table, ``/api/streams``, a page of ``/v3/paths/list``), or looks, one
JSON object a line: ``{"camera": id, "time": ISO 8601, "status": live|frozen|dark|unreachable, "frame_age_s": number}``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import httpx

from geodata.records import Observation, Thing
from geodata.store.types import Batch, Cursor
from sources._camera_libav import Libav
from sources._camera_options import CameraOptions
from sources._camera_parse import parse
from sources._camera_pictures import Pictures
from sources._camera_probe import Probe
from sources._camera_rounds import Rounds
from sources._camera_streams import Streams, logins
from sources._camera_tell import Teller
from sources.base import Context, Refused, Source
from sources.http import client


async def batches(options: CameraOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """Runs for ever: the inventory, then what the looks bring. The cursor is not used: every look is new.

    Raises SourceError when the inventory or gateway is down, our login is refused, or we see no camera at all.
    """
    del cursor
    options = options.model_copy(update={"service": context.service or options.service})
    try:
        known = logins(context.secret(options.credentials_env) if options.credentials_env else None)
    except ValueError as error:
        raise Refused(endpoint=options.credentials_env or "", reason=str(error)) from None
    teller = Teller(options, Pictures(context.folder) if context.folder is not None else None)
    posts = context.memory.setdefault("posts", {})
    libav = Libav()
    # a client of its own: hanging cameras must not use up the connections of other sources
    limits = httpx.Limits(max_connections=2 * options.parallel + 4, max_keepalive_connections=options.parallel)
    timeout = httpx.Timeout(options.timeout_s, connect=options.connect_s)
    async with client(limits=limits, timeout=timeout, trust_env=False) as http:
        streams = Streams(options, http, libav)
        rounds = Rounds(options, streams, posts, clock=context.clock, logins=known)
        try:
            async with aclosing(Probe(options, context, rounds, teller).batches()) as flow:
                async for batch in flow:
                    yield batch
        finally:
            try:
                await rounds.close()
            finally:
                await libav.close()


SOURCE = Source(
    protocol="camera",
    title="Camera probe: JPEG, MJPEG, HLS, RTSP; tables, go2rtc, MediaMTX",
    kinds=frozenset({Thing, Observation}),
    options=CameraOptions,
    batches=batches,
    parse=parse,
    suffixes=(".json", ".csv", ".geojson"),
    libraries=("httpx", "Pillow", "numpy", "av", "m3u8"),
    limits="looks at pictures, keeps the newest; encrypted HLS and ONVIF are not read",
)
