"""Cases: deadlines in working time, duplicates proposed, surges that small numbers cannot fake."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from geodata.calendar import WorkCalendar
from geodata.records import ServiceRequest
from geodata.rules import baseline, caseload, working_time
from geodata.watch.rule import rules
from geodata.watch.signs import Fires
from tests.support.watching import at, rows, said, sources, still

DUE, TWICE, SURGE = (rules()[f"field_reports.{name}"] for name in ("deadlines", "duplicates", "surge"))
DOSSIERS = rules()["public_services.deadlines"]
FEEDS = sources(a="open311")
HOUR, DAY = 60.0, 1440.0
HUE: dict[str, Any] = {"lon": 107.584, "lat": 16.456}


def case(key: str = "r1", asked: float = -4 * HOUR, due: float | None = 4 * HOUR, **more: Any) -> dict[str, Any]:
    """A case asked and due so many minutes from minute 0, which is Friday noon in Viet Nam."""
    return {
        "id": key, "time": at(asked), "source": "a", "requested_datetime": at(asked), "urgency": "normal",
        "expected_datetime": None if due is None else at(due), "status": "in_progress", "agency": "Sở Xây dựng",
        "category": "roads", "title": None, "description": None, "duplicate_of": None, **HUE, **more,
    }  # fmt: skip


def frame(*found: dict[str, Any]) -> Any:
    table = rows(*found)
    for name in ("requested_datetime", "expected_datetime"):
        table[name] = pd.to_datetime(table[name], utc=True)
    return table


def told(*found: dict[str, Any], service: str = "field_reports") -> Any:
    return still(0, {(service, ServiceRequest): frame(*found)}, FEEDS)


DEADLINES: list[tuple[str, list[dict[str, Any]], tuple[int, int, int] | None]] = [
    ("in time", [case()], None),
    ("due soon is a count, no alarm", [case(asked=-8 * HOUR, due=1)], None),
    ("urgent, due soon", [case(asked=-8 * HOUR, due=1, urgency="urgent")], (1, 0, 1)),
    ("due this minute", [case(due=0)], (2, 1, 0)),
    ("overdue", [case(due=-1)], (2, 1, 0)),
    ("overdue, urgent", [case(due=-1, urgency="urgent")], (3, 1, 0)),
    ("one urgent of three raises all", [case(due=-1), case("r2", due=-9), case("r3", due=-2, urgency="urgent")],
     (3, 3, 0)),
    ("it has a result", [case(due=-1, status="resolved")], None),
    ("closed", [case(due=-1, status="closed")], None),
    ("marked as told twice", [case(due=-1, duplicate_of="r0")], None),
    ("its feed is down", [case(due=-1, feed="down")], None),
    ("no deadline, urgent, asked this morning: 4 working hours", [case(asked=-4.4 * HOUR, due=None, urgency="urgent")],
     (1, 0, 1)),
    ("no deadline, normal, asked on Tuesday afternoon: 22,5 working hours",
     [case(asked=-2 * DAY - 20 * HOUR, due=None)], None),
    ("no deadline, normal, asked on Monday morning", [case(asked=-4 * DAY - 4.4 * HOUR, due=None)], (2, 1, 0)),
    ("no urgency, no deadline", [case(asked=-90 * DAY, due=None, urgency=None)], None),
]  # fmt: skip


@pytest.mark.parametrize(("found", "wanted"), [pytest.param(*c[1:], id=c[0]) for c in DEADLINES])
def test_deadlines(found: list[dict[str, Any]], wanted: tuple[int, int, int] | None) -> None:
    signs = [s for s in DUE.signs(told(*found)) if isinstance(s, Fires)]
    if wanted is None:
        assert not signs
        return
    (sign,) = signs
    assert (sign.level, sign.facts["overdue"], sign.facts["soon"]) == wanted


def test_whose_they_are() -> None:
    found = [case(f"r{i}", due=-i - 1, agency="Sở Xây dựng" if i % 3 else "Sở Y tế") for i in range(9)]
    (sign,) = DUE.signs(told(*found))
    assert isinstance(sign, Fires)
    assert sign.facts["agencies"] == [
        {"vi": "Sở Xây dựng: 6", "en": "Department of Construction: 6"},
        {"vi": "Sở Y tế: 3", "en": "Department of Health: 3"},
    ]
    assert sign.since == at(-9)
    assert sign.rows[0].id == "r8"


def test_papers_awaited_stop_the_clock() -> None:
    cases = [case("d1", due=-1, category="more_papers"), case("d2", due=-1, category="processing")]
    (sign,) = DOSSIERS.signs(told(*cases, service="public_services"))
    assert isinstance(sign, Fires)
    assert sign.facts["overdue"] == 1


def test_working_time_of_columns_is_that_of_the_calendar() -> None:
    calendar, rng = WorkCalendar(), np.random.default_rng(7)
    table = working_time.WorkTable(calendar, date(2026, 1, 1), date(2026, 12, 31))
    starts = [datetime(2026, 1, 20, tzinfo=UTC) + timedelta(seconds=int(s)) for s in rng.integers(0, 26_000_000, 60)]
    hours = rng.choice([0.5, 4.0, 22.5, 52.5], 60)
    epoch = np.array([s.timestamp() for s in starts])
    wanted = [calendar.add(s, float(h)).timestamp() for s, h in zip(starts, hours, strict=True)]
    assert np.allclose(table.add(epoch, hours * 3600), wanted, atol=1e-3)
    spans = [calendar.between(starts[0], s).total_seconds() for s in starts]
    assert np.allclose(table.worked(epoch) - table.worked(epoch[:1]), spans, atol=1e-3)


def test_nothing_is_due_without_hours() -> None:
    found = caseload.running(frame(case(due=None, urgency=None)), still(0, {}, FEEDS).city, "field_reports", at(0))
    assert found["used"].isna().all()


SAME = "Nắp cống vỡ trước số 12 đường Tố Hữu"
PAIRS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("the same words nearby", {}, ["Fires field_reports"]),
    ("without diacritics", {"title": "nap cong vo truoc so 12 duong To Huu"}, ["Fires field_reports"]),
    ("other words", {"title": "Đèn đường không sáng đã ba đêm"}, []),
    ("another category", {"category": "lighting"}, []),
    ("a kilometre away", {"lon": 107.594}, []),
    ("four days before", {"requested_datetime": at(-5 * DAY)}, []),
    ("already marked", {"duplicate_of": "r1"}, []),
    ("closed", {"status": "closed"}, []),
    ("no words", {"title": None}, []),
    ("no place", {"lon": None}, []),
]


@pytest.mark.parametrize(("other", "wanted"), [pytest.param(*c[1:], id=c[0]) for c in PAIRS])
def test_duplicates_are_proposed(other: dict[str, Any], wanted: list[str]) -> None:
    found = told(case(title=SAME), case("r2", title=SAME) | other)
    assert list(said(TWICE, found)) == wanted


def test_three_of_one_are_one_group() -> None:
    (sign,) = TWICE.signs(told(*(case(f"r{i}", asked=-i, title=SAME) for i in range(3))))
    assert isinstance(sign, Fires)
    assert (sign.facts["groups"], sign.facts["ids"]) == (1, ["r2 = r1 = r0"])


def weeks(today: int, before: list[int], rest: int = 40) -> list[dict[str, Any]]:
    """So many of one ward today, so many on the same day of each week before, and others elsewhere all along."""
    found = [case(f"t{i}", asked=-60 - i) for i in range(today)]
    for week, n in enumerate(before, 1):
        found += [case(f"w{week}.{i}", asked=-7 * DAY * week - 60 - i) for i in range(n)]
        found += [case(f"o{week}.{i}", asked=-7 * DAY * week + 2 * DAY - i, category="trees") for i in range(rest)]
    return found


SURGES: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("as usual", weeks(5, [5, 4, 6, 5]), []),
    ("many more", weeks(16, [2, 1, 3, 2]), ["Fires roads"]),
    ("four out of nothing are too few", weeks(4, [0, 0, 0, 0]), []),
    ("eight out of nothing", weeks(8, [0, 0, 0, 0]), ["Fires roads"]),
    ("twelve where ten are usual", weeks(12, [10, 9, 11, 10]), []),
    ("one week says nothing", weeks(20, [1]), []),
    ("two weeks are less sure than four", weeks(6, [1, 0]), []),
    ("a busy ward a busy day", weeks(20, [10, 25, 4, 12]), []),
]


@pytest.mark.parametrize(("found", "wanted"), [pytest.param(*c[1:], id=c[0]) for c in SURGES])
def test_surges(found: list[dict[str, Any]], wanted: list[str]) -> None:
    assert list(said(SURGE, told(*found))) == wanted


def test_the_chance_of_many() -> None:
    """Against the plain sum of the negative binomial; fewer weeks, wider."""
    assert baseline.chance(0, 5, 4) == 1.0
    assert baseline.chance(1, 0, 4) == pytest.approx(1 - (4 / 5) ** 0.5)
    assert baseline.chance(10, 4, 2) > baseline.chance(10, 8, 4)
