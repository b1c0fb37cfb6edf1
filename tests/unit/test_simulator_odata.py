"""The query options of SensorThings clients."""

from __future__ import annotations

from math import inf

import pytest

from sources.simulator.odata import BadQuery, epoch, parse_filter, parse_query, split

ROW = {
    "@iot.id": 7,
    "phenomenonTime": "2026-11-20T01:00:00Z",
    "result": 1.5,
    "name": "O'Hà",
    "Datastream": {"@iot.id": 3},
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("phenomenonTime gt 2026-11-20T00:59:59Z", True),
        ("phenomenonTime gt 2026-11-20T01:00:00Z", False),
        ("phenomenonTime ge 2026-11-20T08:00:00+07:00", True),
        ("phenomenonTime ge 2026-11-20T01:00:00.000Z and id gt 7", False),
        ("phenomenonTime gt 2026-11-21T00:00:00Z or (phenomenonTime ge 2026-11-20T01:00:00Z and id gt 6)", True),
        ("@iot.id eq 7", True),
        ("Datastream/id eq 3", True),
        ("name eq 'O''Hà'", True),
        ("not (result lt 1.5)", True),
        ("result ne 1.5", False),
    ],
)
def test_filter(text: str, expected: bool) -> None:
    assert parse_filter(text).test(ROW) is expected


def test_filter_knows_its_span() -> None:
    both = parse_filter("phenomenonTime ge 2026-11-20T00:00:00Z and phenomenonTime lt 2026-11-21T00:00:00Z")
    assert (both.start, both.end) == (epoch("2026-11-20T00:00:00Z"), epoch("2026-11-21T00:00:00Z"))
    assert parse_filter("phenomenonTime gt 2026-11-20T00:00:00Z or id gt 4").start == -inf


@pytest.mark.parametrize(
    "options",
    [
        {"$filter": "phenomenonTime gt"},
        {"$filter": "(id gt 3"},
        {"$filter": "id gt 3 4"},
        {"$filter": "phenomenonTime gt yesterday"},
        {"$filter": "substringof('a', name)"},
        {"$top": "many"},
        {"$orderby": "id sideways"},
        {"$search": "x"},
    ],
)
def test_what_it_cannot_read_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        parse_query(options)


def test_expand_with_nested_options() -> None:
    query = parse_query(
        {"$expand": "Locations,Datastreams($expand=Sensor,Observations($top=1;$orderby=id desc);$select=name)"}
    )
    assert set(query.expand) == {"Locations", "Datastreams"}
    streams = query.expand["Datastreams"]
    assert streams.select == ("name",)
    assert streams.expand["Observations"].top == 1
    assert streams.expand["Observations"].orderby == (("id", True),)
    assert parse_query({"$expand": "Datastreams/Sensor"}).expand["Datastreams"].expand.keys() == {"Sensor"}
    assert split("a(b,c),d", ",") == ["a(b,c)", "d"]
