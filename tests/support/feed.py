"""A receiver of AIS on a loopback socket that says exactly what a test tells it to say."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyais import encode_dict

from tests.support.machine import Machine


class AisFeed:
    """Listens; every client hears every sentence sent from now on."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self._clients: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            self._clients.append(client)

    @property
    def connected(self) -> bool:
        return bool(self._clients)

    def send(self, data: bytes) -> None:
        for client in self._clients:
            client.sendall(data)

    def fix(self, mmsi: int, lon: float, lat: float, *, speed: float = 6.0, course: float = 90.0) -> None:
        """One class B position."""
        fields: dict[str, str | int | float | bytes | bool] = {"type": 18, "mmsi": mmsi, "lon": lon, "lat": lat}
        fields |= {"speed": speed, "course": course, "heading": 511}
        self.send(("\r\n".join(encode_dict(fields, talker_id="AI")) + "\r\n").encode())

    def close(self) -> None:
        self._server.close()
        for client in self._clients:
            client.close()


@contextmanager
def ais_into(machine: Machine, folder: Path) -> Iterator[AisFeed]:
    """The feed, read by an ingest of its own into the machine's database."""
    feed = AisFeed()
    bindings = folder / "bindings.json"
    binding = {
        "id": "test_ais", "protocol": "ais", "service": "fishing_vessels",
        "title_vi": "Máy thu thử", "title_en": "Test receiver",
        "cadence_s": 600, "simulated": True, "options": {"transport": "tcp", "host": "127.0.0.1", "port": feed.port},
    }  # fmt: skip
    bindings.write_text(json.dumps([binding]))
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "ingest", "--data", str(machine.data), "--bindings", str(bindings)],
        env=machine.environment(),
    )
    try:
        yield feed
    finally:
        process.terminate()
        process.wait(timeout=60)
        feed.close()
