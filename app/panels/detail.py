"""One object in words: what it is, the clock that matters, its life or its curve, what is near, where it is from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from app.panels import chart
from app.panels.block import Block
from geodata.catalogue import ObservedProperty, Service
from geodata.catalogue import service as service_of
from geodata.view import View
from layers import marks, words
from layers.base import get, layers

if TYPE_CHECKING:
    from app.text import Text
    from geodata.store.reader import Reader
    from geodata.store.types import SourceState

NEAR_M = 300
"""Radius of "around here" (look.md 4.2)."""

NEAR_MOST = 6
LIFE_MOST = 12


class Detail(Block):
    """``data``: kind, icon, title, sub, timezone, clock, chart, life [{time, text, state}], facts [{label, value}],
    around [{service, id, title, value, note}], around_title, privacy, source [{label, value, t}]. Empty closes it.

    Messages: ``pick`` {service, id}, ``goto``, ``close``.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is looked at: a row of a layer's frame, its service, and the service's sources."""

    service: Service
    key: str
    row: pd.Series[Any]
    sources: Sequence[SourceState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What has to be read for a subject beside its row."""

    life: pd.DataFrame | None = None
    series: pd.DataFrame | None = None
    observed_property: ObservedProperty | None = None
    track: pd.DataFrame | None = None
    around: Sequence[Mapping[str, str]] = ()


def moment(value: Any) -> datetime | None:
    """A time of a frame as an aware datetime; None for nothing and NaT."""
    if value is None or pd.isna(value):
        return None
    stamp: datetime = pd.Timestamp(value).to_pydatetime()
    return stamp


def word(row: pd.Series[Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None or (isinstance(value, float) and pd.isna(value)) else str(value)


def clock_text(when: datetime | None, zone: ZoneInfo, today: datetime) -> str:
    """``HH:mm`` today, ``dd/MM HH:mm`` else."""
    if when is None:
        return ""
    local = when.astimezone(zone)
    return local.strftime("%H:%M" if local.date() == today.astimezone(zone).date() else "%d/%m %H:%M")


def age_text(delta: timedelta, text: Text) -> str:
    """An age or a span in the words of look.md section 6."""
    return words.age(delta.total_seconds(), text.language)


def title_of(subject: Subject) -> str:
    """The best name a row has: title of a case or a story, name of a thing, headline of a warning, else its id."""
    for name in ("title", "headline", "name"):
        if found := word(subject.row, name):
            return found
    return subject.key


def read(reader: Reader, subject: Subject, view: View, visible: Sequence[str], text: Text) -> Story:
    """Everything the panel needs from the store; called off the event loop."""
    kinds, row = subject.service.kinds, subject.row
    start = view.end - timedelta(hours=24)
    life = (
        reader.query("request_history", service=subject.service.id, id=subject.key)
        if "status" in row.index and "ServiceRequest" in kinds
        else None
    )
    series, prop = None, None
    if "Observation" in kinds:
        name = word(row, "observed_property") or (
            subject.service.observed_properties[0].id if subject.service.observed_properties else ""
        )
        prop = subject.service.observed_property(name)
        if name and prop is not None and prop.unit is not None:
            series = reader.query(
                "thing_series",
                service=subject.service.id,
                thing_id=subject.key,
                observed_property=name,
                start=start,
                end=view.end,
                known_at=view.known_at,
            )
    track = None
    if "Position" in kinds:
        track = reader.query(
            "track", service=subject.service.id, thing_id=subject.key, start=start, end=view.end, known_at=view.known_at
        )
    return Story(
        life=life, series=series, observed_property=prop, track=track, around=near(reader, subject, view, visible, text)
    )


def near(reader: Reader, subject: Subject, view: View, visible: Sequence[str], text: Text) -> list[dict[str, str]]:
    """What else the layers that are on show within ``NEAR_M``, nearest first."""
    place = subject.row.get("geometry")
    if place is None or place.is_empty:
        return []
    point = place.representative_point()
    found: list[tuple[float, dict[str, str]]] = []
    for service in visible:
        rows = reader.at(service, point.x, point.y, view, radius_m=NEAR_M)
        for key, row in rows.iterrows():
            name = word(row, "id") or str(key)
            if name == subject.key:
                continue
            one = Subject(service=service_of(service), key=name, row=row, sources=())
            metres = float(row.get("distance_m") or 0)
            found.append(
                (
                    metres,
                    {
                        "service": service,
                        "id": name,
                        "title": title_of(one),
                        "value": f"{metres:.0f} m",
                        "note": one.service.short(text.language),
                    },
                )
            )
    unique = {(item["service"], item["id"]): item for _, item in sorted(found, key=lambda pair: pair[0])}
    return list(unique.values())[:NEAR_MOST]


def content(subject: Subject, story: Story, view: View, timezone: str, text: Text) -> dict[str, Any]:
    """The panel's data."""
    zone, row, service = ZoneInfo(timezone), subject.row, subject.service
    facts = get(service.id).inspect(row, text.language) if service.id in layers() else {}
    when, received = moment(row.get("time")), moment(row.get("received_at"))
    return {
        "timezone": timezone,
        "kind": service.short(text.language),
        "icon": service.icon,
        "title": title_of(subject),
        "sub": " · ".join(part for part in (subject.key, word(row, "address")) if part and part != title_of(subject)),
        "clock": _clock(subject, view, zone, text),
        "chart": _chart(story, view, timezone, text),
        "life": _life(story, row, view, zone, text),
        "facts": [{"label": label, "value": value} for label, value in facts.items() if value],
        "around": list(story.around),
        "around_title": text("detail.around", m=NEAR_M),
        "privacy": text("detail.privacy") if service.personal_data else None,
        "source": _provenance(subject, when, received, zone, text),
    }


def _provenance(
    subject: Subject, when: datetime | None, received: datetime | None, zone: ZoneInfo, text: Text
) -> list[dict[str, Any]]:
    name = word(subject.row, "source")
    source = next((s for s in subject.sources if s.id == name), None)
    label = name if source is None else (source.title_vi if text.language == "vi" else source.title_en)
    if bool(subject.row.get("simulated")) and text("detail.simulated") not in label:
        label = f"{label} ({text('detail.simulated')})"
    rows: list[dict[str, Any]] = [{"label": text("detail.source"), "value": label, "t": None}]
    for key, at in (("event_time", when), ("received", received)):
        if at is not None:
            stamp = words.moment(at, zone, seconds=True)
            rows.append({"label": text(f"detail.{key}"), "value": stamp, "t": at.timestamp()})
    return rows


def _clock(subject: Subject, view: View, zone: ZoneInfo, text: Text) -> dict[str, Any]:
    row, level = subject.row, int(subject.row.get("level") or 0)
    due = moment(row.get("expected_datetime"))
    closed = moment(row.get("closed_datetime"))
    if due is not None and closed is None:
        return _due(row, due, level, view, zone, text)
    state = word(row, "state") or "fresh"
    when = moment(row.get("time"))
    label = text(f"detail.{state}") if text.has(f"detail.{state}") else text("detail.last_seen")
    note = ""
    if state == "unknown" and (since := moment(row.get("feed_since"))) is not None:
        note = text("detail.unknown_note", time=clock_text(since, zone, view.end))
    elif cadence := float(row.get("cadence_s") or 0):
        note = text("detail.cadence", cadence=age_text(timedelta(seconds=cadence), text))
    value = "" if when is None else age_text(view.end - when, text)
    glyph = marks.svg(word(row, "mark") or subject.service.mark, state, level, 40, az=_azimuth(row), due=_share(row))
    return {"label": label, "value": value, "note": note, "level": level, "state": state, "svg": glyph}


def _due(row: pd.Series[Any], due: datetime, level: int, view: View, zone: ZoneInfo, text: Text) -> dict[str, Any]:
    left = due - view.end
    share = _share(row)
    over = left < timedelta(0)
    key = "overdue" if over else "due_soon" if level or (share or 0) >= 0.7 else "due"
    return {
        "label": text(f"detail.{key}"),
        "value": text("detail.over" if over else "detail.left", age=age_text(abs(left), text)),
        "note": text("detail.until", time=words.moment(due, zone)),
        "level": max(level, 2) if over or key == "due_soon" else level,
        "state": "fresh",
        "svg": marks.svg("pin", "fresh", level, 48, due=share),
    }


def _share(row: pd.Series[Any]) -> float | None:
    value = row.get("due")
    return None if value is None or pd.isna(value) else float(value)


def _azimuth(row: pd.Series[Any]) -> float | None:
    value = row.get("az")
    return None if value is None or pd.isna(value) else float(value)


def _chart(story: Story, view: View, timezone: str, text: Text) -> str | None:
    if story.series is None or story.series.empty or story.observed_property is None:
        return None
    prop = story.observed_property
    values = pd.to_numeric(story.series["result"], errors="coerce")
    times = pd.to_datetime(story.series["time"], utc=True)
    points = [(t.timestamp(), float(v)) for t, v in zip(times, values, strict=True)]
    name = prop.title_vi if text.language == "vi" else prop.title_en
    return chart.line(
        points,
        start=view.end - timedelta(hours=24),
        end=view.end,
        timezone=timezone,
        decimals=prop.decimals,
        language=text.language,
        label=text("detail.chart", property=name),
    )


def _life(story: Story, row: pd.Series[Any], view: View, zone: ZoneInfo, text: Text) -> list[dict[str, str]]:
    if story.life is None or story.life.empty:
        return []
    history = story.life.sort_values("time").drop_duplicates(subset=["status", "agency"], keep="first").tail(LIFE_MOST)
    history = history[pd.to_datetime(history["time"], utc=True) <= view.end]
    out = []
    for i, (_, change) in enumerate(history.iterrows()):
        status, agency = word(change, "status"), word(change, "agency")
        name = text(f"detail.{status}") if text.has(f"detail.{status}") else status
        last = i == len(history) - 1
        out.append(
            {
                "time": clock_text(moment(change["time"]), zone, view.end),
                "text": f"{name}: {agency}" if agency and status == "dispatched" else name,
                "state": "cur" if last else "done",
            }
        )
    due = moment(row.get("expected_datetime"))
    if due is not None and moment(row.get("closed_datetime")) is None:
        out.append({"time": clock_text(due, zone, view.end), "text": text("detail.deadline"), "state": "next"})
    return out
