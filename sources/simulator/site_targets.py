"""Real sites on loopback for a probe: TLS with certificates of a house authority, a page each, and a name server."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from geodata.ending import ended, shut
from sources.simulator.errors import SimulatorPortTaken
from sources.simulator.faults import Faults, Kind
from sources.simulator.http_feed import LOOPBACK
from sources.simulator.listening import listen

AUTHORITY = "Tổ chức chứng thực mô phỏng"
MAX_REQUEST_B = 16 << 10
PATIENCE_S = 60.0
_WATCH_S = 0.1


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate to be made: for which name, from and to (aware UTC), by the house authority or by itself."""

    name: str
    begin: datetime
    end: datetime
    self_signed: bool = False


class Authority:
    """Makes certificates; its own is ``ca_file``."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _called(AUTHORITY)
        usage = x509.BasicConstraints(ca=True, path_length=0)
        built = _builder(self._name, self._name, self._key, now - timedelta(days=400), now + timedelta(days=3650))
        self._own = built.add_extension(usage, critical=True).sign(self._key, hashes.SHA256())
        self.ca_file = folder / "authority.pem"
        self.ca_file.write_bytes(self._own.public_bytes(serialization.Encoding.PEM))

    def context(self, leaf: Leaf) -> ssl.SSLContext:
        """A server's context that shows the leaf."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _called(leaf.name)
        issuer, signer = (name, key) if leaf.self_signed else (self._name, self._key)
        names = x509.SubjectAlternativeName([x509.DNSName(leaf.name)])
        built = _builder(name, issuer, key, leaf.begin, leaf.end).add_extension(names, critical=False)
        path = self.folder / f"{leaf.name}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        shown = built.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        path.touch(mode=0o600)
        path.write_bytes(secret + shown)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, begin: datetime, end: datetime
) -> x509.CertificateBuilder:
    built = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    numbered = built.serial_number(x509.random_serial_number())
    return numbered.not_valid_before(begin.astimezone(UTC)).not_valid_after(end.astimezone(UTC))


class WebSite:
    """A page over TLS (or plain, without ``context``). ``port`` is the real one after ``open``."""

    def __init__(
        self, source: str, faults: Faults, page: Callable[[], str | None], context: ssl.SSLContext | None, port: int
    ) -> None:
        self.source, self.faults, self.page, self.context, self.port = source, faults, page, context, port
        self._server: asyncio.Server | None = None
        self._serving: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to listen on loopback. Raises SimulatorPortTaken."""
        more = {"ssl": self.context, "limit": MAX_REQUEST_B}
        self._server, self.port = await listen(self._accept, self.port, self.source, **more)

    async def run(self) -> None:
        """Follow the outage switch until cancelled."""
        while True:
            await asyncio.sleep(_WATCH_S)
            out = self.faults.is_on(self.source, Kind.OUTAGE)
            if out:
                await self.close()
            elif self._server is None:
                await self.open()

    async def close(self) -> None:
        """Stop listening and hang up; safe to call twice."""
        server, self._server = self._server, None
        if server is not None:
            await shut(server)
        await ended(*self._serving)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            await self._serve(reader, writer)
        finally:
            self._serving.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request; a page of None is a server that hangs up."""
        with suppress(OSError, ssl.SSLError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await reader.readuntil(b"\r\n\r\n")
                while self.faults.is_on(self.source, Kind.STALL):  # noqa: ASYNC110 (a fault is a value, not an event)
                    await asyncio.sleep(_WATCH_S)
                page = self.page()
                if page is not None:
                    writer.write(self._answer(page))
                    await writer.drain()
                writer.close()
                await writer.wait_closed()

    def _answer(self, page: str) -> bytes:
        body = page.encode()
        if self.faults.is_on(self.source, Kind.GARBAGE):
            return b"\x15\x03\x01 {<not http>\r\n\r\n" + body[: len(body) // 2]
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        return head.encode() + b"Connection: close\r\n\r\n" + body


class NameServer(asyncio.DatagramProtocol):
    """Answers A records of its names over UDP; everything else is NXDOMAIN, or nothing while its source is away."""

    def __init__(self, source: str, faults: Faults, names: dict[str, str]) -> None:
        self.source, self.faults, self.names = source, faults, names
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, port: int) -> int:
        """The real port. Raises SimulatorPortTaken."""
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(LOOPBACK, port))
        except OSError:
            raise SimulatorPortTaken(port=port, what=f"{self.source} (DNS)") from None
        return int(self._transport.get_extra_info("sockname")[1])

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        silent = self.faults.is_on(self.source, Kind.OUTAGE) or self.faults.is_on(self.source, Kind.STALL)
        if not silent and self._transport is not None and (answer := self.answer(data)) is not None:
            self._transport.sendto(answer, addr)

    def answer(self, data: bytes) -> bytes | None:
        """The reply to one query; None for what is no query."""
        try:
            query = dns.message.from_wire(data)
            reply = dns.message.make_response(query)
        except (dns.exception.DNSException, ValueError):
            return None
        reply.flags |= dns.flags.AA
        for question in query.question:
            name = question.name.to_text(omit_final_dot=True).casefold()
            if name not in self.names:
                reply.set_rcode(dns.rcode.NXDOMAIN)
            elif dns.rdatatype.to_text(question.rdtype) == "A":
                reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", self.names[name]))
        return reply.to_wire()
