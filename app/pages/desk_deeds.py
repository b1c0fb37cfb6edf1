"""From what a hand did in the browser to a line of the journal: checked, completed, stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast, get_args

from geodata.errors import VongLauError
from geodata.store.connect import database
from geodata.store.desk import Deed as Name
from geodata.store.desk import Desk
from geodata.watch.procedure import procedures
from geodata.watch.rule import rules

if TYPE_CHECKING:
    from app.text import Text
    from geodata.city import City
    from geodata.settings import Settings

LONGEST = 2000
SNOOZE_MOST_H = 24.0
NAMES = frozenset(get_args(Name))


class NoSuchDeed(VongLauError):
    """{reason}"""


@dataclass(frozen=True, slots=True)
class Line:
    """One line to be written."""

    what: Name
    finding: int | None
    detail: Mapping[str, object]


def deed(what: str, detail: object, finding: Mapping[str, Any] | None, city: City, now: datetime, text: Text) -> Line:
    """Raises NoSuchDeed, in the page's language."""
    if what not in NAMES or not (isinstance(detail, Mapping) or detail is None):
        raise NoSuchDeed(reason=text("desk.wrong.deed"))
    given: Mapping[str, Any] = detail or {}
    if finding is None and what not in {"handover", "release_wall"}:
        raise NoSuchDeed(reason=text("desk.wrong.nothing"))
    level = {"level": int(finding["level"])} if finding is not None else {}
    number = int(finding["id"]) if finding is not None else None
    return Line(cast("Name", what), number, _DETAIL.get(what, _plain)(_Asked(given, finding, city, now, text)) | level)


def store(settings: Settings, who: str, line: Line) -> str | None:
    """Writes it; the reason when it could not be written."""
    try:
        with database(settings, "desk") as db:
            Desk(db.dsn).act(who, line.what, line.finding, line.detail)
    except VongLauError as error:
        return str(error)
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    given: Mapping[str, Any]
    finding: Mapping[str, Any] | None
    city: City
    now: datetime
    text: Text


def _plain(_asked: _Asked) -> dict[str, object]:
    return {}


def _told(asked: _Asked) -> dict[str, object]:
    return {"text": _words(asked.given.get("text"), asked.text)}


def _reason(asked: _Asked) -> dict[str, object]:
    return {"reason": _words(asked.given.get("reason"), asked.text)}


def _assign(asked: _Asked) -> dict[str, object]:
    agency = str(asked.given.get("agency", ""))
    if agency not in {a.id for a in asked.city.agencies_on(asked.now.date())}:
        raise NoSuchDeed(reason=asked.text("desk.wrong.agency"))
    note = str(asked.given.get("note") or "").strip()[:LONGEST]
    return {"agency": agency, **({"note": note} if note else {})}


def _snooze(asked: _Asked) -> dict[str, object]:
    try:
        hours = float(asked.given.get("hours", 0))
    except (TypeError, ValueError):
        hours = 0.0
    if not 0 < hours <= SNOOZE_MOST_H:
        raise NoSuchDeed(reason=asked.text("desk.wrong.hours", most=int(SNOOZE_MOST_H)))
    until = asked.now + timedelta(hours=hours)
    return {"until": until.isoformat(), "reason": _words(asked.given.get("reason"), asked.text)}


def _step(asked: _Asked) -> dict[str, object]:
    one = rules().get(str(asked.finding["rule"])) if asked.finding is not None else None
    procedure = procedures().get(one.words.procedure or "") if one else None
    step = next((s for s in procedure.steps if s.id == asked.given.get("step")), None) if procedure else None
    if step is None:
        raise NoSuchDeed(reason=asked.text("desk.wrong.step"))
    note = str(asked.given.get("text") or "").strip()[:LONGEST]
    return {"step": step.id, "title": step.title.vi, "done": bool(asked.given.get("done", True)), "text": note}


def _words(value: object, text: Text) -> str:
    """What somebody wrote; nothing at all is refused."""
    said = str(value or "").replace("\0", "").strip()[:LONGEST]
    if not said:
        raise NoSuchDeed(reason=text("desk.wrong.words"))
    return said


_DETAIL = {
    "note": _told,
    "handover": _told,
    "assign": _assign,
    "snooze": _snooze,
    "close": _reason,
    "step": _step,
}
