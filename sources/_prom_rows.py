"""Samples to Observations of sites, by the queries that the options declare."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from geodata.records import JSON, Observation, Rejected, Thing
from sources._prom_samples import Sample
from sources._sites import Row, SiteOptions, garbled, kept, thing, unused
from sources._values import instant, text

UP_WORDS = {"1": "up", "0": "down"}


class Query(BaseModel):
    """What is asked, and what the numbers mean. ``unit`` is their UCUM code; without one the result is a word.

    ``query`` is PromQL, or in a text exposition the name of a metric; ``match`` are labels that a sample must carry.
    ``until``: the number is an instant in Unix seconds, and the result the days left until then. ``timed``: the
    instant of the last scrape is asked for as well (a plain selector only), else a result stands at the time of asking.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    query: str
    observed_property: str
    unit: str | None = None
    words: Mapping[str, str] = Field(default_factory=dict)
    match: Mapping[str, str] = Field(default_factory=dict)
    factor: float = 1.0
    until: bool = False
    timed: bool = False
    every_s: float = Field(default=0, ge=0)


BLACKBOX = (
    Query(query="probe_success", observed_property="up", words=UP_WORDS),
    Query(query="probe_duration_seconds", observed_property="response_time", unit="s"),
    Query(query="probe_http_status_code", observed_property="http_status"),
    Query(query="probe_ssl_earliest_cert_expiry", observed_property="certificate_days", unit="d", until=True),
)
"""What the blackbox exporter tells of a site, wherever Prometheus scraped it."""


class RowOptions(SiteOptions):
    """``labels`` are those that may name the site, the first present counts; ``thing`` names it where none does."""

    queries: tuple[Query, ...] = BLACKBOX
    labels: tuple[str, ...] = ("site", "target", "instance")
    name_label: str = "site_name"
    agency_label: str = "agency"
    thing: str | None = None
    stale_s: float = Field(default=600, gt=0)


def asked(sample: Sample, query: str | None, options: RowOptions) -> Query | None:
    """The declared query that a sample answers: the one named, else the one whose metric it is."""
    for entry in options.queries:
        known = entry.query in ({query} if query else {sample.name})
        if known and all(sample.labels.get(name) == value for name, value in entry.match.items()):
            return entry
    return None


def rows(
    samples: Iterable[Sample | Rejected],
    options: RowOptions,
    arrival: datetime,
    *,
    query: str | None = None,
    received: datetime | None = None,
    since: timedelta | None = None,
) -> Iterator[Row]:
    """A Thing and an Observation for each sample (``merged`` makes one Thing of them). ``received``: in a recording.

    A sample older than ``stale_s`` (or ``since``) before ``arrival`` is what the source has forgotten to take back.
    """
    oldest = arrival - (since or timedelta(seconds=options.stale_s))
    for sample in samples:
        if isinstance(sample, Rejected):
            yield sample
            continue
        entry = asked(sample, query, options)
        if entry is None:
            yield unused("unused_metric", received, sample.name or "")
        elif sample.time is not None and sample.time < oldest:
            yield unused("stale", received, f"{sample.name} of {sample.time.isoformat()}")
        else:
            yield from _row(sample, entry, options, arrival, received)


def _row(
    sample: Sample,
    entry: Query,
    options: RowOptions,
    arrival: datetime,
    received: datetime | None,
) -> Iterator[Row]:
    try:
        site = _site(sample.labels, options, received)
        if site is None:
            yield garbled(sample.piece, f"none of the labels {', '.join(options.labels)}", received, "no_site")
            return
        when = sample.time or arrival
        result = _result(float(sample.value), entry, when)
    except (ValueError, OverflowError) as error:
        yield garbled(sample.piece, error, received, "malformed")
        return
    if result is None:
        yield unused("no_value", received, f"{sample.name or entry.query} {sample.value}")
        return
    if entry.words and result not in entry.words.values():
        yield garbled(sample.piece, f"no word for {sample.value}", received, "unknown_word")
        return
    yield site
    yield Observation(
        thing_id=site.id,
        observed_property=entry.observed_property,
        phenomenon_time=when,
        result=result,
        unit=entry.unit,
        received_at=received,
    )


def _site(labels: Mapping[str, str], options: RowOptions, received: datetime | None) -> Thing | None:
    name = options.thing or next((word for label in options.labels if (word := labels.get(label))), None)
    return thing(
        name,
        options,
        received,
        name=text(labels.get(options.name_label)),
        agency=text(labels.get(options.agency_label)),
    )


def _result(value: float, entry: Query, when: datetime) -> float | str | None:
    """The result; None where the number says that there is none: NaN, an infinity, status 0, no certificate."""
    if not math.isfinite(value):
        return None
    if entry.until:
        return (value * entry.factor - when.timestamp()) / 86400 if value > 0 else None
    if entry.unit is not None:
        found = value * entry.factor
        return found if math.isfinite(found) else None
    word = f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"
    if entry.words:
        return entry.words.get(word, f"?{word}")
    return word if value else None


def targets(entries: list[Any], options: RowOptions, received: datetime | None) -> Iterator[Row]:
    """Whether Prometheus reaches what it watches. Of ``/api/v1/targets``: activeTargets."""
    for target in entries:
        try:
            yield from _target(target, options, received)
        except (ValueError, AttributeError) as error:
            yield garbled(kept({"data": {"activeTargets": [target]}}), error, received, "malformed")


def _target(target: Any, options: RowOptions, received: datetime | None) -> Iterator[Row]:
    found: dict[str, JSON] = target["labels"] if isinstance(target, Mapping) and "labels" in target else {}
    labels = {str(name): str(value) for name, value in found.items() if isinstance(value, str)}
    site = _site(labels, options, received)
    health = text(target.get("health"))
    if site is None or health not in {"up", "down", "unknown"}:
        raise ValueError("a target without site or health")
    if health == "unknown":  # not scraped yet: its last scrape is the year 1
        yield unused("unknown_health", received, site.id)
        return
    yield site
    yield Observation(
        thing_id=site.id,
        observed_property="up",
        phenomenon_time=instant(target.get("lastScrape")),
        result=health,
        received_at=received,
    )
