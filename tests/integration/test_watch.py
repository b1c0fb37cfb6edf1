"""The watch on a real store: outage drills, the desk's journal, standing by, the past asked again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from geodata.city import SourceBinding, city
from geodata.records import Position
from geodata.store.desk import Desk
from geodata.store.findings import FindingStore
from geodata.store.reader import Reader
from geodata.store.types import Batch, Role
from geodata.store.writer import Writer
from geodata.watch.backtest import backtest, difference
from geodata.watch.course import Change, advance
from geodata.watch.engine import Watch, look
from geodata.watch.frames import Frames, StoreFrames, watched
from geodata.watch.rule import Rule, rules
from geodata.watch.signs import Sign
from geodata.watch.words import Limits
from tests.support.machine import wait_for
from tests.support.watching import by_hand, fires

Dsn = Callable[[Role], str]


class _Time:
    """The moment at which a test begins: the database dates what it is told, so that of the import is too old."""

    now = datetime.now(UTC)


TIME = _Time()
SIX = rules()["fishing_vessels.lost_6h"]
DOWN = rules()["platform.source_down"]
OPERATOR = "Nhà cung cấp A"


@pytest.fixture(autouse=True)
def _begin() -> None:
    TIME.now = datetime.now(UTC).replace(microsecond=0)


def feed(name: str, operator: str | None = None) -> SourceBinding:
    return SourceBinding(
        id=name,
        protocol="vms",
        title_vi=name,
        title_en=name,
        service="fishing_vessels",
        operator=operator,
        simulated=True,
    )


def fleet(source: str, hours: float, n: int = 10) -> Sequence[Position]:
    """A fix of each vessel so many hours ago."""
    time = TIME.now - timedelta(hours=hours)
    return [Position(thing_id=f"{source}:{i}", time=time, lon=108.1, lat=16.8 + i / 100, sog_kn=5.0) for i in range(n)]


class Drill:
    """Two feeds, a watch whose clock is set by hand."""

    def __init__(self, dsn: Dsn, writer: Writer, reader: Reader, store: FindingStore) -> None:
        self.writer, self.reader, self.store = writer, reader, store
        self.now = TIME.now
        self.desk = Desk(dsn("desk"))
        self.watch = Watch(reader, store, city("hue"), [SIX, DOWN], lambda: self.now)

    async def begin(self) -> None:
        await self.writer.register([feed("a", OPERATOR), feed("b")])
        for source in ("a", "b"):
            await self.writer.state(source, up=True)
            await self.writer.write(source, Batch(fleet(source, 8)))
        await self.writer.write("b", Batch(fleet("b", 0.1)))

    def look(self, minutes: float = 0) -> list[str]:
        """The news of one pass, so many minutes from now."""
        self.now = TIME.now + timedelta(minutes=minutes)
        self.watch._looked.clear()
        done = self.watch.once()
        assert done is not None
        assert not done.failed
        return [f"{c.what} {c.finding.rule} {c.finding.key}" for c in done.changes if c.what != "keep"]


@pytest.fixture
async def drill(dsn: Dsn, writer: Writer) -> AsyncIterator[Drill]:
    with Reader(dsn("read")) as reader, FindingStore(dsn("watch")) as store:
        found = Drill(dsn, writer, reader, store)
        await found.begin()
        yield found


async def test_an_operator_cut_for_hours_is_one_finding_and_no_vessel(drill: Drill) -> None:
    await drill.writer.state("a", up=False, error="connection refused")
    assert drill.look(5) == ["open platform.source_down a"]
    assert drill.look(60) == []
    await drill.writer.state("a", up=True)
    await drill.writer.write("a", Batch([p for h in (6.0, 4.0, 2.0, 0.2) for p in fleet("a", h)]))
    told = drill.look(61)
    assert told == []  # gone; held for a minute
    assert drill.look(63) == ["close platform.source_down a"]


async def test_a_feed_that_is_up_and_mute_alarms_no_vessel(drill: Drill) -> None:
    assert drill.look(5) == []
    await drill.writer.write("a", Batch([p for h in (6.0, 4.0, 2.0, 0.2) for p in fleet("a", h)]))
    assert drill.look(6) == []


async def test_one_silent_vessel_and_its_stored_positions(drill: Drill) -> None:
    await drill.writer.write("a", Batch(fleet("a", 0.1)[1:]))
    assert drill.look(1) == ["open fishing_vessels.lost_6h a:0"]
    row = drill.reader.query("inbox", end=drill.now).iloc[0]
    assert (row["level"], row["simulated"]) == (3, True)
    assert row["opened_at"] == TIME.now - timedelta(hours=2)
    assert {limit["law"] for limit in row["limits"]} >= {"Nghị định 41/2026/NĐ-CP"}
    assert row["rows"][0]["id"] == "a:0"
    late = [Position(thing_id="a:0", time=TIME.now - timedelta(hours=h), lon=108.1, lat=16.8) for h in (7, 5, 3, 0.3)]
    await drill.writer.write("a", Batch(late))
    assert drill.look(2) == ["close fishing_vessels.lost_6h a:0"]
    (ended,) = drill.reader.query("findings", start=TIME.now - timedelta(days=1), end=drill.now).to_dict("records")
    assert ended["close_reason"] == "never_was"
    assert drill.look(3) == []


async def test_a_feed_lost_under_an_open_finding(drill: Drill) -> None:
    await drill.writer.write("a", Batch(fleet("a", 0.1)[1:]))
    drill.look(1)
    await drill.writer.state("a", up=False, error="cut")
    assert drill.look(2) == ["unknown fishing_vessels.lost_6h a:0"]
    assert len(drill.reader.query("inbox", end=drill.now + timedelta(seconds=1))) == 1
    await drill.writer.state("a", up=True)
    assert drill.look(3) == ["known fishing_vessels.lost_6h a:0"]


async def test_what_people_do_is_kept_and_hides_nothing(drill: Drill) -> None:
    await drill.writer.write("a", Batch(fleet("a", 0.1)[1:]))
    drill.look(0)  # before the acts, which the database dates itself
    number = int(drill.reader.query("inbox", end=drill.now)["id"].iloc[0])
    before = drill.reader.versions()["watch"]
    drill.desk.act("truc_ban_3", "acknowledge", number, {"level": 3})
    drill.desk.act("truc_ban_3", "assign", number, {"agency": "so_nnmt", "level": 3})
    drill.desk.act("truc_ban_3", "note", number, {"text": "gọi thuyền trưởng"})
    assert drill.reader.versions()["watch"] == before + 3
    later = datetime.now(UTC) + timedelta(minutes=2)
    row = drill.reader.query("inbox", end=later).iloc[0]
    assert (row["acknowledged_by"], row["agency"]) == ("truc_ban_3", "so_nnmt")
    told = drill.reader.query("finding_life", id=number)["what"].tolist()
    assert sorted(told) == ["acknowledge", "assign", "note", "open"]
    assert len(drill.reader.query("shift_acts", start=TIME.now - timedelta(hours=1), end=later)) == 3


async def test_an_act_does_not_cover_a_higher_level(dsn: Dsn, writer: Writer) -> None:
    await writer.register([])
    one = by_hand()
    with FindingStore(dsn("watch")) as store, Reader(dsn("read")) as reader:
        opened = _opened(one, 2)
        number = store.apply([opened])[0].id
        assert number is not None
        Desk(dsn("desk")).act("t", "acknowledge", number, {"level": 2})
        Desk(dsn("desk")).act("t", "close", number, {"level": 2, "reason": "báo nhầm"})
        later = datetime.now(UTC) + timedelta(minutes=1)
        before = reader.query("inbox", end=later).iloc[0]
        assert before["acknowledged_by"] == "t"
        assert before["desk_close_reason"] == "báo nhầm"
        store.apply([_raised(one, number, 3)])
        after = reader.query("inbox", end=datetime.now(UTC) + timedelta(minutes=10)).iloc[0]
        assert after["level"] == 3
        assert after["acknowledged_by"] is None
        assert after["desk_close_reason"] is None


def _opened(one: Rule, level: int) -> Change:
    (change,) = advance(one, {}, [fires(level=level)], TIME.now - timedelta(minutes=5))
    return change


def _raised(one: Rule, number: int, level: int) -> Change:
    found = _opened(one, level).finding
    return Change("level", replace(found, id=number, updated_at=datetime.now(UTC) + timedelta(minutes=2)))


async def test_a_journal_only_grows(drill: Drill, dsn: Dsn) -> None:
    drill.desk.act("t", "handover", None, {"text": "giao ca"})
    tries: list[tuple[Role, str]] = [
        ("desk", "update act set who = 'x'"),
        ("desk", "delete from act"),
        ("desk", "update finding set level = 1"),
        ("desk", "select * from identity.person"),
        ("watch", "insert into act (who, what) values ('x', 'note')"),
        ("watch", "delete from finding"),
        ("watch", "update finding_change set what = 'open'"),
        ("ingest", "insert into act (who, what) values ('x', 'note')"),
        ("ingest", "update finding set level = 1"),
        ("read", "select bump_watch()"),
    ]
    for role, statement in tries:
        with psycopg.connect(dsn(role)) as connection, pytest.raises(InsufficientPrivilege):
            connection.execute(statement.encode())


async def test_every_look_is_told_and_only_a_look(drill: Drill, dsn: Dsn) -> None:
    def last() -> datetime | None:
        return watched(drill.reader, TIME.now + timedelta(hours=1)).last

    assert last() is None
    drill.look(1)
    assert last() == TIME.now + timedelta(minutes=1)
    drill.look(3)
    assert last() == TIME.now + timedelta(minutes=3)
    with FindingStore(dsn("watch")) as other:
        assert Watch(drill.reader, other, city("hue"), [SIX], lambda: TIME.now + timedelta(minutes=9)).once() is None
    assert last() == TIME.now + timedelta(minutes=3), "who stands by does not look"


async def test_a_second_watch_stands_by(drill: Drill, dsn: Dsn) -> None:
    assert drill.look(1) == []
    with FindingStore(dsn("watch")) as other:
        second = Watch(drill.reader, other, city("hue"), [SIX], lambda: TIME.now)
        assert second.once() is None
        drill.store.close()
        # the server lets go of the turn when its process has seen the connection end, not when we close it
        wait_for(second.once, "the turn of the watch that stood by")


async def test_a_rule_that_fails_keeps_its_findings(drill: Drill) -> None:
    await drill.writer.write("a", Batch(fleet("a", 0.1)[1:]))
    drill.look(1)

    def broken(_frames: Frames, _limits: Limits) -> Iterable[Sign]:
        raise ZeroDivisionError

    sick = Rule(SIX.id, broken, SIX.services, SIX.words)
    standing = drill.store.standing(TIME.now - timedelta(days=2))
    done = look([sick, DOWN], StoreFrames(drill.reader, city("hue"), TIME.now, standing=standing), standing)
    assert done.failed == {SIX.id: "ZeroDivisionError: "}
    assert not done.changes


async def test_the_past_asked_again(drill: Drill) -> None:
    """As it was known, and with all that is known now: the stored positions deny what was told then."""
    start, end = TIME.now - timedelta(minutes=30), TIME.now
    six, four = SIX, SIX.with_limits(lost_s=3600 * 9)
    await drill.writer.write("a", Batch(fleet("a", 0.6)[1:]))
    now_known = backtest(drill.reader, city("hue"), [six], start, end, timedelta(minutes=10), as_known=False)
    assert now_known["key"].tolist() == ["a:0"]
    assert now_known["closed_at"].isna().all()
    assert backtest(drill.reader, city("hue"), [six], start, end, timedelta(minutes=10)).empty  # nothing was known yet
    other = backtest(drill.reader, city("hue"), [four], start, end, timedelta(minutes=10), as_known=False)
    assert difference(now_known, other)["change"].tolist() == ["gone"]
    assert difference(now_known, now_known).empty
