"""The life of official warnings: one finding each, whatever updates; drills never; over by their own words."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
import shapely

from geodata.records import Alert, Position, Record, ServiceRequest, Thing
from geodata.watch.frames import StillFrames
from geodata.watch.rule import rules
from geodata.watch.signs import Fires, Over
from geodata.watch.words import in_language
from tests.support.watching import at, rows, said, sources, still

RULE = rules()["warnings.in_force"]
HOUR = 60.0
HUE = shapely.box(107.5, 16.4, 107.7, 16.6)


def alert(key: str = "a1", root: str = "a1", sent: float = -60, **more: Any) -> dict[str, Any]:
    return {
        "id": key, "time": at(sent), "sent": at(sent), "root": root, "first_sent": at(-120), "status": "Actual",
        "msg_type": "Alert", "identifier": key, "severity": "Severe", "level": None, "event": "Lũ", "headline": None,
        "area_desc": "Huế", "sender_name": "Đài", "onset": None, "effective": at(sent), "expires": at(180), **more,
    }  # fmt: skip


def frames(*found: dict[str, Any], opened: bool = False, **others: Any) -> StillFrames:
    tables: dict[tuple[str, type[Record]], Any] = {("warnings", Alert): times(rows(*found))} if found else {}
    tables |= others.get("tables", {})
    standing = {RULE.id: {"a1": at(-120)}} if opened else {}
    return StillFrames(at(0), still(0, {}, sources()).city, tables, sources(cap="cap"), standing)


def times(frame: Any) -> Any:
    """The times that CAP tells, as the reader gives them."""
    for name in ("sent", "first_sent", "onset", "effective", "expires"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame


LIVES: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("in force", [alert()], ["Fires a1"]),
    ("a drill", [alert(status="Exercise")], []),
    ("a test", [alert(status="Test")], []),
    ("between machines", [alert(status="System")], []),
    ("a draft", [alert(status="Draft")], []),
    ("expired and still listed", [alert(expires=at(-1))], []),
    ("expires now", [alert(expires=at(0))], []),
    ("no expiry told", [alert(expires=None)], ["Fires a1"]),
    ("an update is the same warning", [alert("a2", "a1", -30, msg_type="Update")], ["Fires a1"]),
    ("another beside it", [alert(), alert("b1", "b1")], ["Fires a1", "Fires b1"]),
    ("its feed is down: in force by its own words", [alert(feed="down")], ["Fires a1"]),
    ("no area", [alert(area_desc=None)], ["Fires a1"]),
]


@pytest.mark.parametrize(("found", "told"), [pytest.param(*case[1:], id=case[0]) for case in LIVES])
def test_lives(found: list[dict[str, Any]], told: list[str]) -> None:
    assert list(said(RULE, frames(*found))) == told


LEVELS = [("Severe", None, 3), ("Minor", 4.0, 4), ("Extreme", None, 4), ("Extreme", 5.0, 5), ("Unknown", None, 1)]


@pytest.mark.parametrize(("severity", "official", "level"), LEVELS)
def test_the_bulletins_own_level_wins(severity: str, official: float | None, level: int) -> None:
    (sign,) = RULE.signs(frames(alert(severity=severity, level=official)))
    assert isinstance(sign, Fires)
    assert sign.level == level


ENDS: list[tuple[str, list[dict[str, Any]], float]] = [
    ("cancelled", [alert(status="Actual", expires=at(-5)), alert("a2", "a1", -10, msg_type="Cancel")], -10),
    ("expired", [alert(expires=at(-5))], -5),
    ("updated, then expired", [alert(expires=at(-50)), alert("a2", "a1", -55, expires=at(-7))], -7),
]


@pytest.mark.parametrize(("life", "ended"), [pytest.param(*case[1:], id=case[0]) for case in ENDS])
def test_it_ends_when_it_said(life: list[dict[str, Any]], ended: float) -> None:
    """Once still as ``latest`` gives it (what has ended is left out by the rule), told by the open finding."""
    hidden = [{**one, "status": "Actual", "expires": one["expires"] or None} for one in life]
    for one in hidden:
        if one["msg_type"] == "Cancel":
            one["expires"] = at(-9)
    (sign,) = RULE.signs(frames(*hidden, opened=True))
    assert isinstance(sign, Over)
    assert sign.at == at(ended)


def test_what_lies_inside_is_counted_once_a_service() -> None:
    near, far = {"lon": 107.6, "lat": 16.5}, {"lon": 107.1, "lat": 16.1}
    case = {"time": at(-9), "status": "in_progress"}
    tables: dict[tuple[str, type[Record]], Any] = {
        ("cameras", Thing): rows({"id": "c1", "time": at(0), **near}, {"id": "c2", "time": at(0), **far}),
        ("buses", Thing): rows({"id": "b1", "time": at(0)}),
        ("buses", Position): rows({"id": "b1", "time": at(0), **near}),
        ("field_reports", ServiceRequest): rows(
            {"id": "r1", **case, **near}, {"id": "r2", **case, **near, "status": "closed"}, {"id": "r3", **case, **far}
        ),
    }
    found = rows(alert()).set_geometry([HUE], crs=4326)
    (sign,) = RULE.signs(frames(tables={**tables, ("warnings", Alert): times(found)}))
    assert isinstance(sign, Fires)
    words = in_language(sign.facts["inside"], "en")
    assert isinstance(words, list)
    told = sorted(str(line).rpartition(": ")[2] for line in words)
    assert told == ["1", "1", "1"]
