"""TAK: Cursor-on-Target as XML and as TAK protocol 1, for what is shared with police, army, border guard and rescue.

``connect`` reads a TAK server over TCP or TLS, ``listen`` opens a port of the intake to which clients send, ``udp``
hears the datagrams of a mesh. Units (a-*) are Things with Positions, what happens (b-*) are Events.

A recording's body is one message as sent, or a piece of a stream of them.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from geodata.records import Event, Position, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._cot_event import xml
from sources._cot_frames import MAX_MESSAGE_B, messages, split
from sources._cot_records import completed, read
from sources._tak_wire import connected, datagrams, server_tls
from sources.base import Context, Options, Receiver, Source, SourceError, Unreachable

WAIT_S = 1.0
ROWS_AT_ONCE = 5_000
REMEMBERED = 10_000


class TakOptions(Options):
    """``host`` and ``port`` of the server (``connect``), the multicast group or own address (``udp``), own port
    (``listen``). ``categories`` maps the beginning of a CoT type, or an emergency's type, to a category.

    With ``tls``: ``ca_file`` is whose certificates we trust, ``cert_file`` and ``identity_file`` are our own.
    """

    transport: Literal["connect", "listen", "udp"] = "connect"
    host: str = "127.0.0.1"
    port: int = Field(default=8087, ge=0, le=65535)
    interface: str = "0.0.0.0"  # noqa: S104 (a group is joined there, nothing is opened)
    tls: bool = False
    verify: bool = True
    server_name: str | None = None  # in the server's certificate, where it is not ``host``
    ca_file: str | None = None
    cert_file: str | None = None
    identity_file: str | None = None
    identity_password_env: str | None = None
    username: str | None = None  # of servers that ask for one
    password_env: str | None = None
    token_env: str | None = None  # listen: the password that a client's <auth> must show
    per_s: float = Field(default=200, gt=0)
    categories: Mapping[str, str] = Field(default_factory=dict)
    issuer: str = Field(default="tak", pattern=r"^[a-z0-9_.-]+$")
    batch_s: float = Field(default=0.5, gt=0, le=1)


def parse(payload: bytes, options: TakOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The records of one message, or of a piece of a stream."""
    nothing = True
    for message in messages(payload):
        nothing = False
        yield from read(message, options, arrival)
    if nothing:
        kept = payload[:65536] or None
        yield Rejected(reason="empty", detail="no message", payload=kept, received_at=arrival)


async def batches(options: TakOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """Rows as they come. Raises SourceError when the connection is lost."""
    options = options.model_copy(update={"service": context.service or options.service})
    reading = {"connect": _from_server, "listen": _from_inbox, "udp": _from_mesh}[options.transport]
    known: dict[str, Event] = context.memory.setdefault("events", {})
    gathered: list[Record | Rejected] = []
    since = time.monotonic()
    try:
        async with aclosing(reading(options, context, cursor)) as flow:
            async for rows, state in flow:
                since = since if gathered else time.monotonic()
                gathered += _remembered(rows, known)
                if not gathered and options.transport == "listen":
                    yield Batch(())  # nobody sends, and the port is open
                elif gathered and (
                    state or len(gathered) >= ROWS_AT_ONCE or time.monotonic() - since >= options.batch_s
                ):
                    yield _batch(gathered, state)
                    gathered = []
    except SourceError:
        if gathered:
            yield _batch(gathered, None)  # what came before the connection was lost
        raise


Read = tuple[Sequence[Record | Rejected], Cursor | None]


async def _from_server(options: TakOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Read, None]:
    del cursor  # a server does not send again what was missed
    async with aclosing(connected(options, context.secret)) as flow:
        async for found in flow:
            now = context.clock()
            yield [row for message in found for row in read(message, options, now)], None


async def _from_mesh(options: TakOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Read, None]:
    del cursor
    async with aclosing(datagrams(options)) as flow:
        async for found, lost in flow:
            now = context.clock()
            rows = [row for datagram in found for row in parse(datagram, options, now)]
            yield [*rows, *(Rejected(reason="overflow", received_at=now) for _ in range(lost))], None


async def _from_inbox(options: TakOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Read, None]:
    if context.inbox is None:
        reason = "its clients send to the intake, and none runs (vonglau ingest --intake)"
        raise Unreachable(endpoint=f"TAK port {options.port}", reason=reason)
    number = (cursor or {}).get("inbox")
    number = number if isinstance(number, int) else 0
    while True:
        sent = await context.inbox.read(number, wait_s=WAIT_S)
        rows: list[Record | Rejected] = []
        for message in sent:
            rows += parse(message.payload, options, message.arrival)
            number = message.id
        yield rows, ({"inbox": number} if sent else None)
        await asyncio.sleep(0)


def _remembered(rows: Sequence[Record | Rejected], known: dict[str, Event]) -> Iterator[Record | Rejected]:
    """An end of an event keeps what the event was, as far as we heard it."""
    for row in rows:
        if not isinstance(row, Event):
            yield row
            continue
        whole = completed(row, known.get(row.id))
        known.pop(row.id, None)
        known[row.id] = whole
        if len(known) > REMEMBERED:
            del known[next(iter(known))]
        yield whole


def _batch(rows: Sequence[Record | Rejected], cursor: Cursor | None) -> Batch:
    rejected = [row for row in rows if isinstance(row, Rejected)]
    return Batch([row for row in rows if not isinstance(row, Rejected)], cursor, rejected)


def _password(frame: bytes) -> str | None:
    """Of ``<auth><cot username="…" password="…"/></auth>``, the first message of a client."""
    try:
        cot = xml(frame).find("cot")
    except ValueError:
        return None
    return None if cot is None else cot.get("password")


def receiver(options: TakOptions) -> Receiver | None:
    """The port of a listener. Raises OSError when its certificate cannot be read."""
    if options.transport != "listen":
        return None
    rest: dict[str, Any] = {"tls": server_tls(options), "admit": _password if options.token_env else None}
    return Receiver(
        token_env=options.token_env,
        max_bytes=MAX_MESSAGE_B,
        per_s=options.per_s,
        port=options.port,
        split=split,
        **rest,
    )


SOURCE = Source(
    protocol="tak",
    title="TAK, Cursor-on-Target (XML and TAK protocol 1)",
    kinds=frozenset({Event, Thing, Position}),
    options=TakOptions,
    batches=batches,
    parse=parse,
    suffixes=(".cot", ".xml", ".tak"),
    receiver=receiver,
    libraries=("takproto", "defusedxml"),
    limits="stays in XML on a stream unless the server speaks protobuf by itself; chat and drawings are not read",
)
