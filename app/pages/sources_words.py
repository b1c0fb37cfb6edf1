"""Sentences of the sources page: what is wrong, since when, what still works (look.md 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from app.pages.sources_cause import HEART, Cause
from app.panels.detail import age_text, clock_text
from layers import words

if TYPE_CHECKING:
    from app.text import Text
    from geodata.store.types import SourceState

REASONS: Sequence[tuple[str, str]] = (
    ("heart", re.escape(HEART)),
    ("silent", "nothing readable"),
    ("refused", "refuses us"),
    ("garbled", "does not speak"),
    ("unreachable", "does not answer"),
    ("options", r"^source \S+:"),
)
"""The adapters' own errors (sources/base.py) are English lines for the log; here they are told as the page speaks."""


def reason(error: str | None, text: Text) -> str:
    """Why a feed is down, in words."""
    for name, pattern in REASONS:
        if error and re.search(pattern, error):
            return text(f"sources.reason.{name}")
    return text("sources.reason.other")


def title(source: SourceState, text: Text) -> str:
    return source.title_vi if text.language == "vi" else source.title_en


def closes(source: SourceState) -> bool:
    """Received = stored + duplicate + rejected."""
    return source.received == source.stored + source.duplicate + sum(source.rejected.values())


def cause(found: Cause, timezone: str, now: datetime, text: Text) -> str:
    """The common cause as one sentence."""
    if found.kind == "calm":
        return text("sources.cause.calm")
    time = clock_text(found.since, ZoneInfo(timezone), now)
    why = reason(found.first.last_error if found.first else None, text)
    name = title(found.first, text) if found.kind in {"one", "several"} and found.first else found.name
    if found.kind == "service":
        from geodata.catalogue import services

        known = services().get(found.name)
        name = known.short(text.language) if known else found.name
    sentence = text(f"sources.cause.{found.kind}", n=found.n, name=name, time=time, reason=why)
    others = found.down - found.n
    return f"{sentence} {text('sources.cause.others', n=others)}" if others else sentence


def verdict(source: SourceState, things: int | None, timezone: str, now: datetime, text: Text) -> tuple[str, str, str]:
    """(what and since when, why, what still works)."""
    zone = ZoneInfo(timezone)
    since = clock_text(source.since, zone, now)
    last = clock_text(source.last_received, zone, now)
    cadence = age_text(timedelta(seconds=source.cadence_s), text)
    if source.state == "ready":
        return text("sources.verdict.ready"), text("sources.verdict.ready_why"), text("sources.verdict.ready_works")
    if source.state == "down":
        works = text("sources.verdict.works", time=last) if last else text("sources.verdict.nothing")
        unknown = text("sources.verdict.unknown", n=words.number(things, 0, text.language)) if things else ""
        return text("sources.verdict.down", time=since), reason(source.last_error, text), f"{works} {unknown}".strip()
    if source.state == "late":
        head = text("sources.verdict.late", time=last) if last else text("sources.verdict.late_never")
        return head, text("sources.verdict.late_why", cadence=cadence), text("sources.verdict.late_works")
    open_ = text("sources.verdict.since", time=since) if since else ""
    return text("sources.verdict.receiving"), text("sources.verdict.receiving_why", cadence=cadence), open_


def duration(begin: datetime, end: datetime, text: Text) -> str:
    return age_text(max(end - begin, timedelta(0)), text)
