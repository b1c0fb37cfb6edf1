"""Recordings of the last days of a simulated city (contracts, section 5), which end where the live city begins."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from geodata.city import SourceBinding
from sources.simulator import bindings, nmea
from sources.simulator.clock import DAY_S, iso
from sources.simulator.errors import BindingsUnwritable
from sources.simulator.open311_server import snapshot
from sources.simulator.radio import RECORDED
from sources.simulator.report_life import HORIZON_DAYS, Office, Report, Stage
from sources.simulator.sensorthings_server import datastream, location, observed_property, thing
from sources.simulator.things import Datastream, Station
from sources.simulator.town import Town

Line = tuple[float, str]
"""Arrival in epoch s, and the payload as text."""

LOOK_S = 30.0
"""Reports are looked at so often: changes within it arrive together."""


def record(town: Town, folder: Path, end: float, days: float) -> str:
    """Writes the recordings of the ``days`` before ``end`` (epoch s); what was written, in one line.

    Raises BindingsUnwritable.
    """
    start = end - days * DAY_S
    written: list[str] = []
    rows: list[dict[str, object]] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        sentences = _sentences(town, folder, start, end)
        for n, binding in enumerate(bindings.unbound(town)):  # receivers come first
            name, lines = sentences[n] if n < len(sentences) else _record(town, folder, binding, start, end)
            rows.append({"source": binding.model_dump(mode="json", exclude_none=True), "files": [name]})
            written.append(f"{binding.id} {lines}")
    except OSError as error:
        raise BindingsUnwritable(path=folder, reason=error.strerror or error, option="--history") from error
    text = json.dumps(rows, ensure_ascii=False, indent=1)
    bindings.write_whole(folder / "recordings.json", text, "--history")
    return f"recorded {iso(start)} to {iso(end)}, lines: {', '.join(written)}"


def _record(town: Town, folder: Path, binding: SourceBinding, start: float, end: float) -> tuple[str, int]:
    if binding.id == bindings.REPORTS:
        assert town.office is not None
        return _payloads(folder, binding.id, _reports(town.office, start, end))
    stations = town.air if binding.id == bindings.AIR else town.water
    return _payloads(folder, binding.id, _observations(stations, start, end))


def _sentences(town: Town, folder: Path, start: float, end: float) -> list[tuple[str, int]]:
    """A file for each receiver, its sentences in the order of arrival."""
    if town.radio is None:
        return []
    heard = sorted(town.radio.heard(start, end, RECORDED), key=lambda item: item.t)
    written = []
    for number, receiver in enumerate(town.receivers):
        own = [nmea.sentences(item.message, item.t, receiver.station) for item in heard if item.receiver == number]
        name = f"{receiver.id}.nmea"
        with (folder / name).open("w", encoding="ascii", newline="\n") as file:
            file.writelines("\n".join(lines) + "\n" for lines in own)
        written.append((name, sum(map(len, own))))
    return written


def _payloads(folder: Path, source: str, lines: Iterable[Line]) -> tuple[str, int]:
    name, count = f"{source}.ndjson.gz", 0
    # mtime 0: the same city is the same file
    with (folder / name).open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as file:
        for t, body in lines:
            count += 1
            file.write(json.dumps({"t": iso(t), "body": body}, ensure_ascii=False).encode() + b"\n")
    return name, count


def _reports(office: Office, start: float, end: float) -> Iterator[Line]:
    """First every report of the last month as it stood, then the changes in the order in which they were seen."""
    known = list(office.reports(start - HORIZON_DAYS * DAY_S, end, end))
    before = [(report, stage) for report in known if (stage := report.at(start)) is not None]
    if before:
        yield start, snapshot(before)
    changes = [
        (float(np.ceil(stage.t / LOOK_S) * LOOK_S), stage.t, report, stage)
        for report in known
        for stage in report.stages
        if start < stage.t <= end
    ]
    changes.sort(key=lambda change: (change[0], change[1], change[2].intake.number))
    seen: list[tuple[Report, Stage]] = []
    for n, (look, _, report, stage) in enumerate(changes):
        seen.append((report, stage))
        if n + 1 == len(changes) or changes[n + 1][0] != look:
            yield min(look, end), snapshot(seen)
            seen = []


def _observations(stations: tuple[Station, ...], start: float, end: float) -> Iterator[Line]:
    """The stations, then what each look brought: all observations that had come out since the last."""
    yield start, json.dumps({"value": [_told(station) for station in stations]}, ensure_ascii=False)
    streams = [(station, stream) for station in stations for stream in station.datastreams]
    arrivals: dict[float, list[dict[str, object]]] = {}
    for _, stream in streams:
        first, last = stream.slots(start - stream.delay_s, end, end)
        for row in stream.observations(first, last):
            slot = row["@iot.id"]
            assert isinstance(slot, int)
            arrival = stream.time(slot) + stream.delay_s
            arrivals.setdefault(arrival, []).append(_headed(stream, row))
    for arrival in sorted(arrivals):
        yield arrival, json.dumps({"value": arrivals[arrival]}, ensure_ascii=False)


def _told(station: Station) -> dict[str, object]:
    """A Thing with its Locations and Datastreams expanded."""
    streams = [
        {**datastream(stream, station), "ObservedProperty": observed_property(n, stream)}
        for n, stream in enumerate(station.datastreams, 1)
    ]
    return {**thing(station), "Locations": [location(station)], "Datastreams": streams}


def _headed(stream: Datastream, row: dict[str, object]) -> dict[str, object]:
    """A Datastream with one of its Observations, as $expand with $select gives it."""
    return {
        "@iot.id": stream.id,
        "unitOfMeasurement": {"symbol": stream.measured.unit, "definition": f"ucum:{stream.measured.ucum}"},
        "ObservedProperty": {"name": stream.measured.id},
        "Thing": {"@iot.id": stream.thing},
        "Observations": [row],
    }
