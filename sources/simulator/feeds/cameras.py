"""The cameras of the city: systems of several owners behind snapshots, go2rtc, MediaMTX and RTSP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.camera_cast import SERVICE, WORDS, Cast, System, casts
from sources.simulator.camera_http import routes
from sources.simulator.camera_rtsp import RtspServer
from sources.simulator.camera_show import Show, row
from sources.simulator.clock import DAY_S, iso
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.town import Town

PROBE_S = 60.0
REPORT_S = 300.0
CADENCE_S = 360.0
STEP_S = 900.0
"""The past is looked at so often; only changes of it are recorded, and every camera once a day."""


def cast(town: Town) -> Sequence[Cast]:
    return town.part(casts)


def bound(system: System, root: str = "") -> SourceBinding:
    """The binding of a system; without ``root`` as a recording names it."""
    root = root or f"http://{LOOPBACK}:0"
    options: dict[str, Any] = {"issuer": system.issuer, "probe_s": PROBE_S, "report_s": REPORT_S}
    if system.gateway == "registry":
        options |= {"url": f"{root}/cameras.json"}
    elif system.gateway == "go2rtc":
        options |= {"url": root, "inventory": "go2rtc", "registry": f"{root}/cameras.csv", "kind": "mjpeg"}
    else:
        options |= {"url": root, "inventory": "mediamtx", "registry": f"{root}/cameras.json", "media_url": root}
    own = {"owner": system.owner, "project": system.project, "cadence_s": CADENCE_S}
    return binding(system.id, "camera", SERVICE, (system.title_vi, system.title_en), options=options, **own)


def sources(town: Town) -> list[SourceBinding]:
    return [bound(each.system) for each in cast(town)]


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    found = []
    for each in cast(town):
        show = Show(town, each, host.faults, host.now)
        show.root = f"http://{LOOPBACK}:{await host.http(each.system.id, routes(show))}"
        if each.system.rtsp:
            server = RtspServer(show, host.port())
            await server.open()
            show.rtsp = f"rtsp://{LOOPBACK}:{server.port}"
            host.spawn(server.run())
            host.on_close(server.close)
        found.append(bound(each.system, show.root))
    return found


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    return {each.system.id: payloads(folder, each.system.id, _past(town, each, start, end)) for each in cast(town)}


def _past(town: Town, each: Cast, start: float, end: float) -> Iterator[Line]:
    """The table, then looks: all cameras at first and once a day, and each camera when its state changed."""
    table = [{**row(each.system, camera, {}), "kind": camera.kind} for camera in each.cameras.values()]
    yield start, json.dumps({"cameras": table}, ensure_ascii=False)
    times = np.arange(np.floor(start / STEP_S) + 1, np.floor(end / STEP_S) + 1) * STEP_S
    if not len(times):
        return
    severity = town.severity(times)
    fates = np.stack([camera.fate(times, severity) for camera in each.cameras.values()])
    told = np.zeros(fates.shape, dtype=bool)
    told[:, 1:] = fates[:, 1:] != fates[:, :-1]
    told[:, times % DAY_S == 0] = True
    told[:, 0] = True
    names = list(each.cameras)
    for n, t in enumerate(times.tolist()):
        looks = [_look(names[m], t, WORDS[fates[m, n]]) for m in np.flatnonzero(told[:, n]).tolist()]
        if looks:
            yield t, "\n".join(looks)


def _look(name: str, t: float, status: str) -> str:
    return json.dumps({"camera": name, "time": iso(t), "status": status})


FEED = Feed(sources=sources, open=open_, history=history, order=70)
