"""The clock of the machine is set back an hour: pages go on, and no picture of before is taken for one of now."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from queue import Empty, Queue
from typing import Any

import pytest

from app.pages.pictures import BUCKET_S, tile_url
from app.refresh import Refresh, Subscriber
from geodata.view import Bounds, View
from layers.tiles import Tile, TileRequest, TileService
from tests.support.machine import wait_for

NOW = datetime(2026, 11, 21, 7, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def address(now: datetime) -> tuple[str, int]:
    """Of the live density at that moment, and the end of its window, epoch s."""
    view = View(Bounds(107, 16, 108, 17), 100, 100, now - timedelta(days=1), now)
    found = tile_url("fishing_vessels", "wall", 7, view)
    end = re.search(r"-(\d+)/0/", found)
    assert end is not None
    return found, int(end[1])


def test_the_address_of_a_live_tile_follows_the_clock_back_and_on_again() -> None:
    minute = timedelta(seconds=BUCKET_S)
    clock = [NOW, NOW + minute, NOW - HOUR, NOW - HOUR + minute, NOW - HOUR + 2 * minute]
    told = [address(now) for now in clock]
    assert len({url for url, _ in told}) == len(clock)  # it never stands still
    for now, (_, end) in zip(clock, told, strict=True):
        assert 0 < end - now.timestamp() <= BUCKET_S  # all that is now is in its window, the hour to come is not


def test_a_tile_is_that_of_its_own_window_and_a_stand_in_is_not_kept() -> None:
    service = TileService(None, 1)
    broken = False

    def density(request: TileRequest) -> bytes:
        if broken:
            raise RuntimeError("no ink")
        return str(request.end).encode()

    service._density = density  # type: ignore[method-assign]

    def asked(now: datetime) -> Tile:
        end = address(now)[1]
        window: dict[str, Any] = {"version": str(end // BUCKET_S), "start": end - 86400, "end": end, "known": 0}
        return service.png(TileRequest(layer="fishing_vessels", style="wall", z=9, x=408, y=232, **window))

    try:
        for now in (NOW, NOW - HOUR, NOW - HOUR + timedelta(minutes=1)):
            assert asked(now) == Tile(str(address(now)[1]).encode())
        broken = True
        assert asked(NOW - HOUR + timedelta(minutes=2)).stale  # that of another minute, and said so
    finally:
        service.close()


class Feed:
    """Says what is put into it."""

    def __init__(self) -> None:
        self.said: Queue[tuple[str, int]] = Queue()
        self.now = {"a": 1}

    def versions(self) -> Mapping[str, int]:
        return dict(self.now)

    def changes(self, *, timeout: float) -> Iterator[tuple[str, int]]:
        try:
            name, version = self.said.get(timeout=min(timeout, 0.1))
        except Empty:
            return
        self.now[name] = version
        yield name, version


class Document:
    """Its turns run at once."""

    session_context = None

    def add_next_tick_callback(self, turn: object) -> None:
        assert callable(turn)
        turn()


def test_changes_are_told_on_and_their_age_stays_true(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    feed, heard, real = Feed(), list[Mapping[str, int]](), time.time
    refresh = Refresh(feed, coalesce_s=0.01)
    refresh._subscribers[object()] = Subscriber(Document(), heard.append, loop)
    try:
        refresh.start()
        feed.said.put(("a", 2))
        wait_for(lambda: bool(heard) and heard[-1] == {"a": 2}, "the first change")
        monkeypatch.setattr(time, "time", lambda: real() - 3600)
        feed.said.put(("a", 3))
        wait_for(lambda: heard[-1] == {"a": 3}, "a change after the clock was set back")
        assert refresh.versions == {"a": 3}
        assert 0 <= refresh.heard_s < 3600
    finally:
        refresh.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
