"""A TCP door of the intake: whoever connects sends frames. Nobody is answered, so what was not yet on disk at a kill is
lost, as with any sender of a stream; what was is not.

No room and too many frames are answered by not reading on: TCP makes the sender wait.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from geodata.ending import ended, shut
from sources._inbox import Spool, SpoolFull, SpoolStuck
from sources._inbox_limits import Gate

log = logging.getLogger("vonglau.ingest")

READ_BYTES = 1 << 16
CLIENTS = 64
FULL_WAIT_S = 1.0
GARBAGE_BYTES = 1 << 16
"""So much of what holds no frame is kept to be looked at."""


class TcpDoor:
    """One receiver's port. ``port`` is the real one after ``open``."""

    def __init__(self, gate: Gate, spool: Spool) -> None:
        assert gate.receiver.port is not None
        self.port = gate.receiver.port
        self._gate, self._spool = gate, spool
        self._split: Callable[[bytearray], Iterator[bytes]] = gate.receiver.split or _lines
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()

    async def open(self, host: str) -> None:
        """Begin to listen. Raises OSError."""
        self._server = await asyncio.start_server(self._client, host, self.port, ssl=self._gate.receiver.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            await shut(self._server)
        await ended(*self._clients)

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        if len(self._clients) >= CLIENTS:
            self._gate.complain(f"more than {CLIENTS} connections")
            writer.close()
            return
        self._clients.add(task)
        try:
            await self._read(reader)
        except (OSError, asyncio.CancelledError):
            pass  # the sender left, or we do
        finally:
            self._clients.discard(task)
            writer.close()
            with suppress(OSError, asyncio.CancelledError):
                await writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        """Until the sender leaves, shows a wrong token, or sends more than a message's length without a frame."""
        buffer = bytearray()
        admitted = self._gate.receiver.admit is None
        while chunk := await reader.read(READ_BYTES):
            buffer += chunk
            frames, broken = self._frames(buffer)
            if frames and not admitted:
                first = frames.pop(0)
                if not self._admits(first):
                    self._gate.complain("no token or a wrong one")
                    return
                admitted = True
            if admitted and frames:
                await self._keep(frames)
            if broken or len(buffer) > self._gate.receiver.max_bytes:
                self._gate.complain("bytes that are no message")
                if admitted:
                    await self._keep([bytes(buffer[:GARBAGE_BYTES])])
                return
        if buffer.strip() and admitted:
            await self._keep([bytes(buffer[:GARBAGE_BYTES])])  # cut off in the middle: counted as what it is

    def _frames(self, buffer: bytearray) -> tuple[list[bytes], bool]:
        found: list[bytes] = []
        try:
            found.extend(self._split(buffer))
        except ValueError:
            return found, True
        return found, False

    def _admits(self, frame: bytes) -> bool:
        admit = self._gate.receiver.admit
        return not self._gate.shut and admit is not None and self._gate.admits(admit(frame))

    async def _keep(self, frames: Sequence[bytes]) -> None:
        """Once all are on disk, in one flush; each waits for its turn and for room."""
        writing = []
        for frame in frames:
            await self._gate.bucket.take()
            writing.append(asyncio.ensure_future(self._put(frame)))
        await asyncio.gather(*writing)

    async def _put(self, frame: bytes) -> None:
        while True:
            try:
                await self._spool.put(self._gate.source, datetime.now(UTC), {}, frame)
            except (SpoolFull, SpoolStuck):
                self._gate.complain("the intake is full or its disk does not answer; it waits")
                await asyncio.sleep(FULL_WAIT_S)
            else:
                return


def _lines(buffer: bytearray) -> Iterator[bytes]:
    """Frames that end with a line feed."""
    while (end := buffer.find(b"\n")) >= 0:
        line = bytes(buffer[:end])
        del buffer[: end + 1]
        if line.strip():
            yield line
