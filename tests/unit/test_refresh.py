"""The listener: coalesces, survives a database that goes away, forgets sessions that are gone."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from queue import Empty, Queue

import pytest

from app.refresh import Refresh, Subscriber
from geodata.errors import VongLauError
from tests.support.patience import HANG_S


class Feed:
    """Stands where the reader stands: what is put into ``queue`` is heard, an error is raised."""

    def __init__(self) -> None:
        self.queue: Queue[tuple[str, int] | VongLauError] = Queue()
        self.now: dict[str, int] = {"a": 1}

    def versions(self) -> Mapping[str, int]:
        return dict(self.now)

    def changes(self, *, timeout: float) -> Iterator[tuple[str, int]]:
        end = time.monotonic() + min(timeout, 0.2)
        while time.monotonic() < end:
            try:
                item = self.queue.get(timeout=0.05)
            except Empty:
                continue
            if isinstance(item, VongLauError):
                raise item
            self.now[item[0]] = item[1]
            yield item


class Document:
    """The part of a Bokeh document that is used, with its turns run at once."""

    session_context = None

    def __init__(self) -> None:
        self.gone = False

    def add_next_tick_callback(self, turn: Callable[[], None]) -> None:
        if self.gone:
            raise RuntimeError
        turn()


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own, as the server's is to the listener."""
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever)
    thread.start()
    yield running
    running.call_soon_threadsafe(running.stop)
    thread.join()
    running.close()


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + HANG_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def subscribed(refresh: Refresh, document: Document, loop: asyncio.AbstractEventLoop) -> list[Mapping[str, int]]:
    heard: list[Mapping[str, int]] = []
    refresh._subscribers[object()] = Subscriber(document, heard.append, loop)
    return heard


def test_many_changes_are_told_together_and_the_last_version_wins(loop: asyncio.AbstractEventLoop) -> None:
    feed = Feed()
    refresh = Refresh(feed, coalesce_s=0.3)
    heard = subscribed(refresh, Document(), loop)
    refresh.start()
    for version in range(2, 30):
        feed.queue.put(("a", version))
    wait_for(lambda: bool(heard) and heard[-1].get("a") == 29)
    assert len(heard) <= 3
    assert refresh.versions == {"a": 29}
    refresh.stop()


def test_what_was_missed_while_the_database_was_away_is_found_again(loop: asyncio.AbstractEventLoop) -> None:
    feed = Feed()
    refresh = Refresh(feed, coalesce_s=0.01)
    heard = subscribed(refresh, Document(), loop)
    refresh.start()
    feed.queue.put(VongLauError(reason="away"))
    feed.now = {"a": 7, "b": 3}
    wait_for(lambda: any(changes.get("b") == 3 for changes in heard))
    assert refresh.versions == {"a": 7, "b": 3}
    assert refresh.heard_s < 10
    refresh.stop()


def test_a_session_that_is_gone_is_forgotten_and_disturbs_no_other(loop: asyncio.AbstractEventLoop) -> None:
    feed = Feed()
    refresh = Refresh(feed, coalesce_s=0.01)
    gone = Document()
    gone.gone = True
    subscribed(refresh, gone, loop)
    heard = subscribed(refresh, Document(), loop)
    refresh.start()
    feed.queue.put(("a", 2))
    wait_for(lambda: bool(heard))
    wait_for(lambda: refresh.sessions == 1)
    refresh.stop()
    assert not any(t.name.startswith("refresh") and t.is_alive() for t in threading.enumerate())
