"""Three Frigate recorders, each of another body with its own cameras and broker: traffic, public order, the city's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from sources.simulator.bindings import binding
from sources.simulator.faults import Faults
from sources.simulator.feed import Feed, Files, Line, payloads
from sources.simulator.host import Host
from sources.simulator.http_feed import LOOPBACK, FaultyHandler
from sources.simulator.mqtt_feed import Speaker, beats, speak
from sources.simulator.mqtt_wire import Said
from sources.simulator.recorders import KINDS, Recorder, recorder
from sources.simulator.town import Town

TITLES: Mapping[str, tuple[str, str, str]] = {
    "cameras": ("simulated_frigate_city", "Phát hiện từ camera thành phố", "Detections of the city's cameras"),
    "public_order": ("simulated_frigate_order", "Phát hiện từ camera an ninh", "Detections of security cameras"),
    "traffic": ("simulated_frigate_traffic", "Phát hiện từ camera giao thông", "Detections of traffic cameras"),
}
"""By service: source id, Vietnamese and English title."""

CADENCE_S = 90.0  # statistics are asked for every 30 s
COUNT_EVERY_S = 60.0
STATS_EVERY_S = 6 * 3600.0
CATEGORY: Mapping[str, str | None] = {"cameras": "giao_thong", "public_order": "post", "traffic": "junction"}


def recorders(town: Town) -> tuple[Recorder, ...]:
    """Those of the services that the city has."""
    return tuple(found for service in TITLES if (found := recorder(town, service)) is not None)


def bound(own: Recorder, port: int = 0, broker: int = 0) -> SourceBinding:
    source, vi, en = TITLES[own.service]
    cameras = {
        spot.id: {
            "name": spot.name,
            "lon": spot.lon,
            "lat": spot.lat,
            "category": CATEGORY[own.service],
            "azimuth_deg": spot.azimuth_deg,
            "fov_deg": 70.0,
            "range_m": 90.0,
        }
        for spot in own.spots
    }
    options: dict[str, Any] = {
        "url": f"http://{LOOPBACK}:{port}",
        "cameras": cameras,
        "zones": {kind.zone: kind.category for kind in KINDS[own.service]},
    }
    if broker:
        options["mqtt_url"] = f"mqtt://{LOOPBACK}:{broker}"
    titles = (f"{vi} (mô phỏng)", f"{en} (simulated)")
    return binding(source, "frigate", own.service, titles, options=options, cadence_s=CADENCE_S)


def sources(town: Town) -> list[SourceBinding]:
    return [bound(own) for own in town.part(recorders)]


async def open_(town: Town, host: Host) -> list[SourceBinding]:
    found = []
    for own in town.part(recorders):
        source = TITLES[own.service][0]
        routes = [
            (r"/api/(stats|review)", FrigateHandler, {"source": source, "faults": host.faults, "own": (own, host)})
        ]
        port = await host.http(source, routes)
        broker = await host.broker(source)
        speaker = Speaker(
            source=source,
            standing=lambda _: (Said("frigate/available", "online", retain=True),),
            spoken=partial(_spoken, own),
            will=Said("frigate/available", "offline", retain=True),
        )
        host.spawn(speak(speaker, broker, host))
        found.append(bound(own, port, broker.port))
    return found


def _spoken(own: Recorder, start: float, end: float, skew_s: float) -> Iterator[Said]:
    """A message when something begins, one when it ends, and counts every minute."""
    for seen in own.seen(start, end):
        row = seen.row(end, skew_s)
        if start < seen.start <= end:
            row = {**row, "end_time": None}
            yield Said("frigate/reviews", _dumped({"type": "new", "before": row, "after": row}))
        if start < seen.end <= end:
            after = seen.row(end, skew_s)
            yield Said(
                "frigate/reviews", _dumped({"type": "end", "before": {**after, "end_time": None}, "after": after})
            )
    if own.service != "cameras":
        return
    for number, spot in enumerate(own.spots):
        for t in beats(start, end, COUNT_EVERY_S, number * COUNT_EVERY_S / len(own.spots)):
            if not own.is_dead(spot, t):
                for label in ("person", "car"):
                    yield Said(f"frigate/{spot.id}/{label}", str(own.count(spot, label, t)), qos=0)


def _stats(own: Recorder, t: float) -> dict[str, object]:
    """As ``/api/stats`` tells of the cameras at this instant."""
    cameras = {}
    for number, spot in enumerate(own.spots):
        fps = 0.0 if own.is_dead(spot, t) else 5.0
        rest = {"skipped_fps": 0.0, "detection_fps": fps / 4, "detection_enabled": True, "pid": 300 + number}
        cameras[spot.id] = {"camera_fps": fps, "process_fps": fps, **rest}
    service = {"uptime": int(t % 864000), "version": "0.16.4", "latest_version": "0.16.4", "last_updated": int(t)}
    return {"cameras": cameras, "detection_fps": 1.0, "detectors": {}, "service": service, "processes": {}}


class FrigateHandler(FaultyHandler):
    """``/api/stats`` and ``/api/review`` with after, before and limit."""

    def initialize(self, source: str, faults: Faults, **own: Any) -> None:
        super().initialize(source, faults)
        self.recorder: Recorder = own["own"][0]
        self.host: Host = own["own"][1]

    async def get(self, what: str) -> None:
        now = self.faults.held_at(self.source, self.host.now())
        skew_s = self.faults.skew_s(self.source)
        body: object = _stats(self.recorder, now) | {}
        if what == "review":
            body = self._reviews(now, skew_s)
        await self.send(_dumped(body), "application/json")

    def _reviews(self, now: float, skew_s: float) -> list[dict[str, object]]:
        after = float(self.get_query_argument("after", str(now - 86400)))
        before = min(float(self.get_query_argument("before", str(now))), now)
        limit = int(self.get_query_argument("limit", "100"))
        rows = [one for one in self.recorder.seen(max(after, now - 14 * 86400), before) if after < one.start < before]
        rows.sort(key=lambda one: -one.start)
        return [{**one.row(now, skew_s), "has_been_reviewed": False} for one in rows[:limit]]


def history(town: Town, folder: Path, start: float, end: float) -> Files:
    return {
        TITLES[own.service][0]: payloads(folder, TITLES[own.service][0], _lines(own, start, end))
        for own in town.part(recorders)
    }


def _lines(own: Recorder, start: float, end: float) -> Iterator[Line]:
    """Cameras four times a day, and reviews by the hour, as HTTP gives them."""
    yield start, _dumped(_stats(own, start))
    t = start
    while t < end:
        onward = min(t + STATS_EVERY_S / 6, end)
        rows = [one.row(onward) for one in own.seen(t, onward) if t < one.start <= onward or t < one.end <= onward]
        if rows:
            yield onward, _dumped(rows)
        if onward // STATS_EVERY_S > t // STATS_EVERY_S:
            yield onward, _dumped(_stats(own, onward))
        t = onward


def _dumped(body: object) -> str:
    return json.dumps(body, ensure_ascii=False)


FEED = Feed(sources=sources, open=open_, history=history, order=61)
