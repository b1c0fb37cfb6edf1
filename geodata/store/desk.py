"""The desk's journal: what people did, appended only. Synchronous, role desk."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

import psycopg
from psycopg.types.json import Jsonb

from geodata.sql import text
from geodata.store.failures import translated

Deed = Literal[
    "acknowledge", "assign", "note", "link", "snooze", "wake", "close", "reopen", "step", "handover", "release_wall"
]


class Desk:
    """Writes acts; each call is one transaction that tells everyone who listens. Threads may share one."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    def act(
        self, who: str, what: Deed, finding_id: int | None = None, detail: Mapping[str, object] | None = None
    ) -> tuple[int, datetime]:
        """Appends a line: its number and time. ``who``: the user's name. ``detail`` by deed, see contracts.md 15.

        Raises UnknownFinding, StoreGone, CannotConnect.
        """
        values = {"who": who, "what": what, "finding_id": finding_id, "detail": Jsonb(dict(detail or {}))}
        with translated(self._dsn), psycopg.connect(self._dsn) as connection:
            connection.execute(text("watch", "bump"))  # first: it makes acts wait for each other, so that their
            row = connection.execute(text("desk", "act"), values).fetchone()  # numbers appear in their order
        assert row is not None
        return int(row[0]), row[1]
