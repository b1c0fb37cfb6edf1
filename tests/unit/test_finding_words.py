"""Findings in words, and what a hand on the desk may write."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from app.pages import desk_deeds
from app.pages.desk_deeds import NoSuchDeed
from app.pages.desk_map import AT_SEA, NEAR, spot
from app.text import LANGUAGES, Text
from geodata.city import DeskHours, city
from geodata.watch.procedure import procedures
from geodata.watch.rule import rules
from geodata.watch.spoken import filled, named, spoken, written
from geodata.watch.words import Fact

NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)  # 14:00 in Vietnam
ZONE = "Asia/Ho_Chi_Minh"


@pytest.mark.parametrize(
    ("template", "told", "said"),
    [
        ("{name}, {length}", {"name": "TTH-1", "length": "18,6 m"}, "TTH-1, 18,6 m"),
        ("{name}, {length}", {"name": "TTH-1", "length": ""}, "TTH-1"),
        ("{name}: {value}, trên {level} {over}", {"name": "Kim Long", "value": "2,1 m", "level": "", "over": ""},
         "Kim Long: 2,1 m"),
        ("{name}: {n} trên {of}", {"name": "", "n": "2", "of": "3"}, "2 trên 3"),
        ("không có gì", {}, "không có gì"),
    ],
)  # fmt: skip
def test_what_is_not_known_is_not_said(template: str, told: dict[str, str], said: str) -> None:
    assert filled(template, told) == said


@pytest.mark.parametrize(
    ("fact", "value", "said"),
    [
        ({"kind": "number", "unit": "m", "decimals": 1}, 18.6, "18,6\u2009m"),
        ({"kind": "count"}, 1234, "1.234"),
        ({"kind": "number"}, "nhiều", ""),
        ({"kind": "number"}, True, ""),
        ({"kind": "duration"}, 25920, "7 giờ 12"),
        ({"kind": "time"}, "2026-11-20T05:53:00+00:00", "12:53"),
        ({"kind": "time"}, "2026-11-19T05:53:00+00:00", "12:53 19/11"),
        ({"kind": "time"}, "hôm qua", ""),
        ({}, "mmsi:574123456", "MMSI 574123456"),
        ({}, ["a", "b", "c", "d", "e"], "a, b, c +2"),
        ({"words": {"bd2": {"vi": "báo động 2", "en": "alarm 2"}}}, "bd2", "báo động 2"),
        ({}, {"vi": "lũ", "en": "flood"}, "lũ"),
        ({}, {"vi": "lũ"}, "lũ"),
        ({}, {}, ""),
        ({}, [{"vi": "Sở Y tế: 3", "en": "Department of Health: 3"}, "Kim Long"], "Sở Y tế: 3, Kim Long"),
        ({"kind": "service"}, "hydrology", "Mưa, mực nước"),
        ({"kind": "service"}, "moon", "moon"),
    ],
)
def test_a_fact_is_written_as_its_kind_says(fact: dict[str, Any], value: object, said: str) -> None:
    assert written(Fact.model_validate({"vi": "a", "en": "b", **fact}), value, "vi", ZONE, NOW) == said


def test_a_rule_that_is_gone_still_speaks() -> None:
    assert spoken("old.rule", {"n": 3}, "vi", ZONE, NOW).title == "old.rule"
    assert named("TTH-91234-TS") == "TTH-91234-TS"


@pytest.mark.parametrize(
    ("hour", "began"),
    [(5, "2026-11-20T05:00"), (12, "2026-11-20T05:00"), (13, "2026-11-20T13:00"), (4, "2026-11-19T21:00")],
)
def test_when_the_shift_began(hour: int, began: str) -> None:
    from zoneinfo import ZoneInfo

    local = datetime(2026, 11, 20, hour, 30, tzinfo=ZoneInfo(ZONE))
    assert DeskHours().began(local, ZONE).astimezone(ZoneInfo(ZONE)).isoformat().startswith(began)


def test_shifts_are_in_order() -> None:
    with pytest.raises(ValueError, match="in order"):
        DeskHours(shifts=(13, 5))


FINDING = {"id": 7, "level": 3, "rule": "fishing_vessels.lost_6h"}


def deed(what: str, detail: object = None, finding: dict[str, Any] | None = FINDING) -> desk_deeds.Line:
    return desk_deeds.deed(what, detail, finding, city("hue"), NOW, Text("vi"))


def test_deeds_carry_the_level_at_which_they_were_done() -> None:
    assert deed("acknowledge").detail == {"level": 3}
    assert deed("assign", {"agency": city("hue").agencies_on(NOW.date())[0].id, "note": " x "}).detail["note"] == "x"
    assert deed("snooze", {"hours": "0.5", "reason": "chờ"}).detail["until"] == "2026-11-20T07:30:00+00:00"
    assert deed("step", {"step": "captain"}).detail["done"] is True
    assert deed("handover", {"text": "giao ca"}, None).finding is None
    assert len(str(deed("note", {"text": "x" * 9999}).detail["text"])) == 2000


@pytest.mark.parametrize(
    ("what", "detail"),
    [
        ("drop", {}), ("note", {}), ("note", {"text": " \0 "}), ("note", "x"), ("assign", {"agency": "no"}),
        ("snooze", {"hours": 25, "reason": "x"}), ("snooze", {"hours": "nan", "reason": "x"}),
        ("snooze", {"hours": -1, "reason": "x"}), ("snooze", {"hours": 1}), ("close", {}), ("step", {"step": "fly"}),
        ("step", {}),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_words(what: str, detail: object) -> None:
    with pytest.raises(NoSuchDeed, match=r"\w+"):
        deed(what, detail)


def test_nothing_is_chosen() -> None:
    with pytest.raises(NoSuchDeed):
        deed("acknowledge", {}, None)


def test_the_map_stands_where_the_finding_is() -> None:
    import shapely

    home = city("hue").home
    assert spot(None, home).lon == home[0]
    assert spot(shapely.Point(107.6, 16.4), home).zoom == NEAR
    assert spot(shapely.Point(107.6, 16.4), home, near=AT_SEA).zoom == AT_SEA
    assert 6 <= spot(shapely.box(105, 14, 110, 19), home).zoom < 8


def test_every_procedure_of_a_rule_is_there_in_both_languages() -> None:
    named_by = {rule.words.procedure for rule in rules().values()} - {None}
    assert named_by <= set(procedures())
    for procedure in procedures().values():
        assert len({step.id for step in procedure.steps}) == len(procedure.steps)
        for language in LANGUAGES:
            assert all(step.title.text(language) for step in procedure.steps)
