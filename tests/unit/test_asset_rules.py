"""The rules of boards, utilities, systems, projects and of one cause for many losses."""

from __future__ import annotations

from datetime import date

import pytest

from geodata.rules import project, screen, site, upstream, utility


@pytest.mark.parametrize(
    ("status", "content", "days", "proved", "found"),
    [
        ("on", "approved", 200.0, True, "on"),
        ("on", "approved", None, True, "on"),
        ("on", "approved", 30.0, True, "licence_soon"),
        ("on", "approved", -1.0, True, "licence_over"),
        ("on", "unapproved", -1.0, True, "unapproved"),
        ("on", "test", 200.0, True, "test"),
        ("on", "blank", 200.0, True, "blank"),
        ("on", "approved", 200.0, False, "unproved"),
        ("on", None, 200.0, True, "unproved"),
        ("off", "unapproved", -1.0, True, "off"),
        ("fault", "approved", 200.0, True, "fault"),
        (None, None, -1.0, True, None),
        (None, "unapproved", 200.0, True, "unapproved"),
        ("what", "blank", None, False, None),
    ],
)
def test_boards(status: str | None, content: str | None, days: float | None, proved: bool, found: str | None) -> None:
    assert screen.condition(status, content, days, proved=proved) == found


@pytest.mark.parametrize(
    ("values", "lamps", "found"),
    [
        ({}, None, "normal"),
        ({"status": "on", "lamps_out": 2.0}, 40.0, "normal"),
        ({"status": "on", "lamps_out": 8.0}, 40.0, "lamps_few"),
        ({"status": "on", "lamps_out": 20.0}, 40.0, "lamps_many"),
        ({"status": "on", "lamps_out": 20.0}, 0.0, "normal"),
        ({"status": "off", "voltage": 0.0}, None, "off"),
        ({"status": "on", "voltage": 0.0}, None, "phase"),
        ({"status": "fault", "voltage": 0.0}, None, "fault"),
        ({"pressure": 0.99}, None, "pressure"),
        ({"pressure": 1.0}, None, "normal"),
        ({"water_loss": 25.0}, None, "loss"),
        ({"bin_fill": 90.0}, None, "full"),
        ({"pump_state": "stopped"}, None, "off"),
        ({"pump_state": "fault", "status": "fault"}, None, "pump"),
        ({"status": "never heard of"}, None, "normal"),
    ],
)
def test_utilities(values: dict[str, float | str], lamps: float | None, found: str) -> None:
    assert utility.condition(values, lamps) == found
    assert found in utility.LEVELS


PARENTS = {"c1": "f1", "c2": "f1", "c3": "f1", "c4": "f2", "c5": "f2", "c6": "f2", "f1": "s", "f2": "s"}
MUTE = {"f1", "f2", "s"}


@pytest.mark.parametrize(
    ("lost", "failed"),
    [
        ({"c1", "c2"}, {}),  # one of the feeder's three is heard
        ({"c1", "c2", "c3"}, {"f1": 3}),
        ({"c1", "c2", "c3", "c4"}, {"f1": 3}),
        ({"c1", "c2", "c3", "c4", "c5", "c6"}, {"s": 6}),  # one cause: the substation, not two feeders
    ],
)
def test_a_mute_parent_has_failed_when_nothing_below_it_is_heard(lost: set[str], failed: dict[str, int]) -> None:
    found = upstream.outage(PARENTS, lost, mute=MUTE)
    assert found.failed == failed
    assert {found.because[c] for c in lost if c in found.because} == set(failed)


def test_two_lost_things_are_not_yet_an_outage() -> None:
    assert upstream.outage({"a": "p", "b": "p"}, {"a", "b"}, mute={"p"}).failed == {}


def test_a_parent_that_tells_its_own_failure_explains_even_one() -> None:
    found = upstream.outage({"a": "line", "b": "line"}, {"a", "line"}, {"line"})
    assert found.failed == {"line": 1}
    assert found.because == {"a": "line"}


def test_a_circle_in_the_data_ends() -> None:
    assert upstream.above("a", {"a": "b", "b": "c", "c": "b"}) == ["b", "c"]
    assert upstream.outage({"a": "b", "b": "a"}, {"a", "b"}).because == {}


@pytest.mark.parametrize(
    ("severity", "category", "found", "level"),
    [
        (5, "attack", "critical", 4),  # level 5 is never computed
        (4, "malware", "high", 3),
        (3, "phishing", "warning", 2),
        (1, None, "notice", 1),
        (None, "leak", "warning", 2),
        (9, "leak", "warning", 2),
        (5, "availability", "down_grave", 3),
        (3, "availability", "down", 2),
        (1, "availability", "notice", 1),
        (2, "defacement", "defaced", 4),
    ],
)
def test_alerts(severity: float | None, category: str | None, found: str, level: int) -> None:
    assert site.alert(severity, category) == found
    assert site.LEVELS[found] == level


@pytest.mark.parametrize(
    ("values", "down_s", "found"),
    [
        ({"up": "up", "certificate_days": 80.0}, None, "reached"),
        ({"up": "down"}, 119.0, "just_lost"),
        ({"up": "down"}, 120.0, "down"),
        ({"up": "down"}, None, "down"),
        ({"certificate_days": 29.9}, None, "certificate_soon"),
        ({"certificate_days": 6.0}, None, "certificate_near"),
        ({"certificate_days": -1.0}, None, "certificate_bad"),
        ({"certificate": "wrong_host", "certificate_days": 80.0}, None, "certificate_bad"),
        ({"dns": "changed", "up": "down"}, None, "dns"),
        ({"content": "changed"}, None, "defaced"),
        ({"up": 1.0, "certificate": 3.0}, None, "reached"),
    ],
)
def test_probes(values: dict[str, float | str], down_s: float | None, found: str) -> None:
    assert site.worst(site.probed(values, down_s)) == found


@pytest.mark.parametrize(
    "told",
    [
        "https://mot-cua.hue.gov.vn:8443/login?x=1",
        "mot-cua.hue.gov.vn",
        "10.20.30.40:9100",
        "2001:db8:0:1:1:1:1:1",
        "fe80::1",
        "quantri@hue.gov.vn",
        "db01.lan",
    ],
)
def test_no_address_is_told(told: str) -> None:
    assert site.tells_address(told)
    assert site.masked(f"máy {told} không trả lời") == f"máy {site.MASK} không trả lời"


@pytest.mark.parametrize(
    "told",
    ["Cổng Sở Y tế, mất điện lúc 08:15:00", "Tỷ lệ 12,5% ngày 21/11/2026", "TLS 1.3", "TP. Huế", "site:ubnd_19753"],
)
def test_plain_words_stay(told: str) -> None:
    assert site.masked(told) == told


BEGIN, FINISH, TODAY = date(2026, 1, 1), date(2027, 1, 1), date(2026, 7, 2)


@pytest.mark.parametrize(
    ("begin", "finish", "done", "found", "level"),
    [
        (BEGIN, FINISH, 0.5, "on_time", 0),
        (BEGIN, FINISH, 0.36, "on_time", 0),
        (BEGIN, FINISH, 0.34, "behind", 1),
        (BEGIN, date(2026, 7, 1), 0.9, "late", 2),
        (None, date(2026, 7, 1), None, "late", 2),
        (BEGIN, date(2026, 7, 1), 1.0, "done", 0),
        (BEGIN, FINISH, None, "unsaid", 0),
        (None, None, 0.4, "unsaid", 0),
        (FINISH, BEGIN, 0.4, "late", 2),
    ],
)
def test_projects(begin: date | None, finish: date | None, done: float | None, found: str, level: int) -> None:
    standing = project.standing(begin, finish, done, TODAY)
    assert (standing.name, standing.level) == (found, level)


def test_days_over_and_share_of_a_plan() -> None:
    assert project.standing(BEGIN, date(2026, 7, 1), 0.9, TODAY).over_d == 1
    assert project.standing(BEGIN, FINISH, 0.5, TODAY).planned == pytest.approx(182 / 365)


@pytest.mark.parametrize(
    ("severity", "closed", "protected", "level"),
    [(None, False, False, 2), (1, False, False, 1), (1, False, True, 2), (5, False, False, 3), (3, True, True, 0)],
)
def test_violations(severity: float | None, closed: bool, protected: bool, level: int) -> None:
    assert project.violation(severity, closed=closed, protected=protected) == level
