"""TAK over real sockets: a server, TLS with client certificates, a mesh, clients that come to us, simulated patrols."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import pytest
import takproto
import trustme

from geodata.city import SourceBinding, city
from geodata.ending import shut
from geodata.records import Position, Rejected, Thing
from geodata.store.writer import Writer
from sources.base import Context, Garbled, Refused, SourceError, Unreachable, protocol
from sources.intake import IntakeOpen, IntakePlan
from sources.runner import Runner
from sources.simulator.clock import SimulatedClock
from sources.simulator.faults import Faults
from sources.simulator.feeds.order_tak import FEED, SOURCE
from sources.simulator.host import Host
from sources.simulator.patrols import order
from sources.simulator.town import Town
from tests.conftest import Dsn
from tests.support.patience import HANG_S, in_time

TOKEN_ENV, TOKEN = "TAK_TEST_TOKEN", "s3cr3t-9f1b"


def event(uid: str = "TT-1", type_: str = "a-f-G-U-C", detail: str = "", at: datetime | None = None) -> bytes:
    when = (at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return (
        f'<event version="2.0" uid="{uid}" type="{type_}" time="{when}" start="{when}" stale="2026-12-31T00:00:00Z"'
        f' how="m-g"><point lat="16.46" lon="107.59" hae="9999999" ce="5" le="9999999"/>'
        f"<detail>{detail}</detail></event>"
    ).encode()


class Server:
    """Says what a test gives it to every client; ``heard`` is what the first client said."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls, self.port, self.heard = tls, 0, b""
        self.clients: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.clients.append(writer)
        with suppress(OSError):
            while chunk := await reader.read(1000):
                self.heard += chunk

    async def say(self, data: bytes) -> None:
        await until(lambda: self.clients)
        self.clients[-1].write(data)
        await self.clients[-1].drain()

    async def __aexit__(self, *_: object) -> None:
        await shut(self._server)
        for client in self.clients:
            client.close()
            with suppress(OSError):
                await client.wait_closed()


async def until(condition: Callable[[], Any], seconds: float = HANG_S) -> Any:
    async with asyncio.timeout(seconds):
        while not (found := condition()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


@asynccontextmanager
async def reading(**options: Any) -> AsyncIterator[list[Any]]:
    """Rows of the adapter, growing."""
    adapter = protocol("tak")
    own = adapter.options.model_validate({"batch_s": 0.05, **options})
    rows: list[Any] = []

    async def read() -> None:
        async with httpx.AsyncClient() as http:
            context = Context(http=http, service="public_order", secret={TOKEN_ENV: TOKEN}.get)
            async for batch in adapter.batches(own, context, None):
                rows.extend((*batch.records, *batch.rejected))

    task = asyncio.create_task(read())
    try:
        yield rows
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, SourceError):
            await task


async def fails(error: type[SourceError], match: str, **options: Any) -> None:
    adapter = protocol("tak")
    own = adapter.options.model_validate({"batch_s": 0.05, **options})
    async with httpx.AsyncClient() as http:
        context = Context(http=http, service="public_order", secret={TOKEN_ENV: TOKEN}.get)
        with pytest.raises(error, match=match) as caught:
            async for _ in adapter.batches(own, context, None):
                pass
    assert TOKEN not in str(caught.value)


async def read_on(rows: list[Any], **options: Any) -> None:
    """All that the adapter says, until it fails. Raises SourceError."""
    adapter = protocol("tak")
    own = adapter.options.model_validate({"batch_s": 0.05, **options})
    async with httpx.AsyncClient() as http:
        context = Context(http=http, service="public_order", secret={TOKEN_ENV: TOKEN}.get)
        async for batch in adapter.batches(own, context, None):
            rows.extend((*batch.records, *batch.rejected))


async def becomes(error: type[SourceError], match: str, **options: Any) -> None:
    """A city changes its doors a moment after the switch: until the adapter fails as told."""
    async with in_time():
        while True:
            try:
                async with asyncio.timeout(HANG_S / 4):  # this connection may be one of before
                    await read_on([], **options)
            except (SourceError, TimeoutError) as found:
                if isinstance(found, error) and match in str(found):
                    return
            await asyncio.sleep(0.05)


async def recovers(**options: Any) -> None:
    """Until a connection says something."""
    found: list[Any] = []
    async with in_time():
        while not found:
            async with reading(**options) as rows:
                with suppress(TimeoutError):
                    found = await until(lambda: rows, 5)


async def test_xml_and_protobuf_on_one_stream() -> None:
    async with Server() as server, reading(port=server.port, username="ioc", password_env=TOKEN_ENV) as rows:
        one, two = event("TT-1"), event("TT-2", detail="<contact callsign='Tuần tra 2 &amp; 3'/>")
        await server.say(b'<?xml version="1.0"?>\n' + one + two[:50])
        await asyncio.sleep(0.1)
        await server.say(two[50:] + bytes(takproto.xml2proto(event("TT-3"), takproto.TAKProtoVer.STREAM)))
        await until(lambda: len(rows) >= 6)
        assert [row.id for row in rows if isinstance(row, Thing)] == ["tak:TT-1", "tak:TT-2", "tak:TT-3"]
        assert rows[2].name == "Tuần tra 2 & 3"
        assert {(row.lon, row.lat) for row in rows if isinstance(row, Position)} == {(107.59, 16.46)}
        assert f'<cot username="ioc" password="{TOKEN}"/>'.encode() in server.heard


async def test_garbage_between_events_is_kept_and_what_follows_is_read() -> None:
    async with Server() as server, reading(port=server.port) as rows:
        await server.say(event("TT-1") + b"\x00garbage <nothing>" + event("TT-2"))
        await until(lambda: len(rows) >= 5)
    assert [row.id for row in rows if isinstance(row, Thing)] == ["tak:TT-1", "tak:TT-2"]
    (kept,) = [row for row in rows if isinstance(row, Rejected)]
    assert kept.payload is not None


async def test_a_server_that_speaks_something_else_or_leaves() -> None:
    async with Server() as server:
        task = asyncio.create_task(fails(Garbled, "does not speak Cursor-on-Target", port=server.port))
        await server.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await task
        task = asyncio.create_task(fails(Garbled, "no end of a message", port=server.port))
        await until(lambda: len(server.clients) == 2)
        with suppress(ConnectionError):
            await server.say(b"<event " + b"A" * (1 << 20))
        await task
        task = asyncio.create_task(fails(Unreachable, "ended the connection", port=server.port))
        await until(lambda: len(server.clients) == 3)
        server.clients[-1].close()
        await task
    await fails(Unreachable, "does not answer", port=9)


@pytest.fixture
def certificates(tmp_path: Path) -> tuple[trustme.CA, Path]:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    ca.issue_cert("ioc@example.vn").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
    ca.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "server.pem"))
    return ca, tmp_path


async def test_tls_with_our_certificate(certificates: tuple[trustme.CA, Path]) -> None:
    _, folder = certificates
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.load_cert_chain(folder / "server.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    trust = {"tls": True, "ca_file": str(folder / "ca.pem")}
    async with Server(context) as server:
        async with reading(port=server.port, cert_file=str(folder / "client.pem"), **trust) as rows:
            await server.say(event("TT-1"))
            await until(lambda: len(rows) >= 2)
        await fails(Refused, "refuses us", port=server.port, tls=True)  # who it is, we do not know
        await fails(SourceError, "certificate|ended|reset", port=server.port, **trust)  # without our certificate
        await fails(Unreachable, "No such file", port=server.port, tls=True, ca_file="/nowhere.pem")


async def test_datagrams_of_a_mesh() -> None:
    loop = asyncio.get_running_loop()
    async with reading(transport="udp", port=42_421) as rows:
        sender, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=("127.0.0.1", 42_421))
        mesh = bytes(takproto.xml2proto(event("TT-9"), takproto.TAKProtoVer.MESH))
        assert mesh[:3] == b"\xbf\x01\xbf"

        async def heard() -> None:
            while len(rows) < 5:
                for datagram in (mesh, event("TT-8"), b"\xbf\x01\xbf\xff\xff"):
                    sender.sendto(datagram)
                await asyncio.sleep(0.1)

        async with asyncio.timeout(HANG_S):
            await heard()
        sender.close()
    assert {row.id for row in rows if isinstance(row, Thing)} == {"tak:TT-9", "tak:TT-8"}
    assert {row.reason for row in rows if isinstance(row, Rejected)} == {"malformed"}


async def test_a_multicast_group() -> None:
    async with reading(transport="udp", host="239.2.3.1", port=42_423, interface="127.0.0.1") as rows:
        await asyncio.sleep(0.2)
        assert not rows
    await fails(Unreachable, "does not answer", transport="udp", host="no address", port=42_424)


def binding(**options: Any) -> SourceBinding:
    return SourceBinding(
        id="tak_in",
        protocol="tak",
        service="public_order",
        title_vi="x",
        title_en="x",
        options={"transport": "listen", "port": 0, **options},
    )


@asynccontextmanager
async def ingesting(
    writer: Writer, folder: Path, source: SourceBinding, host: str = "127.0.0.1"
) -> AsyncIterator[Runner]:
    plan = IntakePlan(host=host, port=0, spool=folder / "intake.sqlite")
    runner = Runner(writer, [source], secret={TOKEN_ENV: TOKEN}.get, intake=plan)
    task = asyncio.create_task(runner.run())
    try:
        await until(lambda: runner.feeds or task.done())
        if task.done():
            await task
        yield runner
    finally:
        runner.stop()
        await task


def count(dsn: Dsn, table: str) -> int:
    with psycopg.connect(dsn("read")) as connection:
        found = connection.execute(f"select count(*) from {table}").fetchone()
        assert found is not None
        return int(found[0])


async def test_clients_that_come_to_us(writer: Writer, dsn: Dsn, tmp_path: Path) -> None:
    async with ingesting(writer, tmp_path, binding(token_env=TOKEN_ENV), "0.0.0.0") as runner:
        assert runner.intake is not None
        port = runner.intake.doors["tak_in"].port
        for password in ("wrong", TOKEN):
            _, out = await asyncio.open_connection("127.0.0.1", port)
            out.write(f'<auth><cot username="x" password="{password}"/></auth>'.encode() + event(f"TT-{password}"))
            with suppress(ConnectionError):
                await out.drain()
            out.close()
        _, out = await asyncio.open_connection("127.0.0.1", port)
        out.write(event("TT-no-word"))
        out.close()
        async with in_time():
            while await asyncio.to_thread(count, dsn, "position") < 1:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
    assert count(dsn, "thing") == 1


async def test_a_door_without_a_lock_opens_on_loopback_alone(
    writer: Writer, tmp_path: Path, certificates: tuple[trustme.CA, Path]
) -> None:
    with pytest.raises(IntakeOpen, match="tak_in"):
        async with ingesting(writer, tmp_path, binding(), "0.0.0.0"):
            pass
    _, folder = certificates
    locked = {"tls": True, "ca_file": str(folder / "ca.pem"), "cert_file": str(folder / "server.pem")}
    async with ingesting(writer, tmp_path, binding(**locked), "0.0.0.0") as runner:
        assert runner.intake is not None
        port = runner.intake.doors["tak_in"].port
        trust = ssl.create_default_context(cafile=folder / "ca.pem")
        trust.load_cert_chain(folder / "client.pem")
        _, out = await asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="localhost")
        out.write(event("TT-tls"))
        await out.drain()
        await until(lambda: runner.feeds[0].up)
        out.close()


async def test_without_an_intake_a_listener_says_so() -> None:
    await fails(Unreachable, "vonglau ingest --intake", transport="listen", port=0)


# -- the simulated patrols ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def town() -> Town:
    found = Town(city("hue"), 1)
    found.part(order)
    return found


def some(rows: list[Any], kind: type) -> bool:
    """Whether enough came, and one of the kind among it."""
    return len(rows) > 20 and any(isinstance(row, kind) for row in rows)


@asynccontextmanager
async def simulated(town: Town, folder: Path) -> AsyncIterator[tuple[Host, dict[str, Any]]]:
    host = Host(SimulatedClock(), Faults([SOURCE]), folder)
    (bound,) = await FEED.open(town, host)
    host.start()
    try:
        yield host, dict(bound.options)
    finally:
        await host.close()


async def test_patrols_through_the_adapter(town: Town, tmp_path: Path) -> None:
    async with simulated(town, tmp_path) as (_, options), reading(**options) as rows:
        await until(lambda: len([row for row in rows if isinstance(row, Position)]) > 17)
    assert not [row for row in rows if isinstance(row, Rejected)]
    things = {row.id: row.category for row in rows if isinstance(row, Thing)}
    assert Counter(things.values()) == {"unit": 14, "post": 3}
    fixes = [row for row in rows if isinstance(row, Position)]
    assert all(107 < row.lon < 108.3 and 15.9 < row.lat < 16.8 for row in fixes)
    assert all(row.sog_kn is not None and row.sog_kn < 40 for row in fixes)
    assert all(abs(datetime.now(UTC) - row.time) < timedelta(minutes=6) for row in fixes)


async def test_each_fault_is_seen(town: Town, tmp_path: Path) -> None:
    async with simulated(town, tmp_path) as (host, options):
        for kind, seen in (("garbage", Rejected), ("duplicates", Position), ("skew:7200", Position)):
            host.faults.switch_on(f"{SOURCE}={kind}", host.now())
            async with reading(**options) as rows:
                await until(partial(some, rows, seen))
            if kind == "duplicates":
                keys = Counter((row.thing_id, row.time) for row in rows if isinstance(row, Position))
                assert set(keys.values()) >= {2}
            if kind.startswith("skew"):
                assert min(row.time for row in rows if isinstance(row, Position)) > datetime.now(UTC) + timedelta(
                    hours=1
                )
        host.faults.switch_on(f"{SOURCE}=stall", host.now())
        async with reading(**options) as rows:
            await asyncio.sleep(1.2)
            assert not rows
        host.faults.switch_on(f"{SOURCE}=outage", host.now())
        await becomes(Unreachable, "does not answer", **options)
        host.faults.switch_on(f"{SOURCE}=huge_line", host.now())
        await becomes(Garbled, "no end of a message", **options)
        host.faults.switch_off(SOURCE)
        await recovers(**options)
