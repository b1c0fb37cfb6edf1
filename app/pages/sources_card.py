"""The chosen source in words: what is wrong, whose it is, where it is read, what was rejected, what hangs on it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd

from app.pages import sources_rows
from app.pages import sources_words as say
from app.pages.sources_bindings import endpoint
from app.pages.sources_reading import Ledger, Story
from app.panels.detail import clock_text
from geodata.catalogue import services
from layers import palette, words
from layers.base import layers
from layers.marks import svg

if TYPE_CHECKING:
    from app.text import Text
    from geodata.city import City, SourceBinding
    from geodata.store.types import SourceState

PAYLOAD_CHARS = 1200
MOST_BROKEN = 0.3
FAULTS_MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The chosen source with all that is known of it. ``bindings`` is the file that names it beside the city's."""

    source: SourceState
    binding: SourceBinding | None
    file: Path | None
    ledger: Ledger
    story: Story | None
    city: City


def content(subject: Subject, text: Text) -> dict[str, Any]:
    """``data`` of the panel; without a story the parts that have to be read are left out."""
    source, ledger, story = subject.source, subject.ledger, subject.story
    service = services().get(source.service)
    zone = subject.city.timezone
    things = None if story is None else story.things.get("things")
    head, why, works = say.verdict(source, things, zone, ledger.at, text)
    level = 0 if say.closes(source) else 3
    at = source.since if source.state in {"down", "receiving"} else source.last_received
    look = sources_rows.LOOK[source.state]
    glyph = svg("feed", look, 0, 40, tint=palette.TEXT2 if look in {"fresh", "late"} else None)
    return {
        "id": source.id,
        "language": text.language,
        "timezone": zone,
        "kind": service.short(text.language) if service else source.service,
        "icon": service.icon if service else "lan",
        "title": say.title(source, text),
        "sub": f"{source.id} · {source.protocol}",
        "state": source.state,
        "verdict": {"head": head, "why": why, "works": works, "t": at.timestamp() if at else None, "svg": glyph},
        "broken": "" if not level else _broken(source, text),
        "raw": source.last_error if source.state == "down" else None,
        "numbers": _numbers(source, ledger, text),
        "depends": [] if story is None else depends(source.service, story.things, subject.city, text),
        "facts": _facts(subject, text),
        "faults": None if story is None else faults(story.history, zone, ledger.at, text),
        "rejected": rejected(source, story, private=bool(service and service.personal_data), zone=zone, text=text),
        "private": bool(service and service.personal_data),
        "commands": commands(subject, text),
    }


def _broken(source: SourceState, text: Text) -> str:
    total = source.stored + source.duplicate + sum(source.rejected.values())
    n, m = (words.number(value, 0, text.language) for value in (source.received, total))
    return text("sources.broken", received=n, total=m)


def _numbers(source: SourceState, ledger: Ledger, text: Text) -> Sequence[dict[str, str]]:
    strip, lag, lang = ledger.strips.get(source.id), ledger.lags.get(source.id), text.language
    rate = words.number(strip.per_minute, 1, lang) if strip else words.NOTHING
    late = "" if lag is None else text("sources.of_n", n=words.number(lag.n, 0, lang))
    return [
        {"label": text("sources.rate"), "value": rate, "note": text("sources.rate_note")},
        {"label": text("sources.lag"), "value": words.age(lag.p95_s if lag else None, lang), "note": late},
        {"label": text("sources.cadence"), "value": words.age(source.cadence_s, lang), "note": ""},
    ]


def depends(service: str, things: Mapping[str, int], city: City, text: Text) -> Sequence[str]:
    """What goes dark with the source: "6 trạm", "1 lớp", "1 cảnh tường hình"."""
    own = f"sources.thing.{service}"
    found = [(things.get("things", 0), own if text.has(own) else "sources.thing.other")]
    found += [(things.get(kind, 0), f"sources.thing.{kind}") for kind in ("cases", "alerts", "events", "features")]
    found.append((things.get("coverages", 0), "sources.thing.coverages"))
    found.append((int(service in layers()), "sources.thing.layers"))
    found.append((sum(service in scene.layers for scene in city.wall.scenes), "sources.thing.walls"))
    return [counted(n, text(key), text.language) for n, key in found if n]


def counted(n: int, forms: str, language: str) -> str:
    """As "1 station", "2 stations": ``forms`` is one and many, parted by a bar; Vietnamese has one form."""
    one, _, many = forms.partition("|")
    return f"{words.number(n, 0, language)} {one if n == 1 or not many else many}"


def _facts(subject: Subject, text: Text) -> Sequence[dict[str, str]]:
    binding, card = subject.binding, {} if subject.story is None else subject.story.card
    where = endpoint(binding.options) if binding else None
    rows = [(name, card.get(name)) for name in ("owner", "operator", "project", "license", "attribution")]
    out = [{"label": text(f"sources.{name}"), "value": str(v or text("sources.untold"))} for name, v in rows[:4]]
    if rows[4][1]:
        out.append({"label": text("sources.attribution"), "value": str(rows[4][1])})
    out.append({"label": text("sources.endpoint"), "value": where or text("sources.untold")})
    if subject.source.simulated:
        out.append({"label": text("sources.nature"), "value": text("detail.simulated")})
    return out


def faults(history: pd.DataFrame, timezone: str, now: datetime, text: Text) -> Sequence[dict[str, str]]:
    """The times of today in which the feed was down, newest first: from, to, how long, why."""
    zone, out = ZoneInfo(timezone), []
    found: Sequence[Mapping[str, Any]] = history.to_dict("records")  # type: ignore[assignment]  # its keys are names
    rows: Sequence[tuple[datetime, bool, Any]] = [(r["time"].to_pydatetime(), bool(r["up"]), r["error"]) for r in found]
    for i, (begin, up, error) in enumerate(rows):
        if up:
            continue
        end = rows[i + 1][0] if i + 1 < len(rows) else None
        span = text("sources.from", begin=clock_text(begin, zone, now))
        if end is not None:
            span = f"{clock_text(begin, zone, now)} – {clock_text(end, zone, now)}"
        why = say.reason(error if isinstance(error, str) else None, text)
        out.append({"span": span, "long": say.duration(begin, end or now, text), "why": why})
    return out[::-1][:FAULTS_MOST]


def rejected(
    source: SourceState, story: Story | None, *, private: bool, zone: str, text: Text
) -> Sequence[dict[str, Any]]:
    """By reason, most first. Of a service with personal data the count alone: a detail may tell a name too."""
    samples = {} if story is None or private else {str(r.reason): r for r in story.samples.itertuples()}
    out = []
    for name, n in sorted(source.rejected.items(), key=lambda item: (-item[1], item[0])):
        kept = samples.get(name)
        out.append({"reason": name, "word": _reason(name, text), "n": words.number(n, 0, text.language)})
        if kept is not None:
            out[-1] |= _sample(kept, zone, text)
    return out


def _reason(name: str, text: Text) -> str:
    return text(f"sources.rejected.{name}") if text.has(f"sources.rejected.{name}") else name


def _sample(kept: Any, zone: str, text: Text) -> dict[str, Any]:
    payload = kept.payload if isinstance(kept.payload, bytes) else b""
    mended = int(kept.mended)
    note = text("sources.kept", n=words.number(int(kept.kept), 0, text.language))
    if mended:
        note += f", {text('sources.mended', n=words.number(mended, 0, text.language))}"
    return {
        "note": note,
        "time": words.moment(kept.received_at.to_pydatetime(), zone, seconds=True),
        "detail": str(kept.detail or ""),
        "payload": pretty(payload),
        "size": text("sources.bytes", n=words.number(int(kept.size), 0, text.language)) if payload else "",
    }


def pretty(payload: bytes) -> str:
    """A payload to look at: JSON indented, other text with its broken bytes escaped, what is no text in hexadecimal."""
    told = payload.decode("utf-8", "ignore")  # 4 KiB may end within a letter
    broken = len(payload) - len(told.encode())
    if broken > len(payload) * MOST_BROKEN:
        return payload[: PAYLOAD_CHARS // 3].hex(" ")
    if broken and not _cut(payload):
        told = payload.decode("utf-8", "backslashreplace")
    with contextlib.suppress(ValueError, RecursionError):  # cut, or no JSON
        told = json.dumps(json.loads(told), ensure_ascii=False, indent=1)
    told = "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in told)
    return told if len(told) <= PAYLOAD_CHARS else f"{told[:PAYLOAD_CHARS]}…"


def _cut(payload: bytes) -> bool:
    """Whether all that is broken is a letter cut at the end."""
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return False


def commands(subject: Subject, text: Text) -> Sequence[dict[str, str]]:
    """What to type: this process may read alone, so that nothing on a page can change what is stored."""
    more = f" --bindings {subject.file}" if subject.file else ""
    line = f"{subject.source.id} --city {subject.city.id}{more}"
    out = [{"label": text("sources.check"), "line": f"vonglau check {line}"}]
    if subject.source.rejected:
        out.append({"label": text("sources.replay"), "line": f"vonglau replay --rejected {line}"})
    return out


def of_ledger(ledger: Ledger, city: City, text: Text) -> dict[str, Any]:
    """The ledger itself, chosen as the source of the service ``platform``."""
    service = services()[sources_rows.PLATFORM]
    row = sources_rows.platform(ledger, service, text)
    found = sources_rows.counts(city, ledger)
    return {
        "id": sources_rows.PLATFORM,
        "language": text.language,
        "timezone": city.timezone,
        "kind": service.short(text.language),
        "icon": service.icon,
        "title": text("sources.ledger"),
        "sub": f"{sources_rows.PLATFORM} · {text('sources.ledger_protocol')}",
        "state": row["state"],
        "verdict": {
            "head": text(
                f"sources.ledger_{row['state']}" if row["state"] in {"receiving", "down"} else "sources.ledger_ready"
            ),
            "why": text("sources.ledger_why"),
            "works": "",
            "t": row["t"],
            "svg": svg("feed", sources_rows.LOOK[row["state"]], 0, 40, tint=palette.TEXT2),
        },
        "numbers": [
            {"label": text(f"sources.state.{name}"), "value": words.number(n, 0, text.language), "note": ""}
            for name, n in found.items()
        ],
        "depends": [],
        "facts": [],
        "faults": None,
        "rejected": [],
        "commands": [{"label": text("sources.check_all"), "line": f"vonglau check --all --city {city.id}"}],
    }
