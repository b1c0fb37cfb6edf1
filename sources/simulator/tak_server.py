"""A TAK server's plain TCP port: XML events to every client, and the whole picture to one that comes."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from xml.sax.saxutils import escape, quoteattr

from geodata.ending import shut
from sources.simulator.clock import iso
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import CHUNK, HUGE_BYTES
from sources.simulator.listening import listen
from sources.simulator.patrols import Incident, Unit

HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
UNKNOWN = "9999999.0"
STALE_S = 120.0
SLOW_CLIENT_BYTES = 4 << 20
HELD = 20_000
GARBAGE_EVERY = 3


class TakServer:
    """``picture()`` are the messages that a new client is sent. ``port`` is the real one after ``open``."""

    def __init__(self, source: str, picture: Callable[[], Sequence[str]], faults: Faults, port: int = 0) -> None:
        self.source, self.faults, self.port = source, faults, port
        self._picture = picture
        self._clients: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._held: deque[str] = deque(maxlen=HELD)
        self._count = 0

    async def open(self) -> None:
        """Begin to serve on loopback. Raises SimulatorPortTaken."""
        self._server, self.port = await listen(self._client, self.port, self.source)

    async def close(self) -> None:
        """Refuse new connections and end the open ones."""
        server, self._server = self._server, None
        if server is not None:
            await shut(server)
        for client in list(self._clients):
            client.close()
        self._clients.clear()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._clients.add(writer)
        try:
            if not self.faults.is_on(self.source, Kind.STALL):
                self._send(self._broken(self._picture()), [writer])
            while await reader.read(4096):
                pass  # what clients send of themselves is nobody's here
        except OSError:
            pass
        finally:
            self._clients.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def hand_over(self, messages: Sequence[str]) -> None:
        """Messages in the order of time, as the fault of the moment leaves them."""
        kind = fault.kind if (fault := self.faults.of(self.source)) else None
        if kind is Kind.OUTAGE:
            await self.close()
            return
        if self._server is None:
            await self.open()
        if kind is Kind.STALL:
            return
        if kind is Kind.HUGE_LINE:
            await self._huge()
            return
        if kind is Kind.LATE:
            self._held.extend(messages)
            return
        if self._held:
            messages = [*self._held, *messages]
            self._held.clear()
        self._send(self._broken(messages), list(self._clients))

    def _broken(self, messages: Sequence[str]) -> list[bytes]:
        """Doubled or garbled where that is the fault of the moment."""
        found = [message.encode() for message in messages]
        if self.faults.is_on(self.source, Kind.DUPLICATES):
            return [message for message in found for _ in range(2)]
        return [self._garbled(message) for message in found] if self.faults.is_on(self.source, Kind.GARBAGE) else found

    def _garbled(self, message: bytes) -> bytes:
        """Every third: its middle is gone, its end is there."""
        self._count += 1
        if self._count % GARBAGE_EVERY:
            return message
        return message[: len(message) // 3] + b"\xff<<" + message[-30:]

    def _send(self, messages: Sequence[bytes], clients: Sequence[asyncio.StreamWriter]) -> None:
        data = b"".join(messages)
        for client in clients:
            if client.transport.get_write_buffer_size() > SLOW_CLIENT_BYTES:
                client.transport.abort()  # it does not read; it may come back
                self._clients.discard(client)
            elif data:
                client.write(data)

    async def _huge(self) -> None:
        """A gigabyte without an end of a message, at the pace at which it is read."""
        for client in list(self._clients):
            with contextlib.suppress(OSError):
                client.write(b"<event ")
                for _ in range(HUGE_BYTES // len(CHUNK)):
                    client.write(CHUNK)
                    await client.drain()
                    if not self.faults.is_on(self.source, Kind.HUGE_LINE):
                        return


def _event(uid: str, type_: str, times: tuple[float, float, float], place: tuple[float, float], detail: str) -> str:
    """``times`` are time, start and stale in epoch s."""
    time, start, stale = map(iso, times)
    return (
        f'{HEAD}<event version="2.0" uid={quoteattr(uid)} type="{type_}" time="{time}" start="{start}" stale="{stale}"'
        f' how="m-g"><point lat="{place[1]:.6f}" lon="{place[0]:.6f}" hae="{UNKNOWN}" ce="8.0" le="{UNKNOWN}"/>'
        f"<detail>{detail}</detail></event>"
    )


def unit(one: Unit, t: float, skew_s: float = 0.0) -> str:
    """A unit's place at ``t``."""
    place, speed, course = one.at(t)
    detail = (
        f'<contact callsign={quoteattr(one.callsign)}/><__group name="Blue" role="Team Member"/>'
        f'<track speed="{speed:.1f}" course="{course:.1f}"/>'
    )
    when = t + skew_s
    return _event(one.uid, one.type, (when, when, when + max(STALE_S, 3 * one.every_s)), place, detail)


def gone(uid: str, type_: str, t: float, skew_s: float = 0.0) -> str:
    """The order to forget a unit or an event."""
    detail = f'<link uid={quoteattr(uid)} type="{type_}" relation="p-p"/><__forcedelete/>'
    when = t + skew_s
    return _event(f"xoa-{uid}", "t-x-d-d", (when, when, when + 20), (0.0, 0.0), detail)


def incident(one: Incident, t: float, skew_s: float = 0.0) -> str:
    """An incident as told at ``t``: under way, or over."""
    start, when = one.start + skew_s, t + skew_s
    if one.unit is None:
        stale = min(when, one.end + skew_s) if t >= one.end else start + 7200  # stale when it is sent: it is over
        detail = f"<contact callsign={quoteattr(one.title)}/><remarks>{escape(one.text)}</remarks>"
        return _event(one.uid, one.type, (when, start, stale), one.place, detail)
    over = t >= one.end
    told = ' cancel="true"' if over else ' type="911 Alert"'
    detail = (
        f'<link uid={quoteattr(one.unit.uid)} type="{one.unit.type}" relation="p-p"/>'
        f"<contact callsign={quoteattr(one.title)}/><emergency{told}>{escape(one.unit.callsign)}</emergency>"
    )
    return _event(one.uid, "b-a-o-can" if over else one.type, (when, start, start + 7200), one.place, detail)
