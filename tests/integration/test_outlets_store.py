"""The outbox on a real store: nothing old, nothing lost, no second copy under another key, storms, privileges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from geodata.city import SourceBinding
from geodata.outlet import OutletBinding
from geodata.store.deliveries import DeliveryStore, Earlier
from geodata.store.desk import Desk
from geodata.store.findings import FindingStore
from geodata.store.reader import Reader
from geodata.store.types import Role
from geodata.watch.course import Change, Finding
from geodata.watch.frames import StoreFrames
from geodata.watch.rule import rules
from outlets.base import Away, Outlet, Refused
from outlets.message import Sendable
from outlets.post import Office
from outlets.webhook import WebhookOptions
from tests.support.machine import wait_for
from tests.support.posting import finding, no_secret, town
from tests.support.sync_store import SyncStore

Dsn = Callable[[Role], str]
ADDRESSES = {"so_nnmt": {"webhook": "http://so.example/x"}, "so_xay_dung": {"webhook": "http://xd.example/x"}}


class Killed(BaseException):
    """What no program outlives."""


class Ear(Outlet[WebhookOptions]):
    """Remembers what it was told, or fails as the test wants."""

    kind = "webhook"
    options_of = WebhookOptions

    def __init__(self) -> None:
        super().__init__("ear", WebhookOptions(), no_secret, town())
        self.told: list[tuple[str, str, str | None]] = []  # key, change, address
        self.said: list[Sendable] = []
        self.earlier: list[Sequence[Earlier]] = []
        self.trouble: Exception | None = None
        self.killed = False

    async def send(self, message: Sendable, to: str | None, earlier: Sequence[Earlier]) -> str | None:
        if self.trouble is not None:
            raise self.trouble
        self.told.append((message.key, message.change, to))
        self.said.append(message)
        self.earlier.append(earlier)
        if self.killed:
            raise Killed
        return None

    @property
    def changes(self) -> list[str]:
        return [change for _, change, _ in self.told]


class Drill:
    """A city with one ear, a watch and a desk moved by hand; the clock goes on by ``minutes``."""

    def __init__(self, dsn: Dsn, **binding: Any) -> None:
        self.dsn, self.ear = dsn, Ear()
        # behind the clock of the database, which dates what the desk does: that comes after all the rest
        self.now = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=6)
        self.binding = OutletBinding.model_validate({"kind": "webhook", "url": "http://x", **binding})
        self.watch, self.desk = FindingStore(dsn("watch")), Desk(dsn("desk"))
        self.store = DeliveryStore(dsn("notify"))
        self.office = self.restarted()

    def restarted(self) -> Office:
        """Another process in the place of the first."""
        self.store.close()
        self.store = DeliveryStore(self.dsn("notify"))
        city = town(addresses=ADDRESSES)
        self.office = Office(
            self.store, city, {"out": self.binding}, no_secret, clock=lambda: self.now, chance=lambda: 1.0
        )
        self.office._doors["out"].outlet = self.ear
        return self.office

    def tell(self, what: Any, about: Finding, **more: Any) -> Finding:
        """A line of the watch's journal."""
        one = replace(about, updated_at=self.now, **more)
        (kept,) = self.watch.apply([Change(what, one)])
        return kept

    def opened(self, n: int = 0, **more: Any) -> Finding:
        fresh = {"id": None, "key": f"s{n}", "opened_at": self.now, "noticed_at": self.now, "simulated": True}
        return self.tell("open", finding(**{**fresh, **more}))

    def closed(self, one: Finding) -> Finding:
        return self.tell("close", one, closed_at=self.now, close_noticed_at=self.now, close_reason="ended")

    async def look(self, minutes: float = 0.0) -> list[str]:
        """What is told by one look, so many minutes later."""
        self.now += timedelta(minutes=minutes)
        before = len(self.ear.told)
        wait_for(self.store.turn, "the turn of the process before")  # the server lets go of it in its own time
        assert await self.office.once() is not None
        return self.ear.changes[before:]

    def states(self, one: Finding) -> list[str]:
        assert one.id is not None
        with Reader(self.dsn("read")) as reader:
            rows = reader.query("deliveries", id=one.id)
        return [f"{row['news']} {row['state']}" for _, row in rows.iterrows()]

    def unsent(self, *, known: bool = True) -> Sequence[str]:
        """What the watch says of messages that do not go out; ``known``: whether the city's file names the outlet."""
        city = town().model_copy(update={"outlets": {"out": self.binding} if known else {}})
        with Reader(self.dsn("read")) as reader:
            signs = rules()["outlets.not_sent"].signs(StoreFrames(reader, city, self.now))
        return [f"{type(sign).__name__} {sign.key}" for sign in signs]

    def close(self) -> None:
        self.store.close()
        self.watch.close()


@pytest.fixture
def make(dsn: Dsn) -> Iterator[Callable[..., Drill]]:
    made: list[Drill] = []
    with SyncStore(dsn("ingest")) as store:
        binding = SourceBinding(id="s", protocol="x", title_vi="s", title_en="s", service="hydrology", simulated=True)
        store.write(binding, [])

    def one(**binding: Any) -> Drill:
        made.append(Drill(dsn, **binding))
        return made[-1]

    yield one
    for drill in made:
        drill.close()


async def test_a_life_from_the_first_start_on(make: Callable[..., Drill]) -> None:
    drill = make()
    old = drill.opened()
    assert await drill.look() == [], "what was there before the first start is old"
    assert await drill.look(1) == []
    drill.closed(old)
    assert await drill.look(1) == [], "its beginning was never told, so its end is not"
    one = drill.opened(1)
    assert await drill.look() == ["opened"]
    assert drill.ear.said[-1].headline("vi").startswith("[MÔ PHỎNG]"), "every source of the city is simulated"
    one = drill.tell("level", one, level=4)
    drill.desk.act("truc", "note", one.id, {"text": "đã gọi"})
    drill.desk.act("truc", "assign", one.id, {"agency": "so_nnmt", "level": 4, "note": "gấp"})
    assert await drill.look(1) == ["level_raised", "assigned"]
    assert [earlier.news for earlier in drill.ear.earlier[-1]] == ["opened", "level_raised"]
    drill.closed(one)
    assert await drill.look(1) == ["closed"]
    assert await drill.look(1) == []
    assert drill.states(one) == ["opened delivered", "level_raised delivered", "assigned delivered", "closed delivered"]
    assert len({key for key, _, _ in drill.ear.told}) == 4
    with Reader(drill.dsn("read")) as reader:
        life = reader.query("finding_life", id=one.id)
    assert (life["what"] == "delivered").sum() == 4, "the desk sees what was sent"
    assert {detail["outlet"] for detail in life.loc[life["who"] == "notify", "detail"]} == {"out"}


async def test_killed_between_any_two_steps_nothing_is_lost_and_a_second_copy_has_its_key(
    make: Callable[..., Drill],
) -> None:
    drill = make()
    await drill.look()
    one = drill.opened()
    drill.office._read()  # in the outbox, and gone
    drill.restarted()
    drill.ear.killed = True
    with pytest.raises(Killed):  # taken by the receiver, and we never learn of it
        await drill.look()
    assert drill.states(one) == ["opened waiting"]
    drill.ear.killed = False
    drill.restarted()
    assert await drill.look() == ["opened"]
    assert drill.ear.told[0] == drill.ear.told[1], "the same key, so that the receiver can tell"
    assert await drill.look(1) == []
    assert drill.states(one) == ["opened delivered"]


async def test_an_outlet_that_is_away_and_comes_back(make: Callable[..., Drill]) -> None:
    drill = make()
    await drill.look()
    drill.ear.trouble = Away("HTTP 503")
    short, long = drill.opened(1), drill.opened(2)
    assert await drill.look() == []
    with psycopg.connect(drill.dsn("read")) as connection:
        told = connection.execute("select outlet, tries, last_error from delivery order by 1").fetchall()
    assert told == [("out", 1, "HTTP 503"), ("out", 1, "HTTP 503")]
    assert await drill.look() == [], "not before its time"
    drill.closed(short)
    drill.tell("level", long, level=4)
    drill.ear.trouble = None
    assert await drill.look(1) == ["closed", "opened"]
    assert drill.ear.said[-1].level == 4
    assert drill.states(short) == ["opened superseded", "closed delivered"]
    assert drill.states(long) == ["opened superseded", "level_raised delivered"]


async def test_the_desk_hears_of_what_does_not_go_out(make: Callable[..., Drill]) -> None:
    drill = make()
    assert drill.unsent() == [], "nobody ever sent anything"
    await drill.look()
    drill.opened(1)
    drill.now += timedelta(minutes=11)
    assert drill.unsent() == ["Fires sender"], "nobody reads the journals"
    drill.ear.trouble = Away("HTTP 503")
    assert await drill.look() == []
    assert drill.unsent() == [], "it waits since this moment"
    assert await drill.look(11) == []
    assert drill.unsent() == ["Fires outlet:out"]
    drill.ear.trouble = Refused("HTTP 400")
    assert await drill.look(20) == []
    assert drill.unsent() == ["Fires outlet:out"], "given up"
    drill.now += timedelta(hours=25)
    assert drill.unsent() == []


async def test_a_sender_of_which_the_city_knows_nothing_is_missed_while_it_means_to_send(
    make: Callable[..., Drill],
) -> None:
    drill = make()
    await drill.look()
    drill.opened(1)
    drill.now += timedelta(minutes=11)
    assert drill.unsent(known=False) == [], "it never sent anything"
    assert await drill.look() == ["opened"]
    drill.opened(2)
    drill.now += timedelta(minutes=11)
    assert drill.unsent(known=False) == ["Fires sender"]
    drill.now += timedelta(days=7)
    assert drill.unsent(known=False) == [], "a week on it is meant so"


async def test_what_must_not_lapse_is_said_again_while_it_is_open(make: Callable[..., Drill]) -> None:
    drill = make()
    drill.ear.renew = timedelta(hours=2)
    await drill.look()
    one, two = drill.opened(1), drill.opened(2)
    assert await drill.look() == ["opened", "opened"]
    assert await drill.look(119) == []
    drill.closed(two)
    assert await drill.look(2) == ["closed", "renewed"]
    drill.ear.trouble = Away("x")
    assert await drill.look(121) == []
    assert drill.states(one) == ["opened delivered", "renewed delivered", "renewed waiting"], "one is enough"
    drill.ear.trouble = None
    assert await drill.look(1) == ["renewed"]


async def test_given_up_and_refused_are_told(make: Callable[..., Drill]) -> None:
    drill = make(give_up_h=1)
    await drill.look()
    drill.ear.trouble = Refused("HTTP 400 Bad Request")
    one = drill.opened(1)
    await drill.look()
    drill.ear.trouble = Away("no connection")
    drill.opened(2)
    await drill.look()
    await drill.look(61)
    (row,) = drill.store.counts()
    assert (row["given_up"], row["waiting"], row["delivered"]) == (2, 0, 0)
    assert drill.states(one) == ["opened given_up"]
    assert {line["last_error"] for line in drill.store.newest(9)} == {"HTTP 400 Bad Request", "no connection"}
    drill.ear.trouble = None
    drill.closed(one)
    assert await drill.look() == [], "who refused the beginning hears no end"


async def test_one_sick_message_holds_up_no_other(make: Callable[..., Drill]) -> None:
    drill = make()
    await drill.look()
    good = drill.ear.send

    async def picky(message: Sendable, to: str | None, earlier: Sequence[Earlier]) -> str | None:
        if message.finding == sick.id:
            raise Away("HTTP 500")
        return await good(message, to, earlier)

    drill.ear.send = picky  # type: ignore[method-assign]
    sick, others = drill.opened(0), [drill.opened(n) for n in range(1, 4)]
    assert await drill.look() == ["opened"] * 3
    assert [drill.states(one) for one in (sick, others[0])] == [["opened waiting"], ["opened delivered"]]


async def test_a_storm_is_one_digest_and_every_finding_of_it_counts_as_told(make: Callable[..., Drill]) -> None:
    drill = make(per_minute=3)
    await drill.look()
    storm = [drill.opened(n) for n in range(30)]
    assert await drill.look() == ["digest"]
    assert drill.ear.said[-1].headline("vi") == "[MÔ PHỎNG] 30 tin gộp lại, cao nhất mức 3"
    assert drill.states(storm[9]) == ["opened delivered"]
    (row,) = drill.store.counts()
    assert (row["delivered"], row["waiting"]) == (30, 0)
    for one in storm[:10]:
        drill.closed(one)
    assert await drill.look() == [], "one a minute"
    assert await drill.look(1.1) == ["digest"]
    drill.closed(storm[20])
    assert await drill.look(1.1) == ["closed"]


async def test_what_is_given_to_an_agency_goes_to_its_own_address(make: Callable[..., Drill]) -> None:
    drill = make(agency_addresses=True)
    await drill.look()
    one = drill.opened()
    assert await drill.look() == []
    drill.desk.act("truc", "assign", one.id, {"agency": "so_nnmt", "level": 3, "note": "kiểm tra đê"})
    assert await drill.look() == ["assigned"]
    drill.desk.act("truc", "assign", one.id, {"agency": "so_xay_dung", "level": 3})
    assert sorted(await drill.look()) == ["assigned", "withdrawn"]
    drill.now = datetime.now(UTC) + timedelta(minutes=1)  # after the deeds, which the database dated
    drill.closed(one)
    assert await drill.look() == ["closed"]
    assert [(change, to) for _, change, to in drill.ear.told if change != "assigned"] == [
        ("withdrawn", "http://so.example/x"),
        ("closed", "http://xd.example/x"),
    ]


async def test_a_second_process_stands_by_and_an_outlet_that_is_gone_is_told(make: Callable[..., Drill]) -> None:
    drill = make()
    await drill.look()
    with DeliveryStore(drill.dsn("notify")) as other:
        assert await Office(other, town(), {}, no_secret).once() is None
    drill.ear.trouble = Away("x")
    one = drill.opened()
    await drill.look()
    drill.office._doors.clear()
    await drill.look(1)
    assert drill.states(one) == ["opened given_up"]


async def test_who_sends_may_do_nothing_else(make: Callable[..., Drill]) -> None:
    drill = make()
    await drill.look()
    drill.opened()
    await drill.look()
    tries: list[tuple[Role, str]] = [
        ("notify", "delete from delivery"),
        ("notify", "update delivery set outlet = 'x'"),
        ("notify", "update delivery set key = gen_random_uuid()"),
        ("notify", "update delivery set news = 'closed'"),
        ("notify", "insert into act (who, what) values ('x', 'note')"),
        ("notify", "update finding set level = 1"),
        (
            "notify",
            "insert into finding_change (finding_id, time, what, level, detail) values (1, now(), 'open', 1, '{}')",
        ),
        ("notify", "select * from identity.person"),
        ("watch", "insert into delivery (outlet, finding_id, news) values ('x', 1, 'opened')"),
        ("desk", "update delivery set state = 'superseded'"),
        ("ingest", "insert into delivery (outlet, finding_id, news) values ('x', 1, 'opened')"),
        ("read", "update outlet_cursor set act_id = 0"),
    ]
    for role, statement in tries:
        with psycopg.connect(drill.dsn(role)) as connection, pytest.raises(InsufficientPrivilege):
            connection.execute(statement.encode())
