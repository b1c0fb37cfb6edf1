"""Uptime Kuma's metrics and status pages to Things and Observations. Source: its source of 2026-08."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from geodata.records import Observation, Quality, Rejected, Thing
from sources._prom_samples import Sample
from sources._sites import Row, SiteOptions, garbled, kept, masked, thing, unused
from sources._values import instant, number, text

STATES: Mapping[int, tuple[str, Quality]] = {
    1: ("up", Quality.MEASURING),
    0: ("down", Quality.MEASURING),
    2: ("pending", Quality.MEASURING),
    3: ("maintenance", Quality.MAINTENANCE),
}

OWN_LABELS = frozenset(f"monitor_{name}" for name in ("id", "name", "type", "url", "hostname", "port")) | {
    "window",
    "__name__",
}
USED = frozenset(["monitor_status", "monitor_response_time", "monitor_cert_days_remaining", "monitor_uptime_ratio"])

Names = Mapping[str, str]
"""What the monitors of a status page are called, by their number."""


def observed(
    about: Thing, name: str, when: datetime, result: float | str, unit: str | None, received: datetime | None
) -> Observation:
    return Observation(
        thing_id=about.id,
        observed_property=name,
        phenomenon_time=when,
        result=result,
        unit=unit,
        received_at=received,
    )


def up(about: Thing, state: object, when: datetime, received: datetime | None) -> Observation:
    """The state of a monitor. Raises ValueError for one that is none."""
    found = STATES.get(int(number(state)))
    if found is None:
        raise ValueError(f"no state of a monitor: {state!r}"[:80])
    word, quality = found
    return Observation(
        thing_id=about.id,
        observed_property="up",
        phenomenon_time=when,
        result=word,
        quality=quality,
        received_at=received,
    )


def measured(
    samples: Iterable[Sample | Rejected], options: SiteOptions, now: datetime, received: datetime | None
) -> Iterator[Row]:
    """``/metrics``: each monitor's state, response time, certificate and uptime of a day."""
    told: set[str] = set()
    for sample in samples:
        if isinstance(sample, Rejected):
            yield sample
        elif sample.name not in USED or sample.labels.get("window", "1d") != "1d":
            yield unused("unused_metric", received, sample.name or "")
        else:
            yield from _measured(sample, options, now, received, told)


def _measured(
    sample: Sample, options: SiteOptions, now: datetime, received: datetime | None, told: set[str]
) -> Iterator[Row]:
    try:
        about = _monitor(sample.labels, options, received)
        found = _value(about, sample, sample.time or now, received)
    except (ValueError, OverflowError) as error:
        yield garbled(sample.piece, error, received, "malformed")
        return
    if found is None:
        yield unused("no_value", received, f"{sample.name} {sample.value}")
        return
    if about.id not in told:
        told.add(about.id)
        yield about
    yield found


def _monitor(labels: Mapping[str, str], options: SiteOptions, received: datetime | None) -> Thing:
    """By number, in older versions by name; a tag of the monitor is a label."""
    number_, name = labels.get("monitor_id"), labels.get("monitor_name")
    word = next((entry for entry in (number_, name) if entry in options.sites), number_ or name)
    tags = {label: masked(value) for label, value in sorted(labels.items()) if label not in OWN_LABELS}
    kind = text(labels.get("monitor_type"))
    found = thing(
        word,
        options,
        received,
        name=name,
        agency=labels.get("agency"),
        properties={"monitor_type": kind, **({"tags": tags} if tags else {})},
    )
    if found is None:
        raise ValueError("a sample without monitor_id and monitor_name")
    return found


def _value(about: Thing, sample: Sample, when: datetime, received: datetime | None) -> Observation | None:
    if sample.name == "monitor_status":
        return up(about, sample.value, when, received)
    value = float(sample.value)
    if not -1e12 < value < 1e12:  # NaN too
        return None
    if sample.name == "monitor_response_time":  # −1 is none
        return observed(about, "response_time", when, value, "ms", received) if value >= 0 else None
    if sample.name == "monitor_cert_days_remaining":
        return observed(about, "certificate_days", when, value, "d", received)
    return _uptime(about, value, when, received)


def _uptime(about: Thing, ratio: float, now: datetime, received: datetime | None) -> Observation:
    """Of the last 24 h, at whole minutes, as often as it is worked out."""
    end = now.astimezone(UTC).replace(second=0, microsecond=0)
    return Observation(
        thing_id=about.id,
        observed_property="uptime",
        phenomenon_time=end - timedelta(days=1),
        phenomenon_end=end,
        result=number(number(ratio) * 100),
        unit="%",
        received_at=received,
    )


def page(body: Mapping[str, Any]) -> Names:
    """Names by number, of ``/api/status-page/SLUG``. Raises ValueError."""
    groups = body.get("publicGroupList")
    if not isinstance(groups, list):
        raise ValueError("no publicGroupList")  # noqa: TRY004 (what is wrong is the payload)
    found: dict[str, str] = {}
    for group in groups:
        monitors = group.get("monitorList") if isinstance(group, Mapping) else None
        for monitor in monitors if isinstance(monitors, list) else []:
            if isinstance(monitor, Mapping) and (name := text(monitor.get("name"))):
                found[str(text(monitor.get("id")))] = name
    return found


def monitors(body: Mapping[str, Any], options: SiteOptions, received: datetime | None) -> Iterator[Row]:
    """The Things of a status page."""
    for number_, name in page(body).items():
        try:
            yield _of_page(number_, {number_: name}, options, received)
        except ValueError as error:
            yield garbled(
                kept({"publicGroupList": [{"monitorList": [{"id": number_, "name": name}]}]}), error, received
            )


def _of_page(number_: str, names: Names, options: SiteOptions, received: datetime | None) -> Thing:
    name = names.get(number_)
    word = name if name in options.sites and number_ not in options.sites else number_
    found = thing(word, options, received, name=name)
    if found is None:
        raise ValueError("a monitor without a number")
    return found


def beats(
    body: Mapping[str, Any], options: SiteOptions, received: datetime | None, names: Names | None = None
) -> Iterator[Row]:
    """``/api/status-page/heartbeat/SLUG``: up to a hundred beats of each monitor, times in UTC without a zone."""
    lists = body.get("heartbeatList")
    for number_, entries in lists.items() if isinstance(lists, Mapping) else ():
        for beat in entries if isinstance(entries, list) else [entries]:
            try:
                about = _of_page(str(number_), names or {}, options, received)
                when = instant(beat.get("time") if isinstance(beat, Mapping) else None)
                yield up(about, beat.get("status"), when, received)
                if beat.get("ping") is not None and number(beat.get("ping")) >= 0:
                    yield observed(about, "response_time", when, number(beat.get("ping")), "ms", received)
            except (ValueError, OverflowError) as error:
                yield garbled(kept({"heartbeatList": {str(number_): [beat]}}), error, received, "malformed")


def ratios(
    body: Mapping[str, Any], options: SiteOptions, now: datetime, received: datetime | None, names: Names | None = None
) -> Iterator[Row]:
    """The uptimes beside the beats: ``{"ID_24": 0.999}``; other spans are counted."""
    found = body.get("uptimeList")
    for name, ratio in found.items() if isinstance(found, Mapping) else ():
        number_, _, hours = str(name).rpartition("_")
        if hours != "24":
            yield unused("unused_uptime", received, str(name)[:40])
            continue
        try:
            yield _uptime(_of_page(number_, names or {}, options, received), number(ratio), now, received)
        except (ValueError, OverflowError) as error:
            yield garbled(kept({"heartbeatList": {}, "uptimeList": {str(name): ratio}}), error, received, "malformed")
