"""The flood day watched again: by steps out of the store, by steps beside a writer, and at a multiple of real time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from queue import Queue

from geodata.city import city
from geodata.store.findings import FindingStore
from geodata.store.reader import Reader
from geodata.store.writer import Writer
from geodata.watch.backtest import changes
from geodata.watch.course import Change, Finding
from geodata.watch.engine import Watch
from geodata.watch.rule import Rule, rules
from sources._load import jobs, load, load_states
from sources._paced import Paced, PacedClock, register
from sources.recording import Recording
from tests.conftest import Dsn
from tests.flood_day.day import CITY, Form
from tests.flood_day.story import Book


def of_city() -> list[Rule]:
    """The rules with the city's own limits, as its watch has them."""
    own = city(CITY)
    return [rule.with_limits(**own.limits(rule.id)) for rule in rules().values()]


def stored(dsn: Dsn, folder: Path, found: Sequence[Recording]) -> None:
    """Everything at once, each row with the time at which it came."""
    load(dsn("ingest"), jobs(folder, found), 1)
    load_states(dsn("ingest"), found)


def by_steps(dsn: Dsn, form: Form) -> Book:
    """Out of a store that holds the whole day: what was known at each look."""
    book = Book()
    with Reader(dsn("read")) as reader:
        for change in changes(reader, city(CITY), of_city(), form.start, form.end, form.step):
            book.add([change])
    return book


class Noted(FindingStore):
    """Writes down what is stored."""

    def __init__(self, dsn: str, book: Book) -> None:
        super().__init__(dsn)
        self.book = book

    def apply(self, changes: Sequence[Change]) -> list[Finding]:
        self.book.add(changes)
        return super().apply(changes)


def beside_a_writer(dsn: Dsn, form: Form, folder: Path, found: Sequence[Recording]) -> Book:
    """The rows come as they came, and the city's watch looks after each step."""
    return asyncio.run(_beside(dsn, form, folder, found))


async def _beside(dsn: Dsn, form: Form, folder: Path, found: Sequence[Recording]) -> Book:
    book, now = Book(), form.start
    with Reader(dsn("read")) as reader, Noted(dsn("watch"), book) as store:
        watch = Watch(reader, store, city(CITY), clock=lambda: now)
        async with Writer.open(dsn("ingest")) as writer:
            await register(writer, found)
            paced = Paced(writer, folder, found)
            for now in form.looks():
                await paced.until(now)
                done = watch.once()
                assert done is not None
                assert not done.failed, done.failed
    return book


def at_speed(dsn: Dsn, form: Form, folder: Path, found: Sequence[Recording], speed: float) -> tuple[Book, timedelta]:
    """The rows come at ``speed`` times real time while the city's watch runs beside; also the longest time between two
    of its looks, by its own clock.
    """
    book, looks = Book(), list[datetime]()
    clocks: Queue[PacedClock] = Queue()
    with ThreadPoolExecutor(1) as other, Reader(dsn("read")) as reader, Noted(dsn("watch"), book) as store:
        coming = other.submit(lambda: asyncio.run(_follow(dsn, form, folder, found, (speed, clocks))))
        while clocks.empty():
            wait([coming], 0.1)
            if coming.done():
                coming.result()
        clock = clocks.get()

        def stopped(_rest_s: float) -> bool:
            looks.append(clock.now())
            return coming.done() and looks[-1] > form.end

        Watch(reader, store, city(CITY), clock=clock.now).run(stopped)
        coming.result()
    return book, max(b - a for a, b in pairwise(looks))


async def _follow(
    dsn: Dsn, form: Form, folder: Path, found: Sequence[Recording], given: tuple[float, Queue[PacedClock]]
) -> None:
    """The past at once; then the clock is started, and handed over."""
    speed, clocks = given
    async with Writer.open(dsn("ingest")) as writer:
        await register(writer, found)
        paced = Paced(writer, folder, found)
        await paced.until(form.start)
        clock = PacedClock(form.start, speed)
        clocks.put(clock)
        await paced.follow(clock, form.end)
