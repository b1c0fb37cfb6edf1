"""Field reports: how many, where, in which state, and how their deadlines stand at any time."""

from __future__ import annotations

from collections import Counter
from statistics import mean

import pytest

from geodata.catalogue import service
from geodata.city import cities, city
from sources.simulator.open311_server import request, xml
from sources.simulator.report_intake import kinds
from sources.simulator.report_life import CLOSING, RESOLVED, Office, Report, Stage
from sources.simulator.town import Town

NOW = 1795222800.0
DAY = 86400.0
HOURS = range(0, 10 * 24, 5)


def office_of(name: str, seed: int = 1) -> Office:
    office = Town(city(name), seed).office
    assert office is not None
    return office


@pytest.fixture(scope="module")
def office() -> Office:
    return office_of("hue")


def open_at(office: Office, t: float) -> list[tuple[Report, Stage]]:
    pairs = [(report, report.at(t)) for report in office.reports(t - 30 * DAY, t, t)]
    return [(report, stage) for report, stage in pairs if stage is not None and stage.word not in CLOSING]


def test_a_hundred_a_day_in_forty_wards(office: Office) -> None:
    reports = list(office.reports(NOW - 14 * DAY, NOW, NOW))
    assert 1250 < len(reports) < 1550
    assert len({report.intake.ward.code for report in reports}) == 40
    assert len({report.intake.number for report in reports}) == len(reports)
    hours = Counter(int((report.intake.requested + 7 * 3600) % DAY // 3600) for report in reports)
    assert hours[9] > 5 * max(hours[3], 1)


def test_reports_lie_in_their_ward(office: Office) -> None:
    for report in list(office.reports(NOW - 2 * DAY, NOW, NOW)):
        from shapely.geometry import Point

        assert report.intake.ward.cell.buffer(1e-6).contains(Point(report.intake.place))


def test_about_two_hundred_are_open_a_few_overdue_and_some_nearly(office: Office) -> None:
    opened, overdue, soon = [], [], []
    for hour in HOURS:
        t = NOW - hour * 3600
        now = open_at(office, t)
        opened.append(len(now))
        late = [stage for _, stage in now if stage.deadline is not None and stage.deadline < t]
        overdue.append(len(late))
        working = [(report, stage) for report, stage in now if stage.deadline is not None and stage.word != RESOLVED]
        soon.append(
            sum(t < stage.deadline < office.desk.after(t, 7.5) for _, stage in working if stage.deadline is not None)
        )
    assert 140 < mean(opened) < 280
    assert 2 <= mean(overdue) <= 4
    assert max(overdue) <= 8
    assert 3 <= mean(soon) <= 12


def test_every_state_of_the_case_occurs(office: Office) -> None:
    words = Counter(stage.word for report in office.reports(NOW - 14 * DAY, NOW, NOW) for stage in report.stages)
    assert len(words) == 10
    assert words["từ chối"] < 0.2 * words["mới gửi"]
    assert words["mở lại"] > 0


def test_stages_are_in_the_order_of_time(office: Office) -> None:
    for report in office.reports(NOW - 14 * DAY, NOW, NOW):
        times = [stage.t for stage in report.stages]
        assert times == sorted(times)


def test_a_case_does_not_depend_on_what_was_asked_before(office: Office) -> None:
    reports = list(office.reports(NOW - DAY, NOW, NOW))
    fresh = office_of("hue")
    assert fresh.report(reports[7].intake.number, NOW) == reports[7]
    assert fresh.report(reports[7].intake.number, NOW + 40 * DAY) is None
    assert office_of("hue", 2).report(reports[7].intake.number, NOW) != reports[7]


def test_categories_are_those_of_the_catalogue() -> None:
    codes = {code for category in service("field_reports").categories for code in category.codes}
    assert {kind.code for kind in kinds()} <= codes


@pytest.mark.parametrize("name", sorted(cities()))
def test_every_city_has_reports_that_an_agency_answers_for(name: str) -> None:
    office = office_of(name)
    reports = list(office.reports(NOW - 2 * DAY, NOW - DAY, NOW))
    assert len(reports) > 20
    agencies = {stage.agency for report in reports for stage in report.stages if stage.agency}
    assert len(agencies) > 1
    west, south, east, north = city(name).bounds
    for report in reports:
        assert west - 0.5 < report.intake.place[0] < east + 0.5
        assert south - 0.5 < report.intake.place[1] < north + 0.5


def test_the_reporter_is_told_only_with_extensions(office: Office) -> None:
    report = next(iter(office.reports(NOW - DAY, NOW, NOW)))
    plain = request(report, report.stages[-1], extensions=False)
    extended = request(report, report.stages[-1], extensions=True)
    assert {"first_name", "last_name", "phone"} & set(plain) == set()
    assert extended["phone"] == report.intake.phone
    assert report.intake.phone not in xml([plain], "service_requests", "request")
