"""``vonglau services``: the catalogue with the state of every feed, and one feed in detail."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pandas as pd

from geodata.catalogue import services
from geodata.commands.db import store_options
from geodata.errors import UnknownName
from geodata.settings import Settings
from geodata.store.types import ServiceState, SourceState

if TYPE_CHECKING:
    from geodata.store.reader import Reader

Measures = Mapping[str, Mapping[str, float | None]]
"""By source: ``lag_p95_s`` and ``lag_n`` (a sample of 24 h), ``per_minute`` (of the last 15 minutes)."""

SAMPLES = 3


@click.command(name="services")
@store_options
@click.option("--source", "source_id", help="One source in detail, with the newest rejected payloads.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list, one object a service; with --source one object.")
def command(city: str | None, data: Path | None, source_id: str | None, as_json: bool) -> None:
    """List every service of the city with its state, version, sources and ledger."""
    from geodata.city import cities
    from geodata.store.connect import database
    from geodata.store.reader import Reader

    settings = Settings.from_environ(data=data, city=city)
    if settings.city not in cities():
        raise UnknownName(kind="city", name=settings.city, known=", ".join(cities()))
    with database(settings, "read") as db, Reader(db.dsn) as reader:
        found = reader.services(settings.city)
        measures = _measures(reader)
        if source_id is not None:
            detail = _detail(reader, found, measures, source_id)
            click.echo(json.dumps(detail, ensure_ascii=False, indent=1) if as_json else _card(detail))
            return
    if as_json:
        click.echo(json.dumps([_service(s, measures) for s in found], ensure_ascii=False, indent=1))
    else:
        click.echo(_table(found, measures))


def _measures(reader: Reader) -> Measures:
    end = datetime.now(UTC)
    start = end - timedelta(hours=24)
    strips = reader.query("ledger_strip", start=start, end=end, buckets=1)
    lags = reader.query("source_lag", start=start, end=end)
    found: dict[str, dict[str, float | None]] = {
        str(name): {"lag_p95_s": None, "lag_n": 0, "per_minute": round(float(rate), 2)}
        for name, rate in zip(strips["source"], strips["per_minute"], strict=True)
    }
    for name, p95, n in zip(lags["source"], lags["p95_s"], lags["n"], strict=True):
        found[str(name)] |= {"lag_p95_s": round(float(p95), 3), "lag_n": int(n)}
    return found


def _service(state: ServiceState, measures: Measures) -> dict[str, Any]:
    known = services()[state.id]
    return {
        "id": state.id,
        "title_vi": known.title_vi,
        "title_en": known.title_en,
        "state": state.state,
        "last_received": state.last_received.isoformat() if state.last_received else None,
        "age_s": state.age_s,
        "version": state.version,
        "sources": [_source(s, measures) for s in state.sources],
    }


def _source(state: SourceState, measures: Measures) -> dict[str, Any]:
    return {
        "id": state.id,
        "protocol": state.protocol,
        "state": state.state,
        "since": state.since.isoformat() if state.since else None,
        "last_error": state.last_error,
        "simulated": state.simulated,
        "received": state.received,
        "stored": state.stored,
        "duplicate": state.duplicate,
        "rejected": dict(state.rejected),
        "last_received": state.last_received.isoformat() if state.last_received else None,
        "cadence_s": state.cadence_s,
        **measures.get(state.id, {}),
    }


def _detail(reader: Reader, found: Sequence[ServiceState], measures: Measures, source_id: str) -> dict[str, Any]:
    """One source with what hangs on it and the newest rejected payloads. Raises UnknownName."""
    known = {source.id: source for service in found for source in service.sources}
    if source_id not in known:
        raise UnknownName(kind="source", name=source_id, known=", ".join(known) or "none")
    card = reader.query("source_card", source=source_id).iloc[0]
    things = reader.query("source_things", source=source_id).iloc[0]
    samples = reader.query("rejection_samples", source=source_id, limit=SAMPLES)
    return _source(known[source_id], measures) | {
        "service": known[source_id].service,
        "title_vi": known[source_id].title_vi,
        **{name: card[name] for name in ("operator", "owner", "project", "license", "attribution")},
        "holds": {str(name): int(n) for name, n in things.items()},
        "rejections": [_rejection(row) for row in samples.itertuples()],
    }


def _rejection(row: Any) -> dict[str, Any]:
    """From a row of ``rejection_samples``."""
    payload = row.payload if isinstance(row.payload, bytes) else None
    return {
        "reason": row.reason,
        "received_at": row.received_at.isoformat(),
        "detail": row.detail,
        "payload": None if payload is None else payload.decode("utf-8", "backslashreplace"),
        "bytes": None if payload is None else int(row.size),
        "mended": bool(pd.notna(row.mended_at)),
    }


def _card(detail: Mapping[str, Any]) -> str:
    """The same as lines; payloads last, the first 400 characters of each."""
    lines = []
    for name, value in detail.items():
        if name != "rejections":
            told = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, Mapping) else value
            lines.append(f"{name:15}{'' if told is None else told}".rstrip())
    for one in detail["rejections"]:
        mended = " (read again since)" if one["mended"] else ""
        lines += ["", f"{one['received_at']}  {one['reason']}  {one['detail']}{mended}"]
        payload = one["payload"]
        lines.append("  (kept apart: personal data)" if payload is None else f"  {_printable(payload[:400])}")
    return "\n".join(lines)


def _printable(text: str) -> str:
    """A payload may hold what a terminal would obey."""
    return "".join(c if c.isprintable() else " " if c in "\r\n\t" else repr(c)[1:-1] for c in text)


HEAD = (
    "service", "state", "age", "version", "source", "age/cadence", "lag p95", "a minute", "received", "stored",
    "duplicate", "rejected", "error",
)  # fmt: skip


def _table(found: Sequence[ServiceState], measures: Measures) -> str:
    rows: list[tuple[str, ...]] = [HEAD]
    for service in found:
        age = "" if service.age_s is None else f"{service.age_s:.0f} s"
        first: tuple[str, ...] = (service.id, service.state, age, str(service.version))
        for source in service.sources:
            rows.append((*first, *_cells(source, measures.get(source.id, {}))))
            first = ("", "", "", "")
        if not service.sources:
            rows.append((*first, *[""] * (len(HEAD) - len(first))))
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def _cells(source: SourceState, measure: Mapping[str, float | None]) -> tuple[str, ...]:
    name = f"{source.id}{' (simulated)' if source.simulated else ''}: {source.state}"
    last = source.last_received
    age = "" if last is None else f"{(datetime.now(UTC) - last).total_seconds():.0f}/{source.cadence_s:.0f} s"
    lag, rate = measure.get("lag_p95_s"), measure.get("per_minute")
    reasons = ", ".join(f"{reason} {n}" for reason, n in sorted(source.rejected.items(), key=lambda r: -r[1]))
    total = sum(source.rejected.values())
    return (
        name,
        age,
        "" if lag is None else f"{lag:.0f} s",
        "" if rate is None else f"{rate:.1f}",
        *map(str, (source.received, source.stored, source.duplicate)),
        f"{total} ({reasons})" if reasons else "0",
        source.last_error or "",
    )
