"""What an adapter is: a value that knows a protocol. No hierarchy, no database, no service.

A module of this package ends in ``SOURCE = Source(...)`` and is found by its name. The runner owns retry,
back-off, heart-beat and staleness; the adapter owns only the wire.
"""

from __future__ import annotations

import importlib
import pkgutil
import ssl
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ConfigDict

from geodata.errors import UnknownName, VongLauError
from geodata.records import Record, Rejected
from geodata.store.types import Batch, Cursor

NOT_ADAPTERS = {"base", "runner", "http", "check", "recording", "units", "intake"}


class SourceError(VongLauError):
    """{reason}"""


class Unreachable(SourceError):
    """{endpoint} does not answer: {reason}"""


class Refused(SourceError):
    """{endpoint} refuses us: {reason}; check the key or the permission of this source"""


class Garbled(SourceError):
    """{endpoint} does not speak {protocol}: {reason}"""


class Options(BaseModel):
    """Options of a protocol. Secrets are named, never held: a field ``*_env`` names an environment variable.

    ``service`` is filled in from the binding: the catalogue's words of that service are the adapter's vocabulary.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: str = ""


O = TypeVar("O", bound=Options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """How a source is sent things. Over HTTP it is POSTed to ``/in/{source id}`` of the intake; with ``port`` whoever
    connects to that TCP port sends frames, which ``split`` takes whole off the front of what came.

    ``token_env`` names the token that a sender must show; more than ``max_bytes`` in one message and more than
    ``per_s`` messages a second are refused. Over TCP ``admit`` takes the token out of the first frame, which is then no
    message, and ``tls`` may ask for client certificates; beyond loopback one of the two is needed.
    """

    token_env: str | None = None
    max_bytes: int = 4 << 20
    per_s: float = 50.0
    port: int | None = None
    split: Callable[[bytearray], Iterator[bytes]] | None = None
    admit: Callable[[bytes], str | None] | None = None
    tls: ssl.SSLContext | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One message of the intake, on disk before its sender was answered. ``id`` grows; header names in lower case."""

    id: int
    arrival: datetime
    payload: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class Inbox(Protocol):
    """What a source has been sent. An adapter reads after the id in its cursor's ``inbox`` and yields batches whose
    cursor's ``inbox`` is the last id they hold: the message is forgotten once that cursor is committed.
    """

    async def read(self, after: int, *, wait_s: float) -> Sequence[Received]:
        """At most 1,000 messages in order of arrival; none when ``wait_s`` passed without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that an adapter may touch outside itself.

    ``http`` has time-outs, a size limit and redirects set; ``clock`` is aware UTC now; ``secret(name)`` reads a
    named secret; ``memory`` is the adapter's own between the polls of one run, and is lost on a restart.
    ``inbox`` is what the source was sent and ``endpoint`` the URL to which senders may post, as they see it; both are
    None where no intake runs (``vonglau check``, a replay). ``folder`` is the source's own on disk, named like it and
    not yet made, for pictures that are no records; None where nothing may be kept (``vonglau check``).
    """

    http: httpx.AsyncClient
    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    secret: Callable[[str], str | None] = field(default=lambda name: None)
    service: str = ""
    memory: dict[str, Any] = field(default_factory=dict)
    inbox: Inbox | None = None
    endpoint: str | None = None
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source(Generic[O]):
    """``batches`` runs for ever (a stream) or until it has caught up (a poll; ``poll_s`` says how often to call
    it again). A stream hands over what it holds at least once a second, so that a stop loses nothing.

    ``parse`` is pure: one recorded payload to records and rejections, given its arrival time, which they carry
    as ``received_at``.

    ``batches`` raises SourceError when the feed is down; any other exception is a bug and is logged as one.
    ``suffixes`` are the endings of raw payload files that ``vonglau replay`` may be given. ``receiver`` says whether
    and how the source is sent things; ``libraries`` and ``limits`` are what docs/sources.md tells of the protocol.
    """

    protocol: str
    title: str
    kinds: frozenset[type]
    options: type[O]
    batches: Callable[[O, Context, Cursor | None], AsyncIterator[Batch]]
    parse: Callable[[bytes, O, datetime], Iterator[Record | Rejected]]
    poll_s: Callable[[O], float | None] = field(default=lambda options: None)
    suffixes: tuple[str, ...] = ()
    receiver: Callable[[O], Receiver | None] = field(default=lambda options: None)
    libraries: tuple[str, ...] = ()
    limits: str = ""


@cache
def names() -> tuple[str, ...]:
    """The protocols there are: modules of this package, but for those that begin with an underscore (the private parts
    of an adapter) and the few that are none.
    """
    package = importlib.import_module("sources")
    found = (module.name for module in pkgutil.iter_modules(package.__path__) if not module.ispkg)
    return tuple(sorted(name for name in found if not name.startswith("_") and name not in NOT_ADAPTERS))


def protocols() -> Mapping[str, Source[Options]]:
    """Every adapter by protocol name."""
    return {name: protocol(name) for name in names()}


def protocol(name: str) -> Source[Options]:
    """The adapter of that protocol: ``SOURCE`` of the module of its name; no other is loaded. Raises UnknownName."""
    if name not in names():
        raise UnknownName(kind="protocol", name=name, known=", ".join(names()))
    source: Source[Options] = importlib.import_module(f"sources.{name}").SOURCE
    return source
