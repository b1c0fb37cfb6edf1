"""Least privilege: nobody reads a person who need not, nobody rewrites a fix."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from geodata.records import ServiceRequest
from geodata.store.reader import Reader
from geodata.store.types import Batch, Role
from geodata.store.writer import Writer
from tests.support.samples import SERVICES, binding, case, fix, view

Dsn = Callable[[Role], str]


@pytest.fixture
async def filled(dsn: Dsn) -> Dsn:
    async with Writer.open(dsn("ingest"), SERVICES) as writer:
        await writer.register([binding(), binding("secret", "private")])
        await writer.write("feed", Batch([fix(), case(person={"name": "Nguyễn Văn A"})]))
        await writer.write("secret", Batch([case(id="2", address="1 Lê Lợi\0", person={"name": "B"})]))
    return dsn


FORBIDDEN: list[tuple[Role, str]] = [
    ("read", "select * from identity.person"),
    ("read", "select * from identity.rejection_payload"),
    ("read", "insert into position select * from position"),
    ("read", "select identity.keep_person(1::smallint, '1', '{}', now())"),
    ("read", "select bump(1::smallint)"),
    ("ingest", "select * from identity.person"),
    ("ingest", "select * from identity.rejection_payload"),
    ("ingest", "update position set lon_e7 = 0"),
    ("ingest", "delete from position"),
    ("ingest", "update alert set headline = ''"),
    ("ingest", "delete from observation"),
    ("ingest", "delete from ledger"),
    ("ingest", "update rejection set payload = null"),
    ("read", "select mend(1::smallint, array[1]::bigint[])"),
    ("ingest", "create table vonglau.mine (id int)"),
    ("ingest", "update migration set checksum = ''"),
    ("ingest", "select prune(1::smallint, now())"),
    ("ingest", "insert into watch_look (began, ended) values (now(), now())"),
    ("desk", "update watch_look set told = now()"),
    ("watch", "delete from watch_look"),
    ("identity", "delete from identity.person"),
    ("identity", "insert into position select * from position"),
]


@pytest.mark.parametrize(("role", "statement"), FORBIDDEN)
async def test_forbidden(filled: Dsn, role: Role, statement: str) -> None:
    with psycopg.connect(filled(role)) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(statement.encode())


async def test_identity_reads_the_person_and_the_case(filled: Dsn) -> None:
    with psycopg.connect(filled("identity")) as connection:
        assert connection.execute("select id, person from identity.person").fetchall() == [
            ("open311:1", {"name": "Nguyễn Văn A"})
        ]
        assert connection.execute("select count(*) from service_request").fetchone() == (1,)
        payloads = connection.execute("select payload from identity.rejection_payload").fetchall()
    assert "Lê Lợi".encode() in payloads[0][0]


async def test_frames_and_rejections_show_no_person(filled: Dsn) -> None:
    with Reader(filled("read"), SERVICES) as reader:
        frame = reader.between("trial", ServiceRequest, view())
        assert len(frame) == 1
        assert "Nguyễn" not in frame.to_csv()
        kept = reader.query("rejections", source="secret")
    assert kept["reason"].tolist() == ["text"]
    assert kept["payload"].tolist() == [None]
