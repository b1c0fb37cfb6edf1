"""CAP 1.2 (OASIS, urn:oasis:names:tc:emergency:cap:1.2), also 1.0 and 1.1: warnings from an index, a folder, or pushed.

An index is Atom or RSS whose entries link a message each, or hold it. A recording's body is one message as sent, or an
index with the messages inside it. What a message is and whether it still holds is told by its triple (sender,
identifier, sent) and by the references of later ones; the store keeps every message and the reader asks who replaced
whom.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Annotated

from pydantic import AfterValidator, Field

from geodata.records import Alert, Record, Rejected
from geodata.store.types import Batch, Cursor
from sources._cap_alert import read
from sources._cap_poll import Step, folder, inbox, index
from sources._cap_signature import NotSigned, certificates, signed
from sources._cap_xml import Document, raw
from sources._cap_xml import read as documents
from sources.base import Context, Options, Receiver, Source, Unreachable

PUSH_WAIT_S = 5.0
PUSH_PAUSE_S = 0.5


class CapOptions(Options):
    """One or more of ``url`` (an Atom or RSS index, or one message), ``path`` (a folder of files), ``push``.

    ``expires_h`` is how long a message holds that tells no end. ``certificate``: in PEM, of those whose signed messages
    are taken, and no others; without it signatures are noted and not verified.
    """

    url: str = ""
    path: str = ""
    push: bool = False
    token_env: str | None = None  # bearer token, for the index and for links to the same server
    push_token_env: str | None = None  # what a sender must show; else that of token_env
    language: str = Field(default="vi", pattern=r"^[a-z]{2,3}$")
    timezone: str = "Asia/Ho_Chi_Minh"  # of times sent without a zone
    expires_h: float = Field(default=24, gt=0, le=720)
    poll_s: float = Field(default=60, gt=0)
    certificate: Annotated[str, AfterValidator(certificates)] | None = None


def parse(payload: bytes, options: CapOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """The messages of one body. One that is neither CAP nor an index is one Rejected, kept."""
    try:
        found = documents(payload)
    except ValueError as error:
        yield Rejected(reason="garbled", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
        return
    if options.certificate is not None and (found.alerts or any(entry.alerts for entry in found.entries)):
        try:
            found = verified(payload, options.certificate)
        except ValueError as error:
            yield Rejected(reason="signature", detail=str(error)[:200], payload=payload[:65536], received_at=arrival)
            return
    for alert in found.alerts:
        yield from read(alert, options, arrival, verified=options.certificate is not None)
    for entry in found.entries:
        for alert in entry.alerts:
            yield from read(alert, options, arrival)
        if not entry.alerts and entry.link:
            yield Rejected(reason="index_entry", detail="only links a message", received_at=arrival)
        elif not entry.alerts:
            detail = "an entry without a message or a link to one"
            yield Rejected(reason="no_link", detail=detail, payload=raw(entry.element), received_at=arrival)


def verified(payload: bytes, certificate: str) -> Document:
    """The one message that stands alone in a document and was signed whole. Raises ValueError."""
    found = documents(signed(payload, certificate))
    if len(found.alerts) != 1:
        raise NotSigned("what is signed is not the message")
    return found


async def batches(options: CapOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """What is new in each of the ways that the options name. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    if not (options.url or options.path or options.push):
        raise Unreachable(endpoint="CAP", reason="its options name no url, no path and no push")
    state = dict(cursor or {})
    async with aclosing(_steps(options, context, state)) as flow:
        async for step in flow:
            changed = {key: mark for key, mark in step.marks.items() if state.get(key) != mark}
            state.update(changed)
            rows = await asyncio.to_thread(_rows, step, options)
            rejected = [*step.missing, *(row for row in rows if isinstance(row, Rejected))]
            records = [row for row in rows if not isinstance(row, Rejected)]
            if records or rejected or changed:
                yield Batch(records, dict(state), rejected)


async def _steps(options: CapOptions, context: Context, state: Cursor) -> AsyncGenerator[Step, None]:
    """The inbox at every call, the index and the folder when they are due."""
    asked = bool(options.url or options.path)
    if options.push and (context.inbox is not None or not asked):  # where no intake runs, what can be asked is
        waiting = 0.0 if asked else PUSH_WAIT_S
        async with aclosing(inbox(context, state, waiting)) as flow:
            async for step in flow:
                yield step
    if options.push and monotonic() < context.memory.get("due", 0.0):
        return
    if options.url:
        async with aclosing(index(context, options.url, options.token_env, state)) as flow:
            async for step in flow:
                yield step
    if options.path:
        async with aclosing(folder(context, Path(options.path), state)) as flow:
            async for step in flow:
                yield step
    context.memory["due"] = monotonic() + options.poll_s


def _rows(step: Step, options: CapOptions) -> list[Record | Rejected]:
    return [row for body, arrival in step.payloads for row in parse(body, options, arrival)]


def _poll_s(options: CapOptions) -> float:
    return PUSH_PAUSE_S if options.push else options.poll_s


def _receiver(options: CapOptions) -> Receiver | None:
    if not options.push:
        return None
    return Receiver(token_env=options.push_token_env or options.token_env, max_bytes=2 << 20, per_s=20)


SOURCE = Source(
    protocol="cap",
    title="CAP 1.2",
    kinds=frozenset({Alert}),
    options=CapOptions,
    batches=batches,
    parse=parse,
    poll_s=_poll_s,
    suffixes=(".xml", ".cap"),
    receiver=_receiver,
    libraries=("defusedxml", "pyproj", "shapely", "signxml"),
    limits="signatures are verified where a certificate is bound; a geocode has an area where it is a unit of the "
    "shipped cities",
)
