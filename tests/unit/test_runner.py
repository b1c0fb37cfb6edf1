"""The guard around a source, with sources made for the test: back-off, order, bounded waiting, stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from geodata.city import SourceBinding
from geodata.records import Position, Rejected
from geodata.store.errors import StoreGone, UnknownSource
from geodata.store.types import Batch, Cursor, Written
from sources import _feed
from sources._binding import OptionsInvalid, adapter
from sources._door import Door
from sources._feed import WAITING, Feed, is_good
from sources.base import Context, Options, Source, Unreachable
from sources.http import client, endpoint
from tests.support.patience import in_time

BINDING = SourceBinding(id="made", protocol="made", title_vi="x", title_en="x", service="fishing_vessels")
Batches = Callable[[Options, Context, Cursor | None], AsyncIterator[Batch]]


class Store:
    """Takes down what a feed does to its writer; can be away, or slow."""

    def __init__(self) -> None:
        self.done: list[Any] = []
        self.away = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.stored: Cursor | None = None

    async def write(self, source_id: str, batch: Batch) -> Written:
        await self.gate.wait()
        if self.away:
            self.away -= 1
            raise StoreGone(where="here", reason="away")
        self.done.append(batch.cursor)
        return Written(len(batch.records) + len(batch.rejected), len(batch.records))

    async def cursor(self, source_id: str) -> Cursor | None:
        return self.stored

    async def state(self, source_id: str, up: bool, error: str | None = None) -> None:
        self.done.append((up, error))

    async def beat(self, source_ids: Sequence[str]) -> None:
        raise UnknownSource(name="x")


def feed(store: Store, batches: Batches, poll_s: float | None = None) -> Feed:
    source = Source(
        protocol="made",
        title="Made for a test",
        kinds=frozenset({Position}),
        options=Options,
        batches=batches,
        parse=lambda payload, options, arrival: iter(()),
        poll_s=lambda options: poll_s,
    )
    door = Door(store, longest_s=0.05)  # type: ignore[arg-type]  # a writer that only takes down
    return Feed(BINDING, source, Options(), Context(http=client()), door)


async def until(condition: Callable[[], Any]) -> None:
    async with in_time():
        while not condition():  # noqa: ASYNC110 (what it waits for is a list)
            await asyncio.sleep(0.01)


async def run(found: Feed, condition: Callable[[], Any]) -> None:
    task = asyncio.create_task(found.run())
    await until(condition)
    found.stop()
    await task


def numbered(n: int) -> Batch:
    return Batch((), {"n": n})


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Feed, "_pause_s", lambda self: 0.01)
    monkeypatch.setattr(_feed, "GRACE_S", 0.2)


async def test_a_poll_goes_on_at_its_cursor_and_keeps_its_order() -> None:
    store = Store()
    store.stored = {"n": 41}
    seen: list[Cursor | None] = []

    async def batches(*given: Any) -> AsyncIterator[Batch]:
        cursor = given[2]
        seen.append(cursor)
        yield numbered(cursor["n"] + 1)

    await run(feed(store, batches, poll_s=0.01), lambda: len(store.done) > 3)
    assert seen[:3] == [{"n": 41}, {"n": 42}, {"n": 43}]
    assert store.done[:3] == [(True, None), {"n": 42}, {"n": 43}]


async def test_down_once_up_once(caplog: pytest.LogCaptureFixture) -> None:
    store, tries = Store(), iter(range(100))

    async def batches(*_: Any) -> AsyncIterator[Batch]:
        if next(tries) < 5:
            raise Unreachable(endpoint="x", reason="gone")
        yield numbered(1)
        await asyncio.sleep(60)

    with caplog.at_level(logging.INFO, "vonglau.ingest"):
        await run(feed(store, batches), lambda: len(store.done) > 2)
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert store.done == [(False, "x does not answer: gone"), (True, None), {"n": 1}]


async def test_a_mistake_in_an_adapter_is_logged_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    store, tries = Store(), iter(range(100))

    async def batches(*given: Any) -> AsyncIterator[Batch]:
        memory = given[1].memory
        memory["x"] = memory.get("x", 0) + 1
        if next(tries) == 0:
            raise ZeroDivisionError
        assert memory["x"] == 1  # what a mistake left behind is forgotten
        yield numbered(1)
        await asyncio.sleep(60)

    await run(feed(store, batches), lambda: len(store.done) > 2)
    assert store.done[0] == (False, "ZeroDivisionError in the adapter made")
    assert "a mistake in the adapter made" in caplog.text


async def test_reading_waits_for_the_store() -> None:
    store, given = Store(), []
    store.gate.clear()

    async def batches(*_: Any) -> AsyncIterator[Batch]:
        for n in range(100):
            given.append(n)
            yield numbered(n)
        await asyncio.sleep(60)

    found = feed(store, batches)
    task = asyncio.create_task(found.run())
    await until(lambda: len(given) >= WAITING)
    await asyncio.sleep(0.2)
    assert len(given) <= WAITING + 2
    store.gate.set()
    await until(lambda: len(store.done) == 101)
    found.stop()
    await task
    assert store.done == [(True, None), *({"n": n} for n in range(100))]


async def test_the_same_batch_is_written_when_the_store_is_back(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    store.away = 4

    async def batches(*_: Any) -> AsyncIterator[Batch]:
        yield numbered(1)
        await asyncio.sleep(60)

    with caplog.at_level(logging.INFO, "vonglau.ingest"):
        await run(feed(store, batches), lambda: {"n": 1} in store.done)
    said = [record.getMessage() for record in caplog.records]
    away, back = [line for line in said if "store" in line]
    assert away.startswith("the store is away, reading waits: the database here went away: away;")
    assert back == "the store is back"


async def test_a_stop_takes_what_a_stream_still_holds() -> None:
    store = Store()

    async def batches(*_: Any) -> AsyncIterator[Batch]:
        yield numbered(1)
        await asyncio.sleep(0.1)
        yield numbered(2)
        await asyncio.sleep(60)

    await run(feed(store, batches), lambda: {"n": 1} in store.done)
    assert store.done[-1] == {"n": 2}


async def test_a_stop_ends_a_stream_that_never_pauses() -> None:
    store = Store()

    async def batches(*_: Any) -> AsyncIterator[Batch]:
        n = 0
        while True:
            n += 1
            yield numbered(n)
            await asyncio.sleep(0.01)

    async with in_time():
        await run(feed(store, batches), lambda: len(store.done) > 3)
    assert store.done == [(True, None), *({"n": n + 1} for n in range(len(store.done) - 1))]


async def test_a_stop_does_not_wait_for_a_silent_stream() -> None:
    store, open_, closed = Store(), asyncio.Event(), asyncio.Event()

    async def batches(*_: Any) -> AsyncIterator[Batch]:
        try:
            open_.set()
            await asyncio.sleep(60)
            yield numbered(1)
        finally:
            closed.set()

    async with in_time():
        await run(feed(store, batches), open_.is_set)
    assert closed.is_set()


async def test_a_stalled_stream_is_closed_and_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store, opened = Store(), []
    monkeypatch.setattr(Feed, "stall_s", 0.1)

    async def batches(*_: Any) -> AsyncIterator[Batch]:
        opened.append(1)
        yield numbered(1)
        await asyncio.sleep(60)

    await run(feed(store, batches), lambda: len(opened) > 1)
    assert (False, "made does not answer: nothing readable for 0 s") in store.done


@pytest.mark.parametrize(
    ("batch", "good"),
    [
        (Batch(()), True),
        (Batch((), None, [Rejected(reason="unused_type")]), True),
        (Batch((), None, [Rejected(reason="not_nmea", payload=b"x")]), False),
    ],
)
def test_noise_is_no_sign_of_life(batch: Batch, good: bool) -> None:
    assert is_good(batch) is good


def test_wrong_options_are_one_line_without_values() -> None:
    wrong = BINDING.model_copy(update={"protocol": "ais", "options": {"port": "s3cr3t", "prt": "s3cr3t"}})
    with pytest.raises(OptionsInvalid) as caught:
        adapter(wrong)
    assert str(caught.value).startswith("source made: port: Input should be a valid integer")
    assert "s3cr3t" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://user:pw@a.vn:8080/x/y?api_key=1#z", "http://a.vn:8080/x/y"),
        ("https://a.vn/x", "https://a.vn/x"),
    ],
)
def test_endpoints_hide_what_is_secret(url: str, plain: str) -> None:
    assert endpoint(url) == plain
