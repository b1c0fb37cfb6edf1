"""What may not be kept for longer goes; open cases and the ledger stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from geodata.records import Event, Position, Record, Rejected, RequestStatus, ServiceRequest
from geodata.store.errors import Forbidden
from geodata.store.prune import prune_rejections, prune_service
from geodata.store.reader import Reader
from geodata.store.types import Batch, Role
from geodata.store.writer import Writer
from tests.support.samples import NOON, SERVICES, after, binding, case, event, fix, value, view

Dsn = Callable[[Role], str]


async def test_prune(dsn: Dsn) -> None:
    old = Rejected(reason="checksum", payload=b"x", received_at=NOON)
    records: list[Record] = [
        *(fix(at=i) for i in (0, 100)),
        *(value(at=i) for i in (0, 100)),
        *(event(str(i), at=i) for i in (0, 100)),
        case(id="open"),
        case(RequestStatus.CLOSED, id="closed", person={"name": "A"}),
    ]
    async with Writer.open(dsn("ingest"), SERVICES) as writer:
        await writer.register([binding(), binding("other", "private")])
        await writer.write("feed", Batch(records, rejected=[old]))
        await writer.write("other", Batch([fix()]))
    before = after(seconds=50)
    with pytest.raises(Forbidden):
        prune_service(dsn("ingest"), "trial", before)
    assert prune_service(dsn("owner"), "trial", before) == 4
    assert prune_service(dsn("owner"), "trial", before) == 0
    assert prune_rejections(dsn("owner"), NOON + timedelta(seconds=1)) == 1
    with Reader(dsn("read"), SERVICES) as reader:
        assert reader.between("trial", Position, view())["time"].tolist() == [after(seconds=100)]
        assert reader.between("private", Position, view())["time"].tolist() == [NOON]
        assert reader.between("trial", Event, view()).index.tolist() == ["100"]
        assert reader.latest("trial", ServiceRequest, view()).index.tolist() == ["open"]
        (source,) = next(s for s in reader.services() if s.id == "trial").sources
        assert (source.received, source.rejected) == (9, {"checksum": 1})
    with psycopg.connect(dsn("identity")) as connection:
        assert connection.execute("select count(*) from identity.person").fetchone() == (0,)


async def test_reader_outlives_a_lost_connection(dsn: Dsn) -> None:
    with Reader(dsn("read"), SERVICES) as reader:
        assert reader.versions() == {}
        with psycopg.connect(dsn("read"), autocommit=True) as connection:
            connection.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        assert reader.versions() == {}
