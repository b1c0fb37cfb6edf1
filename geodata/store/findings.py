"""Findings in the store: what stands, and what changed, in one transaction each. Synchronous, role watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import shapely
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from geodata.sql import text
from geodata.store.pool import Connection
from geodata.store.turn import OneTurn
from geodata.watch.course import Change, Finding
from geodata.watch.signs import Row

LOOKS_TOLD = timedelta(seconds=15)
"""Well within the pause that a watch may make (``watch_pause`` in geodata/sql/functions)."""

Standing = Mapping[str, Mapping[str, Finding]]
"""By rule, by key."""


class FindingStore(OneTurn):
    """What the watch keeps. Only one watch of a city has its turn; the others stand by."""

    folder = "watch"

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self._looked: datetime | None = None

    def looked(self, at: datetime) -> None:
        """Writes down that a look at that instant took place; of looks close to each other one is enough."""
        if self._looked is None or abs(at - self._looked) >= LOOKS_TOLD:
            with self._open() as connection:
                connection.execute(text("watch", "looked"), {"at": at})
            self._looked = at

    def standing(self, after: datetime) -> Standing:
        """The newest finding of each rule and key that is open, or was closed after that instant."""
        with self._open() as connection, connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(text("watch", "standing"), {"after": after}).fetchall()
        found: dict[str, dict[str, Finding]] = {}
        for row in rows:
            finding = finding_of(row)
            found.setdefault(finding.rule, {})[finding.key] = finding
        return found

    def apply(self, changes: Sequence[Change]) -> list[Finding]:
        """Stores the changes and tells who listens, all or nothing; the findings with their ids, in the same order."""
        if not changes:
            return []
        kept, seen = [], False
        with self._open() as connection, connection.transaction():
            for change in changes:
                finding, turned = self._store(connection, change.finding)
                kept.append(finding)
                if change.what != "keep":
                    connection.execute(text("watch", "journal"), _line(change, finding))
                seen |= turned or change.what != "keep"  # a fact that moved is no news
            if seen:
                connection.execute(text("watch", "bump"))
        return kept

    @staticmethod
    def _store(connection: Connection, finding: Finding) -> tuple[Finding, bool]:
        """The finding with its id, and whether its condition has gone or come again, which pages say."""
        query = "open" if finding.id is None else "change"
        row = connection.execute(text("watch", query), _params(finding)).fetchone()
        assert row is not None
        return (finding, bool(row[0])) if finding.id is not None else (replace(finding, id=int(row[0])), False)


def finding_of(row: dict[str, Any]) -> Finding:
    """A finding from its columns, ``geom`` as WKB ``geometry``; the mapping is used up."""
    wkb = row.pop("geometry")
    return Finding(
        **{key: value for key, value in row.items() if key not in {"finding_id", "rows", "limits"}},
        id=row["finding_id"],
        geometry=shapely.from_wkb(bytes(wkb)) if wkb is not None else None,
        rows=tuple(_row(r) for r in row["rows"]),
        limits=tuple(row["limits"]),
    )


def _row(value: Mapping[str, Any]) -> Row:
    time = datetime.fromisoformat(value["time"]) if value.get("time") else None
    return Row(value["service"], value["kind"], value["id"], time, value.get("source"))


def _params(finding: Finding) -> dict[str, object]:
    names = Finding.__dataclass_fields__
    values: dict[str, object] = {name: getattr(finding, name) for name in names}
    values["geometry"] = shapely.to_wkb(finding.geometry) if finding.geometry is not None else None
    values["facts"] = Jsonb(dict(finding.facts))
    values["rows"] = Jsonb([row.as_json() for row in finding.rows])
    values["limits"] = Jsonb([dict(limit) for limit in finding.limits])
    return values


def _line(change: Change, finding: Finding) -> dict[str, object]:
    detail: dict[str, object] = {"facts": dict(finding.facts), "opened_at": finding.opened_at.isoformat()}
    if change.what == "close":
        detail |= {"reason": finding.close_reason, "closed_at": str(finding.closed_at)}
    if change.what == "unknown":
        detail |= {"cause": finding.unknown_cause}
    return {
        "id": finding.id,
        "updated_at": finding.updated_at,
        "what": change.what,
        "level": finding.level,
        "detail": Jsonb(detail),
    }
