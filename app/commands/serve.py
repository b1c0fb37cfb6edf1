"""``vonglau serve``: the web pages of one city."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import click

from app.logs import configure
from geodata.settings import Settings

log = logging.getLogger("vonglau.serve")


@click.command("serve")
@click.option("--city", default=None, help="City file to show (default: hue).")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder.")
@click.option("--port", type=click.IntRange(1, 65535), default=5006, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond loopback a login file is needed.")
@click.option("--allow-origin", multiple=True, help="Name under which a proxy shows the pages, host[:port].")
@click.option(
    "--login-file", type=click.Path(path_type=Path, exists=True), default=None, help="Users; see `vonglau user`."
)
def command(
    city: str | None, data: Path | None, port: int, host: str, allow_origin: tuple[str, ...], login_file: Path | None
) -> None:
    """Serve the wall and the planner."""
    from app.server import Address, WebServer, check_address, prepare_environment

    configure()
    settings = Settings.from_environ(data=data, city=city, login_file=login_file)
    address = Address(host=host, port=port, origins=allow_origin)
    check_address(address, settings)
    prepare_environment(settings.data)
    from geodata.city import city as city_of
    from geodata.store.connect import database
    from geodata.store.reader import Reader

    with database(settings, role="read") as db, Reader(db.dsn) as reader:
        WebServer(settings, city_of(settings.city), reader, address).run(lambda url: log.info("serving %s", url))
    # a picture that is being drawn has nobody left to see it: do not wait for its thread
    logging.shutdown()
    os._exit(0)
