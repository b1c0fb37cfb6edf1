"""The city's MQTT broker: mosquitto on loopback, without persistence, ended with us."""

from __future__ import annotations

import asyncio
import shutil
import socket
from contextlib import suppress
from pathlib import Path

from sources.simulator.errors import NoBroker, SimulatorPortTaken
from sources.simulator.http_feed import LOOPBACK

START_S = 10.0
STOP_S = 5.0


class Broker:
    """``port`` is 0 for any free one and the real one after ``open``. ``halt`` and ``open`` make an outage."""

    def __init__(self, folder: Path, port: int = 0) -> None:
        self.folder, self.port = folder, port
        self._process: asyncio.subprocess.Process | None = None

    async def open(self) -> None:
        """Start and wait until it answers. Raises NoBroker, SimulatorPortTaken."""
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or shutil.which(
            "mosquitto"
        )
        if program is None:
            raise NoBroker
        self.port = self.port or _free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} {LOOPBACK}\nallow_anonymous true\npersistence false\nlog_type error\n"
            "max_queued_messages 100000\nset_tcp_nodelay true\n"
        )
        self._process = await asyncio.create_subprocess_exec(
            program, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(START_S):
            while not await self._answers():
                if self._process.returncode is not None:
                    raise SimulatorPortTaken(port=self.port, what="MQTT broker")
                await asyncio.sleep(0.05)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, self.port)
        except OSError:
            return False
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return True

    async def close(self) -> None:
        """Stop it; safe to call twice, and to ``open`` again on the same port."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
