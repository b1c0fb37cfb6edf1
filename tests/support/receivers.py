"""Receivers of what is sent out: a web server, raw sockets that misbehave, a mail server that we did not write."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import Message as Mail
from email.parser import BytesParser
from email.policy import default
from typing import Any

import tornado.httpserver
import tornado.netutil
import tornado.web
from aiosmtpd.smtp import SMTP, AuthResult

from geodata.ending import shut
from sources._served import closed
from tests.support.patience import NEVER_S


@dataclass
class Hook:
    """A web server that answers as told: statuses in turn, the last one for ever; 0 never answers."""

    answers: list[int] = field(default_factory=lambda: [204])
    headers: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    def answer(self) -> int:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def header(self, name: str, which: int = -1) -> str | None:
        return {key.lower(): value for key, value in self.taken[which][1].items()}.get(name.lower())


class _Handler(tornado.web.RequestHandler):
    def initialize(self, hook: Hook) -> None:
        self.hook = hook

    async def post(self) -> None:
        self.hook.taken.append((self.request.path, dict(self.request.headers), self.request.body))
        status = self.hook.answer()
        if not status:
            await asyncio.sleep(NEVER_S)
        self.set_status(status)
        for name, value in self.hook.headers.items():
            self.set_header(name, value)


@asynccontextmanager
async def hook(tls: ssl.SSLContext | None = None, folder: str | None = None) -> AsyncIterator[Hook]:
    """A web server on loopback; ``folder`` is shown under /cap/."""
    found = Hook()
    (sock,) = tornado.netutil.bind_sockets(0, "127.0.0.1")
    found.url = f"{'https' if tls else 'http'}://localhost:{sock.getsockname()[1]}"
    routes: list[Any] = [(r"/cap/(.*)", tornado.web.StaticFileHandler, {"path": folder})] if folder else []
    application = tornado.web.Application([*routes, (".*", _Handler, {"hook": found})], log_function=lambda _: None)
    server = tornado.httpserver.HTTPServer(application, ssl_options=tls)
    server.add_socket(sock)
    try:
        yield found
    finally:
        await closed(server)


@asynccontextmanager
async def raw(says: bytes | None, *, hears: bool = True) -> AsyncIterator[int]:
    """The port of a server that says this to everyone and hangs up, once it has heard them where it ``hears``; None:
    says nothing, for ever.
    """
    tasks: set[asyncio.Task[Any] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        try:
            if says is None:
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(NEVER_S)
            else:
                if hears:
                    await reader.read(1 << 20)
                writer.write(says)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await shut(server)
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(task for task in tasks if task), return_exceptions=True)


@dataclass
class Post:
    """A mail server's memory. ``refuse``: what it answers to a recipient or, under ``DATA``, to a message."""

    port: int = 0
    mails: list[Mail] = field(default_factory=list)
    recipients: list[Sequence[str]] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if "DATA" in self.refuse:
            return self.refuse["DATA"]
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))
        self.recipients.append(list(envelope.rcpt_tos))
        self.encrypted.append(session.ssl is not None)
        return "250 taken"


@asynccontextmanager
async def post(
    tls: ssl.SSLContext | None = None, login: Callable[[bytes, bytes], bool] | None = None
) -> AsyncIterator[Post]:
    """Mail on loopback, by aiosmtpd, with STARTTLS and a login where they are given."""
    found = Post()

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        assert login is not None
        return AuthResult(success=login(data.login, data.password), handled=False)

    def protocol() -> SMTP:
        return SMTP(
            found, hostname="localhost", tls_context=tls, require_starttls=tls is not None,
            authenticator=check if login else None, auth_required=login is not None, auth_require_tls=tls is not None,
            timeout=60, ident="test",
        )  # fmt: skip

    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        await shut(server)
        await server.wait_closed()
