"""Deleting what may not be kept for longer; role owner."""

from __future__ import annotations

from datetime import datetime

import psycopg

from geodata.sql import text
from geodata.store.failures import translated


def prune_service(dsn: str, service: str, before: datetime) -> int:
    """Records of a service with an own time before ``before``; cases only when closed. The number of rows."""
    return _count(dsn, "prune_service", {"service": service, "before": before})


def prune_rejections(dsn: str, before: datetime) -> int:
    """Rejected payloads that arrived before ``before``; the ledger keeps their number."""
    return _count(dsn, "prune_rejections", {"before": before})


def _count(dsn: str, name: str, values: dict[str, object]) -> int:
    with translated(dsn), psycopg.connect(dsn) as connection:
        row = connection.execute(text("setup", name), values).fetchone()
    return int(row[0]) if row and row[0] is not None else 0
