"""Cameras, boards, utilities, systems, press, buses, roads and order: one cause is one finding."""

from __future__ import annotations

from typing import Any

import pytest

from geodata.records import Event, Observation, Position, Record, Thing
from geodata.watch.frames import StillFrames
from geodata.watch.rule import rules
from geodata.watch.signs import Fires
from tests.support.watching import at, rows, said, sources, still

FEEDS = sources(a="mqtt", b="mqtt")
HERE: dict[str, Any] = {"lon": 107.6, "lat": 16.5}
WEEK = 7 * 1440.0


def seen(key: str, name: str = "status", told: str | float = "on", ago: float = 1, **more: Any) -> dict[str, Any]:
    words = isinstance(told, str)
    return {
        "id": key, "time": at(-ago), "source": "a", "cadence_s": 300.0, "observed_property": name,
        "result": None if words else told, "result_text": told if words else None, "quality": "measuring",
        "name": f"Số {key}", **HERE, **more,
    }  # fmt: skip


def event(key: str, ago: float = 30, **more: Any) -> dict[str, Any]:
    return {
        "id": key, "time": at(-ago), "source": "a", "end_time": None, "category": "other", "title": f"Tin {key}",
        "description": None, "thing_id": None, "severity": None, "status": None, "place_confidence": None,
        **HERE, **more,
    }  # fmt: skip


def thing(key: str, **properties: Any) -> dict[str, Any]:
    return {"id": key, "time": at(-9000), "name": f"Số {key}", "agency": None, "properties": properties, **HERE}


def frames(service: str, **kinds: list[dict[str, Any]]) -> StillFrames:
    tables: dict[tuple[str, type[Record]], Any] = {}
    for name, found in kinds.items():
        kind: type[Record] = {"observed": Observation, "stands": Thing, "events": Event, "fixes": Position}[name]
        tables[(service, kind)] = rows(*found, by_id=kind is not Observation)
    city = "quang_tri" if service == "public_utilities" else "hue"
    return still(0, tables, FEEDS, city)


def told(name: str, **kinds: list[dict[str, Any]]) -> list[str]:
    rule = rules()[name]
    return list(said(rule, frames(rule.service, **kinds)))


def cameras(live: int, bad: int, word: str = "unreachable", **more: Any) -> list[dict[str, Any]]:
    return [*(seen(f"l{i}", told="live", **more) for i in range(live)),
            *(seen(f"b{i}", told=word, **more) for i in range(bad))]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "wanted"),
    [(cameras(95, 5), []), (cameras(17, 2), []), (cameras(90, 10), ["Fires a"]), (cameras(92, 8), ["Holds a"]),
     (cameras(90, 10, "frozen"), ["Fires a"]), (cameras(60, 40, "dark"), ["Fires a"]),
     (cameras(60, 40, feed="down"), ["Unknown a"]), (cameras(60, 40, ago=60), [])],
    ids=["5%", "two of many", "10%", "8% holds", "frozen", "dark", "feed down", "silent says nothing"],
)  # fmt: skip
def test_cameras(found: list[dict[str, Any]], wanted: list[str]) -> None:
    assert told("cameras.no_picture", observed=found) == wanted


def test_a_third_of_a_system_is_graver() -> None:
    (sign,) = rules()["cameras.no_picture"].signs(frames("cameras", observed=cameras(60, 40)))
    assert isinstance(sign, Fires)
    assert (sign.level, sign.facts["unreachable"], sign.facts["of"]) == (3, 40, 100)


def board(key: str, status: str, content: str = "approved", days: float = 99, **more: Any) -> list[dict[str, Any]]:
    return [seen(key, told=status, **more), seen(key, "content", content, **more),
            seen(key, "licence_days", days, **more)]  # fmt: skip


BOARDS = [
    ("approved", board("x", "on"), [], [], []),
    ("not approved", board("x", "on", "unapproved"), ["Fires x"], [], []),
    ("not approved, dark", board("x", "off", "unapproved"), [], [], []),
    ("licence over", board("x", "on", days=-1), [], ["Fires advertising_screens"], []),
    ("licence over, dark", board("x", "off", days=-1), [], [], []),
    ("one fault", board("x", "fault"), [], [], []),
    ("three faults", [r for i in range(3) for r in board(f"x{i}", "fault")], [], [], ["Fires a"]),
    (
        "feed down",
        board("x", "on", "unapproved", feed="down"),
        ["Unknown x"],
        ["Unknown advertising_screens"],
        ["Unknown a"],
    ),
]


@pytest.mark.parametrize(("found", "content", "licence", "out"), [pytest.param(*c[1:], id=c[0]) for c in BOARDS])
def test_boards(found: list[dict[str, Any]], content: list[str], licence: list[str], out: list[str]) -> None:
    assert told("advertising_screens.unapproved", observed=found) == content
    assert told("advertising_screens.without_licence", observed=found) == licence
    assert told("advertising_screens.boards_out", observed=found) == out


FEEDER = [thing("lo"), *(thing(f"t{i}", upstream="lo") for i in range(9))]
UTILITIES = [
    ("all well", [seen(f"t{i}") for i in range(9)], [], []),
    ("all silent below a feeder", [seen(f"t{i}", ago=60) for i in range(9)], ["Fires lo"], []),
    ("all left their last will", [seen(f"t{i}", told="fault") for i in range(9)], ["Fires lo"], []),
    ("one is heard", [seen("t0"), *(seen(f"t{i}", ago=60) for i in range(1, 9))], [], []),
    ("the feeder tells it", [seen("lo", told="fault"), seen("t0", ago=60), *(seen(f"t{i}") for i in range(1, 9))],
     ["Fires lo"], []),
    ("the feed is down", [seen(f"t{i}", ago=60, feed="down") for i in range(9)], [], []),
    ("a pump", [seen("p", "pump_state", "fault")], [], ["Fires p"]),
    ("two faults are the repair shop's", [seen("t0", told="fault"), seen("t1", told="fault"), seen("t2")], [], []),
    ("three of low pressure", [seen(f"w{i}", "pressure", 0.4) for i in range(3)], [], ["Fires pressure"]),
]  # fmt: skip


@pytest.mark.parametrize(("found", "outage", "faults"), [pytest.param(*c[1:], id=c[0]) for c in UTILITIES])
def test_utilities(found: list[dict[str, Any]], outage: list[str], faults: list[str]) -> None:
    assert told("public_utilities.outage", observed=found, stands=FEEDER) == outage
    assert told("public_utilities.faults", observed=found, stands=FEEDER) == faults


LINE = [thing("line"), *(thing(f"s{i}", parent="line") for i in range(3)), thing("own")]
DOWN: dict[str, Any] = {"category": "availability", "status": "firing", "severity": 3}
SITES = [
    ("all reached", [seen("s0", "up", "up")], [], []),
    ("a site, by its probe", [seen("own", "up", "down")], [], ["Fires information_security"]),
    ("a site, by an alert", [seen("own", "up", "up")], [event("e", thing_id="own", **DOWN)],
     ["Fires information_security"]),
    ("just lost", [seen("own", "up", "up")], [event("e", ago=1, thing_id="own", **DOWN)], []),
    ("resolved", [seen("own", "up", "up")], [event("e", thing_id="own", **{**DOWN, "status": "resolved"})], []),
    ("a line takes its sites with it", [seen(k, "up", "down") for k in ("line", "s0", "s1", "own")], [],
     ["Fires information_security", "Fires line"]),
    ("its feed is down", [seen("own", "up", "down", feed="down")], [], []),
    ("the feed of the alerts is down", [seen("own", "up", "up")],
     [event("e", thing_id="line", feed="down", **DOWN)], []),
]  # fmt: skip


@pytest.mark.parametrize(("found", "events", "wanted"), [pytest.param(*c[1:], id=c[0]) for c in SITES])
def test_sites(found: list[dict[str, Any]], events: list[dict[str, Any]], wanted: list[str]) -> None:
    kinds = {"observed": found, "stands": LINE} | ({"events": events} if events else {})
    assert told("information_security.sites_down", **kinds) == wanted


def test_no_address_is_told() -> None:
    stands = [{**thing("https://mot-cua.xa.gov.vn"), "name": "https://mot-cua.xa.gov.vn"}]
    observed = [seen("https://mot-cua.xa.gov.vn", "up", "down")]
    (sign,) = rules()["information_security.sites_down"].signs(
        frames("information_security", observed=observed, stands=stands)
    )
    assert isinstance(sign, Fires)
    assert "gov.vn" not in repr((sign.key, sign.facts, sign.rows))


@pytest.mark.parametrize(
    ("more", "wanted"),
    [({"category": "defacement", "severity": 5}, ["Fires e"]), ({"category": "attack", "severity": 4}, ["Fires e"]),
     ({"category": "attack", "severity": 2}, []), ({"category": "availability", "severity": 5}, []),
     ({"category": "attack", "severity": 5, "status": "resolved"}, []),
     ({"category": "attack", "severity": 5, "feed": "down"}, ["Unknown e"])],
)  # fmt: skip
def test_grave_alerts(more: dict[str, Any], wanted: list[str]) -> None:
    assert told("information_security.incidents", events=[event("e", **more)]) == wanted


@pytest.mark.parametrize(("days", "n"), [(40.0, 0), (6.0, 1), (-2.0, 1)])
def test_certificates(days: float, n: int) -> None:
    found = [seen("s", "certificate_days", days)]
    assert told("information_security.certificates", observed=found) == ["Fires information_security"][:n]


def rumour(key: str, ago: float, title: str, **more: Any) -> dict[str, Any]:
    return event(key, ago, category="rumour", title=title, description="", **more)


def test_one_rumour_of_two_outlets_is_one_finding() -> None:
    dam = "Tin đồn vỡ đập thượng nguồn sông Bồ"
    found = [rumour("a", 90, dam), rumour("b", 30, dam + " là thất thiệt"), rumour("c", 20, "Bán gạo giá gấp ba ở chợ")]
    assert told("press.rumours", events=found) == ["Fires a", "Fires c"]
    assert told("press.rumours", events=[rumour("a", 90, dam, status="verified")]) == []
    only = [rumour("d", 60, "Bác bỏ tin giả về vỡ đập"), rumour("e", 9, "Xử lý người tung tin giả về lũ")]
    assert told("press.rumours", events=only) == ["Fires denied"]
    assert told("press.rumours", events=[rumour("a", 25 * 60, dam)]) == []
    assert told("press.rumours", events=[rumour("a", 90, dam, feed="down")]) == ["Unknown a"]


def bus(key: str, ago: float, **more: Any) -> dict[str, Any]:
    return {"id": key, "time": at(-ago), "source": "a", "cadence_s": 30.0, "late_factor": 8.0, "sog_kn": 9.0,
            "cog_deg": 0.0, "heading_deg": None, "status": None, **HERE, **more}  # fmt: skip


RUNNING = {"properties": {"in_service": True}}
BUSES = [
    ("three of twenty", [*(bus(f"b{i}", 0.2) for i in range(17)), *(bus(f"s{i}", 9) for i in range(3))], ["Fires a"]),
    ("two of twenty", [*(bus(f"b{i}", 0.2) for i in range(18)), *(bus(f"s{i}", 9) for i in range(2))], []),
    ("half of them: the feed", [bus(f"b{i}", 0.2 if i < 10 else 9) for i in range(20)], ["Unknown a"]),
    ("the feed is down", [bus(f"b{i}", 9, feed="down") for i in range(9)], ["Unknown a"]),
    ("gone home", [*(bus(f"b{i}", 0.2) for i in range(17)), *(bus(f"s{i}", 180) for i in range(3))], []),
    ("told in service, silent for three hours",
     [*(bus(f"b{i}", 0.2) for i in range(17)), *(bus(f"s{i}", 180, **RUNNING) for i in range(3))], ["Fires a"]),
    ("the night: all at home", [bus(f"b{i}", 400) for i in range(20)], []),
]  # fmt: skip


@pytest.mark.parametrize(("found", "wanted"), [pytest.param(*c[1:], id=c[0]) for c in BUSES])
def test_buses(found: list[dict[str, Any]], wanted: list[str]) -> None:
    assert told("buses.silent", fixes=found) == wanted


def test_lines_that_do_not_run() -> None:
    notices = [event("n", category="no_service"), event("d", category="detour"),
               event("o", category="no_service", end_time=at(-1))]  # fmt: skip
    for one in notices:
        one["end_time"] = one["end_time"] or at(300)
    (sign,) = rules()["buses.lines_stopped"].signs(frames("buses", events=notices))
    assert isinstance(sign, Fires)
    assert sign.facts["names"] == ["Tin n"]


def road(key: str, now: float, before: list[float]) -> list[dict[str, Any]]:
    past = [seen(key, "speed", v, ago=WEEK * w) for w, v in enumerate(before, 1)]
    return [*past, seen(key, "speed", now), seen(key, "level_of_service", "F" if now < 15 else "B")]


ROADS = [
    ("runs", road("r", 40, [40, 40]) + road("s", 40, [40, 40]), []),
    ("a rush hour as ever", road("r", 8, [9, 8]) + road("s", 8, [9, 7]), []),
    ("two stand that usually run", road("r", 8, [40, 38]) + road("s", 6, [30, 35]), ["Fires traffic"]),
    ("one alone", road("r", 8, [40, 38]) + road("s", 40, [40, 40]), []),
    ("one past week says nothing", road("r", 8, [40]) + road("s", 6, [30]), []),
    ("its feed is down", [{**r, "feed": "down"} for r in road("r", 8, [40, 38])], ["Unknown traffic"]),
]


@pytest.mark.parametrize(("found", "wanted"), [pytest.param(*c[1:], id=c[0]) for c in ROADS])
def test_jams_against_the_same_hour(found: list[dict[str, Any]], wanted: list[str]) -> None:
    rule = rules()["traffic.jam"]
    newest = [r for r in found if r["time"] == at(-1)]
    whole = frames("traffic", observed=found)
    both = _two(whole, rows(*newest, by_id=False))
    assert list(said(rule, both)) == wanted


class _two(StillFrames):  # noqa: N801 (a frame of its own for ``latest``)
    def __init__(self, whole: StillFrames, newest: Any) -> None:
        super().__init__(whole.at, whole.city, whole.rows, whole.feeds)
        object.__setattr__(self, "_newest", newest)

    def latest(self, service: str, kind: type[Record], back: Any = None) -> Any:
        return self._newest if kind is Observation else super().latest(service, kind)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [([event("a", severity=2)], []), ([event("a", severity=3)], ["Fires other"]), ([event("a")], []),
     ([event("a", severity=4, end_time=at(-5)), event("b", severity=2, end_time=at(60))], []),
     ([event("a", severity=4, end_time=at(60), feed="down")], ["Unknown other"]),
     ([event(f"e{i}", severity=3 + i % 2, category="fire", end_time=at(60)) for i in range(9)], ["Fires fire"])],
    ids=["slight", "grave", "unrated", "over", "feed down", "nine are one"],
)  # fmt: skip
def test_grave_incidents(found: list[dict[str, Any]], wanted: list[str]) -> None:
    assert told("public_order.grave", events=found) == wanted
    assert told("traffic.grave_incidents", events=found) == wanted


def test_hot_spots() -> None:
    place = {"lon": 107.584, "lat": 16.456, "category": "theft"}
    today = [event(f"t{i}", 60 + i, **place) for i in range(9)]
    before = [event(f"w{w}.{i}", WEEK * w - 3000 - i, **{**place, "category": "noise"}) for w in (1, 2, 3, 4)
              for i in range(20)]  # fmt: skip
    assert told("public_order.hot_spots", events=[*today, *before]) == ["Fires theft"]
    assert told("public_order.hot_spots", events=[*today[:4], *before]) == []
