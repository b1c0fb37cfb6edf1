"""The sources of a simulated city as the ingest is told of them."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator import open311_server, sensorthings_server
from sources.simulator.ais_feed import Transport
from sources.simulator.errors import BindingsUnwritable
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.profile import Receiver
from sources.simulator.town import Town

REPORTS, AIR, WATER = "simulated_reports", "simulated_air", "simulated_water"
"""Source ids. AIS receivers have those of the profile."""

AIR_CADENCE_S = 3900.0  # a result is out a minute after its hour, and is polled for
WATER_CADENCE_S = 780.0
REPORTS_POLL_S, AIR_POLL_S, WATER_POLL_S = 10.0, 60.0, 30.0


def _binding(source: str, protocol: str, service: str, titles: tuple[str, str], **rest: Any) -> SourceBinding:
    return SourceBinding(
        id=source,
        protocol=protocol,
        service=service,
        title_vi=titles[0],
        title_en=titles[1],
        operator="Vọng Lâu",
        license="CC0-1.0",
        simulated=True,
        **rest,
    )


def ais(receiver: Receiver, port: int, transport: Transport = "tcp") -> SourceBinding:
    options = {"transport": transport, "host": LOOPBACK, "port": port}
    titles = (receiver.title_vi, receiver.title_en)
    return _binding(receiver.id, "ais", "fishing_vessels", titles, options=options)


def reports(port: int) -> SourceBinding:
    url = f"http://{LOOPBACK}:{port}{open311_server.PATH}/discovery.json"
    options = {"url": url, "poll_s": REPORTS_POLL_S, "history_days": 30, "overlap_days": 3}
    titles = ("Cổng phản ánh hiện trường (mô phỏng)", "Field-report portal (simulated)")
    return _binding(REPORTS, "open311", "field_reports", titles, options=options)


def air(port: int) -> SourceBinding:
    titles = ("Quan trắc không khí (mô phỏng)", "Air monitoring (simulated)")
    return _things(AIR, "air_quality", titles, port, AIR_POLL_S, AIR_CADENCE_S)


def water(port: int) -> SourceBinding:
    titles = ("Quan trắc mưa, mực nước (mô phỏng)", "Rain and river gauges (simulated)")
    return _things(WATER, "hydrology", titles, port, WATER_POLL_S, WATER_CADENCE_S)


def _things(
    source: str, service: str, titles: tuple[str, str], port: int, poll_s: float, cadence_s: float
) -> SourceBinding:
    url = f"http://{LOOPBACK}:{port}{sensorthings_server.PATH}"
    options = {"url": url, "poll_s": poll_s}
    return _binding(source, "sensorthings", service, titles, options=options, cadence_s=cadence_s)


def sources(town: Town) -> list[str]:
    """Ids of all sources of the city, in the order of their ports."""
    found = [receiver.id for receiver in town.receivers]
    found += [REPORTS] if town.office is not None else []
    found += [AIR] if town.air else []
    return found + ([WATER] if town.water else [])


def unbound(town: Town) -> list[SourceBinding]:
    """The bindings as recordings name them: without a port, for there is no server behind a file."""
    made = {REPORTS: reports, AIR: air, WATER: water}
    receivers = {receiver.id: receiver for receiver in town.receivers}
    return [made[name](0) if name in made else ais(receivers[name], 0) for name in sources(town)]


def write(path: Path, bindings: Sequence[SourceBinding]) -> None:
    """The bindings file of ``vonglau ingest``: a JSON list, complete or not there. Raises BindingsUnwritable."""
    rows = [binding.model_dump(mode="json", exclude_none=True) for binding in bindings]
    write_whole(path, json.dumps(rows, ensure_ascii=False, indent=1), "--bindings")


def write_whole(path: Path, text: str, option: str) -> None:
    """Write beside the file, then rename, so that no reader sees half of it. Raises BindingsUnwritable."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)
    except OSError as error:
        raise BindingsUnwritable(path=path, reason=error.strerror or error, option=option) from error
