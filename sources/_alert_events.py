"""Alerts of Prometheus and Alertmanager as Events of sites: severity, category, site, life cycle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from geodata.records import JSON, Event, Thing
from sources._sites import SiteOptions, masked, thing
from sources._values import dumped, instant, text
from sources._vocabulary import category

SEVERITIES: Mapping[str, int] = {
    **dict.fromkeys(("critical", "emergency", "disaster", "fatal", "nghiêm trọng", "5"), 5),
    **dict.fromkeys(("high", "error", "major", "page", "cao", "4"), 4),
    **dict.fromkeys(("warning", "warn", "medium", "moderate", "average", "trung bình", "3"), 3),
    **dict.fromkeys(("low", "minor", "notice", "thấp", "2"), 2),
    **dict.fromkeys(("info", "information", "none", "debug", "thông tin", "1"), 1),
}
"""Usual words of the label ``severity`` on the ramp 1 (thông tin) to 5 (nghiêm trọng)."""

MAX_LABELS = 64
MAX_TEXT = 2000
FNV_OFFSET, FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3


class AlertOptions(SiteOptions):
    """``severities`` and ``categories`` map the source's words (a category also an alert's name) to ours.

    ``parent_labels`` name the site above; ``ignore`` are alerts that only prove that alerting works.
    """

    severities: Mapping[str, int] = Field(default_factory=dict)
    categories: Mapping[str, str] = Field(default_factory=dict)
    category_labels: tuple[str, ...] = ("category", "type", "alertname")
    site_labels: tuple[str, ...] = ("site", "target", "instance")
    name_label: str = "site_name"
    agency_label: str = "agency"
    parent_labels: tuple[str, ...] = ("parent", "depends_on", "upstream")
    ignore: tuple[str, ...] = ("Watchdog", "InfoInhibitor")


def texts(value: Any, what: str) -> dict[str, str]:
    """Labels or annotations. Raises ValueError."""
    if not isinstance(value, Mapping):
        raise ValueError(f"an alert without {what}")  # noqa: TRY004 (what is wrong is the payload)
    dumped(value)
    found = {str(name): str(word) for name, word in value.items() if text(word) is not None}
    return dict(sorted(found.items())[:MAX_LABELS])


def fingerprint(labels: Mapping[str, str]) -> str:
    """Alertmanager's name of a set of labels: FNV-1a, 64 bits, over the sorted names and values, each ended by 0xFF."""
    total = FNV_OFFSET
    for byte in b"".join(f"{name}".encode() + b"\xff" + labels[name].encode() + b"\xff" for name in sorted(labels)):
        total = ((total ^ byte) * FNV_PRIME) & 0xFFFFFFFFFFFFFFFF
    return f"{total:016x}"


def began(value: Any) -> datetime:
    """The time an alert began. Raises ValueError."""
    return instant(value)


def ended(value: Any, start: datetime) -> datetime | None:
    """The time an alert ended; None for the zero time (year 1), which stands for none. Never before its start."""
    word = text(value)
    if word is None or word.startswith("0001-"):
        return None
    return max(instant(word), start)


def severity(labels: Mapping[str, str], options: AlertOptions) -> int | None:
    """1…5; None for a word that nobody declared."""
    word = labels.get("severity", "").strip().casefold()
    own = {name.casefold(): level for name, level in options.severities.items()}
    return own.get(word, SEVERITIES.get(word))


def _category(labels: Mapping[str, str], options: AlertOptions) -> str:
    words = [word for label in options.category_labels if (word := labels.get(label))]
    mapped = next((options.categories[word] for word in words if word in options.categories), None)
    return mapped or category(options.service, *words) or "other"


def site(labels: Mapping[str, str], options: AlertOptions, received: datetime | None) -> Thing | None:
    """The site an alert is about; None when no label names one."""
    word = next((labels[name] for name in options.site_labels if labels.get(name)), None)
    return thing(word, options, received, name=labels.get(options.name_label), agency=labels.get(options.agency_label))


def event(
    identity: str,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    life: tuple[datetime, datetime | None, str],
    options: AlertOptions,
    received: datetime | None,
) -> Iterator[Thing | Event]:
    """The Thing of the site, when there is one, and the Event. ``life`` is start, end, status."""
    about = site(labels, options, received)
    if about is not None:
        yield about
    start, end, status = life
    parent = next((labels[name] for name in options.parent_labels if labels.get(name)), None)
    properties: dict[str, JSON] = {
        "labels": _masked(labels),
        "annotations": _masked(annotations),
        "fingerprint": fingerprint(labels),
        **({"parent": masked(parent)} if parent else {}),
    }
    title = annotations.get("summary") or labels.get("alertname") or labels.get("title")
    yield Event(
        id=identity,
        time=start,
        end_time=end,
        category=_category(labels, options),
        title=masked(title)[:300] if title else None,
        description=masked(annotations.get("description") or annotations.get("message") or "")[:MAX_TEXT] or None,
        thing_id=about.id if about else None,
        geometry=about.geometry if about else None,
        severity=severity(labels, options),
        status=status,
        url=annotations.get("runbook_url") or annotations.get("dashboard_url"),
        properties=properties,
        received_at=received,
    )


def _masked(words: Mapping[str, str]) -> dict[str, JSON]:
    return {name: masked(word)[:MAX_TEXT] for name, word in words.items()}


def ignored(labels: Mapping[str, str], options: AlertOptions) -> bool:
    return labels.get("alertname") in options.ignore


def seconds(time: datetime) -> int:
    """Whole Unix seconds, as ids carry a start."""
    return int(time.astimezone(UTC).timestamp())


def open_ones(events: Iterable[Event]) -> dict[str, JSON]:
    """What a cursor must hold of events without end, so that their end can be told later."""
    return {event.id: dehydrated(event) for event in events if event.end_time is None}


def dehydrated(event: Event) -> dict[str, JSON]:
    """An Event as JSON for the cursor; its place is its Thing's."""
    return {
        "time": event.time.isoformat(),
        "category": event.category,
        "title": event.title,
        "description": event.description,
        "thing_id": event.thing_id,
        "severity": event.severity,
        "url": event.url,
        "properties": dict(event.properties),
    }


def closed(identity: str, kept: Any, end: datetime) -> Event:
    """The Event of a cursor, resolved at ``end``, which is when we saw that it was gone. Raises ValueError."""
    if not isinstance(kept, Mapping):
        raise ValueError("not an event of a cursor")  # noqa: TRY004 (what is wrong is the cursor)
    start = instant(kept.get("time"))
    own = kept.get("properties")
    return Event(
        id=identity,
        time=start,
        end_time=max(end, start),
        category=text(kept.get("category")),
        title=text(kept.get("title")),
        description=text(kept.get("description")),
        thing_id=text(kept.get("thing_id")),
        severity=kept.get("severity") if isinstance(kept.get("severity"), int) else None,
        status="resolved",
        url=text(kept.get("url")),
        properties={**(own if isinstance(own, Mapping) else {}), "end": "seen"},
    )
