"""One object in words: what it is, the clock that matters, its life or its curve, what is near, where it is from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from app.panels import chart
from app.panels.block import Block
from app.panels.provenance import provenance
from app.panels.rows import moment, word
from app.panels.story import NEAR_M, SPAN, Seer, Story, Subject, changes, lost, title_of
from geodata.catalogue import ObservedProperty
from geodata.unit_words import unit_word
from geodata.view import View
from layers import marks, words
from layers.base import get, layers

if TYPE_CHECKING:
    from app.text import Text

__all__ = ["Detail", "age_text", "clock_text", "content", "moment", "word"]

LIFE_MOST = 12
CHANGES_MOST = 6


class Detail(Block):
    """``data``: kind, icon, title, sub, timezone, clock, picture {url, t}, chart, chart_title, chart_note, chart_limits
    [{title, value, level}], choices [{id, title, value, on}], life and history [{time, text, state}], facts [{label,
    value}], also_title, also_more, also and around [{service, id, title, value, note}], around_title, cameras [{id,
    title, url, t, note}], privacy, how, source [{label, value, t}]. Empty closes it.

    Messages: ``pick`` {service, id}, ``property`` {id}, ``goto``, ``near``, ``close``.
    """


def clock_text(when: datetime | None, zone: ZoneInfo, today: datetime) -> str:
    """``HH:mm`` today, ``dd/MM HH:mm`` else."""
    if when is None:
        return ""
    local = when.astimezone(zone)
    return local.strftime("%H:%M" if local.date() == today.astimezone(zone).date() else "%d/%m %H:%M")


def age_text(delta: timedelta, text: Text) -> str:
    """An age or a span in the words of look.md section 6."""
    return words.age(delta.total_seconds(), text.language)


def content(subject: Subject, story: Story, view: View, timezone: str, text: Text) -> dict[str, Any]:
    """The panel's data."""
    zone, row, service = ZoneInfo(timezone), subject.row, subject.service
    rows = [{"label": label, "value": value} for label, value in _facts(subject, text).items() if value]
    if story.track is not None and len(story.track):
        rows.append({"label": text("detail.track"), "value": text("detail.fixes", n=len(story.track))})
    picture = story.picture
    return {
        "timezone": timezone,
        "language": text.language,
        "kind": service.short(text.language),
        "icon": service.icon,
        "title": title_of(subject),
        "sub": " · ".join(part for part in (subject.key, word(row, "address")) if part and part != title_of(subject)),
        "clock": _clock(subject, view, zone, text),
        "picture": None if picture is None else {"url": picture.url, "t": picture.taken.timestamp()},
        **_chart(subject, story, view, timezone, text),
        "choices": _choices(story, text),
        "life": _life(story, row, view, zone, text),
        "history": _history(story, subject, zone, view, text),
        "facts": rows,
        "around": None if story.around is None else list(story.around),
        "around_title": text("detail.around", m=NEAR_M),
        "cameras": None if story.seers is None else [_camera(seer, text) for seer in story.seers],
        "privacy": text("detail.privacy") if service.personal_data else None,
        "source": provenance(subject, story.card, zone, text),
    }


def _camera(seer: Seer, text: Text) -> dict[str, Any]:
    """A camera that looks here, with its newest picture and how that is known."""
    state = "" if seer.state in {"fresh", ""} else text(f"detail.camera_{seer.state}")
    note = text("detail.assumed") if seer.assumed else ""
    metres = f"{words.number(seer.metres, 0, text.language)} m"
    return {
        "id": seer.key,
        "title": seer.name,
        "url": None if seer.picture is None else seer.picture.url,
        "t": None if seer.picture is None else seer.picture.taken.timestamp(),
        "note": " · ".join(part for part in (metres, state, note) if part),
    }


def _choices(story: Story, text: Text) -> list[dict[str, Any]]:
    """The observed properties that have numbers, with the newest of each; only where there is a choice."""
    if story.latest is None or story.observed_property is None:
        return []
    out = []
    for _, row in story.latest.iterrows():
        prop = _property(story, str(row["observed_property"]))
        if prop is None:
            continue
        value = words.quantity(_number(row.get("result")), prop.unit, prop.decimals, text.language)
        title = prop.title_vi if text.language == "vi" else prop.title_en
        out.append({"id": prop.id, "title": title, "value": value, "on": prop.id == story.observed_property.id})
    return out if len(out) > 1 else []


def _history(story: Story, subject: Subject, zone: ZoneInfo, view: View, text: Text) -> list[dict[str, str]]:
    """Changes of the thing's state in words, then what happened at it; newest last."""
    told = [(when, value_word(subject.service.id, value, text)) for when, value in changes(story.words)]
    if story.events is not None:
        for _, row in story.events.iterrows():
            when = moment(row.get("time"))
            if when is not None and (said := _event(subject, row, text)):
                told.append((when, said))
    told = sorted(told, key=lambda one: one[0])[-CHANGES_MOST:]
    return [
        {"time": clock_text(when, zone, view.end), "text": said, "state": "cur" if i == len(told) - 1 else "done"}
        for i, (when, said) in enumerate(told)
    ]


def _facts(subject: Subject, text: Text) -> Mapping[str, str]:
    """The layer's own words of a row. A row that an exact pick found has not the columns that the layer's load adds."""
    name = subject.service.id
    try:
        return get(name).inspect(subject.row, text.language) if name in layers() else {}
    except KeyError:
        return {}


def _event(subject: Subject, row: pd.Series[Any], text: Text) -> str:
    """What happened: its kind, and its own title where that says more than the name of the place."""
    known = subject.service.category(word(row, "category"))
    title = word(row, "title") or word(row, "description")
    kind = "" if known is None else known.title(text.language)
    return ": ".join(dict.fromkeys(part for part in (kind, "" if title == title_of(subject) else title) if part))


def value_word(service: str, value: str, text: Text) -> str:
    """A state in words: the service's own word for it, the common one, else as the source says it."""
    for key in (f"value.{service}_{value.lower()}", f"value.{value.lower()}"):
        if text.has(key):
            return text(key)
    return value


def _property(story: Story, name: str) -> ObservedProperty | None:
    return next((p for p in story.properties if p.id == name and p.unit is not None), None)


def _number(value: Any) -> float | None:
    found = pd.to_numeric(value, errors="coerce")
    return None if pd.isna(found) else float(found)


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
        key = "detail.unknown_back" if word(row, "feed") == "up" else "detail.unknown_note"
        note = text(key, time=clock_text(since, zone, view.end))
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


def _chart(subject: Subject, story: Story, view: View, timezone: str, text: Text) -> dict[str, Any]:
    """The curve of the last day, with its lowest, highest and n, its limits and its holes; one value is no curve."""
    nothing: dict[str, Any] = {"chart": None, "chart_title": None, "chart_note": None, "chart_limits": []}
    if story.series is None or story.series.empty or story.observed_property is None:
        return nothing
    prop = story.observed_property
    values = pd.to_numeric(story.series["result"], errors="coerce")
    times = pd.to_datetime(story.series["time"], utc=True)
    points = [(t.timestamp(), float(v)) for t, v in zip(times, values, strict=True) if pd.notna(v)]
    if len(points) < 2:
        return nothing
    title = prop.title_vi if text.language == "vi" else prop.title_en
    name = text(
        "detail.chart", property=f"{title} ({unit})" if (unit := unit_word(prop.unit, text.language)) else title
    )
    low, high = (
        words.quantity(bound, prop.unit, prop.decimals, text.language)
        for bound in (min(v for _, v in points), max(v for _, v in points))
    )
    limits, down = _limits(subject, prop, view, text), lost(story.feed, view.end)
    drawn = chart.line(
        points,
        start=view.end - SPAN,
        end=view.end,
        timezone=timezone,
        decimals=prop.decimals,
        language=text.language,
        label=name,
        lines=limits,
        lost=down,
        words_of={"hole": text("detail.hole"), "lost": text("detail.lost")},
    )
    note = text("detail.chart_note", low=low, high=high, n=words.number(len(points), 0, text.language))
    empty = len(chart.holes(points, view.end.timestamp()))
    more = [text("detail.holes", n=empty)] * bool(empty) + [text("detail.losses", n=len(down))] * bool(down)
    told = [
        {
            "title": one.title,
            "value": words.quantity(one.value, prop.unit, prop.decimals, text.language),
            "level": one.level,
        }
        for one in limits
    ]
    return {"chart": drawn, "chart_title": name, "chart_note": " · ".join([note, *more]), "chart_limits": told}


def _limits(subject: Subject, prop: ObservedProperty, view: View, text: Text) -> list[chart.Line]:
    """What the layer measures the curve against. A row that an exact pick found may lack what the layer looks for."""
    name = subject.service.id
    try:
        found = get(name).limits(subject.row, prop.id, view.end) if name in layers() else ()
    except (KeyError, TypeError, ValueError):
        return []
    vi = text.language == "vi"
    return [chart.Line(one.title_vi if vi else one.title_en, one.value, one.level) for one in found]


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
