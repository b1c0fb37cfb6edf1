"""``vonglau up``: everything on one machine, started in order and stopped cleanly."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from app.logs import configure
from geodata.settings import Settings


@click.command("up")
@click.option("--city", default=None, help="City file (default: hue).")
@click.option("--data", type=click.Path(path_type=Path), default=None, help="Data folder.")
@click.option("--port", type=click.IntRange(1, 65535), default=5006, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True, help="Beyond loopback a login file is needed.")
@click.option(
    "--login-file", type=click.Path(path_type=Path, exists=True), default=None, help="Users; see `vonglau user`."
)
@click.option("--simulator/--no-simulator", default=True, help="Simulated feeds for the services without a real one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulated city.")
@click.option("--scenario", default="calm", show_default=True, help="Its kind of day: calm, flood, outage, or a file.")
@click.option("--speed", type=float, default=1.0, show_default=True, help="Of the simulated clock.")
@click.option("--feeds", default=None, metavar="NAME,…", help="Only these simulated feeds; default: all.")
@click.option(
    "--history", type=click.IntRange(0, 60), default=14, show_default=True, help="Simulated days before today."
)
@click.option("--fault", multiple=True, help="Fault of the simulator, see `vonglau simulate --help`.")
@click.option("--watch/--no-watch", default=True, help="Run the rules that open and close findings.")
@click.option("--notify/--no-notify", default=True, help="Send findings to the outlets of the city, when it has any.")
@click.option("--open/--no-open", "open_page", default=True, help="Show the planner when there is a desktop.")
def command(
    city: str | None,
    data: Path | None,
    port: int,
    host: str,
    login_file: Path | None,
    simulator: bool,
    seed: int,
    scenario: str,
    feeds: str | None,
    speed: float,
    history: int,
    fault: tuple[str, ...],
    open_page: bool,
    watch: bool,
    notify: bool,
) -> None:
    """Start database, simulator, ingest and pages; Ctrl-C stops them all."""
    from app.server import Address, check_address
    from app.up import Simulation, Up
    from geodata.city import city as city_of

    configure()
    settings = Settings.from_environ(data=data, city=city, login_file=login_file)
    city_of(settings.city)
    address = Address(host=host, port=port)
    check_address(address, settings)
    day = str(Path(scenario).absolute()) if scenario.endswith(".toml") else scenario
    simulation = (
        Simulation(seed=seed, speed=speed, days=history, faults=fault, scenario=day, feeds=feeds) if simulator else None
    )
    asyncio.run(Up(settings, address, simulation, open_page=open_page, watch=watch, notify=notify).run())
