"""Prometheus: instant queries, alerts and targets of its HTTP API; the text exposition of an exporter or a probe.

A query of the API stands at the time it was evaluated, so a series that ended is missing in the next answer, and its
last result grows old by itself. What is declared in the options is read; all else is counted.

A recording's body is one answer as sent: an exposition, or an envelope of the API, with a key ``query`` added where
the samples carry no metric name.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from geodata.records import Event, Observation, Record, Rejected, Thing
from geodata.store.types import Batch, Cursor
from sources._alert_events import AlertOptions, began, event, fingerprint, ignored, seconds, texts
from sources._prom_client import Client, poll
from sources._prom_rows import RowOptions, rows, targets
from sources._prom_samples import answered, exposed
from sources._sites import Row, garbled, kept, merged, unused
from sources._values import loads, text
from sources.base import Context, Source

LONG_AGO = timedelta(days=3650)


class PrometheusOptions(RowOptions, AlertOptions):
    """``url`` is the root of a Prometheus (``mode`` api), or what exposes metrics as text (``mode`` text).

    With ``probes`` the text is asked of a blackbox exporter: ``url?target=…&module=…`` for each site of the map.
    ``backfill_h``: after a pause of ours so many hours at most are asked again with ``query_range``.
    """

    url: str
    mode: Literal["api", "text"] = "api"
    alerts: bool = False
    targets: bool = False
    probes: Mapping[str, str] = Field(default_factory=dict)
    module: str = "http_2xx"
    token_env: str | None = None
    username: str = ""
    password_env: str | None = None
    parallel: int = Field(default=4, ge=1, le=16)
    backfill_h: float = Field(default=0, ge=0, le=168)
    poll_s: float = Field(default=60, gt=0)


def parse(payload: bytes, options: PrometheusOptions, arrival: datetime) -> Iterator[Record | Rejected]:
    """One answer, of the API when it is a JSON object, else text. Never raises."""
    if payload.lstrip()[:1] in {b"{", b"["}:
        yield from merged(envelope(payload, options, arrival, arrival))
    else:
        yield from merged(rows(exposed(payload, arrival), options, arrival, received=arrival))


def envelope(
    payload: bytes, options: PrometheusOptions, arrival: datetime, received: datetime | None, query: str | None = None
) -> Iterator[Row]:
    """What one answer of the API holds: samples, alerts or targets, and what it warns of."""
    try:
        body = loads(payload)
        if not isinstance(body, Mapping) or text(body.get("status")) not in {"success", "error"}:
            raise ValueError("no envelope of the Prometheus API")  # noqa: TRY301 (what is wrong is the payload)
        yield from _told(body, received)
        query = query or text(body.get("query"))
        data = body.get("data")
        if isinstance(data, Mapping) and isinstance(found := data.get("alerts"), list):
            yield from _alerts(found, options, received)
        elif isinstance(data, Mapping) and isinstance(found := data.get("activeTargets"), list):
            yield from targets(found, options, received)
            dropped = data.get("droppedTargets")
            yield from (unused("dropped_target", received) for _ in (dropped if isinstance(dropped, list) else []))
        elif body["status"] == "success" or isinstance(data, Mapping):
            if not isinstance(data, Mapping):
                raise ValueError("an answer without data")  # noqa: TRY004, TRY301 (as above)
            since = LONG_AGO if data.get("resultType") == "matrix" else None  # a range is asked for the past
            samples = answered(body, query, received)
            yield from rows(samples, options, arrival, query=query, received=received, since=since)
    except (ValueError, RecursionError) as error:
        yield garbled(payload, error, received)


def _told(body: Mapping[str, Any], received: datetime | None) -> Iterator[Rejected]:
    """An error is kept; a warning (part of the data may be missing) is counted."""
    if body["status"] == "error":
        words = f"{text(body.get('errorType')) or 'error'}: {text(body.get('error')) or 'no reason given'}"
        yield garbled(
            kept({key: value for key, value in body.items() if key != "data"}), words, received, "source_error"
        )
    for key in ("warnings", "infos"):
        entries = body.get(key)
        for entry in entries if isinstance(entries, list) else []:
            yield unused("source_warning", received, text(entry) or "")


def _alerts(entries: list[Any], options: PrometheusOptions, received: datetime | None) -> Iterator[Row]:
    for entry in entries:
        try:
            if not isinstance(entry, Mapping):
                raise ValueError("not an alert")  # noqa: TRY004, TRY301 (what is wrong is the payload)
            labels = texts(entry.get("labels"), "labels")
            if ignored(labels, options):
                yield unused("ignored_alert", received, labels["alertname"])
                continue
            start = began(entry.get("activeAt"))
            state = text(entry.get("state"))
            if state not in {"pending", "firing"}:
                raise ValueError(f"no state of an alert: {state!r}")  # noqa: TRY301 (as above)
            identity = f"prometheus:{fingerprint(labels)}:{seconds(start)}"
            notes = texts(entry.get("annotations") or {}, "annotations")
            yield from event(identity, labels, notes, (start, None, state), options, received)
        except ValueError as error:
            yield garbled(kept({"status": "success", "data": {"alerts": [entry]}}), error, received, "malformed")


async def batches(options: PrometheusOptions, context: Context, cursor: Cursor | None) -> AsyncGenerator[Batch, None]:
    """One poll: every query that is due, then alerts and targets, or the text. Raises SourceError."""
    options = options.model_copy(update={"service": context.service or options.service})
    async with aclosing(poll(Client(options, context), cursor, envelope)) as flow:
        async for batch in flow:
            yield batch


SOURCE = Source(
    protocol="prometheus",
    title="Prometheus HTTP API and text exposition",
    kinds=frozenset({Thing, Observation, Event}),
    options=PrometheusOptions,
    batches=batches,
    parse=parse,
    poll_s=lambda options: options.poll_s,
    suffixes=(".json", ".prom", ".txt"),
    libraries=("httpx", "prometheus-client"),
    limits="declared queries only; no histograms; 11,000 points a series when catching up",
)
