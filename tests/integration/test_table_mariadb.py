"""A table of a MariaDB that we did not write: read by what changed, never written, never for long."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pymysql
import pytest

from geodata.records import Record, ServiceRequest
from geodata.store.types import Cursor
from sources.base import Context, SourceError, Unreachable
from sources.table import TableOptions, batches
from tests.support.patience import HANG_S, in_time
from tests.support.peers import PEERS
from tests.support.ports import free_port

CASES: dict[str, Any] = {
    "service": "citizen_questions",
    "kind": "ServiceRequest",
    "identity": ("so",),
    "columns": {
        "requested_datetime": "ngay_hoi",
        "updated_datetime": "sua_luc",
        "status": "trang_thai",
        "title": "cau_hoi",
    },
}
MADE = """
create database so_hoi character set utf8mb4;
use so_hoi;
set time_zone = '+00:00';
create table hoi (so int primary key, ngay_hoi timestamp not null default '2026-11-01 01:00', sua_luc datetime(3),
    trang_thai varchar(40), cau_hoi varchar(200));
insert into hoi (so, sua_luc, trang_thai, cau_hoi) select seq,
    timestamp('2026-11-20 01:00') + interval (seq div 10) minute, 'đang xử lý', concat('Câu hỏi ', seq)
    from seq_1_to_900;
create view cham as select h.*, sleep(3600) as cho from hoi h
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a MariaDB unpacked by ``make peers``, without its tables of users: all of loopback may enter."""
    root, data = PEERS.parent, tmp_path_factory.mktemp("mariadb")
    program, port = root / "sbin/mariadbd", free_port()
    assert os.access(program, os.X_OK), "mariadbd is not there: run make peers"
    libraries = ":".join(str(path) for path in sorted((root / "lib").glob("*-linux-gnu")))
    told = data / "log"
    with told.open("wb") as log:
        process = subprocess.Popen(
            [
                *(str(program), "--no-defaults", "--skip-grant-tables", f"--basedir={root}", f"--datadir={data}"),
                *(f"--lc-messages-dir={root}/share/mysql", f"--character-sets-dir={root}/share/mysql/charsets"),
                *("--user=root", f"--socket={data}/s", f"--pid-file={data}/pid", "--bind-address=127.0.0.1"),
                *(
                    f"--port={port}",
                    "--innodb-use-native-aio=0",
                    "--innodb-log-file-size=4M",
                    "--innodb-flush-log-at-trx-commit=0",
                ),
            ],
            env={**os.environ, "LD_LIBRARY_PATH": libraries},
            stdout=log,
            stderr=log,
        )
    try:
        _fill(process, port, told)
        yield port
    finally:
        process.kill()
        process.wait()


def _fill(process: subprocess.Popen[bytes], port: int, told: Path) -> None:
    deadline = time.monotonic() + 2 * HANG_S
    while (db := _entered(port)) is None:
        words = told.read_text(errors="replace")[-2000:]
        assert process.poll() is None, words
        assert time.monotonic() < deadline, words
        time.sleep(0.1)
    with db, db.cursor() as cursor:
        for statement in MADE.split(";\n"):
            cursor.execute(statement)


def _entered(port: int) -> pymysql.Connection[Any] | None:
    """None while nobody listens."""
    try:
        return pymysql.connect(host="127.0.0.1", port=port, user="x", autocommit=True)
    except pymysql.err.OperationalError:
        return None


@pytest.fixture
async def context(server: int, request: pytest.FixtureRequest) -> AsyncIterator[Context]:
    maker = getattr(request, "param", "mariadb")
    secrets = {"DB": f"{maker}://x:pw-9f1b@127.0.0.1:{server}/so_hoi"}
    async with httpx.AsyncClient() as http:
        yield Context(http=http, secret=secrets.get, service="citizen_questions")


async def polled(context: Context, cursor: Cursor | None = None, **sql: Any) -> tuple[list[Record], Cursor | None]:
    """All of one poll and the cursor after it."""
    options = TableOptions.model_validate({**CASES, "sql": {"url_env": "DB", **sql}})
    found: list[Record] = []
    async for batch in batches(options, context, cursor):
        found += batch.records
        cursor = batch.cursor or cursor
    return found, cursor


@pytest.mark.parametrize("context", ["mariadb", "mysql"], indirect=True)  # a MariaDB goes by either name
async def test_read_in_steps_by_what_changed(context: Context) -> None:
    by: dict[str, Any] = {"table": "hoi", "changed": "sua_luc", "tie": "so", "step": 400}
    found, cursor = await polled(context, **by)
    assert len({row.id for row in found if isinstance(row, ServiceRequest)}) == len(found) == 900
    case = found[9]
    assert isinstance(case, ServiceRequest)
    assert (case.id, case.title) == ("table:10", "Câu hỏi 10")
    assert case.requested_datetime == datetime(2026, 11, 1, 1, tzinfo=UTC)  # a timestamp is an instant
    assert case.updated_datetime == datetime(2026, 11, 19, 18, 1, tzinfo=UTC)  # a datetime is local
    assert (await polled(context, cursor, **by))[0] == []


async def test_only_read_never_for_long_and_without_a_secret(context: Context) -> None:
    with pytest.raises(Unreachable, match=r"no answer within 0\.5 s"):
        async with in_time():
            await polled(context, table="cham", timeout_s=0.5)
    for query, words in (
        ("select h.*, 1 as thieu from hoi h where khong_co = 1", "khong_co"),
        ("select so, ngay_hoi, sua_luc, trang_thai from hoi", 'no column "cau_hoi"'),
    ):
        with pytest.raises(SourceError, match=words) as caught:
            await polled(context, query=query)
        assert "9f1b" not in str(caught.value)
        assert "\n" not in str(caught.value)
