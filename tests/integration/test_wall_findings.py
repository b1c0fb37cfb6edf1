"""What the wall reads of the watch, on a real store: only while one looks, and what the desk did about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from shapely.geometry import Point

from app.pages import desk_blocks
from app.panels import wall_findings
from app.panels.wall_findings import Found
from app.text import Text
from geodata.city import city
from geodata.store.desk import Desk
from geodata.store.findings import FindingStore
from geodata.store.reader import Reader
from geodata.store.types import Role
from geodata.watch.course import Change, advance
from geodata.watch.rule import rules
from geodata.watch.signs import Fires
from tests.support.machine import wait_for

TEXT, HUE = Text("vi"), city("hue")
ZONE = ZoneInfo(HUE.timezone)
SIX, WARNING = rules()["fishing_vessels.lost_6h"], rules()["warnings.in_force"]


@dataclass
class Watched:
    """A store with three findings, and whoever looks at it."""

    store: FindingStore
    reader: Reader
    desk: Desk
    ids: dict[str, int]

    def read(self) -> Found:
        found = wall_findings.read(self.reader, datetime.now(UTC) + timedelta(minutes=1))
        assert found is not None
        return found

    def lines(self) -> list[tuple[str, str, int, str]]:
        found = wall_findings.items(self.read(), HUE, TEXT, datetime.now(UTC))
        return [(one.title, one.sub, one.level, one.holder) for one in found]


@pytest.fixture
def watched(dsn: Callable[[Role], str]) -> Iterator[Watched]:
    now = datetime.now(UTC)
    with Reader(dsn("read")) as reader, FindingStore(dsn("watch")) as store:
        lost = [
            Fires(key=f"v{i}", since=now - timedelta(hours=i), geometry=Point(107.9, 16.6), facts={"name": f"Tàu {i}"})
            for i in (1, 2)
        ]
        flood = Fires(key="root", since=now, level=4, facts={"name": "Tin lũ khẩn cấp", "area": "Phong Điền"})
        opened = [*advance(SIX, {}, lost, now), *advance(WARNING, {}, [flood], now)]
        ids = {found.key: found.id for found in store.apply(opened) if found.id is not None}
        yield Watched(store, reader, Desk(dsn("desk")), ids)


def test_while_no_watch_looks_nothing_is_read(watched: Watched) -> None:
    now = datetime.now(UTC)
    assert wall_findings.read(watched.reader, now) is None
    assert watched.store.turn()
    assert len(watched.read().rows) == 3
    watched.store.close()
    wait_for(lambda: wall_findings.read(watched.reader, now) is None, "the lock to be given back")


def test_alike_findings_are_one_line_and_the_worst_is_first(watched: Watched) -> None:
    assert watched.store.turn()
    assert watched.lines() == [
        ("Tin lũ khẩn cấp", "Phong Điền", 4, ""),
        ("Tàu cá mất tín hiệu trên 6 giờ: 2", "Tàu 2, Tàu 1", SIX.words.level, ""),
    ]
    (flood, lost) = wall_findings.items(watched.read(), HUE, TEXT, datetime.now(UTC))
    assert flood.place is None
    assert lost.place == (107.9, 16.6)


def test_what_somebody_has_stands_after_what_nobody_has(watched: Watched) -> None:
    assert watched.store.turn()
    watched.desk.act("t", "acknowledge", watched.ids["v2"], {"level": 4})
    watched.desk.act("t", "assign", watched.ids["root"], {"agency": HUE.agencies[0].id, "level": 4})
    found = watched.read()
    assert found.pressing == (SIX.words.level >= 3)
    told = wall_findings.items(found, HUE, TEXT, datetime.now(UTC))
    assert [one.holder for one in told] == [f"đã giao {HUE.agencies[0].title_vi}", "", "đã nhận"]
    assert wall_findings.head(told, found, TEXT) == "3 việc, 1 chưa ai nhận, cao nhất mức 4"
    assert told[0].row(1)["sub"] == [told[0].holder]
    assert told[0].row(1)["seen"]


def test_what_is_gone_says_so_while_it_is_waited_for(watched: Watched) -> None:
    """As after a pause: feeds receive again, and the list must not tell of lost ones as if they were."""
    assert watched.store.turn()
    before, at = watched.reader.versions()["watch"], datetime.now(UTC)
    standing = watched.store.standing(at - timedelta(days=1))
    (gone,) = (finding for finding in standing[SIX.id].values() if finding.key == "v2")
    watched.store.apply([Change("keep", replace(gone, clear_since=at, updated_at=at))])
    assert watched.reader.versions()["watch"] == before + 1, "pages are told"
    over = f"đã hết từ {at.astimezone(ZONE):%H:%M}, chờ cho chắc"
    assert [(title, who) for title, _, _, who in watched.lines()] == [
        ("Tin lũ khẩn cấp", ""),
        (SIX.words.title.vi, ""),
        (SIX.words.title.vi, over),
    ]
    (row,) = (row for row in watched.read().rows if row["key"] == "v2")
    later = datetime.now(UTC)
    assert desk_blocks.state_words(row, HUE, later, TEXT).endswith(over)
    assert "tự đóng sau" in desk_blocks.unsure(row, HUE, later, TEXT)
    watched.store.apply([Change("keep", replace(gone, updated_at=at, facts={"name": "Tàu hai"}))])
    assert watched.reader.versions()["watch"] == before + 2, "it has come again"
    watched.store.apply([Change("keep", replace(gone, updated_at=at))])
    assert watched.reader.versions()["watch"] == before + 2, "a fact that moved is no news"
    assert [who for *_, who in watched.lines()] == ["", ""]


def test_what_the_desk_closed_or_put_off_is_not_there_and_a_released_warning_is_known(watched: Watched) -> None:
    assert watched.store.turn()
    until = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    watched.desk.act("t", "close", watched.ids["v1"], {"level": 4, "reason": "báo nhầm"})
    watched.desk.act("t", "snooze", watched.ids["v2"], {"level": 4, "until": until, "reason": "chờ"})
    assert not watched.read().released
    watched.desk.act("t", "release_wall", watched.ids["root"], {"level": 4})
    found = watched.read()
    assert [row["key"] for row in found.rows] == ["root"]
    assert found.released == {"root"}
    assert not desk_blocks.takes_wall(found.rows[0])


def test_a_calm_city_says_so(dsn: Callable[[Role], str]) -> None:
    with Reader(dsn("read")) as reader, FindingStore(dsn("watch")) as store:
        assert store.turn()
        found = wall_findings.read(reader, datetime.now(UTC))
        assert found is not None
        assert not found.rows
        assert not found.pressing
        assert wall_findings.head([], found, TEXT) == "0 việc"
