"""The asynchronous writer for tests that are not asynchronous."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from geodata.city import SourceBinding
from geodata.records import Record
from geodata.store.types import Batch, Written
from geodata.store.writer import Writer

T = TypeVar("T")


class SyncStore:
    """A writer that runs in an event loop of its own thread, so that Playwright may own the main one."""

    def __init__(self, dsn: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._opening = Writer.open(dsn)
        self.dsn = dsn

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(60)

    def write(self, binding: SourceBinding, records: Sequence[Record] | Batch) -> Written:
        """Registers the source, says that it is up, writes."""
        batch = records if isinstance(records, Batch) else Batch(records)
        self.run(self.writer.register([binding]))
        self.run(self.writer.state(binding.id, up=True))
        return self.run(self.writer.write(binding.id, batch))

    def __enter__(self) -> Self:
        self._thread.start()
        self.writer: Writer = self.run(self._opening.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run(self._opening.__aexit__(kind, value, trace))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
