"""How the reader's statements are carried out: the state of the feeds is asked once, not for every row."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from geodata.sql import names, text
from tests.conftest import Dsn

ASKS = [(folder, name) for folder in ("reader", "queries") for name in names(folder) if "feed(" in text(folder, name)]
NOW = datetime.now(UTC)
INSIDE = {"source_live", "source_state"}
"""Tables that the function looks into."""

KNOWN = {
    "service": "air_quality",
    "start": NOW - timedelta(hours=1),
    "end": NOW,
    "west": 107,
    "south": 16,
    "east": 108,
    "north": 17,
}


@pytest.mark.parametrize(("folder", "name"), ASKS)
def test_the_state_of_the_feeds_is_asked_once(dsn: Dsn, folder: str, name: str) -> None:
    """Merged into a statement the function is work for each row: a day of 15 stations took a second, not 50 ms."""
    statement = text(folder, name)
    wanted = set(re.findall(r"%\((\w+)\)s", statement))
    own = {table for table in INSIDE if table in statement}
    with psycopg.connect(dsn("read"), prepare_threshold=None) as connection:
        rows = connection.execute("EXPLAIN " + statement, {key: KNOWN.get(key) for key in wanted}).fetchall()
    plan = "\n".join(row[0] for row in rows)
    assert not [table for table in INSIDE - own if table in plan], f"the function is merged into the statement\n{plan}"
