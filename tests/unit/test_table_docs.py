"""The worked examples of docs/sources/table.md are good options and read the rows that stand above them."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from geodata.records import Rejected
from sources.table import TableOptions, parse

PAGE = (Path(__file__).parents[2] / "docs/sources/table.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n# (\w+): ([^\n]*)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)
RECORDS = {
    "staff_cards": 3,
    "public_services": 1,
    "health": 3,
    "citizen_questions": 1,
    "traffic": 1,
    "fishing_vessels": 2,
}


def test_there_are_six() -> None:
    assert [service for service, _, _ in EXAMPLES] == list(RECORDS)


@pytest.mark.parametrize(("service", "rows", "options"), EXAMPLES)
def test_an_example_reads_its_rows(service: str, rows: str, options: str) -> None:
    chosen = TableOptions.model_validate({**tomllib.loads(options), "service": service})
    body = rows if rows.startswith("{") else rows.replace("|", "\n")
    found = list(parse(body.encode(), chosen, NOW))
    assert not [row for row in found if isinstance(row, Rejected)]
    assert len(found) == RECORDS[service]


def test_every_option_is_in_the_tables() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE))
    assert set(TableOptions.model_fields) - {"service"} <= told
