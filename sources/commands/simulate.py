"""``vonglau simulate``: a city that serves its protocols on loopback, and recordings of its last days."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from sources.simulator.ais_feed import Transport


@click.command("simulate")
@click.option("--city", default=None, help="City id. Default: VONGLAU_CITY, else hue.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same city.")
@click.option("--speed", default=1.0, show_default=True, type=click.FloatRange(min=0.01), help="Of the city's clock.")
@click.option("--lead-hours", default=24.0, show_default=True, help="With --speed: how far in the past it begins.")
@click.option("--bindings", type=click.Path(path_type=Path, dir_okay=False), help="File to write the sources to.")
@click.option("--port", default=0, type=click.IntRange(0, 65000), help="First of consecutive ports. 0: any free ones.")
@click.option("--control-port", default=0, type=click.IntRange(0, 65535), help="Of the fault switch. 0: any free one.")
@click.option("--ais-transport", default="tcp", show_default=True, type=click.Choice(["tcp", "udp"]))
@click.option(
    "--fault", "faults", multiple=True, metavar="SOURCE=KIND[:SECONDS]", help="Switch a fault on. Repeatable."
)
@click.option("--history", type=click.Path(path_type=Path, file_okay=False), help="Folder for recordings.")
@click.option("--days", default=14.0, show_default=True, type=click.FloatRange(0.01, 28), help="Length of the history.")
@click.option("--history-only", is_flag=True, help="End when the recordings are written.")
@click.option("--until", default=None, type=float, hidden=True, help="End of the history in epoch s, for tests.")
def command(
    city: str | None,
    seed: int,
    speed: float,
    lead_hours: float,
    bindings: Path | None,
    port: int,
    control_port: int,
    ais_transport: str,
    faults: tuple[str, ...],
    history: Path | None,
    days: float,
    history_only: bool,
    until: float | None,
) -> None:
    """Simulate a city: AIS, Open311 and SensorThings servers on loopback, until stopped."""
    from geodata.city import city as city_of
    from geodata.settings import Settings
    from sources.simulator.bindings import sources
    from sources.simulator.clock import SimulatedClock
    from sources.simulator.faults import Faults
    from sources.simulator.history import record
    from sources.simulator.serve import Plan, serve
    from sources.simulator.town import Town

    if (bindings is None and not history_only) or (history_only and history is None):
        raise click.UsageError("--bindings FILE says where to write the sources; --history-only needs --history DIR")
    parent = os.getppid()
    town = Town(city_of(Settings.from_environ(city=city).city), seed)
    clock = SimulatedClock(speed, lead_hours * 3600)
    switches = Faults(sources(town))
    for text in faults:
        switches.switch_on(text, clock.now())
    if history is not None:
        click.echo(record(town, history, clock.start if until is None else until, days))
    if history_only or bindings is None:
        return
    transport = cast("Transport", ais_transport)
    plan = Plan(bindings=bindings, port=port, control_port=control_port, transport=transport, parent=parent)
    asyncio.run(serve(town, clock, switches, plan, click.echo))
