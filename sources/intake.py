"""The intake: one HTTP port for all that is sent to a city's sources, and the TCP ports of those that have their own.

A sender is answered when its message is on disk; what is done with it is done later. A message is forgotten when the
store has committed the cursor that names it, so that a kill at any moment loses nothing and doubles nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import tornado.httpserver

from geodata.errors import UsageError, VongLauError
from sources._inbox import Spool, SpooledInbox
from sources._inbox_http import application
from sources._inbox_limits import Gate
from sources._inbox_tcp import TcpDoor
from sources._served import closed
from sources.base import Receiver

log = logging.getLogger("vonglau.ingest")

BODY_S, IDLE_S = 60.0, 300.0
HARD_LIMIT = 1 << 30
"""Tornado's own limit; each source's is looked after by its handler."""


class IntakeTaken(VongLauError):
    """the intake cannot listen on {host}:{port}: {reason}; choose another address with --intake"""


class IntakeOpen(VongLauError):
    """the intake on {host} would take messages for {sources} from anybody; name a token with the option token_env"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakePlan:
    """``port`` 0 is any free one. ``url`` is the base as senders see it; without it that of ``host`` and ``port``."""

    host: str
    port: int
    spool: Path
    url: str | None = None
    max_bytes: int = 512 << 20


def address(text: str) -> tuple[str, int]:
    """HOST:PORT, also [IPv6]:PORT. Raises UsageError.

    >>> address("127.0.0.1:7080"), address("[::1]:7080")
    (('127.0.0.1', 7080), ('::1', 7080))
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65535:
        raise UsageError(reason=f"--intake {text}: not HOST:PORT")
    return host.strip("[]"), int(port)


class Intake:
    """Open from ``open`` to ``close``. ``port`` is the real one after ``open``."""

    def __init__(
        self,
        plan: IntakePlan,
        receivers: Mapping[str, Receiver],
        secret: Callable[[str], str | None] = lambda name: None,
    ) -> None:
        self._plan, self.port = plan, plan.port
        self._gates = {source: _gate(source, receiver, secret) for source, receiver in receivers.items()}
        self.spool = Spool(plan.spool, max_bytes=plan.max_bytes)
        self._server: tornado.httpserver.HTTPServer | None = None
        self.doors: dict[str, TcpDoor] = {}

    async def open(self) -> None:
        """Raises IntakeOpen, IntakeTaken, SpoolTaken, SpoolStuck; nothing is open then."""
        self._check()
        await self.spool.open(self._gates)
        try:
            await self._listen()
        except BaseException:
            await self.close()
            raise
        log.info("the intake listens on %s:%d for %d sources", self._plan.host, self.port, len(self._gates))

    def _check(self) -> None:
        """Off loopback every door has a lock."""
        for gate in self._gates.values():
            if gate.shut:
                name = gate.receiver.token_env
                log.error("source %s: %s is not set; nobody can send to it", gate.source, name)
        unlocked = [source for source, gate in self._gates.items() if not _locked(gate)]
        if unlocked and not _is_loopback(self._plan.host):
            raise IntakeOpen(host=self._plan.host, sources=", ".join(unlocked))

    async def _listen(self) -> None:
        host, port = self._plan.host, self._plan.port
        try:
            listening = socket.create_server((host, port), family=_family(host), backlog=512)
        except OSError as error:
            raise IntakeTaken(host=host, port=port, reason=error.strerror or error) from error
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        self._server = tornado.httpserver.HTTPServer(
            application({name: gate for name, gate in self._gates.items() if gate.receiver.port is None}, self.spool),
            max_body_size=HARD_LIMIT,
            body_timeout=BODY_S,
            idle_connection_timeout=IDLE_S,
        )
        self._server.add_socket(listening)
        for source, gate in self._gates.items():
            if gate.receiver.port is not None:
                door = TcpDoor(gate, self.spool)
                try:
                    await door.open(host)
                except OSError as error:
                    raise IntakeTaken(host=host, port=door.port, reason=error.strerror or error) from error
                self.doors[source] = door

    def inbox(self, source: str) -> SpooledInbox:
        return SpooledInbox(self.spool, source)

    def endpoint(self, source: str) -> str:
        """Where senders post for this source, as they see it."""
        host = self._plan.host
        if host in {"0.0.0.0", "::", ""}:  # noqa: S104 (it is looked at, not bound)
            host = socket.getfqdn()
        name = f"[{host}]" if ":" in host else host
        return f"{(self._plan.url or f'http://{name}:{self.port}').rstrip('/')}/in/{source}"

    async def close(self) -> None:
        """First the doors, then the file; safe to call twice."""
        server, self._server = self._server, None
        if server is not None:
            await closed(server)
        doors, self.doors = self.doors, {}
        await asyncio.gather(*(door.close() for door in doors.values()))

    async def finish(self) -> None:
        """Close the file too, when the feeds have read what they could."""
        await self.close()
        await self.spool.close()


def _gate(source: str, receiver: Receiver, secret: Callable[[str], str | None]) -> Gate:
    token = secret(receiver.token_env) if receiver.token_env else None
    return Gate(source, receiver, token or None, shut=bool(receiver.token_env) and not token)


def _locked(gate: Gate) -> bool:
    """A TCP door is locked by a first frame that shows the token, or by client certificates."""
    if gate.receiver.port is None:
        return gate.token is not None or gate.shut
    return (gate.receiver.admit is not None and (gate.token is not None or gate.shut)) or gate.receiver.tls is not None


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
