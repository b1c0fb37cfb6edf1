"""The statements behind the sources page, on a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta

import psycopg
import pytest

from geodata.records import Rejected, Thing
from geodata.store.reader import Reader
from geodata.store.types import Batch, Role
from geodata.store.writer import Writer
from tests.support.samples import NOON, SERVICES, after, alert, binding, case, event, fix, one_of_each, value

Dsn = Callable[[Role], str]
DAY = {"start": NOON - timedelta(hours=23), "end": after(hours=1)}


@pytest.fixture
async def writer(dsn: Dsn) -> AsyncIterator[Writer]:
    async with Writer.open(dsn("ingest"), SERVICES) as opened:
        await opened.register([binding(), binding("other"), binding("secret", "private")])
        yield opened


@pytest.fixture
def reader(dsn: Dsn) -> Iterator[Reader]:
    with Reader(dsn("read"), SERVICES) as opened:
        yield opened


def states(dsn: Dsn, *changes: tuple[str, datetime, bool]) -> None:
    """Changes of feeds at times of our choice."""
    with psycopg.connect(dsn("owner")) as connection:
        for name, time, up in changes:
            connection.execute(
                "insert into source_state (source_id, time, up, error)"
                " select source_id, %s, %s, 'gone' from source where name = %s",
                (time, up, name),
            )


async def test_the_strip_tells_received_and_down_of_every_source(writer: Writer, reader: Reader, dsn: Dsn) -> None:
    await writer.write("feed", Batch([fix(at=i, received_at=after(seconds=i)) for i in (60, 120, 1000)]))
    await writer.write("feed", Batch([fix(at=i, received_at=after(minutes=58)) for i in range(30)]))
    states(
        dsn,
        ("feed", after(minutes=20), False),
        ("feed", after(minutes=35), True),
        ("other", after(days=-2), False),
    )
    frame = reader.query("ledger_strip", **DAY, buckets=96).set_index("source")
    assert list(frame.index) == ["feed", "other", "secret"]
    (received, down), (_, other) = (tuple(map(list, pair)) for pair in frame[["received", "down"]].to_numpy()[:2])
    assert (len(received), len(down)) == (96, 96)
    assert received[92:] == [2, 1, 0, 30]  # the minute of arrival counts to the cell that ends after it
    assert [round(share, 2) for share in down[92:]] == [0, 0.67, 0.33, 0]
    assert not any(down[:92])
    assert other == [1] * 96
    assert not any(frame["received"].tolist()[2])
    assert frame["per_minute"].tolist() == [2.0, 0.0, 0.0]


async def test_lag_is_that_of_each_kind_and_source(writer: Writer, reader: Reader, dsn: Dsn) -> None:
    late = [value(at=60 * i, received_at=after(seconds=60 * i + 30)) for i in range(3)]
    await writer.write("feed", Batch(late))
    cases = [case(id="1", at=10, received_at=after(seconds=110)), case(id="2", at=20, received_at=after(seconds=20))]
    await writer.write("secret", Batch(cases))
    await writer.write("other", Batch([event(at=5, received_at=after(seconds=10)), alert(received_at=NOON)]))
    frame = reader.query("source_lag", **DAY).set_index("source")
    assert frame.loc["feed", "p50_s"] == 30
    assert frame[["p50_s", "p95_s", "n"]].to_numpy().tolist()[2] == [50, 95, 2]
    assert frame.loc["other", "n"] == 2
    with psycopg.connect(dsn("owner")) as connection:  # declared between the case of 10 s and its arrival
        connection.execute("update source set registered_at = %s", (after(seconds=15),))
    assert reader.query("source_lag", **DAY).set_index("source").loc["secret", "n"] == 1
    before = {"start": NOON - timedelta(days=3), "end": NOON - timedelta(days=2)}
    assert reader.query("source_lag", **before).empty


async def test_what_hangs_on_a_source(writer: Writer, reader: Reader) -> None:
    await writer.write("feed", Batch(one_of_each()))
    await writer.write("other", Batch([Thing(id="station:9", name="Trạm 9"), value(thing_id="station:1", at=9)]))
    counts = reader.query("source_things", source="feed").iloc[0].to_dict()
    assert counts == {"things": 2, "cases": 1, "alerts": 1, "events": 1, "features": 1, "coverages": 1}
    assert reader.query("source_things", source="other").iloc[0]["things"] == 2  # one by its newest observation
    assert reader.query("source_things", source="nobody").iloc[0]["things"] == 0
    card = reader.query("source_card", source="feed").iloc[0]
    assert bool(card["simulated"])
    assert card["owner"] is None


async def test_samples_are_the_newest_of_each_reason(writer: Writer, reader: Reader) -> None:
    bad = [Rejected(reason="checksum", payload=b"%d" % i, received_at=after(seconds=i)) for i in range(4)]
    long = Rejected(reason="garbled", payload=b"x" * 9000, detail="no JSON", received_at=NOON)
    await writer.write("feed", Batch([], rejected=[*bad, long]))
    frame = reader.query("rejection_samples", source="feed", limit=2)
    assert frame[["reason", "kept", "mended"]].to_numpy().tolist() == [
        ["checksum", 4, 0],
        ["checksum", 4, 0],
        ["garbled", 1, 0],
    ]
    assert frame["payload"].tolist() == [b"3", b"2", b"x" * 4096]
    assert frame["size"].tolist() == [1, 1, 9000]
    assert len(reader.query("rejection_samples", source="feed")) == 3


async def test_payloads_of_persons_are_not_among_the_samples(writer: Writer, reader: Reader) -> None:
    await writer.write("secret", Batch([], rejected=[Rejected(reason="garbled", payload=b"An", received_at=NOON)]))
    (payload,) = reader.query("rejection_samples", source="secret")["payload"]
    assert payload is None


@pytest.mark.usefixtures("writer")
async def test_feeds_at_an_instant(reader: Reader, dsn: Dsn) -> None:
    """Not connected yet is not up; an outage begins with its first error, and a later word is not known earlier."""
    states(
        dsn,
        ("feed", after(minutes=10), True),
        ("feed", after(minutes=20), False),
        ("feed", after(minutes=30), False),
        ("feed", after(minutes=40), True),
    )

    def at(minutes: float, known: float | None = None) -> tuple[object, object]:
        known_at = None if known is None else after(minutes=known)
        row = reader.query("sources_at", end=after(minutes=minutes), known_at=known_at).set_index("source").loc["feed"]
        return row["up"], row["since"]

    assert at(5)[0] is None
    assert at(15) == (True, after(minutes=10))
    assert at(25) == at(35) == (False, after(minutes=20))
    assert at(45) == (True, after(minutes=40))
    assert at(45, known=15) == (True, after(minutes=10))
    other = reader.query("sources_at", end=after(minutes=45)).set_index("source").loc["other"]
    assert other["up"] is None
