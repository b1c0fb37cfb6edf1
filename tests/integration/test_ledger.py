"""Ledger, feed states, heart-beats, versions and what is told to who listens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta

import pandas as pd
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from geodata.records import Position, Rejected
from geodata.store.reader import Reader
from geodata.store.types import Batch, Role
from geodata.store.writer import Writer
from tests.support.cluster import TestCluster
from tests.support.samples import NOON, SERVICES, after, binding, fix, fixes, view

Dsn = Callable[[Role], str]


@pytest.fixture
async def writer(dsn: Dsn) -> AsyncIterator[Writer]:
    async with Writer.open(dsn("ingest"), SERVICES) as opened:
        await opened.register([binding()])
        yield opened


@pytest.fixture
def reader(dsn: Dsn) -> Iterator[Reader]:
    with Reader(dsn("read"), SERVICES) as opened:
        yield opened


def owner(dsn: Dsn, statement: str) -> None:
    """What only time could do: changes the clock's traces."""
    with psycopg.connect(dsn("owner")) as connection:
        connection.execute(statement.encode())


async def test_lines_stand_at_the_minute_of_arrival(writer: Writer, reader: Reader) -> None:
    records = [fix(at=i, received_at=after(seconds=30 * i)) for i in range(4)]
    bad = Rejected(reason="checksum", payload=b"x", received_at=after(minutes=1))
    await writer.write("feed", Batch([*records, records[0]], rejected=[bad]))
    await writer.write("feed", Batch(records))
    lines = reader.query("ledger", source="feed", start=NOON - timedelta(minutes=1), end=after(hours=1))
    assert lines["minute"].tolist() == [NOON, after(minutes=1)]
    assert lines[["received", "stored", "duplicate"]].to_numpy().tolist() == [[5, 2, 3], [5, 2, 2]]
    assert lines["rejected"].tolist() == [{}, {"checksum": 1}]


async def test_rejected_payload_is_kept_once_however_often_it_is_replayed(writer: Writer, reader: Reader) -> None:
    bad = Rejected(reason="checksum", payload=b"x", received_at=NOON)
    quiet = Rejected(reason="not_for_us")
    for _ in range(2):
        await writer.write("feed", Batch([], rejected=[bad, quiet]))
    assert len(reader.query("rejections", source="feed")) == 1
    (source,) = reader.services()[0].sources
    assert source.rejected == {"checksum": 2, "not_for_us": 2}
    assert source.received == 4


async def test_states_of_services(writer: Writer, reader: Reader) -> None:
    states = {s.id: s for s in reader.services()}
    assert set(states) == {"trial", "private"}
    assert (states["private"].state, states["private"].sources) == ("ready", ())
    assert states["trial"].state == "ready"
    await writer.write("feed", Batch([fix(received_at=datetime.now(UTC) - timedelta(days=1))]))
    assert reader.services()[0].state == "late"
    await writer.state("feed", up=True)
    await writer.write("feed", Batch([fix(at=1)]))
    trial = reader.services()[0]
    assert trial.state == "receiving"
    assert trial.age_s is not None
    assert trial.age_s < 60
    await writer.state("feed", up=False, error="refused")
    (source,) = reader.services()[0].sources
    assert (source.state, source.last_error, source.simulated) == ("down", "refused", True)


async def test_silence_of_the_heart_is_down(writer: Writer, reader: Reader, dsn: Dsn) -> None:
    now = datetime.now(UTC)
    live = view(start=now - timedelta(hours=1), end=now)
    await writer.state("feed", up=True)
    await writer.write("feed", Batch([Position(thing_id="1", time=now - timedelta(minutes=9), lon=107, lat=16)]))
    assert reader.latest("trial", Position, live)["feed"].tolist() == ["up"]
    owner(dsn, "update source_live set beat_at = beat_at - interval '5 minutes', since = since - interval '8 minutes'")
    owner(dsn, "update source_state set time = time - interval '8 minutes'")
    frame = reader.latest("trial", Position, live)
    assert frame["feed"].tolist() == ["down"]
    assert frame["feed_since"].iloc[0] < now - timedelta(minutes=4)
    assert reader.services()[0].sources[0].last_error == "no heart-beat"

    await writer.beat(["feed"])  # we were away and came back
    assert reader.latest("trial", Position, live)["feed"].tolist() == ["down"], "the view's end was before that"
    live = view(start=now - timedelta(hours=1), end=datetime.now(UTC))
    assert reader.latest("trial", Position, live)["feed"].tolist() == ["up"]
    history = reader.query("feed_history", source="feed", start=now - timedelta(hours=1), end=now + timedelta(hours=1))
    assert history["up"].tolist() == [True, False, True]
    then = view(start=now - timedelta(hours=1), end=now - timedelta(minutes=3))
    assert reader.latest("trial", Position, then)["feed"].tolist() == ["down"]


async def test_feed_as_it_was(writer: Writer, reader: Reader) -> None:
    await writer.write("feed", Batch([fix()]))
    assert reader.latest("trial", Position, view())["feed"].tolist() == ["up"], "never connected is no lost feed"


LOSSES = [
    ("never lost", [(-90, True)], None, -90),
    ("back a minute ago", [(-90, True), (-30, False), (-1, True)], -30, -1),
    ("a second word of the same loss", [(-90, True), (-30, False), (-20, False), (-1, True)], -30, -1),
    ("it shook before it held", [(-90, True), (-30, False), (-5, True), (-4, False), (-1, True)], -30, -1),
    ("two losses", [(-190, True), (-90, False), (-80, True), (-30, False), (-1, True)], -30, -1),
    ("lost from its first word", [(-30, False), (-1, True)], -30, -1),
    ("lost", [(-90, True), (-30, False)], None, -30),
    ("another error of the same loss", [(-90, True), (-30, False), (-10, False)], None, -30),
    ("told twice that it is up", [(-90, True), (-30, False), (-9, True), (-1, True)], -30, -9),
    ("lost again", [(-90, True), (-30, False), (-20, True), (-5, False)], None, -5),
]


@pytest.mark.parametrize(("words", "lost", "since"), [case[1:] for case in LOSSES], ids=[case[0] for case in LOSSES])
async def test_when_the_last_loss_began(
    writer: Writer, reader: Reader, words: list[tuple[float, bool]], lost: float | None, since: float
) -> None:
    """Due: 3 × 60 s, so an hour of listening ends a loss and a minute does not."""
    await writer.past_states("feed", [(after(minutes=minute), up, None) for minute, up in words])
    await writer.write("feed", Batch([fix(at=-7200.0)]))
    frame = reader.latest("trial", Position, view(start=after(hours=-9), end=NOON))
    assert frame["feed_since"].tolist() == [after(minutes=since)]
    told = None if pd.isna(frame["feed_lost"].iloc[0]) else frame["feed_lost"].iloc[0]
    assert told == (None if lost is None else after(minutes=lost))
    before = reader.latest("trial", Position, view(start=after(hours=-9), end=after(minutes=-31)))
    assert not (before["feed_lost"] > after(minutes=-31)).any(), "what came later is not known then"


async def test_state_is_told_once(writer: Writer, reader: Reader) -> None:
    before = reader.versions()["trial"]
    await writer.state("feed", up=True)
    await writer.state("feed", up=True)
    assert reader.versions()["trial"] == before + 1
    await writer.state("feed", up=False, error="a")
    await writer.state("feed", up=False, error="b")
    assert reader.versions()["trial"] == before + 3
    await writer.beat(["feed"])
    assert reader.versions()["trial"] == before + 3


async def test_changes_are_heard(writer: Writer, reader: Reader) -> None:
    assert dict(reader.changes(timeout=0.1)) == {"trial": 0, "private": 0}
    written = await writer.write("feed", Batch([fix()]))
    await writer.write("feed", Batch([fix()]))
    assert list(reader.changes(timeout=0.2)) == [("trial", written.version)]


def test_lost_connection_brings_a_full_sync(reader: Reader, dsn: Dsn, cluster: TestCluster) -> None:
    with psycopg.connect(dsn("owner")) as connection:
        connection.execute("insert into service (name) values ('trial'), ('private')")
    heard = reader.changes(timeout=5)
    first = [next(heard), next(heard)]
    with psycopg.connect(cluster.admin_dsn(), autocommit=True) as connection:
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'vonglau_read' and datname = %s",
            [conninfo_to_dict(dsn("read"))["dbname"]],
        )
    assert sorted([next(heard), next(heard)]) == sorted(first) == [("private", 0), ("trial", 0)]


async def test_totals_equal_the_ledger(writer: Writer, reader: Reader) -> None:
    for n in range(3):
        await writer.write("feed", Batch(fixes(10 * (n + 1)), rejected=[Rejected(reason="x")]))
    lines = reader.query(
        "ledger", source="feed", start=datetime(2000, 1, 1, tzinfo=UTC), end=datetime(2100, 1, 1, tzinfo=UTC)
    )
    (source,) = reader.services()[0].sources
    assert (source.received, source.stored, source.duplicate) == (63, 30, 30)
    assert lines[["received", "stored", "duplicate"]].sum().tolist() == [63, 30, 30]
