"""The HTTP door of the intake: ``POST /in/{source id}``, answered when the message is on disk.

202 taken · 401 no token or a wrong one · 404 no such source · 413 too long · 415 compressed · 429 too many, 503 full,
which both say when to ask again.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import tornado.httputil
import tornado.web

from sources._inbox import Spool, SpoolFull, SpoolStuck
from sources._inbox_limits import Gate

log = logging.getLogger("vonglau.ingest")

SECRETS = {"authorization", "proxy-authorization", "x-auth-token", "x-api-key", "cookie"}
"""Headers that are never kept."""

HEADER_CHARS = 1024
DRAINED = 1 << 20
"""So much of a refused body is read, so that its sender hears why; beyond it the connection is cut."""

FULL_RETRY_S = 10


@tornado.web.stream_request_body
class MessageHandler(tornado.web.RequestHandler):
    """One message. What is refused is known before its body comes, and said after it, so that the sender hears it."""

    def initialize(self, gates: Mapping[str, Gate], spool: Spool) -> None:
        self._gates, self._spool = gates, spool
        self._body = bytearray()
        self._words = ""
        self._gate: Gate | None = None  # None: refused

    def prepare(self) -> None:
        gate = self._gates.get(self.path_args[0])
        drained = max(DRAINED, 2 * gate.receiver.max_bytes if gate else 0)
        self.request.connection.set_max_body_size(drained)  # type: ignore[union-attr]  # a server's connection
        if gate is None:
            self._refuse(HTTPStatus.NOT_FOUND, "no such source")
        elif not gate.admits(*self._shown()):
            gate.complain("no token or a wrong one")
            self.set_header("WWW-Authenticate", "Bearer")
            self._refuse(HTTPStatus.UNAUTHORIZED, "no token or a wrong one")
        else:
            self._admit(gate)

    def _admit(self, gate: Gate) -> None:
        """Past the token: size, rate, room."""
        told = self.request.headers.get("Content-Length")
        size = int(told) if told and told.isdigit() else 0
        if self.request.headers.get("Content-Encoding", "identity").lower() != "identity":
            self._refuse(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "send it uncompressed")
        elif size > gate.receiver.max_bytes:
            self._too_long(gate)
        elif wait := gate.bucket.wait_s():
            gate.complain(f"more than {gate.receiver.per_s:g} messages a second")
            self.set_header("Retry-After", str(math.ceil(wait)))
            self._refuse(HTTPStatus.TOO_MANY_REQUESTS, "too many messages")
        elif not self._spool.has_room(gate.source, size):
            self._full(gate)
        else:
            self._gate = gate

    def _shown(self) -> list[str | None]:
        scheme, _, bearer = self.request.headers.get("Authorization", "").partition(" ")
        query = [value.decode("utf-8", "replace") for value in self.request.query_arguments.get("token", ())]
        return [
            bearer.strip() if scheme.lower() == "bearer" else None,
            self.request.headers.get("X-Auth-Token"),
            *query,
        ]

    def data_received(self, chunk: bytes) -> None:
        """Of a message that grows beyond the limit nothing more is kept."""
        if self._gate is None:
            return
        self._body += chunk
        if len(self._body) > self._gate.receiver.max_bytes:
            self._body.clear()
            gate, self._gate = self._gate, None
            self._too_long(gate)

    async def post(self, _: str) -> None:
        gate = self._gate
        if gate is not None:
            await self._keep(gate)
        await self.finish(self._words)

    async def _keep(self, gate: Gate) -> None:
        try:
            await self._spool.put(gate.source, datetime.now(UTC), self._kept(), bytes(self._body))
        except SpoolFull:
            self._full(gate)
        except SpoolStuck:
            gate.complain("its message cannot be written to the disk")
            self.set_header("Retry-After", str(FULL_RETRY_S))
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "the disk does not take it")
        else:
            self.set_status(HTTPStatus.ACCEPTED)

    def _kept(self) -> dict[str, str]:
        headers = ((name.lower(), value) for name, value in self.request.headers.get_all())
        return {name: value[:HEADER_CHARS] for name, value in headers if name not in SECRETS}

    def _full(self, gate: Gate) -> None:
        gate.complain("the intake is full, the store is away or slow")
        self.set_header("Retry-After", str(FULL_RETRY_S))
        self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "full")

    def _too_long(self, gate: Gate) -> None:
        words = f"a message of more than {gate.receiver.max_bytes} bytes"
        gate.complain(words)
        self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, words)

    def _refuse(self, status: HTTPStatus, words: str) -> None:
        self.set_status(status)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self._words = f"{words}\n"

    def write_error(self, status_code: int, **_: Any) -> None:
        self.finish(f"{status_code}\n")

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """Without the request's line, where a token may stand."""
        if not isinstance(value, tornado.web.HTTPError):
            log.error("the intake made a mistake", exc_info=(typ, value, tb))


class NothingHandler(tornado.web.RequestHandler):
    """Every other path."""

    def prepare(self) -> None:
        self.set_status(HTTPStatus.NOT_FOUND)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("POST to /in/SOURCE\n")


def application(gates: Mapping[str, Gate], spool: Spool) -> tornado.web.Application:
    """Without access log: a request's line may hold a token."""
    own = {"gates": gates, "spool": spool}
    return tornado.web.Application(
        [(r"/in/([^/]+)", MessageHandler, own), (r".*", NothingHandler)], log_function=lambda handler: None
    )
