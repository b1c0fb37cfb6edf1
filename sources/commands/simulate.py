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
@click.option("--scenario", "scenario_name", default="calm", show_default=True, help="calm, flood, outage, or a file.")
@click.option("--begun", default=None, type=float, help="When the scenario began, epoch s. Default: its own lead ago.")
@click.option("--begun-file", type=click.Path(path_type=Path, dir_okay=False), help="Keeps --begun over a restart.")
@click.option("--intake", default=None, help="Base URL of the ingest's intake, for the feeds that send by themselves.")
@click.option("--feeds", "only", default=None, metavar="NAME,…", help="Only these of the city's feeds; default: all.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="Data folder in whose private cluster the databases of simulated offices are kept. Without it: none.",
)
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
    scenario_name: str,
    begun: float | None,
    begun_file: Path | None,
    intake: str | None,
    only: str | None,
    data: Path | None,
    until: float | None,
) -> None:
    """Simulate a city: servers of every protocol on loopback, until stopped."""
    from geodata.city import city as city_of
    from geodata.settings import Settings
    from sources.simulator.clock import SimulatedClock
    from sources.simulator.faults import Faults
    from sources.simulator.feed import sources
    from sources.simulator.history import record
    from sources.simulator.host import IntakeAddress
    from sources.simulator.scenario import kept, scenario
    from sources.simulator.serve import Plan, serve
    from sources.simulator.town import Town

    if (bindings is None and not history_only) or (history_only and history is None):
        raise click.UsageError("--bindings FILE says where to write the sources; --history-only needs --history DIR")
    parent = os.getppid()
    day = scenario(scenario_name)
    clock = SimulatedClock(speed, lead_hours * 3600)
    since = clock.start - day.lead_h * 3600 if begun is None else begun
    if begun_file is not None:
        since = kept(begun_file, scenario_name, since)
    town = Town(
        city_of(Settings.from_environ(city=city).city), seed, day, since, frozenset(only.split(",")) if only else None
    )
    switches = Faults(sources(town))
    for text in faults:
        switches.switch_on(text, clock.now())
    if history is not None:
        click.echo(record(town, history, clock.start if until is None else until, days))
    if history_only or bindings is None:
        return
    transport = cast("Transport", ais_transport)
    plan = Plan(
        bindings=bindings,
        port=port,
        control_port=control_port,
        transport=transport,
        parent=parent,
        intake=IntakeAddress(intake) if intake else None,
        data=data,
    )
    asyncio.run(serve(town, clock, switches, plan, click.echo))
