"""What every adapter owes to the store: nothing new from a second replay, the same picture from any order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from geodata.city import SourceBinding
from geodata.store.reader import Reader
from geodata.store.types import Written
from geodata.store.writer import Writer
from geodata.view import Bounds, View
from sources.base import Options, Source
from sources.recording import replay
from tests.support.kit import binding, every_adapter, files, recorded

EVER = View(
    Bounds(-179, -85, 179, 85), 100, 100, datetime(1971, 1, 1, tzinfo=UTC), datetime.now(UTC) + timedelta(days=2)
)


async def stored(writer: Writer, source: SourceBinding, paths: Sequence[Path]) -> Written:
    await writer.register([source])
    return await replay(writer, source, paths)


def picture(reader: Reader, source: Source[Options], service: str) -> dict[str, list[str]]:
    """The newest row of everything, without what an arrival changes."""
    found = {}
    for kind in sorted(source.kinds, key=lambda kind: kind.__name__):
        frame = reader.latest(service, kind, EVER)
        own = [name for name in ("id", "geometry", "observed_property", "result", "status", "time") if name in frame]
        rows = frame.reset_index()[[*own]] if set(own) <= set(frame.reset_index().columns) else frame[own]
        found[kind.__name__] = sorted(map(str, rows.itertuples(index=False)))
    return found


@every_adapter
async def test_replayed_twice_it_stores_nothing_new(source: Source[Options], writer: Writer) -> None:
    own, paths = binding(source), recorded(source)
    first = await stored(writer, own, paths)
    assert first.closes
    assert first.stored > 0
    again = await stored(writer, own, paths)
    assert again.closes
    assert again.stored == 0, "a second replay must find only duplicates and rejections"
    assert again.received == first.received


@every_adapter
async def test_the_order_of_arrival_changes_no_picture(source: Source[Options], writer: Writer, reader: Reader) -> None:
    own, paths = binding(source), files(source, "good")
    if len(paths) < 2:
        pytest.fail("give the kit two good payloads at least")
    await stored(writer, own, paths)
    forwards = picture(reader, source, own.service)
    await stored(writer, own, [*reversed(paths)])
    assert picture(reader, source, own.service) == forwards
