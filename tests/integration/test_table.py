"""Tables over real sockets, from real files and out of real databases: a PostgreSQL that is not the store, SQLite."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import tornado.httpserver
import tornado.netutil
import tornado.web

from geodata.records import Record, Rejected, ServiceRequest, Thing
from geodata.store.types import Cursor
from sources import _table_sql
from sources._served import closed
from sources.base import Context, Garbled, Refused, SourceError, Unreachable
from sources.table import TableOptions, batches
from tests.support.cluster import TestCluster
from tests.support.patience import in_time

BEDS: dict[str, Any] = {
    "kind": "Thing",
    "identity": ("Mã",),
    "columns": {"name": "Tên", "time": "Lúc"},
    "observations": [{"observed_property": "beds_occupied", "column": "Giường"}],
}
HEAD = "Mã,Tên,Lúc,Giường\n"
SHEET = HEAD + "BV1,Bệnh viện A,21/11/2026 07:00,120\nBV2,Bệnh viện B,21/11/2026 07:00,80\n"


class Reader:
    """Polls a table as the runner does: the cursor of the last batch goes into the next poll."""

    def __init__(self, http: httpx.AsyncClient, secrets: Mapping[str, str], **options: Any) -> None:
        self.options = TableOptions.model_validate({"service": "health", **options})
        self.context = Context(http=http, secret=secrets.get, service=self.options.service)
        self.cursor: Cursor | None = None
        self.rejected: list[Rejected] = []

    async def poll(self) -> list[Record]:
        found: list[Record] = []
        self.rejected = []
        async for batch in batches(self.options, self.context, self.cursor):
            found += batch.records
            self.rejected += batch.rejected
            if batch.cursor is not None:
                self.cursor = json.loads(json.dumps(batch.cursor))  # as the store keeps it
        return found

    def restarted(self) -> Reader:
        """A new run with the cursor of the last."""
        self.context.memory.clear()
        return self


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=10, follow_redirects=True) as client:
        yield client


def write(path: Path, text: str, age_s: float = 100) -> None:
    path.write_text(text, encoding="utf-8")
    then = datetime.now(UTC).timestamp() - age_s
    os.utime(path, (then, then))


async def test_a_file_is_read_again_when_it_changes(http: httpx.AsyncClient, tmp_path: Path) -> None:
    path = tmp_path / "beds.csv"
    reader = Reader(http, {}, path=str(path), settle_s=30, **BEDS)
    with pytest.raises(Unreachable, match="no such file"):
        await reader.poll()
    write(path, SHEET, age_s=1)
    assert await reader.poll() == []  # still being written
    write(path, SHEET, age_s=100)
    assert len(await reader.poll()) == 4
    assert await reader.poll() == []
    assert await reader.restarted().poll() == []
    await Reader(http, {}, path=str(path), **BEDS).poll()
    write(path, SHEET + "BV3,Bệnh viện C,21/11/2026 08:00,7\n", age_s=50)
    assert "table:BV3" in {row.id for row in await reader.poll() if isinstance(row, Thing)}
    write(path, SHEET + "BV3,Bệnh viện C,21/11/2026 08:00,8\n", age_s=45)
    changed = await reader.poll()
    assert {row.id for row in changed if isinstance(row, Thing)} == {"table:BV3"}  # the others are as they were
    write(path, "Mã;Tên\nBV1;x\n", age_s=40)
    with pytest.raises(Garbled, match='no column "Lúc", "Giường"; the columns are: "Mã", "Tên"'):
        await reader.poll()


async def test_a_folder_with_marks_broken_files_and_rests(http: httpx.AsyncClient, tmp_path: Path) -> None:
    reader = Reader(http, {}, path=str(tmp_path), done=".ok", **BEDS)
    write(tmp_path / "1.csv", SHEET)
    assert await reader.poll() == []
    for name, text in (("1.csv.ok", ""), ("2.csv", "<html>502</html>"), ("2.csv.ok", ""), ("4.csv.part", SHEET)):
        write(tmp_path / name, text)
    write(tmp_path / "~$3.xlsx", "x")
    assert len(await reader.poll()) == 4
    assert [row.reason for row in reader.rejected] == ["garbled"]
    assert "2.csv" in reader.rejected[0].detail
    assert await reader.poll() == []
    (tmp_path / "sub").mkdir()
    write(tmp_path / "sub" / "5.csv", SHEET)
    assert len(await Reader(http, {}, path=f"{tmp_path}/sub*/**/*.csv", **BEDS).poll()) == 4


async def test_a_long_file_goes_on_where_it_was_left(http: httpx.AsyncClient, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    write(path, HEAD + "".join(f"BV{n},Bệnh viện {n},21/11/2026 07:00,1\n" for n in range(22_000)))
    reader = Reader(http, {}, path=str(path), **BEDS)
    seen = 0
    async for batch in batches(reader.options, reader.context, None):
        seen += len(batch.records)
        if batch.cursor is not None:
            reader.cursor = json.loads(json.dumps(batch.cursor))
            break
    assert seen == 40_000
    assert len(await reader.restarted().poll()) == 4_000


async def test_a_missing_row_retires_its_thing(http: httpx.AsyncClient, tmp_path: Path) -> None:
    path = tmp_path / "beds.csv"
    rows = [f"BV{n},Bệnh viện {n},21/11/2026 07:00,1\n" for n in range(5)]
    reader = Reader(http, {}, path=str(path), snapshot="close", **BEDS)
    write(path, HEAD + "".join(rows))
    assert {row.properties["retired"] for row in await reader.poll() if isinstance(row, Thing)} == {False}
    write(path, HEAD + "".join(rows[1:]), age_s=50)
    assert await reader.poll() == [Thing(id="table:BV0", properties={"retired": True})]
    write(path, HEAD + rows[4], age_s=40)
    assert await reader.poll() == []
    assert [row.reason for row in reader.rejected] == ["snapshot_shrunk"]
    write(path, HEAD + "".join(rows), age_s=30)
    back = [row for row in await reader.restarted().poll() if isinstance(row, Thing)]
    assert {row.id: row.properties["retired"] for row in back}["table:BV0"] is False


class Office(tornado.web.RequestHandler):
    """An office's server: one file with an ETag, pages three ways, what changed since, a key."""

    def initialize(self, asked: list[str]) -> None:
        self.asked = asked

    def get(self, what: str) -> None:
        self.asked.append(str(self.request.uri))
        if what == "beds.csv":
            self.set_header("ETag", '"7"')
            if self.request.headers.get("If-None-Match") == '"7"':
                self.set_status(304)
                return
            self.finish(SHEET)
        elif what == "secret":
            self.set_status(200 if self.request.headers.get("X-Api-Key") == "abc" else 401)
            self.finish(SHEET)
        else:
            self._rows(what)

    def _rows(self, what: str) -> None:
        days = [f"2026-11-{n + 1:02d}T07:00:00Z" for n in range(20)]
        rows = [{"Mã": f"BV{n}", "Tên": f"BV {n}", "Lúc": day, "Giường": n} for n, day in enumerate(days)]
        rows = [row for row in rows if str(row["Lúc"]) >= self.get_argument("since", "")]
        start = int(self.get_argument("offset", "0")) + 8 * (int(self.get_argument("page", "1")) - 1)
        body: dict[str, Any] = {"items": rows[start : start + 8]}
        if what == "next" and start + 8 < len(rows):
            body["links"] = {"next": f"/next?offset={start + 8}"}
        if start >= len(rows) and what == "page":
            self.set_status(404)
        self.finish(body)


@pytest.fixture
async def office() -> AsyncIterator[tuple[str, list[str]]]:
    asked: list[str] = []
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
    routes: list[Any] = [(r"/(.*)", Office, {"asked": asked})]
    server = tornado.httpserver.HTTPServer(tornado.web.Application(routes, log_function=lambda _: None))
    server.add_sockets(sockets)
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}", asked
    await closed(server)


async def test_one_file_over_http_by_condition(http: httpx.AsyncClient, office: tuple[str, list[str]]) -> None:
    reader = Reader(http, {}, url=f"{office[0]}/beds.csv", **BEDS)
    assert len(await reader.poll()) == 4
    assert await reader.poll() == []
    assert await reader.restarted().poll() == []
    assert reader.cursor is not None
    assert reader.cursor["etag"] == '"7"'


@pytest.mark.parametrize("by", ["next", "page", "offset"])
async def test_pages(http: httpx.AsyncClient, office: tuple[str, list[str]], by: str) -> None:
    paging = {"by": by, "next": "links.next", "size": 100}
    reader = Reader(http, {}, url=f"{office[0]}/{by}", rows="items", paging=paging, **BEDS)
    found = await reader.poll()
    assert len({row.id for row in found if isinstance(row, Thing)}) == 20
    assert await reader.poll() == []  # rows as they were are not handed on


async def test_only_what_changed_since(http: httpx.AsyncClient, office: tuple[str, list[str]]) -> None:
    since = {"parameter": "since", "field": "time", "history_days": 4000, "overlap_s": 0}
    reader = Reader(http, {}, url=f"{office[0]}/offset", rows="items", since=since, **BEDS)
    await reader.poll()
    await reader.poll()
    assert office[1][0].startswith("/offset?since=20")
    assert office[1][-1] == "/offset?since=2026-11-08T07%3A00%3A00Z"


async def test_keys_come_from_the_environment_and_stay_secret(
    http: httpx.AsyncClient, office: tuple[str, list[str]]
) -> None:
    own = {"url": f"{office[0]}/secret?who=user", "token_env": "KEY", "auth_header": "X-Api-Key", **BEDS}
    with pytest.raises(Refused, match="KEY is not set"):
        await Reader(http, {}, **own).poll()
    with pytest.raises(Refused, match="401") as caught:
        await Reader(http, {"KEY": "wrong-9f1b"}, **own).poll()
    assert "9f1b" not in str(caught.value)
    assert "who=user" not in str(caught.value)
    assert len(await Reader(http, {"KEY": "abc"}, **own).poll()) == 4


CASES: dict[str, Any] = {
    "service": "citizen_questions",
    "kind": "ServiceRequest",
    "identity": ("so",),
    "columns": {
        "requested_datetime": "ngay_hoi",
        "updated_datetime": "sua_luc",
        "status": "trang_thai",
        "title": "cau_hoi",
        "wkt": "vi_tri?",
    },
    "person": {"phone": "dien_thoai"},
}
MADE = """
create table hoi (so int primary key, ngay_hoi timestamptz, sua_luc timestamp, trang_thai text, cau_hoi text,
    dien_thoai text, vi_tri text);
insert into hoi select n, '2026-11-01 08:00+07', timestamp '2026-11-20 01:00' + (n / 10) * interval '1 minute',
    'đang xử lý', 'Câu hỏi ' || n, '09140000' || n, 'POINT(' || 107.5 + n / 10000.0 || ' 16.4)'
    from generate_series(1, 2500) as n;
create sequence dem;
create view hoi_dap as select * from hoi;
create view cham as select h.*, pg_sleep(3600)::text as cho from hoi h;
"""


@pytest.fixture
def other(cluster: TestCluster) -> Iterator[tuple[str, str]]:
    """URL and admin DSN of a database that is not ours."""
    with cluster.fresh(None) as name:
        admin = cluster.admin_dsn(name)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(MADE)
            info = connection.info
            user, host, port, password = info.user, info.host, info.port, info.password
        login = f"{user}:{password}" if password else user
        where = f"@/{name}?host={host}&port={port}" if host.startswith("/") else f"@{host}:{port}/{name}"
        yield f"postgresql://{login}{where}", admin


async def test_a_view_of_another_postgresql_by_what_changed(http: httpx.AsyncClient, other: tuple[str, str]) -> None:
    url, admin = other
    sql = {"url_env": "DB", "table": "public.hoi_dap", "changed": "sua_luc", "tie": "so", "step": 700}
    reader = Reader(http, {"DB": url}, sql=sql, **CASES)
    found = await reader.poll()
    assert len({row.id for row in found if isinstance(row, ServiceRequest)}) == len(found) == 2500
    case = found[9]
    assert isinstance(case, ServiceRequest)
    assert case.geometry is not None
    assert case.person == {"phone": "0914000010"}
    assert case.updated_datetime == datetime(2026, 11, 19, 18, 1, tzinfo=UTC)  # a time without a zone is local
    assert await reader.poll() == []
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("update hoi set trang_thai = 'đã xử lý', sua_luc = '2026-11-20 09:00' where so in (3, 2000)")
    again = await reader.restarted().poll()
    assert sorted(row.id for row in again if isinstance(row, ServiceRequest)) == ["table:2000", "table:3"]


async def test_another_database_is_only_read_and_never_for_long(
    http: httpx.AsyncClient, other: tuple[str, str]
) -> None:
    url, _ = other
    slow = Reader(http, {"DB": url}, sql={"url_env": "DB", "table": "cham", "timeout_s": 0.5}, **CASES)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.02)
            ticks += 1

    ticking = asyncio.create_task(tick())
    with pytest.raises(Unreachable, match=r"no answer within 0\.5 s"):
        async with in_time():
            await slow.poll()
    ticking.cancel()
    assert ticks > 3, "the loop goes on while a database thinks"
    for query, words in (
        ("select setval('hoi_x', 1)", "hoi_x"),
        ("select so, ngay_hoi, sua_luc, trang_thai, dien_thoai from hoi", 'no column "cau_hoi"'),
        ("select nextval('dem') as lan, h.* from hoi h", "read-only"),
    ):
        with pytest.raises(SourceError, match=words) as caught:
            await Reader(http, {"DB": url}, sql={"url_env": "DB", "query": query}, **CASES).poll()
        assert "\n" not in str(caught.value)


async def test_databases_that_cannot_be_opened_say_why(http: httpx.AsyncClient) -> None:
    for secret, error, words in (
        (None, Refused, "the variable DB is not set"),
        ("nonsense", Refused, "no database URL"),
        ("oracle+oracledb://u:pw-9f1b@db/x", Refused, "the driver 'oracledb'"),
        ("mysql+mysqldb://u:pw-9f1b@db/x", Refused, "the driver 'MySQLdb'"),
        ("hana://u:pw-9f1b@db/x", Refused, "no dialect 'hana'"),
        ("postgresql://u:pw-9f1b@127.0.0.1:9/x", Unreachable, "127.0.0.1"),
    ):
        secrets = {"DB": secret} if secret else {}
        with pytest.raises(error, match=words) as caught:
            await Reader(http, secrets, sql={"url_env": "DB", "table": "hoi"}, **CASES).poll()
        assert "9f1b" not in str(caught.value)
        assert "\n" not in str(caught.value)


async def test_a_password_stands_in_a_variable_or_a_file(http: httpx.AsyncClient, tmp_path: Path) -> None:
    url, empty, key = "postgresql://u@127.0.0.1:9/x", tmp_path / "empty", tmp_path / "key"
    empty.touch()
    key.write_text("pw-9f1b\n")
    for given, error, words in (
        ({"password_env": "KEY"}, Unreachable, "postgresql://127.0.0.1:9/x hoi"),
        ({"password_env": "OTHER"}, Refused, "the variable OTHER is not set"),
        ({"password_file": str(key)}, Unreachable, "127.0.0.1"),
        ({"password_file": str(empty)}, Refused, "is empty"),
        ({"password_file": str(tmp_path)}, Refused, "cannot be read: Is a directory"),
    ):
        with pytest.raises(error, match=words) as caught:
            await Reader(http, {"KEY": "pw-9f1b"}, sql={"url": url, "table": "hoi", **given}, **CASES).poll()
        assert "9f1b" not in str(caught.value)


async def test_a_clock_that_ran_ahead_hides_nothing_later(http: httpx.AsyncClient, other: tuple[str, str]) -> None:
    url, admin = other
    sql = {"url_env": "DB", "table": "public.hoi_dap", "changed": "sua_luc", "tie": "so"}
    reader = Reader(http, {"DB": url}, sql=sql, **CASES)
    now = "now() at time zone 'Asia/Ho_Chi_Minh'"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("delete from hoi where so > 5")
        connection.execute(f"update hoi set sua_luc = {now} + interval '2 hours' where so = 3")
        assert len(await reader.poll()) == 5
        assert await reader.poll() == []  # the row from ahead is read each time, and is as it was
        connection.execute(f"update hoi set trang_thai = 'xong', sua_luc = {now} + interval '1 second' where so = 4")
        assert [row.id for row in await reader.poll() if isinstance(row, ServiceRequest)] == ["table:4"]


async def test_a_server_that_falls_silent_is_left(
    http: httpx.AsyncClient, other: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_table_sql, "silence_s", lambda _: 0.5)
    slow = Reader(http, {"DB": other[0]}, sql={"url_env": "DB", "table": "cham", "timeout_s": 3600}, **CASES)
    with pytest.raises(Unreachable):
        async with in_time():
            await slow.poll()
    async with in_time():  # nobody waits for it any more, or no stop of ours would ever end
        while any(thread.name.startswith("table") for thread in threading.enumerate()):  # noqa: ASYNC110 (threads tell nobody)
            await asyncio.sleep(0.05)


async def test_sqlite_read_whole_and_in_steps(http: httpx.AsyncClient, tmp_path: Path) -> None:
    path = tmp_path / "office.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("create table beds (ma text, ten text, luc text, so int, rev int)")
        rows = [(f"BV{n:02d}", f"Bệnh viện {n}", "2026-11-21 07:00", n, n // 4) for n in range(30)]
        connection.executemany("insert into beds values (?, ?, ?, ?, ?)", rows)
    own = {**BEDS, "identity": ("ma",), "columns": {"name": "ten", "time": "luc"}}
    own["observations"] = [{"observed_property": "beds_occupied", "column": "so"}]
    secrets = {"DB": f"sqlite:///{path}"}
    whole = Reader(http, secrets, sql={"url_env": "DB", "query": "select * from beds where so >= 10"}, **own)
    assert len(await whole.poll()) == 40
    by = Reader(http, secrets, sql={"url_env": "DB", "table": "beds", "changed": "rev", "tie": "ma", "step": 7}, **own)
    assert len(await by.poll()) == 60
    assert by.cursor == {"changed": 7, "tie": "BV29"}
    assert await by.poll() == []
