"""What each block of the desk shows, from what was read: plain data for the browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import shapely

from app.inbox import agency_title, asleep, is_new, is_open
from app.pages import desk_map
from app.pages.desk_reading import records
from app.panels.detail import clock_text
from app.panels.wall_warnings import TAKES
from app.state import PageState
from geodata.catalogue import services
from geodata.citation import cited
from geodata.watch.procedure import procedures
from geodata.watch.rule import rules
from geodata.watch.spoken import spoken
from layers import marks, palette, words

if TYPE_CHECKING:
    from app.pages.desk_reading import Case, Queue
    from app.text import Text
    from geodata.city import City
    from geodata.watch.frames import Watched

Filter = str
"""``all``, ``new`` (nobody acknowledged) or ``mine``."""

GLYPH_PX, HEAD_PX = 34, 52
ENDED_SHOWN = 6
ONE_LINE = 24
"""Letters that stand in one line of half the side column."""


def glyph(level: int, px: float = GLYPH_PX, *, unknown: bool = False) -> str:
    """The level's own shape with its number; a dashed ring for what cannot be told."""
    shape = palette.LEVEL_SHAPE.get(level)
    if unknown or shape is None:
        return marks.svg("dot", "unknown", 0, px)
    return marks.svg(shape, "fresh", level, px, text=str(level), tint=palette.SEVERITY[level])


def is_mine(row: Mapping[str, Any], who: str, acts: pd.DataFrame) -> bool:
    """Whether that person did anything about it today."""
    return bool(len(acts) and ((acts["finding_id"] == row["id"]) & (acts["who"] == who)).any())


def chosen_rows(queue: Queue, which: Filter, who: str) -> list[dict[str, Any]]:
    """The rows of the queue under a filter, in the desk's order."""
    rows = [row for row in records(queue.rows) if is_open(row, queue.at)]
    if which == "new":
        return [row for row in rows if is_new(row)]
    return [row for row in rows if is_mine(row, who, queue.acts)] if which == "mine" else rows


def queue_data(
    queue: Queue, city: City, text: Text, *, selected: int | None, which: Filter, who: str
) -> dict[str, Any]:
    """The left column."""
    shown = chosen_rows(queue, which, who)
    everything = [row for row in records(queue.rows) if is_open(row, queue.at)]
    new = [row for row in everything if is_new(row)]
    return {
        "language": text.language,
        "timezone": city.timezone,
        "read": queue.read,
        "away": _away(queue, city, text),
        "blind": queue.blind,
        "which": which,
        "n": len(everything),
        "new": len(new),
        "mine": sum(is_mine(row, who, queue.acts) for row in everything),
        "selected": selected,
        "rows": [_item(row, queue, city, text) for row in shown],
        "asleep": [_item(row, queue, city, text) for row in records(queue.rows) if asleep(row, queue.at)],
        "ended": [_ended(row, queue, city, text) for row in records(queue.ended.head(ENDED_SHOWN))],
        "n_ended": len(queue.ended),
        "figures": figures(queue, new, text),
    }


def _away(queue: Queue, city: City, text: Text) -> str:
    """Why the queue may be old, in words; empty when it is not."""
    if queue.error is not None:
        return text("desk.away", time=_clock(queue.at, city, queue.at))
    if queue.read and queue.watched.looks is False:
        return unwatched(queue.watched, city, text, queue.at)
    return text("desk.unconnected") if queue.blind else ""


def unwatched(watched: Watched, city: City, text: Text, at: datetime) -> str:
    """That no watch looks, and since when."""
    if watched.last is None:
        return text("desk.never_watched")
    return text("desk.unwatched", time=_clock(watched.last, city, at))


def _item(row: Mapping[str, Any], queue: Queue, city: City, text: Text) -> dict[str, Any]:
    said = spoken(str(row["rule"]), row["facts"], text.language, city.timezone, queue.at)
    unknown = pd.notna(row["unknown_since"])
    return {
        "id": int(row["id"]),
        "title": said.title,
        "sub": said.subject,
        "level": int(row["level"]),
        "unknown": bool(unknown),
        "svg": glyph(int(row["level"]), unknown=bool(unknown)),
        "t": row["opened_at"].timestamp(),
        "new": is_new(row),
        "state": state_words(row, city, queue.at, text),
        "simulated": bool(row["simulated"]),
    }


def state_words(row: Mapping[str, Any], city: City, at: datetime, text: Text) -> str:
    """Who has it: asleep, assigned, acknowledged, or nobody; and that its feed is lost."""
    parts = []
    if asleep(row, at):
        parts.append(text("desk.asleep", time=_clock(row["snoozed_until"], city, at)))
    elif isinstance(row["agency"], str):
        parts.append(text("desk.assigned", agency=agency_title(row["agency"], city, text.language)))
    elif not is_new(row):
        parts.append(text("desk.acknowledged", who=row["acknowledged_by"]))
    else:
        parts.append(text("desk.new"))
    if pd.notna(row["unknown_since"]):
        parts.append(text("desk.unknown", time=_clock(row["unknown_since"], city, at)))
    if pd.notna(row["clear_since"]):
        parts.append(text("desk.clearing", time=_clock(row["clear_since"], city, at)))
    return ", ".join(parts)


def _ended(row: Mapping[str, Any], queue: Queue, city: City, text: Text) -> dict[str, Any]:
    said = spoken(str(row["rule"]), row["facts"], text.language, city.timezone, queue.at)
    how = text(f"desk.ended.{row['close_reason']}")
    return {
        "time": _clock(row["close_noticed_at"], city, queue.at),
        "text": ", ".join(part for part in (said.title, said.subject, how) if part),
    }


def figures(queue: Queue, new: Sequence[Mapping[str, Any]], text: Text) -> list[dict[str, str]]:
    """The desk's own rate (EEMUA 191): new in the last hour, how long until acknowledged, how many wait."""
    hour = pd.Timestamp(queue.at - timedelta(hours=1))
    frames = [frame["noticed_at"] for frame in (queue.rows, queue.ended) if len(frame)]
    noticed = sum(int((times > hour).sum()) for times in frames)
    waits = [
        (row["acknowledged_at"] - row["noticed_at"]).total_seconds()
        for row in records(queue.rows)
        if pd.notna(row["acknowledged_at"]) and row["acknowledged_at"] > pd.Timestamp(queue.shift)
    ]
    wait = words.age(max(median(waits), 0), text.language) if waits else words.NOTHING
    return [
        {"value": words.number(noticed, 0, text.language), "label": text("desk.figures.rate")},
        {"value": wait, "label": text("desk.figures.wait", n=len(waits))},
        {"value": words.number(len(new), 0, text.language), "label": text("desk.figures.new")},
    ]


def case_data(case: Case | None, queue: Queue, city: City, text: Text) -> dict[str, Any]:
    """The middle: head, evidence, journal."""
    if case is None:
        empty = "" if not queue.read else text("desk.queue.blind") if queue.blind else text("desk.calm")
        return {"language": text.language, "timezone": city.timezone, "empty": empty}
    row, proof = case.row, case.evidence
    said = spoken(str(row["rule"]), row["facts"], text.language, city.timezone, queue.at)
    known = services().get(str(row["service"]))
    source = queue.sources.get(proof.source, proof.source)
    return {
        "id": int(row["id"]),
        "language": text.language,
        "timezone": city.timezone,
        "kind": known.short(text.language) if known else "",
        "icon": said.icon,
        "title": said.title,
        "sub": said.subject,
        "simulated": text("simulated") if row["simulated"] else "",
        "href": link(row, city, text),
        "evidence": {
            "start": proof.start.timestamp(),
            "end": proof.end.timestamp(),
            "times": list(proof.times),
            "values": list(proof.values),
            "unit": words.quantity(0, proof.unit, 0, text.language)[1:].strip() if proof.unit else "",
            "opened": row["opened_at"].timestamp(),
            "source": source,
            "received": list(proof.received),
            "down": list(proof.down),
        },
        "log": [_line(line, city, queue.at, text) for line in records(case.life.iloc[::-1])],
    }


def link(row: Mapping[str, Any], city: City, text: Text) -> str:
    """The planner at the finding's place, with the first row that it rests on picked."""
    service = str(row["service"])
    shown = service if service in city.services else ""
    where = desk_map.spot(None if row["geometry"] is None else shapely.from_wkb(bytes(row["geometry"])), city.home)
    first = next((rest for rest in row["rows"] if rest["kind"] != "Source"), None)
    state = PageState(
        lon=where.lon,
        lat=where.lat,
        zoom=where.zoom,
        shown=frozenset({shown} - {""}) or frozenset(city.services),
        focus=shown or None,
        selected=(str(first["service"]), str(first["id"])) if first else None,
    )
    return f"/explore?{state.query()}" + ("&lang=en" if text.language == "en" else "")


def _line(line: Mapping[str, Any], city: City, at: datetime, text: Text) -> dict[str, str]:
    """One line of the journal: the watch's own or somebody's."""
    what, detail = str(line["what"]), dict(line["detail"] or {})
    watch = line["who"] == "watch"
    if watch:
        level = "" if pd.isna(line["level"]) else str(int(line["level"]))
        reason = text(f"desk.ended.{detail.get('reason')}") if what == "close" else ""
        said = text(f"desk.life.{what}", level=level, reason=reason)
    elif line["who"] == "notify":
        said = text(f"desk.sent.{what}", outlet=detail.get("outlet"), error=detail.get("error") or "")
    else:
        said = deed_words(what, detail, city, at, text)
    return {
        "time": _clock(line["time"], city, at),
        "who": text("desk.watch") if line["who"] in {"watch", "notify"} else str(line["who"]),
        "text": said,
    }


def deed_words(what: str, detail: Mapping[str, Any], city: City, at: datetime, text: Text) -> str:
    """What somebody did, in a sentence."""
    if what in {"note", "handover"}:
        return str(detail.get("text", ""))
    fields = {
        "agency": agency_title(str(detail.get("agency", "")), city, text.language),
        "reason": str(detail.get("reason", "")),
        "until": _iso_clock(detail.get("until"), city, at),
        "step": str(detail.get("title") or detail.get("step", "")),
        "case": str(detail.get("case", "")),
    }
    said = text(f"desk.deed.{what}", **fields)
    note = str(detail.get("note") or detail.get("text") or "")
    return f"{said}: {note}" if note else said


def side_data(case: Case | None, queue: Queue, city: City, text: Text) -> dict[str, Any]:
    """The right column: level, clock, facts, checklist, what can be done, the rule."""
    if case is None:
        return {"language": text.language, "timezone": city.timezone}
    row, level = case.row, int(case.row["level"])
    said = spoken(str(row["rule"]), row["facts"], text.language, city.timezone, queue.at)
    one = rules().get(str(row["rule"]))
    return {
        "id": int(row["id"]),
        "language": text.language,
        "timezone": city.timezone,
        "level": level,
        "svg": glyph(level, HEAD_PX, unknown=pd.notna(row["unknown_since"])),
        "head": text(f"desk.level.l{level}", level=level),
        "opened": _clock(row["opened_at"], city, queue.at),
        "noticed": _clock(row["noticed_at"], city, queue.at),
        "t": row["noticed_at"].timestamp() if is_new(row) else row["acknowledged_at"].timestamp(),
        "new": is_new(row),
        "who": "" if is_new(row) else str(row["acknowledged_by"]),
        "unknown": unsure(row, city, queue.at, text),
        "since": row["opened_at"].timestamp(),
        "confidence": "" if pd.isna(row["confidence"]) else words.percent(float(row["confidence"]), 0, text.language),
        "facts": [{"label": label, "value": unbroken(value)} for label, value in said.facts],
        "wall": takes_wall(row),
        "steps": steps(case, str(one.words.procedure) if one and one.words.procedure else "", text),
        "asleep": asleep(row, queue.at),
        "agencies": [{"id": a.id, "title": a.title(text.language)} for a in city.agencies_on(queue.at.date())],
        "rule": rule_data(row, text),
    }


def unsure(row: Mapping[str, Any], city: City, at: datetime, text: Text) -> str:
    """Why it may not be so any more: its feed is lost, or it is gone and about to close; empty while it surely is."""
    if pd.notna(row["unknown_since"]):
        return text("desk.unknown_long")
    one = rules().get(str(row["rule"]))
    if pd.isna(row["clear_since"]) or one is None:
        return ""
    wait = words.age(one.words.hold_s, text.language)
    return text("desk.clearing_long", time=_clock(row["clear_since"], city, at), wait=wait)


def unbroken(value: str) -> str:
    """A list in words that breaks between its entries, not inside a ward's name; what is longer than a line breaks."""
    return ", ".join(one.replace(" ", "\xa0") if len(one) <= ONE_LINE else one for one in value.split(", "))


def takes_wall(row: Mapping[str, Any]) -> bool:
    """Whether it may have the wall now, so that the desk can give the wall back (look.md 4.1)."""
    one = rules().get(str(row["rule"]))
    takes = one is not None and one.words.takes_wall and int(row["level"]) >= TAKES
    return takes and bool(pd.isna(row["released_at"]))


def steps(case: Case, procedure_id: str, text: Text) -> dict[str, Any]:
    """The checklist with what was done of it; the first undone step is the next one."""
    procedure = procedures().get(procedure_id)
    if procedure is None:
        return {}
    done: dict[str, Mapping[str, Any]] = {}
    for line in records(case.life):
        if line["what"] == "step":
            detail = dict(line["detail"] or {})
            done[str(detail.get("step"))] = {**detail, "who": line["who"]}
    rows = []
    for step in procedure.steps:
        told = done.get(step.id, {})
        note = step.note.text(text.language) if step.note else ""
        rows.append(
            {
                "id": step.id,
                "title": step.title.text(text.language),
                "note": str(told.get("text") or note),
                "done": bool(told.get("done")),
            }
        )
    following = next((row["id"] for row in rows if not row["done"]), None)
    for row in rows:
        row["next"] = row["id"] == following
    return {"title": procedure.title.text(text.language), "basis": procedure.basis.text(text.language), "rows": rows}


def rule_data(row: Mapping[str, Any], text: Text) -> dict[str, Any]:
    """Which rule, which limits, which law; what is only believed says so."""
    one = rules().get(str(row["rule"]))
    limits = [
        {
            "text": _limit(limit, text.language),
            "name": str(limit["name"]),
            "law": cited(str(limit["law"]), text.language),
            "believed": not limit.get("confirmed", True),
        }
        for limit in row["limits"]
    ]
    definition = one.words.definition.text(text.language) if one else ""
    return {
        "line": text("desk.rule", rule=row["rule"], version=row["rule_version"]),
        "definition": definition,
        "limits": limits,
    }


def _limit(limit: Mapping[str, Any], language: str) -> str:
    """A span in words, a share in percent, else the number with its unit."""
    value, unit = float(limit["value"]), str(limit["unit"])
    if unit == "s":
        return words.age(value, language)
    if not unit and 0 < value < 1:
        return words.percent(value, 0, language)
    return words.quantity(value, unit or None, 0 if value == int(value) else 2, language)


def _iso_clock(value: Any, city: City, at: datetime) -> str:
    try:
        return _clock(datetime.fromisoformat(str(value)), city, at)
    except ValueError:
        return ""


def _clock(when: datetime | pd.Timestamp, city: City, at: datetime) -> str:
    moment = when.to_pydatetime() if isinstance(when, pd.Timestamp) else when
    return clock_text(moment, ZoneInfo(city.timezone), at)
