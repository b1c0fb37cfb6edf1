"""Lighting cabinets over MQTT: heart-beats, last wills, energy and phases; grouped by feeder and substation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator import cabinets as cast
from sources.simulator.bindings import binding
from sources.simulator.cabinets import Asset, Cabinet, lighting
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.mqtt_feed import Speaker, beats, speak
from sources.simulator.mqtt_wire import Said
from sources.simulator.town import Town

SOURCE = "simulated_lighting"
CADENCE_S = 180.0
BEAT_S, METER_S = 60.0, 300.0
HISTORY_S = 6 * 3600.0

RULES: Sequence[dict[str, Any]] = (
    {
        "topic": "chieusang/{thing}/cauhinh",
        "kind": "thing",
        "fields": {"name": "$.ten", "category": "$.loai", "lon": "$.x", "lat": "$.y"},
        "properties": {"upstream": "$.cap_tren", "lamps": "$.so_den", "rated_kw": "$.kw_dm"},
    },
    {
        "topic": "chieusang/{thing}/trangthai",
        "kind": "heartbeat",
        "values": {"1": "on", "0": "off", "LOI": "fault", "MAT": "fault"},
        "gone": ["fault"],
    },
    {
        "topic": "chieusang/{thing}/dien",
        "kind": "observation",
        "time": "$.t",
        "results": {
            "energy": {"value": "$.kwh", "unit": "kW.h"},
            "power": {"value": "$.w", "unit": "kW", "scale": 0.001},
            "voltage": {"value": "$.u_min", "unit": "V"},
            "lamps_out": {"value": "$.den_tat", "unit": "{lamp}"},
        },
    },
)
"""The map of the maker's topics, as it would stand in a city's file. Of three phases the weakest is the voltage."""

WORDS = {"on": "1", "off": "0", "fault": "LOI"}


def bound(broker: int = 0) -> SourceBinding:
    options = {"host": LOOPBACK, "port": broker or 1883, "issuer": "lighting", "rules": list(RULES)}
    titles = ("Tủ chiếu sáng công cộng (mô phỏng)", "Public lighting cabinets (simulated)")
    return binding(SOURCE, "mqtt", "public_utilities", titles, options=options, cadence_s=CADENCE_S)


def sources(town: Town) -> list[SourceBinding]:
    return [bound()] if town.part(lighting) else []


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    if town.part(lighting) is None:
        return []
    broker = await host.broker(SOURCE)
    speaker = Speaker(source=SOURCE, standing=partial(standing, town), spoken=partial(spoken, town))
    host.spawn(speak(speaker, broker, host))
    return [bound(broker.port)]


def standing(town: Town, t: float) -> Iterator[Said]:
    """What each cabinet, feeder and substation is, and the last will of the dead."""
    yield from (Said(f"chieusang/{name}/cauhinh", _dumped(body), retain=True) for name, body in _told(town))
    for cabinet in _cabinets(town):
        if cast.is_dead(town, cabinet, t):
            yield Said(f"chieusang/{cabinet.id}/trangthai", "MAT", retain=True)


def _cabinets(town: Town) -> Sequence[Cabinet]:
    found = town.part(lighting)
    return found.cabinets if found else ()


def _told(town: Town) -> Iterator[tuple[str, dict[str, object]]]:
    found = town.part(lighting)
    for asset in found.grid if found else ():
        yield asset.id, _grid(asset)
    for cabinet in _cabinets(town):
        body = {"ten": cabinet.name, "loai": "chieu_sang", "x": cabinet.lon, "y": cabinet.lat}
        yield cabinet.id, {**body, "cap_tren": cabinet.feeder, "so_den": cabinet.lamps, "kw_dm": cabinet.rated_kw}


def _grid(asset: Asset) -> dict[str, object]:
    return {"ten": asset.name, "loai": asset.kind, "x": asset.lon, "y": asset.lat, "cap_tren": asset.upstream}


def spoken(town: Town, start: float, end: float, skew_s: float) -> Iterator[Said]:
    """A heart-beat a minute, the meter every five; of a cabinet that dies its last will, once, retained."""
    own = _cabinets(town)
    for number, cabinet in enumerate(own):
        phase = number * BEAT_S / len(own)
        for t in beats(start, end, BEAT_S, phase):
            dead = cast.is_dead(town, cabinet, t)
            if dead and not cast.is_dead(town, cabinet, t - BEAT_S):
                yield Said(f"chieusang/{cabinet.id}/trangthai", "MAT", retain=True)
            elif not dead:
                yield Said(f"chieusang/{cabinet.id}/trangthai", WORDS[cast.state(town, cabinet, t)], qos=0)
        for t in beats(start, end, METER_S, phase * METER_S / BEAT_S):
            if not cast.is_dead(town, cabinet, t):
                yield Said(f"chieusang/{cabinet.id}/dien", _dumped(meter(town, cabinet, t, skew_s)))


def meter(town: Town, cabinet: Cabinet, t: float, skew_s: float = 0.0) -> dict[str, object]:
    volts = cast.phases_v(town, cabinet, t)
    return {
        "t": int((t + skew_s) * 1000),
        "kwh": cast.energy_kwh(cabinet, t),
        "w": round(cast.power_kw(town, cabinet, t) * 1000),
        "u": volts,
        "u_min": min(volts),
        "den_tat": cast.lamps_out(town, cabinet, t),
    }


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    return {SOURCE: payloads(folder, SOURCE, _lines(town, start, end))} if town.part(lighting) else {}


def _lines(town: Town, start: float, end: float) -> Iterator[Line]:
    """Every cabinet, then four readings a day of each."""
    yield start, _dumped([_message(f"chieusang/{name}/cauhinh", _dumped(body)) for name, body in _told(town)])
    for t in beats(start, end, HISTORY_S, 2 * 3600.0):
        alive = [cabinet for cabinet in _cabinets(town) if not cast.is_dead(town, cabinet, t)]
        rows = [_message(f"chieusang/{one.id}/dien", _dumped(meter(town, one, t))) for one in alive]
        rows += [_message(f"chieusang/{one.id}/trangthai", WORDS[cast.state(town, one, t)]) for one in alive]
        yield t, _dumped(rows)


def _message(topic: str, payload: str) -> dict[str, str]:
    return {"topic": topic, "payload": payload}


def _dumped(body: object) -> str:
    return json.dumps(body, ensure_ascii=False)


FEED = Feed(sources=sources, open=open_, history=history, order=63)
