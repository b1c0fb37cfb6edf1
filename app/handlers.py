"""What the server answers beside the pages: tiles, readiness, metrics, the way in.

Rules of the tile handler (measured on this stack): a valid tile is never answered with an error, its URL carries
the version so it may be cached for ever, and a renderer's thread does the work.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from tornado.web import RequestHandler

from app.access import Access, Guarded, bearer
from app.context import Services
from app.health import Health

if TYPE_CHECKING:
    from layers.tiles import TileRequest

TILE = (
    r"/t/(?P<layer>[a-z_]{1,40})/(?P<style>desk|wall)/(?P<version>[0-9a-z]{1,20})/(?P<start>\d{1,12})-(?P<end>\d{1,12})"
    r"/(?P<known>\d{1,12})/(?P<z>\d{1,2})/(?P<x>\d{1,7})/(?P<y>\d{1,7})\.png"
)
DEEPEST = 19


Pools = Mapping[bool, Executor]
"""The threads in which tiles are waited for, those of the basemap under True: a density that is compiled or read for
the first time must not keep the ground of the map from anybody.
"""


def pools(threads: int) -> Pools:
    """So many threads for each of both."""
    return {
        basemap: ThreadPoolExecutor(threads, thread_name_prefix="basemap" if basemap else "tile")
        for basemap in (True, False)
    }


class TileHandler(Guarded):
    """One XYZ tile as PNG."""

    services: Services
    pools: Pools

    def initialize(self, access: Access, services: Services, pools: Pools) -> None:  # type: ignore[override]
        super().initialize(access)
        self.services = services
        self.pools = pools

    async def get(self, **parts: str) -> None:
        request = self.request_of(parts)
        if request is None:
            self.send_error(404)
            return
        loop = asyncio.get_running_loop()
        pool = self.pools[request.layer == "basemap"]
        tile = await loop.run_in_executor(pool, self.services.tiles.png, request)
        self.set_header("Content-Type", "image/png")
        if tile.stale:
            self.set_header("X-Stale", "1")
            self.set_header("Cache-Control", "no-store")
        else:
            # private: behind a login a shared cache must not hand the picture on
            scope = "private" if self.access.enabled else "public"
            self.set_header("Cache-Control", f"{scope},max-age=31536000,immutable")
        self.write(tile.png)

    def request_of(self, parts: dict[str, str]) -> TileRequest | None:
        """None for a tile that does not exist: unknown layer or outside the pyramid."""
        from layers.base import layers
        from layers.tiles import TileRequest

        z, x, y = (int(parts[k]) for k in "zxy")
        if z > DEEPEST or x >= 2**z or y >= 2**z:
            return None
        if parts["layer"] != "basemap" and parts["layer"] not in layers():
            return None
        return TileRequest(
            layer=parts["layer"],
            style=parts["style"],
            version=parts["version"],
            start=int(parts["start"]),
            end=int(parts["end"]),
            known=int(parts["known"]),
            z=z,
            x=x,
            y=y,
        )


class ReadyHandler(RequestHandler):
    """200 when the pages can be trusted, 503 when not; says which build answers and what is wrong. No login: a
    balancer and a wall that has lost its session must be able to ask.
    """

    health: Health

    def initialize(self, health: Health) -> None:
        self.health = health

    async def get(self) -> None:
        report = await asyncio.to_thread(self.health.report)
        self.set_status(200 if report["ready"] else 503)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        self.write(json.dumps(report))


class MetricsHandler(Guarded):
    """Prometheus text. With a login on, a user's cookie or the monitor's bearer token (VONGLAU_METRICS_TOKEN)."""

    registry: CollectorRegistry
    token: str | None

    def initialize(self, access: Access, registry: CollectorRegistry, token: str | None) -> None:  # type: ignore[override]
        super().initialize(access)
        self.registry = registry
        self.token = token

    def allowed(self) -> bool:
        return super().allowed() or bearer(dict(self.request.headers.get_all()), self.token)

    async def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.write(await asyncio.to_thread(generate_latest, self.registry))


class HomeHandler(RequestHandler):
    """``/`` leads to the planner, keeping the language."""

    def get(self) -> None:
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(f"/explore{query}")
