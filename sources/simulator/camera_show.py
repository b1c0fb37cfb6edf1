"""What one system of cameras shows now: pictures, tables and counters, under the faults of its source."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from sources.simulator.camera_cast import Cast, Fate, SimulatedCamera, System
from sources.simulator.camera_pictures import Album
from sources.simulator.clock import iso
from sources.simulator.faults import Faults, Kind
from sources.simulator.town import Town

BYTES_A_SECOND = 62_500
EPOCH_S = 1_767_225_600.0
"""Counters began with 2026."""


@dataclass
class Show:
    """The cameras of one system. ``root`` is its own HTTP address and ``rtsp`` that of its RTSP server, once open."""

    town: Town
    cast: Cast
    faults: Faults
    now: Callable[[], float]
    root: str = ""
    rtsp: str = ""
    album: Album = field(default_factory=Album)

    @property
    def system(self) -> System:
        return self.cast.system

    def t(self) -> float:
        """Its clock: ahead when it is skewed, standing when it is late."""
        held = self.faults.held_at(self.system.id, self.now())
        return held + self.faults.skew_s(self.system.id)

    def severity(self, t: float) -> float:
        return float(self.town.severity(t)[0])

    def fate(self, camera: SimulatedCamera) -> Fate:
        t = self.t()
        return Fate(int(camera.fate(t, self.severity(t))[0]))

    def jpeg(self, camera: SimulatedCamera, at: float | None = None) -> bytes:
        """The picture of a camera that is not dead, now or at an instant (epoch s)."""
        t = self.t() if at is None else at
        return self.album.jpeg(camera, t, self.severity(t), self.fate(camera))

    def rows(self) -> Iterator[Mapping[str, Any]]:
        """The table of the system; twice when the fault says so."""
        times = 2 if self.faults.is_on(self.system.id, Kind.DUPLICATES) else 1
        for camera in list(self.cast.cameras.values()) * times:
            yield row(self.system, camera, self._address(camera))

    def _address(self, camera: SimulatedCamera) -> Mapping[str, str]:
        if camera.kind == "rtsp":
            return {"url": f"{self.rtsp}/{camera.key}", "kind": "rtsp", "stream": stream(camera)}
        if self.system.gateway == "registry":
            return {"url": f"{self.root}/snapshot/{camera.key}.jpg", "kind": "jpeg"}
        return {"stream": stream(camera), "kind": camera.kind}

    def table_json(self) -> str:
        return json.dumps({"cameras": list(self.rows())}, ensure_ascii=False)

    def table_csv(self) -> str:
        rows = list(self.rows())
        out = io.StringIO()
        writer = csv.DictWriter(out, sorted({name for one in rows for name in one}))
        writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    def streams(self) -> str:
        """``/api/streams`` of go2rtc: a dead camera is a producer that was never reached."""
        found = {}
        for camera in self.cast.cameras.values():
            url = f"rtsp://admin:sim-secret@10.0.0.1/{quote(camera.key)}"
            live = {"id": camera.number % 9973, "format_name": "rtsp", "protocol": "rtsp+tcp", "url": url}
            dead = self.fate(camera) is Fate.DEAD
            producer = {"url": url} if dead else {**live, "bytes_recv": self._bytes(camera)}
            found[stream(camera)] = {"producers": [producer], "consumers": None}
        return json.dumps(found)

    def paths(self) -> str:
        """``/v3/paths/list`` of MediaMTX 1.20."""
        items = [self._path(camera) for camera in self.cast.cameras.values()]
        return json.dumps({"itemCount": len(items), "pageCount": 1, "items": items})

    def _path(self, camera: SimulatedCamera) -> Mapping[str, Any]:
        live = self.fate(camera) is not Fate.DEAD
        count = self._bytes(camera) if live else 0
        since = iso(EPOCH_S) if live else None
        return {
            "name": stream(camera),
            "confName": stream(camera),
            "source": {"type": "rtspSource", "id": ""},
            "ready": live,
            "readyTime": since,
            "available": live,
            "availableTime": since,
            "online": live,
            "onlineTime": since,
            "tracks": ["H264"] if live else [],
            "tracks2": [{"codec": "H264", "codecProps": {}}] if live else [],
            "bytesReceived": count,
            "bytesSent": 0,
            "inboundBytes": count,
            "outboundBytes": 0,
            "inboundFramesInError": 0,
            "readers": [],
        }

    def _bytes(self, camera: SimulatedCamera) -> int:
        return int((self.t() - EPOCH_S) * BYTES_A_SECOND * (1 + camera.number % 100 / 100))


def stream(camera: SimulatedCamera) -> str:
    """The name of its stream at a gateway."""
    return camera.key.lower().replace("-", "_")


def row(system: System, camera: SimulatedCamera, address: Mapping[str, str]) -> Mapping[str, Any]:
    """A camera as its system's table has it."""
    return {
        "id": camera.key,
        "name": camera.name,
        "category": camera.category,
        "lon": camera.place[0],
        "lat": camera.place[1],
        "azimuth_deg": camera.azimuth_deg,
        "fov_deg": camera.fov_deg,
        "range_m": camera.range_m,
        "mast_height_m": camera.mast_height_m,
        "owner": system.owner,
        "project": system.project,
        **address,
    }
