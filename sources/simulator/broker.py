"""An MQTT broker of one source: mosquitto on loopback, without persistence, ended with us.

Each source that speaks MQTT has a broker of its own (some 5 MB and no work while nothing is said), so that its faults
are real and only its own: an outage ends the process and frees the port, a stall stops the process (SIGSTOP), so that
connections stay and nothing comes, not even the answer to a ping.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
from contextlib import suppress
from pathlib import Path

from sources.simulator.errors import NoBroker, SimulatorPortTaken
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import LOOPBACK

START_S = 10.0
STOP_S = 5.0
WATCH_S = 0.1
INFLIGHT = 1000
"""Sent at QoS 1 and not yet acknowledged, of one client; mosquitto's own default is 20."""


class Broker:
    """``port`` is 0 for any free one and the real one after ``open``. ``more`` are lines of its configuration."""

    def __init__(self, folder: Path, port: int = 0, *, more: str = "") -> None:
        self.folder, self.port, self._more = folder, port, more
        self._process: asyncio.subprocess.Process | None = None
        self._guard: asyncio.subprocess.Process | None = None
        self._stalled = False

    @property
    def is_open(self) -> bool:
        """Whether clients may connect and are answered."""
        return self._process is not None and not self._stalled

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
            f"max_queued_messages 100000\nmax_inflight_messages {INFLIGHT}\nset_tcp_nodelay true\nsys_interval 0\n"
            f"{self._more}"
        )
        process = await asyncio.create_subprocess_exec(
            program, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        self._process, self._guard = process, await _guard(process.pid)
        async with asyncio.timeout(START_S):
            while not await self._answers():
                if process.returncode is not None:
                    await self.close()
                    raise SimulatorPortTaken(port=self.port, what="MQTT broker")
                await asyncio.sleep(0.05)

    async def run(self, source: str, faults: Faults) -> None:
        """Follow the switches of outage and stall until cancelled."""
        try:
            while True:
                await asyncio.sleep(WATCH_S)
                if faults.is_on(source, Kind.OUTAGE):
                    await self.close()
                else:
                    if self._process is None or self._process.returncode is not None:
                        await self.close()
                        await self.open()
                    self.stall(faults.is_on(source, Kind.STALL))
        finally:
            await self.close()

    def stall(self, on: bool) -> None:
        """Stop the process where it stands, or let it go on."""
        if self._process is not None and on != self._stalled:
            self._stalled = on
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)

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
        guard, self._guard = self._guard, None
        await self._end(process)
        if guard is not None:  # last: should we be killed meanwhile, it ends the broker
            with suppress(ProcessLookupError):
                guard.kill()
            await guard.wait()

    async def _end(self, process: asyncio.subprocess.Process | None) -> None:
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.terminate()
            if self._stalled:
                process.send_signal(signal.SIGCONT)
        self._stalled = False
        try:
            async with asyncio.timeout(STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _guard(pid: int) -> asyncio.subprocess.Process:
    """A shell that ends the broker when we are killed: its input is a pipe that ends with us.

    The kernel's own death signal is lost when mosquitto, started by root, changes to its own user.
    """
    return await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", f"read _; kill -9 {pid}"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
