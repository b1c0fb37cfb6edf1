"""A source that is only sent things, and an ingest of it as a program of its own that kills itself where it is told.

A message is one JSON object {"n": 7}: a fix of thing ``n % 5`` at ``n`` seconds after noon.

``python -m tests.support.pushed DSN PORT SPOOL POINT N``: POINT names where the N-th pass is the end, by SIGKILL.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from geodata.city import SourceBinding
from geodata.records import Position, Record, Rejected
from geodata.store.types import Batch, Cursor
from geodata.store.writer import Writer
from sources._inbox import Spool, SpooledInbox
from sources.base import Context, Options, Receiver, Source, Unreachable
from sources.intake import IntakePlan
from sources.runner import Runner
from tests.support.samples import SERVICES, after

TOKEN_ENV = "PUSHED_TOKEN"
WAIT_S = 0.2


class PushedOptions(Options):
    token_env: str | None = None
    max_bytes: int = 1000
    per_s: float = 100_000.0
    port: int | None = None
    at_once: int = 50


def parse(payload: bytes, options: PushedOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    del options
    try:
        n = int(json.loads(payload)["n"])
    except (ValueError, KeyError, TypeError):
        yield Rejected(reason="garbled", payload=payload, received_at=arrival)
        return
    yield Position(thing_id=f"t:{n % 5}", time=after(seconds=n), lon=107.5, lat=16.5, received_at=arrival)


async def batches(options: PushedOptions, context: Context, cursor: Cursor | None) -> AsyncIterator[Batch]:
    """As contracts §10 has it; a few messages a batch, so that there are many moments to be killed in."""
    if context.inbox is None:
        raise Unreachable(endpoint="nobody", reason="no intake")
    number = int(str((cursor or {}).get("inbox") or 0))
    while True:
        messages = await context.inbox.read(number, wait_s=WAIT_S)
        if not messages:
            yield Batch(())
        for first in range(0, len(messages), options.at_once):
            some = messages[first : first + options.at_once]
            rows = [row for message in some for row in parse(message.payload, options, message.arrival)]
            number = some[-1].id
            rejected = [row for row in rows if isinstance(row, Rejected)]
            yield Batch([row for row in rows if not isinstance(row, Rejected)], {"inbox": number}, rejected)


def receiver(options: PushedOptions) -> Receiver:
    return Receiver(token_env=options.token_env, max_bytes=options.max_bytes, per_s=options.per_s, port=options.port)


SOURCE: Source[Any] = Source(
    protocol="pushed",
    title="Sent things, for tests",
    kinds=frozenset({Position}),
    options=PushedOptions,
    batches=batches,
    parse=parse,
    receiver=receiver,
)


def binding(name: str = "pushed", **options: Any) -> SourceBinding:
    return SourceBinding(
        id=name,
        protocol="pushed",
        title_vi="thử",
        title_en="test",
        service="trial",
        cadence_s=60,
        options=options,
    )


def prepared(one: SourceBinding) -> tuple[Source[Options], Options]:
    """In the place of ``sources._binding.adapter``: the trial's catalogue has this one protocol."""
    return SOURCE, SOURCE.options.model_validate({**one.options, "service": one.service})


def message(n: int) -> bytes:
    return json.dumps({"n": n}).encode()


def fatal(point: str, passes: int) -> None:
    """Arm the trap: the N-th pass of the point is the last thing this process does."""
    points: Mapping[str, tuple[Any, str, bool]] = {
        "before_disk": (Spool, "put", True),  # taken off the wire, not on disk, not answered
        "before_read": (SpooledInbox, "read", True),  # answered, not read
        "before_store": (Writer, "write", True),  # read, not stored
        "after_store": (Writer, "write", False),  # committed, not yet forgotten
        "after_forget": (SpooledInbox, "forget", False),  # the deletion is on its way to the disk
    }
    if point not in points:
        return
    owner, name, first = points[point]
    original, left = getattr(owner, name), [passes]

    def dies() -> None:
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if asyncio.iscoroutinefunction(original):

        async def trapped(*args: Any, **named: Any) -> Any:
            if first:
                dies()
            found = await original(*args, **named)
            if not first:
                dies()
            return found

        setattr(owner, name, trapped)
        return

    def trap(*args: Any, **named: Any) -> Any:
        found = original(*args, **named)
        dies()
        return found

    setattr(owner, name, trap)


async def main(dsn: str, port: int, spool: Path) -> None:
    async with Writer.open(dsn, SERVICES) as writer:
        plan = IntakePlan(host="127.0.0.1", port=port, spool=spool)
        runner = Runner(writer, [binding(at_once=7)], intake=plan)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, runner.stop)
        await runner.run()


if __name__ == "__main__":
    import sources.runner

    sources.runner.adapter = prepared  # type: ignore[attr-defined,assignment]
    fatal(sys.argv[4], int(sys.argv[5]))
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])))
