"""Options of the table adapter: wrong ones are told in one line; a table without a header."""

# ruff: noqa: E501 (tables read best in one line)

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from geodata.catalogue import one_line
from geodata.records import (
    Record,
    Rejected,
    Thing,
)
from sources._check_problems import secrets
from sources.table import TableOptions, parse

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def read(body: str | bytes, **options: Any) -> tuple[list[Record], list[Rejected]]:
    raw = body.encode() if isinstance(body, str) else body
    rows = list(parse(raw, TableOptions.model_validate(options), NOW))
    assert all(row.received_at == NOW for row in rows)
    return [r for r in rows if not isinstance(r, Rejected)], [r for r in rows if isinstance(r, Rejected)]


def wrong(**options: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        TableOptions.model_validate(options)
    line = one_line(caught.value)
    assert "\n" not in line
    assert "geheim" not in line
    return line


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"url": "http://a/b", "path": "x.csv"}, "one of url, path and sql"),
        ({"kind": "Thing"}, "identity"),
        ({"kind": "Thing", "identity": ["a"], "columns": {"tên": "b"}}, "'tên' is no field of Thing; fields: id"),
        ({"kind": "Position", "identity": ["a"], "columns": {"time": "t"}}, "Position needs columns.lon"),
        ({"kind": "Position", "identity": ["a"], "columns": {"time": "t", "lon": "x"}}, "go together"),
        ({"kind": "Observation", "identity": ["a"]}, "observations"),
        ({"kind": "Thing", "identity": ["a"], "timezone": "Asia/Hue"}, "Asia/Ho_Chi_Minh"),
        ({"kind": "Thing", "identity": ["a"], "srid": 4147}, "Hanoi 1972"),
        ({"kind": "Thing", "identity": ["a"], "city": "sai_gon"}, "known: "),
        ({"kind": "Thing", "identity": ["a"], "time_format": "giờ"}, "dd/MM/yyyy"),
        ({"kind": "Thing", "identity": ["a"], "header": False}, "columns are numbers"),
        ({"kind": "Thing", "identity": [0], "header": False}, "numbered from 1"),
        ({"kind": "ServiceRequest", "identity": ["a"], "columns": {"requested_datetime": "b"}, "values": {"status": {"x": "xong"}}}, "no state"),
        ({"kind": "Event", "identity": ["a"], "columns": {"time": "b"}, "service": "health"}, "service health holds"),
        ({"kind": "Thing", "identity": ["a"], "service": "health", "observations": [{"observed_property": "bed", "column": "b"}]}, "beds_occupied"),
        ({"observations": [{"observed_property": "beds"}]}, "numerator and denominator"),
        ({"sql": {"url_env": "DB"}}, "table or query"),
        ({"sql": {"url_env": "DB", "query": "select 1; drop table x"}}, "more than one statement"),
        ({"sql": {"table": "t"}}, "url_env or url"),
        ({"sql": {"url_env": "DB", "url": "sqlite://", "table": "t"}}, "url_env or url"),
        ({"sql": {"url_env": "DB", "password_env": "P", "table": "t"}}, "goes with url"),
        ({"sql": {"url": "postgresql://u@h/d", "password_env": "P", "password_file": "p", "table": "t"}}, "one of them"),
        ({"sql": {"url": "postgresql://u:geheim@h/d", "table": "t"}}, "no password in url"),
        ({"sql": {"url": "postgresql://u@h/d?password=geheim", "table": "t"}}, "no password in url"),
        ({"sql": {"url": "geheim", "table": "t"}}, "no database URL"),
        ({"paging": {"by": "page"}, "path": "x"}, "paging is for a url"),
        ({"kind": "Event", "identity": ["a"], "columns": {"time": "b"}, "snapshot": "close"}, "read whole"),
        ({"kolumns": {}}, "kolumns"),
    ],
)  # fmt: skip
def test_wrong_options_are_told_in_one_line(options: dict[str, Any], says: str) -> None:
    assert says in wrong(**options)


def test_a_table_without_a_header() -> None:
    options: dict[str, Any] = {"kind": "Thing", "header": False, "identity": (1,), "columns": {"name": 2}}
    records, rejected = read("A1,Sở Y tế\nA2,Sở Tài chính\n,thiếu mã\n", **options)
    assert [r.name for r in records if isinstance(r, Thing)] == ["Sở Y tế", "Sở Tài chính"]
    (bad,) = rejected
    again, _ = read((bad.payload or b"").replace(b'""', b'"A3"'), **options)
    assert isinstance(again[0], Thing)
    assert again[0].id == "table:A3"


def test_a_check_asks_for_the_secrets_of_a_database() -> None:
    sql = {"url": "postgresql://u@h/d", "password_env": "DB_PASSWORD", "table": "t"}
    assert list(secrets(TableOptions.model_validate({"sql": sql, "token_env": "KEY"}))) == ["DB_PASSWORD", "KEY"]
