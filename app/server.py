"""The web server: Panel's Tornado server from our own main, with our handlers beside the pages.

Settings that were measured to matter on this stack (session tokens that outlive an outage, resources that never
leave the machine after a reconnect, the tile patch) stand here and nowhere else.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import pkgutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from app.access import Access, Login, LoginNeeded, cookie_secret, hang_up, is_loopback
from app.ahead import prepare
from app.context import Language, PageContext, Services
from app.refresh import Refresh
from geodata.city import City
from geodata.errors import PortTaken
from geodata.settings import Settings

if TYPE_CHECKING:
    from geodata.store.reader import Reader

log = logging.getLogger(__name__)

MONTH_S = 30 * 24 * 3600
"""A page older than its token can never reconnect (bokeh#14416): the token outlives any outage."""

TILE_WORKERS = 2
DRAIN_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to listen and which origins may open a socket."""

    host: str = "127.0.0.1"
    port: int = 5006
    origins: tuple[str, ...] = field(default=())

    @property
    def proxied(self) -> bool:
        """Whether only a proxy on this machine reaches us: then its word on scheme and client is taken."""
        return bool(self.origins) and is_loopback(self.host)

    @property
    def allowed(self) -> list[str]:
        own = [f"{name}:{self.port}" for name in ("localhost", "127.0.0.1")]
        # Bokeh cannot read a literal IPv6 address here; such a host is reached by a name given with --allow-origin
        return [*own, *([] if ":" in self.host else [f"{self.host}:{self.port}"]), *self.origins]


def prepare_environment(data: Path) -> None:
    """Before Panel is imported: it reads these when it is. Nothing may come from another host, also after a reconnect
    (panel#8512), and compiled kernels are kept between starts.
    """
    os.environ["PANEL_CDN_ROOT"] = "/pncdn/"
    os.environ["BOKEH_RESOURCES"] = "server"
    os.environ.setdefault("NUMBA_CACHE_DIR", str(data / "cache" / "numba"))


def check_address(address: Address, settings: Settings) -> None:
    """Raises LoginNeeded beyond loopback without a login, PortTaken when another program listens."""
    if not is_loopback(address.host) and settings.login_file is None:
        raise LoginNeeded(host=address.host)
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise PortTaken(port=address.port) from error


def pages() -> Iterator[ModuleType]:
    """Every page module: it has PATHS and build."""
    for info in pkgutil.iter_modules(importlib.import_module("app.pages").__path__):
        module = importlib.import_module(f"app.pages.{info.name}")
        if hasattr(module, "PATHS"):
            yield module


def last(arguments: Mapping[str, list[bytes]]) -> dict[str, str]:
    return {key: values[-1].decode("utf-8", "replace") for key, values in arguments.items() if values}


def session_of(module: ModuleType, services: Services, alive: WeakSet[Any], access: Access) -> Callable[[], Any]:
    """The function that Panel calls for each new session of a page."""

    def session() -> Any:
        import panel as pn

        alive.add(pn.state.curdoc)
        query, user = last(pn.state.session_args), pn.state.user
        language: Language = "en" if query.get("lang") == "en" else "vi"
        context = PageContext(
            services=services,
            language=language,
            user=user,
            may_act=lambda: access.may_act(user),
            path=dict(pn.state.route_params),
            query=query,
        )
        return module.build(context)

    return session


class WebServer:
    """Builds the server of one city and runs it until told to stop."""

    def __init__(self, settings: Settings, city: City, reader: Reader, address: Address) -> None:
        from app import handlers
        from app.report_handlers import Desk
        from layers.tiles import TileService

        check_address(address, settings)
        self.settings = settings
        self.address = address
        self.refresh = Refresh(reader)
        self.access = Access(settings.login_file)
        self.services = Services(
            settings=settings,
            city=city,
            reader=reader,
            tiles=TileService(reader, TILE_WORKERS, city=city.id, cache=settings.data / "cache" / "tiles", apart=True),
            refresh=self.refresh,
            build=f"{int(time.time()):x}",
        )
        self.pools = handlers.pools(TILE_WORKERS * 4)
        self.desk = Desk()
        self.stopped = threading.Event()
        self.documents: WeakSet[Any] = WeakSet()
        self.server = self._server()

    def _patterns(self) -> list[tuple[Any, ...]]:
        from app import handlers, report_handlers, snapshots
        from app.health import Health, LoopLag
        from app.login import LoginHandler, LogoutHandler

        self.lag = LoopLag()
        health = Health(self.services, self.lag, self.documents)
        token = self.settings.environ.get("VONGLAU_METRICS_TOKEN")
        tile = {"access": self.access, "services": self.services, "pools": self.pools}
        metrics = {"access": self.access, "registry": health.registry, "token": token}
        login = [(r"/login", LoginHandler, {"access": self.access}), (r"/logout", LogoutHandler)]
        return [
            *(login if self.access.enabled else []),
            (handlers.TILE, handlers.TileHandler, tile),
            *report_handlers.routes(self.access, self.services, self.desk),
            (snapshots.PATTERN, snapshots.SnapshotHandler, {"access": self.access, "data": self.settings.data}),
            (r"/readyz", handlers.ReadyHandler, {"health": health}),
            (r"/metrics", handlers.MetricsHandler, metrics),
            (r"/", handlers.HomeHandler),
        ]

    def _server(self) -> Any:
        import panel as pn

        pn.extension(reconnect=True)  # its notices are English; assets/link.js says what is to be said
        pn.config.session_history = 0
        apps = {
            path: session_of(module, self.services, self.documents, self.access)
            for module in pages()
            for path in module.PATHS
        }
        dist = Path(pn.__file__).parent / "dist"
        secured: dict[str, Any] = {"auth_provider": Login(self.access)} if self.access.enabled else {}
        return pn.io.server.get_server(
            apps,
            port=self.address.port,
            address=self.address.host,
            websocket_origin=self.address.allowed,
            title=dict.fromkeys(apps, "Vọng Lâu"),
            extra_patterns=self._patterns(),
            static_dirs={"assets": str(files("app").joinpath("assets")), f"pncdn/{pn.__version__}/dist": str(dist)},
            cookie_secret=cookie_secret(self.settings.data),
            session_token_expiration=MONTH_S,
            unused_session_lifetime_milliseconds=round(self.settings.session_s * 1000),
            check_unused_sessions_milliseconds=round(min(30, self.settings.session_s) * 1000),
            keep_alive_milliseconds=10_000,
            use_xheaders=self.address.proxied,
            use_index=False,
            start=False,
            show=False,
            **secured,
        )

    def run(self, ready: Callable[[str], None] = lambda url: None) -> None:
        """Serve until SIGTERM or SIGINT. ``ready`` is told the address once it answers."""
        from tornado.ioloop import PeriodicCallback

        from app.health import Sweeper
        from app.logs import closed_pages_are_no_error

        loop = asyncio.get_event_loop()
        loop.set_exception_handler(closed_pages_are_no_error)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.server.io_loop.stop)
        self.refresh.start()
        threading.Thread(target=lambda: prepare(self.services, self.stopped), name="ahead", daemon=True).start()
        every_s = min(20.0, self.settings.session_s / 2)
        sweeper = Sweeper(self.documents, lambda: len(self.server.get_sessions()), every_s)
        tickers = [PeriodicCallback(self.lag.tick, 1000), PeriodicCallback(sweeper.sweep, 5000)]
        if self.access.enabled:
            tickers.append(PeriodicCallback(lambda: hang_up(self.server._tornado._clients, self.access), 5000))  # noqa: SLF001
        for ticker in tickers:
            ticker.start()
        self.server.start()
        host = "localhost" if is_loopback(self.address.host) else self.address.host
        ready(f"http://{host}:{self.address.port}/")
        try:
            self.server.io_loop.start()
        finally:
            for ticker in tickers:
                ticker.stop()
            self.close()

    def close(self) -> None:
        self.stopped.set()
        self.server.stop(wait=False)
        self.refresh.stop()
        for pool in self.pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
        self.desk.close()
        self.services.live.close()
        self.services.tiles.close()
