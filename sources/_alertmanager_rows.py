"""Alertmanager's messages to Events: the webhook's version 4 and the list of ``/api/v2/alerts``.

Source: Alertmanager's template data and API v2 (2026-08). An alert's own status counts, never its group's. ``endsAt``
of an alert that fires is the zero time in the webhook and a guess ahead of now in the API: never an end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from geodata.records import Event
from sources._alert_events import AlertOptions, began, ended, event, fingerprint, ignored, seconds, texts
from sources._sites import Row, garbled, kept, unused
from sources._values import dumped, loads, number, text

PULLED = {"active": "firing", "unprocessed": "firing", "suppressed": "suppressed"}


def read(payload: bytes, options: AlertOptions, received: datetime | None) -> Iterator[Row]:
    """The alerts of one webhook message, or of one answer of the API. Never raises."""
    try:
        body = loads(payload)
        alerts = body.get("alerts") if isinstance(body, Mapping) else body
        if not isinstance(alerts, list):
            raise ValueError("neither a webhook message nor a list of alerts")  # noqa: TRY004, TRY301 (one way out)
    except ValueError as error:
        yield garbled(payload, error, received)
        return
    for alert in alerts:
        try:
            yield from _alert(alert, options, received)
        except (ValueError, RecursionError) as error:
            yield garbled(_whole(alert, body), error, received, "malformed")
    if isinstance(body, Mapping) and (cut := left_out(body)):
        yield unused("truncated", received, f"{cut} alerts left out of a message")


def left_out(body: Mapping[str, Any]) -> int:
    """How many alerts a message of the webhook does not hold (``max_alerts`` of its receiver)."""
    try:
        return max(0, int(number(body.get("truncatedAlerts"))))
    except ValueError:
        return 0


def _whole(alert: Any, body: Any) -> bytes:
    """One alert in the form of a whole message."""
    return kept({"version": "4", "alerts": [alert]} if isinstance(body, Mapping) else [alert])


def _alert(alert: Any, options: AlertOptions, received: datetime | None) -> Iterator[Row]:
    if not isinstance(alert, Mapping):
        raise ValueError("not an alert")  # noqa: TRY004 (what is wrong is the payload)
    dumped(alert)  # a NUL byte also in what is no label
    labels = texts(alert.get("labels"), "labels")
    if ignored(labels, options):
        yield unused("ignored_alert", received, labels["alertname"])
        return
    status = _status(alert.get("status"))
    start = began(alert.get("startsAt"))
    end = ended(alert.get("endsAt"), start) if status == "resolved" else None
    if status == "resolved" and end is None:
        raise ValueError("resolved, and no endsAt")
    notes = texts(alert.get("annotations") or {}, "annotations")
    yield from event(identity(alert, labels, start), labels, notes, (start, end, status), options, received)


def identity(alert: Mapping[str, Any], labels: Mapping[str, str], start: datetime) -> str:
    """Fingerprint and start: the same alert that fires again later is another event."""
    return f"alert:{text(alert.get('fingerprint')) or fingerprint(labels)}:{seconds(start)}"


def _status(value: Any) -> str:
    """firing, resolved (webhook) or active, suppressed (API)."""
    word = text(value.get("state")) if isinstance(value, Mapping) else text(value)
    if word in {"firing", "resolved"} and not isinstance(value, Mapping):
        return str(word)
    if isinstance(value, Mapping) and word in PULLED:
        return PULLED[word]
    raise ValueError(f"no status of an alert: {str(value)[:40]!r}")


def events(rows: list[Row]) -> list[Event]:
    return [row for row in rows if isinstance(row, Event)]
